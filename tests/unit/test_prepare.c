/*
 * Choice of rows and scaling of inputs, and integers at the edge of a double.
 */
#include "data/prepare.h"

#include "check.h"
#include "core/memory.h"
#include "data/array.h"

/* 0.1 summed and divided is not 0.1 again; the column is constant all the same. */
static void columns_constant_but_for_rounding_become_zero(void **state)
{
    (void)state;
    enum { N = 37, D = 2 };
    const rni_prepare prepare = {.divisor = 1.0, .scaling = RNI_SCALING_FEATURE};
    rn_data data = {0};
    const rn_index shape = D;
    assert_status(rni_data_reserve(&data, N, 0, 1, &shape, 1, false), RN_OK);
    for (int i = 0; i < N; i++) {
        data.inputs[(ptrdiff_t)i * D] = 0.1;
        data.inputs[(ptrdiff_t)i * D + 1] = i;
    }
    assert_status(rni_prepare_scale(&prepare, &data), RN_OK);
    for (int i = 0; i < N; i++) /* a scale of 1 leaves N eps 0.1 */
        assert_close(data.inputs[(ptrdiff_t)i * D], 0.0, N * 2.3e-16 * 0.1);
    assert_true(data.inputs[1] < -1.5);
    rni_free(data.inputs);
    rni_free(data.targets);
    rni_free(data.scaling);
}

static void each_part_draws_from_a_stream_of_its_own(void **state)
{
    (void)state;
    enum { N = 40 };
    const rni_prepare prepare = {.choice = RNI_CHOICE_RANDOM, .seed = -1};
    const rni_prepare own = {.choice = RNI_CHOICE_RANDOM, .seed = 0};
    rn_index train[N];
    rn_index again[N];
    rn_index held_out[N];
    rn_index seeded[N];
    assert_status(rni_prepare_choose(&prepare, 3, RN_DATA_TRAIN, N, 20, 0, train), RN_OK);
    assert_status(rni_prepare_choose(&prepare, 3, RN_DATA_TRAIN, N, 20, 0, again), RN_OK);
    assert_status(rni_prepare_choose(&prepare, 3, RN_DATA_HELD_OUT, N, 20, 0, held_out), RN_OK);
    assert_memory_equal(train, again, sizeof train);
    assert_memory_not_equal(train, held_out, sizeof train);
    /* 0 is a seed like others, not "the run's" */
    assert_status(rni_prepare_choose(&own, 3, RN_DATA_TRAIN, N, 20, 0, seeded), RN_OK);
    assert_memory_not_equal(train, seeded, sizeof train);
    assert_status(rni_prepare_choose(&prepare, 0, RN_DATA_TRAIN, N, 20, 0, again), RN_OK);
    assert_memory_equal(again, seeded, sizeof again);
}

/* The eight bytes of a 64-bit integer, little-endian, read as data. */
static rn_status read_integer(rni_element_kind kind, uint64_t bits, double *value)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(bits >> (8 * i));
    const rni_array_head head = {.element = {.kind = kind, .n_bytes = 8}, .rank = 1, .shape = {1}};
    rni_reader *reader = NULL;
    assert_status(rni_memory_open("m", bytes, sizeof bytes, &reader), RN_OK);
    const rn_status status = rni_array_read(reader, &head, NULL, value);
    rni_reader_close(reader);
    return status;
}

static void integers_no_double_holds_are_refused(void **state)
{
    (void)state;
    const uint64_t edge = (uint64_t)1 << 53;
    double value = 0.0;
    assert_status(read_integer(RNI_ELEMENT_SIGNED, 0 - edge, &value), RN_OK);
    assert_close(value, -9007199254740992.0, 0.0);
    assert_status(read_integer(RNI_ELEMENT_SIGNED, 0 - edge - 1, &value), RN_ERR_FORMAT);
    assert_message_has("beyond 2^53");
    assert_status(read_integer(RNI_ELEMENT_SIGNED, edge + 1, &value), RN_ERR_FORMAT);
    assert_status(read_integer(RNI_ELEMENT_UNSIGNED, edge, &value), RN_OK);
    assert_close(value, 9007199254740992.0, 0.0);
    assert_status(read_integer(RNI_ELEMENT_UNSIGNED, edge + 1, &value), RN_ERR_FORMAT);
    /* the least of all, whose magnitude is no positive integer */
    assert_status(read_integer(RNI_ELEMENT_SIGNED, (uint64_t)1 << 63, &value), RN_ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_constant_but_for_rounding_become_zero),
        cmocka_unit_test(each_part_draws_from_a_stream_of_its_own),
        cmocka_unit_test(integers_no_double_holds_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
