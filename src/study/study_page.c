/*
 * The numbers of a study's page as JSON between its embedded halves; and its verdicts as a table.
 */
#include "study/study_page.h"

#include <math.h>
#include <renorm/run.h>
#include <stdio.h>

#include "backends/json_tree.h"
#include "core/memory.h"
#include "core/status.h"
#include "store/file.h"
#include "study/csv_text.h"
#include "study/study.h"
#include "study/study_verdicts.h"

#define MOST_FAILURES 50

typedef struct writing {
    const rn_study *study;
    const rni_numbers *numbers;
    const rni_cell_state *states;
    rn_study_shape shape;
    rn_index n_shown; /* quantities */
    rni_json *json;
    rni_text table; /* verdicts.csv */
} writing;

/* ---- what it is made of ---------------------------------------------------------------------- */

static void put_arms(const writing *w)
{
    rni_json_list(w->json, "arms");
    for (rn_index a = 0; a < w->shape.n_arms; a++)
        rni_json_text(w->json, NULL, rn_study_arm(w->study, a));
    rni_json_close(w->json);
    rni_json_list(w->json, "keys");
    for (rn_index k = 0; k < w->shape.n_keys; k++)
        rni_json_text(w->json, NULL, rn_study_key(w->study, k));
    rni_json_close(w->json);
    rni_json_list(w->json, "points");
    for (rn_index p = 0; p < w->shape.n_points; p++) {
        rni_json_list(w->json, NULL);
        for (rn_index k = 0; k < w->shape.n_keys; k++)
            rni_json_text(w->json, NULL, rn_study_value(w->study, p, k));
        rni_json_close(w->json);
    }
    rni_json_close(w->json);
}

static void put_quantities(const writing *w)
{
    rni_json_list(w->json, "quantities");
    for (rn_index q = 0; q < w->n_shown; q++) {
        const rn_field *field = rn_snapshot_field(w->study->quantities[q]);
        rni_json_object(w->json, NULL);
        rni_json_text(w->json, "name", field->name);
        rni_json_text(w->json, "unit", field->unit);
        rni_json_text(w->json, "help", field->help);
        rni_json_close(w->json);
    }
    rni_json_close(w->json);
}

static rn_status put_cells(const writing *w)
{
    rn_index n_done = 0;
    rn_index n_failed = 0;
    rni_json_list(w->json, "failures");
    for (rn_index i = 0; i < w->shape.n_cells; i++) {
        n_done += w->states[i].outcome == RNI_CELL_DONE;
        if (w->states[i].outcome != RNI_CELL_FAILED || n_failed++ >= MOST_FAILURES) continue;
        rn_study_cell cell;
        RNI_TRY(rn_study_cell_get(w->study, i, &cell));
        rni_json_list(w->json, NULL);
        rni_json_text(w->json, NULL, cell.name);
        rni_json_text(w->json, NULL, w->states[i].message ? w->states[i].message : "");
        rni_json_close(w->json);
    }
    rni_json_close(w->json);
    rni_json_integer(w->json, "n_cells", w->shape.n_cells);
    rni_json_integer(w->json, "n_done", n_done);
    rni_json_integer(w->json, "n_failed", n_failed);
    return RN_OK;
}

/* ---- the summary ----------------------------------------------------------------------------- */

/* [count, median, quartiles, then the difference and the ratio to the reference with intervals]. */
static void put_line(const writing *w, const rni_summary_line *line)
{
    const rn_sample_summary *s = &line->sample;
    const rn_sample_comparison *c = &line->against;
    const double sample[] = {s->median, s->low, s->high};
    const double against[] = {c->difference.value, c->difference.low, c->difference.high,
                              c->ratio.value,      c->ratio.low,      c->ratio.high};
    rni_json_list(w->json, NULL);
    rni_json_integer(w->json, NULL, s->count);
    for (size_t i = 0; i < sizeof sample / sizeof sample[0]; i++)
        rni_json_real(w->json, NULL, sample[i]);
    for (size_t i = 0; line->has_reference && i < sizeof against / sizeof against[0]; i++)
        rni_json_real(w->json, NULL, against[i]);
    rni_json_close(w->json);
}

