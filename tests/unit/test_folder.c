/*
 * A run's folder read back: the numbers of the run to the last bit, and whatever a disk or a
 * person does to the files ends in a message.
 */
#include "check.h"

#include <hdf5.h>
#include <math.h>
#include <renorm/folder.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/reader.h"
#include "core/rng.h"
#include "remove_tree.h"
#include "store/file.h"
#include "store/seal.h"

static const char *const small[] = {"model.depth=2",       "model.width=6", "data.kind=sphere",
                                    "data.n_train=6",      "data.n_test=4", "data.dimension=5",
                                    "measure.snapshots=3", "steps=12"};
#define N_SMALL ((rn_index)(sizeof small / sizeof small[0]))

static char root[64];
static char target[RNI_PATH_SIZE];
static rn_run *run;

static int make_run(void **state)
{
    (void)state;
    rn_config *config = NULL;
    (void)snprintf(root, sizeof root, "renorm-folder-XXXXXX");
    if (!mkdtemp(root)) return -1;
    (void)snprintf(target, sizeof target, "%s/a", root);
    const rn_run_options options = {.folder = target};
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

static bool same(double left, double right)
{
    uint64_t bits[2] = {0};
    memcpy(&bits[0], &left, sizeof left);
    memcpy(&bits[1], &right, sizeof right);
    return bits[0] == bits[1] || (isnan(left) && isnan(right));
}

static void assert_same_record(const rn_record *left, const rn_record *right)
{
    assert_int_equal(left->step, right->step);
    assert_true(same(left->time, right->time));
    assert_true(same(left->learning_rate, right->learning_rate));
    assert_true(same(left->loss, right->loss));
    assert_true(same(left->accuracy, right->accuracy));
    assert_true(same(left->held_out_loss, right->held_out_loss));
    assert_true(same(left->held_out_accuracy, right->held_out_accuracy));
    assert_true(same(left->gradient_norm, right->gradient_norm));
}

static void every_number_comes_back(void **state)
{
    (void)state;
    rn_folder *folder = NULL;
    assert_status(rn_folder_open(target, &folder), RN_OK);
    assert_int_equal(rn_folder_n_records(folder), rn_run_n_records(run));
    assert_int_equal(rn_folder_n_snapshots(folder), rn_run_n_snapshots(run));
    assert_true(rn_run_n_snapshots(run) >= 3);
    for (rn_index i = 0; i < rn_run_n_records(run); i++)
        assert_same_record(rn_folder_record(folder, i), rn_run_record(run, i));
    for (rn_index j = 0; j < rn_run_n_snapshots(run); j++) {
        assert_int_equal(rn_folder_snapshot(folder, j)->record.step,
                         rn_run_snapshot(run, j)->record.step);
        for (rn_index i = 0; rn_snapshot_field(i); i++) {
            rn_index n_read = 0;
            rn_index n_made = 0;
            const double *read = rn_snapshot_values(rn_folder_snapshot(folder, j), i, &n_read);
            const double *made = rn_snapshot_values(rn_run_snapshot(run, j), i, &n_made);
            assert_int_equal(n_read, n_made);
            for (rn_index k = 0; k < n_made; k++)
                if (!same(read[k], made[k])) fail_msg("%s differs", rn_snapshot_field(i)->name);
        }
    }
    assert_null(rn_folder_record(folder, rn_folder_n_records(folder)));
    assert_null(rn_folder_snapshot(folder, -1));
    assert_null(rn_folder_note(folder, 0));
    rn_folder_close(folder);
    rn_folder_close(NULL);
}

static void texts_come_back_by_key(void **state)
{
    (void)state;
    char with_slash[RNI_PATH_SIZE + 2];
    rn_folder *folder = NULL;
    (void)snprintf(with_slash, sizeof with_slash, "%s//", target);
    assert_status(rn_folder_open(with_slash, &folder), RN_OK);
    assert_string_equal(rn_folder_name(folder), "a");
    assert_string_equal(rn_folder_path(folder), target);
    assert_string_equal(rn_folder_find_setting(folder, "model.width"), "6");
    assert_string_equal(rn_folder_find_fact(folder, "outcome"), "done");
    assert_non_null(rn_folder_find_fact(folder, "libraries.HDF5"));
    assert_null(rn_folder_find_fact(folder, "no such line"));
    assert_string_equal(rn_folder_setting(folder, 0)->key, "seed");
    assert_null(rn_folder_fact(folder, 1000));
    rn_folder_close(folder);
}

/* ---- damage ---------------------------------------------------------------------------------- */

typedef struct kept {
    char path[RNI_PATH_SIZE];
    char *bytes;
    rn_index n_bytes;
} kept;

static void keep(const char *name, kept *file)
{
    assert_status(rni_path_join(target, name, file->path), RN_OK);
    assert_status(rni_file_read(file->path, (rn_index)1 << 24, &file->bytes, &file->n_bytes),
                  RN_OK);
}

static void put_back(kept *file)
{
    assert_status(rni_file_write(file->path, file->bytes, file->n_bytes), RN_OK);
    rni_free(file->bytes);
}

static rn_status open_with(const kept *file, const void *bytes, rn_index n_bytes)
{
    rn_folder *folder = NULL;
    const rn_index before = rni_memory_bytes();
    /* not through rni_file_write: it waits for the disk */
    FILE *stream = fopen(file->path, "wbe");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, (size_t)n_bytes, stream), n_bytes);
    assert_int_equal(fclose(stream), 0);
    const rn_status status = rn_folder_open(target, &folder);
    if (status < 0) assert_null(folder);
    rn_folder_close(folder);
    assert_int_equal(rni_memory_bytes(), before);
    return status;
}

