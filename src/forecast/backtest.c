/*
 * Forecasts from earlier times, held against what came.
 */
#include <math.h>
#include <renorm/forecast.h>
#include <renorm/sample.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "core/text.h"
#include "forecast/ahead.h"
#include "forecast/held_out.h"
#include "store/seal.h"

static const double factors[RN_BACKTEST_FACTORS] = {2.0, 4.0, 10.0};

double rn_backtest_factor(rn_index i)
{
    return i >= 0 && i < RN_BACKTEST_FACTORS ? factors[i] : (double)NAN;
}

/* ---- halves ---------------------------------------------------------------------------------- */

/* Settings that came after the split was fixed, with what was meant before they came: a run that
   has that stays in its half. Whoever adds a setting to what the bank uses adds it here
   (test_bank_split). */
static const struct {
    const char *key, *value;
} later[] = {{"sampler.kind", "full"}, {"data.square", "false"}};

/* Settings that make no other configuration in the sense of the split. */
static bool is_left_out(const rn_entry *entry)
{
    static const char *const keys[] = {"seed", "steps", "threads", "data.seed"};
    const char *key = entry->key;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(key, keys[i]) == 0) return true;
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
        if (strcmp(key, later[i].key) == 0 && strcmp(entry->value, later[i].value) == 0)
            return true;
    return strncmp(key, "measure.", 8) == 0 || strncmp(key, "output.", 7) == 0;
}

