/*
 * Frozen and transported modes. One step of transport takes every mode along its characteristic by
 * the midpoint rule and its energy by Simpson's rule on the decay rate, which is exact where
 * nothing moves: without a velocity any step gives the frozen formula.
 */
#include <math.h>
#include <renorm/mode_forecast.h>
#include <stdbool.h>

#include "core/memory.h"
#include "core/status.h"
#include "forecast/mode_decay.h"

#define MOST_STEPS 100000
/* First step, of the time to the first answer; growth of steps; nats that a mode may move in one.
 */
#define FIRST_STEP 1e-3
#define GROWTH     0.04
#define MOST_MOVE  0.05
/* Below this eta lambda the series of ln(1 - x) is exact to rounding with three terms. */
#define SMALL 1e-5

/* -(2/eta) ln|1 - eta lambda|: energy decays as exp(-rate t). */
static double rate_of(double lambda, double step_size)
{
    const double x = step_size * lambda;
    if (!(x > 0.0)) return 2.0 * lambda;
    if (x < SMALL) return 2.0 * lambda * (1.0 + x * (0.5 + x / 3.0));
    /* one step kills the mode at x = 1; the cap keeps 0 times infinity away */
    return fmin(-2.0 * log(fabs(1.0 - x)), 1400.0) / step_size;
}

static rn_status check_numbers(const char *caller, rn_index n, const double *values,
                               const char *name)
{
    for (rn_index i = 0; i < n; i++)
        if (!(values[i] >= 0.0) || !isfinite(values[i]))
            return rni_fail(RN_ERR_ARGUMENT,
                            "%s: %s %" PRId64 " is %g, expected a finite number >= 0", caller, name,
                            i, values[i]);
    return RN_OK;
}

static rn_status check_pieces(const char *caller, const rn_mode_set *m)
{
    for (rn_index i = 0; i < m->n_pieces; i++) {
        RNI_TRY(check_numbers(caller, 1, &m->pieces[i].step_size, "step size of piece"));
        if (i + 1 < m->n_pieces && !(m->pieces[i].duration > 0.0))
            return rni_fail(RN_ERR_ARGUMENT,
                            "%s: duration of piece %" PRId64 " is %g, expected > 0", caller, i,
                            m->pieces[i].duration);
    }
    return RN_OK;
}

static rn_status check(const char *caller, const rn_mode_set *m, rn_index n_times,
                       const double *ahead, const double *loss)
{
    if (!m || !m->lambda || !m->energy || !m->pieces || !ahead || !loss || m->n < 1
        || m->n_pieces < 1 || n_times < 0)
        return rni_fail(RN_ERR_ARGUMENT, "%s: an argument is NULL or a size is out of range",
                        caller);
    RNI_TRY(check_numbers(caller, m->n, m->lambda, "eigenvalue"));
    RNI_TRY(check_numbers(caller, m->n, m->energy, "energy"));
    RNI_TRY(check_numbers(caller, n_times, ahead, "time ahead"));
    RNI_TRY(check_numbers(caller, 1, &m->null_energy, "null energy"));
    RNI_TRY(check_pieces(caller, m));
    const double stability = rn_modes_stability(m);
    if (stability >= 2.0)
        return rni_fail(RN_ERR_DOMAIN,
                        "eta lambda_max is %.3g: at 2 and above the top modes grow from step to "
                        "step, and no quadratic forecast holds",
                        stability);
    return RN_OK;
}

double rn_modes_stability(const rn_mode_set *modes)
{
    double most = 0.0;
    for (rn_index p = 0; p < modes->n_pieces; p++)
        for (rn_index u = 0; u < modes->n; u++)
            most = fmax(most, modes->pieces[p].step_size * modes->lambda[u]);
    return most;
}

/* ---- frozen ---------------------------------------------------------------------------------- */

/* Time that counts for a stretch of a piece; 1e-9 of a step is rounding. */
static double count_parts(double here, double step_size, rni_parts parts, rn_index few)
{
    const double steps = step_size > 0.0 ? here / step_size : (double)INFINITY;
    if (parts == RNI_PARTS_KEPT || !(steps < (double)few)) return here;
    return step_size * (parts == RNI_PARTS_WHOLE ? ceil(steps - 1e-9) : floor(steps + 1e-9));
}

