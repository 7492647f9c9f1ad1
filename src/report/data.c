/*
 * Runs as JSON. Curves and spectra are thinned here; everything else goes in whole.
 */
#include "report/data.h"

#include <math.h>

#include "core/memory.h"
#include "core/status.h"

#define MOST_POINTS 1500
#define N_INTERVALS 500
/* modes: the largest one by one, then evenly in ln(rank) */
#define N_TOP_MODES 64
#define MODE_STEP   0.012

/* ---- metrics --------------------------------------------------------------------------------- */

static rn_index interval_of(rn_index n, const rn_record *records, rn_index i)
{
    const double last = log((double)records[n - 1].step + 1.0);
    const double here = log((double)records[i].step + 1.0);
    return last > 0.0 ? (rn_index)(here / last * (double)N_INTERVALS) : 0;
}

rn_index rni_report_thin(rn_index n, const rn_record *records, unsigned char *keep)
{
    rn_index count = 0;
    rn_index low = 0;
    rn_index high = 0;
    rn_index interval = -1;
    for (rn_index i = 0; i < n; i++) {
        keep[i] =
            (unsigned char)(n <= MOST_POINTS || i == n - 1 || isfinite(records[i].held_out_loss)
                            || !isfinite(records[i].loss));
        const rn_index here = interval_of(n, records, i);
        if (here != interval) {
            interval = here;
            low = high = i;
            keep[i] = 1;
            continue;
        }
        if (records[i].loss < records[low].loss) low = i;
        if (records[i].loss > records[high].loss) high = i;
        if (i + 1 == n || interval_of(n, records, i + 1) != interval) keep[low] = keep[high] = 1;
    }
    for (rn_index i = 0; i < n; i++)
        count += keep[i];
    return count;
}

typedef double (*column)(const rn_record *record);

static double get_time(const rn_record *record)
{
    return record->time;
}

static double get_loss(const rn_record *record)
{
    return record->loss;
}

static double get_learning_rate(const rn_record *record)
{
    return record->learning_rate;
}

static double get_accuracy(const rn_record *record)
{
    return record->accuracy;
}

static double get_held_out_loss(const rn_record *record)
{
    return record->held_out_loss;
}

static double get_held_out_accuracy(const rn_record *record)
{
    return record->held_out_accuracy;
}

static double get_gradient_norm(const rn_record *record)
{
    return record->gradient_norm;
}

static const struct {
    const char *name;
    column get;
} metric_columns[] = {
    {"time", get_time},
    {"loss", get_loss},
    {"learning_rate", get_learning_rate},
    {"accuracy", get_accuracy},
    {"held_out_loss", get_held_out_loss},
    {"held_out_accuracy", get_held_out_accuracy},
    {"gradient_norm", get_gradient_norm},
};
#define N_METRICS (sizeof metric_columns / sizeof metric_columns[0])

static void add_metrics(rni_json *json, const rn_folder *folder, const unsigned char *keep,
                        rn_index n_kept)
{
    const rn_index n = rn_folder_n_records(folder);
    rni_json_object(json, "metrics");
    rni_json_integer(json, "n_rows", n);
    rni_json_integer(json, "n_shown", n_kept);
    rni_json_list(json, "step");
    for (rn_index i = 0; i < n; i++)
        if (keep[i]) rni_json_integer(json, NULL, rn_folder_record(folder, i)->step);
    rni_json_close(json);
    for (size_t c = 0; c < N_METRICS; c++) {
        rni_json_list(json, metric_columns[c].name);
        for (rn_index i = 0; i < n; i++)
            if (keep[i])
                rni_json_real(json, NULL, metric_columns[c].get(rn_folder_record(folder, i)));
        rni_json_close(json);
    }
    rni_json_close(json);
}

/* ---- snapshots ------------------------------------------------------------------------------- */

static bool has_numbers(rn_index count, const double *values)
{
    for (rn_index i = 0; i < count; i++)
        if (isfinite(values[i])) return true;
    return false;
}

static bool is_shown_mode(rn_index rank)
{
    const double here = log((double)rank) / MODE_STEP;
    const double next = log((double)rank + 1.0) / MODE_STEP;
    return rank <= N_TOP_MODES || floor(next) > floor(here);
}

/* Modes from the largest eigenvalue down; share = g^2 / sum g^2. */
static void add_modes(rni_json *json, const rn_snapshot *at)
{
    double total = 0.0;
    for (rn_index i = 0; i < at->n_modes; i++)
        total += at->g[i] * at->g[i];
    rni_json_object(json, "modes");
    rni_json_integer(json, "n", at->n_modes);
    rni_json_list(json, "rank");
    for (rn_index rank = 1; rank <= at->n_modes; rank++)
        if (is_shown_mode(rank)) rni_json_integer(json, NULL, rank);
    rni_json_close(json);
    rni_json_list(json, "lambda");
    for (rn_index rank = 1; rank <= at->n_modes; rank++)
        if (is_shown_mode(rank)) rni_json_real(json, NULL, at->lambda[at->n_modes - rank]);
    rni_json_close(json);
    rni_json_list(json, "share");
    for (rn_index rank = 1; rank <= at->n_modes; rank++) {
        const double g = at->g[at->n_modes - rank];
        if (is_shown_mode(rank)) rni_json_real(json, NULL, g * g / total);
    }
    rni_json_close(json);
    rni_json_close(json);
}

