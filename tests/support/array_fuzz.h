/*
 * What the fuzz targets of array formats share: read an array from a stream, and insist that it
 * survives being written as npy and read again.
 */
#ifndef RENORM_TESTS_ARRAY_FUZZ_H
#define RENORM_TESTS_ARRAY_FUZZ_H

#include "data/array.h"

typedef rn_status (*read_head_fn)(rni_reader *reader, rni_array_head *head);

/** Reads to the end; on success checks the round trip, aborting if it fails. Closes the stream
    and aborts if memory is left. */
void array_fuzz_check(rni_reader *reader, read_head_fn read_head);

#endif
