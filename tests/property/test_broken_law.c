/*
 * Broken power laws, the points that decide a fit, and intervals from points drawn again.
 */
#include <math.h>
#include <renorm/fit.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"
#include "loss_table.h"

/* A published ground truth (the code beside arXiv 2210.14891): fits by gradient steps extrapolate
   from x <= 405 and fail from x <= 390. */
static const double truth[6] = {0.41388453071629455, 2.2772722897737556, 0.055077348404973955,
                                5.662903816010331,   612.5836172918001,  0.059193036393742314};

enum { MOST = 4095 };

static double published(double x)
{
    const double *p = truth;
    return p[0] + p[1] * pow(x, -p[2]) * pow(1.0 + pow(x / p[4], 1.0 / p[5]), -p[3] * p[5]);
}

static rn_fit_input table_of(rn_index n, double noise, double *x, double *y)
{
    const rni_stream stream = {.seed = 3, .purpose = RNI_RNG_TEST};
    for (rn_index i = 0; i < n; i++) {
        x[i] = (double)(i + 1);
        y[i] = published(x[i]) * exp(noise * rni_rng_normal(stream, (uint64_t)i));
    }
    return (rn_fit_input){.n = n, .n_variables = 1, .x = {x}, .y = y};
}

static void list(const rn_fit_broken *fit, double out[6])
{
    out[0] = fit->floor.value;
    out[1] = fit->scale.value;
    out[2] = fit->exponent.value;
    out[3] = fit->change[0].value;
    out[4] = fit->at[0].value;
    out[5] = fit->width[0].value;
}

static void the_published_truth_comes_back(void **state)
{
    (void)state;
    static double x[MOST];
    static double y[MOST];
    static const rn_index sizes[] = {405, 1000};
    for (int k = 0; k < 2; k++) {
        const rn_fit_input input = table_of(sizes[k], 0.0, x, y);
        rn_fit_broken fit;
        double found[6];
        assert_status(rn_fit_broken_law(&input, 1, &fit), RN_OK);
        list(&fit, found);
        /* rounding of the losses times a condition of 1e5 */
        for (int i = 0; i < 6; i++)
            assert_close(found[i] / truth[i], 1.0, 1e-6);
        /* the break at 612 lies behind the data, and what comes after it is told */
        assert_close(rn_fit_broken_at(&fit, MOST) / published(MOST), 1.0, 1e-6);
        assert_close(rn_fit_broken_at(&fit, 700.0) / published(700.0), 1.0, 1e-6);
    }
}

static void intervals_widen_before_the_break_is_seen(void **state)
{
    (void)state;
    static double x[MOST];
    static double y[MOST];
    static const rn_index sizes[] = {390, 405, 500};
    double errors[3][2];
    for (int k = 0; k < 3; k++) {
        const rn_fit_input input = table_of(sizes[k], 1e-8, x, y);
        rn_fit_broken fit;
        double found[6];
        assert_true(rn_fit_broken_law(&input, 1, &fit) >= 0);
        list(&fit, found);
        errors[k][0] = fit.at[0].error;
        errors[k][1] = fit.change[0].error;
        /* noise this small is linear: the truth lies within four errors */
        assert_close(found[4], truth[4], 4.0 * fit.at[0].error);
        assert_close(found[3], truth[3], 4.0 * fit.change[0].error);
        assert_close(found[2], truth[2], 4.0 * fit.exponent.error);
    }
    for (int i = 0; i < 2; i++) {
        assert_true(errors[0][i] > 1.5 * errors[1][i]);
        assert_true(errors[1][i] > 10.0 * errors[2][i]);
    }
}

