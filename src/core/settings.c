/*
 * Validation of a document tree against a schema. One pass per section: choose the table, fill
 * the defaults, apply the document's keys, apply the overrides, look for what is missing.
 * A mistake never ends the pass; only missing memory does.
 */
#include "core/settings.h"

#include <string.h>

#include "core/memory.h"
#include "core/override.h"

/* The state of one section. */
typedef struct part {
    const rni_option_table *table; /* NULL: no entry could be chosen */
    void *values;                  /* [table->size] */
    bool *is_given;                /* [table->n_options] */
} part;

struct rni_settings {
    const rni_schema *schema;
    part *parts; /* [schema->n_sections] */
};

/* One validation. */
typedef struct checker {
    const char *name; /* of the file */
    const rni_schema *schema;
    rni_settings *settings;
    rni_override *overrides;
    rn_index n_overrides;
    rni_mistakes mistakes;
    bool is_out_of_memory;
} checker;

/* --- mistakes -------------------------------------------------------------------------------- */

/* Takes over the text. */
static void keep(checker *check, rni_place place, rni_text *text)
{
    check->is_out_of_memory |= !rni_mistakes_add(&check->mistakes, place, text);
}

/* "FILE:LINE:COLUMN: section.key: " of a node, "FILE: section.key: " without a place. */
static rni_text begin(const checker *check, rni_place place, const char *section, const char *key)
{
    rni_text text = {0};
    rni_text_add(&text, "%s:", check->name);
    if (place.line > 0) rni_text_add(&text, "%d:%d:", place.line, place.column);
    const rni_quoted quoted = rni_quote(key, (rn_index)strlen(key));
    const char *point = section[0] && key[0] ? "." : "";
    rni_text_add(&text, " %s%s%.*s: ", section, point, (int)strlen(quoted.chars) - 2,
                 quoted.chars + 1);
    return text;
}

static rni_text begin_override(const rni_override *entry)
{
    rni_text text = {0};
    rni_override_name(entry, &text);
    return text;
}

static rn_status no_memory(const checker *check)
{
    return rni_fail(RN_ERR_MEMORY, "%s: no memory to validate it", check->name);
}

/* --- the document ---------------------------------------------------------------------------- */

static const char *kind_of_node(const rni_node *node)
{
    if (node->type == RNI_NODE_MAPPING) return "a mapping";
    if (node->type == RNI_NODE_SEQUENCE) return "a list";
    return node->text[0] || node->is_quoted ? "a single value" : "nothing";
}

static bool is_nothing(const rni_node *node)
{
    return node->type == RNI_NODE_SCALAR && !node->is_quoted && !node->text[0];
}

static bool is_null_word(const rni_node *node)
{
    static const char *const words[] = {"~", "null", "Null", "NULL"};
    for (size_t i = 0; !node->is_quoted && i < sizeof words / sizeof words[0]; i++)
        if (strcmp(node->text, words[i]) == 0) return true;
    return false;
}

/* The numbers of a list. @return false when a mistake was recorded or memory ran out */
static bool set_list(checker *check, const rni_section *section, const rni_option *option,
                     void *values, const rni_node *node)
{
    double *numbers = rni_alloc(node->n_children, sizeof *numbers);
    if (!numbers) {
        check->is_out_of_memory = true;
        return false;
    }
    rn_index count = 0;
    bool is_sound = true;
    for (const rni_node *item = node->first; item; item = item->next) {
        rn_status status = RN_ERR_CONFIG;
        if (item->type != RNI_NODE_SCALAR)
            status = rni_fail(RN_ERR_CONFIG, "found %s, expected a number", kind_of_node(item));
        else if (item->is_quoted)
            status = rni_fail(RN_ERR_CONFIG, "found a text in quotes, expected a number");
        else
            status = rni_option_parse_real(option, item->text, &numbers[count]);
        count++;
        if (status == RN_OK) continue;
        rni_text text = begin(check, item->place, section->name, option->key);
        rni_text_add(&text, "%s", rn_last_message());
        keep(check, item->place, &text);
        is_sound = false;
    }
    if (is_sound) {
        const rn_status status = rni_option_set_reals(option, values, numbers, count);
        if (status == RN_ERR_CONFIG) {
            rni_text text = begin(check, node->place, section->name, option->key);
            rni_text_add(&text, "%s", rn_last_message());
            keep(check, node->place, &text);
        }
        check->is_out_of_memory |= status == RN_ERR_MEMORY;
        is_sound = status == RN_OK;
    }
    rni_free(numbers);
    return is_sound;
}

