/*
 * The worked numbers of the theory pages, against mpmath with 40 digits (1.3.0):
 *     python3 tests/golden/shell_worked.py
 */
#include <float.h>
#include <math.h>
#include <renorm/shells.h>
#include <stdlib.h>

#include "check.h"
#include "jacobi.h"

static const double ln2 = 0.69314718055994530942;

static void three_modes_of_the_shells_page(void **state)
{
    (void)state;
    const double lambda[] = {0.3, 1.5, 4.0};
    const double g[] = {3.0, 2.0, 1.0};
    const rn_shell_grid grid = {.width = ln2, .low = -1, .high = 3};
    const rn_shell_input input = {.n = 3, .n_samples = 1, .lambda = lambda, .g = g};
    const double above[] = {0x1.4aa770ce42c33p+1, 0x1.2fa70b6908844p+1, 0x1.9cf472523d863p-1, 0.25};
    const double dissipation[] = {0x1.41991db88a03bp+3, 0x1.33bd488ec6633p+3, 0x1.3adbaaded7125p+2};
    const double density[] = {0x1.453dcd8c7af36p+0, 0x1.2ba8e65d1a910p+0, 0x1.da78081eac386p+0};
    rn_shell_report report = {0};
    assert_status(rn_shell_measure(&grid, &input, NULL, &report), RN_OK);
    /* positions are good to a few eps; every sum is below 11 */
    const double tolerance = 11.0 * 16.0 * DBL_EPSILON;
    for (int i = 0; i < 4; i++)
        assert_close(report.above[i], above[i], tolerance);
    for (int i = 0; i < 3; i++) {
        assert_close(report.dissipation[i], dissipation[i], tolerance);
        assert_close(report.density[i], density[i], tolerance);
    }
    assert_close(report.above[4], 0.0, 0.0);
    assert_close(report.loss, 7.0, 0.0);
    assert_close(report.null_energy, 7.0 - above[0], tolerance);
    assert_close(report.energy_sharp[0], 0.0, 0.0);
    assert_close(report.energy_sharp[1], 2.0, 0.0);
    assert_close(report.energy_sharp[3], 0.5, 0.0);
    assert_close(report.null_energy_sharp, 4.5, 0.0);
    rn_shell_report_clear(&report);
}

/* Two modes 1 and 0.1 whose eigenbasis turns at the rate omega; M and M' in the fixed frame. */
static void turning_kernel(double omega, double t, double *m, double *rate)
{
    const double high = 1.0;
    const double low = 0.1;
    const double c = cos(omega * t);
    const double s = sin(omega * t);
    m[0] = high * c * c + low * s * s;
    m[3] = high * s * s + low * c * c;
    m[1] = m[2] = (high - low) * c * s;
    rate[0] = -2.0 * omega * (high - low) * c * s;
    rate[3] = -rate[0];
    rate[1] = rate[2] = omega * (high - low) * (c * c - s * s);
}

static void slope(double omega, double t, const double *e, double *out)
{
    double m[4];
    double rate[4];
    turning_kernel(omega, t, m, rate);
    out[0] = -(m[0] * e[0] + m[1] * e[1]);
    out[1] = -(m[2] * e[0] + m[3] * e[1]);
}

/* e' = -M(t) e from 0 to 1 by 1000 classical Runge-Kutta steps: error about 1e-14. */
static void follow(double omega, double *e)
{
    enum { STEPS = 1000 };
    const double dt = 1.0 / STEPS;
    for (int step = 0; step < STEPS; step++) {
        const double t = step * dt;
        double k[4][2];
        slope(omega, t, e, k[0]);
        for (int stage = 1; stage < 4; stage++) {
            const double part = stage == 3 ? dt : 0.5 * dt;
            const double probe[2] = {e[0] + part * k[stage - 1][0], e[1] + part * k[stage - 1][1]};
            slope(omega, t + part, probe, k[stage]);
        }
        for (int i = 0; i < 2; i++)
            e[i] += dt / 6.0 * (k[0][i] + 2.0 * k[1][i] + 2.0 * k[2][i] + k[3][i]);
    }
}

static void two_rotating_modes_of_the_budget_page(void **state)
{
    (void)state;
    const double omega = 0.2;
    double e[2] = {1.0, 0.0};
    double m[4];
    double rate[4];
    double phi[4];
    double mt[4];
    double lambda[2];
    double g[2];
    follow(omega, e);
    turning_kernel(omega, 1.0, m, rate);
    jacobi_eigen(2, m, lambda, phi);
    dense_apply_transposed(2, phi, e, g);
    dense_sandwich(2, phi, rate, phi, mt);
    assert_close(fabs(g[1]), 0x1.6e55b9185411fp-2, 1e-13);
    assert_close(fabs(g[0]), 0x1.e58ad33ffc21cp-4, 1e-13);

    const rn_shell_grid grid = {.width = ln2, .low = -5, .high = 1};
    const rn_shell_input input = {.n = 2, .n_samples = 1, .lambda = lambda, .g = g, .mt = mt};
    rn_shell_report report = {0};
    double exchange[49];
    assert_status(rn_shell_measure(&grid, &input, NULL, &report), RN_OK);
    assert_status(rn_shell_exchange(&grid, &input, exchange), RN_OK);
    /* the mode 1 loses energy to the mode 0.1: flux is downward, negative */
    const double gain = -0x1.15ec6cded5897p-7;
    assert_close(report.flux[0], 0.0, 1e-16);
    assert_close(report.flux[2], -0x1.b273b701df3c9p-8, 1e-13);
    assert_close(report.flux[3], gain, 1e-13);
    assert_close(report.flux[4], gain, 1e-13);
    assert_close(report.flux[5], -0x1.15ec6cded5897p-8, 1e-13);
    assert_close(report.flux[6], 0.0, 1e-16);
    assert_close(2.0 * report.flux[4], -0.01696311, 5e-9); /* energies g^2 */
    for (int i = 0; i < 7; i++)
        assert_close(report.migration[i], 0.0, 1e-14); /* no eigenvalue moves */
    /* shell 5 holds 1, shell 1 holds 0.1 */
    assert_close(exchange[5 * 7 + 1], gain, 1e-13);
    rn_shell_report_clear(&report);
}

