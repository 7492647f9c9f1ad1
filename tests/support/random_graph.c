#include "random_graph.h"

#include "check.h"
#include "core/rng.h"

#define POOL    256
#define LARGEST 2000 /* entries of a node, so that naive loops stay fast */

typedef struct maker {
    random_graph *out;
    rn_graph *graph;
    uint64_t seed, n_draws;
    rn_node pool[POOL];
    int n_pool;
} maker;

static rn_index below(maker *m, rn_index bound)
{
    const rni_stream stream = {.seed = m->seed, .purpose = RNI_RNG_TEST, .part = 1u << 31};
    return (rn_index)rni_rng_below(stream, m->n_draws++, (uint64_t)bound);
}

static double between(maker *m, double low, double high)
{
    return low + (high - low) * (double)below(m, 10007) / 10007.0;
}

static void keep(maker *m, rn_node node)
{
    assert_status(rn_graph_status(m->graph), RN_OK);
    if (values_size(&m->out->values, node) <= LARGEST && m->n_pool < POOL)
        m->pool[m->n_pool++] = node;
}

/* Recent nodes more often than old ones, so that chains form. */
static rn_node pick(maker *m)
{
    const rn_index window = below(m, 2) ? (m->n_pool < 4 ? m->n_pool : 4) : m->n_pool;
    return m->pool[m->n_pool - 1 - below(m, window)];
}

static rn_node leaf(maker *m, rn_node node)
{
    (void)values_uniform(&m->out->values, node, m->seed, -1.0, 1.0);
    return node;
}

static rn_node weight(maker *m, rn_shape shape)
{
    if (m->out->values.n < GRAPH_VALUES_MAX - 2 && below(m, 3) > 0)
        return leaf(m, rn_graph_parameter(m->graph, "w", shape));
    double numbers[512];
    for (int i = 0; i < 512; i++)
        numbers[i] = between(m, -1.0, 1.0);
    return rn_graph_constant(m->graph, shape, numbers);
}

/* An axis without the number of samples in it, or -1. */
static int fixed_axis(maker *m, rn_shape shape, rn_index at_least)
{
    for (int attempt = 0; attempt < 8 && shape.rank > 0; attempt++) {
        const int axis = (int)below(m, shape.rank);
        if (shape.dims[axis] >= at_least) return axis;
    }
    return -1;
}

static rn_node unary(maker *m, rn_node x)
{
    rn_graph *g = m->graph;
    const double off = between(m, 0.013, 0.4);
    switch (below(m, 20)) {
    case 0: return rn_graph_scale(g, x, between(m, -1.5, 1.5));
    case 1: return rn_graph_shift(g, x, between(m, -1.0, 1.0));
    case 2:
        if (below(m, 2)) return rn_graph_power(g, x, 2.0);
        return rn_graph_power(g, rn_graph_shift(g, rn_graph_abs(g, x), 0.5),
                              below(m, 2) ? 0.5 : -0.5);
    case 3: return rn_graph_power(g, rn_graph_exp(g, rn_graph_tanh(g, x)), between(m, -2.0, 2.0));
    case 4: return rn_graph_power(g, rn_graph_shift(g, rn_graph_power(g, x, 2.0), 0.5), -1.0);
    case 5: return rn_graph_power(g, rn_graph_shift(g, rn_graph_abs(g, x), 0.5), -2.0);
    case 6: return rn_graph_exp(g, rn_graph_tanh(g, x));
    case 7: return rn_graph_log(g, rn_graph_shift(g, rn_graph_abs(g, x), 0.5));
    case 8: return rn_graph_sin(g, x);
    case 9: return rn_graph_cos(g, x);
    case 10: return rn_graph_tanh(g, x);
    case 11: return rn_graph_erf(g, x);
    case 12: return rn_graph_sigmoid(g, x);
    case 13: return rn_graph_softplus(g, x);
    case 14: return rn_graph_abs(g, x);
    case 15: return rn_graph_sign(g, rn_graph_shift(g, rn_graph_tanh(g, x), off));
    case 16: return rn_graph_relu(g, x);
    case 17: return rn_graph_step(g, rn_graph_shift(g, rn_graph_tanh(g, x), off));
    case 18: return rn_graph_surrogate_step(g, rn_graph_shift(g, x, off), RN_SURROGATE_ARCTAN, 1.0);
    default: return rn_graph_stop_gradient(g, x);
    }
}

static bool same_shape(rn_shape a, rn_shape b)
{
    for (int i = 0; i < a.rank && a.rank == b.rank; i++)
        if (a.dims[i] != b.dims[i]) return false;
    return a.rank == b.rank;
}

/* Something that broadcasts with x. */
static rn_node partner(maker *m, rn_node x)
{
    const rn_shape shape = rn_graph_shape(m->graph, x);
    const rn_index kind = below(m, 4);
    if (kind == 0) return rn_graph_scalar(m->graph, between(m, -1.0, 1.0));
    if (kind == 1 && shape.rank > 0)
        return rn_graph_sum(m->graph, x, (unsigned)below(m, (rn_index)1 << shape.rank), 1);
    if (kind == 2 && shape.rank > 0 && shape.dims[shape.rank - 1] > 0)
        return weight(m, RN_SHAPE(shape.dims[shape.rank - 1]));
    for (int attempt = 0; attempt < 8; attempt++) {
        const rn_node other = pick(m);
        const rn_shape theirs = rn_graph_shape(m->graph, other);
        if (same_shape(theirs, shape)) return other;
    }
    return x;
}

