/*
 * A study taken apart: what its file says, checked.
 */
#ifndef RNI_STUDY_STUDY_H
#define RNI_STUDY_STUDY_H

#include <renorm/study.h>

#include "core/mistakes.h"
#include "core/text.h"
#include "core/tree.h"

#define RNI_STUDY_NAME_SIZE 64

/** One setting that an arm or a point makes. Texts are owned by the study's document. */
typedef struct rni_study_setting {
    const char *key;   /**< "model.depth" */
    const char *value; /**< as rni_option_set reads it */
    const char *text;  /**< "model.depth=4" */
    rni_place place;   /**< of the key, for settings of an arm; of the value, for varied ones */
} rni_study_setting;

/** An arm, or a setting that varies with its values. */
typedef struct rni_study_group {
    const char *name; /**< borrowed from the document */
    rni_place place;
    rni_study_setting *settings; /**< [n_settings], owned */
    rn_index n_settings;
} rni_study_group;

struct rn_study {
    char name[RNI_STUDY_NAME_SIZE];
    rni_document *document; /**< of the study file; holds all texts */
    rni_document *base;     /**< the base configuration */
    rni_study_group *arms;  /**< [n_arms] */
    rni_study_group *keys;  /**< [n_keys] */
    rn_index n_arms;
    rn_index n_keys;
    rn_index n_points;
    rn_index n_seeds;
    rn_index first_seed;
    rn_index reference;
    rn_index *quantities; /**< [n_quantities] numbers of rn_snapshot_field, owned */
    rn_index n_quantities;
    rni_text text; /**< resolved */
};

/** Place of the value of `key` in the list of that key's values, at a point: the last key varies
    fastest. */
rn_index rni_study_choice(const rn_study *study, rn_index point, rn_index key);

/** Most settings that one cell makes: an arm's, one per key, the seed. */
rn_index rni_study_max_settings(const rn_study *study);

/**
 * Collects the settings of an arm at a point, the arm's first.
 * @param settings  [rni_study_max_settings] out
 * @return how many
 */
rn_index rni_study_collect(const rn_study *study, rn_index arm, rn_index point,
                           rni_study_setting *settings);

/** Checks every arm at every point against the option tables; adds to `mistakes`.
    @return RN_OK, mistakes or not; RN_ERR_MEMORY, RN_ERR_INTERNAL */
RN_NODISCARD rn_status rni_study_check(const rn_study *study, rni_mistakes *mistakes);

/** Fills study->text. @return RN_OK; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_study_resolve(rn_study *study);

#endif
