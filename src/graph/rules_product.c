/*
 * Derivatives of matrix products and indexed rows.
 *
 * Y = op(A) op(B). With cotangent C:  op(A)-bar = C op(B)^T,  op(B)-bar = op(A)^T C, summed over
 * the leading axes along which an operand was repeated. For a weight (B without leading axes) the
 * rows of all leading axes are joined into one long product instead of one product per sample.
 */
#include "core/size.h"
#include "graph/derive.h"

static rn_shape matrix_of(rn_shape shape)
{
    return (rn_shape){.rank = 2, .dims = {shape.dims[shape.rank - 2], shape.dims[shape.rank - 1]}};
}

/* leading axes of `of`, then the last two of `ends` */
static rn_shape with_matrix(rn_shape of, rn_shape ends)
{
    const rn_shape matrix = matrix_of(ends);
    of.dims[of.rank - 2] = matrix.dims[0];
    of.dims[of.rank - 1] = matrix.dims[1];
    return of;
}

/* [a, b, .., q] -> [a b .., q], keeping the first `n_kept` axes apart. */
static rn_node join_rows(rn_graph *graph, rn_node x, int n_kept)
{
    const rn_shape shape = rn_graph_shape(graph, x);
    if (shape.rank < 1) return RN_NODE_NONE; /* a mistake before this call */
    rn_shape joined = {.rank = n_kept + 2};
    rn_index rows = 1;
    rn_index sign = 1; /* -1 once the sample axis is among the joined ones */
    for (int i = 0; i < shape.rank - 1; i++) {
        if (i < n_kept) {
            joined.dims[i] = shape.dims[i];
            continue;
        }
        const rn_index dim = shape.dims[i];
        if (dim < 0) sign = -1;
        if (!rni_size_mul(rows, dim < 0 ? -dim : dim, &rows)) rows = 0; /* refused by reshape */
    }
    joined.dims[n_kept] = sign * rows;
    joined.dims[n_kept + 1] = shape.dims[shape.rank - 1];
    return rn_graph_reshape(graph, x, joined);
}

/* Moves the cotangents' own axis of [N, K, ..] to the front. */
static rn_node vectors_first(rn_graph *graph, rn_node cotangent)
{
    const int rank = rn_graph_shape(graph, cotangent).rank;
    int order[RN_RANK_MAX] = {1, 0};
    for (int i = 2; i < rank; i++)
        order[i] = i;
    return rn_graph_transpose(graph, cotangent, order);
}

/* B-bar for B without leading axes and A not transposed: one product over all rows. */
static rn_node vjp_weight(const rni_reverse *r, const rni_node *node, rn_node cotangent)
{
    rn_graph *graph = r->graph;
    const rn_node rows = join_rows(graph, node->inputs[0], 0);
    rn_node c = cotangent;
    if (r->is_lifted && rni_shape_has_samples(node->shape)) c = vectors_first(graph, c);
    c = join_rows(graph, c, r->is_lifted ? 1 : 0);
    if (node->flags & RNI_MATMUL_TRANSPOSE_B) return rn_graph_matmul_ops(graph, c, 1, rows, 0);
    return rn_graph_matmul_ops(graph, rows, 1, c, 0);
}

static rn_node vjp_left(const rni_reverse *r, const rni_node *node, rn_node cotangent)
{
    const int ta = (node->flags & RNI_MATMUL_TRANSPOSE_A) != 0;
    const int tb = (node->flags & RNI_MATMUL_TRANSPOSE_B) != 0;
    const rn_node b = rni_lift(r, node->inputs[1]);
    const rn_node part = ta ? rn_graph_matmul_ops(r->graph, b, tb, cotangent, 1)
                            : rn_graph_matmul_ops(r->graph, cotangent, 0, b, !tb);
    const rn_shape a = rn_graph_shape(r->graph, node->inputs[0]);
    return rni_reduce_to(r, part, with_matrix(node->shape, a), a);
}

static rn_node vjp_right(const rni_reverse *r, const rni_node *node, rn_node cotangent)
{
    const int ta = (node->flags & RNI_MATMUL_TRANSPOSE_A) != 0;
    const int tb = (node->flags & RNI_MATMUL_TRANSPOSE_B) != 0;
    const rn_shape b = rn_graph_shape(r->graph, node->inputs[1]);
    if (b.rank == 2 && !ta) return vjp_weight(r, node, cotangent);
    const rn_node a = rni_lift(r, node->inputs[0]);
    const rn_node part = tb ? rn_graph_matmul_ops(r->graph, cotangent, 1, a, ta)
                            : rn_graph_matmul_ops(r->graph, a, !ta, cotangent, 0);
    return rni_reduce_to(r, part, with_matrix(node->shape, b), b);
}

