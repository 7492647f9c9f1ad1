/*
 * Sums over modes with rates i^-a against what analysis says of them.
 */
#include <float.h>
#include <math.h>
#include <renorm/spectral_tail.h>

#include "check.h"

/* With all modes Phi = Gamma(1 - 1/a) x^(1/a) - 1/2 up to terms below any power of 1/x. The modes
   beyond d have y = x i^-a << 1: sum y - y^2/2 + y^3/6 over them by Euler and Maclaurin. */
static double beyond(double power, double d)
{
    return pow(d, 1.0 - power) / (power - 1.0) - 0.5 * pow(d, -power)
           + power / 12.0 * pow(d, -power - 1.0);
}

static void with_all_modes_the_asymptote_is_exact(void **state)
{
    (void)state;
    const double exponents[] = {1.5, 2.0, 3.0};
    const rn_index d = 100000;
    const double size = (double)d;
    for (int k = 0; k < 3; k++)
        for (int j = 0; j < 2; j++) {
            const double a = exponents[k];
            const double x = 3e4 * pow(7.0, j);
            const double rest = x * beyond(a, size) - x * x / 2.0 * beyond(2.0 * a, size)
                                + x * x * x / 6.0 * beyond(3.0 * a, size);
            const double expected = rn_spectral_tail_asymptote(a, x) - 0.5;
            /* d roundings of terms up to 1: eps sqrt(d) would do, eps d is safe; and the next
               term of the series, y^4/24; what falls faster than any power is below 1e-12 from
               here on (5.8e-7 at a = 3, x = 1e3) */
            const double tolerance = DBL_EPSILON * size + pow(x, 4.0) * beyond(4.0 * a, size);
            assert_close(rn_spectral_tail_learned(a, d, x) + rest, expected, tolerance);
        }
}

static void the_ends_are_linear_and_full(void **state)
{
    (void)state;
    const rn_index d = 1000;
    double trace = 0.0;
    for (rn_index i = d; i >= 1; i--)
        trace += pow((double)i, -2.0);
    /* Phi = x tr - x^2 tr2/2: relative to the first term below x */
    assert_close(rn_spectral_tail_learned(2.0, d, 1e-12) / (1e-12 * trace), 1.0, 1e-12);
    assert_close(rn_spectral_tail_exponent(2.0, d, 1e-12), 1.0, 1e-12);
    /* exp(-40) = 4e-18 is left of the slowest */
    assert_close(rn_spectral_tail_learned(2.0, d, 40.0e6), 1000.0, 1e-12);
    assert_close(rn_spectral_tail_learned(2.0, d, 0.0), 0.0, 0.0);
    /* one mode */
    assert_close(rn_spectral_tail_learned(2.0, 1, 1.5), -expm1(-1.5), DBL_EPSILON);
}

static void the_exponent_is_the_derivative(void **state)
{
    (void)state;
    const double exponents[] = {1.2, 2.0, 3.0, 8.0};
    const double step = 1e-4;
    for (int k = 0; k < 4; k++) {
        double before = 1.0;
        for (int j = 0; j < 32; j++) {
            const double a = exponents[k];
            const double x = 1e-3 * pow(3.0, j);
            const double exponent = rn_spectral_tail_exponent(a, 300, x);
            const double up = rn_spectral_tail_learned(a, 300, x * exp(step));
            const double down = rn_spectral_tail_learned(a, 300, x * exp(-step));
            /* central difference: step^2 times a third derivative of order 1, and rounding */
            assert_close(log(up / down) / (2.0 * step), exponent, 1e-8);
            if (k < 3) assert_true(exponent <= before + 1e-12); /* a = 8: modes come singly */
            before = exponent;
        }
    }
}

