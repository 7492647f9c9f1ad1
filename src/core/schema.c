/*
 * Names a schema knows, for messages, and its description, for help.
 */
#include "core/schema.h"

#include <string.h>

const rni_option_table *rni_section_find_kind(const rni_section *section, const char *name)
{
    for (rn_index i = 0; section->kinds(i); i++)
        if (strcmp(section->kinds(i)->name, name) == 0) return section->kinds(i);
    return NULL;
}

/* --- lists of names -------------------------------------------------------------------------- */

/* Appends ", name" to a list and offers the name as a neighbour. */
static void list_name(rni_text *text, rni_nearest *nearest, bool *is_first, const char *name)
{
    rni_text_add(text, "%s%s", *is_first ? "" : ", ", name);
    *is_first = false;
    rni_nearest_offer(nearest, name);
}

static void end_list(rni_text *text, const rni_nearest *nearest)
{
    if (nearest->best) rni_text_add(text, "; did you mean '%s'?", nearest->best);
}

void rni_section_list_keys(const rni_section *section, const rni_option_table *table,
                           const char *word, rni_text *out)
{
    rni_nearest nearest = {.word = word};
    bool is_first = true;
    if (section->kinds) list_name(out, &nearest, &is_first, "kind");
    for (rn_index i = 0; i < table->n_options; i++)
        list_name(out, &nearest, &is_first, table->options[i].key);
    if (is_first) rni_text_add(out, "no keys");
    end_list(out, &nearest);
}

void rni_section_list_kinds(const rni_section *section, const char *word, rni_text *out)
{
    rni_nearest nearest = {.word = word};
    bool is_first = true;
    for (rn_index i = 0; section->kinds(i); i++)
        list_name(out, &nearest, &is_first, section->kinds(i)->name);
    end_list(out, &nearest);
}

void rni_schema_list(const rni_schema *schema, const char *word, rni_text *out)
{
    rni_nearest nearest = {.word = word};
    bool is_first = true;
    for (rn_index i = 0; i < schema->n_sections; i++) {
        const rni_section *section = &schema->sections[i];
        if (section->name[0]) list_name(out, &nearest, &is_first, section->name);
        for (rn_index j = 0; !section->name[0] && j < section->table->n_options; j++)
            list_name(out, &nearest, &is_first, section->table->options[j].key);
    }
    end_list(out, &nearest);
}

/* --- describing ------------------------------------------------------------------------------ */

static void describe_table(const rni_option_table *table, const char *indent, rni_text *out)
{
    for (rn_index i = 0; i < table->n_options; i++) {
        const rni_option *option = &table->options[i];
        rni_text_add(out, "%s%s: %s\n%s    ", indent, option->key, option->help, indent);
        rni_option_describe(option, out);
        if (option->unit) rni_text_add(out, ", in %s", option->unit);
        if (option->initial)
            rni_text_add(out, "; default %s\n", option->initial[0] ? option->initial : "\"\"");
        else
            rni_text_add(out, "; required\n");
    }
}

void rni_schema_describe(const rni_schema *schema, rni_text *out)
{
    for (rn_index i = 0; i < schema->n_sections; i++) {
        const rni_section *section = &schema->sections[i];
        if (section->name[0])
            rni_text_add(out, "%s: %s\n", section->name, section->help ? section->help : "");
        if (section->table) describe_table(section->table, section->name[0] ? "  " : "", out);
        for (rn_index j = 0; section->kinds && section->kinds(j); j++) {
            const rni_option_table *table = section->kinds(j);
            const bool is_initial =
                section->initial_kind && strcmp(section->initial_kind, table->name) == 0;
            rni_text_add(out, "  kind: %s (%s%s)\n", table->name, table->help,
                         is_initial ? "; default" : "");
            describe_table(table, "    ", out);
        }
    }
}
