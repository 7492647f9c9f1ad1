#include "jacobian_nets.h"

#include <math.h>
#include <renorm/plan.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "jacobi.h"

/* ---- networks -------------------------------------------------------------------------------- */

static rn_node input(net *n, rn_shape shape)
{
    return n->inputs[n->n_inputs++] = rn_graph_input(n->graph, "x", shape);
}

static rn_node weight(net *n, const char *name, rn_shape shape)
{
    return rn_graph_parameter(n->graph, name, shape);
}

static rn_node dense(net *n, rn_node x, const char *w, const char *b, rn_index in, rn_index out)
{
    const rn_node y = rn_graph_matmul(n->graph, x, weight(n, w, RN_SHAPE(in, out)));
    return b ? rn_graph_add(n->graph, y, weight(n, b, RN_SHAPE(out))) : y;
}

static void build_mlp(net *n)
{
    rn_graph *g = n->graph;
    const rn_node x = input(n, RN_SHAPE(RN_SAMPLES, 3));
    rn_node h = rn_graph_tanh(g, dense(n, x, "w1", "b1", 3, 7));
    h = dense(n, h, "w2", "b2", 7, 6);
    h = rn_graph_multiply(g, h, rn_graph_sigmoid(g, rn_graph_scale(g, h, 1.702)));
    n->output = dense(n, h, "w3", "b3", 6, 2);
}

/* y = c x W + b: biases and read-out are multiples of other factors. */
static void build_scaled(net *n)
{
    rn_graph *g = n->graph;
    const rn_node x = input(n, RN_SHAPE(RN_SAMPLES, 3));
    rn_node h = rn_graph_scale(g, dense(n, x, "w1", NULL, 3, 6), 0.577);
    h = rn_graph_tanh(g, rn_graph_add(g, h, weight(n, "b1", RN_SHAPE(6))));
    h = rn_graph_scale(g, dense(n, h, "w2", NULL, 6, 3), 0.408);
    n->output = rn_graph_add(g, h, weight(n, "b2", RN_SHAPE(3)));
}

/* One input, one output without an axis of its own, a bias subtracted and added. */
static void build_curve(net *n)
{
    rn_graph *g = n->graph;
    const rn_node x = input(n, RN_SHAPE(RN_SAMPLES, 1));
    rn_node h = rn_graph_matmul(g, x, weight(n, "w1", RN_SHAPE(1, 5)));
    const rn_node b = weight(n, "b1", RN_SHAPE(5));
    h = rn_graph_add(g, rn_graph_erf(g, rn_graph_subtract(g, h, b)), b);
    const rn_node f = rn_graph_matmul(g, h, weight(n, "w2", RN_SHAPE(5, 1)));
    n->output = rn_graph_reshape(g, f, RN_SHAPE(RN_SAMPLES));
}

static void build_residual(net *n)
{
    rn_graph *g = n->graph;
    rn_node h = dense(n, input(n, RN_SHAPE(RN_SAMPLES, 4)), "in", NULL, 4, 6);
    static const char *const names[] = {"w1", "b1", "w2", "b2", "w3", "b3"};
    for (rn_index l = 0; l < 3; l++) {
        const rn_node branch = rn_graph_tanh(g, dense(n, h, names[2 * l], names[2 * l + 1], 6, 6));
        h = rn_graph_add(g, h, rn_graph_scale(g, branch, 0.5));
    }
    n->output = dense(n, h, "out", NULL, 6, 3);
}

/* W on the way in, its transpose on the way out: two orientations of one weight. */
static void build_tied(net *n)
{
    rn_graph *g = n->graph;
    const rn_node w = weight(n, "w", RN_SHAPE(4, 6));
    const rn_node h = rn_graph_tanh(g, rn_graph_matmul(g, input(n, RN_SHAPE(RN_SAMPLES, 4)), w));
    n->output = rn_graph_matmul_ops(g, h, 0, w, 1);
}

/* Only transposed uses, twice. */
static void build_transposed(net *n)
{
    rn_graph *g = n->graph;
    const rn_node w = weight(n, "w", RN_SHAPE(5, 5));
    const rn_node v = weight(n, "v", RN_SHAPE(2, 5));
    rn_node h =
        rn_graph_tanh(g, rn_graph_matmul_ops(g, input(n, RN_SHAPE(RN_SAMPLES, 5)), 0, w, 1));
    h = rn_graph_tanh(g, rn_graph_matmul_ops(g, h, 0, w, 1));
    n->output = rn_graph_matmul_ops(g, h, 0, v, 1);
}

