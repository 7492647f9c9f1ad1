/*
 * Spectra known in closed form: the discrete Laplacian, the two-layer ReLU kernel on a circle
 * with its degenerate pairs and zero modes, and the Marchenko-Pastur law of random Gram matrices.
 */
#include <float.h>
#include <math.h>
#include <renorm/spectra.h>
#include <string.h>

#include "backends/blas.h"
#include "check.h"
#include "core/memory.h"
#include "core/rng.h"

static const double pi = 3.14159265358979323846;

/* The methods fit for these sizes. */
static const char *const fast_methods[] = {"ql", "syevd"};

static void the_laplacian_has_its_sines(void **state)
{
    (void)state;
    enum { N = 300 };
    double *m = rni_alloc((rn_index)N * N + (rn_index)3 * N, sizeof *m);
    assert_non_null(m);
    double *values = m + (rn_index)N * N;
    double *g = values + N;
    double *e = g + N;
    for (int method = 0; method < 2; method++) {
        memset(m, 0, ((size_t)N * N + 3 * (size_t)N) * sizeof *m);
        e[0] = 1.0;
        for (rn_index i = 0; i < N; i++) {
            m[i * N + i] = 2.0;
            if (i > 0) m[i * N + i - 1] = -1.0;
        }
        const rn_spectra_options options = {.method = fast_methods[method], .n_threads = 1};
        assert_status(rn_spectra_project(N, m, N, 1, e, N, &options, values, g, NULL), RN_OK);
        for (rn_index u = 0; u < N; u++) {
            const double half = 0.5 * pi * (double)(u + 1) / (double)(N + 1);
            const double exact = 4.0 * sin(half) * sin(half);
            assert_close(values[u], exact, rn_spectra_noise_floor(N, 4.0));
            /* Vectors turn by |E| / gap; the smallest gap is 3 (pi / (n+1))^2 = 3.3e-4, so by
               332 eps 4 / 3.3e-4 = 9e-10, and g <= 0.082 with it. */
            const double component = sqrt(2.0 / (double)(N + 1)) * sin(2.0 * half);
            assert_close(g[u], component, 1e-9);
        }
    }
    rni_free(m);
}

/* Eigenvalue of angular frequency k on the circle under the uniform measure. */
static double circle_value(double k)
{
    const double square = k * k;
    return (2.0 * square + 6.0) / (pi * pi * (square - 1.0) * (square - 1.0));
}

/*
 * The same for n equispaced points, n and k even: frequencies k + m n all look alike. The sum
 * beyond |m| = 1000 is the integral of 2 * 2 / (pi m n)^2 from 1000.5, to 1e-16.
 */
static double aliased_value(rn_index k, rn_index n)
{
    enum { TERMS = 1000 };
    double sum = 4.0 / (pi * pi * (double)n * (double)n * (TERMS + 0.5));
    for (rn_index m = TERMS; m > 0; m--)
        sum += circle_value((double)(m * n + k)) + circle_value((double)(m * n - k));
    return sum + circle_value((double)k);
}

/* Two-layer ReLU kernel of two unit vectors at angle t in [0, pi]. */
static double circle_kernel(double t)
{
    return (sin(t) + 2.0 * (pi - t) * cos(t)) / pi;
}

enum { POINTS = 512 };

static void fill_circle(double *m, double *e)
{
    for (rn_index i = 0; i < POINTS; i++) {
        for (rn_index j = 0; j <= i; j++) {
            const rn_index apart = i - j <= POINTS / 2 ? i - j : POINTS - (i - j);
            m[i * POINTS + j] = circle_kernel(2.0 * pi * (double)apart / POINTS) / POINTS;
        }
        /* Frequencies 2 (squared length 512 / 2), 7 (a zero mode; 4 * 512 / 2). */
        const double angle = 2.0 * pi * (double)i / POINTS;
        e[i] = cos(2.0 * angle + 0.3) + 2.0 * sin(7.0 * angle);
    }
}

