/*
 * Option tables: defaults, strict parsing, formatting, self-check.
 *
 * Defaults go through the same parser as a user's text, so a table cannot hold a default that a
 * user could not write.
 */
#include "core/option.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"

/* --- fields --------------------------------------------------------------------------------- */

static void *field_of(const rni_option *option, void *settings)
{
    return (char *)settings + option->offset;
}

static const void *value_of(const rni_option *option, const void *settings)
{
    return (const char *)settings + option->offset;
}

static size_t size_of(rni_option_type type)
{
    switch (type) {
    case RNI_OPTION_INTEGER: return sizeof(rn_index);
    case RNI_OPTION_REAL: return sizeof(double);
    case RNI_OPTION_BOOLEAN: return sizeof(bool);
    case RNI_OPTION_TEXT: return sizeof(char *);
    case RNI_OPTION_CHOICE: return sizeof(int);
    case RNI_OPTION_REALS: return sizeof(rni_reals);
    }
    return 0;
}

/* Releases what a field owns; its bytes are then stale. */
static void release(const rni_option *option, void *settings)
{
    if (option->type == RNI_OPTION_TEXT) {
        char *text = NULL;
        memcpy(&text, field_of(option, settings), sizeof text);
        rni_free(text);
    } else if (option->type == RNI_OPTION_REALS) {
        rni_reals list = {0};
        memcpy(&list, field_of(option, settings), sizeof list);
        rni_free(list.values);
    }
}

static void store(const rni_option *option, void *settings, const void *value)
{
    release(option, settings);
    memcpy(field_of(option, settings), value, size_of(option->type));
}

/* --- what is accepted ------------------------------------------------------------------------ */

static void describe_bound(double bound, bool is_whole, rni_text *out)
{
    char text[RNI_REAL_SIZE];
    if (is_whole) {
        rni_text_add(out, "%.0f", bound);
        return;
    }
    rni_real_format(bound, text);
    rni_text_add(out, "%s", text);
}

static void describe_range(const rni_range *range, bool is_whole, rni_text *out)
{
    if (range->has_min && range->has_max) {
        rni_text_add(out, " in %c", range->is_open_min ? '(' : '[');
        describe_bound(range->min, is_whole, out);
        rni_text_add(out, ", ");
        describe_bound(range->max, is_whole, out);
        rni_text_add(out, "%c", range->is_open_max ? ')' : ']');
    } else if (range->has_min) {
        rni_text_add(out, " %s ", range->is_open_min ? ">" : ">=");
        describe_bound(range->min, is_whole, out);
    } else if (range->has_max) {
        rni_text_add(out, " %s ", range->is_open_max ? "<" : "<=");
        describe_bound(range->max, is_whole, out);
    }
}

void rni_option_describe(const rni_option *option, rni_text *out)
{
    switch (option->type) {
    case RNI_OPTION_INTEGER:
        rni_text_add(out, "an integer");
        describe_range(&option->range, true, out);
        break;
    case RNI_OPTION_REAL:
        rni_text_add(out, "a number");
        describe_range(&option->range, false, out);
        break;
    case RNI_OPTION_BOOLEAN: rni_text_add(out, "true or false"); break;
    case RNI_OPTION_TEXT: rni_text_add(out, "a text"); break;
    case RNI_OPTION_CHOICE:
        for (int i = 0; option->choices[i]; i++)
            rni_text_add(out, "%s%s", i == 0 ? "one of: " : ", ", option->choices[i]);
        break;
    case RNI_OPTION_REALS:
        rni_text_add(out, "a list such as [1.0, 2.5] of numbers");
        describe_range(&option->range, false, out);
        break;
    }
}

/* Reports a value that is not accepted; `problem` may be NULL. */
static rn_status refuse(const rni_option *option, const char *text, rn_index n_bytes,
                        const char *problem)
{
    rni_text expected = {0};
    rni_option_describe(option, &expected);
    const rn_status status =
        rni_fail(RN_ERR_CONFIG, "found %s, expected %s%s%s", rni_quote(text, n_bytes).chars,
                 rni_text_get(&expected), problem ? ": " : "", problem ? problem : "");
    rni_text_clear(&expected);
    return status;
}

