#include "spectra_cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"

enum { N_REFLECTORS = 3, N_SPECTRA = 9, N_VECTORS = 3 };

static const char *const spectrum_names[N_SPECTRA] = {"identity",
                                                      "zero",
                                                      "rank one",
                                                      "repeated",
                                                      "clusters at 1e-7",
                                                      "graded over 16 decades",
                                                      "power law",
                                                      "indefinite",
                                                      "graded and indefinite"};

static const char *const vector_names[N_VECTORS] = {"random", "one eigenvector",
                                                    "orthogonal to the top"};

/* Value number u = 0 .. n-1, largest first where there is an order. */
static double value_of(int spectrum, rn_index u, rn_index n)
{
    const rn_index group = 4 - 4 * u / n; /* 4, 3, 2, 1 */
    const double x = n > 1 ? (double)u / (double)(n - 1) : 0.0;
    switch (spectrum) {
    case 0: return 1.0;
    case 1: return 0.0;
    case 2: return u == 0 ? 3.0 : 0.0;
    case 3: return (double)group;
    case 4: return (double)group + 1e-7 * (double)(u % 3);
    case 5: return pow(10.0, -16.0 * x);
    case 6: return pow((double)(u + 1), -1.5);
    case 7: return 1.0 - 2.0 * x + 0.01 * sin(7.0 * (double)u);
    default: return (u % 2 == 0 ? 1.0 : -1.0) * pow(10.0, -16.0 * x);
    }
}

static int ascending(const void *x, const void *y)
{
    const double a = *(const double *)x;
    const double b = *(const double *)y;
    return (a > b) - (a < b);
}

/* Unit vectors of the reflectors I - 2 v v^T. */
static void draw_reflectors(rn_index n, rni_stream stream, long double *v)
{
    for (int r = 0; r < N_REFLECTORS; r++) {
        long double square = 0.0L;
        for (rn_index i = 0; i < n; i++) {
            v[r * n + i] = (long double)rni_rng_normal(stream, (uint64_t)(r * n + i));
            square += v[r * n + i] * v[r * n + i];
        }
        for (rn_index i = 0; i < n; i++)
            v[r * n + i] /= sqrtl(square);
    }
}

static void reflect(rn_index n, const long double *v, long double *x, rn_index stride)
{
    long double dot = 0.0L;
    for (rn_index i = 0; i < n; i++)
        dot += v[i] * x[i * stride];
    for (rn_index i = 0; i < n; i++)
        x[i * stride] -= 2.0L * dot * v[i];
}

/* wide := Q diag(values) Q^T. */
static void form_matrix(rn_index n, const long double *v, const double *values, long double *wide)
{
    memset(wide, 0, (size_t)(n * n) * sizeof *wide);
    for (rn_index u = 0; u < n; u++)
        wide[u * n + u] = (long double)values[u];
    for (int r = 0; r < N_REFLECTORS; r++) {
        for (rn_index j = 0; j < n; j++)
            reflect(n, v + r * n, wide + j, n);
        for (rn_index i = 0; i < n; i++)
            reflect(n, v + r * n, wide + i * n, 1);
    }
}

/* From projections to the vector: e = Q g, in long double. */
static void compose(rn_index n, const long double *v, const double *g, long double *wide, double *e)
{
    for (rn_index i = 0; i < n; i++)
        wide[i] = (long double)g[i];
    for (int r = 0; r < N_REFLECTORS; r++)
        reflect(n, v + r * n, wide, 1);
    for (rn_index i = 0; i < n; i++)
        e[i] = (double)wide[i];
}

static void choose_projections(const spectra_case *c, int kind, rni_stream stream)
{
    const double top = c->values[c->n - 1];
    for (rn_index u = 0; u < c->n; u++) {
        const bool is_top = c->values[u] > 0.5 * top && u > 0;
        const double draw = rni_rng_normal(stream, (uint64_t)u);
        if (kind == 0) c->projections[u] = draw;
        if (kind == 1) c->projections[u] = u == c->n / 2 ? 2.0 : 0.0;
        if (kind == 2) c->projections[u] = is_top ? 0.0 : draw;
        c->second_projections[u] = rni_rng_normal(stream, (uint64_t)(c->n + u));
    }
}

int spectra_case_count(void)
{
    return N_SPECTRA * N_VECTORS;
}

void spectra_case_make(int index, rn_index n, uint64_t seed, spectra_case *out)
{
    const int spectrum = index / N_VECTORS;
    const int kind = index % N_VECTORS;
    const rni_stream stream = {.seed = seed, .part = (uint32_t)index};
    double *block = rni_alloc(n * n + 5 * n, sizeof *block);
    long double *v = rni_alloc(N_REFLECTORS * n + n * n, sizeof *v);
    assert_non_null(block);
    assert_non_null(v);
    long double *wide = v + N_REFLECTORS * n;
    *out = (spectra_case){.spectrum = spectrum_names[spectrum],
                          .vector_kind = vector_names[kind],
                          .n = n,
                          .matrix = block,
                          .values = block + n * n,
                          .vector = block + n * n + n,
                          .projections = block + n * n + 2 * n,
                          .second = block + n * n + 3 * n,
                          .second_projections = block + n * n + 4 * n};
    for (rn_index u = 0; u < n; u++) {
        out->values[u] = value_of(spectrum, u, n);
        out->norm = fmax(out->norm, fabs(out->values[u]));
    }
    qsort(out->values, (size_t)n, sizeof *out->values, ascending);
    draw_reflectors(n, stream, v);
    form_matrix(n, v, out->values, wide);
    for (rn_index i = 0; i < n * n; i++)
        out->matrix[i] = (double)wide[i];
    choose_projections(out, kind, (rni_stream){.seed = seed, .part = (uint32_t)index + 1000});
    compose(n, v, out->projections, wide, out->vector);
    compose(n, v, out->second_projections, wide, out->second);
    rni_free(v);
}

void spectra_case_clear(spectra_case *c)
{
    rni_free(c->matrix);
    *c = (spectra_case){0};
}
