/* IDX files, packed or not, hostile or not, and the data sets made of them. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "core/memory.h"
#include "data/idx.h"
#include "data/source.h"
#include "scratch.h"

/* Five images of 2 x 3 pixels: pixel j of image i is 10 i + j; classes 0 2 1 0 2. */
static const unsigned char images[] = {
    0,  0,  8,  3,  0,  0,  0,  5,  0,  0,  0,  2,  0,  0,  0,  3,  0,  1,  2,  3,  4,  5,  10,
    11, 12, 13, 14, 15, 20, 21, 22, 23, 24, 25, 30, 31, 32, 33, 34, 35, 40, 41, 42, 43, 44, 45};
static const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 5, 0, 2, 1, 0, 2};

static rn_status load(const rn_setting *settings, rn_index n_settings, rn_data **out)
{
    return rn_data_create("idx", settings, n_settings, 1, out);
}

static void raw_numbers_keep_their_shape_and_order(void **state)
{
    (void)state;
    const char *const paths[2][2] = {{scratch_write("x.idx", images, sizeof images),
                                      scratch_write("y.idx", labels, sizeof labels)},
                                     {scratch_write_gzip("x.idx.gz", images, sizeof images),
                                      scratch_write_gzip("y.idx.gz", labels, sizeof labels)}};
    for (int packed = 0; packed < 2; packed++) {
        const rn_setting settings[] = {{"inputs", paths[packed][0]},
                                       {"labels", paths[packed][1]},
                                       {"n_train", "3"},
                                       {"n_test", "2"},
                                       {"choice", "first"},
                                       {"divisor", "1"},
                                       {"scaling", "none"}};
        rn_data *data = NULL;
        assert_status(load(settings, 7, &data), RN_OK);
        assert_int_equal(rn_data_rank(data), 2);
        assert_int_equal(rn_data_shape(data)[0], 2);
        assert_int_equal(rn_data_shape(data)[1], 3);
        assert_int_equal(rn_data_target_size(data), 3);
        const rn_data_split train = rn_data_get(data, RN_DATA_TRAIN);
        const rn_data_split held_out = rn_data_get(data, RN_DATA_HELD_OUT);
        assert_int_equal(train.n_samples, 3);
        assert_int_equal(held_out.n_samples, 2);
        for (rn_index i = 0; i < 5; i++) {
            const double *row = i < 3 ? train.inputs + 6 * i : held_out.inputs + 6 * (i - 3);
            const double *target = i < 3 ? train.targets + 3 * i : held_out.targets + 3 * (i - 3);
            for (int j = 0; j < 6; j++)
                assert_close(row[j], 10.0 * (double)i + j, 0.0);
            for (int c = 0; c < 3; c++)
                assert_close(target[c], labels[8 + i] == c ? 1.0 : 0.0, 0.0);
        }
        assert_int_equal(train.labels[1], 2);
        assert_int_equal(held_out.labels[0], 0);
        rn_data_destroy(data);
    }
    assert_int_equal(rni_memory_bytes(), 0);
}

