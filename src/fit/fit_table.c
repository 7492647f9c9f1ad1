/*
 * Tables of losses from CSV files.
 */
#include <renorm/fit.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/reader.h"
#include "core/status.h"
#include "data/csv.h"

static const char *const size_names[] = {"N", "Model Size", NULL};
static const char *const token_names[] = {"D", NULL};
static const char *const compute_names[] = {"FLOP", "Training FLOP", NULL};
static const char *const x_names[] = {"x", "step", "time", NULL};
static const char *const y_names[] = {"loss", "y", "L", NULL};

/* The first of these names that is a column; its number or -1. */
static rn_index find(const rni_csv *csv, const char *const *names, char name[64])
{
    for (; *names; names++) {
        const rn_index column = rni_csv_find(csv, *names);
        if (column < 0) continue;
        (void)snprintf(name, 64, "%s", *names);
        return column;
    }
    return -1;
}

static void copy_column(const rni_csv *csv, rn_index column, double *out)
{
    for (rn_index i = 0; i < csv->n_rows; i++)
        out[i] = csv->values[i * csv->n_columns + column];
}

/* Columns of a table; -1: none. */
typedef struct columns {
    rn_index x, tokens, compute, y;
} columns;

static columns find_columns(const rni_csv *csv, const char *x_name, const char *y_name,
                            char names[3][64])
{
    const char *const asked_x[] = {x_name, NULL};
    const char *const asked_y[] = {y_name, NULL};
    columns at = {-1, -1, -1, find(csv, y_name ? asked_y : y_names, names[2])};
    if (x_name) {
        at.x = find(csv, asked_x, names[0]);
        return at;
    }
    at.x = find(csv, size_names, names[0]);
    if (at.x >= 0) at.tokens = find(csv, token_names, names[1]);
    if (at.x >= 0 && at.tokens < 0) at.compute = find(csv, compute_names, names[1]);
    if (at.tokens < 0 && at.compute < 0) at.x = find(csv, x_names, names[0]);
    return at;
}

static rn_status fill(const char *path, const rni_csv *csv, const char *x_name, const char *y_name,
                      rn_fit_table *table)
{
    const columns at = find_columns(csv, x_name, y_name, table->names);
    const rn_index n = csv->n_rows;
    if (at.y < 0)
        return rni_fail(RN_ERR_FORMAT, "%s: found no column %s", path,
                        y_name ? y_name : "loss, y or L");
    if (at.x < 0)
        return rni_fail(RN_ERR_FORMAT, "%s: found no column %s", path,
                        x_name ? x_name : "x, step or time, and not N with D or FLOP");
    double *const block = rni_alloc(3 * n, sizeof *block);
    if (!block) return rni_fail(RN_ERR_MEMORY, "rn_fit_table_read: no memory");
    copy_column(csv, at.x, block);
    copy_column(csv, at.y, block + 2 * n);
    if (at.tokens >= 0) copy_column(csv, at.tokens, block + n);
    if (at.compute >= 0) copy_column(csv, at.compute, block + n);
    for (rn_index i = 0; i < n && at.compute >= 0; i++)
        block[n + i] /= 6.0 * block[i];
    table->from_compute = at.compute >= 0;
    table->input = (rn_fit_input){.n = n,
                                  .n_variables = at.tokens >= 0 || at.compute >= 0 ? 2 : 1,
                                  .x = {block, block + n},
                                  .y = block + 2 * n};
    return RN_OK;
}

rn_status rn_fit_table_read(const char *path, const char *x_name, const char *y_name,
                            rn_fit_table *table)
{
    rni_reader *reader = NULL;
    rni_csv csv = {0};
    rn_fit_table found = {0};
    if (!path || !table) return rni_fail(RN_ERR_ARGUMENT, "rn_fit_table_read: an argument is NULL");
    RNI_TRY(rni_file_open(path, &reader));
    rn_status status = rni_csv_read(reader, true, &csv);
    rni_reader_close(reader);
    if (status < 0) return status;
    status = fill(path, &csv, x_name, y_name, &found);
    rni_csv_clear(&csv);
    if (status == RN_OK) *table = found;
    return status;
}

void rn_fit_table_clear(rn_fit_table *table)
{
    double *block;
    if (!table) return;
    memcpy(&block, &table->input.x[0], sizeof block);
    rni_free(block);
    *table = (rn_fit_table){0};
}
