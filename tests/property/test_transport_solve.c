/*
 * Shell transport solved numerically, against exact solutions and against modes moved one by one.
 */
#include <float.h>
#include <math.h>
#include <renorm/transport_solve.h>

#include "check.h"
#include "transport_cases.h"

/* THEORY's setting: a hill, c = 0.7, t = 20, 400 cells. Its middle and radius are ours. */
static const double lower = -12.0;
static const double upper = 2.0;

static void energies_are_exact_to_a_thousandth_at_400_cells(void **state)
{
    (void)state;
    const double a[] = {0.0, 0.5, 1.0, 2.0};
    for (int i = 0; i < 4; i++) {
        transport_case c = {-1.0, 2.0, {a[i], 0.7, 0}};
        assert_true(transport_error(&c, 0.0, 20.0, lower, upper, 400) <= 1e-3);
    }
    /* a < 0 moves fastest at the lower edge, where modes pass on to lambda = 0 */
    transport_case null = {-1.0, 2.0, {-0.5, 0.7, 0}};
    assert_true(transport_error(&null, 0.0, 20.0, -7.0, 1.5, 400) <= 1e-3);
    transport_case own = {-1.0, 2.0, {0.5, 0.7, 1}};
    assert_true(transport_error(&own, 1e-6, 20.0, lower, upper, 400) <= 1e-3);
    own.law.a = 1.0;
    assert_true(transport_error(&own, 1e-6, 20.0, lower, upper, 400) <= 1e-3);
}

/* Mean absolute error of the density, relative to the energy inside. */
static double density_error(transport_case *c, double t, double low, double high, rn_index n)
{
    const rn_transport_start start = transport_start(c);
    rn_transport_solution found = {0};
    double sum = 0.0;
    (void)transport_solve_case(c, 0.0, t, low, high, n, &found);
    for (rn_index i = 0; i < n; i++) {
        double exact;
        assert_status(rn_transport_density(&c->law, 0.0, t, &start, found.s[i], &exact), RN_OK);
        sum += fabs(found.density[i] - exact);
    }
    const double width = (high - low) / (double)n;
    const double error = sum * width / found.inside[0];
    rn_transport_solution_clear(&found);
    return error;
}

static void density_converges_at_second_order_or_better(void **state)
{
    (void)state;
    const double a[] = {-0.5, 0.0, 0.5, 1.0};
    for (int i = 0; i < 4; i++) {
        transport_case c = {-1.0, 2.0, {a[i], 0.7, 0}};
        const double coarse = density_error(&c, 1.0, -6.0, 1.5, 100);
        const double fine = density_error(&c, 1.0, -6.0, 1.5, 400);
        /* two halvings at order 2: 1/16. Averages over cells differ from values by the same order
         */
        assert_true(fine < coarse / 16.0);
    }
}

static void energy_is_conserved_without_dissipation(void **state)
{
    (void)state;
    const double signs[] = {0.7, -0.7};
    for (int i = 0; i < 2; i++) {
        transport_case c = {-1.0, 1.0, {0.5, signs[i], 0}};
        const rn_transport_start start = transport_start(&c);
        const double times[] = {0.0, 0.5, 4.0};
        double energy[200];
        assert_status(rn_transport_cells(&start, -2.2, 0.3, 200, energy), RN_OK);
        const rn_transport_problem p = {.lower = -2.2,
                                        .upper = 0.3,
                                        .n_cells = 200,
                                        .initial = energy,
                                        .n_times = 3,
                                        .times = times,
                                        .velocity = transport_power_law,
                                        .user = &c,
                                        .no_dissipation = 1};
        rn_transport_solution s = {0};
        assert_status(rn_transport_solve(&p, NULL, NULL, &s), RN_OK);
        assert_close(s.initial, 32.0 / 35.0, 1e-12); /* the hill's integral */
        for (int k = 0; k < 3; k++) {
            assert_close(s.inside[k] + s.below[k] + s.above[k], s.initial, 1e-12 * s.initial);
            assert_close(s.dissipated[k], 0.0, 0.0);
        }
        assert_true((signs[i] > 0.0 ? s.below[2] : s.above[2]) > 0.1 * s.initial);
        assert_close(signs[i] > 0.0 ? s.above[2] : s.below[2], 0.0, 0.0);
        assert_true(s.balance <= 1e-12);
        rn_transport_solution_clear(&s);
    }
}

/* A power law with a bump on top. */
static rn_status bumpy(void *user, double t, rn_index n, const double *s, double *w)
{
    const double *height = user;
    for (rn_index i = 0; i < n; i++)
        w[i] = -0.3 * exp(0.5 * s[i]) * (1.0 + 0.2 * sin(t))
               - *height * exp(-4.0 * (s[i] + 1.5) * (s[i] + 1.5));
    return RN_OK;
}

