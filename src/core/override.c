/*
 * Splitting overrides.
 */
#include "core/override.h"

#include <string.h>

#include "core/memory.h"

/* Splits "section.key=value". @return false when memory is out */
static bool split(const char *text, rni_override *out)
{
    out->words = rni_copy_text(text);
    if (!out->words) return false;
    char *equals = strchr(out->words, '=');
    if (equals) {
        *equals = '\0';
        out->value = equals + 1;
    }
    char *point = strchr(out->words, '.');
    if (point) *point = '\0';
    out->section = point ? out->words : "";
    out->key = point ? point + 1 : out->words;
    return true;
}

/* True if the override can only mean this section. */
static bool has_place(const rni_section *section, const rni_override *entry)
{
    if (strcmp(section->name, entry->section) != 0) return false;
    return section->name[0] || rni_option_find(section->table, entry->key);
}

rni_override *rni_overrides_create(const rni_schema *schema, const char *const *texts, rn_index n)
{
    rni_override *overrides = rni_alloc_zero(n, sizeof *overrides);
    if (!overrides) return NULL;
    for (rn_index i = 0; i < n; i++) {
        rni_override *entry = &overrides[i];
        if (!split(texts[i], entry)) {
            rni_overrides_destroy(overrides, n);
            return NULL;
        }
        if (!entry->value || !entry->key[0]) continue;
        for (rn_index j = 0; j < schema->n_sections; j++)
            entry->is_known |= has_place(&schema->sections[j], entry);
    }
    return overrides;
}

void rni_overrides_destroy(rni_override *overrides, rn_index n)
{
    for (rn_index i = 0; overrides && i < n; i++)
        rni_free(overrides[i].words);
    rni_free(overrides);
}

void rni_override_name(const rni_override *entry, rni_text *out)
{
    const rni_quoted section = rni_quote(entry->section, (rn_index)strlen(entry->section));
    const rni_quoted key = rni_quote(entry->key, (rn_index)strlen(entry->key));
    rni_text_add(out, "--set %.*s%s%.*s: ", (int)strlen(section.chars) - 2, section.chars + 1,
                 entry->section[0] ? "." : "", (int)strlen(key.chars) - 2, key.chars + 1);
}
