/*
 * Scenarios from C: states, exact solutions beside them, failing memory.
 */
#include <math.h>
#include <renorm/config.h>
#include <renorm/scenario.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "remove_tree.h"

static const char *const small[] = {"grid.cells=60",           "time.states=4",  "time.to=2",
                                    "start.kind=bump",         "velocity.a=0.5", "grid.lower=-6",
                                    "accuracy.tolerance=0.01", "grid.upper=1",   "time.first=0.5"};
enum { N_SMALL = sizeof small / sizeof small[0] };

static void states_add_up_and_carry_the_exact_loss(void **state)
{
    (void)state;
    rn_scenario *x = NULL;
    assert_status(rn_scenario_load(NULL, N_SMALL, small, &x), RN_OK);
    assert_string_equal(rn_scenario_name(x), "transport");
    assert_non_null(strstr(rn_scenario_text(x), "kind: bump"));
    assert_int_equal(rn_scenario_n_states(x), 0);
    assert_null(rn_scenario_state_at(x, 0));
    assert_null(rn_scenario_solution(x));
    assert_status(rn_scenario_write(x, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_scenario_solve(x, NULL), RN_OK);
    assert_status(rn_scenario_solve(x, NULL), RN_ERR_ARGUMENT);
    assert_int_equal(rn_scenario_n_states(x), 4);
    for (rn_index k = 0; k < 4; k++) {
        const rn_scenario_state *at = rn_scenario_state_at(x, k);
        assert_close(at->time, 2.0 * (double)k / 3.0, 1e-15);
        assert_close(at->loss, at->inside + at->below + at->null_line, 1e-15);
        assert_close(at->inside + at->below + at->above + at->dissipated, 1.0, 1e-12);
        assert_close(at->loss, at->exact, 1e-2); /* 60 cells */
    }
    assert_non_null(rn_scenario_exact_density(x));
    assert_null(rn_scenario_state_at(x, 4));
    rn_scenario_destroy(x);
    rn_scenario_destroy(NULL);
}

static void energy_below_the_grid_rests_in_the_null_line(void **state)
{
    (void)state;
    const char *const cut[] = {"start.kind=bump",  "start.null_energy=0.25", "grid.lower=-1",
                               "grid.cells=100",   "velocity.kind=none",     "time.to=1",
                               "time.spacing=log", "time.states=3",          "time.first=0.25"};
    rn_scenario *x = NULL;
    assert_status(rn_scenario_load(NULL, 9, cut, &x), RN_OK);
    assert_status(rn_scenario_solve(x, NULL), RN_OK);
    /* the hill around -1 has half its energy below -1 */
    assert_close(rn_scenario_state_at(x, 0)->null_line, 0.75, 1e-12);
    assert_close(rn_scenario_state_at(x, 0)->loss, 1.25, 1e-12);
    assert_close(rn_scenario_state_at(x, 0)->exact, 1.25, 1e-10);
    assert_close(rn_scenario_state_at(x, 1)->time, 0.25, 1e-15);
    assert_close(rn_scenario_state_at(x, 2)->loss, rn_scenario_state_at(x, 2)->exact, 1e-4);
    rn_scenario_destroy(x);
}

static void every_topic_says_whose_it_is(void **state)
{
    (void)state;
    rn_index n_runs = 0;
    rn_index n_transport = 0;
    for (rn_index i = 0; i < rn_topic_count(); i++) {
        rn_topic topic;
        assert_status(rn_topic_get(i, &topic), RN_OK);
        const bool is_run = strcmp(topic.command, "run") == 0;
        if (is_run) assert_int_equal(n_transport, 0); /* runs come first */
        n_runs += is_run;
        n_transport += strcmp(topic.command, "transport") == 0;
    }
    assert_int_equal(n_runs + n_transport, rn_topic_count());
    assert_true(n_runs > 8);
    assert_int_equal(n_transport, 15); /* grid, time, accuracy, 4 starts, 5 velocities, 3 decays */
}

/* Loads, solves and writes; the first failure ends it. */
static rn_status do_all(const char *folder)
{
    rn_scenario *x = NULL;
    rn_status status = rn_scenario_load(NULL, N_SMALL, small, &x);
    if (status == RN_OK) status = rn_scenario_solve(x, NULL);
    if (status == RN_OK) status = rn_scenario_write(x, folder);
    rn_scenario_destroy(x);
    return status;
}

static void memory_may_fail_anywhere(void **state)
{
    (void)state;
    char scratch[] = "/tmp/renorm-scenario-XXXXXX";
    char folder[512];
    assert_non_null(mkdtemp(scratch));
    const rn_index bytes = rni_memory_bytes();
    rn_status status = RN_ERR_MEMORY;
    long fault = 1;
    for (; status == RN_ERR_MEMORY && fault < 20000; fault++) {
        (void)snprintf(folder, sizeof folder, "%s/%ld", scratch, fault);
        (void)rni_fail_allocation(fault);
        status = do_all(folder);
        (void)rni_fail_allocation(0);
        assert_int_equal(rni_memory_bytes(), bytes);
    }
    assert_status(status, RN_OK);
    assert_true(fault > 30);
    remove_tree(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_add_up_and_carry_the_exact_loss),
        cmocka_unit_test(energy_below_the_grid_rests_in_the_null_line),
        cmocka_unit_test(every_topic_says_whose_it_is),
        cmocka_unit_test(memory_may_fail_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
