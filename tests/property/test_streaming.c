/*
 * Streaming statistics against the same numbers from whole trajectories, and against linear
 * dynamics whose answers are exact.
 */
#include <float.h>
#include <math.h>
#include <renorm/linear_gaussian.h>
#include <renorm/streaming.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"

enum { N = 3, T = 3000 };

static double path[T][N];

static int make_path(void **state)
{
    (void)state;
    const rni_stream stream = {.seed = check_seed(), .purpose = RNI_RNG_TEST};
    rni_rng_fill_normal(stream, 0, (rn_index)T * N, path[0]);
    for (int k = 1; k < T; k++)
        for (int i = 0; i < N; i++)
            path[k][i] += 0.8 * path[k - 1][i] + 0.15 * path[k - 1][(i + 1) % N];
    for (int k = 0; k < T; k++)
        path[k][0] += 1e3; /* a mean much larger than the scatter */
    return 0;
}

static void moments_are_those_of_the_whole(void **state)
{
    (void)state;
    rn_stream_moments *m = NULL;
    double mean[N];
    double c[N * N];
    assert_status(rn_stream_moments_create(N, &m), RN_OK);
    rn_stream_moments_get(m, mean, c);
    assert_true(isnan(mean[0]) && isnan(c[0]));
    for (int k = 0; k < T; k++)
        rn_stream_moments_add(m, path[k]);
    rn_stream_moments_get(m, mean, c);
    assert_int_equal(rn_stream_moments_count(m), T);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            long double mi = 0.0L;
            long double mj = 0.0L;
            long double sum = 0.0L;
            for (int k = 0; k < T; k++) {
                mi += path[k][i] / (long double)T;
                mj += path[k][j] / (long double)T;
            }
            for (int k = 0; k < T; k++)
                sum += (path[k][i] - mi) * (path[k][j] - mj);
            /* the mean of 1e3 is known to eps 1e3, against a scatter of order 3 */
            assert_close(mean[i], (double)mi, 1e3 * DBL_EPSILON * 10.0);
            assert_close(c[i * N + j], (double)(sum / (T - 1)),
                         1e-11 * (i == j ? c[i * N + i] : 9));
        }
    rn_stream_moments_destroy(m);
}

static void displacement_is_that_of_the_whole(void **state)
{
    (void)state;
    enum { P = 8, LEVELS = 7 };
    rn_stream_lags *lags = NULL;
    assert_status(rn_stream_lags_create(N, P, LEVELS, &lags), RN_OK);
    for (int k = 0; k < T; k++)
        rn_stream_lags_add(lags, path[k]);
    assert_int_equal(rn_stream_lags_size(lags), P + (LEVELS - 1) * P / 2);
    rn_index before = 0;
    for (rn_index i = 0; i < rn_stream_lags_size(lags); i++) {
        const rn_index lag = rn_stream_lags_lag(lags, i);
        rn_index stride = 1;
        while (lag > P * stride)
            stride *= 2;
        double sum = 0.0;
        rn_index count = 0;
        for (rn_index k = 0; k + lag < T; k += stride, count++)
            for (int j = 0; j < N; j++)
                sum += pow(path[k + lag][j] - path[k][j], 2.0);
        assert_true(lag > before);
        before = lag;
        assert_int_equal(rn_stream_lags_count(lags, i), count);
        assert_close(rn_stream_lags_displacement(lags, i) / (sum / (double)count), 1.0, 1e-12);
    }
    assert_int_equal(before, P * 64);
    rn_stream_lags_destroy(lags);
}

static void circulation_is_that_of_the_whole(void **state)
{
    (void)state;
    rn_stream_circulation *area = NULL;
    double c[N * N];
    assert_status(rn_stream_circulation_create(N, &area), RN_OK);
    rn_stream_circulation_get(area, c);
    assert_true(isnan(c[1]));
    for (int k = 0; k + 1 < T; k++)
        rn_stream_circulation_add(area, path[k], path[k + 1]);
    rn_stream_circulation_get(area, c);
    assert_int_equal(rn_stream_circulation_count(area), T - 1);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            long double sum = 0.0L;
            for (int k = 0; k + 1 < T; k++)
                sum += (long double)path[k][i] * path[k + 1][j]
                       - (long double)path[k + 1][i] * path[k][j];
            /* products of 1e3 times steps of order 1, and their sum of T terms */
            assert_close(c[i * N + j], (double)(0.5L * sum / (T - 1)), 1e-10);
        }
    rn_stream_circulation_destroy(area);
}