static rn_node binary(maker *m, rn_node x)
{
    rn_graph *g = m->graph;
    rn_node a = x;
    rn_node b = partner(m, x);
    const double off = between(m, 0.013, 0.4);
    if (below(m, 2)) {
        a = b;
        b = x;
    }
    switch (below(m, 7)) {
    case 0:
    case 1: return rn_graph_add(g, a, b);
    case 2: return rn_graph_subtract(g, a, b);
    case 3: return rn_graph_divide(g, a, rn_graph_shift(g, rn_graph_power(g, b, 2.0), 0.7));
    case 4:
        return rn_graph_greater(g, rn_graph_tanh(g, a), rn_graph_shift(g, rn_graph_sin(g, b), off));
    case 5:
        return rn_graph_equal(g, rn_graph_step(g, rn_graph_shift(g, rn_graph_tanh(g, a), off)),
                              rn_graph_step(g, rn_graph_shift(g, rn_graph_tanh(g, b), off)));
    default: return rn_graph_multiply(g, a, b);
    }
}

static rn_node product(maker *m, rn_node x)
{
    rn_graph *g = m->graph;
    const rn_shape shape = rn_graph_shape(g, x);
    if (shape.rank < 2 || shape.rank > 5) return rn_graph_tanh(g, x);
    const rn_index last = shape.dims[shape.rank - 1];
    const rn_index before = shape.dims[shape.rank - 2];
    const rn_index wide = 1 + below(m, 5);
    switch (below(m, 6)) {
    case 0:
        if (last > 0) return rn_graph_matmul(g, x, weight(m, RN_SHAPE(last, wide)));
        break;
    case 1:
        if (last > 0) return rn_graph_matmul_ops(g, x, 0, weight(m, RN_SHAPE(wide, last)), 1);
        break;
    case 2:
        if (before > 0) return rn_graph_matmul(g, weight(m, RN_SHAPE(wide, before)), x);
        break;
    case 3:
        if (before > 0) return rn_graph_matmul_ops(g, x, 1, weight(m, RN_SHAPE(before, wide)), 0);
        break;
    case 4: return rn_graph_matmul_ops(g, x, 0, rn_graph_sin(g, x), 1);
    default: return rn_graph_matmul_ops(g, x, 1, unary(m, x), 0);
    }
    return rn_graph_matmul_ops(g, x, 0, x, 1);
}

static rn_node reduction(maker *m, rn_node x)
{
    const rn_shape shape = rn_graph_shape(m->graph, x);
    const unsigned axes = (unsigned)below(m, (rn_index)1 << shape.rank);
    const int is_kept = (int)below(m, 2);
    if (below(m, 3) == 0) return rn_graph_max(m->graph, x, axes, is_kept);
    return rn_graph_sum(m->graph, x, axes, is_kept);
}

static rn_node shuffle(maker *m, rn_node x)
{
    const rn_shape shape = rn_graph_shape(m->graph, x);
    int order[RN_RANK_MAX];
    for (int i = 0; i < shape.rank; i++)
        order[i] = i;
    for (int i = shape.rank - 1; i > 0; i--) {
        const int j = (int)below(m, i + 1);
        const int saved = order[i];
        order[i] = order[j];
        order[j] = saved;
    }
    return rn_graph_transpose(m->graph, x, order);
}

static rn_node join_axes(maker *m, rn_node x)
{
    rn_shape shape = rn_graph_shape(m->graph, x);
    for (int i = 0; i + 1 < shape.rank; i++) {
        if (shape.dims[i] < 0 && shape.dims[i + 1] < 0) continue;
        shape.dims[i] *= shape.dims[i + 1];
        for (int k = i + 1; k + 1 < shape.rank; k++)
            shape.dims[k] = shape.dims[k + 1];
        return rn_graph_reshape(m->graph, x, rn_shape_make(shape.rank - 1, shape.dims));
    }
    return x;
}

/* A new axis of this length in front of axis `at`. */
static rn_shape with_axis(rn_shape shape, int at, rn_index length)
{
    for (int k = shape.rank; k > at; k--)
        shape.dims[k] = shape.dims[k - 1];
    shape.dims[at] = length;
    shape.rank++;
    return shape;
}

static rn_node split_axis(maker *m, rn_node x, int axis)
{
    rn_shape shape = rn_graph_shape(m->graph, x);
    if (shape.rank >= RN_RANK_MAX || shape.dims[axis] % 2 != 0) return x;
    shape = with_axis(shape, axis, 2);
    shape.dims[axis + 1] /= 2;
    return rn_graph_reshape(m->graph, x, shape);
}

