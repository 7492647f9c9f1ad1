/* Size arithmetic at and around its limits. */
#include <check.h>

#include "core/size.h"

static void products_and_sums_are_right_where_they_fit(void **state)
{
    (void)state;
    rn_index out = -1;
    assert_true(rni_size_mul(6, 7, &out));
    assert_int_equal(out, 42);
    assert_true(rni_size_mul(0, INT64_MAX, &out));
    assert_int_equal(out, 0);
    assert_true(rni_size_mul(INT64_MAX / 2, 2, &out));
    assert_int_equal(out, INT64_MAX - 1);
    assert_true(rni_size_add(INT64_MAX - 5, 5, &out));
    assert_int_equal(out, INT64_MAX);
}

static void overflow_and_negative_sizes_leave_the_output(void **state)
{
    (void)state;
    rn_index out = 123;
    assert_false(rni_size_mul(INT64_MAX / 2 + 1, 2, &out));
    assert_false(rni_size_mul(INT64_MAX, INT64_MAX, &out));
    assert_false(rni_size_mul((rn_index)1 << 32, (rn_index)1 << 32, &out)); /* wraps to 0 */
    assert_false(rni_size_mul(-1, 1, &out));
    assert_false(rni_size_mul(1, -1, &out));
    assert_false(rni_size_mul(-2, -2, &out));
    assert_false(rni_size_add(INT64_MAX, 1, &out));
    assert_false(rni_size_add(-1, 5, &out));
    assert_false(rni_size_add(5, -1, &out));
    assert_int_equal(out, 123);
}

static void dimensions_run_from_one_to_the_limit(void **state)
{
    (void)state;
    assert_false(rni_size_ok(-1));
    assert_false(rni_size_ok(0));
    assert_true(rni_size_ok(1));
    assert_true(rni_size_ok(RN_SIZE_MAX));
    assert_false(rni_size_ok(RN_SIZE_MAX + 1));
}

static void smaller_larger_and_rounded_up(void **state)
{
    (void)state;
    assert_int_equal(rni_min(-3, 2), -3);
    assert_int_equal(rni_min(2, -3), -3);
    assert_int_equal(rni_max(-3, 2), 2);
    assert_int_equal(rni_max(2, -3), 2);
    assert_int_equal(rni_ceil_div(0, 4), 0);
    assert_int_equal(rni_ceil_div(1, 4), 1);
    assert_int_equal(rni_ceil_div(4, 4), 1);
    assert_int_equal(rni_ceil_div(5, 4), 2);
    /* a + b - 1 would wrap around here */
    assert_int_equal(rni_ceil_div(INT64_MAX, INT64_MAX), 1);
    assert_int_equal(rni_ceil_div(INT64_MAX, 2), INT64_MAX / 2 + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_and_sums_are_right_where_they_fit),
        cmocka_unit_test(overflow_and_negative_sizes_leave_the_output),
        cmocka_unit_test(dimensions_run_from_one_to_the_limit),
        cmocka_unit_test(smaller_larger_and_rounded_up),
    };
    return cmocka_run_group_tests_name("size", tests, NULL, NULL);
}