static void build_recurrent(net *n)
{
    rn_graph *g = n->graph;
    const rn_node x = input(n, RN_SHAPE(RN_SAMPLES, 8, 2));
    const rn_node u = weight(n, "u", RN_SHAPE(5, 5));
    const rn_node v = weight(n, "v", RN_SHAPE(2, 5));
    const rn_node b = weight(n, "b", RN_SHAPE(5));
    rn_node h = RN_NODE_NONE;
    for (rn_index t = 0; t < 8; t++) {
        const rn_node now =
            rn_graph_reshape(g, rn_graph_slice(g, x, 1, t, 1, 1), RN_SHAPE(RN_SAMPLES, 2));
        rn_node a = rn_graph_add(g, rn_graph_matmul(g, now, v), b);
        if (t > 0) a = rn_graph_add(g, a, rn_graph_matmul(g, h, u));
        h = rn_graph_tanh(g, a);
    }
    n->output = dense(n, h, "out", NULL, 5, 2);
}

/* [N, 6, 6, 2] -> 3 x 3 windows with one weight at 16 positions, 4 channels, mean, dense. */
static void build_convolution(net *n)
{
    rn_graph *g = n->graph;
    const rn_node x = input(n, RN_SHAPE(RN_SAMPLES, 6, 6, 2));
    rn_node h = rn_graph_unfold(g, x, 1, 3, 1, 1);           /* [N, 4, 3, 6, 2] */
    h = rn_graph_unfold(g, h, 3, 3, 1, 1);                   /* [N, 4, 3, 4, 3, 2] */
    h = rn_graph_transpose(g, h, (int[]){0, 1, 3, 2, 4, 5}); /* [N, 4, 4, 3, 3, 2] */
    h = rn_graph_reshape(g, h, RN_SHAPE(RN_SAMPLES, 4, 4, 18));
    h = rn_graph_tanh(g, dense(n, h, "kernel", "bias", 18, 4));
    h = rn_graph_sum(g, h, (1u << 1) | (1u << 2), 0);
    n->output = dense(n, h, "out", "b", 4, 3);
}

/* Tokens: an embedding, also transposed as read-out, and positions added to it. */
static void build_embedding(net *n)
{
    rn_graph *g = n->graph;
    n->has_indices = true;
    const rn_node x = input(n, RN_SHAPE(RN_SAMPLES, 5));
    const rn_node table = weight(n, "table", RN_SHAPE(7, 4));
    rn_node h =
        rn_graph_add(g, rn_graph_gather(g, table, x, 0), weight(n, "positions", RN_SHAPE(5, 4)));
    h = rn_graph_tanh(g, dense(n, h, "w", "b", 4, 4));
    h = rn_graph_sum(g, h, 1u << 1, 0);
    n->output = rn_graph_matmul_ops(g, h, 0, table, 1);
}

/* An embedding used for nothing else. */
static void build_tokens(net *n)
{
    rn_graph *g = n->graph;
    n->has_indices = true;
    const rn_node x = input(n, RN_SHAPE(RN_SAMPLES, 6));
    rn_node h = rn_graph_gather(g, weight(n, "table", RN_SHAPE(7, 3)), x, 0);
    h = rn_graph_power(g, rn_graph_sum(g, rn_graph_tanh(g, h), 1u << 1, 0), 2.0);
    n->output = dense(n, h, "out", NULL, 3, 2);
}

static rn_node layer_norm(net *n, rn_node x, int axis, rn_index width, const char *gain,
                          const char *offset)
{
    rn_graph *g = n->graph;
    const double over = 1.0 / (double)width;
    const rn_node mean = rn_graph_scale(g, rn_graph_sum(g, x, 1u << axis, 1), over);
    const rn_node centred = rn_graph_subtract(g, x, mean);
    const rn_node square = rn_graph_sum(g, rn_graph_multiply(g, centred, centred), 1u << axis, 1);
    const rn_node inverse =
        rn_graph_power(g, rn_graph_shift(g, rn_graph_scale(g, square, over), 0.1), -0.5);
    const rn_node y = rn_graph_multiply(g, centred, inverse);
    const rn_node scaled = rn_graph_multiply(g, y, weight(n, gain, RN_SHAPE(width)));
    return rn_graph_add(g, scaled, weight(n, offset, RN_SHAPE(1, width)));
}

