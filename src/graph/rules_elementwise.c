/*
 * Derivatives of the elementwise operations. Slopes are written with operations of the graph, so
 * they can be differentiated again.
 */
#include <math.h>

#include "graph/derive.h"

/* 2 / sqrt(pi): derivative of erf at 0. */
#define TWO_OVER_SQRT_PI 1.1283791670955125739

/* ---- one operand: dy/dx ---------------------------------------------------------------------- */

static rn_node slope_power(rn_graph *graph, const rni_node *node, rn_node x, rn_node y)
{
    (void)y;
    if (!(fabs(node->number) > 0.0)) return rn_graph_scalar(graph, 0.0); /* not 0 * x^-1 at 0 */
    return rn_graph_scale(graph, rn_graph_power(graph, x, node->number - 1.0), node->number);
}

static rn_node slope_exp(rn_graph *graph, const rni_node *node, rn_node x, rn_node y)
{
    (void)graph, (void)node, (void)x;
    return y;
}

static rn_node slope_log(rn_graph *graph, const rni_node *node, rn_node x, rn_node y)
{
    (void)node, (void)y;
    return rn_graph_power(graph, x, -1.0);
}

static rn_node slope_sin(rn_graph *graph, const rni_node *node, rn_node x, rn_node y)
{
    (void)node, (void)y;
    return rn_graph_cos(graph, x);
}

static rn_node slope_cos(rn_graph *graph, const rni_node *node, rn_node x, rn_node y)
{
    (void)node, (void)y;
    return rn_graph_scale(graph, rn_graph_sin(graph, x), -1.0);
}

/* 1 - y^2 */
static rn_node slope_tanh(rn_graph *graph, const rni_node *node, rn_node x, rn_node y)
{
    (void)node, (void)x;
    return rn_graph_shift(graph, rn_graph_scale(graph, rn_graph_power(graph, y, 2.0), -1.0), 1.0);
}

/* 2/sqrt(pi) exp(-x^2) */
static rn_node slope_erf(rn_graph *graph, const rni_node *node, rn_node x, rn_node y)
{
    (void)node, (void)y;
    const rn_node square = rn_graph_power(graph, x, 2.0);
    return rn_graph_scale(graph, rn_graph_exp(graph, rn_graph_scale(graph, square, -1.0)),
                          TWO_OVER_SQRT_PI);
}

/* y - y^2 */
static rn_node slope_sigmoid(rn_graph *graph, const rni_node *node, rn_node x, rn_node y)
{
    (void)node, (void)x;
    return rn_graph_subtract(graph, y, rn_graph_power(graph, y, 2.0));
}

static rn_node slope_softplus(rn_graph *graph, const rni_node *node, rn_node x, rn_node y)
{
    (void)node, (void)y;
    return rn_graph_sigmoid(graph, x);
}

static rn_node slope_abs(rn_graph *graph, const rni_node *node, rn_node x, rn_node y)
{
    (void)node, (void)y;
    return rn_graph_sign(graph, x);
}

static rn_node slope_relu(rn_graph *graph, const rni_node *node, rn_node x, rn_node y)
{
    (void)node, (void)y;
    return rn_graph_step(graph, x);
}

/* The stand-in derivatives; formulas at rn_surrogate. */
static rn_node slope_surrogate(rn_graph *graph, const rni_node *node, rn_node x, rn_node y)
{
    (void)y;
    const double width = node->number;
    const rn_node u = rn_graph_scale(graph, x, 1.0 / width);
    rn_node shape = RN_NODE_NONE;
    switch ((rn_surrogate)node->sizes[0]) {
    case RN_SURROGATE_FAST_SIGMOID:
        shape = rn_graph_power(graph, rn_graph_shift(graph, rn_graph_abs(graph, u), 1.0), -2.0);
        break;
    case RN_SURROGATE_ARCTAN:
        shape =
            rn_graph_power(graph, rn_graph_shift(graph, rn_graph_power(graph, u, 2.0), 1.0), -1.0);
        break;
    case RN_SURROGATE_SIGMOID: {
        const rn_node s = rn_graph_sigmoid(graph, u);
        shape = rn_graph_subtract(graph, s, rn_graph_power(graph, s, 2.0));
        break;
    }
    }
    return rn_graph_scale(graph, shape, 1.0 / width);
}

/* ---- linear in one operand: no slope needed ---------------------------------------------------
 */

static rn_node vjp_scale(const rni_reverse *r, const rni_node *node, rn_node y, rn_node cotangent,
                         int input)
{
    (void)y, (void)input;
    return rn_graph_scale(r->graph, cotangent, node->number);
}

static rn_node jvp_scale(rn_graph *graph, const rni_node *node, rn_node y, const rn_node *tangents)
{
    (void)y;
    return rn_graph_scale(graph, tangents[0], node->number);
}

static rn_node vjp_shift(const rni_reverse *r, const rni_node *node, rn_node y, rn_node cotangent,
                         int input)
{
    (void)r, (void)node, (void)y, (void)input;
    return cotangent;
}

static rn_node jvp_shift(rn_graph *graph, const rni_node *node, rn_node y, const rn_node *tangents)
{
    (void)graph, (void)node, (void)y;
    return tangents[0];
}

/* ---- two operands ------------------------------------------------------------------------------
 */

/* Brings a contribution of the result's shape back to the shape of one input. */
static rn_node to_input(const rni_reverse *r, const rni_node *node, rn_node part, int input)
{
    return rni_reduce_to(r, part, node->shape, rn_graph_shape(r->graph, node->inputs[input]));
}

