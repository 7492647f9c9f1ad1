#include "op_cases.h"

/* Leaves of the usual kinds; each is added to the list of leaves. */
static rn_node sample(rn_graph *g, op_leaves *l, rn_shape shape)
{
    return l->leaf[l->n++] = rn_graph_input(g, "x", shape);
}

static rn_node weight(rn_graph *g, op_leaves *l, rn_shape shape)
{
    return l->leaf[l->n++] = rn_graph_parameter(g, "w", shape);
}

static rn_node rows(rn_graph *g, op_leaves *l, rn_shape shape, rn_index bound)
{
    l->index_bound = bound;
    return l->index = rn_graph_input(g, "index", shape);
}

/* ---- leaves ---------------------------------------------------------------------------------- */

static rn_node leaf_input(rn_graph *g, op_leaves *l)
{
    return sample(g, l, RN_SHAPE(RN_SAMPLES, 3));
}

static rn_node leaf_parameter(rn_graph *g, op_leaves *l)
{
    return weight(g, l, RN_SHAPE(2, 3));
}

static rn_node leaf_constant(rn_graph *g, op_leaves *l)
{
    const double values[3] = {0.5, -1.5, 2.0};
    const rn_node c = rn_graph_constant(g, RN_SHAPE(3), values);
    return rn_graph_multiply(g, sample(g, l, RN_SHAPE(RN_SAMPLES, 3)), c);
}

/* ---- one operand -------------------------------------------------------------------------------
 */

#define UNARY_CASE(name, call)                                                                     \
    static rn_node unary_##name(rn_graph *g, op_leaves *l)                                         \
    {                                                                                              \
        const rn_node x = sample(g, l, RN_SHAPE(RN_SAMPLES, 2, 3));                                \
        return call;                                                                               \
    }
UNARY_CASE(scale, rn_graph_scale(g, x, -1.7))
UNARY_CASE(shift, rn_graph_shift(g, x, 0.3))
UNARY_CASE(cube, rn_graph_power(g, x, 3.0))
UNARY_CASE(root, rn_graph_power(g, x, 0.5))
UNARY_CASE(reciprocal, rn_graph_power(g, x, -1.0))
UNARY_CASE(exp, rn_graph_exp(g, x))
UNARY_CASE(log, rn_graph_log(g, x))
UNARY_CASE(sin, rn_graph_sin(g, x))
UNARY_CASE(cos, rn_graph_cos(g, x))
UNARY_CASE(tanh, rn_graph_tanh(g, x))
UNARY_CASE(erf, rn_graph_erf(g, x))
UNARY_CASE(sigmoid, rn_graph_sigmoid(g, x))
UNARY_CASE(softplus, rn_graph_softplus(g, x))
UNARY_CASE(abs, rn_graph_abs(g, x))
UNARY_CASE(sign, rn_graph_sign(g, x))
UNARY_CASE(relu, rn_graph_relu(g, x))
UNARY_CASE(step, rn_graph_step(g, x))
UNARY_CASE(fast_sigmoid, rn_graph_surrogate_step(g, x, RN_SURROGATE_FAST_SIGMOID, 0.7))
UNARY_CASE(arctan, rn_graph_surrogate_step(g, x, RN_SURROGATE_ARCTAN, 0.7))
UNARY_CASE(logistic, rn_graph_surrogate_step(g, x, RN_SURROGATE_SIGMOID, 0.7))
#undef UNARY_CASE

static rn_node stop_gradient(rn_graph *g, op_leaves *l)
{
    const rn_node x = sample(g, l, RN_SHAPE(RN_SAMPLES, 3));
    return rn_graph_stop_gradient(g, rn_graph_tanh(g, x));
}

/* ---- two operands: same shape, a weight repeated over samples, a column repeated over a row
 * ------ */

#define BINARY_CASES(name)                                                                         \
    static rn_node name##_same(rn_graph *g, op_leaves *l)                                          \
    {                                                                                              \
        const rn_node a = sample(g, l, RN_SHAPE(RN_SAMPLES, 3));                                   \
        return rn_graph_##name(g, a, sample(g, l, RN_SHAPE(RN_SAMPLES, 3)));                       \
    }                                                                                              \
    static rn_node name##_weight(rn_graph *g, op_leaves *l)                                        \
    {                                                                                              \
        const rn_node a = sample(g, l, RN_SHAPE(RN_SAMPLES, 2, 3));                                \
        return rn_graph_##name(g, a, weight(g, l, RN_SHAPE(3)));                                   \
    }                                                                                              \
    static rn_node name##_column(rn_graph *g, op_leaves *l)                                        \
    {                                                                                              \
        const rn_node a = weight(g, l, RN_SHAPE(1, 2, 3));                                         \
        return rn_graph_##name(g, a, sample(g, l, RN_SHAPE(RN_SAMPLES, 2, 1)));                    \
    }