/* x' = (1 - b) x + xi: values are correlated over 1/b steps, and the error of a mean of n is known:
   var (2 - b)/b / n. */
static void errors_know_of_correlations(void **state)
{
    (void)state;
    enum { VALUES = 1 << 16, SEEDS = 40 };
    const double b = 0.1;
    double ratio = 0.0;
    double squared = 0.0;
    double cost = 0.0;
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        const rni_stream stream = {.seed = check_seed(), .purpose = RNI_RNG_TEST, .part = 1 + seed};
        rn_stream_mean mean = {0};
        double x = rni_rng_normal(stream, VALUES) / sqrt(b * (2.0 - b));
        for (int k = 0; k < VALUES; k++) {
            rn_stream_mean_add(&mean, x);
            x = (1.0 - b) * x + rni_rng_normal(stream, (uint64_t)k);
        }
        double inefficiency = 0.0;
        const double error = rn_stream_mean_error(&mean, &inefficiency);
        const double exact = 1.0 / b / sqrt(VALUES);
        ratio += error / exact / SEEDS;
        cost += inefficiency / SEEDS;
        squared += pow(rn_stream_mean_value(&mean) / error, 2.0) / SEEDS;
    }
    /* one error scatters by 1/sqrt(2 * 64) = 9 %: four deviations of the mean of 40 */
    assert_close(ratio, 1.0, 0.06);
    assert_close(cost / ((2.0 - b) / b), 1.0, 0.15);
    assert_close(squared, 1.0, 4.0 * sqrt(2.0 / SEEDS));
    rn_stream_mean few = {0};
    assert_true(isnan(rn_stream_mean_value(&few)));
    for (int k = 0; k < RN_STREAM_MIN_BLOCKS; k++) {
        assert_true(isnan(rn_stream_mean_error(&few, NULL)));
        rn_stream_mean_add(&few, k % 2);
    }
    assert_close(rn_stream_mean_value(&few), 0.5, 1e-15);
    assert_close(rn_stream_mean_error(&few, NULL), 0.5 / sqrt(63.0), 1e-15);
}

static void histograms_count(void **state)
{
    (void)state;
    rn_stream_histogram *h = NULL;
    double slope = 0.0;
    double error = 0.0;
    assert_status(rn_stream_histogram_create(4, -1.0, 1.0, &h), RN_OK);
    const double values[] = {-1.5, -1.0, -0.5, -0.25, 0.0, 0.499, 0.5, 1.0, 2.0, (double)NAN};
    for (int i = 0; i < 10; i++)
        rn_stream_histogram_add(h, values[i]);
    const rn_index expected[] = {1, 1, 2, 2, 1, 2};
    for (int i = 0; i < 6; i++)
        assert_int_equal(rn_stream_histogram_count(h, i - 1), expected[i]);
    assert_int_equal(rn_stream_histogram_count(h, 5), 0);
    assert_status(rn_stream_histogram_symmetry(h, &slope, &error), RN_ERR_DOMAIN);
    rn_stream_histogram_destroy(h);
    assert_status(rn_stream_histogram_create(4, -1.0, 2.0, &h), RN_OK);
    assert_status(rn_stream_histogram_symmetry(h, &slope, &error), RN_ERR_DOMAIN);
    assert_message_has("symmetric");
    rn_stream_histogram_destroy(h);
}