double rni_mode_decay(const rn_mode_set *m, double lambda, double ahead, rni_parts parts,
                      rn_index few)
{
    double sum = 0.0;
    for (rn_index p = 0; p < m->n_pieces && ahead > 0.0; p++) {
        const bool is_last = p + 1 == m->n_pieces;
        const double here = is_last ? ahead : fmin(ahead, m->pieces[p].duration);
        const double step_size = m->pieces[p].step_size;
        sum += rate_of(lambda, step_size) * count_parts(here, step_size, parts, few);
        ahead -= here;
    }
    return -sum;
}

rn_status rn_modes_frozen(const rn_mode_set *modes, rn_index n_times, const double *ahead,
                          double *loss)
{
    RNI_TRY(check("rn_modes_frozen", modes, n_times, ahead, loss));
    for (rn_index k = 0; k < n_times; k++) {
        double sum = modes->null_energy;
        for (rn_index u = 0; u < modes->n; u++)
            sum += modes->energy[u]
                   * exp(rni_mode_decay(modes, modes->lambda[u], ahead[k], RNI_PARTS_KEPT, 0));
        loss[k] = sum;
    }
    return RN_OK;
}

/* ---- transported ----------------------------------------------------------------------------- */

typedef struct cloud {
    const rn_mode_set *modes;
    const rn_mode_wind *wind;
    double *lambda; /* [n] */
    double *decay;  /* [n] ln of what is left */
    double ahead;   /* time gone */
    double first;   /* sum lambda E at t0 */
    double largest; /* |velocity| of the table */
} cloud;

static double interpolate(const rn_mode_wind *w, double s)
{
    rn_index low = 0;
    rn_index high = w->n - 1;
    if (s <= w->s[0]) return w->velocity[0];
    if (s >= w->s[high]) return w->velocity[high];
    while (high - low > 1) {
        const rn_index middle = low + (high - low) / 2;
        if (w->s[middle] <= s)
            low = middle;
        else
            high = middle;
    }
    const double part = (s - w->s[low]) / (w->s[high] - w->s[low]);
    return (1.0 - part) * w->velocity[low] + part * w->velocity[high];
}

/* What the rule makes of the table at this moment: a factor, and a shift of s. */
static double factor_at(const cloud *c, double ahead, double *shift)
{
    double now = 0.0;
    *shift = 0.0;
    switch (c->wind->rule) {
    case RN_WIND_STEADY: break;
    case RN_WIND_COLLAPSE:
        *shift = log1p(ahead / c->wind->time);
        return 1.0 / (1.0 + ahead / c->wind->time);
    case RN_WIND_DISSIPATION:
        for (rn_index u = 0; u < c->modes->n; u++)
            now += c->lambda[u] * c->modes->energy[u] * exp(c->decay[u]);
        return c->first > 0.0 ? pow(now / c->first, c->wind->power) : 0.0;
    }
    return 1.0;
}

/* The step size in force and the time until it changes. */
static double step_size_at(const rn_mode_set *m, double ahead, double *left)
{
    rn_index p = 0;
    double end = 0.0;
    for (; p + 1 < m->n_pieces; p++) {
        end += m->pieces[p].duration;
        if (ahead < end * (1.0 - 1e-12)) break;
    }
    *left = p + 1 < m->n_pieces ? end - ahead : (double)INFINITY;
    return m->pieces[p].step_size;
}

/* Moves all modes by dt; false: one became unstable. */
static bool move(cloud *c, double dt, double step_size)
{
    double shift = 0.0;
    const double factor = factor_at(c, c->ahead + 0.5 * dt, &shift);
    for (rn_index u = 0; u < c->modes->n; u++) {
        if (!(c->lambda[u] > 0.0)) continue;
        const double s = log(c->lambda[u]);
        const double half = 0.5 * dt * factor * interpolate(c->wind, s + shift);
        const double whole = dt * factor * interpolate(c->wind, s + half + shift);
        const double next = c->lambda[u] * exp(whole);
        if (step_size * next >= 2.0) return false;
        c->decay[u] -= dt / 6.0
                       * (rate_of(c->lambda[u], step_size)
                          + 4.0 * rate_of(c->lambda[u] * exp(0.5 * whole), step_size)
                          + rate_of(next, step_size));
        c->lambda[u] = next;
    }
    c->ahead += dt;
    return true;
}