static void random_choices_are_disjoint_nested_and_follow_the_seed(void **state)
{
    (void)state;
    const char *x = scratch_write("x.idx", images, sizeof images);
    const char *y = scratch_write("y.idx", labels, sizeof labels);
    rn_setting settings[] = {{"inputs", x},       {"labels", y},    {"divisor", "1"},
                             {"scaling", "none"}, {"n_train", "3"}, {"n_test", "2"},
                             {"seed", "5"}};
    rn_data *data = NULL;
    rn_data *smaller = NULL;
    assert_status(load(settings, 7, &data), RN_OK);
    const rn_data_split train = rn_data_get(data, RN_DATA_TRAIN);
    const rn_data_split held_out = rn_data_get(data, RN_DATA_HELD_OUT);
    int seen[5] = {0};
    for (rn_index i = 0; i < 5; i++) {
        const double *row = i < 3 ? train.inputs + 6 * i : held_out.inputs + 6 * (i - 3);
        const rn_index label = i < 3 ? train.labels[i] : held_out.labels[i - 3];
        const int image = (int)row[0] / 10;
        seen[image]++;
        assert_int_equal(label, labels[8 + image]); /* labels go with their images */
        for (int j = 0; j < 6; j++)
            assert_close(row[j], 10.0 * image + j, 0.0);
    }
    for (int i = 0; i < 5; i++)
        assert_int_equal(seen[i], 1);

    settings[4].value = "2";
    settings[5].value = "0";
    assert_status(load(settings, 7, &smaller), RN_OK);
    assert_memory_equal(rn_data_get(smaller, RN_DATA_TRAIN).inputs, train.inputs,
                        12 * sizeof(double));
    rn_data_destroy(smaller);

    int n_different = 0;
    for (int seed = 6; seed < 12; seed++) { /* 5! orders: six equal ones are no accident */
        char text[16];
        (void)snprintf(text, sizeof text, "%d", seed);
        settings[4].value = "3";
        settings[6].value = text;
        assert_status(load(settings, 7, &smaller), RN_OK);
        const double *drawn = rn_data_get(smaller, RN_DATA_TRAIN).inputs;
        for (int j = 0; j < 18; j++)
            n_different += fabs(drawn[j] - train.inputs[j]) > 0.0;
        rn_data_destroy(smaller);
    }
    assert_true(n_different > 0);
    rn_data_destroy(data);
}

static void scalings_do_what_they_say(void **state)
{
    (void)state;
    const char *x = scratch_write("x.idx", images, sizeof images);
    const char *y = scratch_write("y.idx", labels, sizeof labels);
    rn_setting settings[] = {{"inputs", x},       {"labels", y},          {"n_train", "2"},
                             {"n_test", "2"},     {"choice", "first"},    {"divisor", "2"},
                             {"centred", "true"}, {"scaling", "standard"}};
    rn_data *data = NULL;
    /* training pixels / 2: (0..5, 10..15)/2, mean 3.75, variance (25 + 35/12)/4 */
    assert_status(load(settings, 8, &data), RN_OK);
    const double deviation = sqrt((25.0 + 35.0 / 12.0) / 4.0);
    rn_data_scaling scaling = rn_data_get_scaling(data);
    assert_int_equal(scaling.count, 1);
    assert_close(scaling.mean[0], 3.75, 1e-15 * 8);
    assert_close(scaling.scale[0], deviation, 1e-15 * 8);
    assert_close(rn_data_get(data, RN_DATA_TRAIN).inputs[7], (5.5 - 3.75) / deviation, 1e-15 * 8);
    assert_close(rn_data_get(data, RN_DATA_HELD_OUT).inputs[0], (10.0 - 3.75) / deviation,
                 1e-15 * 8);
    assert_close(rn_data_get(data, RN_DATA_TRAIN).targets[0], 2.0 / 3.0, 1e-15);
    assert_close(rn_data_get(data, RN_DATA_TRAIN).targets[1], -1.0 / 3.0, 1e-15);
    rn_data_destroy(data);

    settings[7].value = "feature"; /* entry j: j/2 and (10 + j)/2, mean (5 + j)/2, deviation 2.5 */
    assert_status(load(settings, 8, &data), RN_OK);
    scaling = rn_data_get_scaling(data);
    assert_int_equal(scaling.count, 6);
    for (int j = 0; j < 6; j++) {
        assert_close(scaling.mean[j], (5.0 + j) / 2.0, 0.0);
        assert_close(scaling.scale[j], 2.5, 1e-15);
        assert_close(rn_data_get(data, RN_DATA_TRAIN).inputs[j], -1.0, 1e-15);
        assert_close(rn_data_get(data, RN_DATA_HELD_OUT).inputs[6 + j], 5.0, 4e-15);
    }
    rn_data_destroy(data);

    settings[7].value = "unit_norm"; /* image 0: 0..5, norm sqrt(55) */
    assert_status(load(settings, 8, &data), RN_OK);
    assert_int_equal(rn_data_get_scaling(data).count, 0);
    for (int j = 0; j < 6; j++)
        assert_close(rn_data_get(data, RN_DATA_TRAIN).inputs[j], j / sqrt(55.0), 1e-15);
    rn_data_destroy(data);
    assert_int_equal(rni_memory_bytes(), 0);
}

