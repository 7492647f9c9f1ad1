/*
 * Measuring an archive when memory runs out: a status, an untouched output, nothing leaked.
 */
#include "check.h"

#include <math.h>
#include <renorm/measure.h>
#include <stdio.h>
#include <string.h>

#include "backends/zip.h"
#include "core/memory.h"
#include "data/npy.h"
#include "scratch.h"

#define N_ROWS   ((rn_index)6)
#define N_STATES ((rn_index)2)

static const char *path;

static rni_zip_entry make_entry(const char *name, int rank, const rn_index *shape,
                                const double *values, rn_index count, unsigned char *bytes)
{
    rni_npy_format_head(rank, shape, bytes);
    memcpy(bytes + RNI_NPY_HEAD_BYTES, values, (size_t)count * sizeof *values);
    return (rni_zip_entry){.name = name,
                           .bytes = bytes,
                           .n_bytes = RNI_NPY_HEAD_BYTES + count * (rn_index)sizeof *values};
}

/* Two states of a diagonal kernel. */
static void write_archive(void)
{
    static unsigned char bytes[3][RNI_NPY_HEAD_BYTES + sizeof(double[2 * 6 * 6])];
    const rn_index shape[3] = {N_STATES, N_ROWS, N_ROWS};
    double kernel[2 * 6 * 6] = {0.0};
    double residual[2 * 6];
    const double time[2] = {0.0, 0.1};
    for (rn_index i = 0; i < N_STATES; i++)
        for (rn_index u = 0; u < N_ROWS; u++) {
            kernel[(i * N_ROWS + u) * N_ROWS + u] = exp(0.1 * (double)i - (double)u);
            residual[i * N_ROWS + u] = 1.0;
        }
    const rni_zip_entry entries[] = {
        make_entry("time.npy", 1, shape, time, N_STATES, bytes[0]),
        make_entry("residual.npy", 2, shape, residual, N_STATES * N_ROWS, bytes[1]),
        make_entry("kernel.npy", 3, shape, kernel, N_STATES * N_ROWS * N_ROWS, bytes[2])};
    unsigned char *archive = NULL;
    rn_index n_bytes = 0;
    assert_status(rni_zip_build(3, entries, &archive, &n_bytes), RN_OK);
    path = scratch_write("states.npz", archive, n_bytes);
    rni_free(archive);
}

static rn_status attempt(long fault, long *n_asked)
{
    const rn_run_options options = {.n_threads = 1};
    rn_run *run = NULL;
    (void)rni_fail_allocation(fault);
    const rn_status status = rn_measure_file(path, &options, NULL, &run);
    *n_asked = rni_fail_allocation(0);
    if (status < 0) assert_null(run);
    rn_run_destroy(run);
    return status;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    long n_allocations = 0;
    long unused = 0;
    write_archive();
    assert_status(attempt(0, &n_allocations), RN_OK);
    assert_true(n_allocations > 50);
    const rn_index n_bytes = rni_memory_bytes();
    for (long fault = 1; fault <= n_allocations; fault++) {
        assert_status(attempt(fault, &unused), RN_ERR_MEMORY);
        assert_int_equal(rni_memory_bytes(), n_bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
