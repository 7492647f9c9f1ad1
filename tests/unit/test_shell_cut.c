/*
 * The cuts, mode by mode, against the definition evaluated in long double.
 */
#include <float.h>
#include <math.h>
#include <renorm/shells.h>

#include "check.h"

#define H 0.69314718055994530942

/* q5 as THEORY states it, from 0 at x = -1 to 1 at +1, in long double. */
static long double q5(long double x)
{
    if (x <= -1.0L) return 0.0L;
    if (x >= 1.0L) return 1.0L;
    return 0.5L + (15.0L * x - 10.0L * x * x * x + 3.0L * x * x * x * x * x) / 16.0L;
}

static long double chi(double s, double lambda)
{
    return lambda > 0.0 ? q5((logl((long double)lambda) - (long double)s) / (long double)H) : 0.0L;
}

static void is_the_quintic_smoothstep_of_ln_lambda(void **state)
{
    (void)state;
    for (int k = -60; k <= 60; k++) {
        const double lambda = 0.3 * exp(0.03 * k);
        const double s = log(0.3);
        /* position good to 2 eps |s|/h, slope of q5 at most 15/16 */
        assert_close(rn_shell_cut(s, H, lambda), (double)chi(s, lambda), 2e-15);
    }
    assert_close(rn_shell_cut(0.0, H, 1.0), 0.5, 0.0);
    assert_close(rn_shell_cut(0.0, H, 0.49), 0.0, 0.0);
    assert_close(rn_shell_cut(0.0, H, 2.01), 1.0, 0.0);
    /* x = 1/2: 1/2 + (15/2 - 10/8 + 3/32)/16 */
    assert_close(rn_shell_cut(0.0, H, sqrt(2.0)), 0.896484375, 4e-16);
}

static void is_zero_for_eigenvalues_that_are_not_positive(void **state)
{
    (void)state;
    const double bad[] = {0.0, -1e-17, -3.0, -DBL_MAX};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        assert_close(rn_shell_cut(-800.0, H, bad[k]), 0.0, 0.0);
        assert_close(rn_shell_cut_slope(-800.0, H, bad[k]), 0.0, 0.0);
        assert_close(rn_shell_cut_sharp(-800.0, H, bad[k]), 0.0, 0.0);
        assert_close(rn_shell_cut_divided(-800.0, H, bad[k], bad[k]), 0.0, 0.0);
        assert_close(rn_shell_cut_divided(0.0, H, 1.0, bad[k]), 0.5 / (1.0 - bad[k]), 1e-16);
    }
    /* the smallest positive double is a mode like any other */
    assert_close(rn_shell_cut(-800.0, H, 4.9e-324), 1.0, 0.0);
    assert_close(rn_shell_cut(0.0, H, 4.9e-324), 0.0, 0.0);
}

static void slope_is_the_derivative(void **state)
{
    (void)state;
    const double s = -2.0;
    for (int k = -30; k <= 30; k++) {
        const double lambda = exp(s + 0.025 * k);
        const long double dx = 1e-6L * (long double)lambda;
        const long double up = chi(s, (double)((long double)lambda + dx));
        const long double down = chi(s, (double)((long double)lambda - dx));
        const double difference = (double)((up - down)
                                           / ((long double)(double)((long double)lambda + dx)
                                              - (long double)(double)((long double)lambda - dx)));
        /* third derivative of chi is at most about 60/(h lambda)^3; times dx^2/6 */
        assert_close(rn_shell_cut_slope(s, H, lambda) * lambda, difference * lambda, 1e-10);
    }
}

static void divided_difference_is_the_quotient_however_close(void **state)
{
    (void)state;
    const double s = log(0.01);
    for (int j = -70; j <= 70; j++) {
        const double a = 0.01 * exp(0.02 * j);
        for (int k = 0; k <= 24; k++) {
            const double b = a * (1.0 + pow(10.0, 0.5 * k - 11.0));
            const long double gap = (long double)b - (long double)a;
            const double quotient = (double)((chi(s, b) - chi(s, a)) / gap);
            /* long double leaves 1e-19/1e-11 of the quotient; ours 1e-14 of 1/(h lambda) */
            const double tolerance = 1e-14 / (H * b) + 1e-18 / (double)gap;
            assert_close(rn_shell_cut_divided(s, H, a, b), quotient, tolerance);
            assert_close(rn_shell_cut_divided(s, H, b, a), rn_shell_cut_divided(s, H, a, b), 0.0);
            assert_true(rn_shell_cut_divided(s, H, a, b) >= 0.0);
            /* the midpoint rule for close pairs is the same function */
            if (gap < 1e-5L * (long double)b)
                assert_close(rn_shell_cut_divided(s, H, a, b) * b,
                             rn_shell_cut_slope(s, H, 0.5 * (a + b)) * b, 4e-10);
        }
        assert_close(rn_shell_cut_divided(s, H, a, a) * a, rn_shell_cut_slope(s, H, a) * a, 1e-14);
    }
}

static void divided_difference_spans_the_whole_spectrum(void **state)
{
    (void)state;
    /* one above, one below the window: 1/(a - b); both on one side: 0 */
    assert_close(rn_shell_cut_divided(0.0, H, 1e8, 1e-8), 1.0 / (1e8 - 1e-8), 1e-24);
    assert_close(rn_shell_cut_divided(0.0, H, 1e8, 1e7), 0.0, 0.0);
    assert_close(rn_shell_cut_divided(0.0, H, 1e-8, 1e-300), 0.0, 0.0);
    assert_close(rn_shell_cut_divided(0.0, H, 1e8, -1.0), 1.0 / (1e8 + 1.0), 1e-24);
    assert_close(rn_shell_cut_divided(0.0, H, 1.0, 1e-300), 0.5, 1e-16);
    assert_close(rn_shell_cut_divided(0.0, H, 3.0, 1.0), 0.25, 1e-16);
}

static void sharp_cut_counts_its_own_boundary(void **state)
{
    (void)state;
    assert_close(rn_shell_cut_sharp(0.0, H, 1.0), 1.0, 0.0);
    assert_close(rn_shell_cut_sharp(0.0, H, 1.0 - DBL_EPSILON), 0.0, 0.0);
    assert_close(rn_shell_cut_sharp(-1.0, H, 0.4), 1.0, 0.0);
    assert_close(rn_shell_cut_sharp(-1.0, H, 0.3), 0.0, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_quintic_smoothstep_of_ln_lambda),
        cmocka_unit_test(is_zero_for_eigenvalues_that_are_not_positive),
        cmocka_unit_test(slope_is_the_derivative),
        cmocka_unit_test(divided_difference_is_the_quotient_however_close),
        cmocka_unit_test(divided_difference_spans_the_whole_spectrum),
        cmocka_unit_test(sharp_cut_counts_its_own_boundary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
