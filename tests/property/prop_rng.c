/*
 * Statistics of the random streams over many seeds. A bound of six standard deviations fails a
 * correct generator with chance 2e-9 per comparison; a case makes fewer than 500 comparisons.
 */
#include <check.h>
#include <math.h>
#include <string.h>

#include "core/rng.h"

enum { N_DRAWS = 20000 };
#define SIGMAS 6.0

static rni_stream stream_of_case(int number)
{
    return (rni_stream){
        .seed = check_seed() + (uint64_t)number, .purpose = RNI_RNG_TEST, .part = 7};
}

/* Mean of x^power over the draws against its expectation, given the variance of x^power. */
static void check_moment(const double *draws, int power, double expected, double variance)
{
    double sum = 0;
    for (int i = 0; i < N_DRAWS; i++)
        sum += pow(draws[i], power);
    assert_close(sum / N_DRAWS, expected, SIGMAS * sqrt(variance / N_DRAWS));
}

static void uniforms_have_the_moments_of_the_unit_interval(void **state)
{
    (void)state;
    static double draws[N_DRAWS];
    for (int number = 0; number < check_cases(20); number++) {
        rni_rng_fill_uniform(stream_of_case(number), 0, N_DRAWS, draws);
        for (int i = 0; i < N_DRAWS; i++)
            assert_true(0 < draws[i] && draws[i] < 1);
        /* E x^k = 1/(k+1), so var x^k = 1/(2k+1) - 1/(k+1)^2 */
        for (int k = 1; k <= 4; k++)
            check_moment(draws, k, 1.0 / (k + 1),
                         1.0 / (2 * k + 1) - 1.0 / ((double)(k + 1) * (k + 1)));
    }
}

static void normals_have_the_moments_of_the_gaussian(void **state)
{
    (void)state;
    static double draws[N_DRAWS];
    /* E x^k = (k-1)!! for even k, 0 for odd; var x^k = E x^2k - (E x^k)^2 */
    const double even_moments[] = {1, 1, 3, 15, 105};
    for (int number = 0; number < check_cases(20); number++) {
        rni_rng_fill_normal(stream_of_case(number), 0, N_DRAWS, draws);
        for (int k = 1; k <= 4; k++) {
            const double expected = k % 2 == 0 ? even_moments[k / 2] : 0.0;
            check_moment(draws, k, expected, even_moments[k] - expected * expected);
        }
    }
}

/* Shares of the Gaussian beyond 0, 1, 2 and 3: moments alone do not see a wrong shape. */
static void normals_fill_the_gaussian_tails(void **state)
{
    (void)state;
    static double draws[N_DRAWS];
    for (int number = 0; number < check_cases(20); number++) {
        rni_rng_fill_normal(stream_of_case(number), 1, N_DRAWS, draws);
        for (int edge = 0; edge <= 3; edge++) {
            const double share = 0.5 * erfc(edge / sqrt(2.0));
            int n_above = 0;
            int n_below = 0;
            for (int i = 0; i < N_DRAWS; i++) {
                n_above += draws[i] > edge;
                n_below += draws[i] < -edge;
            }
            const double slack = SIGMAS * sqrt(N_DRAWS * share * (1 - share));
            assert_close(n_above, N_DRAWS * share, slack);
            assert_close(n_below, N_DRAWS * share, slack);
        }
    }
}

/* Mean of a_i b_{i+lag} for independent normals: 0 +- 1/sqrt(n). */
static void check_uncorrelated(const double *a, const double *b, int lag)
{
    double sum = 0;
    double sum_squares = 0; /* catches cos/sin mixed up into a x^2 - y^2 relation */
    for (int i = 0; i + lag < N_DRAWS; i++) {
        sum += a[i] * b[i + lag];
        sum_squares += (a[i] * a[i] - 1) * (b[i + lag] * b[i + lag] - 1);
    }
    const double n = N_DRAWS - lag;
    assert_close(sum / n, 0, SIGMAS / sqrt(n));
    assert_close(sum_squares / n, 0, SIGMAS * 2 / sqrt(n)); /* var (x^2 - 1) = 2 */
}

