/*
 * The forecast of a run: its times, its answer in words.
 */
#include <math.h>
#include <renorm/forecast.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "forecast/ahead.h"
#include "forecast/curve.h"
#include "forecast/held_out.h"

/* Times evenly in ln(t - from), over so many decades; 2, 4 and 10 times `from` beside them. */
enum { N_TIMES = 25, N_LINES = N_TIMES + RN_BACKTEST_FACTORS };
#define DECADES 2.0

struct rn_forecast {
    rn_forecast_answer shown;
    char name[RN_FORECAST_TEXT];
    rn_forecast_line lines[N_LINES];
};

static const char *const names[RN_FORECAST_METHODS] = {"frozen", "transport", "power", "line"};

const char *rn_forecast_method_name(rn_forecast_method method)
{
    return method >= 0 && method < RN_FORECAST_METHODS ? names[method] : NULL;
}

rn_forecast_options rn_forecast_options_defaults(void)
{
    return (rn_forecast_options){.from = (double)INFINITY, .to = (double)NAN};
}

/* ---- times ----------------------------------------------------------------------------------- */

/* Adds a time in its place, unless it is there. */
static void add_time(rn_forecast_answer *a, rn_forecast_line *lines, double time)
{
    rn_index i = a->n_lines;
    for (rn_index k = 0; k < a->n_lines; k++)
        if (fabs(lines[k].time - time) <= 1e-9 * time) return;
    for (; i > 0 && lines[i - 1].time > time; i--)
        lines[i] = lines[i - 1];
    lines[i] = (rn_forecast_line){.time = time, .factor = time / a->from};
    a->n_lines++;
}

static void set_times(rn_forecast *f, double to)
{
    rn_forecast_answer *a = &f->shown;
    for (int k = 0; k < N_TIMES; k++) {
        const double share = pow(10.0, -DECADES * (double)(N_TIMES - 1 - k) / (N_TIMES - 1));
        add_time(a, f->lines, k + 1 == N_TIMES ? to : a->from + share * (to - a->from));
    }
    for (rn_index i = 0; i < RN_BACKTEST_FACTORS; i++) {
        const double time = rn_backtest_factor(i) * a->from;
        if (time > a->from && time <= to) add_time(a, f->lines, time);
    }
}

/* ---- words ----------------------------------------------------------------------------------- */

