/*
 * When a run measures: counts paid for, forecasts against closed forms, decisions that do not
 * depend on having been interrupted.
 */
#include "check.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/rng.h"
#include "run/cadence.h"
#include "run/measure.h"

#define N_MODES 5
#define N_STEPS 1000

static const double lambda[N_MODES] = {-1e-18, 0.01, 0.3, 1.0, 1.7};
static const double g[N_MODES] = {0.2, -1.0, 0.5, 2.0, -0.7};
static const double eta = 0.9;

/* overhead 0.1 of 1000 steps at 5 steps each: 20 measurements, 10 of them extra */
static const rni_cadence_rule adaptive = {.overhead = 0.1, .change = 0.2, .price = 5.0};

/* The loss of a frozen kernel, step by step or by the exponential. */
static double frozen_loss(rn_index step, bool is_flow)
{
    double sum = 0.0;
    for (int u = 0; u < N_MODES; u++) {
        double left = g[u];
        for (rn_index k = 0; k < step && !is_flow; k++)
            left -= eta * lambda[u] * left;
        if (is_flow) left *= exp(-eta * lambda[u] * (double)step);
        sum += left * left;
    }
    return 0.5 * sum;
}

static rn_record record_of(rn_index step, double loss)
{
    return (rn_record){.step = step, .time = eta * (double)step, .loss = loss};
}

/* A measurement at that step: the errors of a frozen kernel, or `tilt` times them. */
static rn_snapshot measure(rn_index step, bool is_flow, double loss, double *errors)
{
    for (int u = 0; u < N_MODES; u++)
        errors[u] = g[u]
                    * (is_flow ? exp(-eta * lambda[u] * (double)step)
                               : pow(1.0 - eta * lambda[u], (double)step));
    return (rn_snapshot){
        .record = record_of(step, loss), .n_modes = N_MODES, .lambda = lambda, .g = errors};
}

static rni_cadence create(const rni_cadence_rule *rule, bool is_flow)
{
    rni_cadence cadence = {0};
    assert_status(rni_cadence_create(rule, N_STEPS, N_MODES, is_flow, &cadence), RN_OK);
    return cadence;
}

/* Walks a run whose loss is frozen_loss times (1 + jump from step `at` on), until step `to`, and
   marks measured steps. */
static void walk(rni_cadence *cadence, bool is_flow, rn_index from, rn_index to, rn_index at,
                 double jump, bool *is_measured)
{
    double errors[N_MODES];
    for (rn_index step = from; step <= to; step++) {
        const double loss = frozen_loss(step, is_flow) * (step >= at ? 1.0 + jump : 1.0);
        const rn_record record = record_of(step, loss);
        is_measured[step] = rni_cadence_is_due(cadence, &record);
        if (!is_measured[step]) continue;
        const rn_snapshot snapshot = measure(step, is_flow, loss, errors);
        assert_status(rni_cadence_note(cadence, &snapshot), RN_OK);
    }
}

static void a_number_of_snapshots_is_spaced_in_the_logarithm(void **state)
{
    (void)state;
    const rni_cadence_rule rule = {.snapshots = 7};
    rni_cadence cadence = create(&rule, false);
    bool is_measured[N_STEPS + 1];
    rn_index steps[7];
    assert_int_equal(rni_schedule_log(N_STEPS, 7, steps), 7);
    walk(&cadence, false, 0, N_STEPS, 500, 10.0, is_measured);
    rn_index found = 0;
    for (rn_index step = 0; step <= N_STEPS; step++)
        if (is_measured[step]) assert_int_equal(steps[found++], step);
    assert_int_equal(found, 7);
    assert_int_equal(rni_cadence_most(&cadence), 7);
    rni_cadence_clear(&cadence);
}

static void the_share_of_the_work_is_what_is_spent(void **state)
{
    (void)state;
    const struct {
        double overhead, price;
        rn_index most, spaced;
    } cases[] = {{0.1, 5.0, 20, 10}, {0.1, 4.9, 20, 10}, {0.1, 4.7, 21, 11},    {0.1, 1e9, 2, 2},
                 {0.0, 5.0, 2, 2},   {0.1, 20.0, 5, 3},  {1e3, 1e-3, 1001, 501}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const rni_cadence_rule rule = {
            .overhead = cases[i].overhead, .change = 1.0, .price = cases[i].price};
        rni_cadence cadence = create(&rule, false);
        assert_int_equal(rni_cadence_most(&cadence), cases[i].most);
        assert_int_equal(cadence.n_steps, cases[i].spaced);
        assert_int_equal(cadence.steps[0], 0);
        assert_int_equal(cadence.steps[cadence.n_steps - 1], N_STEPS);
        rni_cadence_clear(&cadence);
    }
}

static void a_frozen_kernel_changes_nothing(void **state)
{
    (void)state;
    for (int is_flow = 0; is_flow < 2; is_flow++) {
        rni_cadence cadence = create(&adaptive, is_flow);
        bool is_measured[N_STEPS + 1];
        walk(&cadence, is_flow, 0, N_STEPS, N_STEPS + 1, 0.0, is_measured);
        assert_int_equal(cadence.n_extra, 0);
        assert_int_equal(cadence.next, cadence.n_steps);
        rni_cadence_clear(&cadence);
    }
}

