/*
 * Rows, snapshots and the manifest of a run. Order of writing: snapshot, then tables, which a
 * checkpoint brings to the disk before it is written itself.
 */
#include "run/record.h"

#include <math.h>
#include <renorm/info.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"
#include "core/status.h"
#include "run/field.h"
#include "store/table.h"

/* Rows of metrics are written when this many bytes have gathered, and at every snapshot. */
#define FLUSH_BYTES 8192

#define FIRST_CAPACITY 256
#define DATE_SIZE      32

/* ---- tables ---------------------------------------------------------------------------------- */

const char *const rni_record_columns[RNI_RECORD_COLUMNS] = {
    "step",     "time",          "learning_rate",     "loss",
    "accuracy", "held_out_loss", "held_out_accuracy", "gradient_norm"};

static const char *const shell_columns[] = {"step",   "time",   "shell",       "s_low",
                                            "s_high", "energy", "energy_sharp"};
#define N_SHELL_COLUMNS ((rn_index)(sizeof shell_columns / sizeof shell_columns[0]))

/* budget.csv: these, then every boundary quantity of the field table. */
static const char *const budget_columns[] = {"step", "time", "boundary"};
#define N_BUDGET_COLUMNS ((rn_index)(sizeof budget_columns / sizeof budget_columns[0]))

#define MAX_CELLS 128

static bool is_boundary_field(rn_index i)
{
    return strcmp(rn_snapshot_field(i)->axis, "boundary") == 0;
}

static rn_status append(rn_run *run, rni_store_table table, rni_text *lines)
{
    rn_status status = RN_OK;
    if (lines->is_broken)
        status = rni_fail(RN_ERR_MEMORY, "rn_run_execute: no memory for the rows of a table");
    else if (run->store && lines->length > 0)
        status = rni_store_append(run->store, table, lines->chars, lines->length);
    rni_text_clear(lines);
    return status;
}

rn_status rni_record_headers(rn_run *run)
{
    const char *names[MAX_CELLS];
    rn_index count = N_BUDGET_COLUMNS;
    rni_text line = {0};
    rni_table_header(&line, RNI_RECORD_COLUMNS, rni_record_columns);
    RNI_TRY(append(run, RNI_STORE_METRICS, &line));
    rni_table_header(&line, N_SHELL_COLUMNS, shell_columns);
    RNI_TRY(append(run, RNI_STORE_SHELLS, &line));
    memcpy(names, budget_columns, sizeof budget_columns);
    for (rn_index i = 0; i < rni_field_count(); i++)
        if (is_boundary_field(i)) names[count++] = rn_snapshot_field(i)->name;
    RNI_ASSERT(count <= MAX_CELLS);
    rni_table_header(&line, count, names);
    return append(run, RNI_STORE_BUDGET, &line);
}

rn_status rni_record_flush(rn_run *run)
{
    return append(run, RNI_STORE_METRICS, &run->lines);
}

rn_status rni_record_keep(rn_run *run, const rn_record *record)
{
    if (run->n_records == run->record_capacity) {
        const rn_index wanted = run->record_capacity ? 2 * run->record_capacity : FIRST_CAPACITY;
        rn_record *grown =
            rni_resize(run->records, run->record_capacity, wanted, sizeof *run->records);
        if (!grown) return rni_fail(RN_ERR_MEMORY, "rn_run_execute: no memory for a record");
        run->records = grown;
        run->record_capacity = wanted;
    }
    run->records[run->n_records++] = *record;
    return RN_OK;
}

rn_status rni_record_add(rn_run *run, const rn_record *record)
{
    RNI_TRY(rni_record_keep(run, record));
    const rni_cell cells[] = {
        RNI_CELL_INTEGER(record->step),           RNI_CELL_REAL(record->time),
        RNI_CELL_REAL(record->learning_rate),     RNI_CELL_REAL(record->loss),
        RNI_CELL_REAL(record->accuracy),          RNI_CELL_REAL(record->held_out_loss),
        RNI_CELL_REAL(record->held_out_accuracy), RNI_CELL_REAL(record->gradient_norm)};
    rni_table_row(&run->lines, RNI_RECORD_COLUMNS, cells);
    return run->lines.length >= FLUSH_BYTES || run->lines.is_broken ? rni_record_flush(run) : RN_OK;
}

