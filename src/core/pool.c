/*
 * Workers wait for a run number they have not seen, take task numbers from one atomic counter
 * until it is used up, and report back. The lock guards the run number, the count of busy
 * workers and the outcome; it is never held while a task runs.
 */
#include "core/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"

/* The status to pass on so far: any failure before any positive status, then the lowest task. */
typedef struct outcome {
    rn_status status;
    rn_index task;
    char message[RNI_MESSAGE_SIZE];
} outcome;

typedef struct worker {
    rni_pool *pool;
    pthread_t id;
    int thread;
} worker;

struct rni_pool {
    pthread_mutex_t lock;
    pthread_cond_t run_begins; /* or the pool ends */
    pthread_cond_t run_ends;
    atomic_bool running;

    /* the run at hand */
    rni_task_fn task;
    void *user;
    rn_index n_tasks;
    atomic_llong next_task;
    uint64_t run_number;
    int n_busy; /* workers that have not finished it */
    bool ending;
    outcome result;

    int n_workers;
    worker workers[];
};

static bool outranks(rn_status status, rn_index task, const outcome *old)
{
    if (status == RN_OK) return false;
    if (old->status == RN_OK || (status < 0) != (old->status < 0))
        return old->status == RN_OK || status < 0;
    return task < old->task;
}

/* Called on the thread that ran the task: the message is thread-local. */
static void record(outcome *result, rn_status status, rn_index task)
{
    if (!outranks(status, task, result)) return;
    result->status = status;
    result->task = task;
    memcpy(result->message, rn_last_message(), strlen(rn_last_message()) + 1);
}

static rn_status pass_on(const outcome *result)
{
    return result->status == RN_OK ? RN_OK : rni_fail(result->status, "%s", result->message);
}

static rn_status run_alone(rn_index n_tasks, rni_task_fn task, void *user)
{
    outcome result; /* 4 kB, not worth clearing for a small run */
    result.status = RN_OK;
    for (rn_index i = 0; i < n_tasks && result.status >= 0; i++)
        record(&result, task(user, i, 0), i);
    return pass_on(&result);
}

static void take_tasks(rni_pool *pool, int thread)
{
    for (;;) {
        const rn_index i = (rn_index)atomic_fetch_add(&pool->next_task, 1);
        if (i >= pool->n_tasks) return;
        const rn_status status = pool->task(pool->user, i, thread);
        if (status == RN_OK) continue;
        if (status < 0) atomic_store(&pool->next_task, pool->n_tasks);
        pthread_mutex_lock(&pool->lock);
        record(&pool->result, status, i);
        pthread_mutex_unlock(&pool->lock);
    }
}

static void *work(void *argument)
{
    const worker *self = argument;
    rni_pool *pool = self->pool;
    uint64_t last_run = 0;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (pool->run_number == last_run && !pool->ending)
            pthread_cond_wait(&pool->run_begins, &pool->lock);
        if (pool->ending) break;
        last_run = pool->run_number;
        pthread_mutex_unlock(&pool->lock);
        take_tasks(pool, self->thread);
        pthread_mutex_lock(&pool->lock);
        if (--pool->n_busy == 0) pthread_cond_signal(&pool->run_ends);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Starts workers until one is refused; pool->n_workers says how many there are. */
static bool start_workers(rni_pool *pool, int n_workers)
{
    sigset_t all;
    sigset_t old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int n_started = 0;
    for (; n_started < n_workers; n_started++) {
        worker *next = &pool->workers[n_started];
        next->pool = pool;
        next->thread = n_started + 1;
        if (pthread_create(&next->id, NULL, work, next) != 0) break;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pool->n_workers = n_started;
    return n_started == n_workers;
}

rn_status rni_pool_create(int n_threads, rni_pool **out)
{
    if (n_threads < 1 || n_threads > RNI_POOL_MAX_THREADS)
        return rni_fail(RN_ERR_ARGUMENT, "rni_pool_create: %d threads, expected 1 .. %d", n_threads,
                        RNI_POOL_MAX_THREADS);
    const size_t n_bytes = sizeof(rni_pool) + (size_t)(n_threads - 1) * sizeof(worker);
    rni_pool *pool = rni_alloc_zero(1, n_bytes);
    if (!pool) return rni_fail(RN_ERR_MEMORY, "rni_pool_create: out of memory");
    /* With default attributes these cannot fail on Linux: nothing is allocated. */
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->run_begins, NULL);
    pthread_cond_init(&pool->run_ends, NULL);
    atomic_init(&pool->running, false);
    atomic_init(&pool->next_task, 0);
    if (!start_workers(pool, n_threads - 1)) {
        const int n_started = pool->n_workers;
        rni_pool_destroy(pool);
        return rni_fail(RN_ERR_MEMORY,
                        "rni_pool_create: the system refused thread %d of %d; use fewer threads",
                        n_started + 2, n_threads);
    }
    *out = pool;
    return RN_OK;
}

void rni_pool_destroy(rni_pool *pool)
{
    if (!pool) return;
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    pthread_cond_broadcast(&pool->run_begins);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->n_workers; i++)
        pthread_join(pool->workers[i].id, NULL);
    pthread_cond_destroy(&pool->run_ends);
    pthread_cond_destroy(&pool->run_begins);
    pthread_mutex_destroy(&pool->lock);
    rni_free(pool);
}

int rni_pool_threads(const rni_pool *pool)
{
    return pool ? pool->n_workers + 1 : 1;
}

static void begin_run(rni_pool *pool, rn_index n_tasks, rni_task_fn task, void *user)
{
    pthread_mutex_lock(&pool->lock);
    pool->task = task;
    pool->user = user;
    pool->n_tasks = n_tasks;
    atomic_store(&pool->next_task, 0);
    pool->result.status = RN_OK;
    pool->n_busy = pool->n_workers;
    pool->run_number++;
    pthread_cond_broadcast(&pool->run_begins);
    pthread_mutex_unlock(&pool->lock);
}

static void await_workers(rni_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->n_busy > 0)
        pthread_cond_wait(&pool->run_ends, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

rn_status rni_pool_run(rni_pool *pool, rn_index n_tasks, rni_task_fn task, void *user)
{
    if (n_tasks < 0)
        return rni_fail(RN_ERR_ARGUMENT, "rni_pool_run: %" PRId64 " tasks, expected 0 or more",
                        n_tasks);
    if (!pool || pool->n_workers == 0) return run_alone(n_tasks, task, user);
    if (atomic_exchange(&pool->running, true))
        return rni_fail(RN_ERR_INTERNAL, "rni_pool_run: the pool is already running; a task must "
                                         "not use the pool that runs it");
    rn_status status = RN_OK;
    if (n_tasks <= 1) {
        status = run_alone(n_tasks, task, user);
    } else {
        begin_run(pool, n_tasks, task, user);
        take_tasks(pool, 0);
        await_workers(pool);
        status = pass_on(&pool->result);
    }
    atomic_store(&pool->running, false);
    return status;
}