static void drifting_spectrum_of_the_velocity_page(void **state)
{
    (void)state;
    /* 100 modes per width, equal energies, lambda' = 3 lambda^2: w = 3 e^s times the mean */
    enum { N = 700 };
    double *lambda = malloc(N * sizeof *lambda);
    double *g = malloc(N * sizeof *g);
    double *mt = calloc((size_t)N * N, sizeof *mt);
    assert_true(lambda && g && mt);
    for (int u = 0; u < N; u++) {
        lambda[u] = exp(0.01 * ln2 * (u + 0.5));
        g[u] = u % 2 ? 1.0 : -1.0;
        mt[(size_t)u * N + (size_t)u] = 3.0 * lambda[u] * lambda[u];
    }
    const rn_shell_grid grid = {.width = ln2, .low = 0, .high = 8};
    const rn_shell_input input = {.n = N, .n_samples = N, .lambda = lambda, .g = g, .mt = mt};
    rn_shell_report report = {0};
    assert_status(rn_shell_measure(&grid, &input, NULL, &report), RN_OK);
    const double mean = 0x1.08e74dfa59afcp+0;
    for (int i = 1; i <= 6; i++) { /* boundaries with modes one width to either side */
        const double scale = exp(report.s[i]);
        /* Euler-Maclaurin between nodes: 7/240 0.01^4/24 times the jump of the third derivative
           of (15/16)(1-x^2)^2 e^(hx) at the ends of the window, below 100 */
        assert_close(report.velocity[i] / (3.0 * scale), mean, 2e-9);
        assert_close(report.loss_rate[i] / scale, mean, 2e-9);
        assert_close(report.velocity_lambda[i], scale * report.velocity[i], 1e-12 * scale * scale);
        /* density of equal energies: 700 modes of energy 1/1400 over 7 widths */
        assert_close(report.density[i], 0.5 / (7.0 * ln2), 1e-9);
        /* squares of (15/16)(1-x^2)^2: (sum k)^2/sum k^2 = 100/(225/256 * 256/315) = 140 */
        assert_close(report.n_eff[i], 140.0, 1e-5);
        assert_int_equal(report.inertial[i], 1);
    }
    rn_shell_report_clear(&report);
    free(lambda);
    free(g);
    free(mt);
}

/* sum over k > K of k^-1.5 exp(-2 t k^-1.2) from the middle between K and K + 1, by series. */
static double tail(double t, double last)
{
    const double x = last + 0.5;
    double term = 1.0;
    double sum = 0.0;
    for (int j = 0; j < 12; j++) {
        sum += term * pow(x, -0.5 - 1.2 * j) / (0.5 + 1.2 * j);
        term *= -2.0 * t / (j + 1.0);
    }
    return sum;
}

static void lazy_power_law_of_the_shells_page(void **state)
{
    (void)state;
    /* frozen modes lambda_k = k^-1.2, energies k^-1.5: L -> (1/b) Gamma((a-1)/b) (2t)^(-(a-1)/b) */
    enum { N = 200000 };
    const double times[] = {1e3, 1e4};
    const double expected[] = {0x1.31efa580a9539p-4, 0x1.d4d6e1401e86ap-6};
    double *lambda = malloc(N * sizeof *lambda);
    double *g = malloc(N * sizeof *g);
    assert_true(lambda && g);
    rn_shell_grid grid;
    assert_status(rn_shell_grid_choose(0.0, 1.0, 1e-8, &grid), RN_OK);
    for (int k = 0; k < 2; k++) {
        for (int u = 0; u < N; u++) {
            const double rank = N - u;
            lambda[u] = pow(rank, -1.2);
            g[u] = sqrt(2.0) * pow(rank, -0.75) * exp(-lambda[u] * times[k]);
        }
        const rn_shell_input input = {.n = N, .n_samples = 1, .lambda = lambda, .g = g};
        rn_shell_report report = {0};
        assert_status(rn_shell_measure(&grid, &input, NULL, &report), RN_OK);
        double loss = report.null_energy;
        for (rn_index i = 0; i + 1 < report.n_boundaries; i++)
            loss += report.energy[i];
        /* the tail's midpoint rule misses f'/24, f' = 1.5 K^-2.5 */
        assert_close(loss + tail(times[k], N), expected[k], 1e-12);
        rn_shell_report_clear(&report);
    }
    free(lambda);
    free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_modes_of_the_shells_page),
        cmocka_unit_test(two_rotating_modes_of_the_budget_page),
        cmocka_unit_test(drifting_spectrum_of_the_velocity_page),
        cmocka_unit_test(lazy_power_law_of_the_shells_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