static bool is_in_range(const rni_range *range, double value)
{
    if (range->has_min && (range->is_open_min ? value <= range->min : value < range->min))
        return false;
    if (range->has_max && (range->is_open_max ? value >= range->max : value > range->max))
        return false;
    return true;
}

/* --- parsing --------------------------------------------------------------------------------- */

static rn_status set_integer(const rni_option *option, void *settings, const char *text)
{
    const rn_index n_bytes = (rn_index)strlen(text);
    rn_index value = 0;
    const char *problem = rni_integer_parse(text, n_bytes, &value);
    if (!problem && !is_in_range(&option->range, (double)value)) problem = "it is out of range";
    if (problem) return refuse(option, text, n_bytes, problem);
    store(option, settings, &value);
    return RN_OK;
}

/* One number of a real or a list, n_bytes long. */
static rn_status parse_number(const rni_option *option, const char *text, rn_index n_bytes,
                              double *out)
{
    double value = 0.0;
    const char *problem = rni_real_parse(text, n_bytes, &value);
    if (!problem && !is_in_range(&option->range, value)) problem = "it is out of range";
    if (problem) return refuse(option, text, n_bytes, problem);
    *out = value;
    return RN_OK;
}

static rn_status set_real(const rni_option *option, void *settings, const char *text)
{
    double value = 0.0;
    RNI_TRY(parse_number(option, text, (rn_index)strlen(text), &value));
    store(option, settings, &value);
    return RN_OK;
}

static rn_status set_boolean(const rni_option *option, void *settings, const char *text)
{
    const bool value = strcmp(text, "true") == 0;
    if (!value && strcmp(text, "false") != 0)
        return refuse(option, text, (rn_index)strlen(text), NULL);
    store(option, settings, &value);
    return RN_OK;
}

static rn_status set_text(const rni_option *option, void *settings, const char *text)
{
    const rn_index n_bytes = (rn_index)strlen(text);
    if (n_bytes > RNI_OPTION_MAX_TEXT)
        return refuse(option, text, n_bytes, "it is longer than 4096 bytes");
    if (rni_utf8_check(text, n_bytes) < n_bytes)
        return refuse(option, text, n_bytes, "it is not valid UTF-8");
    char *copy = rni_copy_text(text);
    if (!copy) return rni_fail(RN_ERR_MEMORY, "no memory for the text of '%s'", option->key);
    store(option, settings, &copy);
    return RN_OK;
}

static rn_status set_choice(const rni_option *option, void *settings, const char *text)
{
    rni_nearest nearest = {.word = text};
    for (int i = 0; option->choices[i]; i++) {
        rni_nearest_offer(&nearest, option->choices[i]);
        if (strcmp(option->choices[i], text) != 0) continue;
        store(option, settings, &i);
        return RN_OK;
    }
    const rn_status status = refuse(option, text, (rn_index)strlen(text), NULL);
    if (!nearest.best) return status;
    return rni_fail(status, "%s; did you mean '%s'?", rn_last_message(), nearest.best);
}

rn_status rni_option_parse_real(const rni_option *option, const char *text, double *out)
{
    return parse_number(option, text, (rn_index)strlen(text), out);
}

rn_status rni_option_set_reals(const rni_option *option, void *settings, const double *values,
                               rn_index count)
{
    if (count > RNI_OPTION_MAX_REALS)
        return rni_fail(RN_ERR_CONFIG, "found %" PRId64 " numbers, expected at most %d", count,
                        RNI_OPTION_MAX_REALS);
    if (count == 0 && (!option->initial || strcmp(option->initial, "[]") != 0))
        return rni_fail(RN_ERR_CONFIG, "found an empty list, expected at least one number");
    rni_reals list = {.count = count};
    if (count > 0) {
        list.values = rni_alloc(count, sizeof *list.values);
        if (!list.values)
            return rni_fail(RN_ERR_MEMORY, "no memory for the list of '%s'", option->key);
        memcpy(list.values, values, (size_t)count * sizeof *values);
    }
    store(option, settings, &list);
    return RN_OK;
}