static rn_status add_shell_rows(rn_run *run, const rn_snapshot *at)
{
    rni_text lines = {0};
    for (rn_index i = 0; i + 1 < at->n_boundaries; i++) {
        const rni_cell cells[] = {RNI_CELL_INTEGER(at->record.step),
                                  RNI_CELL_REAL(at->record.time),
                                  RNI_CELL_INTEGER(i),
                                  RNI_CELL_REAL(at->s[i]),
                                  RNI_CELL_REAL(at->s[i + 1]),
                                  RNI_CELL_REAL(at->energy[i]),
                                  RNI_CELL_REAL(at->energy_sharp[i])};
        rni_table_row(&lines, N_SHELL_COLUMNS, cells);
    }
    return append(run, RNI_STORE_SHELLS, &lines);
}

static rn_status add_budget_rows(rn_run *run, const rn_snapshot *at)
{
    rni_text lines = {0};
    for (rn_index b = 0; b < at->n_boundaries && at->n_modes > 0; b++) {
        rni_cell cells[MAX_CELLS] = {RNI_CELL_INTEGER(at->record.step),
                                     RNI_CELL_REAL(at->record.time), RNI_CELL_INTEGER(b)};
        rn_index count = N_BUDGET_COLUMNS;
        for (rn_index i = 0; i < rni_field_count(); i++) {
            rn_index length = 0;
            if (!is_boundary_field(i)) continue;
            const double *values = rn_snapshot_values(at, i, &length);
            cells[count++] = RNI_CELL_REAL(values ? values[b] : (double)NAN);
        }
        rni_table_row(&lines, count, cells);
    }
    return append(run, RNI_STORE_BUDGET, &lines);
}

/* ---- snapshots ------------------------------------------------------------------------------- */

static rn_status write_snapshot(rn_run *run, const rn_snapshot *at)
{
    rni_hdf5_array arrays[MAX_CELLS];
    rn_index count = 0;
    RNI_ASSERT(rni_field_count() <= MAX_CELLS);
    for (rn_index i = 0; i < rni_field_count(); i++) {
        const rn_field *field = rn_snapshot_field(i);
        rn_index length = 0;
        const double *values = rn_snapshot_values(at, i, &length);
        if (!values || length == 0) continue;
        const bool is_array = field->axis[0] != 0;
        arrays[count++] = (rni_hdf5_array){.name = field->name,
                                           .unit = field->unit,
                                           .help = field->help,
                                           .axes = is_array ? field->axis : NULL,
                                           .rank = is_array ? 1 : 0,
                                           .dims = {is_array ? length : 0},
                                           .reals = values};
    }
    return rni_store_snapshot(run->store, at->record.step, count, arrays);
}

rn_status rni_record_keep_snapshot(rn_run *run, rn_snapshot *snapshot)
{
    if (run->n_snapshots == run->snapshot_capacity) {
        const rn_index wanted = run->snapshot_capacity ? 2 * run->snapshot_capacity : 32;
        rn_snapshot *grown =
            rni_resize(run->snapshots, run->snapshot_capacity, wanted, sizeof *run->snapshots);
        if (!grown) return rni_fail(RN_ERR_MEMORY, "rn_run_execute: no memory for a snapshot");
        run->snapshots = grown;
        run->snapshot_capacity = wanted;
    }
    run->snapshots[run->n_snapshots++] = *snapshot;
    *snapshot = (rn_snapshot){0};
    return RN_OK;
}

