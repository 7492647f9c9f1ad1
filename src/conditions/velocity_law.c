/*
 * The rules of the velocity law, one after the other; see the header.
 */
#include <renorm/velocity_law.h>

#include <math.h>
#include <stdio.h>

#include "conditions/law_score.h"
#include "core/memory.h"
#include "core/size.h"

static const char caller[] = "rn_velocity_law_fit";

/* Most that an alternative may be asked to gain, and least that the law must gain on a constant, of
   the squared error. */
#define MAX_GAIN 0.85
#define CONTENT  0.25

/* Distances of boundaries may differ by rounding of their sums. */
#define EQUAL 1e-9

rn_velocity_law_options rn_velocity_law_options_defaults(void)
{
    return (rn_velocity_law_options){.min_scaled_time = 10.0,
                                     .min_decades = 1.0,
                                     .min_times = 5,
                                     .min_boundaries = 5,
                                     .min_cells = 60,
                                     .max_minority = 0.05,
                                     .confidence = 0.95,
                                     .stretch = 2.6,
                                     .max_width = 0.5,
                                     .gain = 5.0,
                                     .n_bootstrap = 400,
                                     .n_shuffles = 32};
}

/* ---- what is given --------------------------------------------------------------------------- */

static bool is_positive(double x)
{
    return x > 0.0 && isfinite(x);
}

static rn_status check_options(const rn_velocity_law_options *o)
{
    const bool is_sound = o->min_scaled_time >= 0.0 && is_positive(o->min_decades)
                          && o->min_times >= 3 && o->min_boundaries >= 3 && o->max_minority >= 0.0
                          && o->max_minority < 0.5 && o->confidence > 0.0 && o->confidence < 1.0
                          && is_positive(o->stretch) && is_positive(o->max_width) && o->gain >= 0.0
                          && isfinite(o->gain) && o->min_cells >= 10 && o->block_times >= 0
                          && o->n_bootstrap >= 20 && o->n_bootstrap <= 1000000 && o->n_shuffles >= 1
                          && o->n_shuffles <= 1000000;
    return is_sound ? RN_OK
                    : rni_fail(RN_ERR_ARGUMENT, "%s: an option is out of its range", caller);
}

static rn_status check_axis(const char *name, rn_index n, const double *x)
{
    for (rn_index i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            return rni_fail(RN_ERR_NONFINITE, "%s: %s[%" PRId64 "] is %g", caller, name, i, x[i]);
        if (i > 0 && !(x[i] > x[i - 1]))
            return rni_fail(RN_ERR_ARGUMENT, "%s: %s[%" PRId64 "] is %g after %g; expected more",
                            caller, name, i, x[i], x[i - 1]);
    }
    return RN_OK;
}

static rn_status check_table(const rn_velocity_table *t)
{
    if (t->n_times < 1 || t->n_boundaries < 2 || !rni_size_ok(t->n_times)
        || !rni_size_ok(t->n_boundaries) || !t->time || !t->s || !t->velocity || !t->n_eff)
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: found %" PRId64 " times and %" PRId64
                        " boundaries, expected at least 1 and 2, and no array missing",
                        caller, t->n_times, t->n_boundaries);
    RNI_TRY(check_axis("time", t->n_times, t->time));
    RNI_TRY(check_axis("s", t->n_boundaries, t->s));
    const double h = (t->s[t->n_boundaries - 1] - t->s[0]) / (double)(t->n_boundaries - 1);
    for (rn_index b = 0; b < t->n_boundaries; b++)
        if (fabs(t->s[b] - t->s[0] - h * (double)b) > EQUAL * (fabs(t->s[b]) + fabs(t->s[0]) + h))
            return rni_fail(RN_ERR_ARGUMENT,
                            "%s: s[%" PRId64 "] is %g; expected boundaries at equal distances",
                            caller, b, t->s[b]);
    return RN_OK;
}

/* ---- the inertial range ---------------------------------------------------------------------- */

static bool is_used(const rn_velocity_table *t, const rn_velocity_law_options *o, rn_index i,
                    rn_index b)
{
    const rn_index k = i * t->n_boundaries + b;
    if (!(t->time[i] > 0.0)) return false;
    if (t->lambda_max > 0.0 && t->lambda_max * t->time[i] < o->min_scaled_time) return false;
    if (t->inertial) return t->inertial[k] > 0.5;
    return is_positive(fabs(t->velocity[k]));
}

