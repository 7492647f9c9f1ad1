/*
 * Records and snapshots of an interrupted run, read back from its files and checked against its
 * checkpoint.
 */
#ifndef RNI_RUN_RESTORE_H
#define RNI_RUN_RESTORE_H

#include "run/checkpoint.h"

/**
 * Checks every file that the checkpoint vouches for and fills run with the records and snapshots
 * before it. Changes nothing on the disk.
 * @param x  set up; run->store opened
 * @return RN_OK; RN_ERR_IO; RN_ERR_FORMAT: a file is damaged, missing or too short; message with
 *         the file and what to do; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_restore(rni_execution *x, const rni_checkpoint *checkpoint);

#endif
