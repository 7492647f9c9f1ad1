/*
 * Building calls: leaves and elementwise operations.
 */
#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "graph/build.h"

/* ---- leaves -------------------------------------------------------------------------------- */

static rn_node append_named_leaf(rn_graph *graph, rni_op op, const char *name, rn_shape shape)
{
    const rni_node draft = {.op = op, .shape = shape};
    const rn_node node = rni_graph_append(graph, &draft, 0, NULL, false);
    if (node != RN_NODE_NONE && name) rn_graph_name(graph, node, name);
    return graph->status == RN_OK ? node : RN_NODE_NONE;
}

static bool has_symbolic_dim(rn_shape shape)
{
    for (int i = 0; i < shape.rank && i < RN_RANK_MAX; i++)
        if (shape.dims[i] < 0) return true;
    return false;
}

rn_node rn_graph_input(rn_graph *graph, const char *name, rn_shape shape)
{
    if (!rni_graph_ready(graph, "input", 0, NULL)) return RN_NODE_NONE;
    for (int i = 0; i < shape.rank && i < RN_RANK_MAX; i++) {
        if (shape.dims[i] > 0 || (i == 0 && shape.dims[i] == RN_SAMPLES)) continue;
        char text[RNI_DESCRIPTION_SIZE];
        return rni_graph_refuse(graph, RN_ERR_SHAPE,
                                "rn_graph_input: '%s' has shape %s; only axis 0 may be RN_SAMPLES,"
                                " other dimensions are >= 1",
                                name ? name : "", rni_shape_describe(shape, text));
    }
    return append_named_leaf(graph, RNI_OP_INPUT, name, shape);
}

rn_node rn_graph_parameter(rn_graph *graph, const char *name, rn_shape shape)
{
    if (!rni_graph_ready(graph, "parameter", 0, NULL)) return RN_NODE_NONE;
    if (has_symbolic_dim(shape))
        return rni_graph_refuse(graph, RN_ERR_SHAPE,
                                "rn_graph_parameter: '%s' has a sample axis; parameters have none",
                                name ? name : "");
    return append_named_leaf(graph, RNI_OP_PARAMETER, name, shape);
}

rn_node rn_graph_constant(rn_graph *graph, rn_shape shape, const double *values)
{
    if (!rni_graph_ready(graph, "constant", 0, NULL)) return RN_NODE_NONE;
    rn_index entries = 0;
    int power = 0;
    if (!values || !rni_shape_ok(shape) || !rni_shape_entries(shape, &entries, &power) || power > 0)
        return rni_graph_refuse(graph, RN_ERR_SHAPE,
                                "rn_graph_constant: values and a shape of dimensions >= 1 needed");
    for (rn_index i = 0; i < entries; i++)
        if (!isfinite(values[i]))
            return rni_graph_refuse(graph, RN_ERR_NONFINITE,
                                    "rn_graph_constant: entry %" PRId64 " is not finite", i);
    rni_node draft = {.op = RNI_OP_CONSTANT, .shape = shape};
    draft.values = rni_alloc(entries, sizeof *draft.values);
    if (!draft.values)
        return rni_graph_refuse(graph, RN_ERR_MEMORY,
                                "rn_graph_constant: no memory for %" PRId64 " values", entries);
    memcpy(draft.values, values, (size_t)entries * sizeof *values);
    const rn_node node = rni_graph_append(graph, &draft, 0, NULL, false);
    if (node == RN_NODE_NONE) rni_free(draft.values);
    return node;
}

rn_node rn_graph_scalar(rn_graph *graph, double value)
{
    return rn_graph_constant(graph, RN_SHAPE_SCALAR, &value);
}

/* ---- one operand --------------------------------------------------------------------------- */

static rn_node append_unary(rn_graph *graph, rni_op op, rn_node x, double number, rn_index size)
{
    if (!rni_graph_ready(graph, rni_op_name(op), 1, &x)) return RN_NODE_NONE;
    if (!isfinite(number))
        return rni_graph_refuse(graph, RN_ERR_NONFINITE, "rn_graph_%s: the number is not finite",
                                rni_op_name(op));
    const rni_node draft = {
        .op = op, .shape = graph->nodes[x].shape, .number = number, .sizes = {size}};
    return rni_graph_append(graph, &draft, 1, &x, false);
}

