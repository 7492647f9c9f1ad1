/*
 * The budget along flows: dA/dt = F - D + X with every line measured on its own.
 */
#include <float.h>
#include <math.h>
#include <renorm/shells.h>
#include <string.h>

#include "check.h"
#include "jacobi.h"
#include "moving_kernel.h"

static const double ln2 = 0.69314718055994530942;

enum { N = MOVING_N, N_SAMPLES = 4 };

/* Diagonalises M(t) and measures the state e there. */
static rn_shell_report measure_at(const moving_kernel *kernel, const rn_shell_grid *grid, double t,
                                  const double *e)
{
    double m[N * N];
    double rate[N * N];
    double phi[N * N];
    double mt[N * N];
    double lambda[N];
    double g[N];
    double drive[N];
    double xi[N];
    moving_kernel_at(kernel, t, m, rate);
    jacobi_eigen(N, m, lambda, phi);
    dense_sandwich(N, phi, rate, phi, mt);
    dense_apply_transposed(N, phi, e, g);
    for (int i = 0; i < N; i++)
        drive[i] = kernel->drive[i] * cos(t);
    dense_apply_transposed(N, phi, drive, xi);
    const rn_shell_input input = {
        .n = N, .n_samples = N_SAMPLES, .lambda = lambda, .g = g, .mt = mt, .xi = xi};
    rn_shell_options options = rn_shell_options_defaults();
    options.mt_error = N * DBL_EPSILON * lambda[N - 1];
    rn_shell_report report = {0};
    assert_status(rn_shell_measure(grid, &input, &options, &report), RN_OK);
    return report;
}

/*
 * Closure error at t = 0.8 with states dt before and after. *rounding := what rounding may leave:
 * the report's floor, and that of M itself, which moves A by at most (n eps lambda_max/2N) sum
 * |g g chi[1]| = flux_error of measure_at.
 */
static rn_shell_closure_report closure_of(const moving_kernel *kernel, const double *e, double dt,
                                          double *rounding)
{
    const rn_shell_grid grid = {.width = ln2, .low = -18, .high = 4};
    const double t = 0.8;
    double moved[N];
    memcpy(moved, e, sizeof moved);
    moving_kernel_follow(kernel, t, t - dt, 8, moved);
    rn_shell_report before = measure_at(kernel, &grid, t - dt, moved);
    memcpy(moved, e, sizeof moved);
    moving_kernel_follow(kernel, t, t + dt, 8, moved);
    rn_shell_report after = measure_at(kernel, &grid, t + dt, moved);
    rn_shell_report now = measure_at(kernel, &grid, t, e);
    double error[64];
    rn_shell_closure_report closure;
    assert_status(rn_shell_closure(now.n_boundaries, dt, before.above, after.above, now.flux,
                                   now.dissipation, now.drive, error, &closure),
                  RN_OK);
    assert_close(closure.worst, error[closure.where], 0.0);
    double bar = 0.0;
    double most = 0.0;
    for (rn_index i = 0; i < now.n_boundaries; i++) {
        bar = fmax(bar, now.flux_error[i]);
        most = fmax(most, now.dissipation[i]);
    }
    *rounding = closure.floor + bar / (dt * most);
    rn_shell_report_clear(&before);
    rn_shell_report_clear(&after);
    rn_shell_report_clear(&now);
    return closure;
}

static void budget_closes_as_the_square_of_dt(void **state)
{
    (void)state;
    moving_kernel kernel;
    double e[N];
    for (uint64_t trial = 0; trial < 6; trial++) {
        moving_kernel_make(check_seed() + trial, trial % 2 ? 0.3 : 0.0, &kernel);
        random_fill(check_seed() + trial, 50, N, e);
        double rounding = 0.0;
        double worst = closure_of(&kernel, e, 2e-3, &rounding).worst;
        for (int halving = 1; halving <= 4; halving++) {
            const double finer = closure_of(&kernel, e, ldexp(2e-3, -halving), &rounding).worst;
            assert_true(worst / finer > 3.8 && worst / finer < 4.2);
            worst = finer;
        }
        /* dt = 2e-3/16 gave `worst`; twelve times finer the dt^2 term is 1/156.25 of it */
        const double expected = worst / 156.25;
        const rn_shell_closure_report fine = closure_of(&kernel, e, 1e-5, &rounding);
        assert_true(fine.worst < 1.1 * expected + rounding);
    }
}

