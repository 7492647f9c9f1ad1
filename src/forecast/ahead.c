/*
 * Frozen modes, transported modes and curves from one origin.
 *
 * sigma of ln L, before calibration (our definition), with delta = |ln transport - ln frozen| and
 * decay = |ln(L/L0)|:
 *
 *   transport  root of (scatter over draws of the velocity)^2 + (delta/2)^2 + (decay/10)^2
 *   frozen     root of delta^2 + (decay/10)^2
 *   curves     decay
 *
 * A draw of the velocity takes one of the last three measurements and resamples blocks of 2h of its
 * boundaries; of quadrature nodes it also shifts the flux by a normal number of its errors.
 *
 * Where nodes stand for modes, frozen is the geometric mean of its guaranteed bounds, transport is
 * lifted by the same factor, and the intervals of both reach as far beyond the bounds as they would
 * beyond the forecast.
 */
#include "forecast/ahead.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/memory.h"
#include "core/rng.h"
#include "core/status.h"
#include "forecast/calibration.h"
#include "forecast/curve.h"
#include "forecast/drift.h"

enum { N_DRAWS = 16, DRAWN_FROM = 3, BLOCK = 2 };

/* Index of the shift in the stream of a draw, behind those of the blocks. */
enum { SHIFT_INDEX = 1 << 20 };

/* Relative size of what a forecast is never better than: rounding and printed digits. */
#define LEAST_SIGMA 1e-6

typedef struct look {
    const rni_history *h;
    const rn_snapshot *at;
    rn_index n_times;
    const double *ahead; /* [n_times] times less that of the measurement */
    rn_mode_set modes;
    double *velocity; /* [most boundaries] */
    double *counts;   /* [most boundaries] */
    double *losses;   /* [N_ROWS n_times] */
    double *reach;    /* [n_times] ln(time/start) */
} look;

static double *losses_of(const look *x, int row)
{
    return x->losses + (rn_index)row * x->n_times;
}

/* Behind the methods: scatter, one draw, bounds of frozen (NaN: none), frozen over the sum of
 * nodes. */
enum { ROW_SCATTER = RN_FORECAST_METHODS, ROW_DRAW, ROW_LOW, ROW_HIGH, ROW_LIFT, N_ROWS };

static void fill(rn_index n, double *values, double value)
{
    for (rn_index k = 0; k < n; k++)
        values[k] = value;
}

/* ---- transport ------------------------------------------------------------------------------- */

static rn_status blow(const look *x, const rn_snapshot *from, const double *counts, double shift,
                      double *losses)
{
    const double here = rni_history_dissipation(x->at);
    const double there = rni_history_dissipation(from);
    const double scale = from == x->at || !(there > 0.0) ? 1.0 : here / there;
    if (!rni_drift_estimate(from, counts, shift, x->velocity)) {
        fill(x->n_times, losses, (double)NAN);
        return rni_fail(RN_NOT_CONVERGED, "no boundary that was measured there has energy");
    }
    for (rn_index i = 0; i < from->n_boundaries; i++)
        x->velocity[i] *= scale;
    const rn_mode_wind wind = {.n = from->n_boundaries,
                               .s = from->s,
                               .velocity = x->velocity,
                               .rule = RN_WIND_DISSIPATION,
                               .power = 1.0};
    const rn_status status = rn_modes_transport(&x->modes, &wind, x->n_times, x->ahead, losses);
    for (rn_index k = 0; k < x->n_times && status >= 0; k++)
        losses[k] *= losses_of(x, ROW_LIFT)[k];
    return status;
}

/* How often each block of boundaries is drawn. */
static void draw_counts(rni_stream stream, rn_index draw, rn_index n, double *counts)
{
    const rn_index n_blocks = (n + BLOCK - 1) / BLOCK;
    fill(n, counts, 0.0);
    for (rn_index k = 0; k < n_blocks; k++) {
        const uint64_t index = (uint64_t)(draw * 4096 + k);
        const rn_index block = (rn_index)rni_rng_below(stream, index, (uint64_t)n_blocks);
        for (rn_index b = block * BLOCK; b < n && b < (block + 1) * BLOCK; b++)
            counts[b] += 1.0;
    }
}