/* Where residuals are independent and small, a bootstrap and standard errors must agree. */
static void draws_of_a_broken_law_scatter_by_its_errors(void **state)
{
    (void)state;
    enum { N = 120, N_DRAWS = 200 };
    double x[N];
    double y[N];
    static rn_fit_broken draws[N_DRAWS];
    rn_fit_broken fit;
    rn_fit_broken again;
    rn_fit_broken_ranges r;
    rn_index n_done = 0;
    const rni_stream stream = {.seed = 21, .purpose = RNI_RNG_TEST};
    const rn_fit_input input = {.n = N, .n_variables = 1, .x = {x}, .y = y};
    for (int i = 0; i < N; i++) {
        x[i] = pow(10.0, 4.0 * i / (N - 1));
        y[i] = (0.05 + 2.0 * pow(x[i], -0.1) * pow(1.0 + pow(x[i] / 200.0, 1.0 / 0.3), -0.15))
               * exp(0.002 * rni_rng_normal(stream, (uint64_t)i));
    }
    assert_status(rn_fit_broken_law(&input, 1, &fit), RN_OK);
    /* from its own minimum nothing moves: the least squares end within 1e-6 of the sum */
    assert_status(rn_fit_broken_law_from(&input, &fit, &again), RN_OK);
    assert_close(again.rss / fit.rss, 1.0, 1e-6);
    assert_close(again.at[0].value / fit.at[0].value, 1.0, 1e-3);
    assert_status(rn_fit_draw_broken(&input, &fit, N_DRAWS, draws, &n_done), RN_OK);
    assert_int_equal(n_done, N_DRAWS);
    assert_status(rn_fit_ranges_of_broken(n_done, draws, 0.68, &r), RN_OK);
    const rn_fit_range ranges[] = {r.floor, r.exponent, r.change[0], r.at[0], r.width[0]};
    const rn_fit_number numbers[] = {fit.floor, fit.exponent, fit.change[0], fit.at[0],
                                     fit.width[0]};
    /* half a 68 % interval is one error; 200 draws know it to 8 %, 120 points to 9 % */
    for (int k = 0; k < 5; k++)
        assert_close(0.5 * (ranges[k].high - ranges[k].low) / numbers[k].error, 1.0, 0.4);
    assert_true(isnan(r.at[1].low) && isnan(r.width[1].high));
    assert_status(rn_fit_draw_broken(&input, &fit, 3, draws, &n_done), RN_ERR_ARGUMENT);
    assert_status(rn_fit_draw_broken(&input, NULL, N_DRAWS, draws, &n_done), RN_ERR_ARGUMENT);
    assert_status(rn_fit_ranges_of_broken(0, draws, 0.68, &r), RN_ERR_ARGUMENT);
}

/* Middle shares of 0 .. 100, by hand. */
static void percentiles_leave_out_what_is_unknown(void **state)
{
    (void)state;
    double values[103];
    for (int i = 0; i < 103; i++)
        values[i] = i < 2 ? (double)NAN : (double)((i * 37) % 101);
    const rn_fit_range r = rn_fit_percentiles(103, values, 0.9);
    assert_close(r.low, 5.0, 0.0);
    assert_close(r.high, 95.0, 0.0);
    double none[2] = {(double)NAN, (double)NAN};
    assert_true(isnan(rn_fit_percentiles(2, none, 0.9).low));
}

static void two_breaks_come_back(void **state)
{
    (void)state;
    enum { N = 200 };
    double x[N];
    double y[N];
    const rn_fit_input input = {.n = N, .n_variables = 1, .x = {x}, .y = y};
    rn_fit_broken fit;
    for (int i = 0; i < N; i++) {
        x[i] = pow(10.0, 6.0 * i / (N - 1));
        y[i] = 0.1
               + 4.0 * pow(x[i], -0.1) * pow(1.0 + pow(x[i] / 50.0, 1.0 / 0.4), -0.6 * 0.4)
                     * pow(1.0 + pow(x[i] / 2e4, 1.0 / 0.3), 0.4 * 0.3);
    }
    assert_status(rn_fit_broken_law(&input, 2, &fit), RN_OK);
    assert_int_equal(fit.n_breaks, 2);
    assert_close(fit.floor.value / 0.1, 1.0, 1e-5);
    assert_close(fit.exponent.value / 0.1, 1.0, 1e-5);
    assert_close(fit.change[0].value / 0.6, 1.0, 1e-5);
    assert_close(fit.change[1].value / -0.4, 1.0, 1e-5);
    assert_close(fit.at[0].value / 50.0, 1.0, 1e-5);
    assert_close(fit.at[1].value / 2e4, 1.0, 1e-5);
    assert_close(fit.width[0].value / 0.4, 1.0, 1e-4);
    for (int i = 0; i < N; i += 20)
        assert_close(rn_fit_broken_at(&fit, x[i]) / y[i], 1.0, 1e-8);
}