/* [point][arm] of a quantity at a measurement. */
static rn_status put_grid(const writing *w, rn_index quantity, rni_moment_of_run at)
{
    rni_json_list(w->json, NULL);
    for (rn_index p = 0; p < w->shape.n_points; p++) {
        rni_json_list(w->json, NULL);
        for (rn_index a = 0; a < w->shape.n_arms; a++) {
            rni_summary_line line;
            RNI_TRY(rni_numbers_summarise(w->study, w->numbers, a, p, at, quantity, &line));
            put_line(w, &line);
        }
        rni_json_close(w->json);
    }
    rni_json_close(w->json);
    return RN_OK;
}

/* summary[quantity][measurement][point][arm]. */
static rn_status put_summary(const writing *w)
{
    rni_json_list(w->json, "summary");
    for (rn_index q = 0; q < w->n_shown; q++) {
        rni_json_list(w->json, NULL);
        for (int at = 0; at < RNI_N_AT; at++)
            RNI_TRY(put_grid(w, q, (rni_moment_of_run)at));
        rni_json_close(w->json);
    }
    rni_json_close(w->json);
    return RN_OK;
}

/* ---- verdicts -------------------------------------------------------------------------------- */

static void add_line(writing *w, const rni_family *family, const rn_check_line *line)
{
    rni_text *out = &w->table;
    rni_text_add(out, "%s", rn_study_arm(w->study, family->arm));
    for (rn_index k = 0; k < w->shape.n_keys; k++) {
        if (rni_study_is_axis(rn_study_key(w->study, k))) continue;
        rni_text_add(out, ",");
        rni_csv_plain(rn_study_value(w->study, family->point, k), out);
    }
    rni_text_add(out, ",%" PRId64 ",%s,", family->n_cells, line->condition);
    rni_csv_quoted(line->quantity, out);
    rni_csv_real(line->value, out);
    rni_csv_real(line->low, out);
    rni_csv_real(line->high, out);
    rni_csv_real(line->threshold, out);
    rni_text_add(out, ",%s,", line->decides ? rn_verdict_name(line->verdict) : "");
    rni_csv_quoted(line->reason, out);
    rni_text_add(out, ",");
    rni_csv_quoted(line->remedy, out);
    rni_text_add(out, "\n");
}

static void put_said(const writing *w, const rn_check_subject *said)
{
    static const char *const conditions[] = {"law", "C1", "C3", "C4"};
    rni_json_text(w->json, "conclusion", rn_conclusion_text(said->conclusion));
    rni_json_object(w->json, "answers");
    for (size_t c = 0; c < sizeof conditions / sizeof conditions[0]; c++)
        rni_json_text(w->json, conditions[c],
                      rn_verdict_name(rn_check_condition(said, conditions[c])));
    rni_json_close(w->json);
    rni_json_list(w->json, "lines");
    for (rn_index k = 0; k < said->n_lines; k++) {
        const rn_check_line *line = &said->lines[k];
        if (!line->decides) continue;
        rni_json_object(w->json, NULL);
        rni_json_text(w->json, "condition", line->condition);
        rni_json_text(w->json, "quantity", line->quantity);
        rni_json_real(w->json, "value", line->value);
        rni_json_real(w->json, "low", line->low);
        rni_json_real(w->json, "high", line->high);
        rni_json_real(w->json, "threshold", line->threshold);
        rni_json_text(w->json, "reason", line->reason);
        rni_json_close(w->json);
    }
    rni_json_close(w->json);
}