/* N(m, 2 m) obeys ln p(x)/p(-x) = x exactly; N(m, 2 m/r) has slope r. */
static void histograms_see_the_detailed_theorem(void **state)
{
    (void)state;
    const double slopes[] = {1.0, 0.8};
    for (uint32_t k = 0; k < 2; k++) {
        const rni_stream stream = {.seed = check_seed(), .purpose = RNI_RNG_TEST, .part = 90 + k};
        rn_stream_histogram *h = NULL;
        double slope = 0.0;
        double error = 0.0;
        assert_status(rn_stream_histogram_create(80, -4.0, 4.0, &h), RN_OK);
        for (uint64_t i = 0; i < 100000; i++)
            rn_stream_histogram_add(h,
                                    0.5 + sqrt(2.0 * 0.5 / slopes[k]) * rni_rng_normal(stream, i));
        assert_status(rn_stream_histogram_symmetry(h, &slope, &error), RN_OK);
        assert_true(error < 0.01);
        assert_close(slope, slopes[k], 4.0 * error);
        rn_stream_histogram_destroy(h);
    }
}

/* A turning step: circulation and the two fluctuation theorems from one trajectory. */
static void trajectories_show_what_linear_dynamics_says(void **state)
{
    (void)state;
    enum { STEPS = 200000 };
    const double b[4] = {0.3, -0.25, 0.25, 0.3};
    const double q[4] = {1.0, 0.3, 0.3, 0.5};
    const double root[4] = {1.0, 0.0, 0.3, sqrt(0.5 - 0.09)};
    double s[4];
    double c[4];
    double seen[4];
    double turn[4];
    double edge[4];
    double entropy = 0.0;
    assert_status(rn_gaussian_step_covariance(2, b, q, s, NULL), RN_OK);
    assert_status(rn_gaussian_circulation(2, b, s, c), RN_OK);
    assert_status(rn_gaussian_step_entropy(2, b, q, c, &entropy), RN_OK);
    assert_status(rn_gaussian_path_forms(2, b, q, s, turn, edge), RN_OK);
    const rni_stream stream = {.seed = check_seed(), .purpose = RNI_RNG_TEST, .part = 200};
    rn_stream_circulation *area = NULL;
    rn_stream_histogram *h = NULL;
    rn_stream_mean sigma = {0};
    rn_stream_mean weight = {0};
    rn_stream_mean swept = {0};
    assert_status(rn_stream_circulation_create(2, &area), RN_OK);
    assert_status(rn_stream_histogram_create(80, -4.0, 4.0, &h), RN_OK);
    double x[2] = {0.0, 0.0};
    for (uint64_t k = 0; k < STEPS; k++) {
        const double u = rni_rng_normal(stream, 2 * k);
        const double v = rni_rng_normal(stream, 2 * k + 1);
        const double next[2] = {x[0] - b[0] * x[0] - b[1] * x[1] + root[0] * u,
                                x[1] - b[2] * x[0] - b[3] * x[1] + root[2] * u + root[3] * v};
        if (k >= 100) {
            const double value =
                rn_gaussian_path_edge(2, edge, x, next) - rn_gaussian_path_turn(2, turn, x, next);
            rn_stream_circulation_add(area, x, next);
            rn_stream_mean_add(&sigma, value);
            rn_stream_mean_add(&weight, exp(-value));
            rn_stream_mean_add(&swept, 0.5 * (x[1] * next[0] - next[1] * x[0]));
            rn_stream_histogram_add(h, value);
        }
        memcpy(x, next, sizeof x);
    }
    double slope = 0.0;
    double error = 0.0;
    rn_stream_circulation_get(area, seen);
    assert_close(seen[2], c[2], 4.0 * rn_stream_mean_error(&swept, NULL));
    assert_true(fabs(c[2]) > 20.0 * rn_stream_mean_error(&swept, NULL));
    assert_close(rn_stream_mean_value(&sigma), entropy, 4.0 * rn_stream_mean_error(&sigma, NULL));
    assert_close(rn_stream_mean_value(&weight), 1.0, 4.0 * rn_stream_mean_error(&weight, NULL));
    assert_status(rn_stream_histogram_symmetry(h, &slope, &error), RN_OK);
    assert_close(slope, 1.0, 4.0 * error);
    rn_stream_circulation_destroy(area);
    rn_stream_histogram_destroy(h);
}

/* ln of a Gaussian density up to what is the same forwards and backwards: -x^T M^-1 x/2 in two
   dimensions. */
