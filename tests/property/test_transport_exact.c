/*
 * Exact transport: what its formulas must obey, whatever they are.
 */
#include <float.h>
#include <math.h>
#include <renorm/transport.h>

#include "check.h"

typedef struct sample {
    rn_transport_law law;
    double t0, t;
} sample;

static const sample samples[] = {
    {{-0.5, 0.7, 0}, 0.0, 0.5},  {{0.0, 0.7, 0}, 0.0, 2.0},  {{0.5, 0.7, 0}, 1.0, 3.0},
    {{1.0, 0.7, 0}, 0.0, 2.0},   {{2.0, 0.7, 0}, 0.0, 2.0},  {{0.5, -0.3, 0}, 0.0, 0.7},
    {{-1.0, -0.4, 0}, 0.0, 2.0}, {{1.0, 0.0, 0}, 0.0, 2.0},  {{0.5, 0.7, 1}, 0.0, 2.0},
    {{2.0, 0.7, 1}, 0.0, 2.0},   {{-0.5, 0.7, 1}, 0.5, 1.5}, {{0.0, 0.3, 1}, 0.5, 2.0},
    {{1.5, -0.1, 1}, 0.5, 1.5},  {{0.7, 1.1, 1}, 0.3, 2.0},
};
enum { N_SAMPLES = sizeof samples / sizeof samples[0] };

static rn_transport_mode move(const rn_transport_law *law, double t0, double t, double s0)
{
    rn_transport_mode mode = {0};
    assert_status(rn_transport_move(law, t0, t, s0, &mode), RN_OK);
    return mode;
}

static void two_moves_are_one(void **state)
{
    (void)state;
    for (int i = 0; i < N_SAMPLES; i++) {
        const sample *p = &samples[i];
        for (int k = -4; k <= 2; k++) {
            const double s0 = 0.25 * k;
            const double middle = 0.4 * p->t0 + 0.6 * p->t;
            const rn_transport_mode whole = move(&p->law, p->t0, p->t, s0);
            const rn_transport_mode first = move(&p->law, p->t0, middle, s0);
            const rn_transport_mode second = move(&p->law, middle, p->t, first.s);
            /* s0 of the second move is rounded: ten times its accuracy */
            assert_close(second.s, whole.s, 1e-13);
            assert_close(log(first.factor) + log(second.factor), log(whole.factor),
                         2e-12 * fabs(log(whole.factor)));
            assert_close(first.stretch * second.stretch, whole.stretch, 1e-13 * whole.stretch);
        }
    }
}

static void modes_follow_velocity_and_decay(void **state)
{
    (void)state;
    const double dt = 1e-4;
    for (int i = 0; i < N_SAMPLES; i++) {
        const sample *p = &samples[i];
        for (int k = -2; k <= 1; k++) {
            const double s0 = 0.5 * k;
            const rn_transport_mode before = move(&p->law, p->t0, p->t - dt, s0);
            const rn_transport_mode now = move(&p->law, p->t0, p->t, s0);
            const rn_transport_mode after = move(&p->law, p->t0, p->t + dt, s0);
            const double w = rn_transport_velocity(&p->law, now.s, p->t);
            /* a central difference: dt^2/6 times third derivatives of a few units, and rounding
               eps/dt; together below 1e-6 */
            assert_close((after.s - before.s) / (2.0 * dt), w, 1e-6);
            assert_close((log(after.factor) - log(before.factor)) / (2.0 * dt), -2.0 * exp(now.s),
                         1e-6);
        }
    }
}

static void neighbours_spread_as_the_stretch_says(void **state)
{
    (void)state;
    for (int i = 0; i < N_SAMPLES; i++) {
        const sample *p = &samples[i];
        const double d = 1e-4;
        const double spread = (move(&p->law, p->t0, p->t, d).s - move(&p->law, p->t0, p->t, -d).s);
        const double stretch = move(&p->law, p->t0, p->t, 0.0).stretch;
        assert_close(spread / (2.0 * d), stretch, 1e-6 * stretch); /* d^2 times a few units */
    }
}

static void origin_undoes_move(void **state)
{
    (void)state;
    for (int i = 0; i < N_SAMPLES; i++) {
        const sample *p = &samples[i];
        for (int k = -2; k <= 1; k++) {
            const double s0 = 0.5 * k;
            double back;
            const double s = move(&p->law, p->t0, p->t, s0).s;
            assert_status(rn_transport_origin(&p->law, p->t0, p->t, s, &back), RN_OK);
            assert_close(back, s0, 1e-13);
        }
    }
}