/* Energy left at t: each mode by the classical Runge-Kutta method. */
static double energy_of_modes(transport_case *c, double height, double t)
{
    enum { N_MODES = 800, N_STEPS = 400 };
    const double dt = t / N_STEPS;
    double sum = 0.0;
    for (int i = 0; i < N_MODES; i++) {
        const double s0 = c->middle + c->radius * ((i + 0.5) * 2.0 / N_MODES - 1.0);
        double s = s0;
        double decay = 0.0;
        for (int k = 0; k < N_STEPS; k++) {
            const double shift[] = {0.0, 0.5, 0.5, 1.0};
            double slope[4];
            double rate[4];
            for (int j = 0; j < 4; j++) {
                const double at = j == 0 ? s : s + shift[j] * dt * slope[j - 1];
                (void)bumpy(&height, (k + shift[j]) * dt, 1, &at, &slope[j]);
                rate[j] = exp(at);
            }
            s += dt / 6.0 * (slope[0] + 2.0 * slope[1] + 2.0 * slope[2] + slope[3]);
            decay += dt / 6.0 * (rate[0] + 2.0 * rate[1] + 2.0 * rate[2] + rate[3]);
        }
        sum += transport_hill(c, s0) * exp(-2.0 * decay) * 2.0 * c->radius / N_MODES;
    }
    return sum;
}

static void a_bump_in_the_velocity_changes_the_answer(void **state)
{
    (void)state;
    transport_case c = {-1.0, 1.5, {0.0, 0.0, 0}};
    const rn_transport_start start = transport_start(&c);
    const double t = 3.0;
    double energy[400];
    double inside[2];
    assert_status(rn_transport_cells(&start, -8.0, 1.0, 400, energy), RN_OK);
    for (int i = 0; i < 2; i++) {
        double height = 0.4 * i;
        const rn_transport_problem p = {.lower = -8.0,
                                        .upper = 1.0,
                                        .n_cells = 400,
                                        .initial = energy,
                                        .n_times = 1,
                                        .times = &t,
                                        .velocity = bumpy,
                                        .user = &height};
        rn_transport_solution s = {0};
        assert_status(rn_transport_solve(&p, NULL, NULL, &s), RN_OK);
        inside[i] = s.inside[0];
        assert_close(s.below[0] + s.above[0], 0.0, 1e-12);
        const double exact = energy_of_modes(&c, height, t); /* to 1e-5 */
        assert_close(inside[i], exact, 1e-3 * exact);
        assert_true(fabs(inside[i] - exact) <= s.error[0] + 1e-5 * exact);
        rn_transport_solution_clear(&s);
    }
    assert_true(fabs(inside[1] - inside[0]) > 0.03 * inside[0]);
}

static double flat(void *user, double s)
{
    (void)user;
    return s <= 0.0 ? exp(0.5 / 1.2 * s) / 1.2 : 0.0;
}

/* lambda_k = k^-1.2, E_k = k^-1.5 as a density, nothing moves. */
static void lazy_limit_has_its_closed_form(void **state)
{
    (void)state;
    const rn_transport_start start = {.density = flat, .lower = -40.0, .upper = 0.0};
    const double times[] = {1e2, 1e3};
    double energy[800];
    assert_status(rn_transport_cells(&start, -40.0, 0.0, 800, energy), RN_OK);
    const rn_transport_problem p = {.lower = -40.0,
                                    .upper = 0.0,
                                    .n_cells = 800,
                                    .initial = energy,
                                    .n_times = 2,
                                    .times = times};
    rn_transport_solution s = {0};
    assert_status(rn_transport_solve(&p, NULL, NULL, &s), RN_OK);
    for (int k = 0; k < 2; k++) { /* cells are 0.05 wide; e^-200 and 6e-8 are cut off */
        const double exact = rn_transport_lazy_loss(1.2, 1.5, times[k]);
        assert_close(s.inside[k], exact, 1e-3 * exact);
    }
    rn_transport_solution_clear(&s);
}

static rn_status rate_of_s(void *user, double t, rn_index n, const double *s, double *values)
{
    (void)user;
    (void)t;
    for (rn_index i = 0; i < n; i++)
        values[i] = 1.0 + 0.5 * sin(s[i]);
    return RN_OK;
}

static rn_status drive_of_s(void *user, double t, rn_index n, const double *s, double *values)
{
    (void)user;
    for (rn_index i = 0; i < n; i++)
        values[i] = -(1.0 + t) * sin(0.5 * s[i]); /* -dX/ds = (1 + t) cos(s/2)/2 */
    return RN_OK;
}

