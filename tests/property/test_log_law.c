/*
 * Power laws fitted to ln L: known truths come back, outliers move them little, and the answer is
 * the least of its own objective.
 */
#include <math.h>
#include <renorm/fit.h>

#include "check.h"
#include "core/memory.h"
#include "loss_table.h"

static void list(const rn_fit_result *fit, double out[5])
{
    out[0] = fit->floor.value;
    out[1] = fit->scale[0].value;
    out[2] = fit->scale[1].value;
    out[3] = fit->exponent[0].value;
    out[4] = fit->exponent[1].value;
}

static double rho(double r, double delta)
{
    const double size = fabs(r);
    return size <= delta ? 0.5 * r * r : delta * (size - 0.5 * delta);
}

static double objective(const loss_table *t, const double *p, double delta)
{
    double sum = 0.0;
    for (int i = 0; i < LOSS_TABLE_N; i++)
        sum += rho(log(p[0] + p[1] * pow(t->size[i], -p[3]) + p[2] * pow(t->tokens[i], -p[4]))
                       - log(t->loss[i]),
                   delta);
    return sum;
}

static void without_noise_the_truth_comes_back(void **state)
{
    (void)state;
    static const rn_fit_norm norms[] = {RN_FIT_SQUARES, RN_FIT_HUBER, RN_FIT_ABSOLUTE};
    for (int k = 0; k < 3; k++) {
        const rn_fit_options options = {.norm = norms[k], .delta = 1e-3};
        loss_table t;
        rn_fit_result fit;
        double found[5];
        loss_table_make(&t);
        assert_status(rn_fit_log_law(&t.input, &options, &fit), RN_OK);
        list(&fit, found);
        for (int i = 0; i < 5; i++) /* sqrt(eps) of the unknowns times the condition */
            assert_close(found[i] / loss_table_truth[i], 1.0, 1e-5);
    }
}

static void outliers_move_robust_fits_less(void **state)
{
    (void)state;
    loss_table t;
    rn_fit_result robust;
    rn_fit_result squares;
    const rn_fit_options plain = {.norm = RN_FIT_SQUARES};
    loss_table_make(&t);
    loss_table_add_noise(&t, 1, 0.002);
    loss_table_add_outliers(&t);
    assert_status(rn_fit_log_law(&t.input, NULL, &robust), RN_OK);
    assert_status(rn_fit_log_law(&t.input, &plain, &squares), RN_OK);
    const double beta = loss_table_truth[4];
    /* five of 245 on one side still pull a little: bounded influence is not none */
    assert_close(robust.exponent[1].value / beta, 1.0, 0.05);
    assert_close(robust.exponent[0].value / loss_table_truth[3], 1.0, 0.02);
    assert_true(fabs(squares.exponent[1].value - beta)
                > 8.0 * fabs(robust.exponent[1].value - beta));
}

static void the_answer_is_the_least_of_its_objective(void **state)
{
    (void)state;
    loss_table t;
    rn_fit_result fit;
    double p[5];
    loss_table_make(&t);
    loss_table_add_noise(&t, 2, 0.004);
    loss_table_add_outliers(&t);
    assert_status(rn_fit_log_law(&t.input, NULL, &fit), RN_OK);
    list(&fit, p);
    const double least = objective(&t, p, 1e-3);
    assert_close(2.0 * least / fit.rss, 1.0, 1e-9);
    assert_true(least <= objective(&t, loss_table_truth, 1e-3));
    for (int i = 0; i < 5; i++)
        for (int sign = -1; sign <= 1; sign += 2) {
            const double kept = p[i];
            p[i] *= 1.0 + 1e-3 * sign;
            assert_true(objective(&t, p, 1e-3) > least);
            p[i] = kept;
        }
}

