/*
 * Scratch files for tests: a folder of its own per program, removed at the end.
 */
#ifndef RENORM_TESTS_SCRATCH_H
#define RENORM_TESTS_SCRATCH_H

#include <renorm/types.h>

/** Makes the folder; for cmocka's group setup. */
int scratch_setup(void **state);

/** Removes the folder and everything scratch_path named; for cmocka's group teardown. */
int scratch_teardown(void **state);

/** The path of a file in the folder; borrowed until teardown. At most 64 different names. */
const char *scratch_path(const char *name);

/** Writes n bytes to scratch_path(name) and returns that path. */
const char *scratch_write(const char *name, const void *bytes, rn_index n_bytes);

/** The same, packed with gzip. */
const char *scratch_write_gzip(const char *name, const void *bytes, rn_index n_bytes);

#endif
