/*
 * Shell transport: what it refuses, where it stops, and failing memory.
 */
#include <float.h>
#include <math.h>
#include <renorm/transport_solve.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "transport_cases.h"

enum { N = 100 };

typedef struct fixture {
    transport_case c;
    double energy[N];
    double times[2];
    rn_transport_problem problem;
} fixture;

static void set_up(fixture *f)
{
    *f = (fixture){.c = {-1.0, 1.0, {0.5, 0.7, 0}}, .times = {1.0, 2.0}};
    const rn_transport_start start = transport_start(&f->c);
    assert_status(rn_transport_cells(&start, -4.0, 1.0, N, f->energy), RN_OK);
    f->problem = (rn_transport_problem){.lower = -4.0,
                                        .upper = 1.0,
                                        .n_cells = N,
                                        .initial = f->energy,
                                        .n_times = 2,
                                        .times = f->times,
                                        .velocity = transport_power_law,
                                        .user = &f->c};
}

static void cells_hold_the_starts_energy(void **state)
{
    (void)state;
    transport_case c = {0.1, 1.0, {0.0, 0.0, 0}};
    const double middle = 0.1;
    rn_transport_start start = transport_start(&c);
    double energy[7];
    double sum = 0.0;
    start.breaks = &middle;
    start.n_breaks = 1;
    assert_status(rn_transport_cells(&start, -2.0, 1.5, 7, energy), RN_OK);
    for (int i = 0; i < 7; i++)
        sum += energy[i];
    assert_close(sum, 32.0 / 35.0, 1e-14);
    assert_close(energy[0] + energy[1], 0.0, 1e-5); /* -0.9 .. -1 holds 4e-5 of it, at most */
    assert_status(rn_transport_cells(&start, 0.1, 1.5, 7, energy), RN_OK);
    sum = 0.0;
    for (int i = 0; i < 7; i++)
        sum += energy[i];
    assert_close(sum, 16.0 / 35.0, 1e-14); /* the other half is left out */
    assert_status(rn_transport_cells(&start, 1.0, 1.0, 7, energy), RN_ERR_ARGUMENT);
    assert_status(rn_transport_cells(&start, 0.0, 1.0, 0, energy), RN_ERR_ARGUMENT);
    assert_status(rn_transport_cells(NULL, 0.0, 1.0, 7, energy), RN_ERR_ARGUMENT);
}

static void spoil(fixture *f, int way)
{
    switch (way) {
    case 0: f->problem.n_cells = 99; break;
    case 1: f->problem.n_cells = 6; break;
    case 2: f->problem.upper = -4.0; break;
    case 3: f->problem.lower = (double)NAN; break;
    case 4: f->times[1] = 0.5; break;
    case 5: f->problem.t0 = 1.5; break;
    case 6: memset(f->energy, 0, sizeof f->energy); break;
    case 7: f->energy[3] = (double)INFINITY; break;
    case 8: f->problem.n_times = 0; break;
    default: f->problem.initial = NULL; break;
    }
}

static void wrong_problems_are_refused(void **state)
{
    (void)state;
    fixture f;
    rn_transport_solution s;
    const rn_transport_accuracy none = {0};
    memset(&s, 0x5a, sizeof s);
    const rn_transport_solution before = s;
    for (int i = 0; i < 10; i++) {
        set_up(&f);
        spoil(&f, i);
        assert_status(rn_transport_solve(&f.problem, NULL, NULL, &s), RN_ERR_ARGUMENT);
    }
    set_up(&f);
    assert_status(rn_transport_solve(&f.problem, &none, NULL, &s), RN_ERR_ARGUMENT);
    assert_status(rn_transport_solve(NULL, NULL, NULL, &s), RN_ERR_ARGUMENT);
    assert_status(rn_transport_solve(&f.problem, NULL, NULL, NULL), RN_ERR_ARGUMENT);
    assert_memory_equal(&s, &before, sizeof s);
}