BINARY_CASES(add)
BINARY_CASES(subtract)
BINARY_CASES(multiply)
BINARY_CASES(divide)
BINARY_CASES(greater)
#undef BINARY_CASES

static rn_node equal_rounded(rn_graph *g, op_leaves *l)
{
    const rn_node a = rn_graph_sign(g, sample(g, l, RN_SHAPE(RN_SAMPLES, 3)));
    return rn_graph_equal(g, a, rn_graph_sign(g, sample(g, l, RN_SHAPE(RN_SAMPLES, 3))));
}

static rn_node square(rn_graph *g, op_leaves *l) /* one operand in both places */
{
    const rn_node x = sample(g, l, RN_SHAPE(RN_SAMPLES, 3));
    return rn_graph_multiply(g, x, x);
}

static rn_node weights_only(rn_graph *g, op_leaves *l)
{
    const rn_node a = weight(g, l, RN_SHAPE(2, 3));
    return rn_graph_multiply(g, a, rn_graph_tanh(g, weight(g, l, RN_SHAPE(3))));
}

/* ---- products
 * ------------------------------------------------------------------------------------ */

static rn_node matmul_dense(rn_graph *g, op_leaves *l)
{
    const rn_node x = sample(g, l, RN_SHAPE(RN_SAMPLES, 3));
    return rn_graph_matmul(g, x, weight(g, l, RN_SHAPE(3, 4)));
}

static rn_node matmul_dense_transposed(rn_graph *g, op_leaves *l)
{
    const rn_node x = sample(g, l, RN_SHAPE(RN_SAMPLES, 3));
    return rn_graph_matmul_ops(g, x, 0, weight(g, l, RN_SHAPE(4, 3)), 1);
}

static rn_node matmul_tokens(rn_graph *g, op_leaves *l)
{
    const rn_node x = sample(g, l, RN_SHAPE(RN_SAMPLES, 2, 5, 3));
    return rn_graph_matmul(g, x, weight(g, l, RN_SHAPE(3, 4)));
}

static rn_node matmul_tokens_transposed(rn_graph *g, op_leaves *l)
{
    const rn_node x = sample(g, l, RN_SHAPE(RN_SAMPLES, 5, 3));
    return rn_graph_matmul_ops(g, x, 0, weight(g, l, RN_SHAPE(4, 3)), 1);
}

static rn_node matmul_attention(rn_graph *g, op_leaves *l)
{
    const rn_node q = sample(g, l, RN_SHAPE(RN_SAMPLES, 2, 4, 3));
    return rn_graph_matmul_ops(g, q, 0, sample(g, l, RN_SHAPE(RN_SAMPLES, 2, 5, 3)), 1);
}

static rn_node matmul_transposed_both(rn_graph *g, op_leaves *l)
{
    const rn_node a = sample(g, l, RN_SHAPE(RN_SAMPLES, 3, 4));
    return rn_graph_matmul_ops(g, a, 1, sample(g, l, RN_SHAPE(RN_SAMPLES, 5, 3)), 1);
}

static rn_node matmul_transposed_left(rn_graph *g, op_leaves *l)
{
    const rn_node a = sample(g, l, RN_SHAPE(RN_SAMPLES, 3, 4));
    return rn_graph_matmul_ops(g, a, 1, weight(g, l, RN_SHAPE(3, 2)), 0);
}

static rn_node matmul_left_weight(rn_graph *g, op_leaves *l)
{
    const rn_node w = weight(g, l, RN_SHAPE(4, 3));
    return rn_graph_matmul(g, w, sample(g, l, RN_SHAPE(RN_SAMPLES, 3, 2)));
}

static rn_node matmul_heads(rn_graph *g, op_leaves *l)
{
    const rn_node x = sample(g, l, RN_SHAPE(RN_SAMPLES, 2, 4, 3));
    return rn_graph_matmul(g, x, weight(g, l, RN_SHAPE(2, 3, 5)));
}

static rn_node matmul_across_samples(rn_graph *g, op_leaves *l)
{
    const rn_node a = sample(g, l, RN_SHAPE(RN_SAMPLES, 3));
    return rn_graph_matmul_ops(g, a, 1, sample(g, l, RN_SHAPE(RN_SAMPLES, 2)), 0);
}