static rn_node vjp_add(const rni_reverse *r, const rni_node *node, rn_node y, rn_node cotangent,
                       int input)
{
    (void)y;
    return to_input(r, node, cotangent, input);
}

static rn_node jvp_add(rn_graph *graph, const rni_node *node, rn_node y, const rn_node *tangents)
{
    (void)node;
    return rni_fit(graph, rni_add_or_none(graph, tangents[0], tangents[1]), y);
}

static rn_node vjp_subtract(const rni_reverse *r, const rni_node *node, rn_node y,
                            rn_node cotangent, int input)
{
    (void)y;
    const rn_node part = input == 0 ? cotangent : rn_graph_scale(r->graph, cotangent, -1.0);
    return to_input(r, node, part, input);
}

static rn_node jvp_subtract(rn_graph *graph, const rni_node *node, rn_node y,
                            const rn_node *tangents)
{
    (void)node;
    if (tangents[1] == RN_NODE_NONE) return rni_fit(graph, tangents[0], y);
    if (tangents[0] == RN_NODE_NONE)
        return rni_fit(graph, rn_graph_scale(graph, tangents[1], -1.0), y);
    return rni_fit(graph, rn_graph_subtract(graph, tangents[0], tangents[1]), y);
}

static rn_node vjp_multiply(const rni_reverse *r, const rni_node *node, rn_node y,
                            rn_node cotangent, int input)
{
    (void)y;
    const rn_node other = rni_lift(r, node->inputs[1 - input]);
    return to_input(r, node, rn_graph_multiply(r->graph, cotangent, other), input);
}

static rn_node product_or_none(rn_graph *graph, rn_node a, rn_node b)
{
    return a == RN_NODE_NONE || b == RN_NODE_NONE ? RN_NODE_NONE : rn_graph_multiply(graph, a, b);
}

static rn_node jvp_multiply(rn_graph *graph, const rni_node *node, rn_node y,
                            const rn_node *tangents)
{
    const rn_node first = product_or_none(graph, tangents[0], node->inputs[1]);
    const rn_node second = product_or_none(graph, tangents[1], node->inputs[0]);
    return rni_fit(graph, rni_add_or_none(graph, first, second), y);
}

/* y = a / b: da = 1/b, db = -y/b */
static rn_node vjp_divide(const rni_reverse *r, const rni_node *node, rn_node y, rn_node cotangent,
                          int input)
{
    rn_graph *graph = r->graph;
    rn_node part = rn_graph_divide(graph, cotangent, rni_lift(r, node->inputs[1]));
    if (input == 1) {
        part = rn_graph_multiply(graph, part, rni_lift(r, y));
        part = rn_graph_scale(graph, part, -1.0);
    }
    return to_input(r, node, part, input);
}

/* y' = (a' - y b') / b */
static rn_node jvp_divide(rn_graph *graph, const rni_node *node, rn_node y, const rn_node *tangents)
{
    rn_node top = tangents[0];
    if (tangents[1] != RN_NODE_NONE) {
        const rn_node drop = rn_graph_multiply(graph, y, tangents[1]);
        top = top == RN_NODE_NONE ? rn_graph_scale(graph, drop, -1.0)
                                  : rn_graph_subtract(graph, top, drop);
    }
    return rni_fit(graph, rn_graph_divide(graph, top, node->inputs[1]), y);
}

/* SIGN, STEP, GREATER and EQUAL have derivative zero: an entry without functions. */
const rni_rule rni_rules_elementwise[RNI_OP_COUNT] = {
    [RNI_OP_INPUT] = {.is_smooth = true},
    [RNI_OP_PARAMETER] = {.is_smooth = true},
    [RNI_OP_CONSTANT] = {.is_smooth = true},
    [RNI_OP_SCALE] = {.is_smooth = true, .vjp = vjp_scale, .jvp = jvp_scale},
    [RNI_OP_SHIFT] = {.is_smooth = true, .vjp = vjp_shift, .jvp = jvp_shift},
    [RNI_OP_POWER] = {.is_smooth = true, .slope = slope_power},
    [RNI_OP_EXP] = {.is_smooth = true, .slope = slope_exp},
    [RNI_OP_LOG] = {.is_smooth = true, .slope = slope_log},
    [RNI_OP_SIN] = {.is_smooth = true, .slope = slope_sin},
    [RNI_OP_COS] = {.is_smooth = true, .slope = slope_cos},
    [RNI_OP_TANH] = {.is_smooth = true, .slope = slope_tanh},
    [RNI_OP_ERF] = {.is_smooth = true, .slope = slope_erf},
    [RNI_OP_SIGMOID] = {.is_smooth = true, .slope = slope_sigmoid},
    [RNI_OP_SOFTPLUS] = {.is_smooth = true, .slope = slope_softplus},
    [RNI_OP_ABS] = {.slope = slope_abs},
    [RNI_OP_SIGN] = {.is_smooth = false},
    [RNI_OP_RELU] = {.slope = slope_relu},
    [RNI_OP_STEP] = {.is_smooth = false},
    [RNI_OP_SURROGATE_STEP] = {.slope = slope_surrogate},
    [RNI_OP_ADD] = {.is_smooth = true, .vjp = vjp_add, .jvp = jvp_add},
    [RNI_OP_SUBTRACT] = {.is_smooth = true, .vjp = vjp_subtract, .jvp = jvp_subtract},
    [RNI_OP_MULTIPLY] = {.is_smooth = true, .vjp = vjp_multiply, .jvp = jvp_multiply},
    [RNI_OP_DIVIDE] = {.is_smooth = true, .vjp = vjp_divide, .jvp = jvp_divide},
};