/* exp(0.2) - 1 = 0.2214, exp(-0.2) - 1 = -0.1813 */
static void a_loss_beyond_the_forecast_is_measured_and_one_within_is_not(void **state)
{
    (void)state;
    const struct {
        double jump;
        bool is_change;
    } cases[] = {{0.2220, true}, {0.2208, false}, {-0.1818, true}, {-0.1808, false}};
    for (int is_flow = 0; is_flow < 2; is_flow++)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            rni_cadence cadence = create(&adaptive, is_flow);
            bool is_measured[N_STEPS + 1];
            const rn_index at = cadence.steps[7] + 1; /* the first step that is compared */
            walk(&cadence, is_flow, 0, N_STEPS, at, cases[i].jump, is_measured);
            assert_int_equal(cadence.n_extra, cases[i].is_change ? 1 : 0);
            assert_int_equal(is_measured[at], cases[i].is_change);
            rni_cadence_clear(&cadence);
        }
}

static void extras_are_paid_out_along_the_run(void **state)
{
    (void)state;
    rni_cadence cadence = create(&adaptive, false);
    double errors[N_MODES];
    rn_index n_extra = 0;
    for (rn_index step = 0; step <= N_STEPS; step++) {
        /* never where it was expected */
        const double loss = step % 2 ? 1.0 : 1e6;
        const rn_record record = record_of(step, loss);
        if (rni_cadence_is_due(&cadence, &record)) {
            const rn_snapshot snapshot = measure(step, false, loss, errors);
            assert_status(rni_cadence_note(&cadence, &snapshot), RN_OK);
        }
        n_extra = cadence.n_extra;
        const double share = log1p((double)step) / log1p((double)N_STEPS);
        assert_true((double)n_extra <= share * (double)cadence.max_extra);
    }
    assert_true(n_extra >= cadence.max_extra - 1); /* the last is paid at the last step only */
    rni_cadence_clear(&cadence);
}

/* Property: an interruption anywhere, with the measurements noted again, changes no decision. */
static void an_interruption_changes_no_decision(void **state)
{
    (void)state;
    const rni_stream draws = {.seed = check_seed(), .purpose = RNI_RNG_TEST};
    for (int k = 0; k < check_cases(60); k++) {
        const bool is_flow = k % 2;
        const rn_index at = (rn_index)(rni_rng_uniform(draws, 3 * (uint64_t)k) * N_STEPS);
        const rn_index stop = (rn_index)(rni_rng_uniform(draws, 3 * (uint64_t)k + 1) * N_STEPS);
        const double jump = 2.0 * rni_rng_uniform(draws, 3 * (uint64_t)k + 2) - 0.9;
        bool whole[N_STEPS + 1];
        bool parts[N_STEPS + 1];
        double errors[N_MODES];
        rni_cadence cadence = create(&adaptive, is_flow);
        walk(&cadence, is_flow, 0, N_STEPS, at, jump, whole);
        rni_cadence_clear(&cadence);
        cadence = create(&adaptive, is_flow);
        for (rn_index step = 0; step <= stop; step++) {
            parts[step] = whole[step];
            if (!whole[step]) continue;
            const double loss = frozen_loss(step, is_flow) * (step >= at ? 1.0 + jump : 1.0);
            const rn_snapshot snapshot = measure(step, is_flow, loss, errors);
            assert_status(rni_cadence_note(&cadence, &snapshot), RN_OK);
        }
        walk(&cadence, is_flow, stop + 1, N_STEPS, at, jump, parts);
        assert_memory_equal(whole, parts, sizeof whole);
        rni_cadence_clear(&cadence);
    }
}

static void measurements_at_other_steps_are_refused(void **state)
{
    (void)state;
    const rni_cadence_rule rule = {.snapshots = 3};
    rni_cadence cadence = create(&rule, false);
    double errors[N_MODES];
    rn_snapshot snapshot = measure(5, false, 1.0, errors);
    assert_status(rni_cadence_note(&cadence, &snapshot), RN_ERR_ARGUMENT);
    rni_cadence_clear(&cadence);
    cadence = create(&adaptive, false); /* an extra one, but behind a scheduled one left out */
    assert_status(rni_cadence_note(&cadence, &snapshot), RN_ERR_ARGUMENT);
    rni_cadence_clear(&cadence);
}

static void losses_of_zero_and_errors_of_zero_ask_for_nothing(void **state)
{
    (void)state;
    double zeros[N_MODES] = {0};
    rni_cadence cadence = create(&adaptive, false);
    const rn_snapshot snapshot = {
        .record = record_of(0, 0.0), .n_modes = N_MODES, .lambda = lambda, .g = zeros};
    assert_status(rni_cadence_note(&cadence, &snapshot), RN_OK);
    const rn_record none = record_of(cadence.n_total - 2, 0.0);
    assert_false(rni_cadence_is_due(&cadence, &none));
    const rn_record some = record_of(cadence.n_total - 1, 1.0); /* nothing to forecast from */
    assert_false(rni_cadence_is_due(&cadence, &some));
    rni_cadence_clear(&cadence);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    const rn_index n_bytes = rni_memory_bytes();
    for (long fault = 1; fault <= 3; fault++) {
        rni_cadence cadence = {0};
        (void)rni_fail_allocation(fault);
        assert_status(rni_cadence_create(&adaptive, N_STEPS, N_MODES, false, &cadence),
                      RN_ERR_MEMORY);
        (void)rni_fail_allocation(0);
        assert_int_equal(rni_memory_bytes(), n_bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_of_snapshots_is_spaced_in_the_logarithm),
        cmocka_unit_test(the_share_of_the_work_is_what_is_spent),
        cmocka_unit_test(a_frozen_kernel_changes_nothing),
        cmocka_unit_test(a_loss_beyond_the_forecast_is_measured_and_one_within_is_not),
        cmocka_unit_test(extras_are_paid_out_along_the_run),
        cmocka_unit_test(an_interruption_changes_no_decision),
        cmocka_unit_test(measurements_at_other_steps_are_refused),
        cmocka_unit_test(losses_of_zero_and_errors_of_zero_ask_for_nothing),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