static void build_norm(net *n)
{
    rn_graph *g = n->graph;
    rn_node h = dense(n, input(n, RN_SHAPE(RN_SAMPLES, 2, 3)), "w1", NULL, 3, 5);
    h = rn_graph_tanh(g, layer_norm(n, h, 2, 5, "gain", "offset"));
    h = rn_graph_multiply(g, h, weight(n, "map", RN_SHAPE(2, 5)));
    const rn_node f = dense(n, rn_graph_sum(g, h, 1u << 1, 0), "w2", NULL, 5, 2);
    n->output = rn_graph_multiply(g, f, weight(n, "temperature", RN_SHAPE_SCALAR));
}

/* Weights that enter through a function of them, in a quotient, and not at all. */
static void build_other(net *n)
{
    rn_graph *g = n->graph;
    const rn_node x = input(n, RN_SHAPE(RN_SAMPLES, 3));
    const rn_node bent = rn_graph_tanh(g, weight(n, "bent", RN_SHAPE(3, 4)));
    const rn_node unused = weight(n, "unused", RN_SHAPE(3));
    (void)unused;
    rn_node h = rn_graph_tanh(g, rn_graph_matmul(g, x, bent));
    h = rn_graph_divide(g, h, rn_graph_exp(g, weight(n, "rate", RN_SHAPE(4))));
    n->output = dense(n, h, "w", "b", 4, 2);
}

static void build_attention(net *n)
{
    rn_graph *g = n->graph;
    const rn_node x = input(n, RN_SHAPE(RN_SAMPLES, 4, 3));
    const rn_node q = dense(n, x, "q", NULL, 3, 3);
    const rn_node k = dense(n, x, "k", NULL, 3, 3);
    const rn_node v = dense(n, x, "v", "bv", 3, 3);
    const rn_node e = rn_graph_exp(g, rn_graph_scale(g, rn_graph_matmul_ops(g, q, 0, k, 1), 0.577));
    const rn_node weights = rn_graph_divide(g, e, rn_graph_sum(g, e, 1u << 2, 1));
    const rn_node mixed = dense(n, rn_graph_matmul(g, weights, v), "o", NULL, 3, 3);
    n->output = rn_graph_sum(g, rn_graph_tanh(g, rn_graph_add(g, x, mixed)), 1u << 1, 0);
}

/* Statistics over the samples: every row depends on all of them. */
static void build_coupled(net *n)
{
    rn_graph *g = n->graph;
    const rn_node h = dense(n, input(n, RN_SHAPE(RN_SAMPLES, 3)), "w1", "b1", 3, 4);
    const rn_node mean = rn_graph_scale(g, rn_graph_sum(g, h, 1u << 0, 1), 0.1);
    n->output = dense(n, rn_graph_tanh(g, rn_graph_subtract(g, h, mean)), "w2", NULL, 4, 2);
}

const net_kind net_kinds[] = {
    {"mlp", build_mlp},
    {"scaled", build_scaled},
    {"curve", build_curve},
    {"residual", build_residual},
    {"tied", build_tied},
    {"transposed", build_transposed},
    {"recurrent", build_recurrent},
    {"convolution", build_convolution},
    {"embedding", build_embedding},
    {"tokens", build_tokens},
    {"norm", build_norm},
    {"other", build_other},
    {"attention", build_attention},
    {"coupled", build_coupled},
};
const int n_net_kinds = (int)(sizeof net_kinds / sizeof net_kinds[0]);
const int n_separate_nets = (int)(sizeof net_kinds / sizeof net_kinds[0]) - 1;

const net_kind *net_named(const char *name)
{
    for (int i = 0; i < n_net_kinds; i++)
        if (strcmp(net_kinds[i].name, name) == 0) return &net_kinds[i];
    fail_msg("no network is called %s", name);
    return NULL;
}

/* ---- making ---------------------------------------------------------------------------------- */

