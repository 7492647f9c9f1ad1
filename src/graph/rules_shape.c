/*
 * Derivatives of reductions, views and placements. All but max are linear: the forward rule is
 * the operation itself on the tangent, the reverse rule its transpose.
 */
#include "core/memory.h"
#include "graph/derive.h"

static rn_shape input_shape(const rn_graph *graph, const rni_node *node)
{
    return rn_graph_shape(graph, node->inputs[0]);
}

/* ---- sum and max ------------------------------------------------------------------------------
 */

/* The cotangent of a reduction, repeated over the axes that were reduced. */
static rn_node spread(const rni_reverse *r, const rni_node *node, rn_node cotangent)
{
    const rn_shape from = input_shape(r->graph, node);
    const rn_shape kept = rni_shape_without(from, node->axes, true);
    const rn_node column = rn_graph_reshape(r->graph, cotangent, rni_lifted_shape(r, kept));
    return rn_graph_broadcast(r->graph, column, rni_lifted_shape(r, from));
}

static rn_node vjp_sum(const rni_reverse *r, const rni_node *node, rn_node y, rn_node cotangent,
                       int input)
{
    (void)y, (void)input;
    return spread(r, node, cotangent);
}

static rn_node jvp_sum(rn_graph *graph, const rni_node *node, rn_node y, const rn_node *tangents)
{
    (void)y;
    return rn_graph_sum(graph, tangents[0], node->axes, (node->flags & RNI_REDUCE_KEEP) != 0);
}

/* Share of each entry in its maximum: 1 at a single maximum, 1/k at k equal ones, 0 elsewhere. */
static rn_node shares(rn_graph *graph, const rni_node *node, rn_node y)
{
    const rn_shape kept = rni_shape_without(input_shape(graph, node), node->axes, true);
    const rn_node mask = rn_graph_equal(graph, node->inputs[0], rn_graph_reshape(graph, y, kept));
    return rn_graph_divide(graph, mask, rn_graph_sum(graph, mask, node->axes, 1));
}

static rn_node vjp_max(const rni_reverse *r, const rni_node *node, rn_node y, rn_node cotangent,
                       int input)
{
    (void)input;
    const rn_node share = rni_lift(r, shares(r->graph, node, y));
    return rn_graph_multiply(r->graph, spread(r, node, cotangent), share);
}

static rn_node jvp_max(rn_graph *graph, const rni_node *node, rn_node y, const rn_node *tangents)
{
    const rn_node weighted = rn_graph_multiply(graph, tangents[0], shares(graph, node, y));
    return rn_graph_sum(graph, weighted, node->axes, (node->flags & RNI_REDUCE_KEEP) != 0);
}

/* ---- broadcast, reshape, transpose --------------------------------------------------------------
 */

static rn_node vjp_broadcast(const rni_reverse *r, const rni_node *node, rn_node y,
                             rn_node cotangent, int input)
{
    (void)y, (void)input;
    return rni_reduce_to(r, cotangent, node->shape, input_shape(r->graph, node));
}

static rn_node jvp_broadcast(rn_graph *graph, const rni_node *node, rn_node y,
                             const rn_node *tangents)
{
    (void)y;
    return rn_graph_broadcast(graph, tangents[0], node->shape);
}

static rn_node vjp_reshape(const rni_reverse *r, const rni_node *node, rn_node y, rn_node cotangent,
                           int input)
{
    (void)y, (void)input;
    return rn_graph_reshape(r->graph, cotangent, rni_lifted_shape(r, input_shape(r->graph, node)));
}

static rn_node jvp_reshape(rn_graph *graph, const rni_node *node, rn_node y,
                           const rn_node *tangents)
{
    (void)y;
    return rn_graph_reshape(graph, tangents[0], node->shape);
}

static rn_node vjp_transpose(const rni_reverse *r, const rni_node *node, rn_node y,
                             rn_node cotangent, int input)
{
    (void)y, (void)input;
    const rn_shape from = input_shape(r->graph, node);
    const int rank = node->shape.rank;
    int order[RN_RANK_MAX + 1] = {0};
    if (r->is_lifted) { /* the axis of the cotangents stays where lifting puts it */
        const int at = rni_shape_has_samples(from) ? 1 : 0;
        order[at] = rni_shape_has_samples(node->shape) ? 1 : 0;
    }
    for (int i = 0; i < rank; i++) /* axis i of the result is axis sizes[i] of the input */
        order[rni_lifted_axis(r, from, (int)node->sizes[i])] = rni_lifted_axis(r, node->shape, i);
    return rn_graph_transpose(r->graph, cotangent, order);
}

static rn_node jvp_transpose(rn_graph *graph, const rni_node *node, rn_node y,
                             const rn_node *tangents)
{
    (void)y;
    int order[RN_RANK_MAX] = {0};
    for (int i = 0; i < node->shape.rank; i++)
        order[i] = (int)node->sizes[i];
    return rn_graph_transpose(graph, tangents[0], order);
}

/* ---- slice and embed, unfold and fold, concat
 * ---------------------------------------------------- */

static rn_node vjp_slice(const rni_reverse *r, const rni_node *node, rn_node y, rn_node cotangent,
                         int input)
{
    (void)y, (void)input;
    const rn_shape from = input_shape(r->graph, node);
    return rn_graph_embed(r->graph, cotangent, rni_lifted_axis(r, from, node->axis), node->sizes[0],
                          node->sizes[2], from.dims[node->axis]);
}