/* Numbers the lines that have cells 0, 1, ..; -1 the others. Returns how many there are. */
static rn_index number_lines(const rn_velocity_table *t, const rn_velocity_law_options *o,
                             bool is_row, rn_index *number)
{
    const rn_index n = is_row ? t->n_times : t->n_boundaries;
    const rn_index m = is_row ? t->n_boundaries : t->n_times;
    rn_index found = 0;
    for (rn_index j = 0; j < n; j++) {
        bool has_cell = false;
        for (rn_index k = 0; k < m; k++)
            has_cell |= is_used(t, o, is_row ? j : k, is_row ? k : j);
        number[j] = has_cell ? found++ : -1;
    }
    return found;
}

static rn_status fill_cells(const rn_velocity_table *t, const rn_velocity_law_options *o,
                            const rn_index *rows, const rn_index *columns, rni_cells *cells,
                            rn_index *n_positive)
{
    for (rn_index i = 0; i < t->n_times; i++)
        for (rn_index b = 0; b < t->n_boundaries; b++) {
            const rn_index k = i * t->n_boundaries + b;
            if (!is_used(t, o, i, b)) continue;
            const double w = t->velocity[k];
            if (!is_positive(fabs(w)) || !is_positive(t->n_eff[k]))
                return rni_fail(RN_ERR_NONFINITE,
                                "%s: at time %" PRId64 ", boundary %" PRId64
                                " the velocity is %g and n_eff %g, though marked inertial",
                                caller, i, b, w, t->n_eff[k]);
            *n_positive += w > 0.0;
            cells->at[cells->count++] = (rni_cell){.i = rows[i],
                                                   .b = columns[b],
                                                   .s = t->s[b],
                                                   .u = log(t->time[i]),
                                                   .y = log(fabs(w)),
                                                   .weight = w > 0.0 ? t->n_eff[k] : -t->n_eff[k]};
        }
    return RN_OK;
}

/* Cells of the majority sign stay, their weights positive; the sign was kept in the weight. */
static void keep_majority(rni_cells *cells, int sign)
{
    rn_index kept = 0;
    for (rn_index k = 0; k < cells->count; k++) {
        if ((cells->at[k].weight > 0.0) != (sign > 0)) continue;
        cells->at[kept] = cells->at[k];
        cells->at[kept].weight = fabs(cells->at[k].weight);
        kept++;
    }
    cells->count = kept;
}

static double decades(const rni_cells *cells, bool is_time)
{
    double low = (double)INFINITY;
    double high = -(double)INFINITY;
    for (rn_index k = 0; k < cells->count; k++) {
        const double x = is_time ? cells->at[k].u : cells->at[k].s;
        low = fmin(low, x);
        high = fmax(high, x);
    }
    return cells->count > 0 ? (high - low) / log(10.0) : 0.0;
}

static rn_status gather(const rn_velocity_table *t, const rn_velocity_law_options *o,
                        rni_cells *cells, rn_velocity_law *law)
{
    const rn_index n = t->n_times * t->n_boundaries;
    rn_index *numbers = rni_alloc(t->n_times + t->n_boundaries, sizeof *numbers);
    cells->at = rni_alloc(n, sizeof *cells->at);
    if (!numbers || !cells->at) {
        rni_free(numbers);
        return rni_fail(RN_ERR_MEMORY, "%s: no memory for %" PRId64 " cells", caller, n);
    }
    rn_index n_positive = 0;
    cells->h = (t->s[t->n_boundaries - 1] - t->s[0]) / (double)(t->n_boundaries - 1);
    cells->n_times = number_lines(t, o, true, numbers);
    cells->n_boundaries = number_lines(t, o, false, numbers + t->n_times);
    const rn_status status = fill_cells(t, o, numbers, numbers + t->n_times, cells, &n_positive);
    rni_free(numbers);
    if (status < 0) return status;
    law->n_cells = cells->count;
    law->n_times = cells->n_times;
    law->n_boundaries = cells->n_boundaries;
    law->decades_time = decades(cells, true);
    law->decades_lambda = decades(cells, false);
    law->sign = 2 * n_positive >= cells->count ? 1 : -1;
    const rn_index n_minority = law->sign > 0 ? cells->count - n_positive : n_positive;
    if (cells->count > 0) law->minority = (double)n_minority / (double)cells->count;
    keep_majority(cells, law->sign);
    return RN_OK;
}