rn_node rn_graph_scale(rn_graph *graph, rn_node x, double factor)
{
    if (!rni_graph_ready(graph, "scale", 1, &x)) return RN_NODE_NONE;
    if (rni_number_bits(factor) == rni_number_bits(1.0)) return x;
    /* one pass instead of two */
    if (graph->nodes[x].op == RNI_OP_SCALE && !graph->nodes[x].is_pinned)
        return append_unary(graph, RNI_OP_SCALE, graph->nodes[x].inputs[0],
                            graph->nodes[x].number * factor, 0);
    return append_unary(graph, RNI_OP_SCALE, x, factor, 0);
}

rn_node rn_graph_shift(rn_graph *graph, rn_node x, double term)
{
    return append_unary(graph, RNI_OP_SHIFT, x, term, 0);
}

rn_node rn_graph_power(rn_graph *graph, rn_node x, double exponent)
{
    if (!rni_graph_ready(graph, "power", 1, &x)) return RN_NODE_NONE;
    if (rni_number_bits(exponent) == rni_number_bits(1.0)) return x;
    return append_unary(graph, RNI_OP_POWER, x, exponent, 0);
}

#define RNI_PLAIN_UNARY(name, id)                                                                  \
    rn_node rn_graph_##name(rn_graph *graph, rn_node x)                                            \
    {                                                                                              \
        return append_unary(graph, RNI_OP_##id, x, 0.0, 0);                                        \
    }
RNI_PLAIN_UNARY(exp, EXP)
RNI_PLAIN_UNARY(log, LOG)
RNI_PLAIN_UNARY(sin, SIN)
RNI_PLAIN_UNARY(cos, COS)
RNI_PLAIN_UNARY(tanh, TANH)
RNI_PLAIN_UNARY(erf, ERF)
RNI_PLAIN_UNARY(sigmoid, SIGMOID)
RNI_PLAIN_UNARY(softplus, SOFTPLUS)
RNI_PLAIN_UNARY(abs, ABS)
RNI_PLAIN_UNARY(sign, SIGN)
RNI_PLAIN_UNARY(relu, RELU)
RNI_PLAIN_UNARY(step, STEP)
RNI_PLAIN_UNARY(stop_gradient, STOP_GRADIENT)
#undef RNI_PLAIN_UNARY

rn_node rn_graph_surrogate_step(rn_graph *graph, rn_node x, rn_surrogate surrogate, double width)
{
    if (!rni_graph_ready(graph, "surrogate_step", 1, &x)) return RN_NODE_NONE;
    if (!(width > 0.0) || (int)surrogate < 0 || surrogate > RN_SURROGATE_SIGMOID)
        return rni_graph_refuse(graph, RN_ERR_ARGUMENT,
                                "rn_graph_surrogate_step: width %g must be > 0 and the surrogate"
                                " one of rn_surrogate",
                                width);
    return append_unary(graph, RNI_OP_SURROGATE_STEP, x, width, (rn_index)surrogate);
}

/* ---- two operands -------------------------------------------------------------------------- */

static rn_node append_binary(rn_graph *graph, rni_op op, rn_node a, rn_node b)
{
    const rn_node inputs[2] = {a, b};
    if (!rni_graph_ready(graph, rni_op_name(op), 2, inputs)) return RN_NODE_NONE;
    rni_node draft = {.op = op};
    if (!rni_shape_broadcast(graph->nodes[a].shape, graph->nodes[b].shape, &draft.shape)) {
        char left[RNI_DESCRIPTION_SIZE];
        char right[RNI_DESCRIPTION_SIZE];
        return rni_graph_refuse(graph, RN_ERR_SHAPE,
                                "rn_graph_%s: %s and %s do not broadcast; aligned at the last axis,"
                                " dimensions must be equal or 1",
                                rni_op_name(op), rni_graph_describe(graph, a, left),
                                rni_graph_describe(graph, b, right));
    }
    return rni_graph_append(graph, &draft, 2, inputs, false);
}

#define RNI_BINARY(name, id)                                                                       \
    rn_node rn_graph_##name(rn_graph *graph, rn_node a, rn_node b)                                 \
    {                                                                                              \
        return append_binary(graph, RNI_OP_##id, a, b);                                            \
    }
RNI_BINARY(add, ADD)
RNI_BINARY(subtract, SUBTRACT)
RNI_BINARY(multiply, MULTIPLY)
RNI_BINARY(divide, DIVIDE)
RNI_BINARY(greater, GREATER)
RNI_BINARY(equal, EQUAL)
#undef RNI_BINARY