/* The numbers between the brackets, each parsed into values (room for one per comma plus one). */
static rn_status parse_items(const rni_option *option, const char *inside, rn_index n_inside,
                             double *values, rn_index *count)
{
    rn_index at = 0;
    for (rn_index i = 0;; i++) {
        while (at < n_inside && inside[at] == ' ')
            at++;
        rn_index end = at;
        while (end < n_inside && inside[end] != ',')
            end++;
        rn_index last = end;
        while (last > at && inside[last - 1] == ' ')
            last--;
        if (i == 0 && end == n_inside && last == at) { /* nothing but spaces: an empty list */
            *count = 0;
            return RN_OK;
        }
        RNI_TRY(parse_number(option, inside + at, last - at, &values[i]));
        if (end == n_inside) {
            *count = i + 1;
            return RN_OK;
        }
        at = end + 1;
    }
}

static rn_status set_reals(const rni_option *option, void *settings, const char *text)
{
    const rn_index n_bytes = (rn_index)strlen(text);
    if (n_bytes < 2 || text[0] != '[' || text[n_bytes - 1] != ']')
        return refuse(option, text, n_bytes, "brackets are missing");
    rn_index n_room = 1;
    for (rn_index i = 0; i < n_bytes; i++)
        n_room += text[i] == ',';
    double *values = rni_alloc(n_room, sizeof *values);
    if (!values) return rni_fail(RN_ERR_MEMORY, "no memory for the list of '%s'", option->key);
    rn_index count = 0;
    rn_status status = parse_items(option, text + 1, n_bytes - 2, values, &count);
    if (status == RN_OK) status = rni_option_set_reals(option, settings, values, count);
    rni_free(values);
    return status;
}

rn_status rni_option_set(const rni_option *option, void *settings, const char *text)
{
    switch (option->type) {
    case RNI_OPTION_INTEGER: return set_integer(option, settings, text);
    case RNI_OPTION_REAL: return set_real(option, settings, text);
    case RNI_OPTION_BOOLEAN: return set_boolean(option, settings, text);
    case RNI_OPTION_TEXT: return set_text(option, settings, text);
    case RNI_OPTION_CHOICE: return set_choice(option, settings, text);
    case RNI_OPTION_REALS: return set_reals(option, settings, text);
    }
    return rni_fail(RN_ERR_INTERNAL, "rni_option_set: option '%s' has no type", option->key);
}

/* --- whole tables ---------------------------------------------------------------------------- */

const rni_option *rni_option_find(const rni_option_table *table, const char *key)
{
    for (rn_index i = 0; i < table->n_options; i++)
        if (strcmp(table->options[i].key, key) == 0) return &table->options[i];
    return NULL;
}

rn_status rni_options_init(const rni_option_table *table, void *settings)
{
    memset(settings, 0, table->size);
    for (rn_index i = 0; i < table->n_options; i++) {
        const rni_option *option = &table->options[i];
        const char *initial = option->initial;
        if (!initial && option->type != RNI_OPTION_TEXT) continue;
        const rn_status status = rni_option_set(option, settings, initial ? initial : "");
        if (status < 0) {
            rni_options_clear(table, settings);
            return rni_fail_within(status, "default of '%s'", option->key);
        }
    }
    return RN_OK;
}

static rn_status refuse_key(const rni_option_table *table, const char *key)
{
    rni_nearest nearest = {.word = key};
    for (rn_index i = 0; i < table->n_options; i++)
        rni_nearest_offer(&nearest, table->options[i].key);
    const rni_quoted quoted = rni_quote(key, (rn_index)strlen(key));
    if (!nearest.best)
        return rni_fail(RN_ERR_CONFIG, "%s: found the unknown setting %s", table->name,
                        quoted.chars);
    return rni_fail(RN_ERR_CONFIG, "%s: found the unknown setting %s; did you mean '%s'?",
                    table->name, quoted.chars, nearest.best);
}

static rn_status apply_pair(const rni_option_table *table, void *settings, const rn_setting *pair)
{
    if (!pair->key || !pair->value)
        return rni_fail(RN_ERR_ARGUMENT, "%s: a setting is NULL", table->name);
    const rni_option *option = rni_option_find(table, pair->key);
    if (!option) return refuse_key(table, pair->key);
    const rn_status status = rni_option_set(option, settings, pair->value);
    if (status < 0) return rni_fail_within(status, "%s.%s", table->name, option->key);
    return RN_OK;
}

static bool is_among(const char *key, const rn_setting *pairs, rn_index n_pairs)
{
    for (rn_index i = 0; i < n_pairs; i++)
        if (strcmp(pairs[i].key, key) == 0) return true;
    return false;
}