/* Standard deviation of ln L over the draws about the forecast. */
static rn_status scatter(const look *x, rn_index snapshot)
{
    const double *const middle = losses_of(x, RN_FORECAST_TRANSPORT);
    double *const sum = losses_of(x, ROW_SCATTER);
    double *const one = losses_of(x, ROW_DRAW);
    char unused[RN_FORECAST_TEXT];
    rn_index n_done = 0;
    fill(x->n_times, sum, 0.0);
    for (rn_index d = 0; d < N_DRAWS; d++) {
        const rni_stream stream = {.purpose = RNI_RNG_BOOTSTRAP, .part = (uint32_t)d};
        const rn_snapshot *from = x->h->snapshot(x->h->source, snapshot - d % DRAWN_FROM);
        if (!from || from->n_modes < 1 || rni_drift_is_barred(from, unused)) continue;
        draw_counts(stream, d, from->n_boundaries, x->counts);
        const double shift = rni_history_is_free(from) ? rni_rng_normal(stream, SHIFT_INDEX) : 0.0;
        const rn_status status = blow(x, from, x->counts, shift, one);
        if (status < 0) return status;
        n_done++;
        for (rn_index k = 0; k < x->n_times; k++) {
            const double apart = log(one[k] / middle[k]);
            /* a draw that cannot go on says nothing of the loss, except that it is not sure */
            sum[k] += isfinite(apart) ? apart * apart : 1.0;
        }
    }
    for (rn_index k = 0; k < x->n_times; k++)
        sum[k] = n_done > 0 ? sqrt(sum[k] / (double)n_done) : 0.0;
    return RN_OK;
}

static rn_status tell_transport(const look *x, rn_index snapshot, char *reason)
{
    double *const losses = losses_of(x, RN_FORECAST_TRANSPORT);
    if (rni_drift_is_barred(x->at, reason)) return RN_OK;
    const rn_status status = blow(x, x->at, NULL, 0.0, losses);
    if (status == RN_ERR_MEMORY) return status;
    if (status != RN_OK) (void)snprintf(reason, RN_FORECAST_TEXT, "%s", rn_last_message());
    if (status < 0) {
        fill(x->n_times, losses, (double)NAN);
        return RN_OK;
    }
    return scatter(x, snapshot);
}

/* ---- modes ----------------------------------------------------------------------------------- */

/* Both methods have the same obstacle. */
static void bar_modes(const look *x, char reason[][RN_FORECAST_TEXT], const char *why)
{
    for (int m = RN_FORECAST_FROZEN; m <= RN_FORECAST_TRANSPORT; m++) {
        (void)snprintf(reason[m], RN_FORECAST_TEXT, "%s", why);
        fill(x->n_times, losses_of(x, m), (double)NAN);
    }
}

/* Frozen modes; of quadrature nodes between their bounds. */
static rn_status tell_frozen(look *x)
{
    double *const loss = losses_of(x, RN_FORECAST_FROZEN);
    double *const low = losses_of(x, ROW_LOW);
    double *const high = losses_of(x, ROW_HIGH);
    double *const lift = losses_of(x, ROW_LIFT);
    RNI_TRY(rn_modes_frozen(&x->modes, x->n_times, x->ahead, loss));
    fill(x->n_times, lift, 1.0);
    if (!rni_history_is_free(x->at)) return RN_OK;
    /* an exhausted Lanczos basis resolves down to its own lowest node */
    const int is_exact = x->at->lambda_floor < x->at->lambda[0];
    const rn_status status = rn_modes_frozen_bounds(&x->modes, x->at->lanczos_noise, is_exact,
                                                    x->n_times, x->ahead, low, high);
    if (status == RN_ERR_MEMORY) return status;
    for (rn_index k = 0; k < x->n_times && status == RN_OK; k++) {
        if (low[k] > 0.0) lift[k] = sqrt(low[k] * high[k]) / loss[k];
        loss[k] *= lift[k];
    }
    return RN_OK;
}

static rn_status tell_modes(look *x, rn_index snapshot, char reason[][RN_FORECAST_TEXT])
{
    rn_mode_piece pieces[RNI_MOST_PIECES];
    if (!x->at || x->h->obstacle[0]) {
        bar_modes(x, reason, x->at ? x->h->obstacle : "no spectrum was measured up to there");
        return RN_OK;
    }
    double *const arrays = rni_alloc(2 * x->at->n_modes, sizeof *arrays);
    if (!arrays) return rni_fail(RN_ERR_MEMORY, "rn_forecast_create: no memory for modes");
    rni_history_modes(x->at, arrays, &x->modes);
    x->modes.pieces = pieces;
    x->modes.n_pieces = rni_history_plan(x->h, x->at->record.time, pieces);
    rn_status status = tell_frozen(x);
    if (status == RN_OK)
        status = tell_transport(x, snapshot, reason[RN_FORECAST_TRANSPORT]);
    else if (status != RN_ERR_MEMORY) {
        bar_modes(x, reason, rn_last_message());
        status = RN_OK;
    }
    rni_free(arrays);
    return status;
}

/* ---- intervals ------------------------------------------------------------------------------- */

