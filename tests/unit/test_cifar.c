/* CIFAR's binary version: records cut apart, hostile or not, and the data sets made of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "core/size.h"
#include "data/records.h"
#include "data/source.h"
#include "scratch.h"

enum { PIXELS = 3072, PER_FILE = 4 };

/* Byte j of the pixels of record i; tells planes, rows and records apart. */
static unsigned char pixel(int i, int j)
{
    return (unsigned char)((i * 31 + j * 7 + j / 1024 * 50) % 256);
}

/* Records `first` .. with these labels in front. Released by free. */
static unsigned char *make_records(int first, int n, int n_labels, rn_index *n_bytes)
{
    const int size = n_labels + PIXELS;
    unsigned char *bytes = calloc((size_t)n, (size_t)size);
    assert_non_null(bytes);
    for (int i = 0; i < n; i++) {
        unsigned char *record = bytes + (ptrdiff_t)i * size;
        record[0] = (unsigned char)((first + i) % 10);
        if (n_labels == 2) record[1] = (unsigned char)(99 - (first + i) % 100);
        for (int j = 0; j < PIXELS; j++)
            record[n_labels + j] = pixel(first + i, j);
    }
    *n_bytes = (rn_index)n * size;
    return bytes;
}

static void write_file(const char *name, int first, int n_labels)
{
    rn_index n_bytes = 0;
    unsigned char *bytes = make_records(first, PER_FILE, n_labels, &n_bytes);
    (void)scratch_write(name, bytes, n_bytes);
    free(bytes);
}

static const char *folder(void)
{
    static char path[4096];
    (void)snprintf(path, sizeof path, "%s", scratch_path("data_batch_1.bin"));
    *strrchr(path, '/') = '\0';
    return path;
}

static rn_status load(const char *set, const char *n_train, const char *n_test, rn_data **out)
{
    const rn_setting settings[] = {{"path", folder()}, {"set", set},        {"n_train", n_train},
                                   {"n_test", n_test}, {"choice", "first"}, {"divisor", "1"},
                                   {"scaling", "none"}};
    return rn_data_create("cifar", settings, 7, 1, out);
}

static void write_all(void)
{
    char name[32];
    for (int file = 0; file < 5; file++) {
        (void)snprintf(name, sizeof name, "data_batch_%d.bin", file + 1);
        write_file(name, file * PER_FILE, 1);
    }
    write_file("test_batch.bin", 1000, 1);
    write_file("train.bin", 0, 2);
    write_file("test.bin", 1000, 2);
}

static void five_files_are_one_set(void **state)
{
    (void)state;
    write_all();
    rn_data *data = NULL;
    assert_status(load("cifar10", "18", "3", &data), RN_OK);
    assert_int_equal(rn_data_rank(data), 3);
    assert_int_equal(rn_data_shape(data)[0], 3);
    assert_int_equal(rn_data_shape(data)[2], 32);
    assert_int_equal(rn_data_target_size(data), 10);
    assert_string_equal(rn_data_class_name(data, 6), "frog");
    for (int part = 0; part < 2; part++) {
        const rn_data_split split = rn_data_get(data, (rn_data_part)part);
        assert_int_equal(split.n_samples, part == 0 ? 18 : 3);
        for (rn_index i = 0; i < split.n_samples; i++) {
            const int number = (int)i + 1000 * part;
            assert_int_equal(split.labels[i], number % 10);
            for (int j = 0; j < PIXELS; j++)
                assert_close(split.inputs[i * PIXELS + j], pixel(number, j), 0.0);
        }
    }
    rn_data_destroy(data);
}

static void labels_of_the_hundred_are_fine_or_coarse(void **state)
{
    (void)state;
    write_all();
    rn_data *data = NULL;
    assert_status(load("cifar100", "4", "4", &data), RN_OK);
    assert_int_equal(rn_data_target_size(data), 100);
    assert_int_equal(rn_data_get(data, RN_DATA_TRAIN).labels[3], 96);
    assert_null(rn_data_class_name(data, 1));
    rn_data_destroy(data);
    assert_status(load("cifar100_coarse", "4", "4", &data), RN_OK);
    assert_int_equal(rn_data_target_size(data), 20);
    assert_int_equal(rn_data_get(data, RN_DATA_TRAIN).labels[3], 3);
    assert_close(rn_data_get(data, RN_DATA_TRAIN).inputs[5], pixel(0, 5), 0.0);
    rn_data_destroy(data);
}