static void measured_rate_and_drive_act_as_written(void **state)
{
    (void)state;
    transport_case c = {0.0, 1.0, {0.0, 0.0, 0}};
    const rn_transport_start start = transport_start(&c);
    const double t = 1.5;
    double energy[200];
    assert_status(rn_transport_cells(&start, -1.0, 1.0, 200, energy), RN_OK);
    const rn_transport_problem p = {.lower = -1.0,
                                    .upper = 1.0,
                                    .n_cells = 200,
                                    .initial = energy,
                                    .n_times = 1,
                                    .times = &t,
                                    .loss_rate = rate_of_s,
                                    .drive = drive_of_s};
    rn_transport_solution s = {0};
    assert_status(rn_transport_solve(&p, NULL, NULL, &s), RN_OK);
    for (rn_index i = 5; i < 195; i++) {
        /* y' = -r y + (1 + t) q: y = y0 e^-rt + q ((1 - e^-rt)(1/r - 1/r^2) + t/r) */
        const double r = 2.0 + sin(s.s[i]);
        const double q = 0.5 * cos(0.5 * s.s[i]);
        const double left = exp(-r * t);
        const double exact = transport_hill(&c, s.s[i]) * left
                             + q * ((1.0 - left) * (1.0 / r - 1.0 / (r * r)) + t / r);
        assert_close(s.density[i], exact, 1e-4); /* width^2/24 times second derivatives up to 6 */
    }
    assert_close(s.driven[0], (t + 0.5 * t * t) * 2.0 * sin(0.5), 1e-6);
    assert_true(s.balance <= 1e-12);
    rn_transport_solution_clear(&s);
}

static rn_status mirrored(void *user, double t, rn_index n, const double *s, double *w)
{
    for (rn_index i = 0; i < n; i++) {
        const double at = -s[i];
        (void)bumpy(user, t, 1, &at, &w[i]);
        w[i] = -w[i];
    }
    return RN_OK;
}

static void up_and_down_are_treated_alike(void **state)
{
    (void)state;
    transport_case c = {0.5, 1.0, {0.0, 0.0, 0}};
    const rn_transport_start start = transport_start(&c);
    const double t = 2.0;
    double height = -0.9; /* winds of both signs */
    double energy[100];
    double turned[100];
    rn_transport_solution s[2] = {{0}, {0}};
    const rn_transport_accuracy loose = {
        .tolerance = 1.0, .rtol = 1e-7, .atol = 1e-10, .max_evaluations = 100000};
    assert_status(rn_transport_cells(&start, -2.0, 2.0, 100, energy), RN_OK);
    for (int i = 0; i < 100; i++)
        turned[i] = energy[99 - i];
    for (int k = 0; k < 2; k++) {
        const rn_transport_problem p = {.lower = -2.0,
                                        .upper = 2.0,
                                        .n_cells = 100,
                                        .initial = k == 0 ? energy : turned,
                                        .n_times = 1,
                                        .times = &t,
                                        .velocity = k == 0 ? bumpy : mirrored,
                                        .user = &height,
                                        .no_dissipation = 1};
        assert_status(rn_transport_solve(&p, &loose, NULL, &s[k]), RN_OK);
    }
    /* rounding of s changes the choice of steps: rtol times some hundred of them */
    for (int i = 0; i < 100; i++)
        assert_close(s[0].density[i], s[1].density[99 - i], 1e-5);
    assert_true(s[0].least >= -1e-9); /* limited: no undershoot beyond the integrator's atol */
    rn_transport_solution_clear(&s[0]);
    rn_transport_solution_clear(&s[1]);
}

/* Nothing moves; over a moment the loss of energy is 2 int e^s eps ds. Taking e^s in the middle of
   cells would miss h^2/24 of it, leaving out the slope of eps within them h^2/12. */
static void decay_counts_what_varies_within_cells(void **state)
{
    (void)state;
    transport_case c = {-1.0, 1.0, {0.0, 0.0, 0}};
    const rn_transport_start start = transport_start(&c);
    const double t = 1e-4;
    double energy[20]; /* h = 0.1: 4e-4 and 8e-4 */
    double exact = 0.0;
    for (int i = 0; i < 100000; i++) {
        const double s = -2.0 + 2.0 * (i + 0.5) / 100000.0;
        exact += 2.0 * exp(s) * transport_hill(&c, s) * 2.0 / 100000.0;
    }
    assert_status(rn_transport_cells(&start, -2.0, 0.0, 20, energy), RN_OK);
    const rn_transport_problem p = {
        .lower = -2.0, .upper = 0.0, .n_cells = 20, .initial = energy, .n_times = 1, .times = &t};
    rn_transport_solution s = {0};
    assert_status(rn_transport_solve(&p, NULL, NULL, &s), RN_OK);
    /* what is left: the limiter at the top, h^4, and 1e-4 of the decay itself */
    assert_close(s.dissipated[0] / t, exact, 2e-4 * exact);
    rn_transport_solution_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(energies_are_exact_to_a_thousandth_at_400_cells),
        cmocka_unit_test(density_converges_at_second_order_or_better),
        cmocka_unit_test(energy_is_conserved_without_dissipation),
        cmocka_unit_test(a_bump_in_the_velocity_changes_the_answer),
        cmocka_unit_test(lazy_limit_has_its_closed_form),
        cmocka_unit_test(measured_rate_and_drive_act_as_written),
        cmocka_unit_test(up_and_down_are_treated_alike),
        cmocka_unit_test(decay_counts_what_varies_within_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