static void frozen_modes_follow_the_closed_form(void **state)
{
    (void)state;
    /* M' = 0: g_u(t) = g_u(0) exp(-lambda_u t), E_alpha a closed sum, dA/dt = -D */
    double lambda[N];
    double g0[N];
    double g[N];
    const double mt[N * N] = {0};
    const rn_shell_grid grid = {.width = ln2, .low = -12, .high = 2};
    for (int u = 0; u < N; u++)
        lambda[u] = pow(10.0, -3.0 + 3.0 * u / (N - 1.0));
    random_fill(check_seed(), 60, N, g0);
    rn_shell_report states[3] = {0};
    const double dt = 1e-3;
    for (int k = 0; k < 3; k++) {
        const double t = 2.0 + (k - 1) * dt;
        for (int u = 0; u < N; u++)
            g[u] = g0[u] * exp(-lambda[u] * t);
        const rn_shell_input input = {
            .n = N, .n_samples = N_SAMPLES, .lambda = lambda, .g = g, .mt = mt};
        assert_status(rn_shell_measure(&grid, &input, NULL, &states[k]), RN_OK);
    }
    for (rn_index i = 0; i + 1 < states[1].n_boundaries; i++) {
        double energy = 0.0;
        for (int u = 0; u < N; u++) {
            const double share = rn_shell_cut(states[1].s[i], ln2, lambda[u])
                                 - rn_shell_cut(states[1].s[i + 1], ln2, lambda[u]);
            energy += share * g0[u] * g0[u] * exp(-4.0 * lambda[u]) / (2.0 * N_SAMPLES);
        }
        assert_close(states[1].energy[i], energy, 1e-14 * states[1].loss);
        assert_close(states[1].flux[i], 0.0, 0.0);
    }
    rn_shell_closure_report closure;
    assert_status(rn_shell_closure(states[1].n_boundaries, dt, states[0].above, states[2].above,
                                   states[1].flux, states[1].dissipation, NULL, NULL, &closure),
                  RN_OK);
    /* dt^2/6 A'''/D <= dt^2/6 (2 lambda_max)^2 */
    assert_true(closure.worst < 1e-6 / 6.0 * 4.0 + 10.0 * closure.floor);
    for (int k = 0; k < 3; k++)
        rn_shell_report_clear(&states[k]);
}

static void closure_sees_each_line(void **state)
{
    (void)state;
    /* A' = 1 = F - D + X with F = 5, D = 7, X = 3; max D = 14 */
    const double before[] = {1.0, 1.0, (double)NAN};
    const double after[] = {1.2, 1.2, (double)NAN};
    double flux[] = {5.0, 5.0, (double)NAN};
    double dissipation[] = {7.0, 14.0, (double)NAN};
    double drive[] = {3.0, 10.0, (double)NAN};
    double error[3];
    rn_shell_closure_report closure;
    assert_status(
        rn_shell_closure(3, 0.1, before, after, flux, dissipation, drive, error, &closure), RN_OK);
    assert_close(error[0], 0.0, 1e-15);
    assert_close(error[1], 0.0, 1e-15);
    assert_true(isnan(error[2]));
    assert_close(closure.floor, DBL_EPSILON * 1.2 / 1.4, 1e-20);
    flux[1] += 1.4;
    assert_status(
        rn_shell_closure(3, 0.1, before, after, flux, dissipation, drive, error, &closure), RN_OK);
    assert_close(closure.worst, 0.1, 1e-15);
    assert_int_equal(closure.where, 1);
    flux[1] -= 1.4;
    drive[0] += 2.8;
    assert_status(
        rn_shell_closure(3, 0.1, before, after, flux, dissipation, drive, error, &closure), RN_OK);
    assert_close(closure.worst, 0.2, 1e-15);
    assert_int_equal(closure.where, 0);

    assert_status(
        rn_shell_closure(0, 0.1, before, after, flux, dissipation, drive, error, &closure),
        RN_ERR_ARGUMENT);
    assert_status(
        rn_shell_closure(3, 0.0, before, after, flux, dissipation, drive, error, &closure),
        RN_ERR_ARGUMENT);
    dissipation[0] = 0.0;
    dissipation[1] = 0.0;
    assert_status(
        rn_shell_closure(3, 0.1, before, after, flux, dissipation, drive, error, &closure),
        RN_ERR_DOMAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(budget_closes_as_the_square_of_dt),
        cmocka_unit_test(frozen_modes_follow_the_closed_form),
        cmocka_unit_test(closure_sees_each_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
