#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "core/option.h"

typedef struct sample_settings {
    rn_index depth;
    double gain;
    bool is_tied;
    char *path;
    int activation;
    rni_reals rates;
    rn_index width;
} sample_settings;

static const char *const activations[] = {"tanh", "relu", "gelu", NULL};

static const rni_option options[] = {
    {.key = "depth",
     RNI_FIELD(sample_settings, depth),
     .range = RNI_BETWEEN(1, 64),
     .initial = "8",
     .help = "number of hidden layers"},
    {.key = "gain",
     RNI_FIELD(sample_settings, gain),
     .range = RNI_ABOVE(0),
     .initial = "1.5",
     .help = "scale of a layer's output"},
    {.key = "tied",
     RNI_FIELD(sample_settings, is_tied),
     .initial = "false",
     .help = "share the weights of all layers"},
    {.key = "path",
     RNI_FIELD(sample_settings, path),
     .initial = "/usr/share",
     .help = "folder of the files"},
    {.key = "activation",
     RNI_FIELD(sample_settings, activation),
     .choices = activations,
     .initial = "relu",
     .help = "nonlinearity"},
    {.key = "rates",
     RNI_FIELD(sample_settings, rates),
     .range = RNI_ABOVE_TO(0, 1),
     .initial = "[0.5, 0.25]",
     .help = "step sizes",
     .unit = "time"},
    {.key = "width",
     RNI_FIELD(sample_settings, width),
     .range = RNI_AT_LEAST(1),
     .help = "units of a layer"},
};

static const rni_option_table table =
    RNI_TABLE("sample", "settings of the tests", options, sample_settings);

/* Settings with defaults; release with rni_options_clear. */
static sample_settings make_settings(void)
{
    sample_settings settings;
    memset(&settings, 0x5A, sizeof settings); /* init must not read what was there */
    assert_status(rni_options_init(&table, &settings), RN_OK);
    return settings;
}

static rn_status set(sample_settings *settings, const char *key, const char *text)
{
    return rni_option_set(rni_option_find(&table, key), settings, text);
}

static void defaults_are_applied(void **state)
{
    (void)state;
    sample_settings settings = make_settings();
    assert_int_equal(settings.depth, 8);
    assert_close(settings.gain, 1.5, 0.0);
    assert_false(settings.is_tied);
    assert_string_equal(settings.path, "/usr/share");
    assert_int_equal(settings.activation, 1);
    assert_int_equal(settings.rates.count, 2);
    assert_close(settings.rates.values[0], 0.5, 0.0);
    assert_close(settings.rates.values[1], 0.25, 0.0);
    assert_int_equal(settings.width, 0);
    rni_options_clear(&table, &settings);
    assert_null(settings.path);
    assert_int_equal(rni_memory_bytes(), 0);
}

static void every_type_is_set_from_text(void **state)
{
    (void)state;
    sample_settings settings = make_settings();
    assert_status(set(&settings, "depth", "64"), RN_OK);
    assert_status(set(&settings, "gain", "2e-3"), RN_OK);
    assert_status(set(&settings, "tied", "true"), RN_OK);
    assert_status(set(&settings, "path", "a b"), RN_OK);
    assert_status(set(&settings, "activation", "gelu"), RN_OK);
    assert_status(set(&settings, "rates", "[ 1,0.125 , 1e-3]"), RN_OK);
    assert_int_equal(settings.depth, 64);
    assert_close(settings.gain, 2e-3, 0.0);
    assert_true(settings.is_tied);
    assert_string_equal(settings.path, "a b");
    assert_int_equal(settings.activation, 2);
    assert_int_equal(settings.rates.count, 3);
    assert_close(settings.rates.values[1], 0.125, 0.0);
    assert_close(settings.rates.values[2], 1e-3, 0.0);
    rni_options_clear(&table, &settings);
    assert_int_equal(rni_memory_bytes(), 0);
}

typedef struct refusal {
    const char *key;
    const char *text;
    const char *message;
} refusal;

static void a_mistake_is_named_and_changes_nothing(void **state)
{
    (void)state;
    static const refusal refusals[] = {
        {"depth", "4.5", "found '4.5', expected an integer in [1, 64]: it is not a whole number"},
        {"depth", "010", "it has a leading zero"},
        {"depth", "0", "found '0', expected an integer in [1, 64]: it is out of range"},
        {"depth", "65", "it is out of range"},
        {"gain", "1.5abc", "found '1.5abc', expected a number > 0.0: it has other characters"},
        {"gain", "0", "it is out of range"},
        {"gain", "-1", "it is out of range"},
        {"gain", "nan", "it is not a number"},
        {"tied", "yes", "found 'yes', expected true or false"},
        {"tied", "True", "expected true or false"},
        {"tied", "", "found '', expected true or false"},
        {"path", "\xFF", "it is not valid UTF-8"},
        {"activation", "rleu", "expected one of: tanh, relu, gelu; did you mean 'relu'?"},
        {"activation", "", "found '', expected one of: tanh, relu, gelu"},
        {"rates", "0.5", "brackets are missing"},
        {"rates", "[0.5", "brackets are missing"},
        {"rates", "[]", "found an empty list, expected at least one number"},
        {"rates", "[0.5,]",
         "found '', expected a list such as [1.0, 2.5] of numbers in (0.0, 1.0]"},
        {"rates", "[,0.5]", "it is empty"},
        {"rates", "[0.5, 1.5]", "found '1.5'"},
        {"rates", "[0.5 0.6]", "it has other characters behind the number"},
    };
    sample_settings settings = make_settings();
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        assert_status(set(&settings, refusals[i].key, refusals[i].text), RN_ERR_CONFIG);
        assert_message_has(refusals[i].message);
    }
    assert_int_equal(settings.depth, 8);
    assert_close(settings.gain, 1.5, 0.0);
    assert_false(settings.is_tied);
    assert_string_equal(settings.path, "/usr/share");
    assert_int_equal(settings.activation, 1);
    assert_int_equal(settings.rates.count, 2);
    rni_options_clear(&table, &settings);
}