static void frontier_bounds_what_arrives(void **state)
{
    (void)state;
    const rn_transport_law down = {.a = 0.5, .c = 0.7};
    const rn_transport_law up = {.a = -1.0, .c = -0.4};
    const rn_transport_law flat = {.a = 0.0, .c = 0.7};
    double s0;
    const double high = rn_transport_frontier(&down, 0.0, 20.0);
    assert_close(high, -2.0 * log(0.5 * 0.7 * 20.0), 1e-14);
    assert_true(move(&down, 0.0, 20.0, 60.0).s < high);
    assert_close(move(&down, 0.0, 20.0, 60.0).s, high, 1e-12); /* e^-30 below */
    assert_status(rn_transport_origin(&down, 0.0, 20.0, high + 0.01, &s0), RN_OK);
    assert_true(isnan(s0));
    const double low = rn_transport_frontier(&up, 0.0, 2.0);
    assert_close(low, log(0.8), 1e-14);
    assert_close(move(&up, 0.0, 2.0, -40.0).s, low, 1e-12);
    assert_true(isnan(rn_transport_frontier(&flat, 0.0, 2.0)));
    assert_true(isnan(rn_transport_frontier(&down, 2.0, 2.0)));
    assert_true(isnan(rn_transport_frontier(NULL, 0.0, 2.0)));
}

static void special_exponents_are_limits_of_their_neighbours(void **state)
{
    (void)state;
    const double special[] = {0.0, 1.0};
    for (int k = 0; k < 2; k++)
        for (int covariant = 0; covariant < 2; covariant++) {
            const rn_transport_law at = {special[k], 0.7, covariant};
            const rn_transport_law near = {special[k] + 1e-9, 0.7, covariant};
            const rn_transport_mode m = move(&at, 0.5, 2.0, 0.3);
            const rn_transport_mode n = move(&near, 0.5, 2.0, 0.3);
            assert_close(n.s, m.s, 1e-8); /* 1e-9 times a derivative of a few units */
            assert_close(n.factor, m.factor, 1e-8);
        }
    const rn_transport_law lazy = {.a = 0.5, .c = 0.0};
    const rn_transport_law nearly = {.a = 0.5, .c = 1e-12};
    assert_close(move(&nearly, 0.0, 2.0, 0.3).factor, move(&lazy, 0.0, 2.0, 0.3).factor, 1e-11);
    assert_close(move(&lazy, 0.0, 2.0, 0.3).factor, exp(-4.0 * exp(0.3)), 1e-15);
}

static double hill(void *user, double s)
{
    const double *middle = user;
    const double x = s - *middle;
    return fabs(x) < 1.0 ? (1.0 - x * x) * (1.0 - x * x) * (1.0 - x * x) : 0.0;
}

static double density_at(const sample *p, const rn_transport_start *start, double t, double s)
{
    double density = 0.0;
    assert_status(rn_transport_density(&p->law, p->t0, t, start, s, &density), RN_OK);
    return density;
}

static void density_solves_the_equation(void **state)
{
    (void)state;
    double middle = 0.0;
    const rn_transport_start start = {
        .density = hill, .user = &middle, .lower = -1.0, .upper = 1.0};
    const double d = 1e-3;
    for (int i = 0; i < N_SAMPLES; i++) {
        const sample *p = &samples[i];
        const double s = move(&p->law, p->t0, p->t, -0.3).s;
        const double rate =
            (density_at(p, &start, p->t + d, s) - density_at(p, &start, p->t - d, s)) / (2.0 * d);
        const double flux =
            (rn_transport_velocity(&p->law, s + d, p->t) * density_at(p, &start, p->t, s + d)
             - rn_transport_velocity(&p->law, s - d, p->t) * density_at(p, &start, p->t, s - d))
            / (2.0 * d);
        const double loss = 2.0 * exp(s) * density_at(p, &start, p->t, s);
        /* central differences: d^2/6 times third derivatives, up to 1e3 for compressed hills */
        assert_close(rate + flux, -loss, 1e-3 * (fabs(rate) + fabs(flux) + loss));
    }
}

static void density_adds_up_to_the_energy(void **state)
{
    (void)state;
    double middle = 0.0;
    const rn_transport_start start = {
        .density = hill, .user = &middle, .lower = -1.0, .upper = 1.0};
    for (int i = 0; i < N_SAMPLES; i++) {
        const sample *p = &samples[i];
        const double lower = move(&p->law, p->t0, p->t, -1.0).s;
        const double upper = move(&p->law, p->t0, p->t, 0.4).s;
        rn_transport_energy e;
        assert_status(rn_transport_energies(&p->law, p->t0, p->t, &start, lower, upper, &e), RN_OK);
        double sum = 0.0; /* midpoints: error width^2/24 times second derivatives, 4000 of them */
        const int n = 4000;
        for (int k = 0; k < n; k++)
            sum += density_at(p, &start, p->t, lower + (upper - lower) * (k + 0.5) / n)
                   * (upper - lower) / n;
        assert_close(sum, e.inside, 1e-6 * e.initial);
        assert_close(e.below + e.null_line, 0.0, 0.0);
        assert_true(e.above > 0.0);
    }
}