/* What a scalar node may not be for this option, before its text is read; NULL if nothing. */
static const char *problem_with_form(const rni_option *option, const rni_node *node)
{
    const bool takes_words = option->type == RNI_OPTION_TEXT || option->type == RNI_OPTION_CHOICE;
    if (option->type == RNI_OPTION_REALS || node->type != RNI_NODE_SCALAR)
        return kind_of_node(node);
    if (is_nothing(node)) return "nothing";
    if (node->is_quoted && !takes_words) return "a text in quotes";
    if (option->type == RNI_OPTION_TEXT && is_null_word(node)) return "null";
    return NULL;
}

static void set_from_node(checker *check, const rni_section *section, const rni_option *option,
                          void *values, const rni_node *node)
{
    if (option->type == RNI_OPTION_REALS && node->type == RNI_NODE_SEQUENCE) {
        (void)set_list(check, section, option, values, node);
        return;
    }
    const char *problem = problem_with_form(option, node);
    rni_text text = {0};
    if (problem) {
        text = begin(check, node->place, section->name, option->key);
        rni_text_add(&text, "found %s, expected ", problem);
        rni_option_describe(option, &text);
        if (option->type == RNI_OPTION_TEXT && node->type == RNI_NODE_SCALAR)
            rni_text_add(&text, "; quote it if it is meant");
        keep(check, node->place, &text);
        return;
    }
    const rn_status status = rni_option_set(option, values, node->text);
    check->is_out_of_memory |= status == RN_ERR_MEMORY;
    if (status != RN_ERR_CONFIG) return;
    text = begin(check, node->place, section->name, option->key);
    rni_text_add(&text, "%s", rn_last_message());
    keep(check, node->place, &text);
}

/* Names the entry of the axis that has such a key. */
static void hint_at_owner(rni_text *text, const rni_section *section, const char *key)
{
    for (rn_index i = 0; section->kinds && section->kinds(i); i++) {
        if (!rni_option_find(section->kinds(i), key)) continue;
        rni_text_add(text, "; '%s' is a setting of kind '%s'", key, section->kinds(i)->name);
        return;
    }
}

static void add_unknown_key(checker *check, const rni_section *section, const part *now,
                            rni_text *text, rni_place place, const char *key)
{
    rni_text_add(text, "found an unknown key");
    if (section->kinds) rni_text_add(text, " for kind '%s'", now->table->name);
    rni_text_add(text, ", expected one of: ");
    rni_section_list_keys(section, now->table, key, text);
    hint_at_owner(text, section, key);
    keep(check, place, text);
}

static void apply_document(checker *check, const rni_section *section, const part *now,
                           const rni_node *mapping)
{
    for (const rni_node *child = mapping->first; child; child = child->next) {
        if (section->kinds && strcmp(child->key, "kind") == 0) continue;
        const rni_option *option = rni_option_find(now->table, child->key);
        if (option) {
            now->is_given[option - now->table->options] = true;
            set_from_node(check, section, option, now->values, child);
        } else if (section->name[0]) { /* the top of the file also holds sections */
            rni_text text = begin(check, child->key_place, section->name, child->key);
            add_unknown_key(check, section, now, &text, child->key_place, child->key);
        }
    }
}

/* --- overrides ------------------------------------------------------------------------------- */

static bool is_kind(const rni_section *section, const rni_override *entry)
{
    return section->kinds && strcmp(entry->key, "kind") == 0;
}

