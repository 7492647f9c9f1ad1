/*
 * Building calls: reductions and everything that only moves numbers.
 */
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "graph/build.h"

/* Refuses an axis outside the shape, or a symbolic one where single entries are addressed. */
static bool axis_suits(rn_graph *graph, const char *call, rn_node x, int axis)
{
    const rn_shape shape = graph->nodes[x].shape;
    char text[RNI_DESCRIPTION_SIZE];
    if (axis < 0 || axis >= shape.rank) {
        (void)rni_graph_refuse(graph, RN_ERR_ARGUMENT, "rn_graph_%s: axis %d of %s does not exist",
                               call, axis, rni_graph_describe(graph, x, text));
        return false;
    }
    if (shape.dims[axis] < 0) {
        (void)rni_graph_refuse(graph, RN_ERR_SHAPE,
                               "rn_graph_%s: axis %d of %s is the sample axis; samples cannot be"
                               " addressed one by one",
                               call, axis, rni_graph_describe(graph, x, text));
        return false;
    }
    return true;
}

/* ---- reductions ---------------------------------------------------------------------------- */

static rn_node append_reduction(rn_graph *graph, rni_op op, rn_node x, unsigned axes, int keep)
{
    if (!rni_graph_ready(graph, rni_op_name(op), 1, &x)) return RN_NODE_NONE;
    const rn_shape shape = graph->nodes[x].shape;
    if (axes >> shape.rank != 0) {
        char text[RNI_DESCRIPTION_SIZE];
        return rni_graph_refuse(graph, RN_ERR_ARGUMENT, "rn_graph_%s: axes 0x%x of %s do not exist",
                                rni_op_name(op), axes, rni_graph_describe(graph, x, text));
    }
    if (axes == 0) return x;
    const rni_node draft = {.op = op,
                            .shape = rni_shape_without(shape, axes, keep != 0),
                            .axes = axes,
                            .flags = keep ? RNI_REDUCE_KEEP : 0};
    return rni_graph_append(graph, &draft, 1, &x, false);
}

rn_node rn_graph_sum(rn_graph *graph, rn_node x, unsigned axes, int keep)
{
    return append_reduction(graph, RNI_OP_SUM, x, axes, keep);
}

rn_node rn_graph_max(rn_graph *graph, rn_node x, unsigned axes, int keep)
{
    return append_reduction(graph, RNI_OP_MAX, x, axes, keep);
}

/* ---- other ways to index the same numbers ---------------------------------------------------- */

rn_node rn_graph_broadcast(rn_graph *graph, rn_node x, rn_shape shape)
{
    if (!rni_graph_ready(graph, "broadcast", 1, &x)) return RN_NODE_NONE;
    rn_shape joined;
    const rn_shape from = graph->nodes[x].shape;
    if (!rni_shape_ok(shape) || !rni_shape_broadcast(from, shape, &joined)
        || !rni_shape_equal(joined, shape)) {
        char text[RNI_DESCRIPTION_SIZE];
        char wanted[RNI_DESCRIPTION_SIZE];
        return rni_graph_refuse(graph, RN_ERR_SHAPE, "rn_graph_broadcast: %s does not repeat to %s",
                                rni_graph_describe(graph, x, text),
                                rni_shape_describe(shape, wanted));
    }
    if (rni_shape_equal(from, shape)) return x;
    const rni_node draft = {.op = RNI_OP_BROADCAST, .shape = shape};
    return rni_graph_append(graph, &draft, 1, &x, false);
}

rn_node rn_graph_reshape(rn_graph *graph, rn_node x, rn_shape shape)
{
    if (!rni_graph_ready(graph, "reshape", 1, &x)) return RN_NODE_NONE;
    rn_index entries_from = 0;
    rn_index entries_to = 0;
    int power_from = 0;
    int power_to = 0;
    const rn_shape from = graph->nodes[x].shape;
    if (!rni_shape_ok(shape) || !rni_shape_entries(from, &entries_from, &power_from)
        || !rni_shape_entries(shape, &entries_to, &power_to) || entries_from != entries_to
        || power_from != power_to) {
        char text[RNI_DESCRIPTION_SIZE];
        char wanted[RNI_DESCRIPTION_SIZE];
        return rni_graph_refuse(
            graph, RN_ERR_SHAPE, "rn_graph_reshape: %s does not have the number of entries of %s",
            rni_graph_describe(graph, x, text), rni_shape_describe(shape, wanted));
    }
    if (rni_shape_equal(from, shape)) return x;
    const bool sees_through = graph->nodes[x].op == RNI_OP_RESHAPE && !graph->nodes[x].is_pinned;
    const rn_node base = sees_through ? graph->nodes[x].inputs[0] : x;
    if (base != x && graph->nodes[base].rows == graph->nodes[x].rows)
        return rn_graph_reshape(graph, base, shape);
    const rni_node draft = {.op = RNI_OP_RESHAPE, .shape = shape};
    return rni_graph_append(graph, &draft, 1, &x, false);
}

