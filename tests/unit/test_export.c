/*
 * A run's folder as csv and npz: the numbers of the run to the last bit, the same bytes twice, and
 * nothing overwritten.
 */
#include "check.h"

#include <math.h>
#include <renorm/export.h>
#include <renorm/run.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/zip.h"
#include "core/memory.h"
#include "data/npy.h"
#include "remove_tree.h"

static const char *const small[] = {"model.depth=2",       "model.width=6", "data.kind=sphere",
                                    "data.n_train=6",      "data.n_test=4", "data.dimension=5",
                                    "measure.snapshots=3", "steps=12"};
#define N_SMALL ((rn_index)(sizeof small / sizeof small[0]))

static char root[64];
static char folder[128];
static rn_run *run;

static int make_run(void **state)
{
    (void)state;
    rn_config *config = NULL;
    (void)snprintf(root, sizeof root, "renorm-export-XXXXXX");
    if (!mkdtemp(root)) return -1;
    (void)snprintf(folder, sizeof folder, "%s/a", root);
    const rn_run_options options = {.folder = folder};
    if (rn_config_load(NULL, N_SMALL, small, &config) != RN_OK) return -1;
    const rn_status status = rn_run_execute(config, &options, NULL, &run);
    rn_config_destroy(config);
    return status == RN_OK ? 0 : -1;
}

static int remove_run(void **state)
{
    (void)state;
    rn_run_destroy(run);
    remove_tree(root);
    return 0;
}

static const char *place(const char *name)
{
    static char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

/* An entry of an archive holds these numbers, bit for bit. */
static void assert_entry(const char *path, const char *entry, rn_index count, const double *values)
{
    rni_reader *reader = NULL;
    rni_array_head head = {0};
    assert_status(rni_zip_open(path, entry, &reader), RN_OK);
    assert_non_null(reader);
    assert_status(rni_npy_read_head(reader, &head), RN_OK);
    assert_int_equal(head.rank, 1);
    assert_int_equal(head.shape[0], count);
    for (rn_index i = 0; i < count; i++) {
        double value = 0.0;
        assert_status(rni_read_exactly(reader, &value, sizeof value, "a number"), RN_OK);
        if (isnan(values[i]))
            assert_true(isnan(value));
        else
            assert_memory_equal(&value, &values[i], sizeof value);
    }
    assert_status(rni_read_end(reader), RN_OK);
    rni_reader_close(reader);
}

static void an_archive_holds_every_array_of_every_snapshot(void **state)
{
    (void)state;
    char path[256];
    (void)snprintf(path, sizeof path, "%s", place("a.npz"));
    assert_status(rn_export_write(folder, "npz", path), RN_OK);
    const rn_index n = rn_run_n_snapshots(run);
    assert_int_equal(n, 3);
    for (rn_index i = 0; rn_snapshot_field(i); i++) {
        const rn_field *field = rn_snapshot_field(i);
        double series[3] = {0};
        char entry[128];
        for (rn_index k = 0; k < n; k++) {
            const rn_snapshot *at = rn_run_snapshot(run, k);
            rn_index count = 0;
            const double *values = rn_snapshot_values(at, i, &count);
            if (count == 0) continue; /* not measured: there is no number to compare */
            series[k] = values[0];
            if (!field->axis[0]) continue;
            (void)snprintf(entry, sizeof entry, "snapshots/%06d/%s.npy", (int)at->record.step,
                           field->name);
            assert_entry(path, entry, count, values);
        }
        if (field->axis[0]) continue;
        (void)snprintf(entry, sizeof entry, "snapshots/%s.npy", field->name);
        assert_entry(path, entry, n, series);
    }
    double loss[64] = {0};
    assert_true(rn_run_n_records(run) <= 64);
    for (rn_index i = 0; i < rn_run_n_records(run); i++)
        loss[i] = rn_run_record(run, i)->loss;
    assert_entry(path, "records/loss.npy", rn_run_n_records(run), loss);
}

static rn_index read_all(const char *path, char **text)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    const long size = ftell(file);
    rewind(file);
    *text = malloc((size_t)size + 1);
    assert_non_null(*text);
    assert_int_equal(fread(*text, 1, (size_t)size, file), size);
    (*text)[size] = 0;
    (void)fclose(file);
    return size;
}