static void apply_override(checker *check, const rni_section *section, const part *now,
                           const rni_override *entry)
{
    if (is_kind(section, entry)) return;
    const rni_place nowhere = {0, 0};
    rni_text text = {0};
    const rni_option *option = rni_option_find(now->table, entry->key);
    if (!option) {
        text = begin_override(entry);
        add_unknown_key(check, section, now, &text, nowhere, entry->key);
        return;
    }
    now->is_given[option - now->table->options] = true;
    const rn_status status = rni_option_set(option, now->values, entry->value);
    check->is_out_of_memory |= status == RN_ERR_MEMORY;
    if (status != RN_ERR_CONFIG) return;
    text = begin_override(entry);
    rni_text_add(&text, "%s", rn_last_message());
    keep(check, nowhere, &text);
}

/* Reports overrides that name no section. */
static void check_overrides(checker *check)
{
    for (rn_index i = 0; i < check->n_overrides; i++) {
        const rni_override *entry = &check->overrides[i];
        if (entry->is_known) continue;
        rni_text text = begin_override(entry);
        if (!entry->value || !entry->key[0]) {
            rni_text_add(&text, "found no setting with a value, expected section.key=value");
        } else {
            rni_text_add(&text, "found an unknown section or key, expected one of: ");
            rni_schema_list(check->schema, entry->section[0] ? entry->section : entry->key, &text);
        }
        keep(check, (rni_place){0, 0}, &text);
    }
}

/* --- sections -------------------------------------------------------------------------------- */

static bool concerns(const rni_override *entry, const rni_section *section)
{
    return entry->is_known && strcmp(entry->section, section->name) == 0;
}

/* The last override of `kind` in a section, or NULL. */
static const rni_override *find_kind_override(const checker *check, const rni_section *section)
{
    const rni_override *found = NULL;
    for (rn_index i = 0; i < check->n_overrides; i++)
        if (concerns(&check->overrides[i], section) && is_kind(section, &check->overrides[i]))
            found = &check->overrides[i];
    return found;
}

/* The table of a section; NULL after recording why there is none. */
static const rni_option_table *choose(checker *check, const rni_section *section,
                                      const rni_node *mapping)
{
    if (!section->kinds) return section->table;
    const rni_override *chosen = find_kind_override(check, section);
    const rni_node *node = mapping && !chosen ? rni_node_find(mapping, "kind") : NULL;
    const char *name = section->initial_kind;
    if (node) name = node->type == RNI_NODE_SCALAR && !is_nothing(node) ? node->text : NULL;
    if (chosen) name = chosen->value;
    const rni_option_table *table = name ? rni_section_find_kind(section, name) : NULL;
    if (table) return table;

    rni_place place = {0, 0};
    if (node)
        place = node->place;
    else if (mapping && !chosen)
        place = mapping->key_place;
    rni_text text = chosen ? begin_override(chosen) : begin(check, place, section->name, "kind");
    if (name)
        rni_text_add(&text, "found %s", rni_quote(name, (rn_index)strlen(name)).chars);
    else
        rni_text_add(&text, "found %s", node ? kind_of_node(node) : "nothing");
    rni_text_add(&text, ", expected one of: ");
    rni_section_list_kinds(section, name ? name : "", &text);
    keep(check, place, &text);
    return NULL;
}

static void check_missing(checker *check, const rni_section *section, const part *now,
                          rni_place place)
{
    for (rn_index i = 0; i < now->table->n_options; i++) {
        const rni_option *option = &now->table->options[i];
        if (option->initial || now->is_given[i]) continue;
        rni_text text = begin(check, place, section->name, option->key);
        rni_text_add(&text, "found nothing, expected ");
        rni_option_describe(option, &text);
        rni_text_add(&text, " (%s); it is required", option->help);
        keep(check, place, &text);
    }
}

/* Fills one section. @return RN_OK even if mistakes were recorded; RN_ERR_MEMORY; RN_ERR_INTERNAL
 */
