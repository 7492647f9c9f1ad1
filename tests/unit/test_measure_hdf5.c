/*
 * renorm measure from HDF5: the same numbers as from npz, whatever the numbers are stored as, and a
 * refusal of everything that points out of the file or promises more than it holds.
 */
#include "check.h"

#include <hdf5.h>
#include <math.h>
#include <renorm/measure.h>
#include <stdio.h>
#include <string.h>

#include "backends/zip.h"
#include "core/memory.h"
#include "data/npy.h"
#include "scratch.h"

#define N ((rn_index)12) /* rows */
#define T ((rn_index)3)  /* states */

static const double times[3] = {0.0, 0.125, 0.375};
static double residual[3 * 12];
static double kernel[3 * 12 * 12];

/* Numbers that are exact in single precision, so that every way to store them gives the same. */
static void make_states(void)
{
    memset(kernel, 0, sizeof kernel);
    for (rn_index i = 0; i < T; i++)
        for (rn_index r = 0; r < N; r++) {
            residual[i * N + r] = 1.0 + 0.25 * (double)((r + i) % 3);
            for (rn_index c = 0; c < N; c++)
                kernel[(i * N + r) * N + c] =
                    (r == c ? ldexp(1.0, -(int)r / 2) * (double)(4 + i) : 0.0)
                    + 0.0078125 * (double)((r * c + i) % 4) * (double)(r != c);
        }
    for (rn_index i = 0; i < T; i++) /* symmetric */
        for (rn_index r = 0; r < N; r++)
            for (rn_index c = 0; c < r; c++)
                kernel[(i * N + r) * N + c] = kernel[(i * N + c) * N + r];
}

static const char *file_path(const char *name)
{
    return scratch_path(name);
}

/* ---- writing --------------------------------------------------------------------------------- */

typedef struct storage {
    hid_t type; /* on disk */
    bool is_chunked;
} storage;