/* ---- the fit --------------------------------------------------------------------------------- */

static double rms_about(const rni_cells *cells, const rni_fit *fit)
{
    double sum = 0.0;
    double total = 0.0;
    for (rn_index k = 0; k < cells->count; k++) {
        const double rest = cells->at[k].y - rni_fit_at(fit, &cells->at[k]);
        sum += cells->at[k].weight * rest * rest;
        total += cells->at[k].weight;
    }
    return sqrt(sum / total);
}

static double gap_of(const rni_fit *fit)
{
    return fit->coefficient[2] - (fit->coefficient[1] - 1.0);
}

/* The change of the gap when time starts half the first time in use later. */
static double shift_time(rni_cells *cells, double gap)
{
    rni_fit fit;
    double first = (double)INFINITY;
    for (rn_index k = 0; k < cells->count; k++)
        first = fmin(first, exp(cells->at[k].u));
    for (rn_index k = 0; k < cells->count; k++)
        cells->at[k].u = log(exp(cells->at[k].u) - 0.5 * first);
    return rni_fit_cells(cells, RNI_TERMS_LAW, NULL, NULL, &fit) ? gap_of(&fit) - gap : (double)NAN;
}

/* All numbers; *is_fitted: false where the cells do not determine a law. */
static rn_status measure(rni_cells *cells, const rn_velocity_law_options *o, rn_velocity_law *law,
                         bool *is_fitted)
{
    rni_fit fit;
    const rn_index block_times =
        o->block_times > 0 ? o->block_times : rni_max(2, rni_ceil_div(cells->n_times, 3));
    *is_fitted = rni_fit_cells(cells, RNI_TERMS_LAW, NULL, NULL, &fit);
    if (!*is_fitted) return RN_OK;
    law->a.value = fit.coefficient[1];
    law->gamma.value = fit.coefficient[2];
    law->gap.value = gap_of(&fit);
    law->ln_c0 = fit.coefficient[0] - law->a.value * fit.s0 - law->gamma.value * fit.u0;
    law->rms = rms_about(cells, &fit);
    RNI_TRY(rni_law_intervals(cells, o, block_times, law));
    RNI_TRY(rni_law_score(cells, block_times, law));
    RNI_TRY(rni_law_collapse(cells, o, law));
    law->offset_gap = shift_time(cells, law->gap.value);
    return RN_OK;
}

static bool holds_zero(const rn_interval *x)
{
    return x->low <= 0.0 && x->high >= 0.0;
}

/* The rules behind the fit. */
static rn_velocity_law_reason judge(const rn_velocity_law_options *o, const rn_velocity_law *law)
{
    const double half_width = 0.5 * (law->gap.high - law->gap.low);
    const double best_other = fmin(law->score_quadratic, law->score_free);
    if (!(half_width <= o->max_width) || !isfinite(law->score_law)) return RN_LAW_WIDTH;
    const double gain = fmin(o->gain / sqrt((double)law->n_cells), MAX_GAIN);
    if (best_other < (1.0 - gain) * law->score_law) return RN_LAW_SHAPE;
    if (!holds_zero(&law->gap)) return RN_LAW_SCALING;
    const bool is_flat = holds_zero(&law->a) && holds_zero(&law->gamma);
    if (!is_flat && !(law->score_law < (1.0 - CONTENT) * law->score_mean)) return RN_LAW_CONTENT;
    return RN_LAW_AGREES;
}

static rn_verdict verdict_of(rn_velocity_law_reason reason)
{
    switch (reason) {
    case RN_LAW_AGREES: return RN_VERDICT_HOLDS;
    case RN_LAW_SIGN:
    case RN_LAW_SHAPE:
    case RN_LAW_SCALING: return RN_VERDICT_FAILS;
    default: return RN_VERDICT_CANNOT_TELL;
    }
}

static rn_status decide(rni_cells *cells, const rn_velocity_law_options *o, rn_velocity_law *law)
{
    bool is_fitted = false;
    const bool is_wide = law->n_times >= o->min_times && law->n_boundaries >= o->min_boundaries
                         && law->n_cells >= o->min_cells && law->decades_time >= o->min_decades
                         && law->decades_lambda >= o->min_decades;
    law->reason = RN_LAW_RANGE;
    if (is_wide) {
        RNI_TRY(measure(cells, o, law, &is_fitted));
        law->reason = law->minority > o->max_minority ? RN_LAW_SIGN
                      : is_fitted                     ? judge(o, law)
                                                      : RN_LAW_RANGE;
    }
    law->verdict = verdict_of(law->reason);
    return RN_OK;
}

