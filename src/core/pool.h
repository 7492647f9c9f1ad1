/*
 * A small thread pool. Work is cut into numbered tasks; which thread runs a task never changes
 * its result, because tasks write only to places of their own and sums over tasks are taken by
 * the caller in task order.
 */
#ifndef RNI_CORE_POOL_H
#define RNI_CORE_POOL_H

#include <renorm/status.h>

typedef struct rni_pool rni_pool;

/** One task. `thread` is 0 .. n_threads-1 and addresses per-thread work space. */
typedef rn_status (*rni_task_fn)(void *user, rn_index task, int thread);

/**
 * Starts n_threads - 1 workers (the calling thread is the remaining one); n_threads 1..256.
 * Workers sleep between runs. @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_pool_create(int n_threads, rni_pool **out);

/** Ends the workers. NULL is allowed. */
void rni_pool_destroy(rni_pool *pool);

/** Number of threads, the caller included. A NULL pool has one. */
int rni_pool_threads(const rni_pool *pool);

/**
 * Runs tasks 0 .. n_tasks-1 and returns when all have ended. After a failure no new task starts;
 * the status and message of the failed task with the lowest number are passed to the caller.
 * A NULL pool runs the tasks in order on the calling thread. Not reentrant: a task must not call
 * rni_pool_run on its own pool.
 */
RN_NODISCARD rn_status rni_pool_run(rni_pool *pool, rn_index n_tasks, rni_task_fn task, void *user);

#endif
