/* The thread pool: every task once, outcomes the same whatever the threads do. */
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "core/pool.h"
#include "core/status.h"

enum { N_TASKS = 1000, N_THREADS = 4 };

typedef struct tally {
    int n_times[N_TASKS]; /* each written by the one thread that runs the task */
    int thread_of[N_TASKS];
    atomic_int n_run;
} tally;

static rn_status count_task(void *user, rn_index task, int thread)
{
    tally *t = user;
    t->n_times[task]++;
    t->thread_of[task] = thread;
    atomic_fetch_add(&t->n_run, 1);
    return RN_OK;
}

static rni_pool *make_pool(int n_threads)
{
    rni_pool *pool = NULL;
    assert_status(rni_pool_create(n_threads, &pool), RN_OK);
    return pool;
}

static void every_task_runs_once(void **state)
{
    (void)state;
    for (int n_threads = 0; n_threads <= N_THREADS; n_threads++) {
        rni_pool *pool = n_threads > 0 ? make_pool(n_threads) : NULL;
        tally t = {.n_run = 0};
        assert_status(rni_pool_run(pool, N_TASKS, count_task, &t), RN_OK);
        for (int i = 0; i < N_TASKS; i++) {
            assert_int_equal(t.n_times[i], 1);
            assert_in_range(t.thread_of[i], 0, rni_pool_threads(pool) - 1);
        }
        rni_pool_destroy(pool);
    }
}

static void a_pool_runs_again_and_again(void **state)
{
    (void)state;
    rni_pool *pool = make_pool(N_THREADS);
    tally t = {.n_run = 0};
    for (int run = 0; run < 300; run++)
        assert_status(rni_pool_run(pool, run % 7, count_task, &t), RN_OK);
    /* runs of length 0 .. 6 in turn: 42 whole rounds of 21 tasks, then 0 + 1 + .. + 5 */
    assert_int_equal(t.n_run, 42 * 21 + 15);
    assert_int_equal(t.n_times[0], 42 * 6 + 5);
    assert_int_equal(t.n_times[6], 0);
    rni_pool_destroy(pool);
}

static void threads_are_counted_with_the_caller(void **state)
{
    (void)state;
    assert_int_equal(rni_pool_threads(NULL), 1);
    for (int n = 1; n <= N_THREADS; n++) {
        rni_pool *pool = make_pool(n);
        assert_int_equal(rni_pool_threads(pool), n);
        rni_pool_destroy(pool);
    }
    rni_pool_destroy(NULL);
}

static void impossible_requests_are_refused(void **state)
{
    (void)state;
    rni_pool *untouched = (rni_pool *)state;
    assert_status(rni_pool_create(0, &untouched), RN_ERR_ARGUMENT);
    assert_message_has("0 threads");
    assert_status(rni_pool_create(-3, &untouched), RN_ERR_ARGUMENT);
    assert_status(rni_pool_create(RNI_POOL_MAX_THREADS + 1, &untouched), RN_ERR_ARGUMENT);
    assert_message_has("1 .. 256");
    assert_ptr_equal(untouched, state);

    tally t = {.n_run = 0};
    assert_status(rni_pool_run(NULL, -1, count_task, &t), RN_ERR_ARGUMENT);
    assert_int_equal(t.n_run, 0);
}

/* Each thread waits in a task until all threads are in one: passes only if they run at once. */
typedef struct meeting {
    pthread_mutex_t lock;
    pthread_cond_t complete;
    int n_present;
    int thread_of[N_THREADS];
} meeting;

static rn_status meet(void *user, rn_index task, int thread)
{
    meeting *m = user;
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += 60;
    pthread_mutex_lock(&m->lock);
    m->thread_of[task] = thread;
    m->n_present++;
    pthread_cond_broadcast(&m->complete);
    int late = 0;
    while (m->n_present < N_THREADS && !late)
        late = pthread_cond_timedwait(&m->complete, &m->lock, &deadline);
    pthread_mutex_unlock(&m->lock);
    return late ? rni_fail(RN_ERR_CALLBACK, "alone after a minute") : RN_OK;
}

static void all_threads_work_at_the_same_time(void **state)
{
    (void)state;
    rni_pool *pool = make_pool(N_THREADS);
    meeting m = {.n_present = 0};
    pthread_mutex_init(&m.lock, NULL);
    pthread_cond_init(&m.complete, NULL);
    assert_status(rni_pool_run(pool, N_THREADS, meet, &m), RN_OK);
    int n_seen = 0;
    for (int thread = 0; thread < N_THREADS; thread++)
        for (int i = 0; i < N_THREADS; i++)
            n_seen += m.thread_of[i] == thread;
    assert_int_equal(n_seen, N_THREADS);
    pthread_cond_destroy(&m.complete);
    pthread_mutex_destroy(&m.lock);
    rni_pool_destroy(pool);
}

/* Status of each task, and how many ran. Low failing tasks are slow, so that a higher one is
   usually recorded first. */
typedef struct script {
    rn_status statuses[N_TASKS];
    rn_index slow_task; /* sleeps 20 ms; -1 = none */
    atomic_int n_run;
} script;

static rn_status follow_script(void *user, rn_index task, int thread)
{
    script *s = user;
    (void)thread;
    atomic_fetch_add(&s->n_run, 1);
    if (task == s->slow_task) nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    const rn_status status = s->statuses[task];
    return status == RN_OK ? RN_OK : rni_fail(status, "task %d says so", (int)task);
}

