/*
 * What a worker of a study does (study/worker.h): begin a run in a folder, or go on with the one
 * that is there.
 */
#ifndef RNI_STUDY_CELL_WORK_H
#define RNI_STUDY_CELL_WORK_H

#include <renorm/run.h>

/** Borrowed. */
typedef struct rni_cell_job {
    const rn_config *config;
    const char *folder;
    int n_threads;
    rn_index max_bytes;
} rni_cell_job;

/** An rni_work_fn; job is an rni_cell_job. */
RN_NODISCARD rn_status rni_cell_work(const void *job, const rn_observer *observer, char *words);

#endif
