/*
 * Energies of exact solutions: integrals of eps0 G over where the modes started, cut where modes
 * pass an edge of the window or leave the axis, so that every piece is smooth.
 */
#include <math.h>
#include <renorm/transport.h>
#include <stdbool.h>

#include "core/status.h"
#include "transport/quadrature.h"

/* Pieces are at most this wide (nats): G varies on the scale 1. */
static const double piece_width = 2.0;
/* Relative to the initial energy: aim per piece, and what must be met in all. */
static const double energy_aim = 1e-13;
static const double energy_tolerance = 1e-10;

typedef struct problem {
    const rn_transport_law *law;
    const rn_transport_start *start;
    double t0, t;
    bool is_weak; /* a mode's G missed its tolerance */
} problem;

static rn_status ask_density(const rn_transport_start *start, double s, double *density)
{
    *density = start->density(start->user, s);
    if (isfinite(*density)) return RN_OK;
    return rni_fail(RN_ERR_NONFINITE, "rn_transport: the density is %g at s = %g", *density, s);
}

static rn_status check_start(const char *caller, const rn_transport_start *start)
{
    if (!start || !start->density || start->n_breaks < 0 || (start->n_breaks > 0 && !start->breaks))
        return rni_fail(RN_ERR_ARGUMENT, "%s: the start or a part of it is NULL", caller);
    if (!isfinite(start->lower) || !isfinite(start->upper) || !(start->lower < start->upper))
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: the start lies between %g and %g, expected finite ends in this order",
                        caller, start->lower, start->upper);
    return RN_OK;
}

rn_status rn_transport_density(const rn_transport_law *law, double t0, double t,
                               const rn_transport_start *start, double s, double *density)
{
    double s0;
    double initial;
    rn_transport_mode mode;
    if (!density) return rni_fail(RN_ERR_ARGUMENT, "rn_transport_density: density is NULL");
    RNI_TRY(check_start("rn_transport_density", start));
    RNI_TRY(rn_transport_origin(law, t0, t, s, &s0));
    if (isnan(s0) || s0 < start->lower || s0 > start->upper) {
        *density = 0.0;
        return RN_OK;
    }
    RNI_TRY(ask_density(start, s0, &initial));
    const rn_status status = rn_transport_move(law, t0, t, s0, &mode);
    if (status < 0) return status;
    *density = fabs(initial) > 0.0 ? initial * mode.factor / mode.stretch : 0.0;
    return status;
}

static rn_status initial_energy(void *user, double s, double *value)
{
    const problem *p = user;
    return ask_density(p->start, s, value);
}

static rn_status energy_left(void *user, double s, double *value)
{
    problem *p = user;
    rn_transport_mode mode;
    RNI_TRY(ask_density(p->start, s, value));
    if (!(fabs(*value) > 0.0)) return RN_OK;
    const rn_status status = rn_transport_move(p->law, p->t0, p->t, s, &mode);
    if (status < 0) return status;
    p->is_weak |= status > 0;
    *value *= mode.factor;
    return RN_OK;
}

/* The end of the piece that begins at s: the nearest cut above it. */
static double piece_end(const rn_transport_start *start, const double cuts[3], double s)
{
    double end = fmin(s + piece_width, start->upper);
    for (int i = 0; i < 3; i++)
        if (cuts[i] > s) end = fmin(end, cuts[i]); /* false for NaN */
    for (rn_index i = 0; i < start->n_breaks; i++)
        if (start->breaks[i] > s) end = fmin(end, start->breaks[i]);
    return end;
}

/* The line of *energy that the mode from s0 belongs to. */
static rn_status line_of(const problem *p, double s0, const double window[2],
                         rn_transport_energy *energy, double **line)
{
    rn_transport_mode mode;
    const rn_status status = rn_transport_move(p->law, p->t0, p->t, s0, &mode);
    if (status < 0) return status;
    if (mode.place == RN_TRANSPORT_AT_ZERO)
        *line = &energy->null_line;
    else if (mode.place == RN_TRANSPORT_AT_INFINITY)
        *line = &energy->at_infinity;
    else if (mode.s < window[0])
        *line = &energy->below;
    else
        *line = mode.s > window[1] ? &energy->above : &energy->inside;
    return RN_OK;
}

/* Where modes start that are now at the window's edges or just left the axis; NaN: none. */
static rn_status find_cuts(const problem *p, const double window[2], double cuts[3])
{
    const rn_transport_law backward = {
        .a = p->law->a, .c = -p->law->c, .is_covariant = p->law->is_covariant};
    for (int i = 0; i < 2; i++) {
        cuts[i] = (double)NAN;
        if (isfinite(window[i]))
            RNI_TRY(rn_transport_origin(p->law, p->t0, p->t, window[i], &cuts[i]));
    }
    cuts[2] = rn_transport_frontier(&backward, p->t0, p->t); /* -a c T lambda0^a = 1 */
    return RN_OK;
}

static rn_status integrate_initial(problem *p, const double cuts[3], rni_integral *initial)
{
    for (double s = p->start->lower; s < p->start->upper;) {
        const double end = piece_end(p->start, cuts, s);
        RNI_TRY(rni_integrate(initial_energy, p, s, end, 0.0, energy_aim, initial));
        s = end;
    }
    return RN_OK;
}

static rn_status integrate_pieces(problem *p, const double window[2], rn_transport_energy *energy)
{
    double cuts[3];
    rni_integral initial = {0};
    RNI_TRY(find_cuts(p, window, cuts));
    RNI_TRY(integrate_initial(p, cuts, &initial));
    energy->initial = initial.value;
    energy->error = initial.error;
    for (double s = p->start->lower; s < p->start->upper;) {
        const double end = piece_end(p->start, cuts, s);
        rni_integral part = {0};
        double *line;
        RNI_TRY(line_of(p, 0.5 * (s + end), window, energy, &line));
        RNI_TRY(rni_integrate(energy_left, p, s, end, initial.size, energy_aim, &part));
        *line += part.value;
        energy->error += part.error;
        s = end;
    }
    const bool is_good = energy->error <= energy_tolerance * initial.size && !p->is_weak;
    return is_good
               ? RN_OK
               : rni_fail(RN_NOT_CONVERGED,
                          "rn_transport_energies: the error is %.1e of the initial energy, asked "
                          "for %.0e, or a mode missed its own tolerance",
                          energy->error / initial.size, energy_tolerance);
}

rn_status rn_transport_energies(const rn_transport_law *law, double t0, double t,
                                const rn_transport_start *start, double window_lower,
                                double window_upper, rn_transport_energy *energy)
{
    const double window[2] = {window_lower, window_upper};
    problem p = {.law = law, .start = start, .t0 = t0, .t = t};
    rn_transport_energy found = {0};
    rn_transport_mode mode;
    if (!energy) return rni_fail(RN_ERR_ARGUMENT, "rn_transport_energies: energy is NULL");
    RNI_TRY(check_start("rn_transport_energies", start));
    if (!(window_lower < window_upper))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_transport_energies: the window runs from %g to %g, expected lower < "
                        "upper",
                        window_lower, window_upper);
    /* both ends of the start obey what is asked of law and times */
    RNI_TRY(rn_transport_move(law, t0, t, start->lower, &mode));
    RNI_TRY(rn_transport_move(law, t0, t, start->upper, &mode));
    const rn_status status = integrate_pieces(&p, window, &found);
    if (status >= 0) *energy = found;
    return status;
}
