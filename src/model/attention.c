/*
 * Attention from batched products; softmax with its largest entry taken off behind stop-gradient,
 * which changes no value and no derivative.
 */
#include "model/attention.h"

#include <math.h>

#include "core/memory.h"

/* Added to scores that must not count: exp of it is 0 beside any score of a position's own. */
#define MASKED (-1e30)

rni_attention rni_attention_make(rn_model *model, const rni_attention_map *map)
{
    char name[RNI_NAME_SIZE];
    rni_attention attention = {.map = *map};
    rni_linear_map linear = {.name = name,
                             .fan_in = map->width,
                             .fan_out = map->width,
                             .factor = 1.0 / sqrt((double)map->width),
                             .parametrisation = map->parametrisation,
                             .has_bias = map->has_bias};
    (void)rni_layer_name(map->name, "query", name);
    attention.query = rni_layer_linear(model, &linear);
    (void)rni_layer_name(map->name, "key", name);
    attention.key = rni_layer_linear(model, &linear);
    (void)rni_layer_name(map->name, "value", name);
    attention.value = rni_layer_linear(model, &linear);
    (void)rni_layer_name(map->name, "out", name);
    linear.factor *= map->gain;
    attention.out = rni_layer_linear(model, &linear);
    return attention;
}

/* [N, T, w] -> [N, heads, T, w / heads] */
static rn_node split_heads(rn_graph *graph, const rni_attention_map *map, rn_node x)
{
    const rn_node apart = rn_graph_reshape(
        graph, x, RN_SHAPE(RN_SAMPLES, map->positions, map->heads, map->width / map->heads));
    return rn_graph_transpose(graph, apart, (const int[]){0, 2, 1, 3});
}

/* Scores [.., T, T] with MASKED above the diagonal. */
static rn_node mask_later(rn_model *model, rn_index n, rn_node scores)
{
    double *mask = rni_alloc_zero(n * n, sizeof *mask);
    if (!mask) {
        model->is_short = true;
        return scores;
    }
    for (rn_index t = 0; t < n; t++)
        for (rn_index s = t + 1; s < n; s++)
            mask[t * n + s] = MASKED;
    const rn_node constant = rn_graph_constant(model->graph, RN_SHAPE(n, n), mask);
    rni_free(mask);
    return rn_graph_add(model->graph, scores, constant);
}

static rn_node softmax(rn_graph *graph, rn_node x, int axis)
{
    const unsigned axes = 1u << (unsigned)axis;
    const rn_node top = rn_graph_stop_gradient(graph, rn_graph_max(graph, x, axes, 1));
    const rn_node e = rn_graph_exp(graph, rn_graph_subtract(graph, x, top));
    return rn_graph_divide(graph, e, rn_graph_sum(graph, e, axes, 1));
}

rn_node rni_attention_apply(rn_model *model, const rni_attention *attention, rn_node x)
{
    rn_graph *graph = model->graph;
    const rni_attention_map *map = &attention->map;
    const rn_node q = split_heads(graph, map, rni_layer_apply(model, &attention->query, x));
    const rn_node k = split_heads(graph, map, rni_layer_apply(model, &attention->key, x));
    const rn_node v = split_heads(graph, map, rni_layer_apply(model, &attention->value, x));
    const rn_index head_width = map->width / map->heads;
    const double over = 1.0 / sqrt((double)head_width);
    rn_node scores = rn_graph_scale(graph, rn_graph_matmul_ops(graph, q, 0, k, 1), over);
    if (map->is_causal) scores = mask_later(model, map->positions, scores);
    const rn_node mixed = rn_graph_matmul(graph, softmax(graph, scores, 3), v);
    const rn_node joined =
        rn_graph_reshape(graph, rn_graph_transpose(graph, mixed, (const int[]){0, 2, 1, 3}),
                         RN_SHAPE(RN_SAMPLES, map->positions, map->width));
    return rni_layer_apply(model, &attention->out, joined);
}
