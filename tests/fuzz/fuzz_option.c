/*
 * Any text as the value of an option of any type: refused with a message, or set to a value that
 * survives being written and set again. The first byte chooses the option.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/option.h"

typedef struct any_settings {
    rn_index integer;
    double real;
    bool boolean;
    char *text;
    int choice;
    rni_reals reals;
} any_settings;

static const char *const choices[] = {"tanh", "relu", "quick_gelu", NULL};

static const rni_option options[] = {
    {.key = "integer", RNI_FIELD(any_settings, integer), .initial = "1", .help = "h"},
    {.key = "real", RNI_FIELD(any_settings, real), .initial = "1", .help = "h"},
    {.key = "boolean", RNI_FIELD(any_settings, boolean), .initial = "true", .help = "h"},
    {.key = "text", RNI_FIELD(any_settings, text), .initial = "", .help = "h"},
    {.key = "choice",
     RNI_FIELD(any_settings, choice),
     .choices = choices,
     .initial = "relu",
     .help = "h"},
    {.key = "reals", RNI_FIELD(any_settings, reals), .initial = "[]", .help = "h"},
};

static const rni_option_table table = RNI_TABLE("any", "every type", options, any_settings);

static void check(const rni_option *option, const char *text)
{
    any_settings first;
    any_settings second;
    if (rni_options_init(&table, &first) < 0 || rni_options_init(&table, &second) < 0) abort();
    const rn_status status = rni_option_set(option, &first, text);
    if (status == RN_OK) {
        rni_text written = {0};
        rni_text again = {0};
        rni_option_format(option, &first, &written);
        if (rni_option_set(option, &second, rni_text_get(&written)) != RN_OK) abort();
        rni_option_format(option, &second, &again);
        if (strcmp(rni_text_get(&written), rni_text_get(&again)) != 0) abort();
        rni_text_clear(&written);
        rni_text_clear(&again);
    } else if (status != RN_ERR_CONFIG || !strstr(rn_last_message(), "expected")) {
        abort();
    }
    rni_options_clear(&table, &first);
    rni_options_clear(&table, &second);
    if (rni_memory_bytes() != 0) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    char *text = malloc(size);
    if (!text) return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    check(&options[data[0] % (sizeof options / sizeof options[0])], text);
    free(text);
    return 0;
}
