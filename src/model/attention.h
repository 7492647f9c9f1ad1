/*
 * Multi-head attention between the positions of a sample (Vaswani et al., "Attention is all you
 * need", NeurIPS 2017).
 */
#ifndef RNI_MODEL_ATTENTION_H
#define RNI_MODEL_ATTENTION_H

#include "model/layer.h"

typedef struct rni_attention_map {
    const char *name; /**< parameters are NAME.query.weight, .key., .value., .out. */
    rn_index positions;
    rn_index width;
    rn_index heads; /**< divides width */
    bool is_causal; /**< a position sees itself and earlier ones only */
    double gain;    /**< factor of the output */
    bool has_bias;
    int parametrisation;
} rni_attention_map;

/** Attention with its parameters. */
typedef struct rni_attention {
    rni_attention_map map;
    rni_linear query;
    rni_linear key;
    rni_linear value;
    rni_linear out;
} rni_attention;

rni_attention rni_attention_make(rn_model *model, const rni_attention_map *map);

/**
 * x [N, T, w] -> [N, T, w]. With d = w / heads, per head and from Q, K, V = s(w) x W + b
 *     P = softmax(Q K^T / sqrt(d)) over positions, then gain s(w) (P V of all heads) W_out + b
 */
rn_node rni_attention_apply(rn_model *model, const rni_attention *attention, rn_node x);

#endif
