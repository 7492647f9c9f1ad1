/*
 * JSON documents: the text is compared with what the standard (RFC 8259) asks for, written by hand.
 */
#include "check.h"

#include <math.h>
#include <string.h>

#include "backends/json_tree.h"
#include "core/memory.h"

static void assert_written(rni_json *json, const char *expected)
{
    rni_text text = {0};
    assert_status(rni_json_write(json, &text), RN_OK);
    assert_string_equal(rni_text_get(&text), expected);
    rni_text_clear(&text);
    rni_json_destroy(json);
}

static void members_keep_their_order(void **state)
{
    (void)state;
    rni_json *json = rni_json_create();
    rni_json_integer(json, "b", -9007199254740993);
    rni_json_real(json, "a", 0.1);
    rni_json_object(json, "in");
    rni_json_list(json, "list");
    rni_json_text(json, NULL, "x");
    rni_json_text(json, NULL, NULL);
    rni_json_close(json);
    rni_json_close(json);
    rni_json_reals(json, "empty", 0, NULL);
    assert_written(
        json, "{\"b\":-9007199254740993,\"a\":0.1,\"in\":{\"list\":[\"x\",null]},\"empty\":[]}");
}

static void what_is_no_number_becomes_null(void **state)
{
    (void)state;
    const double values[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, 0.0, -0.0};
    rni_json *json = rni_json_create();
    rni_json_reals(json, "v", 5, values);
    assert_written(json, "{\"v\":[null,null,null,0.0,-0.0]}");
}

static void reals_keep_nine_digits(void **state)
{
    (void)state;
    rni_json *json = rni_json_create();
    rni_json_real(json, "pi", 3.14159265358979);
    rni_json_real(json, "tiny", 1.0 / 3.0e300);
    assert_written(json, "{\"pi\":3.14159265,\"tiny\":3.33333333e-301}");
}

static void no_text_can_end_the_script_around_it(void **state)
{
    (void)state;
    rni_json *json = rni_json_create();
    rni_json_text(json, "</script>", "</script><!--<script>\"\\\n");
    assert_written(json,
                   "{\"\\u003c/script>\":\"\\u003c/script>\\u003c!--\\u003cscript>\\\"\\\\\\n\"}");
}

static void malformed_text_becomes_valid(void **state)
{
    (void)state;
    rni_json *json = rni_json_create();
    rni_json_text(json, "t", "a\xff\xc3(\xe2\x82\xac");
    assert_written(json, "{\"t\":\"a\xef\xbf\xbd\xef\xbf\xbd(\xe2\x82\xac\"}");
}

static void nesting_mistakes_are_reported(void **state)
{
    (void)state;
    for (int mistake = 0; mistake < 5; mistake++) {
        rni_text text = {0};
        rni_json *json = rni_json_create();
        if (mistake == 0) rni_json_close(json);
        if (mistake == 1) rni_json_list(json, "never closed");
        if (mistake == 2) rni_json_real(json, NULL, 1.0);
        if (mistake >= 3) rni_json_list(json, "l");
        if (mistake == 3) rni_json_real(json, "key", 1.0);
        for (int i = 0; mistake == 4 && i < RNI_JSON_MAX_DEPTH; i++)
            rni_json_list(json, NULL);
        rni_json_text(json, "after", "ignored once broken");
        assert_status(rni_json_write(json, &text), RN_ERR_INTERNAL);
        assert_int_equal(text.length, 0);
        rni_json_destroy(json);
    }
}

static void every_failed_allocation_is_reported(void **state)
{
    (void)state;
    for (long nth = 1;; nth++) {
        rni_text text = {0};
        (void)rni_fail_allocation(nth);
        rni_json *json = rni_json_create();
        if (json) {
            rni_json_text(json, "t", "malformed \xff needs a copy");
            const rn_status status = rni_json_write(json, &text);
            if (rni_fail_allocation(0) < nth) {
                assert_status(status, RN_OK);
                rni_text_clear(&text);
                rni_json_destroy(json);
                assert_true(nth > 3);
                return;
            }
            assert_status(status, RN_ERR_MEMORY);
        }
        (void)rni_fail_allocation(0);
        rni_text_clear(&text);
        rni_json_destroy(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_keep_their_order),
        cmocka_unit_test(what_is_no_number_becomes_null),
        cmocka_unit_test(reals_keep_nine_digits),
        cmocka_unit_test(no_text_can_end_the_script_around_it),
        cmocka_unit_test(malformed_text_becomes_valid),
        cmocka_unit_test(nesting_mistakes_are_reported),
        cmocka_unit_test(every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