static void absolute_deviations_ignore_how_far_an_outlier_is(void **state)
{
    (void)state;
    const rn_fit_options absolute = {.norm = RN_FIT_ABSOLUTE};
    loss_table t;
    rn_fit_result fit;
    rn_fit_result other;
    double p[5];
    double q[5];
    loss_table_make(&t);
    loss_table_add_noise(&t, 3, 0.004);
    assert_true(rn_fit_log_law(&t.input, &absolute, &fit) >= 0);
    list(&fit, p);
    /* the farthest above the fit goes farther: no first-order condition changes */
    int top = 0;
    double most = 0.0;
    for (int i = 0; i < LOSS_TABLE_N; i++) {
        const double r =
            t.loss[i] / (p[0] + p[1] * pow(t.size[i], -p[3]) + p[2] * pow(t.tokens[i], -p[4]));
        if (r > most) {
            most = r;
            top = i;
        }
    }
    t.loss[top] *= 2.0;
    assert_true(rn_fit_log_law(&t.input, &absolute, &other) >= 0);
    list(&other, q);
    /* found to the size of delta along flat directions */
    assert_close(q[3] / p[3], 1.0, 0.01);
    assert_close(q[4] / p[4], 1.0, 0.01);
    assert_close(q[0] / p[0], 1.0, 0.01);
}

static void errors_cover_the_truth(void **state)
{
    (void)state;
    enum { DRAWS = 40 };
    const rn_fit_options wide = {.norm = RN_FIT_HUBER, .delta = 0.01};
    int n_inside[2] = {0, 0};
    for (uint32_t draw = 0; draw < DRAWS; draw++) {
        loss_table t;
        rn_fit_result fit;
        loss_table_make(&t);
        loss_table_add_noise(&t, 100 + draw, 0.004);
        assert_true(rn_fit_log_law(&t.input, &wide, &fit) >= 0);
        for (int k = 0; k < 2; k++)
            n_inside[k] += fabs(fit.exponent[k].value - loss_table_truth[3 + k])
                           <= 1.96 * fit.exponent[k].error;
    }
    for (int k = 0; k < 2; k++) /* 38 expected, standard deviation 1.4: four of them */
        assert_in_range(n_inside[k], 32, 40);
}

static void what_has_no_logarithm_is_refused(void **state)
{
    (void)state;
    loss_table t;
    rn_fit_result fit = {.rss = 17.0};
    const rn_fit_options wrong = {.norm = RN_FIT_HUBER, .delta = 0.0};
    loss_table_make(&t);
    assert_status(rn_fit_log_law(&t.input, &wrong, &fit), RN_ERR_ARGUMENT);
    t.loss[9] = 0.0;
    assert_status(rn_fit_log_law(&t.input, NULL, &fit), RN_ERR_DOMAIN);
    assert_message_has("point 9");
    t.input.n = 2;
    assert_status(rn_fit_log_law(&t.input, NULL, &fit), RN_ERR_DOMAIN);
    assert_message_has("found 2 points");
    assert_status(rn_fit_log_law(NULL, NULL, &fit), RN_ERR_ARGUMENT);
    assert_close(fit.rss, 17.0, 0.0);
}

static void memory_may_fail_anywhere(void **state)
{
    (void)state;
    loss_table t;
    rn_status status = RN_ERR_MEMORY;
    loss_table_make(&t);
    const rn_index bytes = rni_memory_bytes();
    for (long fault = 1; status == RN_ERR_MEMORY && fault < 1000; fault++) {
        rn_fit_result fit;
        (void)rni_fail_allocation(fault);
        status = rn_fit_log_law(&t.input, NULL, &fit);
        (void)rni_fail_allocation(0);
        assert_int_equal(rni_memory_bytes(), bytes);
    }
    assert_status(status, RN_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_noise_the_truth_comes_back),
        cmocka_unit_test(outliers_move_robust_fits_less),
        cmocka_unit_test(the_answer_is_the_least_of_its_objective),
        cmocka_unit_test(absolute_deviations_ignore_how_far_an_outlier_is),
        cmocka_unit_test(errors_cover_the_truth),
        cmocka_unit_test(what_has_no_logarithm_is_refused),
        cmocka_unit_test(memory_may_fail_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