/* The same with a seal that fits: what somebody who means harm would write. bytes has room for it
   behind n_bytes. */
static rn_status open_sealed(const kept *file, char *bytes, rn_index n_bytes)
{
    rni_seal_make(rni_crc(0, bytes, n_bytes), (unsigned char *)bytes + n_bytes);
    return open_with(file, bytes, n_bytes + RNI_SEAL_SIZE);
}

static void assert_refused(const char *name, const char *text, rn_status status, const char *words)
{
    kept file = {0};
    keep(name, &file);
    assert_status(open_with(&file, text, (rn_index)strlen(text)), status);
    assert_message_has(words);
    assert_message_has(name);
    put_back(&file);
}

static void damaged_texts_are_refused_by_name(void **state)
{
    (void)state;
    assert_refused("manifest.yaml", "format: 2\nversion: \"9.1\"\n", RN_ERR_FORMAT,
                   "written by renorm '9.1'");
    assert_refused("manifest.yaml", "format: x\n", RN_ERR_FORMAT, "no usable line 'format'");
    assert_refused("manifest.yaml", "", RN_ERR_FORMAT, "found no keys");
    assert_refused("manifest.yaml", "a: [1\n", RN_ERR_FORMAT, "manifest.yaml:");
    assert_refused("config.yaml", "\tseed: 1\n", RN_ERR_FORMAT, "config.yaml:");
    assert_refused("metrics.csv", "step,time,loss\n0,0,1\n0,0,1\n", RN_ERR_FORMAT,
                   ":3: found step 0");
    assert_refused("metrics.csv", "step,time,loss\n-1,0,1\n", RN_ERR_FORMAT, ":2: found step -1");
    assert_refused("metrics.csv", "step,time\n", RN_ERR_FORMAT, "no column 'loss'");
    assert_refused("snapshots/000000.h5", "", RN_ERR_FORMAT, "found an empty file");
    assert_refused("snapshots/000000.h5", "not HDF5", RN_ERR_FORMAT, "000000.h5");
}

static void missing_files_are_named(void **state)
{
    (void)state;
    static const char *const names[] = {"manifest.yaml", "config.yaml", "metrics.csv"};
    for (int i = 0; i < 3; i++) {
        kept file = {0};
        rn_folder *folder = NULL;
        keep(names[i], &file);
        assert_int_equal(unlink(file.path), 0);
        assert_status(rn_folder_open(target, &folder), RN_ERR_IO);
        assert_message_has(names[i]);
        put_back(&file);
    }
    rn_folder *folder = NULL;
    assert_status(rn_folder_open("no/such/run", &folder), RN_ERR_IO);
    assert_message_has("no/such/run");
    assert_status(rn_folder_open("", &folder), RN_ERR_ARGUMENT);
    assert_status(rn_folder_open(NULL, &folder), RN_ERR_ARGUMENT);
}