static void put(hid_t file, const char *name, int rank, const hsize_t *dims, storage as,
                const double *values)
{
    const hid_t space = H5Screate_simple(rank, dims, NULL);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    if (as.is_chunked) {
        hsize_t chunk[3] = {1, 1, 1};
        chunk[rank - 1] = dims[rank - 1];
        assert_true(H5Pset_chunk(creation, rank, chunk) >= 0);
        assert_true(H5Pset_shuffle(creation) >= 0);
        assert_true(H5Pset_deflate(creation, 6) >= 0);
    }
    const hid_t set = H5Dcreate2(file, name, as.type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    assert_true(set >= 0);
    assert_true(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    (void)H5Dclose(set);
    (void)H5Pclose(creation);
    (void)H5Sclose(space);
}

static hid_t create(const char *name, const char **path)
{
    *path = file_path(name);
    const hid_t file = H5Fcreate(*path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

static const hsize_t shape[3] = {3, 12, 12};

/* All arrays but `without`. */
static hid_t write_states(const char *name, storage as, const char *without, const char **path)
{
    const hid_t file = create(name, path);
    if (!without || strcmp(without, "time") != 0) put(file, "time", 1, shape, as, times);
    if (!without || strcmp(without, "residual") != 0) put(file, "residual", 2, shape, as, residual);
    if (!without || strcmp(without, "kernel") != 0) put(file, "kernel", 3, shape, as, kernel);
    return file;
}

static rni_zip_entry make_entry(const char *name, int rank, const double *values, rn_index count,
                                unsigned char *bytes)
{
    const rn_index dims[3] = {T, N, N};
    rni_npy_format_head(rank, dims, bytes);
    memcpy(bytes + RNI_NPY_HEAD_BYTES, values, (size_t)count * sizeof *values);
    return (rni_zip_entry){.name = name,
                           .bytes = bytes,
                           .n_bytes = RNI_NPY_HEAD_BYTES + count * (rn_index)sizeof *values};
}

static const char *write_npz(void)
{
    static unsigned char bytes[3][RNI_NPY_HEAD_BYTES + sizeof kernel];
    unsigned char *archive = NULL;
    rn_index n_bytes = 0;
    const rni_zip_entry entries[] = {
        make_entry("time.npy", 1, times, T, bytes[0]),
        make_entry("residual.npy", 2, residual, T * N, bytes[1]),
        make_entry("kernel.npy", 3, kernel, T * N * N, bytes[2]),
    };
    assert_status(rni_zip_build(3, entries, &archive, &n_bytes), RN_OK);
    const char *path = scratch_write("states.npz", archive, n_bytes);
    rni_free(archive);
    return path;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static rn_run *measure(const char *path)
{
    const rn_run_options options = {.n_threads = 1};
    rn_run *run = NULL;
    assert_status(rn_measure_file(path, &options, NULL, &run), RN_OK);
    return run;
}

/* Both say the same, number for number. */
static void assert_same(const rn_run *a, const rn_run *b)
{
    assert_int_equal(rn_run_n_snapshots(a), T);
    assert_int_equal(rn_run_n_snapshots(b), T);
    for (rn_index k = 0; k < T; k++) {
        const rn_snapshot *x = rn_run_snapshot(a, k);
        const rn_snapshot *y = rn_run_snapshot(b, k);
        assert_true(x->n_modes == N && x->n_boundaries == y->n_boundaries);
        assert_memory_equal(x->lambda, y->lambda, (size_t)N * sizeof(double));
        double most = 0.0;
        for (rn_index i = 0; i < x->n_boundaries; i++)
            most = fmax(most, fabs(x->flux[i]));
        assert_true(most > 1e-3); /* the difference of kernels stands in for M' */
        /* products of equal matrices at other addresses may round differently */
        for (rn_index i = 0; i < x->n_boundaries; i++) {
            assert_true(isnan(x->flux[i]) == isnan(y->flux[i]));
            if (!isnan(x->flux[i])) assert_close(x->flux[i], y->flux[i], 1e-13 * most);
        }
    }
}

static void every_storage_gives_the_numbers_of_npz(void **state)
{
    (void)state;
    const storage kinds[] = {{H5T_IEEE_F64LE, false},
                             {H5T_IEEE_F64BE, false},
                             {H5T_IEEE_F64LE, true},
                             {H5T_IEEE_F32LE, true}};
    rn_run *expected = measure(write_npz());
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *path = NULL;
        (void)H5Fclose(write_states("states.h5", kinds[i], NULL, &path));
        rn_run *found = measure(path);
        assert_same(found, expected);
        rn_run_destroy(found);
    }
    rn_run_destroy(expected);
}

static void refuse(const char *path, const char *words)
{
    const rn_run_options options = {.n_threads = 1};
    rn_run *run = NULL;
    assert_status(rn_measure_file(path, &options, NULL, &run), RN_ERR_FORMAT);
    assert_message_has(words);
    assert_message_has(path);
    assert_null(run);
}

/* No constant: HDF5 makes the type when it is first asked for. */
static storage doubles(void)
{
    return (storage){H5T_IEEE_F64LE, false};
}

static void numbers_kept_elsewhere_are_refused(void **state)
{
    (void)state;
    const char *path = NULL;
    const char *other = NULL;
    (void)H5Fclose(write_states("other.h5", doubles(), NULL, &other));
    /* a link to a file that is there and holds what is missing */
    hid_t file = write_states("link.h5", doubles(), "kernel", &path);
    assert_true(H5Lcreate_external(other, "/kernel", file, "kernel", H5P_DEFAULT, H5P_DEFAULT)
                >= 0);
    (void)H5Fclose(file);
    refuse(path, "kernel");
    /* a soft link to such a link */
    file = write_states("soft.h5", doubles(), "kernel", &path);
    assert_true(H5Lcreate_external(other, "/kernel", file, "away", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    assert_true(H5Lcreate_soft("/away", file, "kernel", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    (void)H5Fclose(file);
    refuse(path, "kernel");
    /* external storage: the bytes of another file as numbers */
    file = write_states("storage.h5", doubles(), "residual", &path);
    const hid_t space = H5Screate_simple(2, shape, NULL);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    assert_true(H5Pset_external(creation, "/etc/hostname", 0, sizeof residual) >= 0);
    const hid_t set =
        H5Dcreate2(file, "residual", H5T_IEEE_F64LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    assert_true(set >= 0);
    (void)H5Dclose(set);
    (void)H5Pclose(creation);
    (void)H5Sclose(space);
    (void)H5Fclose(file);
    refuse(path, "kept in other files");
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    const char *path = NULL;
    (void)H5Fclose(write_states("a.h5", doubles(), "residual", &path));
    refuse(path, "no array 'residual'");
    hid_t file = write_states("b.h5", doubles(), "kernel", &path);
    const hsize_t flat[2] = {3, 144};
    put(file, "kernel", 2, flat, doubles(), kernel);
    (void)H5Fclose(file);
    refuse(path, "expected [3, 12, n]");
    file = write_states("c.h5", doubles(), "residual", &path);
    residual[5] = (double)NAN;
    put(file, "residual", 2, shape, doubles(), residual);
    residual[5] = 1.0;
    (void)H5Fclose(file);
    refuse(path, "NaN at number 5");
    make_states();
    /* text */
    file = write_states("d.h5", doubles(), "time", &path);
    const hid_t text = H5Tcopy(H5T_C_S1);
    const hid_t space = H5Screate_simple(1, shape, NULL);
    const hid_t set = H5Dcreate2(file, "time", text, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    (void)H5Dclose(set);
    (void)H5Sclose(space);
    (void)H5Tclose(text);
    (void)H5Fclose(file);
    refuse(path, "other than whole numbers or reals");
}

/* A chunked array of which nothing is stored: 8e15 numbers in a file of some kilobytes. */
static void promises_beyond_the_bounds_are_refused(void **state)
{
    (void)state;
    const char *path = NULL;
    const hid_t file = write_states("huge.h5", doubles(), "kernel", &path);
    const hsize_t huge[3] = {200000, 200000, 200000};
    const hsize_t chunk[3] = {1, 16, 16};
    const hid_t space = H5Screate_simple(3, huge, NULL);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    assert_true(H5Pset_chunk(creation, 3, chunk) >= 0);
    const hid_t set =
        H5Dcreate2(file, "kernel", H5T_IEEE_F64LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    assert_true(set >= 0);
    (void)H5Dclose(set);
    (void)H5Pclose(creation);
    (void)H5Sclose(space);
    (void)H5Fclose(file);
    refuse(path, "promises");
}

/* Every tenth byte of a sound file overturned, one at a time: an answer or a refusal, no crash. */
static void damaged_bytes_end_in_a_status(void **state)
{
    (void)state;
    const char *path = NULL;
    (void)H5Fclose(write_states("sound.h5", doubles(), NULL, &path));
    FILE *file = fopen(path, "rbe");
    assert_non_null(file);
    static unsigned char bytes[1 << 16];
    const size_t n = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    const long stride = 1 + (long)n / check_cases(60);
    for (long at = 8; at < (long)n; at += stride) {
        rn_run *run = NULL;
        const rn_run_options options = {.n_threads = 1};
        bytes[at] ^= 0xff;
        const char *damaged = scratch_write("damaged.h5", bytes, (rn_index)n);
        const rn_status status = rn_measure_file(damaged, &options, NULL, &run);
        bytes[at] ^= 0xff;
        if (status >= 0) rn_run_destroy(run);
        assert_true(status >= 0 || (rn_last_message()[0] && !run));
    }
}

/* Beyond the allocations of this process come those of the child, counted on from where it began.
 */
static void memory_that_runs_out_leaves_nothing_behind(void **state)
{
    (void)state;
    const char *path = NULL;
    (void)H5Fclose(write_states("memory.h5", doubles(), NULL, &path));
    const rn_run_options options = {.n_threads = 1};
    rn_run *run = NULL;
    (void)rni_fail_allocation(0);
    rn_run_destroy(measure(path));
    const long n = rni_fail_allocation(0);
    assert_true(n > 50);
    for (long nth = 1; nth <= n + 20; nth++) {
        const rn_index before = rni_memory_bytes();
        run = NULL;
        (void)rni_fail_allocation(nth);
        const rn_status status = rn_measure_file(path, &options, NULL, &run);
        (void)rni_fail_allocation(0);
        if (status != RN_OK) assert_status(status, RN_ERR_MEMORY);
        if (nth <= n) assert_status(status, RN_ERR_MEMORY);
        rn_run_destroy(run);
        assert_int_equal(rni_memory_bytes(), before);
    }
}

static int set_up(void **state)
{
    make_states();
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return scratch_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_storage_gives_the_numbers_of_npz),
        cmocka_unit_test(numbers_kept_elsewhere_are_refused),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(promises_beyond_the_bounds_are_refused),
        cmocka_unit_test(damaged_bytes_end_in_a_status),
        cmocka_unit_test(memory_that_runs_out_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, set_up, scratch_teardown);
}
