/*
 * IDX files, the format of MNIST and its relatives: two zero bytes, a type byte, the number of
 * axes, one big-endian 32-bit length per axis, then the numbers, big-endian, last axis fastest.
 */
#ifndef RNI_DATA_IDX_H
#define RNI_DATA_IDX_H

#include "data/array.h"

/** Reads and checks the head of an IDX stream (rni_array_check included).
    @return RN_OK; RN_ERR_FORMAT; RN_ERR_IO; *head untouched on failure */
RN_NODISCARD rn_status rni_idx_read_head(rni_reader *reader, rni_array_head *head);

#endif
