/*
 * HDF5 images: what goes in comes out, and the same content gives the same bytes.
 */
#include "check.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "backends/hdf5.h"
#include "core/memory.h"

static const double matrix[6] = {1.0, -2.5, 3e300, 4e-300, 0.0, 1.0 / 3.0};
static const rn_index counts[2] = {7, -9};
static const double single = 2.718281828459045;

static const rni_hdf5_attribute attributes[] = {
    {.name = "format", .integer = 1},
    {.name = "writer", .text = "renorm"},
};
static const rni_hdf5_array arrays[] = {
    {.name = "m",
     .unit = "1/time",
     .help = "a matrix",
     .axes = "row column",
     .rank = 2,
     .dims = {2, 3},
     .reals = matrix},
    {.name = "deep/er/counts", .rank = 1, .dims = {2}, .integers = counts},
    {.name = "single", .rank = 0, .reals = &single},
    {.name = "empty", .rank = 1, .dims = {0}},
};

static void build(unsigned char **bytes, rn_index *n_bytes)
{
    assert_status(rni_hdf5_build(2, attributes, 4, arrays, bytes, n_bytes), RN_OK);
}

static void gives_back_every_number_shape_and_text(void **state)
{
    (void)state;
    unsigned char *bytes = NULL;
    rn_index n_bytes = 0;
    build(&bytes, &n_bytes);

    rni_hdf5_image *image = NULL;
    assert_status(rni_hdf5_open(bytes, n_bytes, &image), RN_OK);
    rni_free(bytes); /* copied */
    int rank = -1;
    rn_index dims[RNI_HDF5_RANK_MAX] = {0};
    assert_status(rni_hdf5_shape(image, "m", &rank, dims), RN_OK);
    assert_int_equal(rank, 2);
    assert_int_equal(dims[0], 2);
    assert_int_equal(dims[1], 3);

    double values[6] = {0};
    assert_status(rni_hdf5_read_reals(image, "m", 6, values), RN_OK);
    assert_memory_equal(values, matrix, sizeof matrix);
    assert_status(rni_hdf5_read_reals(image, "deep/er/counts", 2, values), RN_OK);
    assert_close(values[0], 7.0, 0.0);
    assert_close(values[1], -9.0, 0.0);
    assert_status(rni_hdf5_read_reals(image, "single", 1, values), RN_OK);
    assert_close(values[0], single, 0.0);
    assert_status(rni_hdf5_read_reals(image, "empty", 0, values), RN_OK);

    char text[32];
    assert_status(rni_hdf5_read_text(image, "m", "unit", sizeof text, text), RN_OK);
    assert_string_equal(text, "1/time");
    assert_status(rni_hdf5_read_text(image, "m", "axes", sizeof text, text), RN_OK);
    assert_string_equal(text, "row column");
    assert_status(rni_hdf5_read_text(image, "single", "unit", sizeof text, text), RN_OK);
    assert_string_equal(text, "1");
    assert_status(rni_hdf5_read_text(image, NULL, "writer", sizeof text, text), RN_OK);
    assert_string_equal(text, "renorm");
    rn_index format = 0;
    assert_status(rni_hdf5_read_integer(image, "format", &format), RN_OK);
    assert_int_equal(format, 1);
    rni_hdf5_close(image);
}

static void identical_content_gives_identical_bytes_at_any_time(void **state)
{
    (void)state;
    unsigned char *first = NULL;
    unsigned char *second = NULL;
    rn_index n_first = 0;
    rn_index n_second = 0;
    build(&first, &n_first);
    /* HDF5 stores times in whole seconds */
    const struct timespec more_than_a_second = {.tv_sec = 1, .tv_nsec = 100000000};
    (void)nanosleep(&more_than_a_second, NULL);
    build(&second, &n_second);
    assert_int_equal(n_first, n_second);
    assert_memory_equal(first, second, (size_t)n_first);
    rni_free(first);
    rni_free(second);
}

static void refuses_what_is_not_there_and_prints_nothing(void **state)
{
    (void)state;
    unsigned char *bytes = NULL;
    rn_index n_bytes = 0;
    build(&bytes, &n_bytes);
    rni_hdf5_image *image = NULL;
    assert_status(rni_hdf5_open(bytes, n_bytes, &image), RN_OK);
    double value = 42.0;
    int rank = 42;
    rn_index dims[RNI_HDF5_RANK_MAX] = {0};
    assert_status(rni_hdf5_shape(image, "absent", &rank, dims), RN_ERR_FORMAT);
    assert_message_has("absent");
    assert_int_equal(rank, 42);
    assert_status(rni_hdf5_read_reals(image, "m", 5, &value), RN_ERR_SHAPE);
    assert_message_has("holds 6 numbers, asked for 5");
    assert_close(value, 42.0, 0.0);
    rni_hdf5_close(image);

    image = NULL;
    assert_status(rni_hdf5_open(bytes, n_bytes / 2, &image), RN_ERR_FORMAT);
    assert_status(rni_hdf5_open((const unsigned char *)"not hdf5", 8, &image), RN_ERR_FORMAT);
    assert_null(image);
    rni_hdf5_close(NULL);
    rni_free(bytes);
}

static void refuses_arrays_that_make_no_sense(void **state)
{
    (void)state;
    unsigned char *bytes = NULL;
    rn_index n_bytes = 0;
    const rni_hdf5_array bad[] = {
        {.name = "", .rank = 0, .reals = &single},
        {.name = "rank", .rank = 9, .reals = &single},
        {.name = "negative", .rank = 1, .dims = {-1}, .reals = &single},
        {.name = "huge", .rank = 2, .dims = {INT64_MAX, 2}, .reals = &single},
        {.name = "nothing", .rank = 1, .dims = {3}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_status(rni_hdf5_build(0, NULL, 1, &bad[i], &bytes, &n_bytes), RN_ERR_ARGUMENT);
    const rni_hdf5_array twice[] = {arrays[2], arrays[2]};
    assert_status(rni_hdf5_build(0, NULL, 2, twice, &bytes, &n_bytes), RN_ERR_INTERNAL);
    assert_message_has("'single'");
    assert_null(bytes);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    rn_status status = RN_ERR_MEMORY;
    unsigned char *bytes = NULL;
    rn_index n_bytes = 0;
    for (long fault = 1; status == RN_ERR_MEMORY; fault++) {
        (void)rni_fail_allocation(fault);
        status = rni_hdf5_build(2, attributes, 4, arrays, &bytes, &n_bytes);
        if (status < 0) assert_null(bytes);
    }
    (void)rni_fail_allocation(0);
    assert_status(status, RN_OK);
    rni_hdf5_image *image = NULL;
    (void)rni_fail_allocation(1);
    assert_status(rni_hdf5_open(bytes, n_bytes, &image), RN_ERR_MEMORY);
    (void)rni_fail_allocation(0);
    assert_null(image);
    rni_free(bytes);
}

static void tells_the_version_of_the_loaded_library(void **state)
{
    (void)state;
    char version[32];
    unsigned major = 0;
    rni_hdf5_version(sizeof version, version);
    assert_int_equal(sscanf(version, "%u.", &major), 1); /* NOLINT(cert-err34-c): digits only */
    assert_int_equal(major, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_every_number_shape_and_text),
        cmocka_unit_test(identical_content_gives_identical_bytes_at_any_time),
        cmocka_unit_test(refuses_what_is_not_there_and_prints_nothing),
        cmocka_unit_test(refuses_arrays_that_make_no_sense),
        cmocka_unit_test(survives_every_allocation_failure),
        cmocka_unit_test(tells_the_version_of_the_loaded_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
