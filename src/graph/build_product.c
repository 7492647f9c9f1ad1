/*
 * Building calls: matrix products and indexed rows.
 */
#include <string.h>

#include "core/size.h"
#include "graph/build.h"

/* Swaps the last two dimensions. */
static rn_shape transposed(rn_shape shape)
{
    const rn_index last = shape.dims[shape.rank - 1];
    shape.dims[shape.rank - 1] = shape.dims[shape.rank - 2];
    shape.dims[shape.rank - 2] = last;
    return shape;
}

/* The shape of op(A) op(B); false when they do not fit. */
static bool product_shape(rn_shape a, rn_shape b, rn_shape *out)
{
    if (a.dims[a.rank - 1] != b.dims[b.rank - 2]) return false;
    const rn_index rows = a.dims[a.rank - 2];
    const rn_index cols = b.dims[b.rank - 1];
    a.rank -= 2;
    b.rank -= 2;
    if (!rni_shape_broadcast(a, b, out)) return false;
    out->dims[out->rank++] = rows;
    out->dims[out->rank++] = cols;
    return true;
}

rn_node rn_graph_matmul_ops(rn_graph *graph, rn_node a, int transpose_a, rn_node b, int transpose_b)
{
    const rn_node inputs[2] = {a, b};
    if (!rni_graph_ready(graph, "matmul", 2, inputs)) return RN_NODE_NONE;
    rn_shape left = graph->nodes[a].shape;
    rn_shape right = graph->nodes[b].shape;
    rni_node draft = {.op = RNI_OP_MATMUL,
                      .flags = (transpose_a ? RNI_MATMUL_TRANSPOSE_A : 0)
                               | (transpose_b ? RNI_MATMUL_TRANSPOSE_B : 0)};
    bool fits = left.rank >= 2 && right.rank >= 2;
    if (fits && transpose_a) left = transposed(left);
    if (fits && transpose_b) right = transposed(right);
    fits = fits && product_shape(left, right, &draft.shape);
    if (!fits) {
        char text_a[RNI_DESCRIPTION_SIZE];
        char text_b[RNI_DESCRIPTION_SIZE];
        return rni_graph_refuse(
            graph, RN_ERR_SHAPE,
            "rn_graph_matmul: %s%s times %s%s: ranks must be >= 2, the inner dimensions equal and"
            " the leading ones equal or 1",
            rni_graph_describe(graph, a, text_a), transpose_a ? " transposed" : "",
            rni_graph_describe(graph, b, text_b), transpose_b ? " transposed" : "");
    }
    return rni_graph_append(graph, &draft, 2, inputs, false);
}

rn_node rn_graph_matmul(rn_graph *graph, rn_node a, rn_node b)
{
    return rn_graph_matmul_ops(graph, a, 0, b, 0);
}

/* ---- rows by number ------------------------------------------------------------------------- */

static bool same_leading(rn_shape a, rn_shape b, int count)
{
    if (count < 0 || a.rank < count || b.rank < count) return false;
    return count == 0 || memcmp(a.dims, b.dims, (size_t)count * sizeof a.dims[0]) == 0;
}

/* Appends dims[from .. rank-1] of `tail`; false when the rank overflows. */
static bool append_dims(rn_shape *shape, rn_shape tail, int from)
{
    for (int i = from; i < tail.rank; i++) {
        if (shape->rank >= RN_RANK_MAX) return false;
        shape->dims[shape->rank++] = tail.dims[i];
    }
    return true;
}

rn_node rn_graph_gather(rn_graph *graph, rn_node table, rn_node index, int batch)
{
    const rn_node inputs[2] = {table, index};
    if (!rni_graph_ready(graph, "gather", 2, inputs)) return RN_NODE_NONE;
    const rn_shape from = graph->nodes[table].shape;
    const rn_shape by = graph->nodes[index].shape;
    rni_node draft = {.op = RNI_OP_GATHER, .shape = by, .axis = batch};
    if (!same_leading(from, by, batch) || from.rank <= batch || from.dims[batch] < 1
        || !append_dims(&draft.shape, from, batch + 1)) {
        char text[RNI_DESCRIPTION_SIZE];
        char text_index[RNI_DESCRIPTION_SIZE];
        return rni_graph_refuse(graph, RN_ERR_SHAPE,
                                "rn_graph_gather: table %s and index %s do not share %d leading"
                                " axes followed by a row axis of the table",
                                rni_graph_describe(graph, table, text),
                                rni_graph_describe(graph, index, text_index), batch);
    }
    const bool mixes = batch == 0 && graph->nodes[table].rows != RN_ROWS_NONE;
    return rni_graph_append(graph, &draft, 2, inputs, mixes);
}

rn_node rn_graph_scatter_add(rn_graph *graph, rn_node updates, rn_node index, int batch,
                             rn_index rows)
{
    const rn_node inputs[2] = {updates, index};
    if (!rni_graph_ready(graph, "scatter_add", 2, inputs)) return RN_NODE_NONE;
    const rn_shape from = graph->nodes[updates].shape;
    const rn_shape by = graph->nodes[index].shape;
    rni_node draft = {.op = RNI_OP_SCATTER_ADD, .shape = by, .axis = batch, .sizes = {rows}};
    bool fits = rni_size_ok(rows) && batch >= 0 && batch < RN_RANK_MAX && by.rank >= batch
                && same_leading(from, by, by.rank);
    if (fits) {
        draft.shape.rank = batch;
        draft.shape.dims[draft.shape.rank++] = rows;
        fits = append_dims(&draft.shape, from, by.rank);
    }
    if (!fits) {
        char text[RNI_DESCRIPTION_SIZE];
        char text_index[RNI_DESCRIPTION_SIZE];
        return rni_graph_refuse(graph, RN_ERR_SHAPE,
                                "rn_graph_scatter_add: updates %s must begin with the axes of the"
                                " index %s, of which %d are shared, and rows %" PRId64 " be >= 1",
                                rni_graph_describe(graph, updates, text),
                                rni_graph_describe(graph, index, text_index), batch, rows);
    }
    return rni_graph_append(graph, &draft, 2, inputs, batch == 0);
}
