/* The one door to memory: alignment, sizes, counters. */
#include <check.h>
#include <string.h>

#include "core/memory.h"

static void arrays_start_on_a_cache_line(void **state)
{
    (void)state;
    for (rn_index count = 0; count < 300; count += 7) {
        char *array = rni_alloc(count, 3);
        assert_non_null(array);
        assert_int_equal((uintptr_t)array % RNI_ALIGNMENT, 0);
        memset(array, 0x5a, (size_t)count * 3); /* sanitizers see a block that is too small */
        rni_free(array);
    }
}

static void sizes_that_cannot_be_are_refused(void **state)
{
    (void)state;
    assert_null(rni_alloc(-1, 8));
    assert_null(rni_alloc(INT64_MAX, 2));
    assert_null(rni_alloc(INT64_MAX / 8 + 1, 8));
    assert_null(rni_alloc(RN_SIZE_MAX + 1, 1));
    assert_null(rni_alloc_zero(INT64_MAX, 16));
    assert_null(rni_resize(NULL, 0, INT64_MAX, 16));
    assert_int_equal(rni_memory_bytes(), 0);
}

static void zeroed_arrays_are_zero(void **state)
{
    (void)state;
    unsigned char *dirty = rni_alloc(4096, 1);
    assert_non_null(dirty);
    memset(dirty, 0xff, 4096);
    rni_free(dirty);
    unsigned char *clean = rni_alloc_zero(4096, 1);
    assert_non_null(clean);
    for (int i = 0; i < 4096; i++)
        assert_int_equal(clean[i], 0);
    rni_free(clean);
}

static void resizing_keeps_what_both_have(void **state)
{
    (void)state;
    int *array = rni_resize(NULL, 0, 3, sizeof *array);
    assert_non_null(array);
    for (int i = 0; i < 3; i++)
        array[i] = 10 + i;
    array = rni_resize(array, 3, 100, sizeof *array);
    assert_non_null(array);
    for (int i = 0; i < 3; i++)
        assert_int_equal(array[i], 10 + i);
    array = rni_resize(array, 100, 2, sizeof *array);
    assert_non_null(array);
    assert_int_equal(array[1], 11);
    assert_int_equal(rni_memory_bytes(), 2 * (rn_index)sizeof *array);
    rni_free(array);
}

static void a_refused_resize_leaves_the_array(void **state)
{
    (void)state;
    int *array = rni_alloc(2, sizeof *array);
    assert_non_null(array);
    array[0] = 1;
    array[1] = 2;
    assert_null(rni_resize(array, 2, INT64_MAX, sizeof *array));
    rni_fail_allocation(1);
    assert_null(rni_resize(array, 2, 5, sizeof *array));
    rni_fail_allocation(0);
    assert_int_equal(array[0], 1);
    assert_int_equal(array[1], 2);
    rni_free(array);
}

static void texts_are_copied_whole(void **state)
{
    (void)state;
    char original[] = "a shell";
    char *copy = rni_copy_text(original);
    assert_non_null(copy);
    original[0] = 'X';
    assert_string_equal(copy, "a shell");
    rni_free(copy);
    char *empty = rni_copy_text("");
    assert_non_null(empty);
    assert_string_equal(empty, "");
    rni_free(empty);
    rni_fail_allocation(1);
    assert_null(rni_copy_text("lost"));
    rni_fail_allocation(0);
}

static void bytes_are_counted_up_and_down(void **state)
{
    (void)state;
    assert_int_equal(rni_memory_bytes(), 0);
    void *first = rni_alloc(100, 8);
    void *second = rni_alloc_zero(7, 1);
    assert_int_equal(rni_memory_bytes(), 807);
    rni_free(first);
    assert_int_equal(rni_memory_bytes(), 7);
    rni_free(second);
    rni_free(NULL);
    assert_int_equal(rni_memory_bytes(), 0);
}

static void the_peak_is_the_most_there_ever_was(void **state)
{
    (void)state;
    const rn_index before = rni_memory_peak_bytes();
    void *large = rni_alloc(before + 1000, 1);
    assert_int_equal(rni_memory_peak_bytes(), before + 1000);
    rni_free(large);
    void *small = rni_alloc(10, 1);
    assert_int_equal(rni_memory_peak_bytes(), before + 1000);
    rni_free(small);
}

static void the_armed_allocation_fails_and_only_that_one(void **state)
{
    (void)state;
    rni_fail_allocation(2);
    void *first = rni_alloc(1, 1);
    void *second = rni_alloc(1, 1);
    void *third = rni_alloc(1, 1);
    assert_non_null(first);
    assert_null(second);
    assert_non_null(third);
    assert_int_equal(rni_fail_allocation(0), 3);
    assert_int_equal(rni_fail_allocation(0), 0);
    rni_free(first);
    rni_free(third);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_start_on_a_cache_line),
        cmocka_unit_test(sizes_that_cannot_be_are_refused),
        cmocka_unit_test(zeroed_arrays_are_zero),
        cmocka_unit_test(resizing_keeps_what_both_have),
        cmocka_unit_test(a_refused_resize_leaves_the_array),
        cmocka_unit_test(texts_are_copied_whole),
        cmocka_unit_test(bytes_are_counted_up_and_down),
        cmocka_unit_test(the_peak_is_the_most_there_ever_was),
        cmocka_unit_test(the_armed_allocation_fails_and_only_that_one),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
