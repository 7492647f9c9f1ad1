/*
 * Arrays of numbers in files: what a header says (rni_array_head, filled by data/idx.h and
 * data/npy.h) and the one routine that turns the bytes behind it into doubles.
 */
#ifndef RNI_DATA_ARRAY_H
#define RNI_DATA_ARRAY_H

#include "core/reader.h"

/** Most axes of an array, the sample axis included. */
#define RNI_ARRAY_MAX_RANK 8

typedef enum rni_element_kind {
    RNI_ELEMENT_UNSIGNED,
    RNI_ELEMENT_SIGNED, /**< two's complement */
    RNI_ELEMENT_FLOAT   /**< IEEE 754, 4 or 8 bytes */
} rni_element_kind;

/** How one number is stored. */
typedef struct rni_element {
    rni_element_kind kind;
    int n_bytes; /**< 1, 2, 4 or 8 */
    bool is_big_endian;
} rni_element;

/** What stands in front of the numbers. */
typedef struct rni_array_head {
    rni_element element;
    bool is_fortran; /**< first index fastest; else the last */
    int rank;        /**< 1 .. RNI_ARRAY_MAX_RANK */
    rn_index shape[RNI_ARRAY_MAX_RANK];
} rni_array_head;

/** Product of all axes but the first; 1 for rank 1. Of a checked head, so it cannot overflow. */
rn_index rni_array_row_size(const rni_array_head *head);

/**
 * Checks that the shape is sound (1 .. RN_SIZE_MAX on every axis, no overflow) and that the
 * stream can still deliver all of it. Call before allocating anything.
 * @return RN_OK; RN_ERR_FORMAT with file, byte, found and expected
 */
RN_NODISCARD rn_status rni_array_check(const rni_reader *reader, const rni_array_head *head);

/**
 * Reads all numbers behind a checked head and keeps the chosen rows, in row-major order.
 *
 * @param slots  [shape[0]] place of each row in out, or -1 to drop it; NULL: row i to place i
 * @param out    [largest slot + 1, row_size]
 * @return RN_OK, the stream then at its end; RN_ERR_FORMAT: truncated, bytes left over, a NaN or
 *         infinity, an integer beyond 2^53 (no double holds it); RN_ERR_IO. out is then undefined.
 */
RN_NODISCARD rn_status rni_array_read(rni_reader *reader, const rni_array_head *head,
                                      const rn_index *slots, double *out);

#endif
