/*
 * cells.csv, table.csv and summary.csv; then the page.
 */
#include "study/tabulate.h"

#include <math.h>
#include <renorm/folder.h>
#include <stdio.h>

#include "core/memory.h"
#include "core/status.h"
#include "core/text.h"
#include "store/file.h"
#include "study/csv_text.h"
#include "study/numbers.h"
#include "study/study.h"
#include "study/study_page.h"

static const char *const outcome_names[] = {"missing", "stopped", "done", "failed"};

typedef struct tables {
    const rn_study *study;
    const char *folder;
    rn_study_shape shape;
    rni_numbers numbers;
    rni_text table;
} tables;

rn_status rni_cell_fail(rni_cell_state *state, const char *message)
{
    char *copy = rni_copy_text(message);
    if (!copy) return rni_fail(RN_ERR_MEMORY, "no memory for the message of a cell");
    rni_free(state->message);
    *state = (rni_cell_state){.outcome = RNI_CELL_FAILED, .message = copy};
    return RN_OK;
}

static rn_status write_table(const tables *t, const char *name, const rni_text *text)
{
    char path[RNI_PATH_SIZE];
    if (text->is_broken) return rni_fail(RN_ERR_MEMORY, "%s: no memory for %s", t->folder, name);
    RNI_TRY(rni_path_join(t->folder, name, path));
    return rni_file_write(path, rni_text_get(text), text->length);
}

/* ---- measurements ---------------------------------------------------------------------------- */

static void add_measurement(tables *t, rn_index i, const rn_study_cell *cell,
                            const rn_snapshot *snapshot)
{
    rni_text_add(&t->table, "%" PRId64 ",", i + 1);
    rni_csv_group(t->study, cell->arm, cell->point, &t->table);
    rni_text_add(&t->table, ",%" PRId64 ",%" PRId64, cell->seed, snapshot->record.step);
    for (rn_index q = 0; q < t->shape.n_quantities; q++) {
        rn_index count = 0;
        const double *values = rn_snapshot_values(snapshot, t->study->quantities[q], &count);
        rni_csv_real(values && count > 0 ? values[0] : (double)NAN, &t->table);
    }
    rni_text_add(&t->table, "\n");
}

static void keep_measurement(tables *t, rn_index i, rni_moment_of_run at,
                             const rn_snapshot *snapshot)
{
    double *kept = rni_numbers_at(&t->numbers, i, at);
    for (rn_index q = 0; q < t->shape.n_quantities; q++) {
        rn_index count = 0;
        const double *values = rn_snapshot_values(snapshot, t->study->quantities[q], &count);
        if (values && count > 0) kept[q] = values[0];
    }
}

/* Whatever a cell has measured is told; the last measurement counts only where the run ended. */
static rn_status read_cell(tables *t, rn_index i, bool is_done)
{
    char path[RNI_PATH_SIZE];
    char inside[sizeof "cells/" + sizeof(rn_study_cell)];
    rn_study_cell cell;
    rn_folder *folder = NULL;
    RNI_TRY(rn_study_cell_get(t->study, i, &cell));
    (void)snprintf(inside, sizeof inside, "cells/%s", cell.name);
    RNI_TRY(rni_path_join(t->folder, inside, path));
    RNI_TRY(rn_folder_open(path, &folder));
    const rn_index n = rn_folder_n_snapshots(folder);
    for (rn_index k = 0; k < n; k++)
        add_measurement(t, i, &cell, rn_folder_snapshot(folder, k));
    if (n > 0) keep_measurement(t, i, RNI_AT_FIRST, rn_folder_snapshot(folder, 0));
    if (n > 0 && is_done) keep_measurement(t, i, RNI_AT_LAST, rn_folder_snapshot(folder, n - 1));
    rn_folder_close(folder);
    return RN_OK;
}

static rn_status read_cells(tables *t, rni_cell_state *states, const rn_observer *observer)
{
    rni_text_add(&t->table, "cell,");
    rni_csv_group_names(t->study, &t->table);
    rni_text_add(&t->table, ",seed,step");
    for (rn_index q = 0; q < t->shape.n_quantities; q++)
        rni_text_add(&t->table, ",%s", rn_study_quantity(t->study, q));
    rni_text_add(&t->table, "\n");
    for (rn_index i = 0; i < t->shape.n_cells; i++) {
        const bool is_done = states[i].outcome == RNI_CELL_DONE;
        if (states[i].outcome == RNI_CELL_MISSING) continue;
        const rn_status status = read_cell(t, i, is_done);
        if (status == RN_ERR_MEMORY) return status;
        if (status == RN_OK || !is_done) continue; /* a run that just began may be unreadable */
        if (observer && observer->log)
            observer->log(observer->user, RN_LOG_WARNING, rn_last_message());
        RNI_TRY(rni_cell_fail(&states[i], rn_last_message()));
    }
    return write_table(t, "table.csv", &t->table);
}