static void weaker_answers_say_so(void **state)
{
    (void)state;
    fixture f;
    set_up(&f);
    rn_transport_solution s = {0};
    rn_transport_accuracy accuracy = rn_transport_solve_defaults();
    accuracy.tolerance = 1e-9;
    assert_status(rn_transport_solve(&f.problem, &accuracy, NULL, &s), RN_NOT_CONVERGED);
    assert_message_has("take more cells");
    assert_int_equal(s.n_times, 2);
    assert_true(s.error[1] > 1e-9 * s.initial);
    const rn_index needed = s.n_evaluations;
    rn_transport_solution_clear(&s);
    accuracy = rn_transport_solve_defaults();
    accuracy.max_evaluations = needed / 3; /* per grid: enough for the first time only */
    assert_status(rn_transport_solve(&f.problem, &accuracy, NULL, &s), RN_NOT_CONVERGED);
    assert_message_has("evaluations were not enough");
    assert_int_equal(s.n_times, 1);
    assert_close(s.times[0], 1.0, 0.0);
    rn_transport_solution_clear(&s);
    assert_null(s.times);
    rn_transport_solution_clear(&s);
    rn_transport_solution_clear(NULL);
}

static int stop_at_once(void *user)
{
    int *n_asked = user;
    return ++*n_asked > 1;
}

static void count_progress(void *user, const rn_progress *progress)
{
    int *n_told = user;
    assert_true(progress->done <= progress->total);
    ++*n_told;
}

static void observers_are_asked_and_told(void **state)
{
    (void)state;
    fixture f;
    set_up(&f);
    int count = 0;
    rn_transport_solution s = {0};
    const rn_observer stopper = {.should_stop = stop_at_once, .user = &count};
    const rn_observer listener = {.progress = count_progress, .user = &count};
    assert_status(rn_transport_solve(&f.problem, NULL, &stopper, &s), RN_INTERRUPTED);
    assert_int_equal(s.n_times, 0);
    rn_transport_solution_clear(&s);
    count = 0;
    assert_status(rn_transport_solve(&f.problem, NULL, &listener, &s), RN_OK);
    assert_int_equal(count, 2);
    rn_transport_solution_clear(&s);
}

static rn_status refuse(void *user, double t, rn_index n, const double *s, double *values)
{
    (void)user;
    (void)t;
    (void)n;
    (void)s;
    (void)values;
    return RN_ERR_DOMAIN;
}

static rn_status give_nan(void *user, double t, rn_index n, const double *s, double *values)
{
    (void)user;
    (void)t;
    (void)s;
    for (rn_index i = 0; i < n; i++)
        values[i] = i == 5 ? (double)NAN : 0.0;
    return RN_OK;
}

static void failing_callbacks_end_the_solution(void **state)
{
    (void)state;
    rn_transport_solution s = {0};
    for (int i = 0; i < 3; i++) {
        fixture f;
        set_up(&f);
        rn_transport_fn *const fields[] = {&f.problem.velocity, &f.problem.loss_rate,
                                           &f.problem.drive};
        *fields[i] = give_nan;
        assert_status(rn_transport_solve(&f.problem, NULL, NULL, &s), RN_ERR_CALLBACK);
        assert_message_has("is nan at s =");
        *fields[i] = refuse;
        assert_true(rn_transport_solve(&f.problem, NULL, NULL, &s) != RN_OK);
        rn_transport_solution_clear(&s);
    }
}

static void memory_may_fail_anywhere(void **state)
{
    (void)state;
    fixture f;
    set_up(&f);
    const rn_transport_start start = transport_start(&f.c);
    rn_transport_solution s = {0};
    (void)rni_fail_allocation(0);
    assert_status(rn_transport_solve(&f.problem, NULL, NULL, &s), RN_OK);
    const long count = rni_fail_allocation(0);
    rn_transport_solution_clear(&s);
    assert_true(count >= 3);
    for (long i = 1; i <= count; i++) {
        (void)rni_fail_allocation(i);
        assert_status(rn_transport_solve(&f.problem, NULL, NULL, &s), RN_ERR_MEMORY);
        assert_null(s.times);
    }
    (void)rni_fail_allocation(1);
    assert_status(rn_transport_cells(&start, -4.0, 1.0, N, f.energy), RN_ERR_MEMORY);
    (void)rni_fail_allocation(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_hold_the_starts_energy),
        cmocka_unit_test(wrong_problems_are_refused),
        cmocka_unit_test(weaker_answers_say_so),
        cmocka_unit_test(observers_are_asked_and_told),
        cmocka_unit_test(failing_callbacks_end_the_solution),
        cmocka_unit_test(memory_may_fail_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
