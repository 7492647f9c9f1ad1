/*
 * Small networks of the kinds models are made of, as cases for the same derivative tests.
 */
#include "op_cases.h"

static rn_node sample(rn_graph *g, op_leaves *l, rn_shape shape)
{
    return l->leaf[l->n++] = rn_graph_input(g, "x", shape);
}

static rn_node weight(rn_graph *g, op_leaves *l, rn_shape shape)
{
    return l->leaf[l->n++] = rn_graph_parameter(g, "w", shape);
}

/* exp(x - max x) / sum, the maximum behind stop_gradient */
static rn_node softmax(rn_graph *g, rn_node x, int axis)
{
    const rn_node top = rn_graph_stop_gradient(g, rn_graph_max(g, x, 1u << axis, 1));
    const rn_node e = rn_graph_exp(g, rn_graph_subtract(g, x, top));
    return rn_graph_divide(g, e, rn_graph_sum(g, e, 1u << axis, 1));
}

static rn_node attention(rn_graph *g, op_leaves *l)
{
    const rn_node x = sample(g, l, RN_SHAPE(RN_SAMPLES, 4, 3));
    const rn_node q = rn_graph_matmul(g, x, weight(g, l, RN_SHAPE(3, 3)));
    const rn_node k = rn_graph_matmul(g, x, weight(g, l, RN_SHAPE(3, 3)));
    double mask[16];
    for (int i = 0; i < 16; i++)
        mask[i] = i % 4 > i / 4 ? -1e9 : 0.0; /* causal */
    const rn_node scores = rn_graph_scale(g, rn_graph_matmul_ops(g, q, 0, k, 1), 0.577);
    const rn_node causal = rn_graph_add(g, scores, rn_graph_constant(g, RN_SHAPE(4, 4), mask));
    return rn_graph_matmul(g, softmax(g, causal, 2), x);
}

static rn_node layer_norm(rn_graph *g, op_leaves *l)
{
    const rn_node x = sample(g, l, RN_SHAPE(RN_SAMPLES, 2, 5));
    const rn_node mean = rn_graph_scale(g, rn_graph_sum(g, x, 1u << 2, 1), 0.2);
    const rn_node centred = rn_graph_subtract(g, x, mean);
    const rn_node square = rn_graph_sum(g, rn_graph_power(g, centred, 2.0), 1u << 2, 1);
    const rn_node deviation =
        rn_graph_power(g, rn_graph_shift(g, rn_graph_scale(g, square, 0.2), 1e-2), -0.5);
    const rn_node gain = weight(g, l, RN_SHAPE(5));
    const rn_node y = rn_graph_multiply(g, rn_graph_multiply(g, centred, deviation), gain);
    return rn_graph_add(g, y, weight(g, l, RN_SHAPE(5)));
}

static rn_node batch_norm(rn_graph *g, op_leaves *l) /* mixes samples */
{
    const rn_node x = sample(g, l, RN_SHAPE(RN_SAMPLES, 4));
    const rn_node mean = rn_graph_scale(g, rn_graph_sum(g, x, 1u << 0, 1), 1.0 / 3.0);
    const rn_node centred = rn_graph_subtract(g, x, mean);
    const rn_node square = rn_graph_sum(g, rn_graph_power(g, centred, 2.0), 1u << 0, 1);
    return rn_graph_multiply(g, centred, rn_graph_power(g, rn_graph_shift(g, square, 0.1), -0.5));
}

static rn_node recurrent(rn_graph *g, op_leaves *l) /* one weight used at every step */
{
    const rn_node x = sample(g, l, RN_SHAPE(RN_SAMPLES, 5, 2));
    const rn_node in = weight(g, l, RN_SHAPE(2, 3));
    const rn_node back = weight(g, l, RN_SHAPE(3, 3));
    rn_node h = RN_NODE_NONE;
    for (int t = 0; t < 5; t++) {
        const rn_node now =
            rn_graph_reshape(g, rn_graph_slice(g, x, 1, t, 1, 1), RN_SHAPE(RN_SAMPLES, 2));
        const rn_node drive = rn_graph_matmul(g, now, in);
        h = rn_graph_tanh(g, t ? rn_graph_add(g, drive, rn_graph_matmul(g, h, back)) : drive);
    }
    return h;
}