static void a_window_is_where_the_exponent_is(void **state)
{
    (void)state;
    const double exponents[] = {1.5, 2.0, 3.0};
    for (int k = 0; k < 3; k++) {
        const double a = exponents[k];
        double low = 0.0;
        double high = 0.0;
        double wide_low = 0.0;
        double wide_high = 0.0;
        assert_status(rn_spectral_tail_window(a, 1000, 0.02, &low, &high), RN_OK);
        assert_true(low < high && low > 1.0 && high < pow(1000.0, a));
        /* ends to 1e-6 in ln x, slopes change by less than 1 per unit of it */
        assert_close(rn_spectral_tail_exponent(a, 1000, low), 1.0 / a + 0.02, 1e-6);
        assert_close(rn_spectral_tail_exponent(a, 1000, high), 1.0 / a - 0.02, 1e-6);
        assert_status(rn_spectral_tail_window(a, 1000, 0.04, &wide_low, &wide_high), RN_OK);
        assert_true(wide_low < low && wide_high > high);
        /* more modes open it at the far end only */
        assert_status(rn_spectral_tail_window(a, 10000, 0.02, &wide_low, &wide_high), RN_OK);
        assert_true(wide_high > 2.0 * high);
    }
    /* without end, Phi = P - 1/2 with P = Gamma(2/3) x^(1/3), and P/(a (P - 1/2)) = 1/a + 0.02
       at P = (1 + 0.06)/0.12; what falls faster than any power still moves that by 2e-3 */
    double low = 0.0;
    double high = 0.0;
    assert_status(rn_spectral_tail_window(3.0, 10000, 0.02, &low, &high), RN_OK);
    assert_close(low / pow(1.06 / 0.12 / tgamma(2.0 / 3.0), 3.0), 1.0, 5e-3);
    /* steps of single modes are no window: it lies beyond the last of them */
    assert_status(rn_spectral_tail_window(8.0, 1000, 0.02, &low, &high), RN_OK);
    for (int j = 0; j <= 100; j++)
        assert_close(rn_spectral_tail_exponent(8.0, 1000, low * pow(high / low, j / 100.0)), 0.125,
                     0.02 + 1e-6);
    assert_true(high / low > 1e9);
}

/* No pole but one: the asymptote is exact once the modes beyond d are added. */
static void lazy_losses_reach_their_power(void **state)
{
    (void)state;
    const double b = 1.2;
    const double q = 1.5;
    const double d = 1e6;
    const double x[] = {2e3, 2e4};
    const double known[] = {0.0746914, 0.0286157};
    for (int k = 0; k < 2; k++) {
        const double asymptote = rn_spectral_tail_left_asymptote(b, q, x[k]);
        const double rest =
            beyond(q, d) - x[k] * beyond(q + b, d) + x[k] * x[k] / 2.0 * beyond(q + 2.0 * b, d);
        const double sum = rn_spectral_tail_left(b, q, 1000000, x[k]) + rest;
        assert_close(asymptote, known[k], 5e-8);
        /* the next term of the rest, y^3/6 with y = 1.3e-3, of 2e-3; rounding */
        assert_close(sum, asymptote, 1e-12);
    }
    /* at x = 0 the sum is zeta(2) less the modes beyond d */
    const double pi = 3.14159265358979323846;
    assert_close(rn_spectral_tail_left(1.0, 2.0, 100000, 0.0) + beyond(2.0, 1e5), pi * pi / 6.0,
                 1e-14);
}

static void arguments_out_of_range_are_refused(void **state)
{
    (void)state;
    double low = 7.0;
    double high = 8.0;
    assert_true(isnan(rn_spectral_tail_learned(0.0, 10, 1.0)));
    assert_true(isnan(rn_spectral_tail_learned(2.0, 0, 1.0)));
    assert_true(isnan(rn_spectral_tail_learned(2.0, 10, -1.0)));
    assert_true(isnan(rn_spectral_tail_learned(2.0, 10, (double)NAN)));
    assert_true(isnan(rn_spectral_tail_asymptote(1.0, 1.0)));
    assert_true(isnan(rn_spectral_tail_exponent(2.0, 10, 0.0)));
    assert_true(isnan(rn_spectral_tail_left(2.0, (double)INFINITY, 10, 0.0)));
    assert_true(isnan(rn_spectral_tail_left_asymptote(2.0, 1.0, 1.0)));
    assert_status(rn_spectral_tail_window(1.0, 100, 0.02, &low, &high), RN_ERR_ARGUMENT);
    assert_status(rn_spectral_tail_window(2.0, 1, 0.02, &low, &high), RN_ERR_ARGUMENT);
    assert_status(rn_spectral_tail_window(2.0, 100, 0.6, &low, &high), RN_ERR_ARGUMENT);
    assert_status(rn_spectral_tail_window(90.0, 1000000000, 0.002, &low, &high), RN_ERR_ARGUMENT);
    assert_message_has("range of doubles");
    assert_status(rn_spectral_tail_window(2.0, 100, 0.02, NULL, &high), RN_ERR_ARGUMENT);
    assert_close(low + high, 15.0, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_all_modes_the_asymptote_is_exact),
        cmocka_unit_test(the_ends_are_linear_and_full),
        cmocka_unit_test(the_exponent_is_the_derivative),
        cmocka_unit_test(a_window_is_where_the_exponent_is),
        cmocka_unit_test(lazy_losses_reach_their_power),
        cmocka_unit_test(arguments_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