static rn_status take_family(void *user, const rni_family *family)
{
    writing *w = user;
    rni_json_object(w->json, NULL);
    rni_json_integer(w->json, "arm", family->arm);
    rni_json_integer(w->json, "point", family->point);
    rni_json_integer(w->json, "cells", family->n_cells);
    rni_json_integer(w->json, "left_out", family->n_left_out);
    if (family->said) {
        put_said(w, family->said);
        for (rn_index k = 0; k < family->said->n_lines; k++)
            add_line(w, family, &family->said->lines[k]);
    }
    rni_json_close(w->json);
    return RN_OK;
}

static rn_status put_verdicts(writing *w, const char *folder)
{
    rni_text_add(&w->table, "arm");
    for (rn_index k = 0; k < w->shape.n_keys; k++) {
        if (rni_study_is_axis(rn_study_key(w->study, k))) continue;
        rni_text_add(&w->table, ",");
        rni_csv_plain(rn_study_key(w->study, k), &w->table);
    }
    rni_text_add(&w->table, ",cells,condition,quantity,value,low,high,threshold,answer,reason,"
                            "would_suffice\n");
    rni_json_list(w->json, "families");
    RNI_TRY(rni_study_verdicts(w->study, folder, w->states, take_family, w));
    rni_json_close(w->json);
    return RN_OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static rn_status fill(writing *w, const char *folder)
{
    rni_json_integer(w->json, "format", 1);
    rni_json_text(w->json, "version", RENORM_VERSION);
    rni_json_text(w->json, "name", w->shape.name);
    rni_json_text(w->json, "text", rn_study_text(w->study));
    rni_json_integer(w->json, "reference", w->shape.reference);
    rni_json_integer(w->json, "n_seeds", w->shape.n_seeds);
    rni_json_integer(w->json, "n_quantities", w->shape.n_quantities);
    put_arms(w);
    put_quantities(w);
    RNI_TRY(put_cells(w));
    RNI_TRY(put_summary(w));
    return put_verdicts(w, folder);
}

/* The halves hold no zero byte: they are text. */
static void add_bytes(rni_text *out, const unsigned char *bytes, size_t n_bytes)
{
    rni_text_add(out, "%.*s", (int)n_bytes, (const char *)bytes);
}

static rn_status write_text(const char *folder, const char *name, const rni_text *text)
{
    char path[RNI_PATH_SIZE];
    if (text->is_broken) return rni_fail(RN_ERR_MEMORY, "%s: no memory for %s", folder, name);
    RNI_TRY(rni_path_join(folder, name, path));
    return rni_file_write(path, rni_text_get(text), text->length);
}

static rn_status write_page(const writing *w, const char *folder)
{
    rni_text page = {0};
    add_bytes(&page, rni_study_page_head, rni_study_page_head_size);
    rn_status status = rni_json_write(w->json, &page);
    add_bytes(&page, rni_study_page_tail, rni_study_page_tail_size);
    if (status == RN_OK) status = write_text(folder, "report.html", &page);
    rni_text_clear(&page);
    return status;
}

rn_status rni_study_page(const rn_study *study, const char *folder, const rni_numbers *numbers,
                         const rni_cell_state *states)
{
    writing w = {.study = study, .numbers = numbers, .states = states, .json = rni_json_create()};
    if (!w.json) return rni_fail(RN_ERR_MEMORY, "%s: no memory for the page", folder);
    rn_study_shape_get(study, &w.shape);
    const rn_index per_quantity = w.shape.n_points * w.shape.n_arms * RNI_N_AT;
    w.n_shown = w.shape.n_quantities;
    if (w.n_shown > RNI_STUDY_PAGE_LINES / per_quantity)
        w.n_shown = RNI_STUDY_PAGE_LINES / per_quantity;
    if (w.n_shown < 1) w.n_shown = 1;
    rn_status status = fill(&w, folder);
    if (status == RN_OK) status = write_text(folder, "verdicts.csv", &w.table);
    if (status == RN_OK) status = write_page(&w, folder);
    rni_json_destroy(w.json);
    rni_text_clear(&w.table);
    return status;
}