static void the_lowest_failing_task_is_reported(void **state)
{
    (void)state;
    for (int n_threads = 0; n_threads <= N_THREADS; n_threads++) {
        rni_pool *pool = n_threads > 0 ? make_pool(n_threads) : NULL;
        for (int repeat = 0; repeat < 20; repeat++) {
            script s = {.slow_task = 5};
            s.statuses[2] = RN_NOT_CONVERGED;
            s.statuses[5] = RN_ERR_SHAPE;
            s.statuses[6] = RN_ERR_IO;
            s.statuses[7] = RN_ERR_IO;
            assert_status(rni_pool_run(pool, N_TASKS, follow_script, &s), RN_ERR_SHAPE);
            assert_string_equal(rn_last_message(), "task 5 says so");
            assert_true(s.n_run >= 6);
        }
        rni_pool_destroy(pool);
    }
}

/* Task 0 fails at once, all others take 50 ms. */
static rn_status fail_first(void *user, rn_index task, int thread)
{
    atomic_int *n_run = user;
    (void)thread;
    atomic_fetch_add(n_run, 1);
    if (task == 0) return rni_fail(RN_ERR_NONFINITE, "NaN in tile 0");
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    return RN_OK;
}

static void no_task_starts_after_a_failure(void **state)
{
    (void)state;
    atomic_int n_run = 0;
    assert_status(rni_pool_run(NULL, N_TASKS, fail_first, &n_run), RN_ERR_NONFINITE);
    assert_int_equal(n_run, 1);

    rni_pool *pool = make_pool(N_THREADS);
    n_run = 0;
    assert_status(rni_pool_run(pool, N_TASKS, fail_first, &n_run), RN_ERR_NONFINITE);
    assert_string_equal(rn_last_message(), "NaN in tile 0");
    /* 100 tasks would keep four threads busy for more than a second after the failure */
    assert_true(n_run < 100);
    rni_pool_destroy(pool);
}

static void weaker_answers_are_passed_on_when_nothing_fails(void **state)
{
    (void)state;
    for (int n_threads = 0; n_threads <= N_THREADS; n_threads++) {
        rni_pool *pool = n_threads > 0 ? make_pool(n_threads) : NULL;
        script s = {.slow_task = 3};
        s.statuses[3] = RN_NOT_CONVERGED;
        s.statuses[4] = RN_INTERRUPTED;
        s.statuses[900] = RN_INTERRUPTED;
        assert_status(rni_pool_run(pool, N_TASKS, follow_script, &s), RN_NOT_CONVERGED);
        assert_string_equal(rn_last_message(), "task 3 says so");
        assert_int_equal(s.n_run, N_TASKS);

        s.statuses[950] = RN_ERR_DOMAIN;
        assert_status(rni_pool_run(pool, N_TASKS, follow_script, &s), RN_ERR_DOMAIN);
        assert_string_equal(rn_last_message(), "task 950 says so");
        rni_pool_destroy(pool);
    }
}

static void a_failed_run_does_not_stain_the_next(void **state)
{
    (void)state;
    rni_pool *pool = make_pool(2);
    script s = {.slow_task = -1};
    s.statuses[17] = RN_ERR_IO;
    assert_status(rni_pool_run(pool, N_TASKS, follow_script, &s), RN_ERR_IO);
    tally t = {.n_run = 0};
    assert_status(rni_pool_run(pool, N_TASKS, count_task, &t), RN_OK);
    assert_int_equal(t.n_run, N_TASKS);
    rni_pool_destroy(pool);
}

static rn_status run_within(void *user, rn_index task, int thread)
{
    (void)task;
    (void)thread;
    tally t = {.n_run = 0};
    return rni_pool_run(user, 2, count_task, &t);
}

static void a_task_cannot_run_its_own_pool(void **state)
{
    (void)state;
    rni_pool *pool = make_pool(2);
    assert_status(rni_pool_run(pool, 2, run_within, pool), RN_ERR_INTERNAL);
    assert_message_has("already running");
    assert_status(rni_pool_run(pool, 1, run_within, pool), RN_ERR_INTERNAL);
    tally t = {.n_run = 0};
    assert_status(rni_pool_run(pool, 2, count_task, &t), RN_OK);
    rni_pool_destroy(pool);
}

static rn_status ask_for_signals(void *user, rn_index task, int thread)
{
    meeting *m = user;
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    const bool is_blocked = sigismember(&blocked, SIGINT) == 1;
    const rn_status status = meet(m, task, thread);
    if (status != RN_OK) return status;
    return is_blocked == (thread > 0) ? RN_OK : rni_fail(RN_ERR_CALLBACK, "thread %d", thread);
}

static void signals_reach_the_caller_only(void **state)
{
    (void)state;
    rni_pool *pool = make_pool(N_THREADS);
    meeting m = {.n_present = 0};
    pthread_mutex_init(&m.lock, NULL);
    pthread_cond_init(&m.complete, NULL);
    assert_status(rni_pool_run(pool, N_THREADS, ask_for_signals, &m), RN_OK);
    pthread_cond_destroy(&m.complete);
    pthread_mutex_destroy(&m.lock);
    rni_pool_destroy(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_once),
        cmocka_unit_test(a_pool_runs_again_and_again),
        cmocka_unit_test(threads_are_counted_with_the_caller),
        cmocka_unit_test(impossible_requests_are_refused),
        cmocka_unit_test(all_threads_work_at_the_same_time),
        cmocka_unit_test(the_lowest_failing_task_is_reported),
        cmocka_unit_test(no_task_starts_after_a_failure),
        cmocka_unit_test(weaker_answers_are_passed_on_when_nothing_fails),
        cmocka_unit_test(a_failed_run_does_not_stain_the_next),
        cmocka_unit_test(a_task_cannot_run_its_own_pool),
        cmocka_unit_test(signals_reach_the_caller_only),
    };
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