/* ---- reductions and shapes
 * ------------------------------------------------------------------------ */

static rn_node sum_inner(rn_graph *g, op_leaves *l)
{
    return rn_graph_sum(g, sample(g, l, RN_SHAPE(RN_SAMPLES, 2, 3, 4)), 1u << 2, 0);
}

static rn_node sum_kept(rn_graph *g, op_leaves *l)
{
    return rn_graph_sum(g, sample(g, l, RN_SHAPE(RN_SAMPLES, 2, 3)), 1u << 1 | 1u << 2, 1);
}

static rn_node sum_samples(rn_graph *g, op_leaves *l)
{
    return rn_graph_sum(g, sample(g, l, RN_SHAPE(RN_SAMPLES, 2, 3)), 1u << 0 | 1u << 2, 0);
}

static rn_node max_inner(rn_graph *g, op_leaves *l)
{
    return rn_graph_max(g, sample(g, l, RN_SHAPE(RN_SAMPLES, 2, 5)), 1u << 2, 0);
}

static rn_node max_kept(rn_graph *g, op_leaves *l)
{
    return rn_graph_max(g, sample(g, l, RN_SHAPE(RN_SAMPLES, 4, 3)), 1u << 1, 1);
}

static rn_node max_tied(rn_graph *g, op_leaves *l) /* max(x, x) = x: ties share the derivative */
{
    const rn_node x = sample(g, l, RN_SHAPE(RN_SAMPLES, 1, 3));
    return rn_graph_max(g, rn_graph_concat(g, 2, (const rn_node[]){x, x}, 1), 1u << 1, 0);
}

static rn_node broadcast_weight(rn_graph *g, op_leaves *l)
{
    const rn_node x = sample(g, l, RN_SHAPE(RN_SAMPLES, 2, 1));
    const rn_node y = rn_graph_broadcast(g, x, RN_SHAPE(RN_SAMPLES, 2, 3));
    const rn_node w = weight(g, l, RN_SHAPE(1, 3));
    return rn_graph_multiply(g, y, rn_graph_broadcast(g, w, RN_SHAPE(RN_SAMPLES, 2, 3)));
}

static rn_node reshape_inner(rn_graph *g, op_leaves *l)
{
    const rn_node x = sample(g, l, RN_SHAPE(RN_SAMPLES, 2, 6));
    return rn_graph_reshape(g, rn_graph_tanh(g, x), RN_SHAPE(RN_SAMPLES, 4, 3));
}

static rn_node reshape_weight(rn_graph *g, op_leaves *l)
{
    const rn_node w = rn_graph_reshape(g, weight(g, l, RN_SHAPE(12)), RN_SHAPE(3, 4));
    return rn_graph_matmul(g, sample(g, l, RN_SHAPE(RN_SAMPLES, 3)), w);
}

static rn_node reshape_across_samples(rn_graph *g, op_leaves *l)
{
    const rn_node x = sample(g, l, RN_SHAPE(RN_SAMPLES, 2, 3));
    const rn_node joined = rn_graph_tanh(g, rn_graph_reshape(g, x, RN_SHAPE(-2, 3)));
    return rn_graph_reshape(g, joined, RN_SHAPE(RN_SAMPLES, 6));
}

static rn_node transpose_inner(rn_graph *g, op_leaves *l)
{
    const int order[4] = {0, 3, 1, 2};
    return rn_graph_transpose(g, sample(g, l, RN_SHAPE(RN_SAMPLES, 2, 3, 4)), order);
}

static rn_node transpose_weight(rn_graph *g, op_leaves *l)
{
    const int order[2] = {1, 0};
    const rn_node w = rn_graph_transpose(g, weight(g, l, RN_SHAPE(4, 3)), order);
    return rn_graph_matmul(g, sample(g, l, RN_SHAPE(RN_SAMPLES, 3)), w);
}

static rn_node transpose_samples(rn_graph *g, op_leaves *l)
{
    const int order[2] = {1, 0};
    const rn_node x = rn_graph_transpose(g, sample(g, l, RN_SHAPE(RN_SAMPLES, 3)), order);
    return rn_graph_sum(g, rn_graph_tanh(g, x), 1u << 1, 0);
}

static rn_node slice_steps(rn_graph *g, op_leaves *l)
{
    return rn_graph_slice(g, sample(g, l, RN_SHAPE(RN_SAMPLES, 7, 2)), 1, 1, 3, 2);
}

