/*
 * Claims that are stopped, and the folders they leave.
 */
#ifndef RENORM_TESTS_CLAIM_FOLDERS_H
#define RENORM_TESTS_CLAIM_FOLDERS_H

#include <renorm/claims.h>

#include "systems/system.h"

/** Makes a folder of the program's own, in memory where there is such a place: thousands of writes
    wait for the disk. For cmocka's group setup. */
int claim_folders_setup(void **state);

/** Removes it. For cmocka's group teardown. */
int claim_folders_teardown(void **state);

/** A path in the folder. */
typedef struct claim_place {
    char path[128];
} claim_place;
claim_place in_claim_folders(const char *name);

/** Does not stop. */
#define WITHOUT_STOP (1L << 40)

/**
 * Works a claim out that stops at the nth time it is asked.
 * @param asked  out: how often it was, or NULL
 */
rn_status work_claim(const rni_system *system, const rn_claim_options *options, long n,
                     long *asked);

/** A file is the same in both folders, to the byte. */
void assert_same_file(const char *folder, const char *other, const char *name);

/** So are all that a claim leaves but its page. */
void assert_same_claim(const char *folder, const char *other);

/** Whether the folder's claim is unfinished. */
bool has_checkpoint(const char *folder);

#endif
