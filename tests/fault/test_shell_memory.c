/*
 * Every allocation of the shell functions fails once; outputs stay as they were, nothing leaks.
 */
#include <renorm/shells.h>

#include "check.h"
#include "core/memory.h"
#include "jacobi.h"

static const double ln2 = 0.69314718055994530942;

enum { N = 40, MAX = 16 };

static double lambda[N];
static double g[N];
static double mt[N * N];
static const rn_shell_grid grid = {.width = ln2, .low = -8, .high = 3};

static int make_state(void **state)
{
    (void)state;
    for (int u = 0; u < N; u++)
        lambda[u] = 0.1 * (u + 1);
    random_fill(1, 1, N, g);
    random_symmetric(1, 2, N, mt);
    return 0;
}

static rn_status measure(double *out)
{
    rn_shell_report report = {0};
    const rn_shell_input input = {.n = N, .n_samples = 1, .lambda = lambda, .g = g, .mt = mt};
    const rn_status status = rn_shell_measure(&grid, &input, NULL, &report);
    if (status == RN_OK)
        out[0] = report.flux[3];
    else
        assert_null(report.s);
    rn_shell_report_clear(&report);
    return status;
}

static rn_status flux(double *out)
{
    const rn_shell_input input = {.n = N, .n_samples = 1, .lambda = lambda, .g = g, .mt = mt};
    return rn_shell_flux(&grid, &input, NULL, out, NULL, NULL);
}

static rn_status exchange(double *out)
{
    const rn_shell_input input = {.n = N, .n_samples = 1, .lambda = lambda, .g = g, .mt = mt};
    return rn_shell_exchange(&grid, &input, out);
}

static rn_status step(double *out)
{
    const rn_shell_step taken = {.n = N,
                                 .n_samples = 1,
                                 .tau = 0.1,
                                 .lambda0 = lambda,
                                 .lambda1 = lambda,
                                 .g0 = g,
                                 .g1 = g,
                                 .g01 = g,
                                 .jd = g,
                                 .change = mt};
    const rn_shell_step_lines lines = {.flux = out};
    return rn_shell_step_budget(&grid, &taken, &lines);
}

static rn_status project(double *out)
{
    static double all[N * N];
    const rn_status status = rn_shell_project(N, mt, mt, mt, all);
    if (status == RN_OK) out[0] = all[0];
    return status;
}

static void fail_each_allocation(rn_status (*call)(double *out))
{
    const rn_index bytes = rni_memory_bytes();
    rn_status status = RN_ERR_MEMORY;
    long fault = 1;
    for (; status == RN_ERR_MEMORY; fault++) {
        double out[MAX * MAX] = {42.0};
        (void)rni_fail_allocation(fault);
        status = call(out);
        if (status < 0) assert_close(out[0], 42.0, 0.0);
        if (status < 0) assert_message_has("no memory");
        assert_int_equal(rni_memory_bytes(), bytes);
    }
    (void)rni_fail_allocation(0);
    assert_status(status, RN_OK);
    assert_true(fault > 2); /* at least one allocation was there to fail */
}

static void measure_survives(void **state)
{
    (void)state;
    fail_each_allocation(measure);
}

static void flux_survives(void **state)
{
    (void)state;
    fail_each_allocation(flux);
}

static void exchange_survives(void **state)
{
    (void)state;
    fail_each_allocation(exchange);
}

static void step_survives(void **state)
{
    (void)state;
    fail_each_allocation(step);
}

static void project_survives(void **state)
{
    (void)state;
    fail_each_allocation(project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measure_survives),  cmocka_unit_test(flux_survives),
        cmocka_unit_test(exchange_survives), cmocka_unit_test(step_survives),
        cmocka_unit_test(project_survives),
    };
    return cmocka_run_group_tests(tests, make_state, NULL);
}
