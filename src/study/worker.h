/*
 * Work in processes of its own. A worker is forked from this process, does one job and tells
 * through a pipe how far it is and how it ended; that last word, not the exit status, counts, so a
 * host program that reaps children on its own does not confuse us. All workers hold the reading
 * end of one more pipe: when its writing end closes, because we ask or because this process is
 * gone, they finish the step at hand and end.
 *
 * Fork must find one thread only: the library's own threads are made later, in the worker.
 */
#ifndef RNI_STUDY_WORKER_H
#define RNI_STUDY_WORKER_H

#include <renorm/run.h>
#include <stdbool.h>

#define RNI_WORKER_WORDS 3072

/** What workers share. */
typedef struct rni_crew {
    int stop[2]; /**< reading and writing end */
} rni_crew;

/**
 * What a worker does, in its process. The observer carries shares and warnings to the parent and
 * asks to stop.
 * @param job    as given to rni_worker_start; the child sees a copy of the parent's memory
 * @param words  [RNI_WORKER_WORDS] "" before; what the parent shall read where nothing failed
 */
typedef rn_status (*rni_work_fn)(const void *job, const rn_observer *observer, char *words);

/** One process. Zero-initialise. */
typedef struct rni_worker {
    bool is_running;
    int pid;
    int pipe;
    rn_index cell; /**< free for the caller */
    double share;  /**< 0 .. 1, done of the job */
    bool has_word; /**< it has said how it ended; else it was killed */
    rn_status status;
    char words[RNI_WORKER_WORDS]; /**< message of a failure, or what the work said */
} rni_worker;

/** Makes the pipe. @return RN_OK; RN_ERR_IO */
RN_NODISCARD rn_status rni_crew_create(rni_crew *crew);

/** Asks all workers to stop. */
void rni_crew_stop(rni_crew *crew);

/** Closes what is open. Call when no worker runs. */
void rni_crew_clear(rni_crew *crew);

/** Threads of this process; 0: the system does not say. */
int rni_crew_threads(void);

/** Starts a worker. @return RN_OK; RN_ERR_IO (no process, no pipe), worker untouched */
RN_NODISCARD rn_status rni_worker_start(const rni_crew *crew, rni_work_fn work, const void *job,
                                        rni_worker *worker);

/**
 * Waits until a worker has news or `wait_ms` have passed, and takes it in: shares are updated, and
 * workers that ended are no longer running. Warnings go to the observer.
 * @param workers  [n]
 */
void rni_workers_listen(rn_index n, rni_worker *workers, int wait_ms, const rn_observer *observer);

#endif
