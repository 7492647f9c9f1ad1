#include "coupling_ensemble.h"

#include <math.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"

static const double ln2 = 0.69314718055994530942;

static rni_stream stream_of(uint64_t seed, int part)
{
    return (rni_stream){.seed = seed, .purpose = RNI_RNG_TEST, .part = (uint32_t)part};
}

static int size_of_shell(const coupling_sequence *q, int a)
{
    const double u = rni_rng_uniform(stream_of(q->seed, 1), (uint64_t)a);
    const int size = (int)lround(q->kind.modes * (0.6 + 0.8 * u));
    return size < 5 ? 5 : size;
}

/* The largest eigenvalue is 1, at the upper boundary of the highest shell. */
static void draw_spectrum(coupling_sequence *q)
{
    const int m = q->kind.shells;
    q->n = 0;
    for (int a = 0; a < m; a++)
        q->n += size_of_shell(q, a);
    q->lambda = rni_alloc(q->n, sizeof *q->lambda);
    assert_non_null(q->lambda);
    int u = 0;
    for (int a = 0; a < m; a++) {
        const int size = size_of_shell(q, a);
        for (int i = 0; i < size; i++, u++) {
            const double r = rni_rng_uniform(stream_of(q->seed, 2), (uint64_t)u);
            q->lambda[u] = exp((a - m + (i + 0.1 + 0.8 * r) / size) * ln2);
            q->shell[u] = a;
        }
    }
    q->lambda[q->n - 1] = 1.0;
}

/* z over the pairs a <= b at offsets with 3 pairs or more: means of offsets and tilt away. Returns
   the number of pairs less the fitted constants. */
static int project(int m, double *z)
{
    double product = 0.0;
    double square = 0.0;
    int freedom = -1;
    for (int offset = 0; offset <= m - 3; offset++) {
        const int count = m - offset;
        double mean = 0.0;
        for (int a = 0; a < count; a++)
            mean += z[a * m + a + offset] / count;
        for (int a = 0; a < count; a++) {
            const double x = a - 0.5 * (count - 1);
            z[a * m + a + offset] -= mean;
            product += x * z[a * m + a + offset];
            square += x * x;
        }
        freedom += count - 1;
    }
    for (int offset = 0; offset <= m - 3; offset++)
        for (int a = 0; a < m - offset; a++)
            z[a * m + a + offset] -= product / square * (a - 0.5 * (m - offset - 1));
    return freedom;
}

static void draw_pattern(coupling_sequence *q)
{
    const coupling_ensemble *kind = &q->kind;
    const int m = kind->shells;
    double sum = 0.0;
    for (int i = 0; i < m * m; i++)
        q->z[i] = rni_rng_normal(stream_of(q->seed, 3), (uint64_t)i);
    const int freedom = project(m, q->z);
    for (int offset = 0; offset <= m - 3; offset++)
        for (int a = 0; a < m - offset; a++)
            sum += q->z[a * m + a + offset] * q->z[a * m + a + offset];
    const double scale = kind->defect / sqrt(sum / freedom);
    for (int a = 0; a < m; a++)
        for (int b = a; b < m; b++) {
            const bool counts = b - a <= m - 3;
            const double middle = (0.5 * (a + b) + 0.5 - m) * ln2;
            const bool crosses = a < m / 2 && b >= m / 2;
            q->z[a * m + b] = (counts ? scale * q->z[a * m + b] : 0.0) - kind->decay * (b - a)
                              + kind->tilt * middle - (crosses ? kind->broken : 0.0);
            q->z[b * m + a] = q->z[a * m + b];
        }
}

/* noise := persistence noise + the rest anew. */
static void draw_noise(coupling_sequence *q)
{
    const rn_index count = q->kind.rank ? (rn_index)q->n * q->kind.rank : (rn_index)q->n * q->n;
    const double keep = q->n_drawn ? q->kind.persistence : 0.0;
    const double add = sqrt(1.0 - keep * keep);
    const rni_stream stream = stream_of(q->seed, 10 + q->n_drawn);
    for (rn_index i = 0; i < count; i++)
        q->noise[i] =
            (keep > 0.0 ? keep * q->noise[i] : 0.0) + add * rni_rng_normal(stream, (uint64_t)i);
    q->n_drawn++;
}

static double entry(const coupling_sequence *q, int u, int v)
{
    const int rank = q->kind.rank;
    if (rank == 0) return q->noise[u * q->n + v];
    double sum = 0.0;
    for (int k = 0; k < rank; k++)
        sum += q->noise[u * rank + k] * q->noise[v * rank + k];
    return sum / sqrt(rank);
}

void coupling_sequence_next(coupling_sequence *q)
{
    const int m = q->kind.shells;
    draw_noise(q);
    for (int u = 0; u < q->n; u++)
        for (int v = 0; v <= u; v++)
            q->mt[u * q->n + v] = q->mt[v * q->n + u] = exp(q->z[q->shell[u] * m + q->shell[v]])
                                                        * entry(q, u, v)
                                                        * sqrt(q->lambda[u] * q->lambda[v]);
}

void coupling_sequence_start(const coupling_ensemble *kind, uint64_t seed, coupling_sequence *out)
{
    *out = (coupling_sequence){.kind = *kind, .seed = seed};
    draw_spectrum(out);
    draw_pattern(out);
    const rn_index square = (rn_index)out->n * out->n;
    out->mt = rni_alloc(square, sizeof *out->mt);
    out->noise = rni_alloc(kind->rank ? (rn_index)out->n * kind->rank : square, sizeof(double));
    assert_true(out->mt && out->noise);
    coupling_sequence_next(out);
}

void coupling_sequence_clear(coupling_sequence *q)
{
    rni_free(q->lambda);
    rni_free(q->mt);
    rni_free(q->noise);
    *q = (coupling_sequence){0};
}
