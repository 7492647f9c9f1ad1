/*
 * Activations and linear maps, as graph nodes.
 */
#include "model/layer.h"

#include <math.h>
#include <stdio.h>

const char *const rni_activations[] = {"tanh",       "relu",   "gelu", "erf",
                                       "quick_gelu", "linear", "silu", NULL};
const char *const rni_parametrisations[] = {"ntk", "standard", NULL};

/* In the order of rni_activations. */
enum { TANH, RELU, GELU, ERF, QUICK_GELU, LINEAR, SILU };

/* z Phi(z) = z (1 + erf(z / sqrt 2)) / 2 */
static rn_node gelu(rn_graph *graph, rn_node z)
{
    const rn_node two_phi =
        rn_graph_shift(graph, rn_graph_erf(graph, rn_graph_scale(graph, z, sqrt(0.5))), 1.0);
    return rn_graph_scale(graph, rn_graph_multiply(graph, z, two_phi), 0.5);
}

rn_node rni_layer_activate(rn_graph *graph, int activation, rn_node z)
{
    switch (activation) {
    case TANH: return rn_graph_tanh(graph, z);
    case RELU: return rn_graph_relu(graph, z);
    case GELU: return gelu(graph, z);
    case ERF: return rn_graph_erf(graph, z);
    case QUICK_GELU:
        return rn_graph_multiply(graph, z,
                                 rn_graph_sigmoid(graph, rn_graph_scale(graph, z, 1.702)));
    case SILU: return rn_graph_multiply(graph, z, rn_graph_sigmoid(graph, z));
    default: RNI_ASSERT(activation == LINEAR); return z;
    }
}

const char *rni_layer_name(const char *owner, const char *part, char *buffer)
{
    (void)snprintf(buffer, RNI_NAME_SIZE, "%s.%s", owner, part);
    return buffer;
}

rn_node rni_layer_weight(rn_model *model, const rni_linear_map *map)
{
    char name[RNI_NAME_SIZE];
    const bool is_ntk = map->parametrisation == RNI_PARAMETRISATION_NTK;
    return rni_model_weight(model, rni_layer_name(map->name, "weight", name),
                            RN_SHAPE(map->fan_in, map->fan_out), is_ntk ? 1.0 : map->factor);
}

rn_node rni_layer_reuse(rn_model *model, const rni_linear_map *map, rn_node x, rn_node weight)
{
    const rn_node product = rn_graph_matmul(model->graph, x, weight);
    const bool is_ntk = map->parametrisation == RNI_PARAMETRISATION_NTK;
    return is_ntk ? rn_graph_scale(model->graph, product, map->factor) : product;
}

rni_linear rni_layer_linear(rn_model *model, const rni_linear_map *map)
{
    char name[RNI_NAME_SIZE];
    rni_linear linear = {.map = *map, .weight = rni_layer_weight(model, map)};
    linear.bias = map->has_bias ? rni_model_weight(model, rni_layer_name(map->name, "bias", name),
                                                   RN_SHAPE(map->fan_out), 0.0)
                                : RN_NODE_NONE;
    return linear;
}

rn_node rni_layer_apply(rn_model *model, const rni_linear *linear, rn_node x)
{
    const rn_node y = rni_layer_reuse(model, &linear->map, x, linear->weight);
    return linear->map.has_bias ? rn_graph_add(model->graph, y, linear->bias) : y;
}

rn_node rni_layer_map(rn_model *model, const rni_linear_map *map, rn_node x)
{
    const rni_linear linear = rni_layer_linear(model, map);
    return rni_layer_apply(model, &linear, x);
}
