/*
 * A run when memory runs out: any allocation may fail, and the answer is a status, an untouched
 * output and nothing leaked.
 */
#include "check.h"

#include <renorm/run.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "remove_tree.h"

/* Setting a run up and taking its two measurements asks for some thousand allocations. */
static const char *const tiny[] = {"model.depth=1",  "model.width=3", "data.kind=sphere",
                                   "data.n_train=3", "data.n_test=2", "data.dimension=5",
                                   "steps=1",        "threads=1",     "measure.snapshots=2"};

static rn_status attempt(const rn_run_options *options, long fault, long *n_asked)
{
    rn_config *config = NULL;
    rn_run *run = NULL;
    (void)rni_fail_allocation(fault);
    rn_status status = rn_config_load(NULL, 9, tiny, &config);
    if (status == RN_OK) status = rn_run_execute(config, options, NULL, &run);
    *n_asked = rni_fail_allocation(0);
    if (status < 0) assert_null(run);
    rn_run_destroy(run);
    rn_config_destroy(config);
    return status;
}

/* As many allocations fail, one at a time, as the time for a test allows: evenly spread, and every
   one of the first hundred where nothing is written. `folder` (NULL: none) is removed after each
   attempt; a run waits for the disk a few dozen times. */
static void fail_everywhere(const char *folder)
{
    const rn_run_options options = {.folder = folder};
    long n_allocations = 0;
    assert_status(attempt(&options, 0, &n_allocations), RN_OK);
    if (folder) remove_tree(folder);
    assert_true(n_allocations > 100);
    const rn_index n_bytes = rni_memory_bytes();
    const long stride = 1 + n_allocations / (long)check_cases(folder ? 80 : 300);
    for (long fault = 1; fault <= n_allocations; fault += !folder && fault <= 100 ? 1 : stride) {
        long n_asked = 0;
        assert_status(attempt(&options, fault, &n_asked), RN_ERR_MEMORY);
        assert_int_equal(rni_memory_bytes(), n_bytes);
        if (folder) remove_tree(folder);
    }
}

static void survives_allocation_failures_anywhere(void **state)
{
    (void)state;
    fail_everywhere(NULL);
}

static void survives_them_while_writing_too(void **state)
{
    (void)state;
    char place[] = "renorm-fault-XXXXXX";
    char folder[64];
    assert_non_null(mkdtemp(place));
    (void)snprintf(folder, sizeof folder, "%s/run", place);
    fail_everywhere(folder);
    remove_tree(place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_allocation_failures_anywhere),
        cmocka_unit_test(survives_them_while_writing_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
