/*
 * A study when memory runs out: loading it, and looking at one that is there; and cells whose
 * processes run out of it.
 */
#include "check.h"

#include <renorm/study.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/reader.h"
#include "remove_tree.h"
#include "scratch.h"

static const char text[] =
    "base:\n  steps: 1\n  threads: 1\n  model: {depth: 1, width: 3}\n"
    "  data: {kind: sphere, n_train: 3, n_test: 2, dimension: 5}\n  measure: {snapshots: 2}\n"
    "arms: {a: {model.residual: true}, b: {model.residual: false}}\n"
    "vary: {model.width: [3]}\nseeds: 1\nsummarise: [loss, lambda_max]\n";

static char folder[64];

static int setup(void **state)
{
    (void)snprintf(folder, sizeof folder, "study-fault-XXXXXX");
    return scratch_setup(state) != 0 || !mkdtemp(folder);
}

static int teardown(void **state)
{
    remove_tree(folder);
    return scratch_teardown(state);
}

static rn_study *load(void)
{
    rn_study *study = NULL;
    assert_status(rn_study_load(scratch_write("f.yaml", text, (rn_index)sizeof text - 1), &study),
                  RN_OK);
    return study;
}

static char *read_summary(void)
{
    char path[128];
    char *bytes = NULL;
    rn_index n = 0;
    (void)snprintf(path, sizeof path, "%s/summary.csv", folder);
    assert_status(rni_file_read(path, 1 << 20, &bytes, &n), RN_OK);
    return bytes;
}

static void loading_survives_every_failed_allocation(void **state)
{
    (void)state;
    const char *path = scratch_write("f.yaml", text, (rn_index)sizeof text - 1);
    rn_study *study = NULL;
    (void)rni_fail_allocation(0);
    assert_status(rn_study_load(path, &study), RN_OK);
    const long n = rni_fail_allocation(0);
    rn_study_destroy(study);
    assert_true(n > 50);
    const rn_index held = rni_memory_bytes();
    for (long i = 1; i <= n; i++) {
        study = NULL;
        (void)rni_fail_allocation(i);
        const rn_status status = rn_study_load(path, &study);
        (void)rni_fail_allocation(0);
        assert_status(status, RN_ERR_MEMORY);
        assert_null(study);
        assert_int_equal(rni_memory_bytes(), held);
    }
}

static void a_finished_study_survives_every_failed_allocation(void **state)
{
    (void)state;
    rn_study *study = load();
    const rn_study_options options = {.folder = folder, .n_jobs = 1};
    rn_study_result result;
    assert_status(rn_study_execute(study, &options, NULL, &result), RN_OK);
    assert_int_equal(result.n_finished, 2);
    char *expected = read_summary();
    (void)rni_fail_allocation(0);
    assert_status(rn_study_execute(study, &options, NULL, &result), RN_OK);
    const long n = rni_fail_allocation(0);
    assert_true(n > 100);
    const rn_index held = rni_memory_bytes();
    const long stride = 1 + n / check_cases(150); /* each waits for the disk a few times */
    for (long i = 1; i <= n; i += stride) {
        result.n_cells = -1;
        (void)rni_fail_allocation(i);
        const rn_status status = rn_study_execute(study, &options, NULL, &result);
        (void)rni_fail_allocation(0);
        assert_status(status, RN_ERR_MEMORY);
        assert_int_equal(result.n_cells, -1);
        assert_int_equal(rni_memory_bytes(), held);
    }
    assert_status(rn_study_execute(study, &options, NULL, &result), RN_OK);
    char *again = read_summary();
    assert_string_equal(again, expected);
    rni_free(again);
    rni_free(expected);
    rn_study_destroy(study);
}

/* The fault is counted down in the parent and, from the same number, in each cell. */
static void cells_without_memory_fail_and_are_made_up_for(void **state)
{
    (void)state;
    rn_study *study = load();
    const rn_study_options options = {.folder = folder, .n_jobs = 1};
    rn_study_result result;
    const rn_index held = rni_memory_bytes();
    assert_status(rn_study_execute(study, &options, NULL, &result), RN_OK);
    char *expected = read_summary();
    for (long fault = 150; fault <= 950; fault += 200) /* of about 1200 */ {
        remove_tree(folder);
        (void)rni_fail_allocation(fault);
        const rn_status status = rn_study_execute(study, &options, NULL, &result);
        (void)rni_fail_allocation(0);
        assert_true(status == RN_ERR_MEMORY || (status == RN_OK && result.n_failed > 0));
        assert_status(rn_study_execute(study, &options, NULL, &result), RN_OK);
        assert_int_equal(result.n_finished, 2);
        char *again = read_summary();
        assert_string_equal(again, expected);
        rni_free(again);
    }
    rni_free(expected);
    assert_int_equal(rni_memory_bytes(), held);
    rn_study_destroy(study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loading_survives_every_failed_allocation),
        cmocka_unit_test(a_finished_study_survives_every_failed_allocation),
        cmocka_unit_test(cells_without_memory_fail_and_are_made_up_for),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
