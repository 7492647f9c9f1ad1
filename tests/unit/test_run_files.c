/*
 * The folder of a run: files hold the numbers of the API to the last bit, the same run gives the
 * same bytes, and failures leave what was there readable.
 */
#include "check.h"

#include <dirent.h>
#include <math.h>
#include <renorm/run.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/hdf5.h"
#include "core/memory.h"
#include "core/reader.h"
#include "remove_tree.h"
#include "store/file.h"

static const char *const small[] = {"model.depth=2",       "model.width=8", "data.kind=sphere",
                                    "data.n_train=8",      "data.n_test=8", "data.dimension=5",
                                    "measure.snapshots=4", "steps=20"};
#define N_SMALL ((rn_index)(sizeof small / sizeof small[0]))

static char root[64];

static int make_place(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof root, "renorm-run-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_place(void **state)
{
    (void)state;
    remove_tree(root);
    return 0;
}

/* A small run into root/name. */
static rn_run *run_into(const char *name, int n_threads)
{
    char target[RNI_PATH_SIZE];
    rn_config *config = NULL;
    rn_run *run = NULL;
    assert_status(rni_path_join(root, name, target), RN_OK);
    assert_status(rn_config_load(NULL, N_SMALL, small, &config), RN_OK);
    const rn_run_options options = {.folder = target, .n_threads = n_threads};
    assert_status(rn_run_execute(config, &options, NULL, &run), RN_OK);
    rn_config_destroy(config);
    return run;
}

static char *read_text(const char *inside, const char *name, rn_index *n_bytes)
{
    char inner[RNI_PATH_SIZE];
    char path[RNI_PATH_SIZE];
    char *bytes = NULL;
    assert_status(rni_path_join(root, inside, inner), RN_OK);
    assert_status(rni_path_join(inner, name, path), RN_OK);
    assert_status(rni_file_read(path, (rn_index)1 << 24, &bytes, n_bytes), RN_OK);
    return bytes;
}

static void assert_same_file(const char *folder, const char *other, const char *name)
{
    rn_index n_first = 0;
    rn_index n_second = 0;
    char *first = read_text(folder, name, &n_first);
    char *second = read_text(other, name, &n_second);
    if (n_first != n_second || memcmp(first, second, (size_t)n_first) != 0)
        fail_msg("%s differs between %s and %s", name, folder, other);
    rni_free(first);
    rni_free(second);
}

static void assert_array(rni_hdf5_image *image, const rn_field *field, rn_index count,
                         const double *expected)
{
    char unit[64];
    int rank = -1;
    rn_index dims[RNI_HDF5_RANK_MAX] = {0};
    if (count == 0) { /* a tiny network has too few shells for couplings: its file has no array */
        assert_status(rni_hdf5_shape(image, field->name, &rank, dims), RN_ERR_FORMAT);
        return;
    }
    double *values = rni_alloc(count, sizeof *values);
    assert_non_null(values);
    assert_status(rni_hdf5_shape(image, field->name, &rank, dims), RN_OK);
    assert_int_equal(rank, field->axis[0] ? 1 : 0);
    assert_status(rni_hdf5_read_reals(image, field->name, count, values), RN_OK);
    assert_memory_equal(values, expected, (size_t)count * sizeof *values);
    assert_status(rni_hdf5_read_text(image, field->name, "unit", sizeof unit, unit), RN_OK);
    assert_string_equal(unit, field->unit);
    rni_free(values);
}

static void snapshots_hold_the_numbers_of_the_api(void **state)
{
    (void)state;
    rn_run *run = run_into("a", 1);
    for (rn_index k = 0; k < rn_run_n_snapshots(run); k++) {
        const rn_snapshot *at = rn_run_snapshot(run, k);
        char name[64];
        rn_index n_bytes = 0;
        rn_index format = 0;
        rn_index step = -1;
        rni_hdf5_image *image = NULL;
        (void)snprintf(name, sizeof name, "snapshots/%06d.h5", (int)at->record.step);
        char *bytes = read_text("a", name, &n_bytes);
        assert_status(rni_hdf5_open((const unsigned char *)bytes, n_bytes, &image), RN_OK);
        rni_free(bytes);
        assert_status(rni_hdf5_read_integer(image, "format", &format), RN_OK);
        assert_int_equal(format, 1);
        assert_status(rni_hdf5_read_integer(image, "step", &step), RN_OK);
        assert_int_equal(step, at->record.step);
        for (rn_index i = 0; rn_snapshot_field(i); i++) {
            rn_index count = 0;
            const double *expected = rn_snapshot_values(at, i, &count);
            assert_array(image, rn_snapshot_field(i), count, expected);
        }
        rni_hdf5_close(image);
    }
    rn_run_destroy(run);
}

/* The next cell of a line as a number; NaN for an empty one. Moves past the comma. */
static double next_cell(char **cursor)
{
    char *end = *cursor + strcspn(*cursor, ",\n");
    const double value = end == *cursor ? (double)NAN : strtod(*cursor, NULL);
    *cursor = end + 1;
    return value;
}

static void assert_cell(char **cursor, double expected)
{
    const double found = next_cell(cursor);
    if (isnan(expected))
        assert_true(isnan(found));
    else
        assert_close(found, expected, 0.0);
}

static void metrics_hold_every_record(void **state)
{
    (void)state;
    rn_run *run = run_into("a", 1);
    rn_index n_bytes = 0;
    char *text = read_text("a", "metrics.csv", &n_bytes);
    char *cursor = strchr(text, '\n') + 1;
    for (rn_index i = 0; i < rn_run_n_records(run); i++) {
        const rn_record *r = rn_run_record(run, i);
        const double expected[] = {
            (double)r->step, r->time,          r->learning_rate,     r->loss,
            r->accuracy,     r->held_out_loss, r->held_out_accuracy, r->gradient_norm};
        for (size_t j = 0; j < sizeof expected / sizeof expected[0]; j++)
            assert_cell(&cursor, expected[j]);
    }
    assert_int_equal(cursor - text, n_bytes);
    rni_free(text);
    rn_run_destroy(run);
}

static void shells_and_budget_tables_hold_every_snapshot(void **state)
{
    (void)state;
    rn_run *run = run_into("a", 1);
    rn_index n_shells = 0;
    rn_index n_budget = 0;
    char *shells = read_text("a", "shells.csv", &n_shells);
    char *budget = read_text("a", "budget.csv", &n_budget);
    char *shell = strchr(shells, '\n') + 1;
    char *line = strchr(budget, '\n') + 1;
    for (rn_index k = 0; k < rn_run_n_snapshots(run); k++) {
        const rn_snapshot *at = rn_run_snapshot(run, k);
        for (rn_index i = 0; i + 1 < at->n_boundaries; i++) {
            const double expected[] = {
                (double)at->record.step, at->record.time,    (double)i, at->s[i], at->s[i + 1],
                at->energy[i],           at->energy_sharp[i]};
            for (size_t j = 0; j < 7; j++)
                assert_cell(&shell, expected[j]);
        }
        for (rn_index b = 0; b < at->n_boundaries; b++) {
            assert_cell(&line, (double)at->record.step);
            assert_cell(&line, at->record.time);
            assert_cell(&line, (double)b);
            for (rn_index i = 0; rn_snapshot_field(i); i++) {
                rn_index count = 0;
                if (strcmp(rn_snapshot_field(i)->axis, "boundary") != 0) continue;
                assert_cell(&line, rn_snapshot_values(at, i, &count)[b]);
            }
        }
    }
    assert_int_equal(shell - shells, n_shells);
    assert_int_equal(line - budget, n_budget);
    rni_free(shells);
    rni_free(budget);
    rn_run_destroy(run);
}

static void the_same_run_gives_the_same_bytes(void **state)
{
    (void)state;
    rn_run *first = run_into("a", 2);
    rn_run *second = run_into("b", 2);
    static const char *const names[] = {"config.yaml", "metrics.csv", "shells.csv", "budget.csv",
                                        "checkpoint.h5"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_same_file("a", "b", names[i]);
    for (rn_index k = 0; k < rn_run_n_snapshots(first); k++) {
        char name[64];
        (void)snprintf(name, sizeof name, "snapshots/%06d.h5",
                       (int)rn_run_snapshot(first, k)->record.step);
        assert_same_file("a", "b", name);
    }
    rn_run_destroy(first);
    rn_run_destroy(second);
}

static void threads_do_not_change_the_training(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, 3, 7};
    char name[2] = "a";
    for (int i = 0; i < 4; i++) {
        name[0] = (char)('a' + i);
        rn_run_destroy(run_into(name, threads[i]));
        assert_same_file("a", name, "metrics.csv");
    }
}

static void the_written_configuration_gives_itself(void **state)
{
    (void)state;
    char path[RNI_PATH_SIZE];
    rn_config *config = NULL;
    rn_index n_bytes = 0;
    rn_run_destroy(run_into("a", 1));
    char *text = read_text("a", "config.yaml", &n_bytes);
    (void)snprintf(path, sizeof path, "%s/a/config.yaml", root);
    assert_status(rn_config_load(path, 0, NULL, &config), RN_OK);
    assert_string_equal(rn_config_text(config), text);
    assert_string_equal(rn_config_name(config), "a"); /* the folder's */
    rn_config_destroy(config);
    rni_free(text);
}

static void a_folder_in_use_is_never_overwritten(void **state)
{
    (void)state;
    rn_config *config = NULL;
    rn_run *run = NULL;
    char target[RNI_PATH_SIZE];
    rn_run_destroy(run_into("a", 1));
    rn_index n_before = 0;
    char *before = read_text("a", "metrics.csv", &n_before);
    assert_status(rni_path_join(root, "a", target), RN_OK);
    assert_status(rn_config_load(NULL, N_SMALL, small, &config), RN_OK);
    const rn_run_options again = {.folder = target};
    assert_status(rn_run_execute(config, &again, NULL, &run), RN_ERR_IO);
    assert_message_has("not empty");
    assert_null(run);
    const rn_run_options beside = {.parent = root};
    assert_status(rn_run_execute(config, &beside, NULL, &run), RN_OK);
    rn_summary summary;
    rn_run_summary(run, &summary);
    assert_non_null(strstr(summary.folder, "/run"));
    assert_string_equal(rn_run_file(run, 0), "config.yaml");
    assert_string_equal(rn_run_file(run, 5), "checkpoint.h5");
    assert_string_equal(rn_run_file(run, 6), "snapshots/ (4 files)");
    assert_null(rn_run_file(run, 7));
    rn_run_destroy(run);
    rn_config_destroy(config);
    rn_index n_after = 0;
    char *after = read_text("a", "metrics.csv", &n_after);
    assert_int_equal(n_before, n_after);
    rni_free(before);
    rni_free(after);
}

static void a_failed_run_leaves_what_it_recorded(void **state)
{
    (void)state;
    const char *wild[] = {"model.depth=2",          "model.width=8",     "data.kind=sphere",
                          "train.learning_rate=50", "measure.kind=none", "steps=500"};
    char target[RNI_PATH_SIZE];
    rn_config *config = NULL;
    rn_run *run = NULL;
    rn_index n_bytes = 0;
    assert_status(rni_path_join(root, "a", target), RN_OK);
    assert_status(rn_config_load(NULL, 6, wild, &config), RN_OK);
    const rn_run_options options = {.folder = target};
    assert_status(rn_run_execute(config, &options, NULL, &run), RN_ERR_NONFINITE);
    rn_config_destroy(config);
    /* a header, and a row for every step up to the one of the message */
    const char *said = strstr(rn_last_message(), "step ");
    assert_non_null(said);
    const long failed_at = strtol(said + 5, NULL, 10);
    char *metrics = read_text("a", "metrics.csv", &n_bytes);
    long n_lines = 0;
    for (rn_index i = 0; i < n_bytes; i++)
        n_lines += metrics[i] == '\n';
    assert_int_equal(n_lines, 2 + failed_at);
    assert_int_equal(metrics[n_bytes - 1], '\n');
    rni_free(metrics);
    char *manifest = read_text("a", "manifest.yaml", &n_bytes);
    assert_non_null(strstr(manifest, "outcome: failed"));
    rni_free(manifest);
}

#define HERE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HERE(snapshots_hold_the_numbers_of_the_api),
        HERE(metrics_hold_every_record),
        HERE(shells_and_budget_tables_hold_every_snapshot),
        HERE(the_same_run_gives_the_same_bytes),
        HERE(threads_do_not_change_the_training),
        HERE(the_written_configuration_gives_itself),
        HERE(a_folder_in_use_is_never_overwritten),
        HERE(a_failed_run_leaves_what_it_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