rn_status rni_record_snapshot(rn_run *run, rn_snapshot *snapshot)
{
    RNI_TRY(rni_record_keep_snapshot(run, snapshot));
    const rn_snapshot *at = &run->snapshots[run->n_snapshots - 1];
    if (!run->store) return RN_OK;
    if (at->n_modes > 0) RNI_TRY(write_snapshot(run, at));
    RNI_TRY(rni_record_flush(run));
    RNI_TRY(add_shell_rows(run, at));
    return add_budget_rows(run, at);
}

/* ---- the manifest ---------------------------------------------------------------------------- */

static void format_date(int64_t seconds, char *text)
{
    const time_t moment = (time_t)seconds;
    struct tm parts;
    if (!gmtime_r(&moment, &parts) || strftime(text, DATE_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        text[0] = 0;
}

/* How raw inputs became inputs: (raw / divisor - mean) / scale, one pair for all or per entry. */
static void add_scaling(const rn_data_scaling *scaling, rni_text *text)
{
    if (scaling->count == 0) return;
    rni_text_add(text, "standardisation:\n  pairs: %" PRId64, scaling->count);
    for (int part = 0; part < 2; part++) {
        const double *values = part == 0 ? scaling->mean : scaling->scale;
        rni_text_add(text, "\n  %s: [", part == 0 ? "mean" : "scale");
        for (rn_index i = 0; i < scaling->count; i++)
            rni_text_add(text, "%s%.17g", i > 0 ? ", " : "", values[i]);
        rni_text_add(text, "]");
    }
    rni_text_add(text, "\n");
}

rn_status rni_record_manifest(rn_run *run, const rni_manifest *manifest)
{
    rni_text text = {0};
    rn_info info;
    char date[DATE_SIZE];
    const rn_summary *s = &run->summary;
    if (!run->store) return RN_OK;
    rn_info_get(&info);
    rni_text_add(&text, "format: %d\nversion: \"%s\"\n", RNI_STORE_FORMAT, info.version);
    rni_text_add(&text, "outcome: %s\n", manifest->outcome);
    rni_text_add(&text, "seed: %" PRId64 "\nthreads: %d\n", manifest->seed, s->n_threads);
    format_date(manifest->start, date);
    rni_text_add(&text, "start: %s\nresumed: %" PRId64 "\n", date, manifest->n_resumed);
    if (manifest->finish) {
        format_date(manifest->finish, date);
        rni_text_add(&text, "finish: %s\ntrain_seconds: %.3f\nmeasure_seconds: %.3f\n", date,
                     s->train_s, s->measure_s);
        if (s->train_s > 0.0) rni_text_add(&text, "overhead: %.4f\n", s->measure_s / s->train_s);
        rni_text_add(&text, "peak_bytes: %" PRId64 "\nlibrary_peak_bytes: %" PRId64 "\n",
                     s->process_peak_bytes, s->peak_bytes);
    }
    rni_text_add(&text,
                 "steps: %" PRId64 "\nweights: %" PRId64 "\nsamples: %" PRId64 "\noutputs: %" PRId64
                 "\n",
                 s->n_steps, s->n_weights, s->n_samples, s->n_outputs);
    add_scaling(&manifest->scaling, &text);
    rni_text_add(&text, "machine:\n  processors: %d\n  memory_bytes: %" PRId64 "\n",
                 info.processors, info.memory_bytes);
    rni_text_add(&text, "compiler: \"%s\"\nlibraries:\n", info.compiler);
    for (rn_index i = 0; i < info.n_libraries; i++)
        rni_text_add(&text, "  %s: \"%s%s%s\"\n", info.libraries[i].name, info.libraries[i].version,
                     info.libraries[i].detail[0] ? ", " : "", info.libraries[i].detail);
    rn_status status = RN_OK;
    if (text.is_broken)
        status = rni_fail(RN_ERR_MEMORY, "rn_run_execute: no memory for the manifest");
    else
        status = rni_store_manifest(run->store, text.chars, text.length);
    rni_text_clear(&text);
    return status;
}