/* Entries of a shape for n_samples. */
static rn_index entries(rn_shape shape, rn_index n_samples)
{
    rn_index count = 1;
    for (int i = 0; i < shape.rank; i++)
        count *= shape.dims[i] < 0 ? -shape.dims[i] * n_samples : shape.dims[i];
    return count;
}

static double *new_numbers(rn_index count)
{
    double *numbers = calloc((size_t)(count > 0 ? count : 1), sizeof *numbers);
    assert_non_null(numbers);
    return numbers;
}

net make_net(const net_kind *kind, rn_index n_samples, uint64_t seed)
{
    net n = {.name = kind->name, .n_samples = n_samples};
    assert_status(rn_graph_create(&n.graph), RN_OK);
    kind->build(&n);
    assert_status(rn_graph_status(n.graph), RN_OK);
    n.n_outputs = entries(rn_graph_shape(n.graph, n.output), 1);
    n.n = n_samples * n.n_outputs;
    n.n_weights = rn_graph_n_weights(n.graph);
    n.arrays = calloc(2, sizeof *n.arrays);
    assert_non_null(n.arrays);
    for (rn_index i = 0; i < n.n_inputs; i++) {
        const rn_index size = entries(rn_graph_shape(n.graph, n.inputs[i]), n_samples);
        n.arrays[i] = new_numbers(size);
        random_fill(seed, (uint32_t)i, size, n.arrays[i]);
        for (rn_index e = 0; n.has_indices && e < size; e++)
            n.arrays[i][e] = (double)((int)(fabs(n.arrays[i][e]) * 1000.0) % 7);
    }
    n.theta = new_numbers(n.n_weights);
    n.direction = new_numbers(n.n_weights);
    random_fill(seed, 10, n.n_weights, n.theta);
    random_fill(seed, 11, n.n_weights, n.direction);
    for (rn_index i = 0; i < n.n_weights; i++)
        n.theta[i] *= 0.6; /* away from saturation */
    return n;
}

void drop_net(net *n)
{
    for (rn_index i = 0; i < n->n_inputs; i++)
        free(n->arrays[i]);
    free(n->arrays);
    free(n->theta);
    free(n->direction);
    rn_graph_destroy(n->graph);
}

void permute_samples(net *n, const rn_index *order)
{
    for (rn_index i = 0; i < n->n_inputs; i++) {
        const rn_index size = entries(rn_graph_shape(n->graph, n->inputs[i]), 1);
        double *permuted = new_numbers(size * n->n_samples);
        for (rn_index s = 0; s < n->n_samples; s++)
            memcpy(permuted + s * size, n->arrays[i] + order[s] * size,
                   (size_t)size * sizeof *permuted);
        free(n->arrays[i]);
        n->arrays[i] = permuted;
    }
}

rn_kernel_desc describe_net(const net *n, int n_threads)
{
    rn_kernel_desc desc = rn_kernel_desc_defaults();
    desc.graph = n->graph;
    desc.n_inputs = n->n_inputs;
    desc.inputs = n->inputs;
    desc.output = n->output;
    desc.n_threads = n_threads;
    return desc;
}

rn_kernel_point point_of(const net *n)
{
    return (rn_kernel_point){
        .n_samples = n->n_samples, .inputs = (const double *const *)n->arrays, .theta = n->theta};
}

/* ---- by hand --------------------------------------------------------------------------------- */

static void bind_parameters(const net *n, rn_workspace *work, rn_index n_nodes,
                            const rn_node *nodes, const double *values)
{
    for (rn_index p = 0; p < n_nodes; p++) {
        assert_status(rn_workspace_bind(work, nodes[p], values), RN_OK);
        values += entries(rn_graph_shape(n->graph, nodes[p]), 1);
    }
}

static rn_node *parameters_of(const net *n)
{
    rn_node *nodes = calloc((size_t)rn_graph_n_parameters(n->graph), sizeof *nodes);
    assert_non_null(nodes);
    for (rn_index p = 0; p < rn_graph_n_parameters(n->graph); p++)
        nodes[p] = rn_graph_parameter_at(n->graph, p);
    return nodes;
}

