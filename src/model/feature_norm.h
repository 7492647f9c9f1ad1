/*
 * Normalisation of images: the options that convolutional networks share, and its application.
 */
#ifndef RNI_MODEL_FEATURE_NORM_H
#define RNI_MODEL_FEATURE_NORM_H

#include "model/feature_map.h"

/** Words of the option `norm` of convolutional networks: "none", "group", "layer", "batch". */
extern const char *const rni_feature_norms[];

/** Words of the option `statistics`: "running", "samples". */
extern const char *const rni_feature_statistics[];

/** What they say; a field `normalisation` of a model's settings. */
typedef struct rni_feature_norm_settings {
    int norm;
    rn_index groups;
    int statistics;
    double statistics_rate;
} rni_feature_norm_settings;

/** The lines of an option table for a settings struct with that field. */
#define RNI_FEATURE_NORM_OPTIONS(struct_type, usual)                                               \
    {.key = "norm",                                                                                \
     RNI_FIELD(struct_type, normalisation.norm),                                                   \
     .choices = rni_feature_norms,                                                                 \
     .initial = (usual),                                                                           \
     .help = "normalise a sample over all places and a group of channels (group) or all channels " \
             "(layer), or each channel over many samples and places (batch)"},                     \
        {.key = "groups",                                                                          \
         RNI_FIELD(struct_type, normalisation.groups),                                             \
         .range = RNI_BETWEEN(1, 100000),                                                          \
         .initial = "4",                                                                           \
         .help = "groups of channels that norm: group makes, of equal size"},                      \
        {.key = "statistics",                                                                      \
         RNI_FIELD(struct_type, normalisation.statistics),                                         \
         .choices = rni_feature_statistics,                                                        \
         .initial = "running",                                                                     \
         .help =                                                                                   \
             "with norm: batch, mean and variance that follow those of the batches (running), "    \
             "or of all samples given together, without minibatches (samples)"},                   \
    {                                                                                              \
        .key = "statistics_rate", RNI_FIELD(struct_type, normalisation.statistics_rate),           \
        .range = RNI_BETWEEN(1e-6, 1), .initial = "0.1",                                           \
        .help = "share of the way that running statistics go to those of a batch in a step"        \
    }

/**
 * Normalises an image, with new parameters NAME.gain and NAME.offset, and NAME.mean and
 * NAME.variance where statistics run.
 * @return RN_OK; RN_ERR_CONFIG (groups that do not divide the channels)
 */
RN_NODISCARD rn_status rni_feature_norm(rn_model *model, const char *name,
                                        const rni_feature_norm_settings *settings,
                                        rni_feature_map *image);

/** channels * growth; RN_SIZE_MAX once that is more (the graph then refuses it). */
rn_index rni_feature_map_grow(rn_index channels, rn_index growth);

#endif