static void the_circle_has_pairs_and_zero_modes(void **state)
{
    (void)state;
    enum { N_ZERO = 2 * 127, N_EVEN_PAIRS = 127 };
    double *m = rni_alloc((rn_index)POINTS * POINTS + (rn_index)3 * POINTS, sizeof *m);
    assert_non_null(m);
    double *values = m + (rn_index)POINTS * POINTS;
    double *g = values + POINTS;
    double *e = g + POINTS;
    assert_close(circle_value(2.0), 0.157610730110, 1e-12);
    /* The cosine sum of the kernel over the 512 points, summed by itself: 0.157613273350334. */
    assert_close(aliased_value(2, POINTS), 0.157613273350334, 1e-13);
    for (int method = 0; method < 2; method++) {
        fill_circle(m, e);
        const rn_spectra_options options = {.method = fast_methods[method], .n_threads = 1};
        rn_spectra_report report;
        assert_status(
            rn_spectra_project(POINTS, m, POINTS, 1, e, POINTS, &options, values, g, &report),
            RN_OK);
        /* Ascending: zeros (odd k from 3 to 255, twice each: 254), then even k from 256 (once)
           down to 4, 2 (twice each), 1 (twice) and 0; c_1 = 0.5 lies between c_2 and c_0. */
        rn_index u = 0;
        double null_energy = 0.0;
        for (; u < N_ZERO; u++) {
            assert_close(values[u], 0.0, 1e-12);
            null_energy += g[u] * g[u];
        }
        assert_true(fabs(values[u - 1]) < report.noise_floor);
        assert_true(values[u] > report.noise_floor);
        assert_close(null_energy, 4.0 * POINTS / 2.0, 1e-9);
        assert_close(values[u++], aliased_value(256, POINTS), 1e-12);
        for (rn_index k = 254; k >= 2; k -= 2) {
            assert_close(values[u], aliased_value(k, POINTS), 1e-12);
            assert_close(values[u + 1], aliased_value(k, POINTS), 1e-12);
            const double energy = g[u] * g[u] + g[u + 1] * g[u + 1];
            /* A pair at distance gap >= 1e-7 from the next mixes by 544 eps / gap < 1.3e-6. */
            assert_close(energy, k == 2 ? POINTS / 2.0 : 0.0, 1e-9);
            u += 2;
        }
        assert_close(values[u], 0.5, 1e-12);
        assert_close(values[u + 1], 0.5, 1e-12);
        assert_close(values[u + 2], aliased_value(0, POINTS), 1e-12);
        assert_int_equal(u + 3, POINTS);
    }
    rni_free(m);
}

enum { P = 400, Q = 800 };

/* Marchenko-Pastur distribution function by the midpoint rule in an angle that removes the
   square roots at both edges; good to 1e-7 with 2000 steps. */
static double law_below(double x, double ratio)
{
    const double low = (1.0 - sqrt(ratio)) * (1.0 - sqrt(ratio));
    const double high = (1.0 + sqrt(ratio)) * (1.0 + sqrt(ratio));
    if (x <= low) return 0.0;
    const double middle = 0.5 * (low + high);
    const double radius = 0.5 * (high - low);
    const double end = x >= high ? pi : acos((middle - x) / radius);
    const int steps = 2000;
    double sum = 0.0;
    for (int i = 0; i < steps; i++) {
        const double angle = end * (i + 0.5) / steps;
        const double root = radius * sin(angle);
        sum += root * root / (2.0 * pi * ratio * (middle - radius * cos(angle)));
    }
    return sum * end / steps;
}

static void random_gram_matrices_follow_marchenko_and_pastur(void **state)
{
    (void)state;
    const double ratio = (double)P / Q;
    const rn_spectra_options options = {.n_threads = 1};
    double *x = rni_alloc((rn_index)P * Q + (rn_index)P * P + P, sizeof *x);
    assert_non_null(x);
    double *m = x + (rn_index)P * Q;
    double *values = m + (rn_index)P * P;
    rni_rng_fill_normal((rni_stream){.seed = 1, .part = 77}, 0, (rn_index)P * Q, x);
    assert_status(rni_syrk(false, P, Q, 1.0 / Q, x, Q, 0.0, m, P), RN_OK);
    assert_status(rn_spectra_values(P, m, P, &options, values, NULL), RN_OK);

    double first = 0.0;
    double second = 0.0;
    double furthest = 0.0;
    for (rn_index u = 0; u < P; u++) {
        first += values[u] / P;
        second += values[u] * values[u] / P;
        const double law = law_below(values[u], ratio);
        furthest = fmax(furthest, fabs(law - ((double)u + 0.5) / P));
    }
    /* Standard deviations of the moments: sqrt(2 g) / p and sqrt(4 g (2 + g)(1 + 2 g)) / p
       (Bai and Silverstein 2004): 0.0025 and 0.0079; five of them. E of the second: 1 + g + 1/q. */
    assert_close(first, 1.0, 5.0 * 0.0025);
    assert_close(second, 1.0 + ratio + 1.0 / Q, 5.0 * 0.0079);
    /* Edges: Tracy-Widom, mean -1.21 and deviation 1.27 in units of 0.0266 above, 0.00253 below;
       mean and five deviations. */
    assert_close(values[P - 1], (1.0 + sqrt(ratio)) * (1.0 + sqrt(ratio)), 7.6 * 0.0266);
    assert_close(values[0], (1.0 - sqrt(ratio)) * (1.0 - sqrt(ratio)), 7.6 * 0.00253);
    /* Eigenvalues are rigid: counts deviate by O(log p), here below 5 of 400; independent draws
       from the law would deviate by about 17. */
    assert_true(furthest < 5.0 / P);
    assert_close(law_below(4.0, ratio), 1.0, 1e-6);
    rni_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_laplacian_has_its_sines),
        cmocka_unit_test(the_circle_has_pairs_and_zero_modes),
        cmocka_unit_test(random_gram_matrices_follow_marchenko_and_pastur),
    };
    return cmocka_run_group_tests_name("spectra in closed form", tests, NULL, NULL);
}
