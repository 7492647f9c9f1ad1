/*
 * The sections of a configuration, in the order of the file.
 */
#ifndef RNI_RUN_SECTIONS_H
#define RNI_RUN_SECTIONS_H

#include <renorm/config.h>

#include "core/settings.h"

/** Keys at the top of the file. */
typedef struct rni_run_settings {
    rn_index seed;    /**< of every random stream, >= 0 */
    rn_index steps;   /**< training steps, >= 0 */
    rn_index threads; /**< 0: one per processor */
} rni_run_settings;

/** Section `output`. */
typedef struct rni_output_settings {
    rn_index record_every;     /**< steps between rows of metrics.csv; 0: one epoch */
    rn_index held_out_every;   /**< steps between held-out evaluations; 0: at measurements only */
    rn_index checkpoint_every; /**< steps; 0: fifty checkpoints in a run */
} rni_output_settings;

/** All sections. */
const rni_schema *rni_run_schema(void);

/**
 * A configuration from a parsed document: rn_config_load without the file.
 * @param document  NULL: defaults and overrides only; needed during the call alone
 * @param path      as rn_config_load, for the name
 * @return as rn_config_load
 */
RN_NODISCARD rn_status rni_config_create(const rni_document *document, const char *path,
                                         rn_index n_overrides, const char *const *overrides,
                                         rn_config **out);

/** The validated settings behind a configuration, borrowed. */
const rni_settings *rni_config_settings(const rn_config *config);

#endif
