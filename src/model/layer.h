/*
 * Pieces that several kinds of model share: activations and linear maps.
 */
#ifndef RNI_MODEL_LAYER_H
#define RNI_MODEL_LAYER_H

#include "model/model.h"

/** Words of the option `activation`, NULL-terminated; formulas stand in renorm/model.h. */
extern const char *const rni_activations[];

/** Words of the option `parametrisation`: "ntk", "standard"; index 0 is ntk. */
extern const char *const rni_parametrisations[];

enum { RNI_PARAMETRISATION_NTK = 0 };

/** act(z), `activation` an index into rni_activations. */
rn_node rni_layer_activate(rn_graph *graph, int activation, rn_node z);

/** A linear map. */
typedef struct rni_linear_map {
    const char *name; /**< parameters are NAME.weight and NAME.bias */
    rn_index fan_in;
    rn_index fan_out;
    double factor; /**< of the product: in the network (ntk) or in the weights (standard) */
    int parametrisation;
    bool has_bias;
} rni_linear_map;

/**
 * x [.., fan_in] -> factor x W + b [.., fan_out], with new parameters W [fan_in, fan_out] and b
 * [fan_out] = 0. The factor is applied to the product, so that W enters by a plain product.
 */
rn_node rni_layer_map(rn_model *model, const rni_linear_map *map, rn_node x);

/** The same map with the weight given, once more (shared weights); no bias. */
rn_node rni_layer_reuse(rn_model *model, const rni_linear_map *map, rn_node x, rn_node weight);

/** The weight of a map as a new parameter. */
rn_node rni_layer_weight(rn_model *model, const rni_linear_map *map);

/** A linear map with its parameters: made once, applied as often as needed. */
typedef struct rni_linear {
    rni_linear_map map; /**< its name is not looked at any more */
    rn_node weight;
    rn_node bias; /**< RN_NODE_NONE without */
} rni_linear;

/** A map with new parameters; rni_layer_map is this and one application. */
rni_linear rni_layer_linear(rn_model *model, const rni_linear_map *map);

/** x [.., fan_in] -> factor x W + b. */
rn_node rni_layer_apply(rn_model *model, const rni_linear *linear, rn_node x);

/** "OWNER.PART" in a buffer of RNI_NAME_SIZE; the buffer. */
#define RNI_NAME_SIZE 64
const char *rni_layer_name(const char *owner, const char *part, char *buffer);

#endif
