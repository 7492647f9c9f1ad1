#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"
#include "core/text.h"

static const char *integer_problem(const char *text)
{
    rn_index value = 42;
    const char *problem = rni_integer_parse(text, (rn_index)strlen(text), &value);
    if (problem) assert_int_equal(value, 42);
    return problem ? problem : "";
}

static const char *real_problem(const char *text)
{
    double value = 42.0;
    const char *problem = rni_real_parse(text, (rn_index)strlen(text), &value);
    if (problem) assert_close(value, 42.0, 0.0);
    return problem ? problem : "";
}

static rn_index integer_of(const char *text)
{
    rn_index value = 42;
    assert_null(rni_integer_parse(text, (rn_index)strlen(text), &value));
    return value;
}

static double real_of(const char *text)
{
    double value = 42.0;
    assert_null(rni_real_parse(text, (rn_index)strlen(text), &value));
    return value;
}

static void an_integer_must_consume_its_whole_token(void **state)
{
    (void)state;
    assert_int_equal(integer_of("0"), 0);
    assert_int_equal(integer_of("-0"), 0);
    assert_int_equal(integer_of("17"), 17);
    assert_int_equal(integer_of("-17"), -17);
    assert_int_equal(integer_of("9223372036854775807"), INT64_MAX);
    assert_int_equal(integer_of("-9223372036854775808"), INT64_MIN);

    assert_string_equal(integer_problem(""), "it is empty");
    assert_string_equal(integer_problem("-"), "it is not a number");
    assert_string_equal(integer_problem("abc"), "it is not a number");
    assert_string_equal(integer_problem(" 4"), "it is not a number");
    assert_string_equal(integer_problem("4 "), "it has other characters behind the number");
    assert_string_equal(integer_problem("4x"), "it has other characters behind the number");
    assert_string_equal(integer_problem("4.5"), "it is not a whole number");
    assert_string_equal(integer_problem("1e3"), "it is not a whole number");
    assert_string_equal(integer_problem("010"), "it has a leading zero");
    assert_string_equal(integer_problem("-01"), "it has a leading zero");
    assert_string_equal(integer_problem("+4"), "it has a leading '+'");
    assert_string_equal(integer_problem("0x10"), "hexadecimal is not accepted");
    assert_string_equal(integer_problem("9223372036854775808"), "it does not fit 64 bits");
    assert_string_equal(integer_problem("-9223372036854775809"), "it does not fit 64 bits");
    assert_string_equal(integer_problem("99999999999999999999"), "it does not fit 64 bits");
}

static void a_real_must_consume_its_whole_token(void **state)
{
    (void)state;
    assert_close(real_of("0"), 0.0, 0.0);
    assert_close(real_of("1.5"), 1.5, 0.0);
    assert_close(real_of("-2.5e-3"), -2.5e-3, 0.0);
    assert_close(real_of("1E+2"), 100.0, 0.0);
    assert_close(real_of("0e5"), 0.0, 0.0);
    assert_close(real_of("4.9406564584124654e-324"), 4.9406564584124654e-324, 0.0);
    assert_close(real_of("1.7976931348623157e308"), DBL_MAX, 0.0);

    assert_string_equal(real_problem(""), "it is empty");
    assert_string_equal(real_problem("1.5abc"), "it has other characters behind the number");
    assert_string_equal(real_problem("1.5 "), "it has other characters behind the number");
    assert_string_equal(real_problem("1.5.2"), "it has other characters behind the number");
    assert_string_equal(real_problem("1."), "digits are missing behind the point");
    assert_string_equal(real_problem(".5"), "it is not a number");
    assert_string_equal(real_problem("1e"), "digits are missing in the exponent");
    assert_string_equal(real_problem("1e+"), "digits are missing in the exponent");
    assert_string_equal(real_problem("00.5"), "it has a leading zero");
    assert_string_equal(real_problem("0x1p3"), "hexadecimal is not accepted");
    assert_string_equal(real_problem("inf"), "it is not a number");
    assert_string_equal(real_problem("nan"), "it is not a number");
    assert_string_equal(real_problem("-inf"), "it is not a number");
    assert_string_equal(real_problem("1e999"), "it is too large for a double");
    assert_string_equal(real_problem("1e-999"), "it is too small for a double");
    assert_string_equal(real_problem("1,5"), "it has other characters behind the number");
}