static rn_status fill(checker *check, rn_index index, const rni_node *mapping)
{
    const rni_section *section = &check->schema->sections[index];
    part *now = &check->settings->parts[index];
    now->table = choose(check, section, mapping);
    if (!now->table) return RN_OK;
    now->values = rni_alloc_zero((rn_index)now->table->size, 1);
    now->is_given = rni_alloc_zero(now->table->n_options, sizeof *now->is_given);
    if (!now->values || !now->is_given) return no_memory(check);
    const rn_status init = rni_options_init(now->table, now->values);
    if (init == RN_ERR_CONFIG)
        return rni_fail(RN_ERR_INTERNAL, "section '%s': %s", section->name, rn_last_message());
    RNI_TRY(init);

    const rn_index n_before = check->mistakes.n_found;
    if (mapping) apply_document(check, section, now, mapping);
    for (rn_index i = 0; i < check->n_overrides; i++)
        if (concerns(&check->overrides[i], section))
            apply_override(check, section, now, &check->overrides[i]);
    const rni_place place = mapping && section->name[0] ? mapping->key_place : (rni_place){0, 0};
    check_missing(check, section, now, place);
    if (check->mistakes.n_found > n_before || !now->table->check) return RN_OK;

    const rn_status rule = now->table->check(now->values);
    if (rule != RN_ERR_CONFIG) return rule;
    rni_text text = begin(check, place, section->name, "");
    rni_text_add(&text, "%s", rn_last_message());
    keep(check, place, &text);
    return RN_OK;
}

/* Reports keys at the top of the file that belong to nobody. */
static void check_top(checker *check, const rni_node *root)
{
    for (const rni_node *child = root->first; child; child = child->next) {
        bool is_known = false;
        for (rn_index i = 0; i < check->schema->n_sections; i++) {
            const rni_section *section = &check->schema->sections[i];
            is_known |= section->name[0] ? strcmp(section->name, child->key) == 0
                                         : rni_option_find(section->table, child->key) != NULL;
        }
        if (is_known) continue;
        rni_text text = begin(check, child->key_place, "", child->key);
        rni_text_add(&text, "found an unknown section or key, expected one of: ");
        rni_schema_list(check->schema, child->key, &text);
        keep(check, child->key_place, &text);
    }
}

/* The mapping of a section in the document; NULL where it is not there. */
static const rni_node *find_mapping(checker *check, const rni_section *section,
                                    const rni_node *root)
{
    const rni_node *node = section->name[0] && root ? rni_node_find(root, section->name) : root;
    if (!node || node->type == RNI_NODE_MAPPING) return node;
    if (is_nothing(node)) return NULL;
    rni_text text = begin(check, node->place, section->name, "");
    rni_text_add(&text, "found %s, expected a mapping of keys to values", kind_of_node(node));
    keep(check, node->place, &text);
    return NULL;
}

static rn_status fill_all(checker *check, const rni_node *root)
{
    if (root && is_nothing(root)) root = NULL;
    if (root && root->type != RNI_NODE_MAPPING) {
        rni_text text = {0};
        rni_text_add(&text, "%s:%d:%d: found %s, expected a mapping of sections", check->name,
                     root->place.line, root->place.column, kind_of_node(root));
        keep(check, root->place, &text);
        return RN_OK;
    }
    if (root) check_top(check, root);
    for (rn_index i = 0; i < check->schema->n_sections; i++) {
        const rni_section *section = &check->schema->sections[i];
        const rn_index n_before = check->mistakes.n_found;
        const rni_node *mapping = find_mapping(check, section, root);
        if (check->mistakes.n_found > n_before) continue; /* not a mapping: nothing to read */
        RNI_TRY(fill(check, i, mapping));
    }
    check_overrides(check);
    return check->is_out_of_memory ? no_memory(check) : RN_OK;
}

/* --- the whole ------------------------------------------------------------------------------- */

