/*
 * Exact transport against mpmath with 30 digits (1.3.0):
 *     python3 tests/golden/transport_exact.py > tests/golden/transport_exact.h
 */
#include <float.h>
#include <math.h>
#include <renorm/transport.h>

#include "check.h"
#include "transport_exact.h"

static void modes_are_those_of_mpmath(void **state)
{
    (void)state;
    int n_places[3] = {0};
    for (size_t i = 0; i < sizeof exact_modes / sizeof exact_modes[0]; i++) {
        const rn_transport_law law = {exact_modes[i].a, exact_modes[i].c,
                                      exact_modes[i].is_covariant};
        rn_transport_mode mode = {0};
        assert_status(
            rn_transport_move(&law, exact_modes[i].t0, exact_modes[i].t, exact_modes[i].s0, &mode),
            RN_OK);
        assert_int_equal(mode.place, exact_modes[i].place);
        n_places[mode.place]++;
        /* 1e-12 of ln G, and where lambda0^-a is nearly used up (|1 + z| >= 1e-2 here) that many
           times the rounding of z */
        const double decay = exact_modes[i].decay;
        const double tolerance = 2.0 * decay * 1e-12 + 1e4 * DBL_EPSILON;
        if (mode.factor > 0.0) /* else G underflows */
            assert_close(log(mode.factor), -2.0 * decay, tolerance);
        else
            assert_true(decay > 372.0); /* e^-745 is the smallest double */
        if (mode.place != RN_TRANSPORT_ON_AXIS) continue;
        assert_close(mode.s, exact_modes[i].s, 1e3 * DBL_EPSILON * fmax(1.0, fabs(mode.s)));
        const double stretch = exp(law.a * (exact_modes[i].s - exact_modes[i].s0));
        assert_close(mode.stretch, stretch, 1e4 * DBL_EPSILON * stretch);
    }
    assert_true(n_places[0] > 50 && n_places[1] > 5 && n_places[2] > 5);
}

/* A power law from -6 to 1 and a bump from -3 to -1. */
static double density(void *user, double s)
{
    (void)user;
    const double x = s + 2.0;
    const double hill = fabs(x) < 1.0 ? 15.0 / 16.0 * (1.0 - x * x) * (1.0 - x * x) : 0.0;
    return exp(0.5 * s) / 8.0 + hill;
}

static void energies_are_those_of_mpmath(void **state)
{
    (void)state;
    const double breaks[] = {-3.0, -1.0};
    const rn_transport_start start = {
        .density = density, .lower = -6.0, .upper = 1.0, .breaks = breaks, .n_breaks = 2};
    for (size_t i = 0; i < sizeof exact_energies / sizeof exact_energies[0]; i++) {
        const rn_transport_law law = {exact_energies[i].a, exact_energies[i].c,
                                      exact_energies[i].is_covariant};
        rn_transport_energy e = {0};
        assert_status(rn_transport_energies(&law, 0.0, exact_energies[i].t, &start, -2.5, 0.5, &e),
                      RN_OK);
        const double *lines = exact_energies[i].lines;
        const double tolerance = 1e-12 * exact_initial; /* sum of the pieces' aims, 1e-13 each */
        assert_close(e.initial, exact_initial, tolerance);
        assert_close(e.inside, lines[0], tolerance);
        assert_close(e.below, lines[1], tolerance);
        assert_close(e.above, lines[2], tolerance);
        assert_close(e.null_line, lines[3], tolerance);
        assert_close(e.at_infinity, lines[4], tolerance);
        assert_true(e.error >= 0.0 && e.error <= 1e-10 * exact_initial);
    }
}

/* REFERENCE values of sums over modes: q = 1.5, b = 1.2 and q = 2, b = 1.5. */
static void lazy_loss_has_its_worked_values(void **state)
{
    (void)state;
    assert_close(rn_transport_lazy_loss(1.2, 1.5, 1e3), 0.0746914, 5e-8);
    assert_close(rn_transport_lazy_loss(1.2, 1.5, 1e4), 0.0286157, 5e-8);
    assert_close(rn_transport_lazy_loss(1.5, 2.0, 1e3), 0.005686939, 5e-10);
    assert_close(rn_transport_lazy_loss(1.5, 2.0, 1e4), 0.001225214, 5e-10);
    assert_true(isnan(rn_transport_lazy_loss(0.0, 1.5, 1.0)));
    assert_true(isnan(rn_transport_lazy_loss(1.0, 1.0, 1.0)));
    assert_true(isnan(rn_transport_lazy_loss(1.0, 1.5, 0.0)));
}

/* The table of docs/theory/transport.md: python3 tests/golden/transport_worked.py */
static void worked_numbers_of_the_page(void **state)
{
    (void)state;
    const struct {
        double a, t0, lambda, factor;
        int is_covariant;
    } rows[] = {
        {0.0, 0.0, 8.31528719e-7, 0.0574327557, 0},   {0.5, 0.0, 0.015625, 0.006737947, 0},
        {1.0, 0.0, 0.0666666667, 0.000436253837, 0},  {2.0, 0.0, 0.185695338, 3.6199791e-6, 0},
        {0.0, 0.01, 0.00488966384, 0.556945153, 1},   {0.5, 0.01, 0.0606515639, 0.00328933564, 1},
        {1.0, 0.01, 0.0666977923, 0.000436836033, 1}, {2.0, 0.01, 0.0596550061, 0.00023078709, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const rn_transport_law law = {rows[i].a, 0.7, rows[i].is_covariant};
        rn_transport_mode mode;
        assert_status(rn_transport_move(&law, rows[i].t0, 20.0, 0.0, &mode), RN_OK);
        /* nine digits are printed */
        assert_close(exp(mode.s), rows[i].lambda, 1e-8 * rows[i].lambda);
        assert_close(mode.factor, rows[i].factor, 1e-8 * rows[i].factor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(modes_are_those_of_mpmath),
                                       cmocka_unit_test(energies_are_those_of_mpmath),
                                       cmocka_unit_test(worked_numbers_of_the_page),
                                       cmocka_unit_test(lazy_loss_has_its_worked_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