/* True when order is a permutation of 0 .. rank-1; *is_identity says whether it moves nothing. */
static bool is_permutation(int rank, const int *order, bool *is_identity)
{
    unsigned seen = 0;
    *is_identity = true;
    for (int i = 0; i < rank; i++) {
        if (order[i] < 0 || order[i] >= rank || (seen >> order[i]) & 1u) return false;
        seen |= 1u << order[i];
        if (order[i] != i) *is_identity = false;
    }
    return true;
}

rn_node rn_graph_transpose(rn_graph *graph, rn_node x, const int *order)
{
    if (!rni_graph_ready(graph, "transpose", 1, &x)) return RN_NODE_NONE;
    const rn_shape from = graph->nodes[x].shape;
    bool is_identity = false;
    if (!order || !is_permutation(from.rank, order, &is_identity)) {
        char text[RNI_DESCRIPTION_SIZE];
        return rni_graph_refuse(graph, RN_ERR_ARGUMENT,
                                "rn_graph_transpose: order is no permutation of the axes of %s",
                                rni_graph_describe(graph, x, text));
    }
    if (is_identity) return x;
    rni_node draft = {.op = RNI_OP_TRANSPOSE, .shape = {.rank = from.rank}};
    for (int i = 0; i < from.rank; i++) {
        draft.sizes[i] = order[i];
        draft.shape.dims[i] = from.dims[order[i]];
    }
    return rni_graph_append(graph, &draft, 1, &x, false);
}

rn_node rn_graph_slice(rn_graph *graph, rn_node x, int axis, rn_index start, rn_index count,
                       rn_index step)
{
    if (!rni_graph_ready(graph, "slice", 1, &x) || !axis_suits(graph, "slice", x, axis))
        return RN_NODE_NONE;
    const rn_shape from = graph->nodes[x].shape;
    if (start < 0 || count < 1 || step < 1 || start >= from.dims[axis]
        || (count - 1) > (from.dims[axis] - 1 - start) / step) {
        char text[RNI_DESCRIPTION_SIZE];
        return rni_graph_refuse(graph, RN_ERR_SHAPE,
                                "rn_graph_slice: %" PRId64 " entries from %" PRId64
                                " in steps of %" PRId64 " leave axis %d of %s",
                                count, start, step, axis, rni_graph_describe(graph, x, text));
    }
    if (count == from.dims[axis]) return x;
    rni_node draft = {
        .op = RNI_OP_SLICE, .shape = from, .axis = axis, .sizes = {start, count, step}};
    draft.shape.dims[axis] = count;
    return rni_graph_append(graph, &draft, 1, &x, false);
}

rn_node rn_graph_unfold(rn_graph *graph, rn_node x, int axis, rn_index window, rn_index stride,
                        rn_index dilation)
{
    if (!rni_graph_ready(graph, "unfold", 1, &x) || !axis_suits(graph, "unfold", x, axis))
        return RN_NODE_NONE;
    const rn_shape from = graph->nodes[x].shape;
    const rn_index length = from.dims[axis];
    if (window < 1 || stride < 1 || dilation < 1 || from.rank >= RN_RANK_MAX
        || (window - 1) > (length - 1) / dilation) {
        char text[RNI_DESCRIPTION_SIZE];
        return rni_graph_refuse(graph, RN_ERR_SHAPE,
                                "rn_graph_unfold: a window of %" PRId64 " with dilation %" PRId64
                                " and stride %" PRId64 " does not fit axis %d of %s",
                                window, dilation, stride, axis, rni_graph_describe(graph, x, text));
    }
    rni_node draft = {.op = RNI_OP_UNFOLD,
                      .shape = {.rank = from.rank + 1},
                      .axis = axis,
                      .sizes = {window, stride, dilation}};
    for (int i = 0; i < from.rank; i++)
        draft.shape.dims[i < axis ? i : i + 1] = from.dims[i];
    draft.shape.dims[axis] = (length - (window - 1) * dilation - 1) / stride + 1;
    draft.shape.dims[axis + 1] = window;
    return rni_graph_append(graph, &draft, 1, &x, false);
}

/* ---- placing numbers into a larger result ---------------------------------------------------- */

