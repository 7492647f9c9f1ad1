/*
 * Layer norm (Ba, Kiros and Hinton, arXiv 1607.06450), RMS norm (Zhang and Sennrich, arXiv
 * 1910.07467), group norm (Wu and He, arXiv 1803.08494) and batch norm (Ioffe and Szegedy, arXiv
 * 1502.03167) from graph nodes. Gains and offsets
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

/* N, known to the graph at execution only. */
static rn_node count_samples(rn_graph *graph)
{
    const rn_node ones =
        rn_graph_broadcast(graph, rn_graph_scalar(graph, 1.0), RN_SHAPE(RN_SAMPLES));
    return rn_graph_sum(graph, ones, 1u, 0);
}

/* `count` numbers lie in the axes, times N where the sample axis is one of them. */
static rn_node mean_over(rn_graph *graph, rn_node x, unsigned axes, rn_index count)
{
    const rn_node mean =
        rn_graph_scale(graph, rn_graph_sum(graph, x, axes, 1), 1.0 / (double)count);
    return axes & 1u ? rn_graph_divide(graph, mean, count_samples(graph)) : mean;
}

static rn_node divide_by_root(rn_graph *graph, rn_node x, rn_node square, double epsilon)
{
    const rn_node over = rn_graph_power(graph, rn_graph_shift(graph, square, epsilon), -0.5);
    return rn_graph_multiply(graph, x, over);
}

/* x (less its mean, if asked) over the root of its mean square + epsilon. */
static rn_node normalise(rn_graph *graph, rn_node x, unsigned axes, rn_index count, bool centres,
                         double epsilon)
{
    const rn_node centred =
        centres ? rn_graph_subtract(graph, x, mean_over(graph, x, axes, count)) : x;
    const rn_node square = mean_over(graph, rn_graph_power(graph, centred, 2.0), axes, count);
    return divide_by_root(graph, centred, square, epsilon);
}

static rn_index count_positions(rn_shape shape)
{
    rn_index positions = 1;
    for (int axis = 1; axis < shape.rank - 1; axis++)
        positions *= shape.dims[axis];
    return positions;
}

static unsigned all_but_last(rn_shape shape)
{
    return (1u << (unsigned)(shape.rank - 1)) - 1u;
}

static rn_node normalise_batch(rn_graph *graph, const rni_norm_map *map, rn_node x)
{
    const rn_shape shape = rn_graph_shape(graph, x);
    return normalise(graph, x, all_but_last(shape), count_positions(shape), true, map->epsilon);
}

static rn_node add_statistic(rn_model *model, const rni_norm_map *map, const char *part,
                             double value, rn_node batch)
{
    char name[RNI_NAME_SIZE];
    const rn_shape shape = RN_SHAPE(map->width);
    return rni_model_statistic(model, rni_layer_name(map->name, part, name), shape, value, batch,
                               map->rate);
}

/* Built first from the samples given, whose statistics the running ones follow, then from those. */
static rn_node normalise_running(rn_model *model, const rni_norm_map *map, rn_node x)
{
    rn_graph *graph = model->graph;
    rn_node mean = RN_NODE_NONE;
    rn_node variance = RN_NODE_NONE;
    if (!model->is_again) {
        const rn_shape shape = rn_graph_shape(graph, x);
        const unsigned axes = all_but_last(shape);
        const rn_index count = count_positions(shape);
        mean = mean_over(graph, x, axes, count);
        const rn_node square = rn_graph_power(graph, rn_graph_subtract(graph, x, mean), 2.0);
        variance = mean_over(graph, square, axes, count);
        mean = rn_graph_reshape(graph, mean, RN_SHAPE(map->width));
        variance = rn_graph_reshape(graph, variance, RN_SHAPE(map->width));
    }
    const rn_node running_mean = add_statistic(model, map, "mean", 0.0, mean);
    const rn_node running_variance = add_statistic(model, map, "variance", 1.0, variance);
    if (model->is_again) {
        mean = running_mean;
        variance = running_variance;
    }
    return divide_by_root(graph, rn_graph_subtract(graph, x, mean), variance, map->epsilon);
}

/* [N, .., width] by way of [N, positions, groups, width / groups] */
static rn_node normalise_groups(rn_graph *graph, const rni_norm_map *map, rn_node x)
{
    const rn_shape shape = rn_graph_shape(graph, x);
    const rn_index positions = count_positions(shape);
    const rn_index members = map->width / map->groups;
    const rn_node apart =
        rn_graph_reshape(graph, x, RN_SHAPE(RN_SAMPLES, positions, map->groups, members));
    const rn_node y =
        normalise(graph, apart, 1u << 1 | 1u << 3, positions * members, true, map->epsilon);
    return rn_graph_reshape(graph, y, shape);
}

static rn_node normalise_kind(rn_model *model, const rni_norm_map *map, rn_node x)
{
    rn_graph *graph = model->graph;
    const unsigned last = 1u << (unsigned)(rn_graph_shape(graph, x).rank - 1);
    switch (map->kind) {
    case RNI_NORM_NONE: break;
    case RNI_NORM_LAST: return normalise(graph, x, last, map->width, true, map->epsilon);
    case RNI_NORM_RMS: return normalise(graph, x, last, map->width, false, map->epsilon);
    case RNI_NORM_GROUP: return normalise_groups(graph, map, x);
    case RNI_NORM_BATCH: return normalise_batch(graph, map, x);
    case RNI_NORM_RUNNING: return normalise_running(model, map, x);
    }
    return x;
}

rn_node rni_norm_apply(rn_model *model, const rni_norm *norm, rn_node x)
{
    rn_graph *graph = model->graph;
    const rni_norm_map *map = &norm->map;
    if (map->kind == RNI_NORM_NONE || x == RN_NODE_NONE) return x;
    const rn_node y = normalise_kind(model, map, x);
    const rn_node scaled = rn_graph_multiply(graph, y, norm->gain);
    return map->kind == RNI_NORM_RMS ? scaled : rn_graph_add(graph, scaled, norm->offset);
}
