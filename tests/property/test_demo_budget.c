/*
 * The demo's own network, all 1280 modes: its budget closes as dt^2, to below 1e-6.
 */
#include <renorm/run.h>
#include <stdio.h>

#include "check.h"

static rn_snapshot first_snapshot(const char *dt, rn_run **run)
{
    const char *const changes[] = {"steps=1", "measure.snapshots=2", "measure.step_budget=false",
                                   dt};
    rn_config *config = NULL;
    assert_status(rn_config_load(DEMO_CONFIG, 4, changes, &config), RN_OK);
    assert_status(rn_run_execute(config, NULL, NULL, run), RN_OK);
    rn_config_destroy(config);
    return *rn_run_snapshot(*run, 0);
}

static void closes_as_dt_squared(void **state)
{
    (void)state;
    double errors[3];
    for (int k = 0; k < 3; k++) {
        char dt[64];
        (void)snprintf(dt, sizeof dt, "measure.closure_dt=1e-%d", k + 2);
        rn_run *run = NULL;
        const rn_snapshot first = first_snapshot(dt, &run);
        assert_int_equal(first.n_modes, 1280);
        errors[k] = first.closure_error;
        print_message("dt 1e-%d: closure error %g, floor %g\n", k + 2, first.closure_error,
                      first.closure_floor);
        rn_run_destroy(run);
    }
    /* 100 for each factor of 10; the next order is dt^2 relative: far below 1 % at dt = 0.01 */
    assert_close(errors[0] / errors[1], 100.0, 10.0);
    assert_close(errors[1] / errors[2], 100.0, 10.0);
    assert_true(errors[2] < 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(closes_as_dt_squared)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
