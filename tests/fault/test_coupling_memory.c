/*
 * Every allocation of a measurement of couplings fails once; nothing is written, nothing leaks.
 */
#include "check.h"
#include "core/memory.h"
#include "coupling_cases.h"

static coupling_state drawn;

static void every_failed_allocation_is_reported_and_leaves_nothing(void **state)
{
    (void)state;
    coupling_draw(&(coupling_case){.seed = 3, .decay = 0.3}, &drawn);
    rn_coupling_options options = rn_coupling_options_defaults();
    options.n_draws = 2;
    options.n_splits = 2;
    const rn_coupling_input input = {.n = CASE_MODES, .lambda = drawn.lambda, .mt = drawn.mt};
    const rn_index bytes = rni_memory_bytes();
    rn_status status = RN_ERR_MEMORY;
    long fault = 1;
    for (; status == RN_ERR_MEMORY; fault++) {
        rn_coupling_report report = {.n_modes = -5};
        (void)rni_fail_allocation(fault);
        status = rn_couplings_measure(&input, &options, &report);
        if (status == RN_OK) {
            rn_coupling_report_clear(&report);
        } else {
            assert_int_equal(report.n_modes, -5);
            assert_message_has("no memory");
        }
        assert_int_equal(rni_memory_bytes(), bytes);
    }
    (void)rni_fail_allocation(0);
    assert_status(status, RN_OK);
    assert_true(fault > 15); /* modes, a report, and 9 for each grid */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_failed_allocation_is_reported_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