/* ---- cells and summary ----------------------------------------------------------------------- */

static rn_status write_cells(const tables *t, const rni_cell_state *states)
{
    rni_text text = {0};
    rni_text_add(&text, "cell,folder,");
    rni_csv_group_names(t->study, &text);
    rni_text_add(&text, ",seed,outcome,message\n");
    for (rn_index i = 0; i < t->shape.n_cells; i++) {
        rn_study_cell cell;
        RNI_TRY(rn_study_cell_get(t->study, i, &cell));
        rni_text_add(&text, "%" PRId64 ",cells/%s,", i + 1, cell.name);
        rni_csv_group(t->study, cell.arm, cell.point, &text);
        rni_text_add(&text, ",%" PRId64 ",%s,", cell.seed, outcome_names[states[i].outcome]);
        rni_csv_quoted(states[i].message ? states[i].message : "", &text);
        rni_text_add(&text, "\n");
    }
    const rn_status status = write_table(t, "cells.csv", &text);
    rni_text_clear(&text);
    return status;
}

static void add_line(const rni_summary_line *line, rni_text *out)
{
    const rn_sample_summary *s = &line->sample;
    const double sample[] = {s->median, s->low, s->high, s->min, s->max};
    rni_text_add(out, ",%" PRId64, s->count);
    for (size_t i = 0; i < sizeof sample / sizeof sample[0]; i++)
        rni_csv_real(sample[i], out);
    if (!line->has_reference) {
        rni_text_add(out, ",,,,,,,,\n");
        return;
    }
    const rn_sample_comparison *c = &line->against;
    const double against[] = {c->difference.value, c->difference.low, c->difference.high,
                              c->ratio.value,      c->ratio.low,      c->ratio.high};
    rni_text_add(out, ",%" PRId64 ",%" PRId64, c->count, c->n_above);
    for (size_t i = 0; i < sizeof against / sizeof against[0]; i++)
        rni_csv_real(against[i], out);
    rni_text_add(out, "\n");
}

/* All quantities of one arm at one point. */
static rn_status add_lines(const tables *t, rn_index arm, rn_index point, rni_moment_of_run at,
                           rni_text *out)
{
    for (rn_index q = 0; q < t->shape.n_quantities; q++) {
        rni_summary_line line;
        RNI_TRY(rni_numbers_summarise(t->study, &t->numbers, arm, point, at, q, &line));
        rni_csv_group(t->study, arm, point, out);
        rni_text_add(out, ",%s,%s", rni_at_names[at], rn_study_quantity(t->study, q));
        add_line(&line, out);
    }
    return RN_OK;
}

static rn_status write_summary(const tables *t)
{
    rni_text text = {0};
    rni_csv_group_names(t->study, &text);
    rni_text_add(&text, ",measurement,quantity,count,median,lower_quartile,upper_quartile,min,max,"
                        "pairs,pairs_above,difference,difference_low,difference_high,ratio,"
                        "ratio_low,ratio_high\n");
    rn_status status = RN_OK;
    for (rn_index p = 0; p < t->shape.n_points; p++)
        for (rn_index a = 0; a < t->shape.n_arms; a++)
            for (int at = 0; at < RNI_N_AT && status == RN_OK; at++)
                status = add_lines(t, a, p, (rni_moment_of_run)at, &text);
    if (status == RN_OK) status = write_table(t, "summary.csv", &text);
    rni_text_clear(&text);
    return status;
}

rn_status rni_study_tabulate(const rn_study *study, const char *folder, rni_cell_state *states,
                             const rn_observer *observer)
{
    tables t = {.study = study, .folder = folder};
    rn_study_shape_get(study, &t.shape);
    rn_status status = rni_numbers_create(study, &t.numbers);
    if (status == RN_OK) status = read_cells(&t, states, observer);
    if (status == RN_OK) status = write_summary(&t);
    if (status == RN_OK) status = write_cells(&t, states);
    if (status == RN_OK) status = rni_study_page(study, folder, &t.numbers, states);
    rni_text_clear(&t.table);
    rni_numbers_clear(&t.numbers);
    return status;
}
