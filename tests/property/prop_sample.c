/*
 * Summaries of samples: quartiles against their definition, comparisons against plain counting,
 * and the coverage of intervals on distributions whose median is known.
 */
#include "check.h"

#include <math.h>
#include <renorm/sample.h>
#include <stdlib.h>

#include "core/memory.h"
#include "core/rng.h"

#define MOST 64

static rni_stream stream_of(uint32_t part)
{
    return (rni_stream){.seed = check_seed(), .purpose = RNI_RNG_TEST, .part = part};
}

/* The value of rank k (0 the least) by counting, without sorting. */
static double ranked(rn_index n, const double *values, rn_index k)
{
    for (rn_index i = 0; i < n; i++) {
        rn_index below = 0;
        rn_index same = 0;
        for (rn_index j = 0; j < n; j++) {
            below += values[j] < values[i];
            same += values[j] <= values[i] && values[j] >= values[i];
        }
        if (below <= k && k < below + same) return values[i];
    }
    return (double)NAN;
}

/* (1 - f) of the value of rank k plus f of the next, position p (n - 1) = k + f. */
static double expected_quantile(rn_index n, const double *values, double p)
{
    const double position = p * (double)(n - 1);
    const double f = position - floor(position);
    const rn_index k = (rn_index)floor(position);
    const double low = ranked(n, values, k);
    return f > 0.0 ? (1.0 - f) * low + f * ranked(n, values, k + 1) : low;
}

static void quartiles_are_interpolated_between_ranks(void **state)
{
    (void)state;
    double values[MOST];
    double holed[2 * MOST];
    for (int c = 0; c < check_cases(100); c++) {
        const rni_stream stream = stream_of((uint32_t)c);
        const rn_index n = 1 + (rn_index)rni_rng_below(stream, 1000, MOST);
        for (rn_index i = 0; i < n; i++) /* few different values: ties */
            values[i] = floor(5.0 * rni_rng_normal(stream, (uint64_t)i));
        for (rn_index i = 0; i < n; i++) {
            holed[2 * i] = values[i];
            holed[2 * i + 1] = (double)NAN; /* not measured: left out */
        }
        rn_sample_summary s;
        assert_status(rn_sample_summarise(2 * n, holed, &s), RN_OK);
        assert_int_equal(s.count, n);
        /* the interpolation rounds once or twice in numbers of at most 25 */
        assert_close(s.low, expected_quantile(n, values, 0.25), 1e-14);
        assert_close(s.median, expected_quantile(n, values, 0.5), 1e-14);
        assert_close(s.high, expected_quantile(n, values, 0.75), 1e-14);
        assert_close(s.min, ranked(n, values, 0), 0.0);
        assert_close(s.max, ranked(n, values, n - 1), 0.0);
    }
}

static void comparisons_pair_by_index_and_leave_out_halves(void **state)
{
    (void)state;
    const double nan = (double)NAN;
    const double a[] = {1.0, 10.0, nan, 3.0, 100.0, 6.0, 7.0, 8.0};
    const double b[] = {2.0, 5.0, 1.0, nan, 10.0, 2.0, 1.0, 2.0};
    rn_sample_comparison c;
    assert_status(rn_sample_compare(8, a, b, NULL, &c), RN_OK);
    assert_int_equal(c.count, 6);
    assert_int_equal(c.n_above, 5);
    /* differences -1 5 90 4 6 6, ratios 0.5 2 10 3 7 4 */
    assert_close(c.difference.value, 5.5, 1e-15);
    assert_close(c.ratio.value, 3.5, 1e-15);
    assert_true(c.difference.low >= -1.0 && c.difference.low <= 5.5);
    assert_true(c.difference.high <= 90.0 && c.difference.high >= 5.5);
    /* no pairing with another seed could give these: shifting one arm changes the answer */
    assert_status(rn_sample_compare(5, a, b + 3, NULL, &c), RN_OK);
    assert_int_equal(c.count, 3);
    assert_true(isnan(c.difference.low) && isnan(c.ratio.high)); /* too few for an interval */
    const double mixed[] = {1.0, -1.0, 2.0};
    assert_status(rn_sample_compare(3, mixed, b, NULL, &c), RN_OK);
    assert_true(isnan(c.ratio.value) && !isnan(c.difference.value));
}

/* a -> k a + m, b -> k b: differences scale and shift; exchanging arms turns signs around. */
static void differences_follow_scale_shift_and_exchange(void **state)
{
    (void)state;
    double a[MOST];
    double b[MOST];
    double moved[MOST];
    double scaled[MOST];
    for (int c = 0; c < check_cases(20); c++) {
        const rni_stream stream = stream_of((uint32_t)c);
        const rn_index n = 6 + (rn_index)rni_rng_below(stream, 1000, 20);
        for (rn_index i = 0; i < n; i++) {
            a[i] = rni_rng_normal(stream, (uint64_t)(2 * i));
            b[i] = rni_rng_normal(stream, (uint64_t)(2 * i + 1));
            moved[i] = 4.0 * a[i] + 0.5;
            scaled[i] = 4.0 * b[i];
        }
        rn_sample_comparison one;
        rn_sample_comparison other;
        assert_status(rn_sample_compare(n, a, b, NULL, &one), RN_OK);
        assert_status(rn_sample_compare(n, moved, scaled, NULL, &other), RN_OK);
        /* rounding of a few operations on numbers below 40 */
        assert_close(other.difference.value, 4.0 * one.difference.value + 0.5, 1e-13);
        assert_close(other.difference.low, 4.0 * one.difference.low + 0.5, 1e-13);
        assert_close(other.difference.high, 4.0 * one.difference.high + 0.5, 1e-13);
        assert_status(rn_sample_compare(n, b, a, NULL, &other), RN_OK);
        assert_close(other.difference.value, -one.difference.value, 1e-15);
        /* quantiles (1 -+ level)/2 of the same draws, mirrored */
        assert_close(other.difference.low, -one.difference.high, 1e-13);
        assert_int_equal(one.n_above + other.n_above, n);
    }
}

