/*
 * A small thread pool. Work is cut into numbered tasks; which thread runs a task never changes
 * its result, because tasks write only to places of their own and sums over tasks are taken by
 * the caller in task order.
 */
#ifndef RNI_CORE_POOL_H
#define RNI_CORE_POOL_H

#include <renorm/status.h>

/** Most threads in one pool. */
#define RNI_POOL_MAX_THREADS 256

typedef struct rni_pool rni_pool;

/** One task. `thread` is 0 .. n_threads-1 (0 is the caller) and addresses per-thread work space. */
typedef rn_status (*rni_task_fn)(void *user, rn_index task, int thread);

/**
 * Starts n_threads - 1 workers (the calling thread is the remaining one). Workers sleep between
 * runs and block all signals, so that handlers run on threads of the application.
 *
 * @param n_threads  1 .. RNI_POOL_MAX_THREADS
 * @param[out] out   owned by the caller, end with rni_pool_destroy
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY (also when the system refuses a thread)
 */
RN_NODISCARD rn_status rni_pool_create(int n_threads, rni_pool **out);

/** Ends the workers. NULL is allowed. Not while a run is in progress. */
void rni_pool_destroy(rni_pool *pool);

/** Number of threads, the caller included. A NULL pool has one. */
int rni_pool_threads(const rni_pool *pool);

/**
 * Runs tasks 0 .. n_tasks-1, handed out in increasing order to whichever thread is free, and
 * returns when all have ended; everything the tasks wrote is then visible to the caller.
 *
 * After a failure (a negative status) no new task starts, and the status and message of the
 * failed task with the lowest number reach the caller: always the same one, since every task
 * below it has run. Without a failure, the lowest-numbered positive status is passed on likewise.
 *
 * A NULL pool runs the tasks in order on the calling thread, as does a single task. One run at a
 * time: a task may not run its own pool, nor may two threads share it.
 *
 * @return RN_OK; what a task returned; RN_ERR_ARGUMENT for n_tasks < 0; RN_ERR_INTERNAL when the
 *         pool is already running
 */
RN_NODISCARD rn_status rni_pool_run(rni_pool *pool, rn_index n_tasks, rni_task_fn task, void *user);

#endif
