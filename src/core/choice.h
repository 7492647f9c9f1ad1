/*
 * An entry of an axis together with its settings: what a public call such as
 * rn_model_create("mlp", settings, ..) chooses, or what a validated configuration has chosen.
 */
#ifndef RNI_CORE_CHOICE_H
#define RNI_CORE_CHOICE_H

#include <renorm/setting.h>

#include "core/settings.h"

/** Zero-initialise; release with rni_choice_clear. */
typedef struct rni_choice {
    const rni_option_table *table; /**< of the entry; constant */
    const void *settings;          /**< its settings struct: borrowed from `owner`, or from the
                                        caller of the function that was given it */
    rni_settings *owner;           /**< owned; NULL where settings are borrowed */
} rni_choice;

/**
 * Validates a kind and its settings.
 *
 * @param schema    one section that is an axis; constant, must outlive the choice
 * @param caller    public function named in messages, "rn_model_create"
 * @param settings  [n_settings] borrowed for the call; later ones override earlier ones
 * @return RN_OK; RN_ERR_ARGUMENT (NULL, unknown kind); RN_ERR_CONFIG (all mistakes in the
 *         message); RN_ERR_MEMORY. On failure out is untouched
 */
RN_NODISCARD rn_status rni_choice_make(const rni_schema *schema, const char *caller,
                                       const char *kind, const rn_setting *settings,
                                       rn_index n_settings, rni_choice *out);

/** Releases what the choice owns and fills it with zeros. */
void rni_choice_clear(rni_choice *choice);

#endif
