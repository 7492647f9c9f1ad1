/*
 * A run when memory runs out: any allocation may fail, and the answer is a status, an untouched
 * output and nothing leaked.
 */
#include "check.h"

#include <renorm/run.h>

#include "core/memory.h"

/* Setting a run up and taking its two measurements asks for some thousand allocations. */
static const char *const tiny[] = {"model.depth=1",  "model.width=3", "data.kind=sphere",
                                   "data.n_train=3", "data.n_test=2", "data.dimension=5",
                                   "steps=1",        "threads=1",     "measure.snapshots=2"};

static rn_status attempt(long fault, long *n_asked)
{
    rn_config *config = NULL;
    rn_run *run = NULL;
    (void)rni_fail_allocation(fault);
    rn_status status = rn_config_load(NULL, 9, tiny, &config);
    if (status == RN_OK) status = rn_run_execute(config, NULL, NULL, &run);
    *n_asked = rni_fail_allocation(0);
    if (status < 0) assert_null(run);
    rn_run_destroy(run);
    rn_config_destroy(config);
    return status;
}

static void survives_allocation_failures_anywhere(void **state)
{
    (void)state;
    long n_allocations = 0;
    assert_status(attempt(0, &n_allocations), RN_OK);
    assert_true(n_allocations > 100);
    const rn_index n_bytes = rni_memory_bytes();
    /* every one of the first hundred, then as many as the time for a test allows */
    const long stride = 1 + n_allocations / (long)check_cases(300);
    for (long fault = 1; fault <= n_allocations; fault += fault <= 100 ? 1 : stride) {
        long n_asked = 0;
        assert_status(attempt(fault, &n_asked), RN_ERR_MEMORY);
        assert_int_equal(rni_memory_bytes(), n_bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_allocation_failures_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