static void what_breaks_cannot_explain_is_said(void **state)
{
    (void)state;
    static double x[MOST];
    static double y[MOST];
    rn_fit_broken fit = {.rss = 17.0};
    rn_fit_input input = table_of(50, 0.0, x, y);
    assert_status(rn_fit_broken_law(&input, 3, &fit), RN_ERR_ARGUMENT);
    assert_status(rn_fit_broken_law(&input, 0, &fit), RN_ERR_ARGUMENT);
    for (int i = 0; i < 6; i++)
        x[i] = pow(4.0, i);
    input.n = 6;
    assert_status(rn_fit_broken_law(&input, 1, &fit), RN_ERR_DOMAIN);
    assert_message_has("expected at least 7");
    input.n = 9;
    (void)table_of(9, 0.0, x, y);
    assert_status(rn_fit_broken_law(&input, 1, &fit), RN_ERR_DOMAIN);
    assert_message_has("less than a decade");
    input = table_of(50, 0.0, x, y);
    y[4] = -1.0;
    assert_status(rn_fit_broken_law(&input, 1, &fit), RN_ERR_DOMAIN);
    assert_message_has("point 4");
    assert_close(fit.rss, 17.0, 0.0);
}

/* ---- influence and bootstrap ----------------------------------------------------------------- */

static void the_outliers_are_named(void **state)
{
    (void)state;
    loss_table clean;
    loss_table t;
    rn_fit_result fit;
    rn_fit_influence found;
    loss_table_make(&clean);
    loss_table_add_noise(&clean, 4, 0.002);
    t = clean;
    t.input.x[0] = t.size;
    t.input.x[1] = t.tokens;
    t.input.y = t.loss;
    loss_table_add_outliers(&t);
    assert_true(rn_fit_power_law(&t.input, &fit) >= 0);
    assert_status(rn_fit_find_influence(&t.input, NULL, &fit, &found), RN_OK);
    assert_int_equal(found.n_left_out, 5);
    assert_int_equal(found.exponent, 1);
    int n_true = 0;
    for (int i = 0; i < 5; i++) {
        const rn_index row = found.rows[i];
        n_true += t.loss[row] > 1.1 * clean.loss[row];
    }
    assert_in_range(n_true, 4, 5);
    const double before = fabs(fit.exponent[1].value - loss_table_truth[4]);
    const double after = fabs(found.without.exponent[1].value - loss_table_truth[4]);
    assert_true(after < 0.35 * before && fabs(found.errors) > 1.0);
    /* without outliers no group matters as much */
    assert_true(rn_fit_power_law(&clean.input, &fit) >= 0);
    assert_status(rn_fit_find_influence(&clean.input, NULL, &fit, &found), RN_OK);
    assert_true(fabs(found.errors) < 2.0);
}

static void intervals_of_the_public_design_hold_the_truth(void **state)
{
    (void)state;
    loss_table t;
    rn_fit_ranges r;
    loss_table_make(&t);
    loss_table_add_noise(&t, 5, 0.002);
    loss_table_add_outliers(&t);
    const rn_fit_options huber = rn_fit_options_defaults();
    assert_status(rn_fit_bootstrap(&t.input, &huber, 100, 0.95, &r), RN_OK);
    assert_int_equal(r.n_draws, 100);
    assert_true(r.floor.low < 1.69 && r.floor.high > 1.69);
    assert_true(r.scale[0].low < 406.4 && r.scale[0].high > 406.4);
    assert_true(r.scale[1].low < 410.7 && r.scale[1].high > 410.7);
    assert_true(r.exponent[0].low < 0.34 && r.exponent[0].high > 0.34);
    assert_true(r.exponent[1].low < 0.28 && r.exponent[1].high > 0.28);
    assert_true(r.allocation.low < 0.28 / 0.62 && r.allocation.high > 0.28 / 0.62);
}