static void inputs_without_variation_or_norm_are_refused(void **state)
{
    (void)state;
    unsigned char same[sizeof images];
    memcpy(same, images, sizeof same);
    memset(same + 16, 0, sizeof same - 16);
    const char *x = scratch_write("same.idx", same, sizeof same);
    const char *y = scratch_write("y.idx", labels, sizeof labels);
    rn_setting settings[] = {{"inputs", x}, {"labels", y}, {"scaling", "standard"}};
    rn_data *data = NULL;
    assert_status(load(settings, 3, &data), RN_ERR_DOMAIN);
    assert_message_has("do not vary");
    settings[2].value = "feature";
    assert_status(load(settings, 3, &data), RN_ERR_DOMAIN);
    settings[2].value = "unit_norm";
    assert_status(load(settings, 3, &data), RN_ERR_DOMAIN);
    assert_message_has("found sample 0 with only zeros");
    assert_null(data);
    assert_int_equal(rni_memory_bytes(), 0);
}

static void every_element_type_is_read(void **state)
{
    (void)state;
    typedef struct type_case {
        unsigned char bytes[16];
        rn_index n_bytes;
        double value;
    } type_case;
    static const type_case cases[] = {
        {{0, 0, 0x08, 1, 0, 0, 0, 1, 0xFF}, 9, 255.0},
        {{0, 0, 0x09, 1, 0, 0, 0, 1, 0xFF}, 9, -1.0},
        {{0, 0, 0x09, 1, 0, 0, 0, 1, 0x80}, 9, -128.0},
        {{0, 0, 0x0B, 1, 0, 0, 0, 1, 0x01, 0x02}, 10, 258.0},
        {{0, 0, 0x0B, 1, 0, 0, 0, 1, 0x80, 0x00}, 10, -32768.0},
        {{0, 0, 0x0C, 1, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFE}, 12, -2.0},
        {{0, 0, 0x0D, 1, 0, 0, 0, 1, 0x3F, 0xC0, 0, 0}, 12, 1.5},
        {{0, 0, 0x0E, 1, 0, 0, 0, 1, 0xC0, 0x04, 0, 0, 0, 0, 0, 0}, 16, -2.5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rni_reader *reader = NULL;
        rni_array_head head = {0};
        double value = 0.0;
        assert_status(rni_memory_open("m", cases[i].bytes, cases[i].n_bytes, &reader), RN_OK);
        assert_status(rni_idx_read_head(reader, &head), RN_OK);
        assert_status(rni_array_read(reader, &head, NULL, &value), RN_OK);
        assert_close(value, cases[i].value, 0.0);
        rni_reader_close(reader);
    }
}

typedef struct hostile {
    const char *bytes;
    rn_index n_bytes;
    const char *message;
} hostile;

static void hostile_files_are_refused_with_byte_found_and_expected(void **state)
{
    (void)state;
    static const hostile cases[] = {
        {"", 0, "byte 0: found the end of the file, expected 4 more bytes of the IDX header"},
        {"\0\0\x08", 3, "byte 3: found the end of the file, expected 1 more bytes"},
        {"\x89PNG", 4, "byte 0: found 89 50 4E 47, expected an IDX file"},
        {"\0\0\x0A\x01", 4, "found 00 00 0A 01, expected an IDX file"},
        {"\0\0\x08\0", 4, "byte 3: found 0 axes, expected 1 to 8"},
        {"\0\0\x08\x09", 4, "byte 3: found 9 axes, expected 1 to 8"},
        {"\0\0\x08\x01\0\0", 6, "byte 6: found the end of the file"},
        {"\0\0\x08\x01\0\0\0\0", 8, "found 0 entries along axis 0, expected at least one"},
        {"\0\0\x08\x01\0\0\0\x05xxxx", 12,
         "byte 8: found room for 4 more bytes, expected 5 bytes of numbers"},
        {"\0\0\x08\x01\xFF\xFF\xFF\xFFxxxx", 12, "expected 4294967295 bytes of numbers"},
        {"\0\0\x0E\x03\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 16,
         "found 4294967295 entries along axis 1, expected at least one and no more"},
        {"\0\0\x08\x01\0\0\0\x01xx", 10, "byte 9: found more bytes, expected the end of the file"},
        {"\0\0\x0D\x01\0\0\0\x02\x3F\xC0\0\0\x7F\xC0\0\0", 16,
         "byte 12: found NaN or infinity in row 1, entry 0"},
        {"\0\0\x0E\x02\0\0\0\x01\0\0\0\x01\xFF\xF0\0\0\0\0\0\0", 20,
         "byte 12: found NaN or infinity in row 0, entry 0"},
    };
    const char *y = scratch_write("y.idx", labels, sizeof labels);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *x = scratch_write("hostile.idx", cases[i].bytes, cases[i].n_bytes);
        const rn_setting settings[] = {{"inputs", x}, {"labels", y}};
        const rn_setting as_labels[] = {{"inputs", x}, {"labels", x}};
        rn_data *data = NULL;
        const rn_index before = rni_memory_peak_bytes();
        const rn_status status = load(i < 11 ? settings : as_labels, 2, &data);
        if (status != RN_ERR_FORMAT) fail_msg("case %zu: %s", i, rn_status_name(status));
        assert_message_has(cases[i].message);
        assert_message_has("hostile.idx");
        assert_null(data);
        assert_int_equal(rni_memory_bytes(), 0);
        /* settings, a reader with its 32 KiB buffer, zlib: no promise of the header is believed */
        assert_true(rni_memory_peak_bytes() - before < 200000);
    }
}

