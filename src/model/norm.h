/*
 * Normalisation inside a network: (z - mean) / sqrt(variance + epsilon), then gains and offsets.
 */
#ifndef RNI_MODEL_NORM_H
#define RNI_MODEL_NORM_H

#include "model/layer.h"

/** Over which numbers mean and variance are taken. All but the last keep samples apart. */
typedef enum rni_norm_kind {
    RNI_NORM_NONE,
    RNI_NORM_LAST, /**< the last axis: every position by itself */
    RNI_NORM_RMS,  /**< the last axis; no mean taken off, mean square for the variance, no offset */
    RNI_NORM_GROUP,  /**< all positions, and a group of neighbouring channels */
    RNI_NORM_BATCH,  /**< all samples and positions, every channel by itself */
    RNI_NORM_RUNNING /**< running statistics of those, NAME.mean and NAME.variance */
} rni_norm_kind;

typedef struct rni_norm_map {
    const char *name; /**< parameters are NAME.gain and NAME.offset */
    rni_norm_kind kind;
    rn_index width;  /**< of the last axis */
    rn_index groups; /**< RNI_NORM_GROUP: divides width */
    double epsilon;  /**< > 0 */
    double rate;     /**< RNI_NORM_RUNNING: rni_model_statistic's */
} rni_norm_map;

/** A norm with its parameters, gain [width] = 1 and offset [width] = 0 at the start. */
typedef struct rni_norm {
    rni_norm_map map;
    rn_node gain;
    rn_node offset;
} rni_norm;

rni_norm rni_norm_make(rn_model *model, const rni_norm_map *map);

/** x [N, .., width] of rank >= 2 (RNI_NORM_GROUP: >= 3, axes between are positions) -> the same
    shape. RNI_NORM_NONE: x itself. */
rn_node rni_norm_apply(rn_model *model, const rni_norm *norm, rn_node x);

#endif
