/*
 * .npy files: the magic "\x93NUMPY", a version, the length of a header, the header (the text of
 * a Python dictionary with descr, fortran_order and shape), then the numbers.
 *
 * Read: versions 1 to 3; floats of 4 and 8 bytes, signed and unsigned integers of 1 to 8 bytes,
 * booleans; both byte orders, C and Fortran order. Refused: objects (they are programs), text,
 * complex numbers, records, half floats. Written: version 1, little-endian doubles, C order.
 * Format: numpy.lib.format of NumPy's manual.
 */
#ifndef RNI_DATA_NPY_H
#define RNI_DATA_NPY_H

#include "data/array.h"

/** Reads and checks everything before the numbers (rni_array_check included).
    @return RN_OK; RN_ERR_FORMAT; RN_ERR_IO; *head untouched on failure */
RN_NODISCARD rn_status rni_npy_read_head(rni_reader *reader, rni_array_head *head);

/** Bytes rni_npy_format_head writes: a multiple of 64, as the format asks. */
#define RNI_NPY_HEAD_BYTES 256

/** Everything before the numbers of a C-ordered array of little-endian doubles.
    @param shape  [rank], rank 1 .. RNI_ARRAY_MAX_RANK; bytes: [RNI_NPY_HEAD_BYTES] out */
void rni_npy_format_head(int rank, const rn_index *shape, unsigned char *bytes);

/**
 * Writes an array; an existing file is replaced, a partly written one removed.
 * @param shape   [rank], 1 .. RN_SIZE_MAX each
 * @param values  [product of shape], row-major
 * @return RN_OK; RN_ERR_SHAPE; RN_ERR_IO with path and reason
 */
RN_NODISCARD rn_status rni_npy_write(const char *path, int rank, const rn_index *shape,
                                     const double *values);

#endif