rn_node rn_graph_embed(rn_graph *graph, rn_node x, int axis, rn_index start, rn_index step,
                       rn_index length)
{
    if (!rni_graph_ready(graph, "embed", 1, &x) || !axis_suits(graph, "embed", x, axis))
        return RN_NODE_NONE;
    const rn_shape from = graph->nodes[x].shape;
    if (start < 0 || step < 1 || length < 1 || length > RN_SIZE_MAX || start >= length
        || (from.dims[axis] - 1) > (length - 1 - start) / step) {
        char text[RNI_DESCRIPTION_SIZE];
        return rni_graph_refuse(graph, RN_ERR_SHAPE,
                                "rn_graph_embed: axis %d of %s, from %" PRId64
                                " in steps of %" PRId64 ", leaves a length of %" PRId64,
                                axis, rni_graph_describe(graph, x, text), start, step, length);
    }
    if (length == from.dims[axis]) return x;
    rni_node draft = {
        .op = RNI_OP_EMBED, .shape = from, .axis = axis, .sizes = {start, step, length}};
    draft.shape.dims[axis] = length;
    return rni_graph_append(graph, &draft, 1, &x, false);
}

rn_node rn_graph_pad(rn_graph *graph, rn_node x, int axis, rn_index before, rn_index after)
{
    if (!rni_graph_ready(graph, "pad", 1, &x) || !axis_suits(graph, "pad", x, axis))
        return RN_NODE_NONE;
    if (before < 0 || after < 0 || before > RN_SIZE_MAX || after > RN_SIZE_MAX)
        return rni_graph_refuse(graph, RN_ERR_ARGUMENT, "rn_graph_pad: negative or absurd padding");
    return rn_graph_embed(graph, x, axis, before, 1,
                          before + graph->nodes[x].shape.dims[axis] + after);
}

rn_node rn_graph_concat(rn_graph *graph, rn_index n, const rn_node *parts, int axis)
{
    if (!graph || n < 1 || n > INT16_MAX || !parts) {
        if (graph)
            return rni_graph_refuse(graph, RN_ERR_ARGUMENT, "rn_graph_concat: 1 .. %d parts needed",
                                    INT16_MAX);
        return RN_NODE_NONE;
    }
    if (!rni_graph_ready(graph, "concat", n, parts)) return RN_NODE_NONE;
    rni_node draft = {.op = RNI_OP_CONCAT, .shape = graph->nodes[parts[0]].shape, .axis = axis};
    rn_index length = 0;
    for (rn_index i = 0; i < n; i++) {
        if (!axis_suits(graph, "concat", parts[i], axis)) return RN_NODE_NONE;
        rn_shape shape = graph->nodes[parts[i]].shape;
        length += shape.dims[axis];
        shape.dims[axis] = draft.shape.dims[axis];
        if (!rni_shape_equal(shape, draft.shape)) {
            char first[RNI_DESCRIPTION_SIZE];
            char other[RNI_DESCRIPTION_SIZE];
            return rni_graph_refuse(graph, RN_ERR_SHAPE,
                                    "rn_graph_concat: %s and %s differ on another axis than %d",
                                    rni_graph_describe(graph, parts[0], first),
                                    rni_graph_describe(graph, parts[i], other), axis);
        }
    }
    if (n == 1) return parts[0];
    draft.shape.dims[axis] = length;
    return rni_graph_append(graph, &draft, n, parts, false);
}

rn_node rn_graph_fold(rn_graph *graph, rn_node x, int axis, rn_index stride, rn_index dilation,
                      rn_index length)
{
    if (!rni_graph_ready(graph, "fold", 1, &x) || !axis_suits(graph, "fold", x, axis)
        || !axis_suits(graph, "fold", x, axis + 1))
        return RN_NODE_NONE;
    const rn_shape from = graph->nodes[x].shape;
    const rn_index count = from.dims[axis];
    const rn_index window = from.dims[axis + 1];
    if (stride < 1 || dilation < 1 || length < 1 || length > RN_SIZE_MAX
        || (window - 1) > (length - 1) / dilation
        || count != (length - (window - 1) * dilation - 1) / stride + 1) {
        char text[RNI_DESCRIPTION_SIZE];
        return rni_graph_refuse(
            graph, RN_ERR_SHAPE,
            "rn_graph_fold: axes %d and %d of %s are not the windows of a"
            " length of %" PRId64 " with stride %" PRId64 " and dilation %" PRId64,
            axis, axis + 1, rni_graph_describe(graph, x, text), length, stride, dilation);
    }
    rni_node draft = {.op = RNI_OP_FOLD,
                      .shape = {.rank = from.rank - 1},
                      .axis = axis,
                      .sizes = {stride, dilation, length}};
    for (int i = 0; i < from.rank - 1; i++)
        draft.shape.dims[i] = from.dims[i <= axis ? i : i + 1];
    draft.shape.dims[axis] = length;
    return rni_graph_append(graph, &draft, 1, &x, false);
}