static double log_density(const double *m, double x, double y)
{
    const double det = m[0] * m[3] - m[1] * m[2];
    return -0.5 * (m[3] * x * x - (m[1] + m[2]) * x * y + m[0] * y * y) / det;
}

static double log_step(const double *b, const double *q, const double *x, const double *to)
{
    return log_density(q, to[0] - x[0] + b[0] * x[0] + b[1] * x[1],
                       to[1] - x[1] + b[2] * x[0] + b[3] * x[1]);
}

static void ratios_of_paths_are_ratios_of_densities(void **state)
{
    (void)state;
    const double b[4] = {0.3, -0.25, 0.4, 0.2};
    const double q[4] = {1.0, 0.3, 0.3, 0.5};
    double s[4];
    double turn[4];
    double edge[4];
    assert_status(rn_gaussian_step_covariance(2, b, q, s, NULL), RN_OK);
    assert_status(rn_gaussian_path_forms(2, b, q, s, turn, edge), RN_OK);
    double direct = log_density(s, path[0][1], path[0][2]) - log_density(s, path[9][1], path[9][2]);
    double found = rn_gaussian_path_edge(2, edge, &path[0][1], &path[9][1]);
    for (int k = 0; k < 9; k++) {
        direct += log_step(b, q, &path[k][1], &path[k + 1][1])
                  - log_step(b, q, &path[k + 1][1], &path[k][1]);
        found -= rn_gaussian_path_turn(2, turn, &path[k][1], &path[k + 1][1]);
    }
    assert_close(found, direct, 1e-12 * (1.0 + fabs(direct)));
    /* <Sigma> of one step, from <x' x^T> = (1 - B) S */
    double c[4];
    double entropy = 0.0;
    assert_status(rn_gaussian_circulation(2, b, s, c), RN_OK);
    assert_status(rn_gaussian_step_entropy(2, b, q, c, &entropy), RN_OK);
    double mean = 0.0;
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++) {
            double next = s[j * 2 + i];
            for (int k = 0; k < 2; k++)
                next -= b[j * 2 + k] * s[k * 2 + i];
            mean -= turn[i * 2 + j] * next;
        }
    assert_close(mean, entropy, 1e-13);
    double kept[4] = {7.0};
    const double flat[4] = {1.0, 0.0, 0.0, 0.0};
    assert_status(rn_gaussian_path_forms(2, b, flat, s, kept, edge), RN_ERR_DOMAIN);
    assert_close(kept[0], 7.0, 0.0);
}

/* Each object half way, its state put into a fresh one, and on: the same bits. */
static void a_kept_state_goes_on(void **state)
{
    (void)state;
    rn_stream_moments *m[2] = {NULL};
    rn_stream_lags *l[2] = {NULL};
    rn_stream_circulation *c[2] = {NULL};
    rn_stream_histogram *h[2] = {NULL};
    rn_stream_mean mean[2] = {0};
    for (int side = 0; side < 2; side++) {
        assert_status(rn_stream_moments_create(N, &m[side]), RN_OK);
        assert_status(rn_stream_lags_create(N, 4, 6, &l[side]), RN_OK);
        assert_status(rn_stream_circulation_create(N, &c[side]), RN_OK);
        assert_status(rn_stream_histogram_create(10, -2.0, 2.0, &h[side]), RN_OK);
    }
    double *from[4];
    double *to[4];
    rn_index size[4];
    for (int k = 0; k + 1 < T; k++) {
        const int side = k > 1234;
        if (k == 1235) {
            mean[1] = mean[0];
            from[0] = rn_stream_moments_state(m[0], &size[0]);
            from[1] = rn_stream_lags_state(l[0], &size[1]);
            from[2] = rn_stream_circulation_state(c[0], &size[2]);
            from[3] = rn_stream_histogram_state(h[0], &size[3]);
            to[0] = rn_stream_moments_state(m[1], NULL);
            to[1] = rn_stream_lags_state(l[1], NULL);
            to[2] = rn_stream_circulation_state(c[1], NULL);
            to[3] = rn_stream_histogram_state(h[1], NULL);
            for (int i = 0; i < 4; i++)
                memcpy(to[i], from[i], (size_t)size[i] * sizeof **to);
        }
        for (int i = 0; i <= side; i++) { /* the one never stopped, and the one put back */
            rn_stream_moments_add(m[i], path[k]);
            rn_stream_lags_add(l[i], path[k]);
            rn_stream_circulation_add(c[i], path[k], path[k + 1]);
            rn_stream_histogram_add(h[i], path[k][1]);
            rn_stream_mean_add(&mean[i], path[k][2]);
        }
    }
    for (int i = 0; i < 4; i++)
        assert_memory_equal(from[i], to[i], (size_t)size[i] * sizeof **to);
    assert_memory_equal(&mean[0], &mean[1], sizeof mean[0]);
    for (int side = 0; side < 2; side++) {
        rn_stream_moments_destroy(m[side]);
        rn_stream_lags_destroy(l[side]);
        rn_stream_circulation_destroy(c[side]);
        rn_stream_histogram_destroy(h[side]);
    }
}

