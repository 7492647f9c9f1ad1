/*
 * npy and npz files against those NumPy wrote (tests/fixtures/arrays/make.py says what they
 * hold), hostile ones, and what the writer makes.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "backends/gzip.h"
#include "backends/zip.h"
#include "check.h"
#include "core/memory.h"
#include "data/npy.h"
#include "data/source.h"
#include "scratch.h"

/* The path of a fixture; overwritten by the next call but three. */
static const char *fixture(const char *name)
{
    static char paths[4][512];
    static int turn;
    turn = (turn + 1) % 4;
    (void)snprintf(paths[turn], sizeof paths[turn], "%s/arrays/%s", RN_FIXTURES, name);
    return paths[turn];
}

static rn_status read_file(const char *path, rni_array_head *head, double *values)
{
    rni_reader *reader = NULL;
    rn_status status = rni_gzip_open(path, &reader);
    if (status == RN_OK) status = rni_npy_read_head(reader, head);
    if (status == RN_OK) status = rni_array_read(reader, head, NULL, values);
    rni_reader_close(reader);
    return status;
}

static void what_numpy_wrote_is_read_back(void **state)
{
    (void)state;
    static const char *const names[] = {
        "f8_little", "f8_big", "f4_little",  "f4_big",         "i8_little",   "i8_big",
        "i4_little", "i4_big", "i2_little",  "i2_big",         "u8_little",   "u8_big",
        "i1",        "u1",     "f8_fortran", "f4_fortran_big", "f8_version2", "f8_version3"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "%s.npy", names[i]);
        rni_array_head head = {0};
        double values[24] = {0};
        assert_status(read_file(fixture(name), &head, values), RN_OK);
        assert_int_equal(head.rank, 3);
        assert_int_equal(head.shape[0], 3);
        assert_int_equal(head.shape[1], 2);
        assert_int_equal(head.shape[2], 4);
        for (int n = 0; n < 24; n++) {
            double expected = n; /* exact in every type */
            if (names[i][0] == 'f') expected = 0.5 * (n - 5);
            if (names[i][0] == 'i') expected = n - 5;
            if (!(fabs(values[n] - expected) <= 0.0))
                fail_msg("%s: entry %d is %g, expected %g", name, n, values[n], expected);
        }
    }
    assert_int_equal(rni_memory_bytes(), 0);
}

typedef struct refusal {
    const char *name;
    const char *message;
} refusal;

static void what_is_not_plain_numbers_is_refused(void **state)
{
    (void)state;
    static const refusal refusals[] = {
        {"complex.npy", "byte 20: found ''<c16', 'f"},
        {"text.npy", "found ''<U1'"},
        {"half.npy", "found ''<f2'"},
        {"object.npy", "found ''|O'"},
        {"record.npy", "found '[('a', '<f8')"},
        {"scalar.npy", "expected at least one axis"},
        {"empty.npy", "found 0 entries along axis 0, expected at least one"},
        {"nan.npy", "byte 152: found NaN or infinity in row 1, entry 1"},
        {"beyond.npy", "byte 136: found an integer beyond 2^53 in row 1, entry 0"},
        {"make.py", "byte 0: found '#!/usr', expected an npy file"},
        {"", "found a directory, expected a regular file"},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        rni_array_head head = {0};
        double values[64];
        const rn_status status = read_file(fixture(refusals[i].name), &head, values);
        if (status != RN_ERR_FORMAT && status != RN_ERR_IO)
            fail_msg("%s: %s", refusals[i].name, rn_status_name(status));
        assert_message_has(refusals[i].message);
    }
    assert_int_equal(rni_memory_bytes(), 0);
}

/* Parses a head from its dictionary text. */
static rn_status parse_head(const char *text, rni_array_head *head)
{
    unsigned char bytes[1024] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    const size_t n_text = strlen(text);
    bytes[8] = (unsigned char)(n_text & 0xFF);
    bytes[9] = (unsigned char)(n_text >> 8);
    for (size_t i = 0; i < n_text; i++)
        bytes[10 + i] = (unsigned char)text[i];
    rni_reader *reader = NULL;
    assert_status(rni_memory_open("m", bytes, sizeof bytes, &reader), RN_OK);
    const rn_status status = rni_npy_read_head(reader, head);
    rni_reader_close(reader);
    return status;
}