static void files_that_do_not_belong_together_are_refused(void **state)
{
    (void)state;
    static const unsigned char fewer[] = {0, 0, 8, 1, 0, 0, 0, 4, 0, 2, 1, 0};
    static const unsigned char wide[] = {0, 0, 8, 2, 0, 0, 0, 5, 0, 0, 0,
                                         2, 0, 2, 1, 0, 1, 1, 1, 1, 1, 1};
    static const unsigned char signs[] = {0, 0, 9, 1, 0, 0, 0, 5, 0, 2, 0xFF, 0, 0};
    static const unsigned char many[] = {0, 0, 0x0C, 1, 0, 0,    0, 5, 0, 0, 0, 0, 0, 0,
                                         0, 0, 0,    0, 3, 0xE8, 0, 0, 0, 0, 0, 0, 0, 0};
    static const unsigned char half[] = {0, 0, 0x0D, 1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0,
                                         0, 0, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    const struct {
        const void *bytes;
        rn_index n_bytes;
        const char *message;
    } cases[] = {
        {fewer, sizeof fewer, "found 4 rows, expected 5 as in"},
        {wide, sizeof wide, "found 2 labels per row, expected one"},
        {signs, sizeof signs,
         "found label -1 in row 2 (from 0), expected an integer from 0 to 999"},
        {many, sizeof many,
         "found label 1000 in row 2 (from 0), expected an integer from 0 to 999"},
        {half, sizeof half, "found label 0.5 in row 2"},
    };
    const char *x = scratch_write("x.idx", images, sizeof images);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *y = scratch_write("odd.idx", cases[i].bytes, cases[i].n_bytes);
        const rn_setting settings[] = {{"inputs", x}, {"labels", y}};
        rn_data *data = NULL;
        assert_status(load(settings, 2, &data), RN_ERR_FORMAT);
        assert_message_has(cases[i].message);
        assert_null(data);
        assert_int_equal(rni_memory_bytes(), 0);
    }
}