static rn_status create_all(void)
{
    rn_stream_moments *m = NULL;
    rn_stream_lags *l = NULL;
    rn_stream_circulation *c = NULL;
    rn_stream_histogram *h = NULL;
    rn_status status = rn_stream_moments_create(2, &m);
    if (status == RN_OK) status = rn_stream_lags_create(2, 2, 1, &l);
    if (status == RN_OK) status = rn_stream_circulation_create(2, &c);
    if (status == RN_OK) status = rn_stream_histogram_create(2, 0.0, 1.0, &h);
    rn_stream_moments_destroy(m);
    rn_stream_lags_destroy(l);
    rn_stream_circulation_destroy(c);
    rn_stream_histogram_destroy(h);
    return status;
}

static void mistakes_and_lost_memory_are_reported(void **state)
{
    (void)state;
    rn_stream_moments *m = NULL;
    rn_stream_lags *l = NULL;
    rn_stream_circulation *c = NULL;
    rn_stream_histogram *h = NULL;
    assert_status(rn_stream_moments_create(0, &m), RN_ERR_ARGUMENT);
    assert_status(rn_stream_moments_create(1, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_stream_circulation_create(RN_STREAM_MAX_N + 1, &c), RN_ERR_ARGUMENT);
    assert_status(rn_stream_lags_create(1, 3, 1, &l), RN_ERR_ARGUMENT);
    assert_status(rn_stream_lags_create(1, 4, 41, &l), RN_ERR_ARGUMENT);
    assert_status(rn_stream_histogram_create(3, 1.0, 1.0, &h), RN_ERR_ARGUMENT);
    assert_true(!m && !l && !c && !h);
    rn_stream_moments_destroy(NULL);
    rn_stream_lags_destroy(NULL);
    rn_stream_circulation_destroy(NULL);
    rn_stream_histogram_destroy(NULL);
    const rn_index bytes = rni_memory_bytes();
    rn_status status = RN_ERR_MEMORY;
    long fault = 1;
    for (; status == RN_ERR_MEMORY; fault++) {
        (void)rni_fail_allocation(fault);
        status = create_all();
        (void)rni_fail_allocation(0);
        assert_int_equal(rni_memory_bytes(), bytes);
    }
    assert_status(status, RN_OK);
    assert_int_equal(fault, 10); /* two each */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_those_of_the_whole),
        cmocka_unit_test(displacement_is_that_of_the_whole),
        cmocka_unit_test(circulation_is_that_of_the_whole),
        cmocka_unit_test(errors_know_of_correlations),
        cmocka_unit_test(histograms_count),
        cmocka_unit_test(histograms_see_the_detailed_theorem),
        cmocka_unit_test(trajectories_show_what_linear_dynamics_says),
        cmocka_unit_test(ratios_of_paths_are_ratios_of_densities),
        cmocka_unit_test(a_kept_state_goes_on),
        cmocka_unit_test(mistakes_and_lost_memory_are_reported),
    };
    return cmocka_run_group_tests(tests, make_path, NULL);
}
