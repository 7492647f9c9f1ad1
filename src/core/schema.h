/*
 * What a configuration may say: sections, entries and options. core/settings.h shows one.
 */
#ifndef RNI_CORE_SCHEMA_H
#define RNI_CORE_SCHEMA_H

#include "core/option.h"
#include "core/text.h"

/** The table of entry i of an axis; NULL beyond the last. Tables are constant. */
typedef const rni_option_table *(*rni_kinds_fn)(rn_index i);

/** One part of a configuration; exactly one of `table` and `kinds` is given. */
typedef struct rni_section {
    const char *name; /**< "" for the keys at the top of the file */
    const char *help; /**< one line */
    const rni_option_table *table;
    rni_kinds_fn kinds;
    const char *initial_kind; /**< entry used where `kind` is not given; NULL: it is required */
} rni_section;

typedef struct rni_schema {
    const rni_section *sections; /**< borrowed, constant */
    rn_index n_sections;
} rni_schema;

/** The entry of an axis with that name, or NULL. */
const rni_option_table *rni_section_find_kind(const rni_section *section, const char *name);

/** Append "a, b, c; did you mean 'b'?", the names that could stand in place of `word`: the keys
    of a section that uses `table`, the entries of an axis, the sections and keys at the top. */
void rni_section_list_keys(const rni_section *section, const rni_option_table *table,
                           const char *word, rni_text *out);
void rni_section_list_kinds(const rni_section *section, const char *word, rni_text *out);
void rni_schema_list(const rni_schema *schema, const char *word, rni_text *out);

/** Appends a description of every section, entry and option for help and manual pages. */
void rni_schema_describe(const rni_schema *schema, rni_text *out);

#endif