static void the_same_folder_gives_the_same_bytes(void **state)
{
    (void)state;
    for (rn_index i = 0; rn_export_format(i); i++) {
        char *first = NULL;
        char *second = NULL;
        assert_status(rn_export_write(folder, rn_export_format(i), place("first")), RN_OK);
        const rn_index n_first = read_all(place("first"), &first);
        (void)sleep(2); /* the dates in an archive count in two seconds */
        assert_status(rn_export_write(folder, rn_export_format(i), place("second")), RN_OK);
        assert_int_equal(read_all(place("second"), &second), n_first);
        assert_memory_equal(first, second, (size_t)n_first);
        free(first);
        free(second);
        assert_int_equal(unlink(place("first")), 0);
        assert_int_equal(unlink(place("second")), 0);
    }
}

static void a_table_has_one_row_for_every_number(void **state)
{
    (void)state;
    char *text = NULL;
    rn_index expected = 1;
    rn_index found = 0;
    assert_status(rn_export_write(folder, "csv", place("a.csv")), RN_OK);
    (void)read_all(place("a.csv"), &text);
    for (rn_index k = 0; k < rn_run_n_snapshots(run); k++)
        for (rn_index i = 0; rn_snapshot_field(i); i++) {
            rn_index count = 0;
            (void)rn_snapshot_values(rn_run_snapshot(run, k), i, &count);
            expected += count;
        }
    for (const char *c = text; *c; c++)
        found += *c == '\n';
    assert_int_equal(found, expected);
    const char *row = strstr(text, ",lambda_max,,,");
    assert_non_null(row);
    const double value = strtod(row + strlen(",lambda_max,,,"), NULL);
    assert_memory_equal(&value, &rn_run_snapshot(run, 0)->lambda_max, sizeof value);
    free(text);
}

static void mistakes_are_said_and_nothing_is_overwritten(void **state)
{
    (void)state;
    assert_status(rn_export_write(folder, "xls", place("x")), RN_ERR_ARGUMENT);
    assert_message_has("expected csv or npz");
    assert_status(rn_export_write(NULL, "csv", "x"), RN_ERR_ARGUMENT);
    assert_status(rn_export_write(root, "csv", place("x")), RN_ERR_IO);
    assert_message_has("manifest.yaml");
    assert_status(rn_export_write(folder, "csv", root), RN_ERR_IO);
    assert_message_has("nothing is overwritten");
    assert_status(rn_export_write(folder, "npz", place("missing/x.npz")), RN_ERR_IO);
    assert_int_equal(access(place("x"), F_OK), -1);
}

static void an_allocation_that_fails_is_a_status_and_leaks_nothing(void **state)
{
    (void)state;
    (void)rni_fail_allocation(0);
    assert_status(rn_export_write(folder, "npz", place("f")), RN_OK);
    const long n_allocations = rni_fail_allocation(0);
    assert_int_equal(unlink(place("f")), 0);
    const rn_index n_bytes = rni_memory_bytes();
    const long stride = 1 + n_allocations / (long)check_cases(150);
    for (long fault = 1; fault <= n_allocations; fault += stride) {
        (void)rni_fail_allocation(fault);
        const rn_status status = rn_export_write(folder, "npz", place("f"));
        (void)rni_fail_allocation(0);
        assert_status(status, RN_ERR_MEMORY); /* also when it failed in the child */
        assert_int_equal(rni_memory_bytes(), n_bytes);
        assert_int_equal(access(place("f"), F_OK), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_archive_holds_every_array_of_every_snapshot),
        cmocka_unit_test(the_same_folder_gives_the_same_bytes),
        cmocka_unit_test(a_table_has_one_row_for_every_number),
        cmocka_unit_test(mistakes_are_said_and_nothing_is_overwritten),
        cmocka_unit_test(an_allocation_that_fails_is_a_status_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, make_run, remove_run);
}