static double loss_of(const cloud *c)
{
    double sum = c->modes->null_energy;
    for (rn_index u = 0; u < c->modes->n; u++)
        sum += c->modes->energy[u] * exp(c->decay[u]);
    return sum;
}

/* Goes on to `until`; false: it ended before. */
static bool advance(cloud *c, double until, double *dt, rn_index *n_steps)
{
    while (c->ahead < until * (1.0 - 1e-14)) {
        double left = 0.0;
        double shift = 0.0;
        const double step_size = step_size_at(c->modes, c->ahead, &left);
        const double factor = fabs(factor_at(c, c->ahead, &shift)) * c->largest;
        double here = fmin(fmin(*dt, left), until - c->ahead);
        if (factor * here > MOST_MOVE) here = MOST_MOVE / factor;
        if (++*n_steps > MOST_STEPS || !move(c, here, step_size)) return false;
        *dt = fmax(*dt, GROWTH * c->ahead);
    }
    return true;
}

static rn_status check_wind(const rn_mode_wind *w, rn_index n_times, const double *ahead)
{
    if (!w || w->n < 1 || !w->s || !w->velocity || !isfinite(w->power)
        || (w->rule == RN_WIND_COLLAPSE && !(w->time > 0.0)))
        return rni_fail(RN_ERR_ARGUMENT, "rn_modes_transport: the velocity lacks an array, a power "
                                         "or a time");
    for (rn_index i = 0; i < w->n; i++)
        if (!isfinite(w->velocity[i]) || !isfinite(w->s[i]) || (i > 0 && !(w->s[i] > w->s[i - 1])))
            return rni_fail(RN_ERR_ARGUMENT,
                            "rn_modes_transport: velocity %" PRId64 " is %g at s = %g, expected "
                            "finite numbers at ascending s",
                            i, w->velocity[i], w->s[i]);
    for (rn_index k = 1; k < n_times; k++)
        if (ahead[k] < ahead[k - 1])
            return rni_fail(RN_ERR_ARGUMENT, "rn_modes_transport: times ahead must ascend");
    return RN_OK;
}

rn_status rn_modes_transport(const rn_mode_set *modes, const rn_mode_wind *wind, rn_index n_times,
                             const double *ahead, double *loss)
{
    RNI_TRY(check("rn_modes_transport", modes, n_times, ahead, loss));
    RNI_TRY(check_wind(wind, n_times, ahead));
    double *const block = rni_alloc(2 * modes->n, sizeof *block);
    if (!block) return rni_fail(RN_ERR_MEMORY, "rn_modes_transport: no memory for modes");
    cloud c = {.modes = modes, .wind = wind, .lambda = block, .decay = block + modes->n};
    for (rn_index u = 0; u < modes->n; u++) {
        c.lambda[u] = modes->lambda[u];
        c.decay[u] = 0.0;
        c.first += modes->lambda[u] * modes->energy[u];
    }
    for (rn_index i = 0; i < wind->n; i++)
        c.largest = fmax(c.largest, fabs(wind->velocity[i]));
    double dt = 0.0;
    for (rn_index k = 0; k < n_times && !(dt > 0.0); k++)
        dt = FIRST_STEP * ahead[k];
    rn_index n_steps = 0;
    rn_index n_done = 0;
    while (n_done < n_times && advance(&c, ahead[n_done], &dt, &n_steps))
        loss[n_done++] = loss_of(&c);
    for (rn_index k = n_done; k < n_times; k++)
        loss[k] = (double)NAN;
    rni_free(block);
    if (n_done == n_times) return RN_OK;
    return rni_fail(RN_NOT_CONVERGED,
                    n_steps > MOST_STEPS ? "after %d steps the forecast had come to %.4g ahead only"
                                         : "after %d steps, %.4g ahead, a mode reaches eta lambda "
                                           "= 2 and no quadratic forecast holds",
                    (int)n_steps, c.ahead);
}
