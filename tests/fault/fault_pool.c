/*
 * A pool that cannot get its memory or its threads. pthread_create is replaced at link time
 * (--wrap), so that the system refuses any one thread.
 */
#include <check.h>
#include <errno.h>
#include <pthread.h>

#include "core/memory.h"
#include "core/pool.h"

enum { N_THREADS = 5 };

static int refuse_at; /* the nth pthread_create from now fails; 0 = none */

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming)
   -- these two names are the linker's */
int __real_pthread_create(pthread_t *id, const pthread_attr_t *attributes, void *(*start)(void *),
                          void *argument);
int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attributes, void *(*start)(void *),
                          void *argument);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming)
 */

int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attributes, void *(*start)(void *),
                          void *argument)
{
    if (refuse_at > 0 && --refuse_at == 0) return EAGAIN;
    return __real_pthread_create(id, attributes, start, argument);
}

static void a_pool_without_memory_is_refused(void **state)
{
    (void)state;
    int n_failed = 0;
    for (long nth = 1;; nth++) {
        rni_pool *pool = NULL;
        rni_fail_allocation(nth);
        const rn_status status = rni_pool_create(N_THREADS, &pool);
        rni_fail_allocation(0);
        if (status == RN_OK) {
            rni_pool_destroy(pool);
            break;
        }
        assert_status(status, RN_ERR_MEMORY);
        assert_null(pool);
        n_failed++;
    }
    assert_true(n_failed >= 1);
    assert_int_equal(rni_memory_bytes(), 0);
}

/* Whichever thread is refused, those already there end (a hang or a leak is seen by the time
   limit and the sanitizer) and the message says which one. */
static void a_pool_without_its_threads_is_refused(void **state)
{
    (void)state;
    const char *const which[] = {"thread 2 of 5", "thread 3 of 5", "thread 4 of 5",
                                 "thread 5 of 5"};
    for (int nth = 1; nth < N_THREADS; nth++) {
        rni_pool *pool = NULL;
        refuse_at = nth;
        assert_status(rni_pool_create(N_THREADS, &pool), RN_ERR_MEMORY);
        assert_message_has(which[nth - 1]);
        assert_null(pool);
        assert_int_equal(rni_memory_bytes(), 0);
        assert_int_equal(refuse_at, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pool_without_memory_is_refused),
        cmocka_unit_test(a_pool_without_its_threads_is_refused),
    };
    return cmocka_run_group_tests_name("pool faults", tests, NULL, NULL);
}