/* ---- coverage -------------------------------------------------------------------------------- */

typedef double (*draw_fn)(rni_stream stream, uint64_t i);

static double draw_normal(rni_stream stream, uint64_t i)
{
    return rni_rng_normal(stream, i);
}

/* Exponential less its median ln 2: skewed. */
static double draw_exponential(rni_stream stream, uint64_t i)
{
    return -log(rni_rng_uniform(stream, i)) - log(2.0);
}

/* Cauchy: no mean, no variance. */
static double draw_cauchy(rni_stream stream, uint64_t i)
{
    return tan(3.14159265358979323846 * (rni_rng_uniform(stream, i) - 0.5));
}

static double coverage(draw_fn draw, rn_index n, int n_samples)
{
    double a[MOST];
    double b[MOST];
    int n_inside = 0;
    for (int c = 0; c < n_samples; c++) {
        const rni_stream stream = stream_of((uint32_t)c);
        for (rn_index i = 0; i < n; i++) {
            b[i] = 0.25 * (double)i; /* what both arms share drops out of a difference */
            a[i] = b[i] + draw(stream, (uint64_t)i);
        }
        rn_sample_options options = rn_sample_options_defaults();
        options.n_draws = 300;
        options.seed = (uint64_t)c;
        rn_sample_comparison found;
        assert_status(rn_sample_compare(n, a, b, &options, &found), RN_OK);
        n_inside += found.difference.low <= 0.0 && found.difference.high >= 0.0;
    }
    return (double)n_inside / n_samples;
}

static void intervals_cover_the_true_median(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        draw_fn draw;
    } laws[] = {
        {"normal", draw_normal}, {"exponential", draw_exponential}, {"cauchy", draw_cauchy}};
    static const rn_index sizes[] = {8, 16, 32};
    const int n_samples = check_cases(300);
    /* three standard deviations of a share near 0.95 in n_samples */
    const double chance = 3.0 * sqrt(0.95 * 0.05 / n_samples);
    for (size_t k = 0; k < sizeof laws / sizeof laws[0]; k++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            const double share = coverage(laws[k].draw, sizes[i], n_samples);
            print_message("%-12s %2d pairs: %.3f\n", laws[k].name, (int)sizes[i], share);
            assert_true(share >= 0.92 - chance && share <= 0.98 + chance);
        }
}

/* ---- edges ----------------------------------------------------------------------------------- */

static void nothing_and_nonsense(void **state)
{
    (void)state;
    rn_sample_summary s;
    rn_sample_comparison c;
    const double one = 3.0;
    assert_status(rn_sample_summarise(0, NULL, &s), RN_OK);
    assert_true(s.count == 0 && isnan(s.median) && isnan(s.min));
    assert_status(rn_sample_summarise(1, &one, &s), RN_OK);
    assert_true(s.count == 1 && fabs(s.low - 3.0) <= 0.0 && fabs(s.high - 3.0) <= 0.0);
    assert_status(rn_sample_compare(0, NULL, NULL, NULL, &c), RN_OK);
    assert_true(c.count == 0 && isnan(c.difference.value));
    assert_status(rn_sample_summarise(-1, &one, &s), RN_ERR_ARGUMENT);
    assert_status(rn_sample_summarise(1, NULL, &s), RN_ERR_ARGUMENT);
    rn_sample_options options = rn_sample_options_defaults();
    options.level = 1.0;
    assert_status(rn_sample_compare(1, &one, &one, &options, &c), RN_ERR_ARGUMENT);
    options = rn_sample_options_defaults();
    options.n_draws = 9;
    assert_status(rn_sample_compare(1, &one, &one, &options, &c), RN_ERR_ARGUMENT);
}

static void no_memory_leaves_the_answer_alone(void **state)
{
    (void)state;
    rn_sample_summary s = {.count = 7};
    rn_sample_comparison c = {.count = 7};
    const double values[] = {1.0, 2.0};
    (void)rni_fail_allocation(1);
    assert_status(rn_sample_summarise(2, values, &s), RN_ERR_MEMORY);
    (void)rni_fail_allocation(1);
    assert_status(rn_sample_compare(2, values, values, NULL, &c), RN_ERR_MEMORY);
    (void)rni_fail_allocation(0);
    assert_true(s.count == 7 && c.count == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quartiles_are_interpolated_between_ranks),
        cmocka_unit_test(comparisons_pair_by_index_and_leave_out_halves),
        cmocka_unit_test(differences_follow_scale_shift_and_exchange),
        cmocka_unit_test(intervals_cover_the_true_median),
        cmocka_unit_test(nothing_and_nonsense),
        cmocka_unit_test(no_memory_leaves_the_answer_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
