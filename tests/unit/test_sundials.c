/*
 * The integrator behind gradient flow: exact solutions, orders, stiff starts, failures.
 */
#include <math.h>

#include "backends/sundials.h"
#include "check.h"

/* y1' = -y1, y2' = -50 (y2 - cos t) - sin t: y1 = exp(-t), y2 -> cos t from any start. */
static rn_status decay(void *user, double t, const double *y, double *dydt)
{
    rn_index *calls = user;
    (*calls)++;
    dydt[0] = -y[0];
    dydt[1] = -50.0 * (y[1] - cos(t)) - sin(t);
    return RN_OK;
}

static rni_ode decay_problem(rn_index *calls, double tolerance, int order)
{
    return (rni_ode){
        .n = 2, .rhs = decay, .user = calls, .rtol = tolerance, .atol = tolerance, .order = order};
}

static void every_order_meets_its_tolerance_and_ends_exactly_there(void **state)
{
    (void)state;
    const int orders[] = {3, 4, 5, 6, 8};
    for (int k = 0; k < 5; k++) {
        rn_index calls = 0;
        const rni_ode ode = decay_problem(&calls, 1e-9, orders[k]);
        double y[2] = {1.0, 1.0};
        rni_ode_report report = {0};
        assert_status(rni_ode_integrate(&ode, 2.0, 0.0, y, &report), RN_OK);
        /* global error of a decaying problem: a few local errors */
        assert_close(y[0], exp(-2.0), 1e-7);
        assert_close(y[1], cos(2.0), 1e-7);
        assert_int_equal(report.n_evaluations, calls);
        assert_true(report.n_steps > 5 && report.n_steps < calls);
        assert_true(report.next_step > 0.0 && report.next_step < 2.0);
    }
}

static void error_falls_with_the_tolerance(void **state)
{
    (void)state;
    double error[3] = {0};
    const double tolerances[3] = {1e-4, 1e-7, 1e-10};
    for (int k = 0; k < 3; k++) {
        rn_index calls = 0;
        const rni_ode ode = decay_problem(&calls, tolerances[k], 5);
        double y[2] = {1.0, 1.0};
        assert_status(rni_ode_integrate(&ode, 1.0, 0.0, y, NULL), RN_OK);
        error[k] = fabs(y[0] - exp(-1.0));
    }
    assert_true(error[1] < 0.1 * error[0]);
    assert_true(error[2] < 0.1 * error[1]);
}

static void a_first_step_far_too_long_does_no_harm(void **state)
{
    (void)state;
    rn_index calls = 0;
    const rni_ode ode = decay_problem(&calls, 1e-9, 5);
    double y[2] = {1.0, 1.0};
    assert_status(rni_ode_integrate(&ode, 2.0, 1e6, y, NULL), RN_OK);
    assert_close(y[0], exp(-2.0), 1e-7);
}

static void continuing_with_the_next_step_costs_few_evaluations(void **state)
{
    (void)state;
    rn_index calls = 0;
    const rni_ode ode = decay_problem(&calls, 1e-9, 5);
    double y[2] = {1.0, 1.0};
    rni_ode_report report = {0};
    assert_status(rni_ode_integrate(&ode, 1.0, 0.0, y, &report), RN_OK);
    const double next = report.next_step;
    /* ten stretches much shorter than the step: the step is kept, each costs one step */
    for (int k = 0; k < 10; k++) {
        assert_status(rni_ode_integrate(&ode, 1e-3 * next, report.next_step, y, &report), RN_OK);
        assert_int_equal(report.n_steps, 1);
        assert_true(report.next_step >= next);
    }
}

/* sqrt: not defined below 0; y' = -2 sqrt(y) reaches 0 at t = 1 from y = 1 along (1 - t)^2. */
static rn_status root(void *user, double t, const double *y, double *dydt)
{
    (void)t;
    rn_index *refused = user;
    if (!(y[0] >= 0.0)) {
        (*refused)++;
        return RN_ERR_NONFINITE;
    }
    dydt[0] = -2.0 * sqrt(y[0]);
    return RN_OK;
}