static void a_number_of_ten_thousand_digits_is_refused(void **state)
{
    (void)state;
    char digits[10001];
    memset(digits, '1', sizeof digits - 1);
    digits[sizeof digits - 1] = '\0';
    assert_string_equal(real_problem(digits), "it has too many digits");
    assert_string_equal(integer_problem(digits), "it does not fit 64 bits");
}

static void a_real_is_written_shortest_and_with_a_point(void **state)
{
    (void)state;
    char text[RNI_REAL_SIZE];
    rni_real_format(0.1, text);
    assert_string_equal(text, "0.1");
    rni_real_format(1.0, text);
    assert_string_equal(text, "1.0");
    rni_real_format(-0.0, text);
    assert_string_equal(text, "-0.0");
    rni_real_format(-30.0, text);
    assert_string_equal(text, "-30.0");
    rni_real_format(1e14, text);
    assert_string_equal(text, "100000000000000.0");
    rni_real_format(1e-5, text);
    assert_string_equal(text, "1.0e-05");
    rni_real_format(1e300, text);
    assert_string_equal(text, "1.0e+300");
    rni_real_format(0.1 + 0.2, text);
    assert_string_equal(text, "0.30000000000000004");
}

static void every_finite_double_survives_writing_and_reading(void **state)
{
    (void)state;
    const rni_stream stream = {.seed = check_seed(), .purpose = RNI_RNG_TEST};
    for (int i = 0; i < check_cases(20000); i++) {
        const uint64_t bits = rni_rng_bits(stream, (uint64_t)i);
        double value = 0.0;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        char text[RNI_REAL_SIZE];
        rni_real_format(value, text);
        const double back = real_of(text);
        uint64_t back_bits = 0;
        memcpy(&back_bits, &back, sizeof back);
        if (back_bits != bits) fail_msg("case %d: %a became %s", i, value, text);
    }
}

static void a_decimal_comma_in_the_locale_changes_nothing(void **state)
{
    (void)state;
    const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE",
                                 "nl_NL.UTF-8"};
    const char *set = NULL;
    for (size_t i = 0; !set && i < sizeof names / sizeof names[0]; i++)
        set = setlocale(LC_NUMERIC, names[i]);
    if (!set) {
        print_message("no locale with a decimal comma is installed\n");
        skip();
    }
    char text[RNI_REAL_SIZE];
    rni_real_format(1.5, text);
    const double value = real_of("2.25");
    setlocale(LC_NUMERIC, "C");
    assert_string_equal(text, "1.5");
    assert_close(value, 2.25, 0.0);
}

static void foreign_bytes_cannot_steer_a_terminal(void **state)
{
    (void)state;
    assert_string_equal(rni_quote("plain", 5).chars, "'plain'");
    assert_string_equal(rni_quote("", 0).chars, "''");
    assert_string_equal(rni_quote("a\x1b[2Jb", 6).chars, "'a\\x1B[2Jb'");
    assert_string_equal(rni_quote("\xC3\xBC", 2).chars, "'\xC3\xBC'");
    assert_string_equal(rni_quote("\xC3", 1).chars, "'\\xC3'");
    assert_string_equal(rni_quote("\xC2\x9B", 2).chars, "'\\xC2\\x9B'");

    char text[1000];
    memset(text, '\n', sizeof text);
    const rni_quoted quoted = rni_quote(text, sizeof text);
    assert_true(strlen(quoted.chars) < RNI_QUOTE_SIZE);
    assert_string_equal(quoted.chars + strlen(quoted.chars) - 4, "...'");
}