static double sigma_of(const look *x, int method, rn_index k, double start)
{
    const double loss = losses_of(x, method)[k];
    const double decay = log(loss / start);
    double delta =
        log(losses_of(x, RN_FORECAST_TRANSPORT)[k] / losses_of(x, RN_FORECAST_FROZEN)[k]);
    double sum = LEAST_SIGMA * LEAST_SIGMA;
    if (!isfinite(delta)) delta = 0.5 * decay; /* no velocity: the drift is not known */
    switch (method) {
    case RN_FORECAST_FROZEN: return sqrt(sum + delta * delta + 0.01 * decay * decay);
    case RN_FORECAST_TRANSPORT:
        sum += losses_of(x, ROW_SCATTER)[k] * losses_of(x, ROW_SCATTER)[k];
        return sqrt(sum + 0.25 * delta * delta + 0.01 * decay * decay);
    default: return sqrt(sum + x->reach[k] * x->reach[k]);
    }
}

static rn_forecast_value value_of(const look *x, int method, rn_index k, double start)
{
    const double loss = losses_of(x, method)[k];
    const double frozen = losses_of(x, RN_FORECAST_FROZEN)[k];
    const bool has_bounds = method <= RN_FORECAST_TRANSPORT && isfinite(losses_of(x, ROW_HIGH)[k]);
    const double least = has_bounds ? loss * (losses_of(x, ROW_LOW)[k] / frozen) : loss;
    const double most = has_bounds ? loss * (losses_of(x, ROW_HIGH)[k] / frozen) : loss;
    const double sigma = loss > 0.0 && start > 0.0 ? sigma_of(x, method, k, start) : (double)NAN;
    return rni_calibration_value(method, x->reach[k], loss, least, most, sigma);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static rn_status tell(look *x, rni_origin origin, const double *times, rn_forecast_value *values,
                      double *bounds, char reason[][RN_FORECAST_TEXT])
{
    const double start = x->at ? x->at->record.loss : x->h->records[origin.record].loss;
    for (int m = 0; m < RN_FORECAST_METHODS; m++)
        reason[m][0] = 0;
    for (int row = 0; row < N_ROWS; row++)
        fill(x->n_times, losses_of(x, row), (double)NAN);
    RNI_TRY(tell_modes(x, origin.snapshot, reason));
    for (int m = RN_FORECAST_POWER; m <= RN_FORECAST_LINE; m++)
        RNI_TRY(rni_curve_tell(x->h, origin.record, (rn_forecast_method)m, x->n_times, times,
                               losses_of(x, m), reason[m]));
    for (rn_index k = 0; k < x->n_times; k++)
        for (int m = 0; m < RN_FORECAST_METHODS; m++)
            values[k * RN_FORECAST_METHODS + m] = value_of(x, m, k, start);
    for (rn_index k = 0; k < x->n_times && bounds; k++) {
        bounds[2 * k] = losses_of(x, ROW_LOW)[k];
        bounds[2 * k + 1] = losses_of(x, ROW_HIGH)[k];
    }
    return RN_OK;
}

static rn_index most_boundaries(const rni_history *h)
{
    rn_index most = 0;
    for (rn_index i = 0; i < h->n_snapshots; i++) {
        const rn_snapshot *at = h->snapshot(h->source, i);
        if (at->n_boundaries > most) most = at->n_boundaries;
    }
    return most;
}

rn_status rni_ahead_tell(const rni_history *h, rni_origin origin, rn_index n_times,
                         const double *times, rn_forecast_value *values, double *bounds,
                         char reason[][RN_FORECAST_TEXT])
{
    const rn_index n_boundaries = most_boundaries(h);
    const rn_index total = 2 * n_boundaries + (2 + N_ROWS) * n_times;
    double *const block = rni_alloc(total, sizeof *block);
    if (!block) return rni_fail(RN_ERR_MEMORY, "rn_forecast_create: no memory for losses");
    double *const ahead = block + 2 * n_boundaries;
    look x = {.h = h,
              .at = origin.snapshot >= 0 ? h->snapshot(h->source, origin.snapshot) : NULL,
              .n_times = n_times,
              .ahead = ahead,
              .velocity = block,
              .counts = block + n_boundaries,
              .losses = ahead + 2 * n_times,
              .reach = ahead + n_times};
    const double from = x.at ? x.at->record.time : h->records[origin.record].time;
    for (rn_index k = 0; k < n_times; k++) {
        ahead[k] = fmax(times[k] - from, 0.0);
        x.reach[k] = from > 0.0 ? log(fmax(times[k] / from, 1.0)) : (double)INFINITY;
    }
    const rn_status status = tell(&x, origin, times, values, bounds, reason);
    rni_free(block);
    return status;
}