static void real_targets_stand_beside_labels(void **state)
{
    (void)state;
    static const unsigned char targets[] = {0, 0, 9, 2, 0, 0, 0, 5,  0,  0,  0,    3,  1, 2,
                                            3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0xFF, 14, 15};
    const char *x = scratch_write("x.idx", images, sizeof images);
    const char *y = scratch_write("y.idx", labels, sizeof labels);
    const char *t = scratch_write("t.idx", targets, sizeof targets);
    rn_setting settings[] = {{"inputs", x}, {"targets", t}, {"choice", "first"}, {"labels", y}};
    for (rn_index n = 3; n <= 4; n++) {
        rn_data *data = NULL;
        assert_status(load(settings, n, &data), RN_OK);
        const rn_data_split train = rn_data_get(data, RN_DATA_TRAIN);
        assert_int_equal(train.n_samples, 5); /* n_train = 0: all */
        assert_int_equal(rn_data_target_size(data), 3);
        assert_close(train.targets[7], 8.0, 0.0);
        assert_close(train.targets[12], -1.0, 0.0);
        if (n == 3)
            assert_null(train.labels);
        else
            assert_int_equal(train.labels[4], 2);
        rn_data_destroy(data);
    }
    const rn_setting neither[] = {{"inputs", x}};
    rn_data *data = NULL;
    assert_status(load(neither, 1, &data), RN_ERR_CONFIG);
    assert_message_has("idx: found neither labels nor targets, expected one of them");
    const rn_setting lonely[] = {{"inputs", x}, {"labels", y}, {"test_inputs", x}};
    assert_status(load(lonely, 3, &data), RN_ERR_CONFIG);
    assert_message_has("found test files that do not match the training files");
    assert_status(load(NULL, 0, &data), RN_ERR_CONFIG);
    assert_message_has("idx.inputs: found nothing, expected a value");
}

static void held_out_samples_may_come_from_files_of_their_own(void **state)
{
    (void)state;
    const char *x = scratch_write("x.idx", images, sizeof images);
    const char *y = scratch_write("y.idx", labels, sizeof labels);
    static const unsigned char flat[] = {0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 6, 1, 2, 3, 4, 5, 6};
    rn_setting settings[] = {{"inputs", x},       {"labels", y},    {"test_inputs", x},
                             {"test_labels", y},  {"n_train", "5"}, {"n_test", "4"},
                             {"choice", "first"}, {"divisor", "1"}, {"scaling", "none"}};
    rn_data *data = NULL;
    assert_status(load(settings, 9, &data), RN_OK);
    const rn_data_split held_out = rn_data_get(data, RN_DATA_HELD_OUT);
    assert_int_equal(held_out.n_samples, 4);
    assert_close(held_out.inputs[6], 10.0, 0.0);
    assert_int_equal(held_out.labels[2], 1);
    rn_data_destroy(data);

    settings[5].value = "6";
    data = NULL;
    assert_status(load(settings, 9, &data), RN_ERR_CONFIG);
    assert_message_has("found 5 test samples, expected at least n_test = 6");
    settings[5].value = "1";
    settings[2].value = scratch_write("flat.idx", flat, sizeof flat);
    assert_status(load(settings, 9, &data), RN_ERR_FORMAT);
    assert_message_has("found samples of another shape");
    settings[4].value = "6";
    settings[2].value = x;
    assert_status(load(settings, 9, &data), RN_ERR_CONFIG);
    assert_message_has("found 5 samples, expected at least 6 (n_train)");
    assert_null(data);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    const char *x = scratch_write_gzip("x.idx.gz", images, sizeof images);
    const char *y = scratch_write_gzip("y.idx.gz", labels, sizeof labels);
    const rn_setting settings[] = {{"inputs", x},      {"labels", y},   {"test_inputs", x},
                                   {"test_labels", y}, {"n_test", "2"}, {"scaling", "feature"}};
    rn_status status = RN_ERR_MEMORY;
    long fault = 0;
    while (status == RN_ERR_MEMORY) {
        rn_data *data = NULL;
        (void)rni_fail_allocation(++fault);
        status = load(settings, 6, &data);
        if (status < 0) assert_null(data);
        rn_data_destroy(data);
        assert_int_equal(rni_memory_bytes(), 0);
    }
    (void)rni_fail_allocation(0);
    assert_status(status, RN_OK);
    assert_true(fault > 30);
}