static rn_node spiking(rn_graph *g, op_leaves *l) /* leaky units that reset after a spike */
{
    const rn_node x = sample(g, l, RN_SHAPE(RN_SAMPLES, 3));
    const rn_node drive = rn_graph_matmul(g, x, weight(g, l, RN_SHAPE(3, 4)));
    rn_node v = drive;
    rn_node count = rn_graph_scale(g, drive, 0.0);
    for (int t = 0; t < 3; t++) {
        const rn_node spike =
            rn_graph_surrogate_step(g, rn_graph_shift(g, v, -0.2), RN_SURROGATE_ARCTAN, 0.5);
        count = rn_graph_add(g, count, spike);
        v = rn_graph_add(g, rn_graph_scale(g, rn_graph_subtract(g, v, spike), 0.9), drive);
    }
    return count;
}

static rn_node message_passing(rn_graph *g, op_leaves *l) /* distances on a complete graph of 4 */
{
    const rn_node x = sample(g, l, RN_SHAPE(RN_SAMPLES, 4, 3));
    const rn_node from = rn_graph_reshape(g, x, RN_SHAPE(RN_SAMPLES, 4, 1, 3));
    const rn_node to = rn_graph_reshape(g, x, RN_SHAPE(RN_SAMPLES, 1, 4, 3));
    const rn_node apart = rn_graph_subtract(g, from, to);
    const rn_node squared = rn_graph_sum(g, rn_graph_power(g, apart, 2.0), 1u << 3, 1);
    const rn_node w = weight(g, l, RN_SHAPE(1));
    const rn_node force =
        rn_graph_exp(g, rn_graph_scale(g, rn_graph_multiply(g, squared, w), -1.0));
    return rn_graph_sum(g, rn_graph_multiply(g, apart, force), 1u << 2, 0);
}

static rn_node complex_pairs(rn_graph *g,
                             op_leaves *l) /* last axis (re, im); rotation by a phase */
{
    const rn_node z = sample(g, l, RN_SHAPE(RN_SAMPLES, 4, 2));
    const rn_node phase = weight(g, l, RN_SHAPE(4, 1));
    const rn_node re = rn_graph_slice(g, z, 2, 0, 1, 1);
    const rn_node im = rn_graph_slice(g, z, 2, 1, 1, 1);
    const rn_node c = rn_graph_cos(g, phase);
    const rn_node s = rn_graph_sin(g, phase);
    const rn_node turned_re =
        rn_graph_subtract(g, rn_graph_multiply(g, re, c), rn_graph_multiply(g, im, s));
    const rn_node turned_im =
        rn_graph_add(g, rn_graph_multiply(g, re, s), rn_graph_multiply(g, im, c));
    return rn_graph_concat(g, 2, (const rn_node[]){turned_re, turned_im}, 2);
}

static rn_node tied(rn_graph *g, op_leaves *l) /* one weight used both ways */
{
    const rn_node x = sample(g, l, RN_SHAPE(RN_SAMPLES, 4));
    const rn_node w = weight(g, l, RN_SHAPE(4, 3));
    return rn_graph_matmul_ops(g, rn_graph_tanh(g, rn_graph_matmul(g, x, w)), 0, w, 1);
}

static rn_node replicas(rn_graph *g, op_leaves *l) /* two sets of weights in one graph */
{
    const rn_node x = sample(g, l, RN_SHAPE(RN_SAMPLES, 1, 1, 3));
    const rn_node h = rn_graph_tanh(g, rn_graph_matmul(g, x, weight(g, l, RN_SHAPE(2, 3, 4))));
    return rn_graph_matmul(g, h, weight(g, l, RN_SHAPE(2, 4, 1)));
}

#define NET(function, is_smooth, has_derivative)                                                   \
    {                                                                                              \
#function, function, -1.0, 1.0, RNI_OP_INPUT, is_smooth, has_derivative                    \
    }

const op_case net_cases[] = {
    NET(attention, true, true),     NET(layer_norm, true, true), NET(batch_norm, true, true),
    NET(recurrent, true, true),     NET(spiking, false, false),  NET(message_passing, true, true),
    NET(complex_pairs, true, true), NET(tied, true, true),       NET(replicas, true, true),
};

const int n_net_cases = (int)(sizeof net_cases / sizeof net_cases[0]);