static void hostile_headers_are_refused_at_their_byte(void **state)
{
    (void)state;
    static const refusal refusals[] = {
        {"", "m: byte 10: found the header's end, expected a dictionary"},
        {"[]", "byte 10: found '[]', expected a dictionary"},
        {"{}", "byte 12: found the header's end, expected 'descr', 'fortran_order' and 'shape'"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}",
         "found room for 947 more bytes, expected 8000000000000 bytes of numbers"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
         "found 4294967296 entries along axis 1, expected at least one and no more"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}",
         "byte 61: found '99999999999999999999,)}', expected a length that fits 64 bits"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
         "byte 61: found '-1,)}', expected a length"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (01,)}", "expected a length"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1)}",
         "expected at most 8 axes"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1 1)}", "expected ',' or ')'"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,}", "expected a length"},
        {"{'descr': '<f8', 'fortran_order': 0, 'shape': (1,)}", "expected True or False"},
        {"{'descr': '<f8', 'descr': '<f8'}", "byte 27: found ''descr': '<f8'}', expected each of"},
        {"{'descr': '<f8', 'other': 1}", "expected each of"},
        {"{'descr': '=f8', 'fortran_order': False, 'shape': (1,)}", "expected a type of plain"},
        {"{'descr': '<f8\\', 'fortran_order': False, 'shape': (1,)}", "expected a type of plain"},
        {"{'descr' '<f8'}", "expected ':'"},
        {"{descr: '<f8'}", "expected a key between quotes"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} x", "expected nothing behind"},
        {"{'descr': '<f8' 'fortran_order': False}", "expected ',' or '}'"},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        rni_array_head head = {.rank = 42};
        if (parse_head(refusals[i].name, &head) != RN_ERR_FORMAT)
            fail_msg("accepted: %s", refusals[i].name);
        assert_message_has(refusals[i].message);
        assert_int_equal(head.rank, 42);
    }
}

static void unusual_but_valid_headers_are_read(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"shape\":(3,4),\"descr\":\">i2\",\"fortran_order\":True}",
        "\n { 'shape' : ( 3 , 4 , ) , 'fortran_order' : True, 'descr': '>i2' , } \n",
    };
    for (int i = 0; i < 2; i++) {
        rni_array_head head = {0};
        assert_status(parse_head(texts[i], &head), RN_OK);
        assert_int_equal(head.rank, 2);
        assert_int_equal(head.shape[0], 3);
        assert_int_equal(head.shape[1], 4);
        assert_true(head.is_fortran);
        assert_true(head.element.is_big_endian);
        assert_int_equal(head.element.kind, RNI_ELEMENT_SIGNED);
        assert_int_equal(head.element.n_bytes, 2);
    }
}

static void broken_starts_and_every_truncation_are_refused(void **state)
{
    (void)state;
    char *bytes = NULL;
    rn_index n_bytes = 0;
    assert_status(rni_file_read(fixture("f8_little.npy"), 1000, &bytes, &n_bytes), RN_OK);
    for (rn_index n = 0; n <= n_bytes + 1; n++) {
        char longer[400] = {0};
        memcpy(longer, bytes, (size_t)n_bytes);
        rni_array_head head = {0};
        double values[24];
        const rn_status status = read_file(scratch_write("cut.npy", longer, n), &head, values);
        assert_status(status, n == n_bytes ? RN_OK : RN_ERR_FORMAT);
    }
    bytes[6] = 4;
    rni_array_head head = {0};
    double values[24];
    assert_status(read_file(scratch_write("v4.npy", bytes, n_bytes), &head, values), RN_ERR_FORMAT);
    assert_message_has("byte 6: found version 4.0, expected 1.0, 2.0 or 3.0");
    bytes[6] = 2;
    bytes[10] = bytes[11] = (char)0xFF;
    assert_status(read_file(scratch_write("v2.npy", bytes, n_bytes), &head, values), RN_ERR_FORMAT);
    assert_message_has("expected at most 8192");
    rni_free(bytes);
    assert_int_equal(rni_memory_bytes(), 0);
}

