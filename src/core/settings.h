/*
 * The validator of configurations: a document tree and a schema in, filled settings structs or
 * the list of all mistakes out. It knows nothing of YAML and nothing of what the settings mean.
 *
 * A schema is a list of sections. A section is either one option table, or an axis: a mapping
 * whose key `kind` names the entry, and whose other keys belong to that entry's table. A section
 * with an empty name holds the keys at the top of the file.
 *
 *     static const rni_section sections[] = {
 *         {.name = "", .table = &run_options},
 *         {.name = "model", .help = "the network", .kinds = rni_model_options,
 *          .initial_kind = "residual_mlp"},
 *         {.name = "data", .help = "the samples", .kinds = rni_data_options},
 *     };
 *     static const rni_schema schema = {sections, 3};
 *
 *     rni_settings *settings = NULL;
 *     rni_mistakes mistakes = {0};
 *     rn_status status = rni_settings_create(&schema, document, sets, n_sets, &mistakes,
 * &settings); if (status == RN_OK) { const mlp_settings *mlp = rni_settings_get(settings, "model");
 *
 * accepts
 *
 *     seed: 3
 *     model: {kind: mlp, depth: 4}
 *     data:
 *       kind: sphere
 *
 * Mistakes read "FILE:LINE:COLUMN: model.dpeth: found an unknown key, expected one of: kind,
 * depth, gain; did you mean 'depth'?"; those of an override begin with "--set model.depth: ".
 * Several mistakes are found in one pass: sections and keys nobody knows, missing required
 * settings, values of the wrong type or out of range, kinds that do not exist.
 */
#ifndef RNI_CORE_SETTINGS_H
#define RNI_CORE_SETTINGS_H

#include "core/mistakes.h"
#include "core/schema.h"
#include "core/tree.h"

/** A validated configuration: a chosen table and a filled settings struct for every section. */
typedef struct rni_settings rni_settings;

/**
 * Validates a document and overrides against a schema.
 *
 * @param schema       borrowed; must outlive the settings
 * @param document     NULL or empty: defaults only
 * @param overrides    [n_overrides] texts "section.key=value" or "key=value", applied after the
 *                     document in the given order (the last of equals holds); `section.kind=name`
 *                     chooses an entry. Values are read as rni_option_set reads them.
 * @param mistakes     cleared, then receives the list when the status is RN_ERR_CONFIG; or NULL
 * @param[out] out     release with rni_settings_destroy
 * @return RN_OK; RN_ERR_CONFIG, message with every mistake on a line of its own as far as it
 *         fits; RN_ERR_MEMORY; RN_ERR_INTERNAL (a default that its own table refuses)
 */
RN_NODISCARD rn_status rni_settings_create(const rni_schema *schema, const rni_document *document,
                                           const char *const *overrides, rn_index n_overrides,
                                           rni_mistakes *mistakes, rni_settings **out);

/** Releases the settings and everything they own. NULL is allowed. */
void rni_settings_destroy(rni_settings *settings);

/** The schema given at creation. */
const rni_schema *rni_settings_schema(const rni_settings *settings);

/** The settings struct of a section, borrowed; NULL if the schema has no such section. */
const void *rni_settings_get(const rni_settings *settings, const char *section);

/** The table in use in a section: for an axis, the chosen entry's. NULL as above. */
const rni_option_table *rni_settings_table(const rni_settings *settings, const char *section);

/**
 * Makes every path that is relative and not empty absolute, as seen from `folder`, so that the
 * settings mean the same wherever they are read again.
 * @param folder  absolute
 * @return RN_OK; RN_ERR_ARGUMENT (a path longer than RNI_OPTION_MAX_TEXT); RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_settings_anchor(rni_settings *settings, const char *folder);

/** Appends the whole configuration as YAML, every default written out. Validating this text
    gives the same settings, and writing those the same text. */
void rni_settings_write(const rni_settings *settings, rni_text *out);

/** Appends a text as a double-quoted YAML scalar; what is not UTF-8 ends it. */
void rni_settings_quote(const char *text, rni_text *out);

#endif