rn_status rn_velocity_law_fit(const rn_velocity_table *table,
                              const rn_velocity_law_options *options, rn_velocity_law *out)
{
    const rn_velocity_law_options chosen = options ? *options : rn_velocity_law_options_defaults();
    const double missing = (double)NAN;
    const rn_interval none = {missing, missing, missing};
    rn_velocity_law law = {.a = none,
                           .gamma = none,
                           .gap = none,
                           .ln_c0 = missing,
                           .rms = missing,
                           .score_law = missing,
                           .score_quadratic = missing,
                           .score_free = missing,
                           .score_mean = missing,
                           .collapse = missing,
                           .collapse_shuffled = missing,
                           .offset_gap = missing};
    rni_cells cells = {0};
    if (!table || !out) return rni_fail(RN_ERR_ARGUMENT, "%s: an argument is NULL", caller);
    RNI_TRY(check_options(&chosen));
    RNI_TRY(check_table(table));
    rn_status status = gather(table, &chosen, &cells, &law);
    if (status == RN_OK) status = decide(&cells, &chosen, &law);
    rni_free(cells.at);
    if (status == RN_OK) *out = law;
    return status;
}

/* ---- in words -------------------------------------------------------------------------------- */

const char *rn_velocity_law_explain(const rn_velocity_law *law,
                                    const rn_velocity_law_options *options, char *text,
                                    rn_index size)
{
    const rn_velocity_law_options o = options ? *options : rn_velocity_law_options_defaults();
    const size_t n = size > 0 ? (size_t)size : 0;
    switch (law->reason) {
    case RN_LAW_RANGE:
        (void)snprintf(
            text, n,
            "the inertial range has %" PRId64 " cells: %" PRId64
            " times over %.2g decades, %" PRId64 " boundaries over %.2g decades of lambda; %" PRId64
            " cells, %" PRId64 " times and %" PRId64
            " boundaries over %.2g decades each would suffice: train longer, measure "
            "more often, use more samples",
            law->n_cells, law->n_times, law->decades_time, law->n_boundaries, law->decades_lambda,
            o.min_cells, o.min_times, o.min_boundaries, o.min_decades);
        break;
    case RN_LAW_SIGN:
        (void)snprintf(text, n,
                       "energy moves both ways: %.0f %% of the velocities have the other sign, "
                       "at most %.0f %% may",
                       100.0 * law->minority, 100.0 * o.max_minority);
        break;
    case RN_LAW_WIDTH:
        (void)snprintf(text, n,
                       "gamma - (a - 1) is known to +- %.2g only, +- %.2g would suffice: more "
                       "times, more boundaries, or several seeds",
                       0.5 * (law->gap.high - law->gap.low), o.max_width);
        break;
    case RN_LAW_SHAPE:
        (void)snprintf(text, n,
                       "ln|w| is not straight: left-out blocks are predicted with error %.2g by a "
                       "power law, %.2g by a quadratic one, %.2g by free functions of s and t",
                       sqrt(law->score_law), sqrt(law->score_quadratic), sqrt(law->score_free));
        break;
    case RN_LAW_SCALING:
        (void)snprintf(text, n,
                       "w is a power of lambda, but t w is no function of lambda t: gamma is %.2f, "
                       "a - 1 is %.2f, their difference within [%.2f, %.2f]",
                       law->gamma.value, law->a.value - 1.0, law->gap.low, law->gap.high);
        break;
    case RN_LAW_CONTENT:
        (void)snprintf(text, n,
                       "a power law predicts left-out blocks no better than a constant does "
                       "(errors %.2g and %.2g): the scatter hides whatever law there is",
                       sqrt(law->score_law), sqrt(law->score_mean));
        break;
    default:
        (void)snprintf(text, n,
                       "t w = c0 (lambda t)^a with a = %.2f [%.2f, %.2f]; scatter %.2g nats, "
                       "collapse error %.2g (times exchanged: %.2g)",
                       law->a.value, law->a.low, law->a.high, law->rms, law->collapse,
                       law->collapse_shuffled);
    }
    return text;
}
