/*
 * Binary files made of records of equal length: one column of bytes of every record as a stream.
 */
#ifndef RNI_DATA_RECORDS_H
#define RNI_DATA_RECORDS_H

#include "core/reader.h"

/** Which bytes of a record. */
typedef struct rni_column {
    rn_index record; /**< bytes of a record, 1 .. 2^20 */
    rn_index first;  /**< >= 0 */
    rn_index count;  /**< >= 1; first + count <= record */
} rni_column;

/**
 * A stream of bytes first .. first + count - 1 of every record, file after file.
 * @param n_files        >= 1
 * @param files          [n_files] at their start; owned by the result on success, else by the
 *                       caller. Their n_possible must be their length (plain files and memory)
 * @param[out] n_records records of all files together
 * @return RN_OK; RN_ERR_FORMAT (a file that is empty or ends inside a record), message with file,
 *         length found and record expected; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_records_wrap(rn_index n_files, rni_reader *const *files,
                                        rni_column column, rni_reader **out, rn_index *n_records);

#endif