static void a_snapshot_under_another_name_is_refused(void **state)
{
    (void)state;
    char from[RNI_PATH_SIZE];
    char to[RNI_PATH_SIZE];
    rn_folder *folder = NULL;
    assert_status(rni_path_join(target, "snapshots/000012.h5", from), RN_OK);
    assert_status(rni_path_join(target, "snapshots/000013.h5", to), RN_OK);
    assert_int_equal(rename(from, to), 0);
    assert_status(rn_folder_open(target, &folder), RN_ERR_FORMAT);
    assert_message_has("expected that of step 13");
    assert_int_equal(rename(to, from), 0);
    /* what is not named like a snapshot is none of ours */
    assert_status(rni_path_join(target, "snapshots/.000012.h5.part", to), RN_OK);
    assert_status(rni_file_write(to, "x", 1), RN_OK);
    assert_status(rn_folder_open(target, &folder), RN_OK);
    rn_folder_close(folder);
    assert_int_equal(unlink(to), 0);
}

static void a_torn_line_and_an_unfinished_run_are_notes(void **state)
{
    (void)state;
    kept metrics = {0};
    kept manifest = {0};
    rn_folder *folder = NULL;
    keep("metrics.csv", &metrics);
    keep("manifest.yaml", &manifest);
    assert_status(rni_file_write(metrics.path, metrics.bytes, metrics.n_bytes - 3), RN_OK);
    assert_status(rni_file_write(manifest.path, "format: 1\noutcome: running\n", 27), RN_OK);
    assert_status(rn_folder_open(target, &folder), RN_OK);
    assert_int_equal(rn_folder_n_records(folder), rn_run_n_records(run) - 1);
    assert_non_null(strstr(rn_folder_note(folder, 0), "incomplete"));
    assert_non_null(strstr(rn_folder_note(folder, 1), "'running'"));
    rn_folder_close(folder);
    put_back(&metrics);
    put_back(&manifest);
}

/* A snapshot cut at every class of places, and with bits turned anywhere. With the old seal that is
   always found; with a new one it is a status or, where the bits carry no structure, other numbers.
   Never a crash, a hang or a leak. */
static void damaged_snapshots_never_crash(void **state)
{
    (void)state;
    kept file = {0};
    keep("snapshots/000000.h5", &file);
    const rn_index n_inside = file.n_bytes - RNI_SEAL_SIZE;
    char *work = rni_alloc(file.n_bytes, 1);
    int n_refused = 0;
    const int n_cuts = check_cases(16);
    for (int i = 0; i < n_cuts; i++) {
        memcpy(work, file.bytes, (size_t)file.n_bytes);
        assert_status(open_with(&file, work, file.n_bytes * i / n_cuts), RN_ERR_FORMAT);
        assert_message_has("000000.h5");
        assert_status(open_sealed(&file, work, n_inside * i / n_cuts), RN_ERR_FORMAT);
    }
    for (int bit = 0; bit < 64; bit++) { /* HDF5's signature: no flip there may pass */
        memcpy(work, file.bytes, (size_t)file.n_bytes);
        work[bit / 8] = (char)(work[bit / 8] ^ (1 << bit % 8));
        assert_status(open_sealed(&file, work, n_inside), RN_ERR_FORMAT);
    }
    const int n_flips = check_cases(120);
    const rni_stream stream = {.seed = check_seed(), .purpose = RNI_RNG_TEST};
    for (int i = 0; i < n_flips; i++) {
        /* half of them in the first bytes, where the superblock and the first headers are */
        const rn_index range = i % 2 ? n_inside : 2048;
        const uint64_t draw = 2 * (uint64_t)i;
        const rn_index at = (rn_index)rni_rng_below(stream, draw, (uint64_t)range);
        memcpy(work, file.bytes, (size_t)file.n_bytes);
        work[at] = (char)(work[at] ^ (1 << rni_rng_below(stream, draw + 1, 8)));
        assert_status(open_with(&file, work, file.n_bytes), RN_ERR_FORMAT);
        const rn_status status = open_sealed(&file, work, n_inside);
        assert_true(status == RN_OK || status == RN_ERR_FORMAT);
        n_refused += status == RN_ERR_FORMAT;
    }
    /* 57 of 800 were: a quarter of that share, so that no seed fails by chance */
    assert_true(n_refused > n_flips / 60);
    rni_free(work);
    put_back(&file);
}