static void malformed_utf8_is_found_at_its_byte(void **state)
{
    (void)state;
    assert_int_equal(rni_utf8_check("abc", 3), 3);
    assert_int_equal(rni_utf8_check("a\xE2\x82\xAC\xF0\x9F\x98\x80", 8), 8);
    assert_int_equal(rni_utf8_check("ab\xFF", 3), 2);
    assert_int_equal(rni_utf8_check("\xC0\xAF", 2), 0);         /* overlong */
    assert_int_equal(rni_utf8_check("x\xED\xA0\x80", 4), 1);    /* surrogate */
    assert_int_equal(rni_utf8_check("\xF4\x90\x80\x80", 4), 0); /* beyond U+10FFFF */
    assert_int_equal(rni_utf8_check("\xE2\x82", 2), 0);         /* cut short */
    assert_int_equal(rni_utf8_check("\xE2(\xA1", 3), 0);        /* no continuation */
    assert_int_equal(rni_utf8_check("\x80", 1), 0);
}

static void a_misspelt_word_finds_its_neighbour(void **state)
{
    (void)state;
    assert_int_equal(rni_text_distance("depth", "depth"), 0);
    assert_int_equal(rni_text_distance("dpeth", "depth"), 1);
    assert_int_equal(rni_text_distance("depht", "depth"), 1);
    assert_int_equal(rni_text_distance("Depth", "depth"), 0);
    assert_int_equal(rni_text_distance("learning-rate", "learning_rate"), 0);
    assert_int_equal(rni_text_distance("kitten", "sitting"), 3);
    assert_int_equal(rni_text_distance("", "abc"), 3);
    assert_int_equal(rni_text_distance("ca", "abc"), 3); /* 2 in the unrestricted form */

    rni_nearest search = {.word = "dept"};
    rni_nearest_offer(&search, "width");
    assert_null(search.best);
    rni_nearest_offer(&search, "depth");
    rni_nearest_offer(&search, "gain");
    assert_string_equal(search.best, "depth");

    rni_nearest far = {.word = "zzz"};
    rni_nearest_offer(&far, "abc");
    rni_nearest_offer(&far, "zz_top_of_the_pops");
    assert_null(far.best);
}

static void a_growing_text_keeps_everything(void **state)
{
    (void)state;
    rni_text text = {0};
    assert_string_equal(rni_text_get(&text), "");
    for (int i = 0; i < 1000; i++)
        rni_text_add(&text, "%d,", i % 10);
    assert_int_equal(text.length, 2000);
    assert_int_equal(strlen(rni_text_get(&text)), 2000);
    assert_memory_equal(rni_text_get(&text), "0,1,2,3,4,5,6,7,8,9,0,", 22);
    rni_text_clear(&text);
    assert_int_equal(rni_memory_bytes(), 0);
}

static void a_text_without_memory_says_so(void **state)
{
    (void)state;
    rni_text text = {0};
    (void)rni_fail_allocation(1);
    rni_text_add(&text, "lost");
    (void)rni_fail_allocation(0);
    rni_text_add(&text, "later");
    assert_true(text.is_broken);
    assert_string_equal(rni_text_get(&text), "");
    rni_text_clear(&text);
    assert_false(text.is_broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_integer_must_consume_its_whole_token),
        cmocka_unit_test(a_real_must_consume_its_whole_token),
        cmocka_unit_test(a_number_of_ten_thousand_digits_is_refused),
        cmocka_unit_test(a_real_is_written_shortest_and_with_a_point),
        cmocka_unit_test(every_finite_double_survives_writing_and_reading),
        cmocka_unit_test(a_decimal_comma_in_the_locale_changes_nothing),
        cmocka_unit_test(foreign_bytes_cannot_steer_a_terminal),
        cmocka_unit_test(malformed_utf8_is_found_at_its_byte),
        cmocka_unit_test(a_misspelt_word_finds_its_neighbour),
        cmocka_unit_test(a_growing_text_keeps_everything),
        cmocka_unit_test(a_text_without_memory_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