static void bootstrap_and_linear_errors_agree(void **state)
{
    (void)state;
    loss_table t;
    rn_fit_result fit;
    rn_fit_ranges r;
    loss_table_make(&t);
    loss_table_add_noise(&t, 6, 0.002);
    assert_status(rn_fit_power_law(&t.input, &fit), RN_OK);
    assert_status(rn_fit_bootstrap(&t.input, NULL, 200, 0.68, &r), RN_OK);
    /* half a 68 % interval is one error; 200 draws know it to 8 %, noise grows with the loss */
    for (int k = 0; k < 2; k++)
        assert_close(0.5 * (r.exponent[k].high - r.exponent[k].low) / fit.exponent[k].error, 1.0,
                     0.4);
    rn_fit_ranges again;
    assert_status(rn_fit_bootstrap(&t.input, NULL, 200, 0.68, &again), RN_OK);
    assert_memory_equal(&r, &again, sizeof r);
    assert_status(rn_fit_bootstrap(&t.input, NULL, 3, 0.68, &r), RN_ERR_ARGUMENT);
    t.input.n = 2;
    assert_status(rn_fit_bootstrap(&t.input, NULL, 50, 0.68, &r), RN_ERR_DOMAIN);
}

/* Independent: the sum of squares at the ends of the interval, minimised over the rest by brute
   force on a grid of the other exponent. */
static void profiles_end_where_the_sum_says(void **state)
{
    (void)state;
    enum { N = 60 };
    double x[N];
    double y[N];
    rn_fit_result fit;
    rn_fit_range ends[2];
    const rni_stream stream = {.seed = 12, .purpose = RNI_RNG_TEST};
    const rn_fit_input input = {.n = N, .n_variables = 1, .x = {x}, .y = y};
    for (int i = 0; i < N; i++) {
        x[i] = pow(10.0, 2.5 * i / (N - 1));
        y[i] = 0.5 + 2.0 * pow(x[i], -0.6) + 0.02 * rni_rng_normal(stream, (uint64_t)i);
    }
    assert_status(rn_fit_power_law(&input, &fit), RN_OK);
    assert_status(rn_fit_profile(&input, 1.96, ends), RN_OK);
    assert_true(ends[0].low < fit.exponent[0].value && fit.exponent[0].value < ends[0].high);
    assert_true(isnan(ends[1].low));
    for (int side = 0; side < 2;
         side++) { /* linear least squares in E and A, by normal equations */
        const double a = side ? ends[0].high : ends[0].low;
        double s[5] = {0}; /* 1, p, pp, y, py */
        double yy = 0.0;
        for (int i = 0; i < N; i++) {
            const double p = pow(x[i], -a);
            s[0] += 1.0;
            s[1] += p;
            s[2] += p * p;
            s[3] += y[i];
            s[4] += p * y[i];
            yy += y[i] * y[i];
        }
        const double det = s[0] * s[2] - s[1] * s[1];
        const double e = (s[3] * s[2] - s[4] * s[1]) / det;
        const double b = (s[4] * s[0] - s[3] * s[1]) / det;
        const double rss = yy - e * s[3] - b * s[4];
        assert_close(rss / fit.rss, 1.0 + 1.96 * 1.96 / (N - 3), 1e-6);
    }
    /* nearly linear here: as wide as the linear interval to a third */
    assert_close((ends[0].high - ends[0].low) / (2.0 * 1.96 * fit.exponent[0].error), 1.0, 0.33);
    loss_table t;
    loss_table_make(&t);
    loss_table_add_noise(&t, 9, 0.002);
    assert_status(rn_fit_profile(&t.input, 1.96, ends), RN_OK);
    for (int k = 0; k < 2; k++)
        assert_true(ends[k].low < loss_table_truth[3 + k]
                    && loss_table_truth[3 + k] < ends[k].high);
    assert_status(rn_fit_profile(&t.input, -1.0, ends), RN_ERR_ARGUMENT);
    t.input.n = 2;
    assert_status(rn_fit_profile(&t.input, 1.96, ends), RN_ERR_DOMAIN);
}