/* Replaces the array lambda by a link into another file, which holds the right numbers, or by an
   array that promises 2^40 numbers and stores none. */
static void plant(const char *path, const char *other)
{
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(file >= 0);
    assert_true(H5Ldelete(file, "lambda", H5P_DEFAULT) >= 0);
    if (other) {
        assert_true(H5Lcreate_external(other, "lambda", file, "lambda", H5P_DEFAULT, H5P_DEFAULT)
                    >= 0);
    } else {
        const hsize_t dims[] = {(hsize_t)1 << 40};
        const hid_t space = H5Screate_simple(1, dims, NULL);
        const hid_t set = H5Dcreate2(file, "lambda", H5T_IEEE_F64LE, space, H5P_DEFAULT,
                                     H5P_DEFAULT, H5P_DEFAULT);
        assert_true(set >= 0);
        assert_true(H5Dclose(set) >= 0 && H5Sclose(space) >= 0);
    }
    assert_true(H5Fclose(file) >= 0);
}

static void links_out_of_a_file_and_empty_promises_are_refused(void **state)
{
    (void)state;
    char other[RNI_PATH_SIZE];
    for (int which = 0; which < 2; which++) {
        kept file = {0};
        keep("snapshots/000000.h5", &file);
        (void)snprintf(other, sizeof other, "%s/other.h5", root);
        assert_status(rni_file_write(other, file.bytes, file.n_bytes), RN_OK);
        plant(file.path, which ? NULL : other);
        kept planted = {0};
        keep("snapshots/000000.h5", &planted);
        char *work = rni_alloc(planted.n_bytes + RNI_SEAL_SIZE, 1);
        memcpy(work, planted.bytes, (size_t)planted.n_bytes);
        assert_status(open_sealed(&file, work, planted.n_bytes), RN_ERR_FORMAT);
        rni_free(work);
        rni_free(planted.bytes);
        assert_message_has(which ? "promises 1099511627776 numbers" : "in 'g', expected 0");
        put_back(&file);
    }
}

static void every_failed_allocation_leaves_nothing_behind(void **state)
{
    (void)state;
    for (long nth = 1;; nth++) {
        rn_folder *folder = NULL;
        const rn_index before = rni_memory_bytes();
        (void)rni_fail_allocation(nth);
        const rn_status status = rn_folder_open(target, &folder);
        /* the child that reads a snapshot may meet the fault: that looks like a damaged file */
        const bool is_over = rni_fail_allocation(0) < nth && status == RN_OK;
        if (!is_over && status != RN_ERR_FORMAT) assert_status(status, RN_ERR_MEMORY);
        if (status < 0) assert_null(folder);
        rn_folder_close(folder);
        assert_int_equal(rni_memory_bytes(), before);
        if (is_over) {
            assert_true(nth > 20);
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_comes_back),
        cmocka_unit_test(texts_come_back_by_key),
        cmocka_unit_test(damaged_texts_are_refused_by_name),
        cmocka_unit_test(missing_files_are_named),
        cmocka_unit_test(a_snapshot_under_another_name_is_refused),
        cmocka_unit_test(a_torn_line_and_an_unfinished_run_are_notes),
        cmocka_unit_test(damaged_snapshots_never_crash),
        cmocka_unit_test(links_out_of_a_file_and_empty_promises_are_refused),
        cmocka_unit_test(every_failed_allocation_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, make_run, remove_run);
}