static void streams_and_neighbouring_draws_are_uncorrelated(void **state)
{
    (void)state;
    static double first[N_DRAWS];
    static double second[N_DRAWS];
    for (int number = 0; number < check_cases(10); number++) {
        const rni_stream base = stream_of_case(number);
        rni_stream others[3] = {base, base, base};
        others[0].seed++;
        others[1].purpose++;
        others[2].part++;
        rni_rng_fill_normal(base, 0, N_DRAWS, first);
        for (int lag = 1; lag <= 3; lag++)
            check_uncorrelated(first, first, lag);
        for (int k = 0; k < 3; k++) {
            rni_rng_fill_normal(others[k], 0, N_DRAWS, second);
            for (int lag = 0; lag <= 1; lag++)
                check_uncorrelated(first, second, lag);
        }
    }
}

static void every_bit_is_set_half_of_the_time(void **state)
{
    (void)state;
    for (int number = 0; number < check_cases(5); number++) {
        int n_set[64] = {0};
        for (uint64_t i = 0; i < N_DRAWS; i++) {
            const uint64_t bits = rni_rng_bits(stream_of_case(number), i);
            for (int bit = 0; bit < 64; bit++)
                n_set[bit] += (int)(bits >> bit & 1);
        }
        for (int bit = 0; bit < 64; bit++)
            assert_close(n_set[bit], N_DRAWS / 2.0, SIGMAS * sqrt(N_DRAWS / 4.0));
    }
}

static void integers_below_a_bound_are_equally_frequent(void **state)
{
    (void)state;
    for (uint64_t bound = 1; bound <= 12; bound++) {
        int n_hits[12] = {0};
        for (uint64_t i = 0; i < N_DRAWS; i++)
            n_hits[rni_rng_below(stream_of_case((int)bound), i, bound)]++;
        const double share = 1.0 / (double)bound;
        const double slack = SIGMAS * sqrt(N_DRAWS * share * (1 - share));
        for (uint64_t k = 0; k < bound; k++)
            assert_close(n_hits[k], N_DRAWS * share, slack);
    }
}

/* All 24 orders of four things; a swap with the wrong range would favour some. */
static void all_permutations_are_equally_frequent(void **state)
{
    (void)state;
    int n_hits[256] = {0};
    for (int number = 0; number < N_DRAWS; number++) {
        rn_index order[4];
        rni_rng_permutation(stream_of_case(number), 4, order);
        n_hits[order[0] + 4 * order[1] + 16 * order[2] + 64 * order[3]]++;
    }
    int n_orders = 0;
    for (int code = 0; code < 256; code++) {
        if (n_hits[code] == 0) continue;
        n_orders++;
        assert_close(n_hits[code], N_DRAWS / 24.0, SIGMAS * sqrt(N_DRAWS / 24.0 * 23 / 24));
    }
    assert_int_equal(n_orders, 24);
}

/* Any way of cutting a fill gives the same numbers. */
static void fills_do_not_depend_on_how_they_are_cut(void **state)
{
    (void)state;
    enum { LENGTH = 257 };
    for (int number = 0; number < check_cases(200); number++) {
        const rni_stream stream = stream_of_case(number);
        const uint64_t start = rni_rng_below(stream, 0, 1000);
        double whole[LENGTH];
        double pieces[LENGTH];
        rni_rng_fill_normal(stream, start, LENGTH, whole);
        uint64_t draw = 1;
        for (rn_index done = 0; done < LENGTH;) {
            rn_index count = (rn_index)rni_rng_below(stream, draw++, 20);
            if (count > LENGTH - done) count = LENGTH - done;
            rni_rng_fill_normal(stream, start + (uint64_t)done, count, pieces + done);
            done += count;
        }
        assert_memory_equal(whole, pieces, sizeof whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uniforms_have_the_moments_of_the_unit_interval),
        cmocka_unit_test(normals_have_the_moments_of_the_gaussian),
        cmocka_unit_test(normals_fill_the_gaussian_tails),
        cmocka_unit_test(streams_and_neighbouring_draws_are_uncorrelated),
        cmocka_unit_test(every_bit_is_set_half_of_the_time),
        cmocka_unit_test(integers_below_a_bound_are_equally_frequent),
        cmocka_unit_test(all_permutations_are_equally_frequent),
        cmocka_unit_test(fills_do_not_depend_on_how_they_are_cut),
    };
    return cmocka_run_group_tests_name("rng statistics", tests, NULL, NULL);
}