static void add_snapshot(rni_json *json, const rn_snapshot *at)
{
    rni_json_object(json, NULL);
    rni_json_integer(json, "step", at->record.step);
    for (rn_index i = 0; rn_snapshot_field(i); i++) {
        const rn_field *field = rn_snapshot_field(i);
        rn_index count = 0;
        const double *values = rn_snapshot_values(at, i, &count);
        if (field->axis[0] == 'm' || !values || !has_numbers(count, values)) continue;
        if (field->axis[0])
            rni_json_reals(json, field->name, count, values);
        else
            rni_json_real(json, field->name, values[0]);
    }
    if (at->n_modes > 0) add_modes(json, at);
    rni_json_close(json);
}

/* ---- the whole ------------------------------------------------------------------------------- */

typedef const rn_entry *(*entry_getter)(const rn_folder *folder, rn_index i);

static void add_entries(rni_json *json, const char *key, const rn_folder *folder, entry_getter get)
{
    rni_json_list(json, key);
    for (rn_index i = 0; get(folder, i); i++) {
        rni_json_list(json, NULL);
        rni_json_text(json, NULL, get(folder, i)->key);
        rni_json_text(json, NULL, get(folder, i)->value);
        rni_json_close(json);
    }
    rni_json_close(json);
}

rn_status rni_report_run(rni_json *json, const rn_folder *folder)
{
    const rn_index n = rn_folder_n_records(folder);
    unsigned char *keep = rni_alloc(n, 1);
    if (!keep) return rni_fail(RN_ERR_MEMORY, "rn_report_write: no memory for a curve");
    const rn_index n_kept = n > 0 ? rni_report_thin(n, rn_folder_record(folder, 0), keep) : 0;
    rni_json_object(json, NULL);
    rni_json_text(json, "name", rn_folder_name(folder));
    rni_json_text(json, "folder", rn_folder_path(folder));
    rni_json_list(json, "notes");
    for (rn_index i = 0; rn_folder_note(folder, i); i++)
        rni_json_text(json, NULL, rn_folder_note(folder, i));
    rni_json_close(json);
    add_entries(json, "settings", folder, rn_folder_setting);
    add_entries(json, "facts", folder, rn_folder_fact);
    add_metrics(json, folder, keep, n_kept);
    rni_free(keep);
    rni_json_list(json, "snapshots");
    for (rn_index i = 0; i < rn_folder_n_snapshots(folder); i++)
        add_snapshot(json, rn_folder_snapshot(folder, i));
    rni_json_close(json);
    const rn_status status = rni_report_forecast(json, folder);
    rni_json_close(json);
    return status;
}

void rni_report_fields(rni_json *json)
{
    rni_json_object(json, "fields");
    for (rn_index i = 0; rn_snapshot_field(i); i++) {
        const rn_field *field = rn_snapshot_field(i);
        rni_json_object(json, field->name);
        rni_json_text(json, "unit", field->unit);
        rni_json_text(json, "axis", field->axis);
        rni_json_text(json, "help", field->help);
        rni_json_close(json);
    }
    rni_json_close(json);
}

/* ---- verdicts -------------------------------------------------------------------------------- */

static void add_line(rni_json *json, const rn_check_line *line)
{
    rni_json_object(json, NULL);
    rni_json_text(json, "condition", line->condition);
    rni_json_text(json, "quantity", line->quantity);
    rni_json_text(json, "unit", line->unit);
    rni_json_real(json, "value", line->value);
    rni_json_real(json, "low", line->low);
    rni_json_real(json, "high", line->high);
    rni_json_real(json, "threshold", line->threshold);
    rni_json_text(json, "answer", line->decides ? rn_verdict_name(line->verdict) : NULL);
    rni_json_text(json, "reason", line->reason);
    rni_json_text(json, "remedy", line->remedy);
    rni_json_text(json, "origin", line->origin);
    rni_json_close(json);
}

void rni_report_check(rni_json *json, const rn_check *check)
{
    static const char *const conditions[] = {"law", "C1", "C2", "C3", "C4"};
    rni_json_list(json, "check");
    for (rn_index i = 0; i < rn_check_count(check); i++) {
        const rn_check_subject *subject = rn_check_get(check, i);
        rni_json_object(json, NULL);
        rni_json_text(json, "name", subject->name);
        rni_json_integer(json, "runs", subject->n_runs);
        rni_json_integer(json, "is_family", subject->is_family);
        rni_json_text(json, "conclusion", rn_conclusion_text(subject->conclusion));
        rni_json_text(json, "sentence", subject->sentence);
        rni_json_object(json, "answers");
        for (size_t c = 0; c < sizeof conditions / sizeof conditions[0]; c++)
            rni_json_text(json, conditions[c],
                          rn_verdict_name(rn_check_condition(subject, conditions[c])));
        rni_json_close(json);
        rni_json_list(json, "lines");
        for (rn_index k = 0; k < subject->n_lines; k++)
            add_line(json, &subject->lines[k]);
        rni_json_close(json);
        rni_json_close(json);
    }
    rni_json_close(json);
}