typedef rn_status (*call_fn)(const loss_table *t, const rn_fit_result *fit);

static rn_status call_influence(const loss_table *t, const rn_fit_result *fit)
{
    rn_fit_influence found;
    return rn_fit_find_influence(&t->input, NULL, fit, &found);
}

static rn_status call_bootstrap(const loss_table *t, const rn_fit_result *fit)
{
    rn_fit_ranges found;
    (void)fit;
    return rn_fit_bootstrap(&t->input, NULL, 20, 0.9, &found);
}

static rn_status call_profile(const loss_table *t, const rn_fit_result *fit)
{
    rn_fit_range found[2];
    (void)fit;
    return rn_fit_profile(&t->input, 1.96, found);
}

static rn_status call_draw_broken(const loss_table *t, const rn_fit_result *fit)
{
    const rn_fit_input one = {.n = 40, .n_variables = 1, .x = {t->size}, .y = t->loss};
    const rn_fit_broken from = {.n_breaks = 1,
                                .exponent = {0.1, 0.0},
                                .change = {{0.1, 0.0}},
                                .at = {{100.0, 0.0}},
                                .width = {{0.5, 0.0}}};
    rn_fit_broken draws[20];
    rn_fit_broken_ranges ranges;
    rn_index n = 0;
    (void)fit;
    const rn_status status = rn_fit_draw_broken(&one, &from, 20, draws, &n);
    return status == RN_OK ? rn_fit_ranges_of_broken(n, draws, 0.9, &ranges) : status;
}

static rn_status call_broken(const loss_table *t, const rn_fit_result *fit)
{
    const rn_fit_input one = {.n = 40, .n_variables = 1, .x = {t->size}, .y = t->loss};
    rn_fit_broken found;
    (void)fit;
    return rn_fit_broken_law(&one, 1, &found);
}

static void memory_may_fail_anywhere(void **state)
{
    (void)state;
    static const call_fn calls[] = {call_influence, call_bootstrap, call_broken, call_profile,
                                    call_draw_broken};
    loss_table t;
    rn_fit_result fit;
    loss_table_make(&t);
    loss_table_add_noise(&t, 7, 0.002);
    for (int i = 0; i < 40; i++)
        t.size[i] = pow(10.0, 0.1 * i);
    assert_true(rn_fit_power_law(&t.input, &fit) >= 0);
    for (int k = 0; k < 5; k++) {
        const rn_index bytes = rni_memory_bytes();
        rn_status status = RN_ERR_MEMORY;
        for (long fault = 1; status == RN_ERR_MEMORY && fault < 40; fault++) {
            (void)rni_fail_allocation(fault);
            status = calls[k](&t, &fit);
            (void)rni_fail_allocation(0);
            assert_int_equal(rni_memory_bytes(), bytes);
        }
        assert_true(k == 1 || status >= 0 || status == RN_ERR_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_truth_comes_back),
        cmocka_unit_test(intervals_widen_before_the_break_is_seen),
        cmocka_unit_test(draws_of_a_broken_law_scatter_by_its_errors),
        cmocka_unit_test(percentiles_leave_out_what_is_unknown),
        cmocka_unit_test(two_breaks_come_back),
        cmocka_unit_test(what_breaks_cannot_explain_is_said),
        cmocka_unit_test(the_outliers_are_named),
        cmocka_unit_test(intervals_of_the_public_design_hold_the_truth),
        cmocka_unit_test(bootstrap_and_linear_errors_agree),
        cmocka_unit_test(profiles_end_where_the_sum_says),
        cmocka_unit_test(memory_may_fail_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