static void say(rn_forecast *f)
{
    rn_forecast_answer *a = &f->shown;
    const rn_forecast_line *last = &f->lines[a->n_lines - 1];
    char when[64] = "";
    a->chosen = -1;
    for (int m = RN_FORECAST_FROZEN; m <= RN_FORECAST_TRANSPORT; m++)
        if (isfinite(last->by[m].loss)) a->chosen = m;
    if (a->chosen < 0 && isfinite(last->by[RN_FORECAST_POWER].loss)) a->chosen = RN_FORECAST_POWER;
    if (last->factor > 0.0 && isfinite(last->factor))
        (void)snprintf(when, sizeof when, ", %.3g times as long as so far", last->factor);
    if (a->chosen < 0) {
        (void)snprintf(a->sentence, sizeof a->sentence, "Cannot tell: %s.",
                       a->reason[RN_FORECAST_TRANSPORT][0] ? a->reason[RN_FORECAST_TRANSPORT]
                                                           : a->reason[RN_FORECAST_FROZEN]);
        return;
    }
    const rn_forecast_value *v = &last->by[a->chosen];
    (void)snprintf(a->sentence, sizeof a->sentence,
                   "Training loss %.3g at time %.4g%s: with 90 %% between %.3g and %.3g (%s; now "
                   "%.3g).",
                   v->loss, last->time, when, v->low90, v->high90, names[a->chosen], a->loss);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static rn_status place(const rni_history *h, const rn_forecast_options *o, rn_forecast *f,
                       rni_origin *origin, double *to)
{
    rn_forecast_answer *a = &f->shown;
    origin->record = rni_history_record(h, o->from);
    if (origin->record < 0)
        return rni_fail(RN_ERR_DOMAIN, "rn_forecast_create: found no record up to time %g",
                        o->from);
    origin->snapshot = rni_history_snapshot(h, o->from);
    const rn_record *at = &h->records[origin->record];
    if (origin->snapshot >= 0) {
        at = &h->snapshot(h->source, origin->snapshot)->record;
        origin->record = rni_history_record(h, at->time);
    }
    a->step = at->step;
    a->from = at->time;
    a->loss = at->loss;
    *to = isnan(o->to) ? 10.0 * a->from : o->to;
    if (*to > a->from && isfinite(*to)) return RN_OK;
    return rni_fail(RN_ERR_DOMAIN, "a forecast from time %g to time %g; expected a later end%s",
                    a->from, *to, a->from > 0.0 ? "" : ": at time 0 say to which time");
}

static double stability_of(const rni_history *h, const rni_origin *origin)
{
    rn_mode_piece pieces[RNI_MOST_PIECES];
    double most = 0.0;
    if (origin->snapshot < 0) return (double)NAN;
    const rn_snapshot *at = h->snapshot(h->source, origin->snapshot);
    const rn_index n = rni_history_plan(h, at->record.time, pieces);
    for (rn_index i = 0; i < n; i++)
        most = fmax(most, pieces[i].step_size * at->lambda_max);
    return most;
}

/* Power laws of the spectrum at the first measurement, where nothing is learned yet and the
   energies are those of the target; and the slope of the curve fit. */
static rn_status add_exponents(const rni_history *h, rn_index snapshot, rn_forecast_answer *a)
{
    const rn_forecast_line *next = &a->lines[0];
    const rn_forecast_line *last = &a->lines[a->n_lines - 1];
    a->slope = -log(last->by[RN_FORECAST_LINE].loss / next->by[RN_FORECAST_LINE].loss)
               / log(last->time / next->time);
    if (snapshot < 0 || !h->has_ranks) return RN_OK;
    rn_index first = 0;
    while (first < snapshot && h->snapshot(h->source, first)->n_modes < 1)
        first++;
    const rn_snapshot *at = h->snapshot(h->source, first);
    rn_mode_set modes = {0};
    double *const arrays = rni_alloc(2 * at->n_modes, sizeof *arrays);
    if (!arrays) return rni_fail(RN_ERR_MEMORY, "rn_forecast_create: no memory for modes");
    rni_history_modes(at, arrays, &modes);
    const rn_status status =
        rn_spectrum_exponents_measure(modes.n, modes.lambda, modes.energy, 0.0, 0, &a->exponents);
    a->has_exponents = status == RN_OK;
    rni_free(arrays);
    return status == RN_ERR_MEMORY ? status : RN_OK;
}

static void add_held_out(const rni_history *h, rn_index snapshot, rn_forecast_answer *a)
{
    a->held_out_loss = (double)NAN;
    if (snapshot < 0) return;
    const rn_snapshot *at = h->snapshot(h->source, snapshot);
    a->held_out_loss = at->record.held_out_loss;
    rni_held_out_tell(h, at, a->held_out);
    for (rn_index i = 0; i < RN_BACKTEST_FACTORS; i++)
        if (isfinite(a->held_out[i].value.loss)) a->has_held_out = 1;
}

/* Energy of modes that stay as they are: the loss that is left of frozen and of transported ones.
 */
static rn_status find_rest(const rn_snapshot *at, double *rest)
{
    rn_mode_set modes = {0};
    double *const arrays = rni_alloc(2 * at->n_modes, sizeof *arrays);
    if (!arrays) return rni_fail(RN_ERR_MEMORY, "rn_forecast_create: no memory for modes");
    rni_history_modes(at, arrays, &modes);
    *rest = 0.0;
    for (rn_index u = 0; u < modes.n; u++)
        if (!(modes.lambda[u] > 0.0)) *rest += modes.energy[u];
    rni_free(arrays);
    return RN_OK;
}

static rn_status add_limits(const rni_history *h, const rni_origin *origin, rn_forecast_answer *a)
{
    const rn_snapshot *at = origin->snapshot >= 0 ? h->snapshot(h->source, origin->snapshot) : NULL;
    const rn_forecast_line *last = &a->lines[a->n_lines - 1];
    const double never = (double)INFINITY;
    double rest = (double)NAN;
    char unused[RN_FORECAST_TEXT];
    if (at && !rni_history_is_free(at)) RNI_TRY(find_rest(at, &rest));
    for (int m = 0; m < RN_FORECAST_METHODS; m++) {
        a->limit[m] = rest;
        if (m >= RN_FORECAST_POWER)
            RNI_TRY(rni_curve_tell(h, origin->record, (rn_forecast_method)m, 1, &never,
                                   &a->limit[m], unused));
        if (!isfinite(last->by[m].loss)) a->limit[m] = (double)NAN;
    }
    return RN_OK;
}

static rn_status forecast_from(const rni_history *h, const rn_forecast_options *o, rn_forecast *f)
{
    rni_origin origin = {.record = -1, .snapshot = -1};
    double to = 0.0;
    double times[N_LINES];
    double bounds[2 * N_LINES];
    RNI_TRY(place(h, o, f, &origin, &to));
    set_times(f, to);
    const rn_index n = f->shown.n_lines;
    for (rn_index k = 0; k < n; k++)
        times[k] = f->lines[k].time;
    rn_forecast_value *values = rni_alloc(n * RN_FORECAST_METHODS, sizeof *values);
    if (!values) return rni_fail(RN_ERR_MEMORY, "rn_forecast_create: no memory for values");
    const rn_status status = rni_ahead_tell(h, origin, n, times, values, bounds, f->shown.reason);
    for (rn_index k = 0; k < n && status == RN_OK; k++) {
        memcpy(f->lines[k].by, values + k * RN_FORECAST_METHODS, sizeof f->lines[k].by);
        f->lines[k].measured = rni_history_loss(h, times[k]);
        f->lines[k].frozen_least = bounds[2 * k];
        f->lines[k].frozen_most = bounds[2 * k + 1];
    }
    rni_free(values);
    if (status < 0) return status;
    RNI_TRY(add_exponents(h, origin.snapshot, &f->shown));
    RNI_TRY(add_limits(h, &origin, &f->shown));
    add_held_out(h, origin.snapshot, &f->shown);
    f->shown.stability = stability_of(h, &origin);
    say(f);
    return RN_OK;
}

rn_status rn_forecast_create(const rn_folder *folder, const rn_forecast_options *options,
                             rn_forecast **out)
{
    const rn_forecast_options chosen = options ? *options : rn_forecast_options_defaults();
    rni_history history;
    if (!folder || !out || isnan(chosen.from))
        return rni_fail(RN_ERR_ARGUMENT, "rn_forecast_create: a NULL argument or no time to start");
    rn_forecast *f = rni_alloc_zero(1, sizeof *f);
    if (!f) return rni_fail(RN_ERR_MEMORY, "rn_forecast_create: no memory");
    rni_history_of(folder, &history);
    (void)snprintf(f->name, sizeof f->name, "%s", rn_folder_name(folder));
    f->shown.name = f->name;
    f->shown.lines = f->lines;
    const rn_status status = forecast_from(&history, &chosen, f);
    if (status < 0) {
        rni_free(f);
        return status;
    }
    *out = f;
    if (f->shown.chosen >= 0) return RN_OK;
    return rni_fail(RN_NOT_CONVERGED, "%s", f->shown.sentence);
}

void rn_forecast_destroy(rn_forecast *forecast)
{
    rni_free(forecast);
}

const rn_forecast_answer *rn_forecast_answer_of(const rn_forecast *forecast)
{
    return forecast ? &forecast->shown : NULL;
}
