/*
 * Reading the tables of a run's folder.
 */
#include "store/columns.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/reader.h"
#include "core/size.h"
#include "core/status.h"
#include "core/text.h"

typedef struct table {
    const char *path;
    const char *bytes; /* whole lines only */
    rn_index n_bytes;
    rn_index n_fields;                /* of the file */
    rn_index column[RNI_COLUMNS_MAX]; /* of the file's field i; -1: not asked for */
} table;

/* Bytes up to `mark`, or n. */
static rn_index span_to(const char *text, rn_index n, char mark)
{
    const char *found = n > 0 ? memchr(text, mark, (size_t)n) : NULL;
    return found ? (rn_index)(found - text) : n;
}

static rn_index find_name(rn_index n_names, const char *const *names, const char *text, rn_index n)
{
    for (rn_index i = 0; i < n_names; i++)
        if ((rn_index)strlen(names[i]) == n && memcmp(names[i], text, (size_t)n) == 0) return i;
    return -1;
}

static rn_status read_header(table *t, rn_index n_line, rn_index n_columns,
                             const char *const *names, rn_index n_required)
{
    bool has[RNI_COLUMNS_MAX] = {false};
    rn_index at = 0;
    for (t->n_fields = 0; at <= n_line; t->n_fields++) {
        if (t->n_fields == RNI_COLUMNS_MAX)
            return rni_fail(RN_ERR_FORMAT, "%s:1: found more than %d columns", t->path,
                            RNI_COLUMNS_MAX);
        const rn_index n = span_to(t->bytes + at, n_line - at, ',');
        const rn_index found = find_name(n_columns, names, t->bytes + at, n);
        if (found >= 0 && has[found])
            return rni_fail(RN_ERR_FORMAT, "%s:1:%" PRId64 ": found the column '%s' twice", t->path,
                            at + 1, names[found]);
        if (found >= 0) has[found] = true;
        t->column[t->n_fields] = found;
        at += n + 1;
    }
    for (rn_index i = 0; i < n_required; i++)
        if (!has[i])
            return rni_fail(RN_ERR_FORMAT,
                            "%s:1: found no column '%s' in %s, expected a table written by renorm",
                            t->path, names[i], rni_quote(t->bytes, n_line).chars);
    return RN_OK;
}

/* NULL, or what is wrong with the cell. */
static const char *read_cell(const char *text, rn_index n, double *value)
{
    if (n == 0) {
        *value = (double)NAN;
        return NULL;
    }
    if (n == 3 && memcmp(text, "inf", 3) == 0) {
        *value = (double)INFINITY;
        return NULL;
    }
    if (n == 4 && memcmp(text, "-inf", 4) == 0) {
        *value = -(double)INFINITY;
        return NULL;
    }
    return rni_real_parse(text, n, value);
}

static rn_status read_row(const table *t, const char *line, rn_index n_line, rn_index number,
                          double *row)
{
    rn_index at = 0;
    rn_index field = 0;
    for (; at <= n_line && field < t->n_fields; field++) {
        double value = (double)NAN;
        const rn_index n = span_to(line + at, n_line - at, ',');
        const char *wrong = read_cell(line + at, n, &value);
        if (wrong)
            return rni_fail(RN_ERR_FORMAT,
                            "%s:%" PRId64 ":%" PRId64 ": found %s, expected a number: %s; the file "
                            "is damaged: restore it from a copy, or repeat the run",
                            t->path, number, at + 1, rni_quote(line + at, n).chars, wrong);
        if (t->column[field] >= 0) row[t->column[field]] = value;
        at += n + 1;
    }
    if (field < t->n_fields || at <= n_line)
        return rni_fail(RN_ERR_FORMAT,
                        "%s:%" PRId64 ": found %s %" PRId64 " cells, expected %" PRId64
                        "; the file is damaged: restore it from a copy, or repeat the run",
                        t->path, number, field < t->n_fields ? "only" : "more than", field,
                        t->n_fields);
    return RN_OK;
}

static rn_index count_lines(const table *t)
{
    rn_index count = 0;
    for (rn_index i = 0; i < t->n_bytes; i++)
        count += t->bytes[i] == '\n';
    return count;
}

static rn_status read_rows(table *t, rn_index n_columns, const char *const *names,
                           rn_index n_required, rni_columns *made)
{
    const rn_index n_header = span_to(t->bytes, t->n_bytes, '\n');
    rn_index total = 0;
    rn_index at = n_header + 1;
    if (t->n_bytes == 0)
        return rni_fail(RN_ERR_FORMAT, "%s:1: found no whole line, expected a header", t->path);
    RNI_TRY(read_header(t, n_header, n_columns, names, n_required));
    made->n_columns = n_columns;
    made->n_rows = count_lines(t) - 1;
    if (!rni_size_mul(made->n_rows, n_columns, &total)
        || !(made->values = rni_alloc(total, sizeof *made->values)))
        return rni_fail(RN_ERR_MEMORY, "%s: no memory for %" PRId64 " rows", t->path, made->n_rows);
    for (rn_index i = 0; i < total; i++)
        made->values[i] = (double)NAN;
    for (rn_index row = 0; row < made->n_rows; row++) {
        const rn_index n = span_to(t->bytes + at, t->n_bytes - at, '\n');
        RNI_TRY(read_row(t, t->bytes + at, n, row + 2, made->values + row * n_columns));
        at += n + 1;
    }
    return RN_OK;
}

rn_status rni_columns_read(const char *path, rn_index n_columns, const char *const *names,
                           rn_index n_required, rni_columns *columns)
{
    char *bytes = NULL;
    rn_index n_bytes = 0;
    if (!path || !names || !columns || n_columns < 1 || n_columns > RNI_COLUMNS_MAX)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rni_columns_read: a NULL argument, or %" PRId64
                        " columns, expected 1 .. %d",
                        n_columns, RNI_COLUMNS_MAX);
    RNI_TRY(rni_file_read(path, RNI_COLUMNS_MAX_BYTES, &bytes, &n_bytes));
    rni_columns made = {0};
    table t = {.path = path, .bytes = bytes, .n_bytes = n_bytes};
    while (t.n_bytes > 0 && bytes[t.n_bytes - 1] != '\n')
        t.n_bytes--;
    made.is_torn = t.n_bytes < n_bytes;
    const rn_status status = read_rows(&t, n_columns, names, n_required, &made);
    rni_free(bytes);
    if (status < 0) {
        rni_columns_clear(&made);
        return status;
    }
    *columns = made;
    return RN_OK;
}

void rni_columns_clear(rni_columns *columns)
{
    if (!columns) return;
    rni_free(columns->values);
    *columns = (rni_columns){0};
}