rn_status rni_options_apply(const rni_option_table *table, void *settings, const rn_setting *pairs,
                            rn_index n_pairs)
{
    for (rn_index i = 0; i < n_pairs; i++)
        RNI_TRY(apply_pair(table, settings, &pairs[i]));
    for (rn_index i = 0; i < table->n_options; i++) {
        const rni_option *option = &table->options[i];
        if (option->initial || is_among(option->key, pairs, n_pairs)) continue;
        return rni_fail(RN_ERR_CONFIG,
                        "%s.%s: found nothing, expected a value (%s); it is required", table->name,
                        option->key, option->help);
    }
    const rn_status status = table->check ? table->check(settings) : RN_OK;
    return status < 0 ? rni_fail_within(status, "%s", table->name) : RN_OK;
}

void rni_options_clear(const rni_option_table *table, void *settings)
{
    if (!settings) return;
    for (rn_index i = 0; i < table->n_options; i++)
        release(&table->options[i], settings);
    memset(settings, 0, table->size);
}

static void format_reals(const rni_reals *list, rni_text *out)
{
    char number[RNI_REAL_SIZE];
    rni_text_add(out, "[");
    for (rn_index i = 0; i < list->count; i++) {
        rni_real_format(list->values[i], number);
        rni_text_add(out, "%s%s", i > 0 ? ", " : "", number);
    }
    rni_text_add(out, "]");
}

void rni_option_format(const rni_option *option, const void *settings, rni_text *out)
{
    const void *field = value_of(option, settings);
    switch (option->type) {
    case RNI_OPTION_INTEGER: rni_text_add(out, "%" PRId64, *(const rn_index *)field); break;
    case RNI_OPTION_REAL: {
        char number[RNI_REAL_SIZE];
        rni_real_format(*(const double *)field, number);
        rni_text_add(out, "%s", number);
        break;
    }
    case RNI_OPTION_BOOLEAN:
        rni_text_add(out, "%s", *(const bool *)field ? "true" : "false");
        break;
    case RNI_OPTION_TEXT: rni_text_add(out, "%s", *(char *const *)field); break;
    case RNI_OPTION_CHOICE: rni_text_add(out, "%s", option->choices[*(const int *)field]); break;
    case RNI_OPTION_REALS: format_reals(field, out); break;
    }
}

/* --- checking a table ------------------------------------------------------------------------ */

static bool is_word(const char *key)
{
    if (key[0] < 'a' || key[0] > 'z') return false;
    for (const char *c = key; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_')) return false;
    return strlen(key) < 48;
}

/* What is wrong with one line of a table, or NULL. */
static const char *problem_of(const rni_option_table *table, rn_index index)
{
    const rni_option *option = &table->options[index];
    if (!is_word(option->key)) return "the key is not a lower_case word";
    if (strcmp(option->key, "kind") == 0) return "the key 'kind' is taken";
    if (rni_option_find(table, option->key) != option) return "the key is there twice";
    if (!option->help || !option->help[0]) return "help is missing";
    if (option->offset + size_of(option->type) > table->size) return "the field is outside";
    if ((option->type == RNI_OPTION_CHOICE) != (option->choices != NULL))
        return "choices belong to a choice, and only there";
    if (option->range.has_min && option->range.has_max && option->range.min > option->range.max)
        return "the range is empty";
    return NULL;
}

rn_status rni_option_table_check(const rni_option_table *table)
{
    if (!table->name || !table->help)
        return rni_fail(RN_ERR_INTERNAL, "option table: name or help is missing");
    for (rn_index i = 0; i < table->n_options; i++) {
        const char *problem = problem_of(table, i);
        if (problem)
            return rni_fail(RN_ERR_INTERNAL, "option table '%s', option %" PRId64 " ('%s'): %s",
                            table->name, i, table->options[i].key, problem);
    }
    void *settings = rni_alloc_zero((rn_index)table->size, 1);
    if (!settings) return rni_fail(RN_ERR_MEMORY, "option table '%s': no memory", table->name);
    rn_status status = rni_options_init(table, settings);
    if (status == RN_ERR_CONFIG)
        status = rni_fail(RN_ERR_INTERNAL, "option table '%s': %s", table->name, rn_last_message());
    if (status == RN_OK) rni_options_clear(table, settings);
    rni_free(settings);
    return status;
}