static rn_status prepare(checker *check, const char *const *overrides, rn_index n_overrides)
{
    check->settings = rni_alloc_zero(1, sizeof *check->settings);
    check->overrides = rni_overrides_create(check->schema, overrides, n_overrides);
    if (check->overrides) check->n_overrides = n_overrides;
    if (!check->settings || !check->overrides) return no_memory(check);
    check->settings->schema = check->schema;
    check->settings->parts =
        rni_alloc_zero(check->schema->n_sections, sizeof *check->settings->parts);
    return check->settings->parts ? RN_OK : no_memory(check);
}

rn_status rni_settings_create(const rni_schema *schema, const rni_document *document,
                              const char *const *overrides, rn_index n_overrides,
                              rni_mistakes *mistakes, rni_settings **out)
{
    checker check = {.schema = schema};
    check.name = document ? rni_document_name(document) : "configuration";
    rn_status status = prepare(&check, overrides, n_overrides);
    if (status == RN_OK) status = fill_all(&check, document ? rni_document_root(document) : NULL);
    if (status == RN_OK && check.mistakes.n_found > 0)
        status = rni_mistakes_report(&check.mistakes);
    rni_overrides_destroy(check.overrides, check.n_overrides);
    if (mistakes) {
        rni_mistakes_clear(mistakes);
        if (status == RN_ERR_CONFIG) {
            *mistakes = check.mistakes;
            check.mistakes = (rni_mistakes){0};
        }
    }
    rni_mistakes_clear(&check.mistakes);
    if (status < 0) {
        rni_settings_destroy(check.settings);
        return status;
    }
    *out = check.settings;
    return RN_OK;
}

void rni_settings_destroy(rni_settings *settings)
{
    if (!settings) return;
    for (rn_index i = 0; settings->parts && i < settings->schema->n_sections; i++) {
        part *now = &settings->parts[i];
        if (now->table) rni_options_clear(now->table, now->values);
        rni_free(now->values);
        rni_free(now->is_given);
    }
    rni_free(settings->parts);
    rni_free(settings);
}

const rni_schema *rni_settings_schema(const rni_settings *settings)
{
    return settings->schema;
}

static const part *find_part(const rni_settings *settings, const char *section)
{
    for (rn_index i = 0; i < settings->schema->n_sections; i++)
        if (strcmp(settings->schema->sections[i].name, section) == 0) return &settings->parts[i];
    return NULL;
}

const void *rni_settings_get(const rni_settings *settings, const char *section)
{
    const part *found = find_part(settings, section);
    return found ? found->values : NULL;
}

const rni_option_table *rni_settings_table(const rni_settings *settings, const char *section)
{
    const part *found = find_part(settings, section);
    return found ? found->table : NULL;
}

static rn_status anchor(char **path, const char *folder)
{
    rni_text whole = {0};
    rni_text_add(&whole, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, *path);
    char *copy = whole.is_broken ? NULL : rni_copy_text(rni_text_get(&whole));
    rni_text_clear(&whole);
    if (!copy) return rni_fail(RN_ERR_MEMORY, "rni_settings_anchor: no memory for a path");
    rni_free(*path);
    *path = copy;
    return RN_OK;
}

rn_status rni_settings_anchor(rni_settings *settings, const char *folder)
{
    for (rn_index i = 0; i < settings->schema->n_sections; i++) {
        const part *now = &settings->parts[i];
        for (rn_index k = 0; k < now->table->n_options; k++) {
            const rni_option *option = &now->table->options[k];
            char **path = (char **)((char *)now->values + option->offset);
            if (!option->is_path || (*path)[0] == '\0' || (*path)[0] == '/') continue;
            if (strlen(folder) + 1 + strlen(*path) > RNI_OPTION_MAX_TEXT)
                return rni_fail(RN_ERR_ARGUMENT,
                                "%s: found a path that is too long once it is absolute, expected "
                                "at most %d bytes",
                                option->key, RNI_OPTION_MAX_TEXT);
            RNI_TRY(anchor(path, folder));
        }
    }
    return RN_OK;
}