static void overlong_values_are_refused(void **state)
{
    (void)state;
    sample_settings settings = make_settings();
    char text[2 * RNI_OPTION_MAX_REALS + 4];
    memset(text, 'x', sizeof text);
    text[RNI_OPTION_MAX_TEXT + 1] = '\0';
    assert_status(set(&settings, "path", text), RN_ERR_CONFIG);
    assert_message_has("it is longer than 4096 bytes");
    text[RNI_OPTION_MAX_TEXT] = '\0';
    assert_status(set(&settings, "path", text), RN_OK);

    for (size_t i = 0; i + 1 < sizeof text; i++)
        text[i] = i % 2 ? '1' : ','; /* 4097 numbers */
    text[0] = '[';
    text[sizeof text - 2] = ']';
    text[sizeof text - 1] = '\0';
    assert_status(set(&settings, "rates", text), RN_ERR_CONFIG);
    assert_message_has("found 4097 numbers, expected at most 4096");
    rni_options_clear(&table, &settings);
}

static void a_value_written_out_reads_back(void **state)
{
    (void)state;
    sample_settings first = make_settings();
    sample_settings second = make_settings();
    assert_status(set(&first, "gain", "0.1"), RN_OK);
    assert_status(set(&first, "rates", "[0.3, 1]"), RN_OK);
    assert_status(set(&first, "tied", "true"), RN_OK);
    assert_status(set(&first, "activation", "tanh"), RN_OK);
    assert_status(set(&first, "width", "1000000000000"), RN_OK);
    for (rn_index i = 0; i < table.n_options; i++) {
        rni_text text = {0};
        rni_option_format(&options[i], &first, &text);
        assert_status(rni_option_set(&options[i], &second, rni_text_get(&text)), RN_OK);
        rni_text_clear(&text);
    }
    assert_close(second.gain, 0.1, 0.0);
    assert_close(second.rates.values[0], 0.3, 0.0);
    assert_true(second.is_tied);
    assert_int_equal(second.activation, 0);
    assert_int_equal(second.width, 1000000000000);
    rni_options_clear(&table, &first);
    rni_options_clear(&table, &second);
    assert_int_equal(rni_memory_bytes(), 0);
}

static void a_sound_table_passes_its_check(void **state)
{
    (void)state;
    assert_status(rni_option_table_check(&table), RN_OK);
    assert_int_equal(rni_memory_bytes(), 0);
}

static void a_faulty_table_is_caught(void **state)
{
    (void)state;
    typedef struct fault {
        rni_option option;
        const char *message;
    } fault;
    const fault faults[] = {
        {{.key = "Depth", RNI_FIELD(sample_settings, depth), .initial = "1", .help = "h"},
         "not a lower_case word"},
        {{.key = "kind", RNI_FIELD(sample_settings, depth), .initial = "1", .help = "h"},
         "the key 'kind' is taken"},
        {{.key = "depth", RNI_FIELD(sample_settings, depth), .initial = "1"}, "help is missing"},
        {{.key = "depth",
          RNI_FIELD(sample_settings, depth),
          .initial = "0",
          .help = "h",
          .range = RNI_AT_LEAST(1)},
         "out of range"},
        {{.key = "depth",
          RNI_FIELD(sample_settings, depth),
          .initial = "1",
          .help = "h",
          .range = RNI_BETWEEN(2, 1)},
         "the range is empty"},
        {{.key = "choice", RNI_FIELD(sample_settings, activation), .initial = "a", .help = "h"},
         "choices belong to a choice"},
        {{.key = "depth",
          .type = RNI_OPTION_INTEGER,
          .offset = sizeof(sample_settings),
          .initial = "1",
          .help = "h"},
         "the field is outside"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        rni_option_table broken = table;
        broken.options = &faults[i].option;
        broken.n_options = 1;
        assert_status(rni_option_table_check(&broken), RN_ERR_INTERNAL);
        assert_message_has(faults[i].message);
    }
    const rni_option twice[] = {options[0], options[0]};
    rni_option_table broken = table;
    broken.options = twice;
    broken.n_options = 2;
    assert_status(rni_option_table_check(&broken), RN_ERR_INTERNAL);
    assert_message_has("the key is there twice");
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    rn_status status = RN_ERR_MEMORY;
    long fault = 0;
    while (status == RN_ERR_MEMORY) {
        sample_settings settings = {.depth = 42};
        (void)rni_fail_allocation(++fault);
        status = rni_options_init(&table, &settings);
        if (status == RN_ERR_MEMORY) {
            assert_null(settings.path);
            assert_int_equal(rni_memory_bytes(), 0);
        }
        if (status == RN_OK) rni_options_clear(&table, &settings);
    }
    (void)rni_fail_allocation(0);
    assert_status(status, RN_OK);
    assert_true(fault > 3); /* the text and the list ask for memory */
    assert_int_equal(rni_memory_bytes(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_applied),
        cmocka_unit_test(every_type_is_set_from_text),
        cmocka_unit_test(a_mistake_is_named_and_changes_nothing),
        cmocka_unit_test(overlong_values_are_refused),
        cmocka_unit_test(a_value_written_out_reads_back),
        cmocka_unit_test(a_sound_table_passes_its_check),
        cmocka_unit_test(a_faulty_table_is_caught),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