static rn_node jvp_slice(rn_graph *graph, const rni_node *node, rn_node y, const rn_node *tangents)
{
    (void)y;
    return rn_graph_slice(graph, tangents[0], node->axis, node->sizes[0], node->sizes[1],
                          node->sizes[2]);
}

static rn_node vjp_embed(const rni_reverse *r, const rni_node *node, rn_node y, rn_node cotangent,
                         int input)
{
    (void)y, (void)input;
    const rn_shape from = input_shape(r->graph, node);
    return rn_graph_slice(r->graph, cotangent, rni_lifted_axis(r, from, node->axis), node->sizes[0],
                          from.dims[node->axis], node->sizes[1]);
}

static rn_node jvp_embed(rn_graph *graph, const rni_node *node, rn_node y, const rn_node *tangents)
{
    (void)y;
    return rn_graph_embed(graph, tangents[0], node->axis, node->sizes[0], node->sizes[1],
                          node->sizes[2]);
}

static rn_node vjp_unfold(const rni_reverse *r, const rni_node *node, rn_node y, rn_node cotangent,
                          int input)
{
    (void)y, (void)input;
    const rn_shape from = input_shape(r->graph, node);
    return rn_graph_fold(r->graph, cotangent, rni_lifted_axis(r, from, node->axis), node->sizes[1],
                         node->sizes[2], from.dims[node->axis]);
}

static rn_node jvp_unfold(rn_graph *graph, const rni_node *node, rn_node y, const rn_node *tangents)
{
    (void)y;
    return rn_graph_unfold(graph, tangents[0], node->axis, node->sizes[0], node->sizes[1],
                           node->sizes[2]);
}

static rn_node vjp_fold(const rni_reverse *r, const rni_node *node, rn_node y, rn_node cotangent,
                        int input)
{
    (void)y, (void)input;
    const rn_shape from = input_shape(r->graph, node);
    return rn_graph_unfold(r->graph, cotangent, rni_lifted_axis(r, from, node->axis),
                           from.dims[node->axis + 1], node->sizes[0], node->sizes[1]);
}

static rn_node jvp_fold(rn_graph *graph, const rni_node *node, rn_node y, const rn_node *tangents)
{
    (void)y;
    return rn_graph_fold(graph, tangents[0], node->axis, node->sizes[0], node->sizes[1],
                         node->sizes[2]);
}

static rn_node vjp_concat(const rni_reverse *r, const rni_node *node, rn_node y, rn_node cotangent,
                          int input)
{
    (void)y;
    rn_index start = 0;
    for (int k = 0; k < input; k++)
        start += rn_graph_shape(r->graph, node->inputs[k]).dims[node->axis];
    const rn_shape part = rn_graph_shape(r->graph, node->inputs[input]);
    return rn_graph_slice(r->graph, cotangent, rni_lifted_axis(r, part, node->axis), start,
                          part.dims[node->axis], 1);
}

static rn_node jvp_concat(rn_graph *graph, const rni_node *node, rn_node y, const rn_node *tangents)
{
    (void)y;
    rn_node *parts = rni_alloc(node->n_inputs, sizeof *parts);
    if (!parts)
        return rni_graph_refuse(graph, RN_ERR_MEMORY, "rn_graph_jvp: no memory for %d parts",
                                node->n_inputs);
    for (int k = 0; k < node->n_inputs; k++) {
        const rn_shape shape = rn_graph_shape(graph, node->inputs[k]);
        parts[k] = tangents[k] != RN_NODE_NONE
                       ? tangents[k]
                       : rn_graph_broadcast(graph, rn_graph_scalar(graph, 0.0), shape);
    }
    const rn_node result = rn_graph_concat(graph, node->n_inputs, parts, node->axis);
    rni_free(parts);
    return result;
}

/* STOP_GRADIENT has derivative zero by definition, and nothing behind it counts as a kink. */
const rni_rule rni_rules_shape[RNI_OP_COUNT] = {
    [RNI_OP_STOP_GRADIENT] = {.is_smooth = true},
    [RNI_OP_SUM] = {.is_smooth = true, .vjp = vjp_sum, .jvp = jvp_sum},
    [RNI_OP_MAX] = {.vjp = vjp_max, .jvp = jvp_max},
    [RNI_OP_BROADCAST] = {.is_smooth = true, .vjp = vjp_broadcast, .jvp = jvp_broadcast},
    [RNI_OP_RESHAPE] = {.is_smooth = true, .vjp = vjp_reshape, .jvp = jvp_reshape},
    [RNI_OP_TRANSPOSE] = {.is_smooth = true, .vjp = vjp_transpose, .jvp = jvp_transpose},
    [RNI_OP_SLICE] = {.is_smooth = true, .vjp = vjp_slice, .jvp = jvp_slice},
    [RNI_OP_EMBED] = {.is_smooth = true, .vjp = vjp_embed, .jvp = jvp_embed},
    [RNI_OP_CONCAT] = {.is_smooth = true, .vjp = vjp_concat, .jvp = jvp_concat},
    [RNI_OP_UNFOLD] = {.is_smooth = true, .vjp = vjp_unfold, .jvp = jvp_unfold},
    [RNI_OP_FOLD] = {.is_smooth = true, .vjp = vjp_fold, .jvp = jvp_fold},
};
