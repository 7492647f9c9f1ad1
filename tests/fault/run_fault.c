/*
 * A run when memory runs out: any allocation may fail, and the answer is a status, an untouched
 * output and nothing leaked.
 */
#include "check.h"

#include <renorm/run.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/reader.h"
#include "remove_tree.h"
#include "store/file.h"

/* Setting a run up and taking its two measurements asks for some thousand allocations. */
static const char *const tiny[] = {
    "model.depth=1",       "model.width=3",          "data.kind=sphere", "data.n_train=3",
    "data.n_test=2",       "data.dimension=5",       "steps=1",          "threads=1",
    "measure.snapshots=2", "measure.conditions=true"};

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

/* ---- going on ------------------------------------------------------------------------------- */

static int stop_at_once(void *user)
{
    (void)user;
    return 1;
}

static rn_config *load(void)
{
    static const char *const more[] = {"steps=4", "output.checkpoint_every=1"};
    const char *words[sizeof tiny / sizeof tiny[0] + 2];
    rn_config *config = NULL;
    memcpy(words, tiny, sizeof tiny);
    memcpy(words + sizeof tiny / sizeof tiny[0], more, sizeof more);
    assert_status(rn_config_load(NULL, 11, words, &config), RN_OK);
    return config;
}

/* A run that was stopped after its first step. */
static void stop_early(const rn_config *config, const char *folder)
{
    const rn_observer observer = {.should_stop = stop_at_once};
    const rn_run_options options = {.folder = folder};
    rn_run *run = NULL;
    assert_status(rn_run_execute(config, &options, &observer, &run), RN_INTERRUPTED);
    rn_run_destroy(run);
}

static rn_status resume(const char *folder, long fault, long *n_asked)
{
    rn_run *run = NULL;
    (void)rni_fail_allocation(fault);
    const rn_status status = rn_run_resume(folder, NULL, NULL, &run);
    *n_asked = rni_fail_allocation(0);
    if (status < 0) assert_null(run);
    rn_run_destroy(run);
    return status;
}

static void assert_same(const char *left, const char *right, const char *name)
{
    char path[RNI_PATH_SIZE];
    char *bytes[2] = {NULL, NULL};
    rn_index n_bytes[2] = {0, 0};
    assert_status(rni_path_join(left, name, path), RN_OK);
    assert_status(rni_file_read(path, 1 << 20, &bytes[0], &n_bytes[0]), RN_OK);
    assert_status(rni_path_join(right, name, path), RN_OK);
    assert_status(rni_file_read(path, 1 << 20, &bytes[1], &n_bytes[1]), RN_OK);
    assert_int_equal(n_bytes[0], n_bytes[1]);
    assert_memory_equal(bytes[0], bytes[1], (size_t)n_bytes[0]);
    rni_free(bytes[0]);
    rni_free(bytes[1]);
}

/* Whatever allocation fails while going on, nothing leaks, and the next attempt ends as if nothing
   had happened. */
static void going_on_survives_them_and_can_be_tried_again(void **state)
{
    (void)state;
    static const char *const names[] = {"metrics.csv", "budget.csv", "checkpoint.h5",
                                        "snapshots/000004.h5"};
    char place[] = "renorm-fault-XXXXXX";
    char whole[64];
    char folder[64];
    long n_allocations = 0;
    long unused = 0;
    assert_non_null(mkdtemp(place));
    (void)snprintf(whole, sizeof whole, "%s/whole", place);
    (void)snprintf(folder, sizeof folder, "%s/run", place);
    rn_config *config = load();
    stop_early(config, whole);
    assert_status(resume(whole, 0, &n_allocations), RN_OK);
    assert_true(n_allocations > 100);
    const rn_index n_bytes = rni_memory_bytes();
    const long stride = 1 + n_allocations / (long)check_cases(30);
    for (long fault = 1; fault <= n_allocations; fault += stride) {
        stop_early(config, folder);
        assert_status(resume(folder, fault, &unused), RN_ERR_MEMORY);
        assert_int_equal(rni_memory_bytes(), n_bytes);
        assert_status(resume(folder, 0, &unused), RN_OK);
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            assert_same(whole, folder, names[i]);
        remove_tree(folder);
    }
    rn_config_destroy(config);
    remove_tree(place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_allocation_failures_anywhere),
        cmocka_unit_test(survives_them_while_writing_too),
        cmocka_unit_test(going_on_survives_them_and_can_be_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
