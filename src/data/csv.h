/*
 * Numeric tables in CSV files: lines of numbers between commas, all lines equally long, ended by
 * LF or CRLF; a first line of names if asked, which may stand between double quotes. Numbers are
 * strict (core/text.h) and unquoted; spaces, empty fields and empty lines are mistakes. A
 * byte-order mark is skipped.
 */
#ifndef RNI_DATA_CSV_H
#define RNI_DATA_CSV_H

#include "core/reader.h"
#include "core/text.h"

/** A table in memory. Zero-initialise; release with rni_csv_clear. */
typedef struct rni_csv {
    rn_index n_rows;    /**< >= 1 */
    rn_index n_columns; /**< >= 1 */
    double *values;     /**< [n_rows x n_columns] row-major, owned */
    rni_text names;     /**< [n_columns] zero-terminated names behind each other; empty: none */
    rn_index capacity;  /**< of values */
} rni_csv;

/**
 * Reads a table to the end of the stream. Memory: at most 16 bytes per number.
 * @return RN_OK; RN_ERR_FORMAT "FILE:LINE:COLUMN: found .., expected .."; RN_ERR_IO;
 *         RN_ERR_MEMORY. *csv is unchanged (zero) on failure.
 */
RN_NODISCARD rn_status rni_csv_read(rni_reader *reader, bool has_header, rni_csv *csv);

/** The column with that name, or with that number (from 1) if no name matches; -1: none. */
rn_index rni_csv_find(const rni_csv *csv, const char *name);

/** Releases a table and makes it empty. */
void rni_csv_clear(rni_csv *csv);

#endif
