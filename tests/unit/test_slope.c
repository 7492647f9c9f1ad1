/*
 * Lines through points: exact ones, windows, and the error against repetitions.
 */
#include "check.h"

#include <math.h>

#include "core/rng.h"
#include "stats/slope.h"

enum { N = 40 };

static void a_power_law_gives_its_exponent_in_its_window(void **state)
{
    (void)state;
    double x[N];
    double y[N];
    rni_slope fit;
    for (int i = 0; i < N; i++) {
        x[i] = pow(10.0, 0.1 * i);
        y[i] = x[i] < 50.0 ? 1.0 : 3.0 * pow(x[i], -0.4); /* another law below the window */
    }
    assert_status(rni_slope_fit_log(N, x, y, 50.0, 5000.0, &fit), RN_OK);
    assert_int_equal(fit.n, 20); /* 10^1.7 = 50.1 .. 10^3.6 */
    assert_close(fit.low, x[17], 1e-12);
    assert_close(fit.high, x[36], 1e-9);
    assert_close(fit.slope, -0.4, 1e-13);
    assert_close(fit.intercept, log(3.0), 1e-12);
    assert_true(fit.error < 1e-13 && fit.residual < 1e-13);
    y[20] = 0.0; /* left out */
    y[21] = NAN;
    assert_status(rni_slope_fit_log(N, x, y, 50.0, 5000.0, &fit), RN_OK);
    assert_int_equal(fit.n, 18);
    assert_close(fit.slope, -0.4, 1e-13);
}

static void a_line_far_from_the_origin_keeps_its_digits(void **state)
{
    (void)state;
    double x[N];
    double y[N];
    rni_slope fit;
    for (int i = 0; i < N; i++) {
        x[i] = 1e8 + i;
        y[i] = 1e3 - 0.25 * i;
    }
    assert_status(rni_slope_fit(N, x, y, -INFINITY, INFINITY, &fit), RN_OK);
    assert_close(fit.slope, -0.25, 1e-12);
}

/* Over many draws of noise the slope scatters as its error says: the ratio of variances of 2000
   draws scatters by sqrt(2/2000) = 3 %. */
static void the_error_is_the_scatter(void **state)
{
    (void)state;
    const rni_stream stream = {.seed = check_seed(), .purpose = RNI_RNG_TEST, .part = 31};
    double x[N];
    double y[N];
    double square = 0.0;
    double expected = 0.0;
    for (int i = 0; i < N; i++)
        x[i] = i;
    for (int draw = 0; draw < 2000; draw++) {
        rni_slope fit;
        rni_rng_fill_normal(stream, (uint64_t)draw * N, N, y);
        for (int i = 0; i < N; i++)
            y[i] += 2.0 * x[i];
        assert_status(rni_slope_fit(N, x, y, 0.0, N, &fit), RN_OK);
        square += (fit.slope - 2.0) * (fit.slope - 2.0) / 2000.0;
        expected += fit.error * fit.error / 2000.0;
    }
    assert_close(square / expected, 1.0, 0.15);
}

static void too_few_points_are_said_so(void **state)
{
    (void)state;
    const double x[] = {1.0, 1.0, 2.0};
    const double y[] = {1.0, 2.0, 3.0};
    rni_slope fit = {.n = 77};
    assert_status(rni_slope_fit(2, x, y, 0.0, 9.0, &fit), RN_ERR_DOMAIN);
    assert_status(rni_slope_fit(3, x, y, 1.5, 9.0, &fit), RN_ERR_DOMAIN);
    assert_message_has("1 points");
    assert_status(rni_slope_fit(0, x, y, 0.0, 9.0, &fit), RN_ERR_DOMAIN);
    assert_int_equal(fit.n, 77);
    assert_status(rni_slope_fit(2, x + 1, y + 1, 0.0, 9.0, &fit), RN_OK);
    assert_close(fit.slope, 1.0, 1e-15);
    assert_close(fit.error, 0.0, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_power_law_gives_its_exponent_in_its_window),
        cmocka_unit_test(a_line_far_from_the_origin_keeps_its_digits),
        cmocka_unit_test(the_error_is_the_scatter),
        cmocka_unit_test(too_few_points_are_said_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