static void leaves_the_domain_of_f_and_comes_back_with_a_shorter_step(void **state)
{
    (void)state;
    rn_index refused = 0;
    const rni_ode ode = {
        .n = 1, .rhs = root, .user = &refused, .rtol = 1e-6, .atol = 1e-6, .order = 5};
    double y = 1.0;
    assert_status(rni_ode_integrate(&ode, 0.9, 0.9 * 20, &y, NULL), RN_OK);
    assert_close(y, 0.01, 1e-4);
    y = 1.0;
    assert_status(rni_ode_integrate(&ode, 0.9, 0.0, &y, NULL), RN_OK);
    assert_close(y, 0.01, 1e-4);
    assert_true(refused > 0);
}

static rn_status undefined(void *user, double t, const double *y, double *dydt)
{
    (void)user;
    (void)t;
    (void)y;
    dydt[0] = (double)NAN;
    return RN_ERR_NONFINITE;
}

static rn_status stop_late(void *user, double t, const double *y, double *dydt)
{
    (void)user;
    dydt[0] = -y[0];
    return t < 0.5 ? RN_OK : RN_INTERRUPTED;
}

static rn_status blow_up(void *user, double t, const double *y, double *dydt)
{
    (void)user;
    (void)t;
    dydt[0] = y[0] * y[0]; /* 1 / (1 - t) */
    return RN_OK;
}

static void failures_leave_the_state_alone_and_say_why(void **state)
{
    (void)state;
    rni_ode ode = {.n = 1, .rhs = undefined, .rtol = 1e-6, .atol = 1e-6, .order = 5};
    double y = 3.0;
    assert_status(rni_ode_integrate(&ode, 1.0, 0.0, &y, NULL), RN_ERR_NONFINITE);
    ode.rhs = stop_late;
    assert_status(rni_ode_integrate(&ode, 1.0, 0.0, &y, NULL), RN_INTERRUPTED);
    ode.rhs = blow_up;
    y = 1.0;
    assert_status(rni_ode_integrate(&ode, 1.5, 0.0, &y, NULL), RN_ERR_DOMAIN);
    assert_message_has("cannot be met at time 1");
    assert_close(y, 1.0, 0.0);
}

static void refuses_settings_it_does_not_know(void **state)
{
    (void)state;
    const rni_ode good = {.n = 1, .rhs = blow_up, .rtol = 1e-6, .atol = 1e-6, .order = 5};
    double y = 1.0;
    rni_ode ode = good;
    ode.order = 7;
    assert_status(rni_ode_integrate(&ode, 0.5, 0.0, &y, NULL), RN_ERR_ARGUMENT);
    ode = good;
    ode.atol = 0.0;
    assert_status(rni_ode_integrate(&ode, 0.5, 0.0, &y, NULL), RN_ERR_ARGUMENT);
    assert_status(rni_ode_integrate(&good, -0.5, 0.0, &y, NULL), RN_ERR_ARGUMENT);
    assert_status(rni_ode_integrate(&good, (double)INFINITY, 0.0, &y, NULL), RN_ERR_ARGUMENT);
    assert_status(rni_ode_integrate(&good, 0.5, -1.0, &y, NULL), RN_ERR_ARGUMENT);
    assert_status(rni_ode_integrate(&good, 0.5, 0.0, NULL, NULL), RN_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order_meets_its_tolerance_and_ends_exactly_there),
        cmocka_unit_test(error_falls_with_the_tolerance),
        cmocka_unit_test(a_first_step_far_too_long_does_no_harm),
        cmocka_unit_test(continuing_with_the_next_step_costs_few_evaluations),
        cmocka_unit_test(leaves_the_domain_of_f_and_comes_back_with_a_shorter_step),
        cmocka_unit_test(failures_leave_the_state_alone_and_say_why),
        cmocka_unit_test(refuses_settings_it_does_not_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