static void what_is_written_reads_back_to_the_bit(void **state)
{
    (void)state;
    const double values[] = {0.0, -0.0, 0.1, 1e300, 4.9406564584124654e-324, -1.0 / 3.0};
    const rn_index shapes[3][8] = {{6}, {3, 2}, {1, 1, 3, 1, 2, 1, 1, 1}};
    const int ranks[] = {1, 2, 8};
    for (int i = 0; i < 3; i++) {
        const char *path = scratch_path("written.npy");
        rni_array_head head = {0};
        double back[6];
        assert_status(rni_npy_write(path, ranks[i], shapes[i], values), RN_OK);
        assert_status(read_file(path, &head, back), RN_OK);
        assert_int_equal(head.rank, ranks[i]);
        assert_memory_equal(head.shape, shapes[i], (size_t)ranks[i] * sizeof(rn_index));
        assert_memory_equal(back, values, sizeof values);
    }
    const rn_index empty = 0;
    assert_status(rni_npy_write(scratch_path("w.npy"), 1, &empty, values), RN_ERR_SHAPE);
    assert_status(rni_npy_write("/nonexistent/w.npy", 1, shapes[0], values), RN_ERR_IO);
    assert_message_has("/nonexistent/w.npy: cannot be written: No such file or directory");
}

static void npy_and_npz_make_the_same_data_set(void **state)
{
    (void)state;
    const rn_setting files[] = {{"inputs", fixture("f8_little.npy")},
                                {"labels", fixture("labels.npy")},
                                {"targets", ""},
                                {"choice", "first"},
                                {"n_test", "1"}};
    rn_data *plain = NULL;
    assert_status(rn_data_create("npy", files, 5, 1, &plain), RN_OK);
    const rn_data_split train = rn_data_get(plain, RN_DATA_TRAIN);
    assert_int_equal(train.n_samples, 2);
    assert_int_equal(rn_data_rank(plain), 2);
    assert_int_equal(rn_data_shape(plain)[0], 2);
    assert_int_equal(rn_data_shape(plain)[1], 4);
    assert_int_equal(rn_data_target_size(plain), 3);
    assert_close(train.inputs[9], 2.0, 0.0);
    assert_int_equal(train.labels[0], 2);
    assert_int_equal(rn_data_get(plain, RN_DATA_HELD_OUT).labels[0], 1);
    const char *const archives[] = {"stored.npz", "packed.npz"};
    for (int i = 0; i < 2; i++) {
        const rn_setting entries[] = {{"path", fixture(archives[i])},
                                      {"labels", "labels"},
                                      {"choice", "first"},
                                      {"n_test", "1"}};
        rn_data *data = NULL;
        assert_status(rn_data_create("npz", entries, 4, 1, &data), RN_OK);
        assert_memory_equal(rn_data_get(data, RN_DATA_TRAIN).inputs, train.inputs,
                            24 * sizeof(double));
        assert_memory_equal(rn_data_get(data, RN_DATA_TRAIN).targets, train.targets,
                            9 * sizeof(double));
        rn_data_destroy(data);
    }
    rn_data_destroy(plain);
    assert_int_equal(rni_memory_bytes(), 0);
}

static void missing_entries_and_other_files_are_named(void **state)
{
    (void)state;
    rn_setting settings[] = {{"path", fixture("packed.npz")}, {"targets", "y"}};
    rn_data *data = NULL;
    assert_status(rn_data_create("npz", settings, 2, 1, &data), RN_ERR_FORMAT);
    assert_message_has("found no entry 'y.npy', expected one of: 'inputs.npy', 'labels.npy', "
                       "'targets.npy'");
    settings[0].value = fixture("f8_little.npy");
    assert_status(rn_data_create("npz", settings, 2, 1, &data), RN_ERR_FORMAT);
    assert_message_has("cannot be opened as a zip archive");
    settings[0].value = "/nonexistent.npz";
    assert_status(rn_data_create("npz", settings, 2, 1, &data), RN_ERR_IO);
    settings[0].value = fixture("");
    assert_status(rn_data_create("npz", settings, 2, 1, &data), RN_ERR_IO);
    assert_message_has("found a directory");
    assert_null(data);
    assert_int_equal(rni_memory_bytes(), 0);
}