static rn_node vjp_matmul(const rni_reverse *r, const rni_node *node, rn_node y, rn_node cotangent,
                          int input)
{
    (void)y;
    return input == 0 ? vjp_left(r, node, cotangent) : vjp_right(r, node, cotangent);
}

static rn_node jvp_matmul(rn_graph *graph, const rni_node *node, rn_node y, const rn_node *tangents)
{
    (void)y;
    const int ta = (node->flags & RNI_MATMUL_TRANSPOSE_A) != 0;
    const int tb = (node->flags & RNI_MATMUL_TRANSPOSE_B) != 0;
    rn_node first = RN_NODE_NONE;
    rn_node second = RN_NODE_NONE;
    if (tangents[0] != RN_NODE_NONE)
        first = rn_graph_matmul_ops(graph, tangents[0], ta, node->inputs[1], tb);
    if (tangents[1] != RN_NODE_NONE)
        second = rn_graph_matmul_ops(graph, node->inputs[0], ta, tangents[1], tb);
    return rni_add_or_none(graph, first, second);
}

/* ---- rows by number ----------------------------------------------------------------------------
 */

/* The index repeated along the cotangents' own axis, and the batch count that goes with it. */
static rn_node lifted_index(const rni_reverse *r, rn_node index, bool vectors_in_front, int *batch)
{
    if (!r->is_lifted) return index;
    rn_graph *graph = r->graph;
    const rn_shape shape = rn_graph_shape(graph, index);
    rn_shape wanted = rni_lifted_shape(r, shape);
    rn_node lifted = rni_lift(r, index);
    if (vectors_in_front) {
        wanted = (rn_shape){.rank = shape.rank + 1, .dims = {r->n_vectors}};
        for (int i = 0; i < shape.rank && i + 1 < RN_RANK_MAX; i++)
            wanted.dims[i + 1] = shape.dims[i];
        lifted = index;
    }
    (*batch)++;
    return rn_graph_broadcast(graph, lifted, wanted);
}

static rn_node vjp_gather(const rni_reverse *r, const rni_node *node, rn_node y, rn_node cotangent,
                          int input)
{
    (void)y;
    if (input == 1) return RN_NODE_NONE; /* row numbers have no derivative */
    rn_graph *graph = r->graph;
    const rn_shape table = rn_graph_shape(graph, node->inputs[0]);
    int batch = node->axis;
    /* A table without sample axis, read by samples: its cotangent sums over them, K in front. */
    const bool sums_samples =
        r->is_lifted && rni_shape_has_samples(node->shape) && !rni_shape_has_samples(table);
    if (sums_samples) cotangent = vectors_first(graph, cotangent);
    const rn_node index = lifted_index(r, node->inputs[1], sums_samples, &batch);
    return rn_graph_scatter_add(graph, cotangent, index, batch, table.dims[node->axis]);
}

static rn_node jvp_gather(rn_graph *graph, const rni_node *node, rn_node y, const rn_node *tangents)
{
    (void)y;
    if (tangents[0] == RN_NODE_NONE) return RN_NODE_NONE;
    return rn_graph_gather(graph, tangents[0], node->inputs[1], node->axis);
}

static rn_node vjp_scatter_add(const rni_reverse *r, const rni_node *node, rn_node y,
                               rn_node cotangent, int input)
{
    (void)y;
    if (input == 1) return RN_NODE_NONE;
    int batch = node->axis;
    const rn_node index = lifted_index(r, node->inputs[1], false, &batch);
    return rn_graph_gather(r->graph, cotangent, index, batch);
}

static rn_node jvp_scatter_add(rn_graph *graph, const rni_node *node, rn_node y,
                               const rn_node *tangents)
{
    (void)y;
    if (tangents[0] == RN_NODE_NONE) return RN_NODE_NONE;
    return rn_graph_scatter_add(graph, tangents[0], node->inputs[1], node->axis, node->sizes[0]);
}

const rni_rule rni_rules_product[RNI_OP_COUNT] = {
    [RNI_OP_MATMUL] = {.is_smooth = true, .vjp = vjp_matmul, .jvp = jvp_matmul},
    [RNI_OP_GATHER] = {.is_smooth = true, .vjp = vjp_gather, .jvp = jvp_gather},
    [RNI_OP_SCATTER_ADD] = {.is_smooth = true, .vjp = vjp_scatter_add, .jvp = jvp_scatter_add},
};
