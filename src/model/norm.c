/*
 * Layer norm (Ba, Kiros and Hinton, arXiv 1607.06450), RMS norm (Zhang and Sennrich, arXiv
 * 1910.07467) and group norm (Wu and He, arXiv 1803.08494) from graph nodes. Gains and offsets
 * enter by a plain product and sum, so that the kernel sees scales and biases.
 */
#include "model/norm.h"

rni_norm rni_norm_make(rn_model *model, const rni_norm_map *map)
{
    char name[RNI_NAME_SIZE];
    rni_norm norm = {.map = *map, .gain = RN_NODE_NONE, .offset = RN_NODE_NONE};
    if (map->kind == RNI_NORM_NONE) return norm;
    norm.gain = rni_model_weight_of(model, rni_layer_name(map->name, "gain", name),
                                    RN_SHAPE(map->width), 1.0);
    if (map->kind != RNI_NORM_RMS)
        norm.offset = rni_model_weight(model, rni_layer_name(map->name, "offset", name),
                                       RN_SHAPE(map->width), 0.0);
    return norm;
}

static rn_node mean_over(rn_graph *graph, rn_node x, unsigned axes, rn_index count)
{
    return rn_graph_scale(graph, rn_graph_sum(graph, x, axes, 1), 1.0 / (double)count);
}

/* x (less its mean, if asked) over the root of its mean square + epsilon; `count` numbers lie in
   the axes. */
static rn_node normalise(rn_graph *graph, rn_node x, unsigned axes, rn_index count, bool centres,
                         double epsilon)
{
    const rn_node centred =
        centres ? rn_graph_subtract(graph, x, mean_over(graph, x, axes, count)) : x;
    const rn_node square = mean_over(graph, rn_graph_power(graph, centred, 2.0), axes, count);
    const rn_node over = rn_graph_power(graph, rn_graph_shift(graph, square, epsilon), -0.5);
    return rn_graph_multiply(graph, centred, over);
}

/* [N, .., width] by way of [N, positions, groups, width / groups] */
static rn_node normalise_groups(rn_graph *graph, const rni_norm_map *map, rn_node x)
{
    const rn_shape shape = rn_graph_shape(graph, x);
    rn_index positions = 1;
    for (int axis = 1; axis < shape.rank - 1; axis++)
        positions *= shape.dims[axis];
    const rn_index members = map->width / map->groups;
    const rn_node apart =
        rn_graph_reshape(graph, x, RN_SHAPE(RN_SAMPLES, positions, map->groups, members));
    const rn_node y =
        normalise(graph, apart, 1u << 1 | 1u << 3, positions * members, true, map->epsilon);
    return rn_graph_reshape(graph, y, shape);
}

rn_node rni_norm_apply(rn_model *model, const rni_norm *norm, rn_node x)
{
    rn_graph *graph = model->graph;
    const rni_norm_map *map = &norm->map;
    if (map->kind == RNI_NORM_NONE || x == RN_NODE_NONE) return x;
    const int last = rn_graph_shape(graph, x).rank - 1;
    const rn_node y = map->kind == RNI_NORM_GROUP
                          ? normalise_groups(graph, map, x)
                          : normalise(graph, x, 1u << (unsigned)last, map->width,
                                      map->kind != RNI_NORM_RMS, map->epsilon);
    const rn_node scaled = rn_graph_multiply(graph, y, norm->gain);
    return map->kind == RNI_NORM_RMS ? scaled : rn_graph_add(graph, scaled, norm->offset);
}