static void damaged_files_are_refused(void **state)
{
    (void)state;
    rn_data *data = NULL;
    write_all();
    assert_status(load("cifar10", "21", "0", &data), RN_ERR_CONFIG);
    assert_message_has("found 20 samples");
    write_file("data_batch_3.bin", 0, 2); /* records of the other set */
    assert_status(load("cifar10", "4", "0", &data), RN_ERR_FORMAT);
    assert_message_has("data_batch_3.bin: found 12296 bytes, expected whole records of 3073");
    (void)scratch_write("data_batch_3.bin", "", 0);
    assert_status(load("cifar10", "4", "0", &data), RN_ERR_FORMAT);
    assert_message_has("found 0 bytes");
    rn_index n_bytes = 0;
    unsigned char *bytes = make_records(0, PER_FILE, 1, &n_bytes);
    bytes[3073] = 10;
    (void)scratch_write("data_batch_3.bin", bytes, n_bytes);
    assert_status(load("cifar10", "4", "0", &data), RN_ERR_FORMAT);
    assert_message_has("found label 10, expected 0 to 9");
    free(bytes);
    assert_int_equal(remove(scratch_path("data_batch_3.bin")), 0);
    assert_status(load("cifar10", "4", "0", &data), RN_ERR_IO);
    assert_message_has("data_batch_3.bin: cannot be opened");
    assert_null(data);
}

/* Pieces of any length give the same bytes. */
static void columns_come_in_pieces_of_any_length(void **state)
{
    (void)state;
    static const unsigned char first[] = {0, 1, 2, 3, 4, 5, 6, 7};
    static const unsigned char second[] = {8, 9, 10, 11};
    static const unsigned char expected[] = {1, 2, 5, 6, 9, 10};
    for (rn_index piece = 1; piece <= 7; piece++) {
        rni_reader *files[2] = {NULL, NULL};
        rni_reader *reader = NULL;
        rn_index n_records = 0;
        unsigned char bytes[8] = {0};
        assert_status(rni_memory_open("a", first, sizeof first, &files[0]), RN_OK);
        assert_status(rni_memory_open("b", second, sizeof second, &files[1]), RN_OK);
        const rni_column column = {.record = 4, .first = 1, .count = 2};
        assert_status(rni_records_wrap(2, files, column, &reader, &n_records), RN_OK);
        assert_int_equal(n_records, 3);
        rn_index n = 0;
        rn_index n_got = 0;
        do {
            assert_status(rni_read(reader, bytes + n, rni_min(piece, 8 - n), &n_got), RN_OK);
            n += n_got;
        } while (n_got > 0 && n < 8);
        assert_int_equal(n, 6);
        assert_memory_equal(bytes, expected, sizeof expected);
        assert_status(rni_read_end(reader), RN_OK);
        rni_reader_close(reader);
    }
}

static void every_failing_allocation_is_a_status(void **state)
{
    (void)state;
    write_all();
    rn_status status = RN_ERR_MEMORY;
    long fault = 0;
    while (status == RN_ERR_MEMORY) {
        rn_data *data = NULL;
        (void)rni_fail_allocation(++fault);
        status = load("cifar10", "6", "2", &data);
        (void)rni_fail_allocation(0);
        rn_data_destroy(data);
        assert_int_equal(rni_memory_bytes(), 0);
    }
    assert_status(status, RN_OK);
    assert_true(fault > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_files_are_one_set),
        cmocka_unit_test(labels_of_the_hundred_are_fine_or_coarse),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(columns_come_in_pieces_of_any_length),
        cmocka_unit_test(every_failing_allocation_is_a_status),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
