/*
 * Tables of a run's folder, read back: the inverse of store/table.h. The header line names the
 * columns; a cell is a strict real (core/text.h), "inf", "-inf", or empty for what was not
 * measured. A last line without its end is what a stopped writer leaves: it is dropped and told.
 */
#ifndef RNI_STORE_COLUMNS_H
#define RNI_STORE_COLUMNS_H

#include <renorm/status.h>
#include <renorm/types.h>
#include <stdbool.h>

/** Longest table read, bytes, and most columns of one. */
#define RNI_COLUMNS_MAX_BYTES ((rn_index)1 << 30)
#define RNI_COLUMNS_MAX       64

/** The columns asked for. Zero-initialise; release with rni_columns_clear. */
typedef struct rni_columns {
    rn_index n_rows;
    rn_index n_columns;
    double *values; /**< [n_rows x n_columns] row-major, owned; NaN where not measured */
    bool is_torn;   /**< a last line without its end was left out */
} rni_columns;

/**
 * Reads the columns named, in the order given, whatever else the table has.
 * @param names       [n_columns]
 * @param n_required  the first so many must be there; the others are NaN where they are not
 * @return RN_OK; RN_ERR_IO; RN_ERR_FORMAT "FILE:LINE:COLUMN: found .., expected .."; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_columns_read(const char *path, rn_index n_columns,
                                        const char *const *names, rn_index n_required,
                                        rni_columns *columns);

/** Releases a table and makes it empty. */
void rni_columns_clear(rni_columns *columns);

#endif
