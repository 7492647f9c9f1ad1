/*
 * Tables as text: comma-separated, a header line, one line per row, numbers in the shortest form
 * that reads back to the same double. A number that was not measured (NaN) is an empty cell;
 * infinities are written inf and -inf.
 */
#ifndef RNI_STORE_TABLE_H
#define RNI_STORE_TABLE_H

#include <renorm/types.h>

#include "core/text.h"

/** Appends a line of column names. Names are plain words and are not quoted. */
void rni_table_header(rni_text *out, rn_index n_columns, const char *const *names);

/** One cell: an integer, or a real when is_real. */
typedef struct rni_cell {
    bool is_real;
    rn_index integer;
    double real;
} rni_cell;

#define RNI_CELL_INTEGER(value) ((rni_cell){.integer = (value)})
#define RNI_CELL_REAL(value)    ((rni_cell){.is_real = true, .real = (value)})

/** Appends a line of cells. */
void rni_table_row(rni_text *out, rn_index n_cells, const rni_cell *cells);

#endif