static rn_node embed_steps(rn_graph *g, op_leaves *l)
{
    return rn_graph_embed(g, sample(g, l, RN_SHAPE(RN_SAMPLES, 3, 2)), 1, 1, 2, 8);
}

static rn_node pad_weight(rn_graph *g, op_leaves *l)
{
    const rn_node w = rn_graph_pad(g, weight(g, l, RN_SHAPE(2, 3)), 0, 1, 2);
    return rn_graph_multiply(g, sample(g, l, RN_SHAPE(RN_SAMPLES, 5, 3)), w);
}

static rn_node concat_three(rn_graph *g, op_leaves *l)
{
    const rn_node a = sample(g, l, RN_SHAPE(RN_SAMPLES, 2, 3));
    const rn_node b = sample(g, l, RN_SHAPE(RN_SAMPLES, 1, 3));
    const rn_node c = rn_graph_tanh(g, a);
    return rn_graph_concat(g, 3, (const rn_node[]){a, b, c}, 1);
}

static rn_node unfold_strided(rn_graph *g, op_leaves *l)
{
    return rn_graph_unfold(g, sample(g, l, RN_SHAPE(RN_SAMPLES, 9, 2)), 1, 3, 2, 2);
}

static rn_node unfold_image(rn_graph *g, op_leaves *l) /* a 3 x 3 convolution */
{
    rn_node x = sample(g, l, RN_SHAPE(RN_SAMPLES, 4, 4, 2));
    x = rn_graph_pad(g, rn_graph_pad(g, x, 1, 1, 1), 2, 1, 1);
    x = rn_graph_unfold(g, rn_graph_unfold(g, x, 1, 3, 1, 1), 3, 3, 1, 1);
    const int order[6] = {0, 1, 3, 2, 4, 5};
    x = rn_graph_reshape(g, rn_graph_transpose(g, x, order), RN_SHAPE(RN_SAMPLES, 16, 18));
    return rn_graph_matmul(g, x, weight(g, l, RN_SHAPE(18, 3)));
}

static rn_node fold_overlapping(rn_graph *g, op_leaves *l)
{
    return rn_graph_fold(g, sample(g, l, RN_SHAPE(RN_SAMPLES, 4, 3, 2)), 1, 2, 1, 9);
}

/* ---- rows by number
 * --------------------------------------------------------------------------------- */

static rn_node gather_embedding(rn_graph *g, op_leaves *l)
{
    const rn_node table = weight(g, l, RN_SHAPE(5, 2));
    return rn_graph_gather(g, table, rows(g, l, RN_SHAPE(RN_SAMPLES, 4), 5), 0);
}

static rn_node gather_label(rn_graph *g, op_leaves *l)
{
    const rn_node table = rn_graph_tanh(g, sample(g, l, RN_SHAPE(RN_SAMPLES, 5)));
    return rn_graph_gather(g, table, rows(g, l, RN_SHAPE(RN_SAMPLES, 3), 5), 1);
}

static rn_node scatter_messages(rn_graph *g, op_leaves *l)
{
    const rn_node messages = sample(g, l, RN_SHAPE(RN_SAMPLES, 6, 2));
    return rn_graph_scatter_add(g, messages, rows(g, l, RN_SHAPE(RN_SAMPLES, 6), 4), 1, 4);
}

static rn_node scatter_counts(rn_graph *g, op_leaves *l) /* mixes samples */
{
    const rn_node x = sample(g, l, RN_SHAPE(RN_SAMPLES, 3, 2));
    return rn_graph_scatter_add(g, x, rows(g, l, RN_SHAPE(RN_SAMPLES, 3), 4), 0, 4);
}

#define CASE(id, function, low, high)                                                              \
    {                                                                                              \
#function, function, low, high, RNI_OP_##id, true, true                                    \
    }
#define KINKED(id, function, low, high)                                                            \
    {                                                                                              \
#function, function, low, high, RNI_OP_##id, false, true                                   \
    }
#define MASK(id, function)                                                                         \
    {                                                                                              \
#function, function, -1.0, 1.0, RNI_OP_##id, false, false                                  \
    }
