/*
 * Normalisation of images: the options that convolutional networks share, and its application.
 */
#ifndef RNI_MODEL_FEATURE_NORM_H
#define RNI_MODEL_FEATURE_NORM_H

#include "model/feature_map.h"

/** Words of the option `norm` of convolutional networks: "none", "group", "layer", "batch". */
extern const char *const rni_feature_norms[];

/** The lines of an option table for a settings struct with the fields `norm` and `groups`. */
#define RNI_FEATURE_NORM_OPTIONS(struct_type, usual)                                               \
    {.key = "norm",                                                                                \
     RNI_FIELD(struct_type, norm),                                                                 \
     .choices = rni_feature_norms,                                                                 \
     .initial = (usual),                                                                           \
     .help = "normalise a sample over all places and a group of channels (group) or all channels " \
             "(layer), or each channel over all samples and places (batch)"},                      \
    {                                                                                              \
        .key = "groups", RNI_FIELD(struct_type, groups), .range = RNI_BETWEEN(1, 100000),          \
        .initial = "4", .help = "groups of channels that norm: group makes, of equal size"         \
    }

/**
 * Normalises an image, with new parameters NAME.gain and NAME.offset.
 * @return RN_OK; RN_ERR_CONFIG (groups that do not divide the channels)
 */
RN_NODISCARD rn_status rni_feature_norm(rn_model *model, const char *name, int norm,
                                        rn_index groups, rni_feature_map *image);

/** channels * growth; RN_SIZE_MAX once that is more (the graph then refuses it). */
rn_index rni_feature_map_grow(rn_index channels, rn_index growth);

#endif