/* Reads an entry of an archive in memory to its end. */
static rn_status read_archive(const char *bytes, rn_index n_bytes)
{
    rni_reader *reader = NULL;
    rni_array_head head = {0};
    double values[24];
    rn_status status = rni_zip_open_memory("z", bytes, n_bytes, "inputs.npy", &reader);
    if (status == RN_OK) status = rni_npy_read_head(reader, &head);
    if (status == RN_OK && (head.shape[0] != 3 || rni_array_row_size(&head) != 8))
        status = RN_ERR_FORMAT;
    if (status == RN_OK) status = rni_array_read(reader, &head, NULL, values);
    for (int n = 0; status == RN_OK && n < 24; n++)
        assert_close(values[n], 0.5 * (n - 5), 0.0); /* never a wrong number */
    rni_reader_close(reader);
    return status;
}

static void damaged_archives_never_give_wrong_numbers(void **state)
{
    (void)state;
    const char *const archives[] = {"stored.npz", "packed.npz"};
    for (int i = 0; i < 2; i++) {
        char *bytes = NULL;
        rn_index n_bytes = 0;
        rn_index n_refused = 0;
        assert_status(rni_file_read(fixture(archives[i]), 4096, &bytes, &n_bytes), RN_OK);
        assert_status(read_archive(bytes, n_bytes), RN_OK);
        for (rn_index n = 0; n < n_bytes; n++)
            assert_status(read_archive(bytes, n), RN_ERR_FORMAT);
        for (rn_index at = 0; at < n_bytes; at++) {
            bytes[at] = (char)(bytes[at] ^ 0x15);
            n_refused += read_archive(bytes, n_bytes) < 0;
            bytes[at] = (char)(bytes[at] ^ 0x15);
        }
        assert_true(n_refused > n_bytes / 4); /* the rest: times and the other entries */
        rni_free(bytes);
    }
    assert_int_equal(rni_memory_bytes(), 0);
}

static void an_entry_that_claims_more_than_it_can_hold_is_refused(void **state)
{
    (void)state;
    char *bytes = NULL;
    rn_index n_bytes = 0;
    assert_status(rni_file_read(fixture("packed.npz"), 4096, &bytes, &n_bytes), RN_OK);
    /* the uncompressed size stands 24 bytes behind the first central header, "PK\1\2" */
    rn_index at = 0;
    while (memcmp(bytes + at, "PK\1\2", 4) != 0)
        at++;
    bytes[at + 27] = 0x7F;
    assert_status(read_archive(bytes, n_bytes), RN_ERR_FORMAT);
    assert_message_has("packed bytes that claim to be");
    rni_free(bytes);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    const rn_setting settings[] = {
        {"path", fixture("packed.npz")}, {"labels", "labels"}, {"targets", ""}};
    rn_status status = RN_ERR_MEMORY;
    long fault = 0;
    while (status == RN_ERR_MEMORY) {
        rn_data *data = NULL;
        (void)rni_fail_allocation(++fault);
        status = rn_data_create("npz", settings, 3, 1, &data);
        if (status < 0) assert_null(data);
        rn_data_destroy(data);
        assert_int_equal(rni_memory_bytes(), 0);
    }
    (void)rni_fail_allocation(0);
    assert_status(status, RN_OK);
    assert_true(fault > 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_numpy_wrote_is_read_back),
        cmocka_unit_test(what_is_not_plain_numbers_is_refused),
        cmocka_unit_test(hostile_headers_are_refused_at_their_byte),
        cmocka_unit_test(unusual_but_valid_headers_are_read),
        cmocka_unit_test(broken_starts_and_every_truncation_are_refused),
        cmocka_unit_test(what_is_written_reads_back_to_the_bit),
        cmocka_unit_test(npy_and_npz_make_the_same_data_set),
        cmocka_unit_test(missing_entries_and_other_files_are_named),
        cmocka_unit_test(damaged_archives_never_give_wrong_numbers),
        cmocka_unit_test(an_entry_that_claims_more_than_it_can_hold_is_refused),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