static rn_node view(maker *m, rn_node x)
{
    rn_graph *g = m->graph;
    const rn_shape shape = rn_graph_shape(g, x);
    const bool has_room = shape.rank < RN_RANK_MAX;
    const int axis = fixed_axis(m, shape, 2);
    const rn_index kind = below(m, 6);
    if (kind == 0) return shuffle(m, x);
    if (kind == 1) return join_axes(m, x);
    if (kind == 2 && has_room)
        return rn_graph_broadcast(g, x, with_axis(shape, 0, 1 + below(m, 3)));
    if (axis < 0) return x;
    if (kind == 3) return split_axis(m, x, axis);
    if (kind == 4 && has_room) return rn_graph_unfold(g, x, axis, 2, 1 + below(m, 2), 1);
    return rn_graph_slice(g, x, axis, below(m, 2), 1 + (shape.dims[axis] - 2) / 2, 1 + below(m, 2));
}

static rn_node place(maker *m, rn_node x)
{
    rn_graph *g = m->graph;
    const rn_shape shape = rn_graph_shape(g, x);
    const int axis = fixed_axis(m, shape, 2);
    if (axis < 0) return x;
    const rn_index length = shape.dims[axis];
    switch (below(m, 4)) {
    case 0: {
        const rn_index step = 1 + below(m, 2);
        const rn_index start = below(m, 3);
        return rn_graph_embed(g, x, axis, start, step,
                              start + (length - 1) * step + 1 + below(m, 2));
    }
    case 1: return rn_graph_concat(g, 3, (const rn_node[]){x, rn_graph_sin(g, x), x}, axis);
    case 2: return rn_graph_pad(g, x, axis, below(m, 2), below(m, 3));
    default:
        if (shape.rank >= RN_RANK_MAX) return x;
        return rn_graph_fold(g, unary(m, rn_graph_unfold(g, x, axis, 2, 1, 1)), axis, 1, 1, length);
    }
}

static rn_node by_rows(maker *m, rn_node x)
{
    rn_graph *g = m->graph;
    const rn_shape shape = rn_graph_shape(g, x);
    if (shape.rank < 1 || shape.dims[0] < RN_SAMPLES || m->out->values.n >= GRAPH_VALUES_MAX - 2)
        return x;
    const int batch = shape.rank > 1 && shape.dims[1] > 0 ? (int)below(m, 2) : 0;
    const rn_index n_rows = shape.dims[batch];
    rn_shape list = {.rank = batch + 1};
    list.dims[0] = shape.dims[0];
    list.dims[batch] = 3;
    if (n_rows > 0 && below(m, 2)) {
        const rn_node index = rn_graph_input(g, "rows", list);
        (void)values_index(&m->out->values, index, m->seed, n_rows);
        return rn_graph_gather(g, x, index, batch);
    }
    list.dims[batch] = n_rows;
    const rn_node index = rn_graph_input(g, "rows", list);
    (void)values_index(&m->out->values, index, m->seed, 4);
    return rn_graph_scatter_add(g, x, index, batch, 4);
}

static rn_node grow(maker *m)
{
    const rn_node x = pick(m);
    switch (below(m, 12)) {
    case 0:
    case 1: return product(m, x);
    case 2: return reduction(m, x);
    case 3:
    case 4: return view(m, x);
    case 5: return place(m, x);
    case 6: return by_rows(m, x);
    case 7:
    case 8: return unary(m, x);
    default: return binary(m, x);
    }
}

/* Squashes what may have grown. */
static rn_node tame(maker *m, rn_node node)
{
    return below(m, 3) == 0 ? rn_graph_tanh(m->graph, node) : rn_graph_scale(m->graph, node, 0.25);
}

void random_graph_make(uint64_t seed, rn_index n_samples, int n_operations, random_graph *out)
{
    *out = (random_graph){.n_wanted = 0};
    assert_status(rn_graph_create(&out->values.graph), RN_OK);
    maker m = {.out = out, .graph = out->values.graph, .seed = seed};
    out->values.n_samples = n_samples;
    keep(&m, leaf(&m, rn_graph_input(m.graph, "x", RN_SHAPE(RN_SAMPLES, 4))));
    keep(&m, leaf(&m, rn_graph_input(m.graph, "y", RN_SHAPE(RN_SAMPLES, 2, 3, 2))));
    keep(&m, leaf(&m, rn_graph_parameter(m.graph, "w", RN_SHAPE(3, 4))));
    for (int i = 0; i < n_operations; i++) {
        const rn_node grown = grow(&m);
        if (values_size(&out->values, grown) > LARGEST) continue;
        const bool is_plain = below(&m, 2) == 0;
        keep(&m, is_plain ? grown : tame(&m, grown));
        if (is_plain && i % 3 == 2) keep(&m, tame(&m, grown));
    }
    out->n_wanted = 1 + (int)below(&m, RANDOM_GRAPH_WANTED);
    for (int i = 0; i < out->n_wanted; i++)
        out->wanted[i] = i == 0 ? m.pool[m.n_pool - 1] : pick(&m);
}

void random_graph_clear(random_graph *graph)
{
    values_clear(&graph->values);
    rn_graph_destroy(graph->values.graph);
}