#define BINARY(id, name, low, high)                                                                \
    CASE(id, name##_same, low, high), CASE(id, name##_weight, low, high),                          \
        CASE(id, name##_column, low, high)

const op_case op_cases[] = {
    CASE(INPUT, leaf_input, -1.0, 1.0),
    CASE(PARAMETER, leaf_parameter, -1.0, 1.0),
    CASE(CONSTANT, leaf_constant, -1.0, 1.0),
    CASE(SCALE, unary_scale, -1.0, 1.0),
    CASE(SHIFT, unary_shift, -1.0, 1.0),
    CASE(POWER, unary_cube, -1.0, 1.0),
    CASE(POWER, unary_root, 0.5, 2.0),
    CASE(POWER, unary_reciprocal, 0.5, 2.0),
    CASE(EXP, unary_exp, -1.0, 1.0),
    CASE(LOG, unary_log, 0.5, 2.0),
    CASE(SIN, unary_sin, -2.0, 2.0),
    CASE(COS, unary_cos, -2.0, 2.0),
    CASE(TANH, unary_tanh, -1.5, 1.5),
    CASE(ERF, unary_erf, -1.5, 1.5),
    CASE(SIGMOID, unary_sigmoid, -2.0, 2.0),
    CASE(SOFTPLUS, unary_softplus, -2.0, 2.0),
    KINKED(ABS, unary_abs, -1.0, 1.0),
    MASK(SIGN, unary_sign),
    KINKED(RELU, unary_relu, -1.0, 1.0),
    MASK(STEP, unary_step),
    MASK(SURROGATE_STEP, unary_fast_sigmoid),
    MASK(SURROGATE_STEP, unary_arctan),
    MASK(SURROGATE_STEP, unary_logistic),
    MASK(STOP_GRADIENT, stop_gradient),
    BINARY(ADD, add, -1.0, 1.0),
    BINARY(SUBTRACT, subtract, -1.0, 1.0),
    BINARY(MULTIPLY, multiply, -1.0, 1.0),
    CASE(MULTIPLY, square, -1.0, 1.0),
    CASE(MULTIPLY, weights_only, -1.0, 1.0),
    BINARY(DIVIDE, divide, 0.5, 2.0),
    MASK(GREATER, greater_same),
    MASK(GREATER, greater_weight),
    MASK(GREATER, greater_column),
    MASK(EQUAL, equal_rounded),
    CASE(MATMUL, matmul_dense, -1.0, 1.0),
    CASE(MATMUL, matmul_dense_transposed, -1.0, 1.0),
    CASE(MATMUL, matmul_tokens, -1.0, 1.0),
    CASE(MATMUL, matmul_tokens_transposed, -1.0, 1.0),
    CASE(MATMUL, matmul_attention, -1.0, 1.0),
    CASE(MATMUL, matmul_transposed_both, -1.0, 1.0),
    CASE(MATMUL, matmul_transposed_left, -1.0, 1.0),
    CASE(MATMUL, matmul_left_weight, -1.0, 1.0),
    CASE(MATMUL, matmul_heads, -1.0, 1.0),
    CASE(MATMUL, matmul_across_samples, -1.0, 1.0),
    CASE(SUM, sum_inner, -1.0, 1.0),
    CASE(SUM, sum_kept, -1.0, 1.0),
    CASE(SUM, sum_samples, -1.0, 1.0),
    KINKED(MAX, max_inner, -1.0, 1.0),
    KINKED(MAX, max_kept, -1.0, 1.0),
    CASE(MAX, max_tied, -1.0, 1.0),
    CASE(BROADCAST, broadcast_weight, -1.0, 1.0),
    CASE(RESHAPE, reshape_inner, -1.0, 1.0),
    CASE(RESHAPE, reshape_weight, -1.0, 1.0),
    CASE(RESHAPE, reshape_across_samples, -1.0, 1.0),
    CASE(TRANSPOSE, transpose_inner, -1.0, 1.0),
    CASE(TRANSPOSE, transpose_weight, -1.0, 1.0),
    CASE(TRANSPOSE, transpose_samples, -1.0, 1.0),
    CASE(SLICE, slice_steps, -1.0, 1.0),
    CASE(EMBED, embed_steps, -1.0, 1.0),
    CASE(EMBED, pad_weight, -1.0, 1.0),
    CASE(CONCAT, concat_three, -1.0, 1.0),
    CASE(UNFOLD, unfold_strided, -1.0, 1.0),
    CASE(UNFOLD, unfold_image, -1.0, 1.0),
    CASE(FOLD, fold_overlapping, -1.0, 1.0),
    CASE(GATHER, gather_embedding, -1.0, 1.0),
    CASE(GATHER, gather_label, -1.0, 1.0),
    CASE(SCATTER_ADD, scatter_messages, -1.0, 1.0),
    CASE(SCATTER_ADD, scatter_counts, -1.0, 1.0),
};

const int n_op_cases = (int)(sizeof op_cases / sizeof op_cases[0]);