/* Facts about the package's files, taken with Python's gzip module: sums of the first images'
   pixels, first labels, and mean and deviation of the first 100 images. */
static void fashion_mnist_is_read_as_an_independent_program_reads_it(void **state)
{
    (void)state;
    struct stat found;
    if (stat("/usr/share/datasets/fashion-mnist", &found) != 0) {
        print_message("the package dataset-fashion-mnist is not installed\n");
        skip();
    }
    const rn_setting settings[] = {{"n_train", "100"},
                                   {"n_test", "100"},
                                   {"choice", "first"},
                                   {"scaling", "none"},
                                   {"divisor", "1"}};
    rn_data *data = NULL;
    assert_status(rn_data_create("fashion_mnist", settings, 5, 1, &data), RN_OK);
    static const double sums[2][3] = {{76247, 84598, 28662}, {33456, 100994, 51520}};
    static const double pixels[2] = {205, 233};
    static const rn_index classes[2][10] = {{9, 0, 0, 3, 0, 2, 7, 2, 5, 5},
                                            {9, 2, 1, 1, 6, 1, 4, 6, 5, 7}};
    for (int part = 0; part < 2; part++) {
        const rn_data_split split = rn_data_get(data, (rn_data_part)part);
        for (int i = 0; i < 3; i++) {
            double sum = 0.0;
            for (int j = 0; j < 784; j++)
                sum += split.inputs[784 * i + j];
            assert_close(sum, sums[part][i], 0.0);
        }
        assert_close(split.inputs[784 + 14 * 28 + 10], pixels[part], 0.0);
        assert_memory_equal(split.labels, classes[part], sizeof classes[part]);
    }
    assert_int_equal(rn_data_rank(data), 2);
    assert_string_equal(rn_data_class_name(data, 9), "Ankle boot");
    assert_null(rn_data_class_name(data, 10));
    rn_data_destroy(data);

    const rn_setting scaled[] = {{"n_train", "100"}, {"n_test", "0"}, {"choice", "first"}};
    assert_status(rn_data_create("fashion_mnist", scaled, 3, 1, &data), RN_OK);
    const rn_data_scaling scaling = rn_data_get_scaling(data);
    assert_close(scaling.mean[0], 0.28454231692677073, 1e-12); /* sums of 78,400 numbers */
    assert_close(scaling.scale[0], 0.3549158759149646, 1e-12);
    rn_data_destroy(data);

    const rn_setting nowhere = {"path", "/nonexistent"};
    data = NULL;
    assert_status(rn_data_create("fashion_mnist", &nowhere, 1, 1, &data), RN_ERR_IO);
    assert_message_has("install the package dataset-fashion-mnist");
    assert_null(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_numbers_keep_their_shape_and_order),
        cmocka_unit_test(random_choices_are_disjoint_nested_and_follow_the_seed),
        cmocka_unit_test(scalings_do_what_they_say),
        cmocka_unit_test(inputs_without_variation_or_norm_are_refused),
        cmocka_unit_test(every_element_type_is_read),
        cmocka_unit_test(hostile_files_are_refused_with_byte_found_and_expected),
        cmocka_unit_test(files_that_do_not_belong_together_are_refused),
        cmocka_unit_test(real_targets_stand_beside_labels),
        cmocka_unit_test(held_out_samples_may_come_from_files_of_their_own),
        cmocka_unit_test(survives_every_allocation_failure),
        cmocka_unit_test(fashion_mnist_is_read_as_an_independent_program_reads_it),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
