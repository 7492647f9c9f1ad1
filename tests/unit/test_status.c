/* Status codes, their texts, and the per-thread message. */
#include <check.h>
#include <pthread.h>
#include <string.h>

#include "core/status.h"

static void every_code_has_its_name_and_a_text(void **state)
{
    (void)state;
#define CHECK_CODE(code, value, text)                                                              \
    assert_int_equal(code, value);                                                                 \
    assert_string_equal(rn_status_name(code), #code);                                              \
    assert_string_equal(rn_status_text(code), text);
    RN_STATUS_LIST(CHECK_CODE)
#undef CHECK_CODE
}

static void unknown_codes_get_a_generic_text(void **state)
{
    (void)state;
    assert_string_equal(rn_status_name((rn_status)-999), "RN_UNKNOWN");
    assert_string_equal(rn_status_text((rn_status)99), "unknown status code");
}

static void codes_never_change_their_numbers(void **state)
{
    (void)state;
    assert_int_equal(RN_OK, 0);
    assert_int_equal(RN_NOT_CONVERGED, 1);
    assert_int_equal(RN_INTERRUPTED, 2);
    assert_int_equal(RN_ERR_ARGUMENT, -1);
    assert_int_equal(RN_ERR_SHAPE, -2);
    assert_int_equal(RN_ERR_DOMAIN, -3);
    assert_int_equal(RN_ERR_NONFINITE, -4);
    assert_int_equal(RN_ERR_MEMORY, -5);
    assert_int_equal(RN_ERR_CALLBACK, -6);
    assert_int_equal(RN_ERR_IO, -7);
    assert_int_equal(RN_ERR_FORMAT, -8);
    assert_int_equal(RN_ERR_UNSUPPORTED, -9);
    assert_int_equal(RN_ERR_INTERNAL, -10);
    assert_int_equal(RN_ERR_CONFIG, -11);
}

static void a_failure_leaves_its_message(void **state)
{
    (void)state;
    assert_status(rni_fail(RN_ERR_SHAPE, "rn_thing: %d rows, expected %s", 3, "four"),
                  RN_ERR_SHAPE);
    assert_string_equal(rn_last_message(), "rn_thing: 3 rows, expected four");
}

static void a_message_may_quote_the_one_before(void **state)
{
    (void)state;
    assert_status(rni_fail(RN_ERR_IO, "inner"), RN_ERR_IO);
    assert_status(rni_fail(RN_ERR_IO, "outer (%s)", rn_last_message()), RN_ERR_IO);
    assert_string_equal(rn_last_message(), "outer (inner)");
}

static void callers_put_their_own_words_in_front(void **state)
{
    (void)state;
    assert_status(rni_fail(RN_ERR_FORMAT, "bad magic"), RN_ERR_FORMAT);
    assert_status(rni_fail_within(RN_ERR_CONFIG, "file %d", 7), RN_ERR_CONFIG);
    assert_status(rni_fail_within(RN_ERR_CONFIG, "loading"), RN_ERR_CONFIG);
    assert_string_equal(rn_last_message(), "loading: file 7: bad magic");
}

/* A message of exactly the longest length is kept whole; one byte more ends in dots. */
static void long_messages_end_in_dots(void **state)
{
    (void)state;
    char text[RNI_MESSAGE_SIZE + 1];
    memset(text, 'a', sizeof text);
    text[RNI_MESSAGE_SIZE - 1] = '\0';
    assert_status(rni_fail(RN_ERR_IO, "%s", text), RN_ERR_IO);
    assert_string_equal(rn_last_message(), text);

    text[RNI_MESSAGE_SIZE - 1] = 'a';
    text[RNI_MESSAGE_SIZE] = '\0';
    assert_status(rni_fail(RN_ERR_IO, "%s", text), RN_ERR_IO);
    assert_int_equal(strlen(rn_last_message()), RNI_MESSAGE_SIZE - 1);
    assert_string_equal(rn_last_message() + RNI_MESSAGE_SIZE - 5, "a...");

    /* a prefix in front of it, and one that is itself too long */
    assert_status(rni_fail_within(RN_ERR_IO, "front"), RN_ERR_IO);
    assert_memory_equal(rn_last_message(), "front: aaa", 10);
    assert_int_equal(strlen(rn_last_message()), RNI_MESSAGE_SIZE - 1);
    assert_string_equal(rn_last_message() + RNI_MESSAGE_SIZE - 5, "a...");
    text[0] = 'b';
    assert_status(rni_fail_within(RN_ERR_IO, "%s", text), RN_ERR_IO);
    assert_memory_equal(rn_last_message(), "baaa", 4);
    assert_string_equal(rn_last_message() + RNI_MESSAGE_SIZE - 5, "a...");
}

static void *fail_elsewhere(void *argument)
{
    const rn_status status = rni_fail(RN_ERR_MEMORY, "the other thread's message");
    *(rn_status *)argument = status;
    return NULL;
}

static void each_thread_keeps_its_own_message(void **state)
{
    (void)state;
    assert_status(rni_fail(RN_ERR_IO, "mine"), RN_ERR_IO);
    pthread_t other;
    rn_status others_status = RN_OK;
    assert_int_equal(pthread_create(&other, NULL, fail_elsewhere, &others_status), 0);
    assert_int_equal(pthread_join(other, NULL), 0);
    assert_status(others_status, RN_ERR_MEMORY);
    assert_string_equal(rn_last_message(), "mine");
}

static rn_status pass_through(rn_status inner, int *n_reached)
{
    RNI_TRY(inner);
    ++*n_reached;
    return RN_OK;
}

static void try_returns_errors_and_goes_on_otherwise(void **state)
{
    (void)state;
    int n_reached = 0;
    assert_status(pass_through(RN_ERR_DOMAIN, &n_reached), RN_ERR_DOMAIN);
    assert_int_equal(n_reached, 0);
    assert_status(pass_through(RN_OK, &n_reached), RN_OK);
    assert_status(pass_through(RN_NOT_CONVERGED, &n_reached), RN_OK);
    assert_int_equal(n_reached, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_its_name_and_a_text),
        cmocka_unit_test(unknown_codes_get_a_generic_text),
        cmocka_unit_test(codes_never_change_their_numbers),
        cmocka_unit_test(a_failure_leaves_its_message),
        cmocka_unit_test(a_message_may_quote_the_one_before),
        cmocka_unit_test(callers_put_their_own_words_in_front),
        cmocka_unit_test(long_messages_end_in_dots),
        cmocka_unit_test(each_thread_keeps_its_own_message),
        cmocka_unit_test(try_returns_errors_and_goes_on_otherwise),
    };
    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