static int half_of(const rn_folder *folder)
{
    uint64_t crc = 0;
    for (rn_index i = 0; rn_folder_setting(folder, i); i++) {
        const rn_entry *entry = rn_folder_setting(folder, i);
        if (is_left_out(entry)) continue;
        crc = rni_crc(crc, entry->key, (rn_index)strlen(entry->key));
        crc = rni_crc(crc, "=", 1);
        crc = rni_crc(crc, entry->value, (rn_index)strlen(entry->value));
        crc = rni_crc(crc, "\n", 1);
    }
    return (int)(crc & 1);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static double drift_until(const rni_history *h, rn_index snapshot, double time)
{
    const rn_index last = rni_history_snapshot(h, time);
    const double now = h->snapshot(h->source, snapshot)->kernel_size;
    const double then = last >= 0 ? h->snapshot(h->source, last)->kernel_size : (double)NAN;
    return fabs(log(then / now));
}

/* All factors from one origin; those beyond the run are left out. */
static rn_status add_origin(const rni_history *h, rn_index snapshot, rn_backtest *out)
{
    const rn_record *at = &h->snapshot(h->source, snapshot)->record;
    const rni_origin origin = {.record = rni_history_record(h, at->time), .snapshot = snapshot};
    char reason[RN_FORECAST_METHODS][RN_FORECAST_TEXT];
    double times[RN_BACKTEST_FACTORS];
    rn_forecast_value values[RN_BACKTEST_FACTORS * RN_FORECAST_METHODS];
    rn_forecast_held_out held_out[RN_BACKTEST_FACTORS];
    rn_index n = 0;
    /* a run that covers a factor covers the smaller ones */
    while (n < RN_BACKTEST_FACTORS && isfinite(rni_history_loss(h, factors[n] * at->time))) {
        times[n] = factors[n] * at->time;
        n++;
    }
    if (n == 0 || at->step < RN_BACKTEST_MIN_STEP) return RN_OK;
    rni_held_out_tell(h, h->snapshot(h->source, snapshot), held_out);
    RNI_TRY(rni_ahead_tell(h, origin, n, times, values, NULL, reason));
    for (rn_index k = 0; k < n; k++) {
        rn_backtest_line *line = &out->lines[out->n_lines++];
        *line = (rn_backtest_line){.step = at->step,
                                   .from = at->time,
                                   .factor = times[k] / at->time,
                                   .measured = rni_history_loss(h, times[k]),
                                   .drift = drift_until(h, snapshot, times[k]),
                                   .held_out = held_out[k].value,
                                   .held_out_measured = held_out[k].measured};
        memcpy(line->by, values + k * RN_FORECAST_METHODS, sizeof line->by);
    }
    return RN_OK;
}

rn_status rn_backtest_run(const rn_folder *folder, rn_backtest *out)
{
    rni_history h;
    if (!folder || !out) return rni_fail(RN_ERR_ARGUMENT, "rn_backtest_run: an argument is NULL");
    rni_history_of(folder, &h);
    rn_backtest made = {.half = half_of(folder)};
    made.lines = rni_alloc_zero(h.n_snapshots * RN_BACKTEST_FACTORS + 1, sizeof *made.lines);
    if (!made.lines)
        return rni_fail(RN_ERR_MEMORY, "rn_backtest_run: no memory for %" PRId64 " origins",
                        h.n_snapshots);
    rn_status status = RN_OK;
    for (rn_index i = 0; i < h.n_snapshots && status == RN_OK; i++)
        if (h.snapshot(h.source, i)->n_modes > 0) status = add_origin(&h, i, &made);
    if (status == RN_OK && made.n_lines == 0)
        status = rni_fail(RN_ERR_DOMAIN,
                          "%s: the history is too short for a back-test: found no measurement at "
                          "step %d or later with twice its time ahead of it; about %d steps with "
                          "measurements between would suffice",
                          rn_folder_path(folder), RN_BACKTEST_MIN_STEP, 10 * RN_BACKTEST_MIN_STEP);
    if (status < 0)
        rn_backtest_clear(&made);
    else
        *out = made;
    return status;
}

void rn_backtest_clear(rn_backtest *backtest)
{
    if (!backtest) return;
    rni_free(backtest->lines);
    *backtest = (rn_backtest){0};
}

/* ---- scores ---------------------------------------------------------------------------------- */

typedef struct tally {
    rn_index n, n_told, n_within50, n_within90;
    double *sizes;  /* |ln error|, infinite where nothing was told */
    double *errors; /* of what was told */
} tally;

static void count(tally *t, const rn_forecast_value *v, double measured)
{
    const double error = log(v->loss / measured);
    t->sizes[t->n++] = isfinite(error) ? fabs(error) : (double)INFINITY;
    if (!isfinite(error)) return;
    t->errors[t->n_told++] = error;
    t->n_within50 += measured >= v->low50 && measured <= v->high50;
    t->n_within90 += measured >= v->low90 && measured <= v->high90;
}

static rn_status summarise(const tally *t, rn_backtest_score *out)
{
    rn_sample_summary sizes;
    rn_sample_summary errors;
    RNI_TRY(rn_sample_summarise(t->n, t->sizes, &sizes));
    RNI_TRY(rn_sample_summarise(t->n_told, t->errors, &errors));
    const double told = t->n_told > 0 ? (double)t->n_told : (double)NAN;
    *out = (rn_backtest_score){.n_lines = t->n,
                               .n_told = t->n_told,
                               .median = sizes.median,
                               .low = sizes.low,
                               .high = sizes.high,
                               .bias = errors.median,
                               .covered50 = (double)t->n_within50 / told,
                               .covered90 = (double)t->n_within90 / told};
    return RN_OK;
}

/* In place of a method. */
#define HELD_OUT (-1)

static rn_status judge(rn_index n, const rn_backtest *backtests, int method, double factor,
                       int half, double min_drift, rn_backtest_score *out)
{
    rn_index total = 0;
    for (rn_index i = 0; i < n; i++)
        total += backtests[i].n_lines;
    double *const block = rni_alloc(2 * total + 1, sizeof *block);
    if (!block)
        return rni_fail(RN_ERR_MEMORY, "rn_backtest_judge: no memory for %" PRId64 " lines", total);
    tally t = {.sizes = block, .errors = block + total};
    for (rn_index i = 0; i < n; i++)
        for (rn_index k = 0; k < backtests[i].n_lines; k++) {
            const rn_backtest_line *line = &backtests[i].lines[k];
            const bool is_wanted = (half < 0 || backtests[i].half == half)
                                   && fabs(line->factor - factor) < 1e-6 * factor
                                   && !(min_drift > 0.0 && !(line->drift >= min_drift));
            if (is_wanted && method != HELD_OUT)
                count(&t, &line->by[method], line->measured);
            else if (is_wanted && isfinite(line->held_out_measured))
                count(&t, &line->held_out, line->held_out_measured);
        }
    const rn_status status = summarise(&t, out);
    rni_free(block);
    return status;
}

rn_status rn_backtest_judge(rn_index n, const rn_backtest *backtests, rn_forecast_method method,
                            double factor, int half, double min_drift, rn_backtest_score *out)
{
    if (n < 0 || (n > 0 && !backtests) || !out || !rn_forecast_method_name(method))
        return rni_fail(RN_ERR_ARGUMENT, "rn_backtest_judge: an argument is NULL or out of range");
    return judge(n, backtests, (int)method, factor, half, min_drift, out);
}

rn_status rn_backtest_judge_held_out(rn_index n, const rn_backtest *backtests, double factor,
                                     int half, double min_drift, rn_backtest_score *out)
{
    if (n < 0 || (n > 0 && !backtests) || !out)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_backtest_judge_held_out: an argument is NULL or out of range");
    return judge(n, backtests, HELD_OUT, factor, half, min_drift, out);
}