/* lambda_k = k^-b and energies k^-q as a density: eps0(s) = e^(s (q-1)/b)/b for k a continuum. */
static double spread(void *user, double s)
{
    (void)user;
    return exp(s * 0.5 / 1.2) / 1.2;
}

static void lazy_limit_is_the_continuum_of_modes(void **state)
{
    (void)state;
    const rn_transport_law lazy = {.a = 1.0, .c = 0.0};
    const rn_transport_start start = {.density = spread, .lower = -200.0, .upper = 0.0};
    for (int k = 0; k < 2; k++) {
        const double t = k == 0 ? 1e3 : 1e4;
        rn_transport_energy e;
        assert_status(
            rn_transport_energies(&lazy, 0.0, t, &start, -(double)INFINITY, (double)INFINITY, &e),
            RN_OK);
        /* e^-2000 is cut off at s = 0, e^-83 at s = -200 */
        assert_close(e.inside, rn_transport_lazy_loss(1.2, 1.5, t), 1e-11 * e.inside);
    }
}

static double not_finite(void *user, double s)
{
    (void)user;
    return s > 0.0 ? (double)NAN : 1.0;
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    const rn_transport_law law = {.a = 0.5, .c = 0.7};
    const rn_transport_law covariant = {.a = -0.5, .c = 0.7, .is_covariant = 1};
    const rn_transport_law broken = {.a = (double)NAN, .c = 0.7};
    const rn_transport_law steep = {.a = 5.0, .c = 0.7};
    rn_transport_mode mode = {.s = 17.0};
    double s0 = 17.0;
    rn_transport_energy e = {.inside = 17.0};
    double middle = 0.0;
    rn_transport_start start = {.density = hill, .user = &middle, .lower = -1.0, .upper = 1.0};
    assert_status(rn_transport_move(NULL, 0.0, 1.0, 0.0, &mode), RN_ERR_ARGUMENT);
    assert_status(rn_transport_move(&broken, 0.0, 1.0, 0.0, &mode), RN_ERR_ARGUMENT);
    assert_status(rn_transport_move(&law, 0.0, 1.0, 0.0, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_transport_move(&law, 1.0, 0.0, 0.0, &mode), RN_ERR_ARGUMENT);
    assert_status(rn_transport_move(&law, 0.0, (double)INFINITY, 0.0, &mode), RN_ERR_ARGUMENT);
    assert_status(rn_transport_move(&covariant, 0.0, 1.0, 0.0, &mode), RN_ERR_ARGUMENT);
    assert_message_has("choose t0 > 0");
    assert_status(rn_transport_move(&law, 0.0, 1.0, (double)NAN, &mode), RN_ERR_DOMAIN);
    assert_status(rn_transport_move(&steep, 0.0, 1.0, 200.0, &mode), RN_ERR_DOMAIN);
    assert_status(rn_transport_origin(&law, 0.0, 1.0, 0.0, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_transport_origin(&law, 0.0, 1.0, 1e4, &s0), RN_ERR_DOMAIN);
    assert_status(rn_transport_energies(&law, 0.0, 1.0, &start, 1.0, 1.0, &e), RN_ERR_ARGUMENT);
    start.density = not_finite;
    assert_status(rn_transport_energies(&law, 0.0, 1.0, &start, -9.0, 9.0, &e), RN_ERR_NONFINITE);
    start.density = NULL;
    assert_status(rn_transport_energies(&law, 0.0, 1.0, &start, -9.0, 9.0, &e), RN_ERR_ARGUMENT);
    start.density = hill;
    start.upper = -1.0;
    assert_status(rn_transport_energies(&law, 0.0, 1.0, &start, -9.0, 9.0, &e), RN_ERR_ARGUMENT);
    assert_true(mode.s > 16.0 && s0 > 16.0 && e.inside > 16.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_moves_are_one),
        cmocka_unit_test(modes_follow_velocity_and_decay),
        cmocka_unit_test(neighbours_spread_as_the_stretch_says),
        cmocka_unit_test(origin_undoes_move),
        cmocka_unit_test(frontier_bounds_what_arrives),
        cmocka_unit_test(special_exponents_are_limits_of_their_neighbours),
        cmocka_unit_test(density_solves_the_equation),
        cmocka_unit_test(density_adds_up_to_the_energy),
        cmocka_unit_test(lazy_limit_is_the_continuum_of_modes),
        cmocka_unit_test(wrong_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