/* Plans `wanted` and binds inputs and parameters. */
static void start(const net *n, rn_index n_wanted, const rn_node *wanted, const double *theta,
                  rn_plan **plan, rn_workspace **work)
{
    assert_status(rn_plan_create(n->graph, n->n_samples, n_wanted, wanted, plan), RN_OK);
    assert_status(rn_workspace_create(*plan, work), RN_OK);
    for (rn_index i = 0; i < n->n_inputs; i++)
        assert_status(rn_workspace_bind(*work, n->inputs[i], n->arrays[i]), RN_OK);
    rn_node *parameters = parameters_of(n);
    bind_parameters(n, *work, rn_graph_n_parameters(n->graph), parameters, theta);
    free(parameters);
}

static void finish(rn_plan *plan, rn_workspace *work)
{
    rn_workspace_destroy(work);
    rn_plan_destroy(plan);
}

void net_outputs(const net *n, const double *theta, double *out)
{
    rn_plan *plan = NULL;
    rn_workspace *work = NULL;
    start(n, 1, &n->output, theta, &plan, &work);
    assert_status(rn_workspace_run(work), RN_OK);
    memcpy(out, rn_workspace_value(work, n->output), (size_t)n->n * sizeof *out);
    finish(plan, work);
}

/* Copies the gradients of one run into a row of [n x P]. */
static void copy_row(const net *n, const rn_workspace *work, const rn_node *gradients, double *row)
{
    for (rn_index p = 0; p < rn_graph_n_parameters(n->graph); p++) {
        const rn_index size =
            entries(rn_graph_shape(n->graph, rn_graph_parameter_at(n->graph, p)), 1);
        memcpy(row, rn_workspace_value(work, gradients[p]), (size_t)size * sizeof *row);
        row += size;
    }
}

void net_jacobian(net *n, const double *theta, const double *direction, double *jacobian,
                  double *tangent)
{
    const rn_index count = rn_graph_n_parameters(n->graph);
    rn_node *weights = parameters_of(n);
    rn_node *along = calloc((size_t)count, sizeof *along);
    rn_node *results = calloc(2 * (size_t)count, sizeof *results);
    double *one_hot = new_numbers(n->n);
    const rn_node u = rn_graph_input(n->graph, "u", rn_graph_shape(n->graph, n->output));
    assert_status(rn_graph_vjp(n->graph, 1, &n->output, &u, count, weights, results), RN_OK);
    for (rn_index p = 0; p < count; p++)
        along[p] = rn_graph_input(n->graph, "v", rn_graph_shape(n->graph, weights[p]));
    assert_status(rn_graph_jvp(n->graph, count, weights, along, count, results, results + count),
                  RN_OK);
    rn_plan *plan = NULL;
    rn_workspace *work = NULL;
    start(n, tangent ? 2 * count : count, results, theta, &plan, &work);
    if (tangent) bind_parameters(n, work, count, along, direction);
    assert_status(rn_workspace_bind(work, u, one_hot), RN_OK);
    for (rn_index r = 0; r < n->n; r++) {
        one_hot[r] = 1.0;
        assert_status(rn_workspace_run(work), RN_OK);
        one_hot[r] = 0.0;
        copy_row(n, work, results, jacobian + r * n->n_weights);
        if (tangent) copy_row(n, work, results + count, tangent + r * n->n_weights);
    }
    finish(plan, work);
    free(one_hot);
    free(results);
    free(along);
    free(weights);
}

void symmetric_product(const net *n, const double *a, const double *b, rn_index first,
                       rn_index count, double *out)
{
    for (rn_index r = 0; r < n->n; r++)
        for (rn_index c = 0; c < n->n; c++) {
            long double sum = 0.0L;
            for (rn_index p = first; p < first + count; p++)
                sum +=
                    (long double)a[r * n->n_weights + p] * (long double)b[c * n->n_weights + p]
                    + (long double)b[r * n->n_weights + p] * (long double)a[c * n->n_weights + p];
            out[r * n->n + c] = (double)(sum / 2.0L / (long double)n->n_samples);
        }
}

double relative_difference(rn_index count, const double *a, const double *b)
{
    double most = 0.0;
    double scale = 0.0;
    for (rn_index i = 0; i < count; i++) {
        most = fmax(most, fabs(a[i] - b[i]));
        scale = fmax(scale, fabs(b[i]));
        if (isnan(a[i]) || isnan(b[i])) return (double)INFINITY;
    }
    return most > 0.0 ? most / scale : 0.0;
}
