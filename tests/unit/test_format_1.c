/*
 * A folder of format 1, written once and kept: it opens for ever.
 */
#include "check.h"

#include <renorm/folder.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/reader.h"
#include "store/file.h"

#define FIXTURE RN_FIXTURES "/run_format_1"

/* as metrics.csv has them */
#define FIRST_LOSS 0.5128409291096427
#define LAST_LOSS  0.39970117673023053

static const char *const names[] = {"config.yaml",         "manifest.yaml",      "metrics.csv",
                                    "shells.csv",          "budget.csv",         "checkpoint.h5",
                                    "snapshots/000000.h5", "snapshots/000006.h5"};
#define N_NAMES ((int)(sizeof names / sizeof names[0]))

static void it_is_read(void **state)
{
    (void)state;
    rn_folder *folder = NULL;
    assert_status(rn_folder_open(FIXTURE, &folder), RN_OK);
    assert_int_equal(rn_folder_n_records(folder), 7);
    assert_int_equal(rn_folder_n_snapshots(folder), 2);
    assert_close(rn_folder_record(folder, 0)->loss, FIRST_LOSS, 0.0);
    assert_close(rn_folder_record(folder, 6)->loss, LAST_LOSS, 0.0);
    assert_int_equal(rn_folder_snapshot(folder, 1)->n_modes, 4);
    assert_close(rn_folder_snapshot(folder, 1)->record.loss, LAST_LOSS, 0.0);
    assert_string_equal(rn_folder_find_fact(folder, "format"), "1");
    rn_folder_close(folder);
}

/* A copy, since resuming locks the folder. */
static void it_is_resumed(void **state)
{
    (void)state;
    char place[] = "renorm-format-XXXXXX";
    char inner[RNI_PATH_SIZE];
    rn_run *run = NULL;
    rn_summary summary;
    assert_non_null(mkdtemp(place));
    assert_status(rni_path_join(place, "snapshots", inner), RN_OK);
    assert_int_equal(mkdir(inner, (mode_t)0777), 0);
    for (int i = 0; i < N_NAMES; i++) {
        char *bytes = NULL;
        rn_index n_bytes = 0;
        assert_status(rni_path_join(FIXTURE, names[i], inner), RN_OK);
        assert_status(rni_file_read(inner, 1 << 20, &bytes, &n_bytes), RN_OK);
        assert_status(rni_path_join(place, names[i], inner), RN_OK);
        assert_status(rni_file_write(inner, bytes, n_bytes), RN_OK);
        rni_free(bytes);
    }
    assert_status(rn_run_resume(place, NULL, NULL, &run), RN_OK);
    rn_run_summary(run, &summary);
    assert_true(summary.was_done);
    assert_int_equal(rn_run_n_records(run), 7);
    assert_int_equal(rn_run_n_snapshots(run), 2);
    assert_close(rn_run_snapshot(run, 0)->record.loss, FIRST_LOSS, 0.0);
    rn_run_destroy(run);

    for (int i = 0; i < N_NAMES; i++) {
        assert_status(rni_path_join(place, names[i], inner), RN_OK);
        assert_int_equal(unlink(inner), 0);
    }
    assert_status(rni_path_join(place, RNI_LOCK_NAME, inner), RN_OK);
    assert_int_equal(unlink(inner), 0);
    assert_status(rni_path_join(place, "snapshots", inner), RN_OK);
    assert_int_equal(rmdir(inner), 0);
    assert_int_equal(rmdir(place), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_read),
        cmocka_unit_test(it_is_resumed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
