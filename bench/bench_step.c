/*
 * Loss and gradient of an MLP 784-512-512-10 (tanh or relu, squared error, batch 128): the planned
 * graph against the same arithmetic written by hand over BLAS, in place, with fused loops.
 */
#include <math.h>
#include <renorm/plan.h>
#include <string.h>

#include "backends/blas.h"
#include "core/memory.h"
#include "core/rng.h"
#include "timing.h"

enum { N_LAYERS = 3, N_WEIGHTS = 6 /* a matrix and a bias each */ };

static const rn_index n_batch = 128;

static const rn_index widths[N_LAYERS + 1] = {784, 512, 512, 10};

/* Everything both versions read, and what the hand-written one writes. */
typedef struct mlp {
    int is_relu;
    double *x, *target;
    double *w[N_LAYERS], *b[N_LAYERS];
    double *h[N_LAYERS], *delta[N_LAYERS]; /* activations and their cotangents */
    double *dw[N_LAYERS], *db[N_LAYERS];
    double loss;
} mlp;

static double *normal(rn_index n, double scale, uint32_t part)
{
    double *numbers = rni_alloc(n, sizeof *numbers);
    if (!numbers) exit(3);
    rni_rng_fill_normal((rni_stream){.seed = 1, .part = part}, 0, n, numbers);
    for (rn_index i = 0; i < n; i++)
        numbers[i] *= scale;
    return numbers;
}

static void make(mlp *net)
{
    net->x = normal(n_batch * widths[0], 1.0, 0);
    net->target = normal(n_batch * widths[N_LAYERS], 1.0, 1);
    for (uint32_t l = 0; l < N_LAYERS; l++) {
        const rn_index n_weights = widths[l] * widths[l + 1];
        net->w[l] = normal(n_weights, 1.0 / sqrt((double)widths[l]), 2 + l);
        net->b[l] = normal(widths[l + 1], 0.1, 8 + l);
        net->h[l] = normal(n_batch * widths[l + 1], 1.0, 16);
        net->delta[l] = normal(n_batch * widths[l + 1], 1.0, 16);
        net->dw[l] = normal(n_weights, 1.0, 16);
        net->db[l] = normal(widths[l + 1], 1.0, 16);
    }
}

static void add_bias_and_bend(const mlp *net, int l)
{
    const rn_index width = widths[l + 1];
    for (rn_index i = 0; i < n_batch; i++) {
        double *restrict row = net->h[l] + i * width;
        const double *restrict b = net->b[l];
        if (l == N_LAYERS - 1)
            for (rn_index j = 0; j < width; j++)
                row[j] += b[j];
        else if (net->is_relu)
            for (rn_index j = 0; j < width; j++)
                row[j] = row[j] + b[j] > 0.0 ? row[j] + b[j] : 0.0;
        else
            for (rn_index j = 0; j < width; j++)
                row[j] = tanh(row[j] + b[j]);
    }
}

static void times_slope(const mlp *net, int l)
{
    const rn_index n = n_batch * widths[l + 1];
    double *restrict delta = net->delta[l];
    const double *restrict h = net->h[l];
    if (net->is_relu)
        for (rn_index i = 0; i < n; i++)
            delta[i] = h[i] > 0.0 ? delta[i] : 0.0;
    else
        for (rn_index i = 0; i < n; i++)
            delta[i] *= 1.0 - h[i] * h[i];
}

static void run_by_hand(void *user)
{
    mlp *net = user;
    for (int l = 0; l < N_LAYERS; l++) {
        must(rni_gemm(false, false, n_batch, widths[l + 1], widths[l], 1.0,
                      l == 0 ? net->x : net->h[l - 1], widths[l], net->w[l], widths[l + 1], 0.0,
                      net->h[l], widths[l + 1]),
             "rni_gemm");
        add_bias_and_bend(net, l);
    }
    net->loss = 0.0;
    for (rn_index i = 0; i < n_batch * widths[N_LAYERS]; i++) {
        const double error = net->h[N_LAYERS - 1][i] - net->target[i];
        net->loss += 0.5 / (double)n_batch * error * error;
        net->delta[N_LAYERS - 1][i] = error / (double)n_batch;
    }
    for (int l = N_LAYERS - 1; l >= 0; l--) {
        const rn_index width = widths[l + 1];
        must(rni_gemm(true, false, widths[l], width, n_batch, 1.0, l == 0 ? net->x : net->h[l - 1],
                      widths[l], net->delta[l], width, 0.0, net->dw[l], width),
             "rni_gemm");
        memset(net->db[l], 0, (size_t)width * sizeof(double));
        for (rn_index i = 0; i < n_batch; i++) {
            const double *restrict delta = net->delta[l] + i * width;
            double *restrict db = net->db[l];
            for (rn_index j = 0; j < width; j++)
                db[j] += delta[j];
        }
        if (l == 0) break;
        must(rni_gemm(false, true, n_batch, widths[l], width, 1.0, net->delta[l], width, net->w[l],
                      width, 0.0, net->delta[l - 1], widths[l]),
             "rni_gemm");
        times_slope(net, l - 1);
    }
}

static void run_planned(void *work)
{
    must(rn_workspace_run(work), "rn_workspace_run");
}

typedef struct planned {
    rn_graph *graph;
    rn_plan *plan;
    rn_workspace *work;
    rn_node wanted[1 + N_WEIGHTS]; /* loss, then dw and db by layer */
} planned;

static void plan_net(const mlp *net, planned *p)
{
    must(rn_graph_create(&p->graph), "rn_graph_create");
    rn_graph *g = p->graph;
    rn_node weights[N_WEIGHTS];
    const rn_node x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, widths[0]));
    const rn_node target = rn_graph_input(g, "target", RN_SHAPE(RN_SAMPLES, widths[N_LAYERS]));
    rn_node h = x;
    for (int l = 0; l < N_LAYERS; l++) {
        weights[(ptrdiff_t)2 * l] = rn_graph_parameter(g, "w", RN_SHAPE(widths[l], widths[l + 1]));
        weights[(ptrdiff_t)2 * l + 1] = rn_graph_parameter(g, "b", RN_SHAPE(widths[l + 1]));
        h = rn_graph_add(g, rn_graph_matmul(g, h, weights[(ptrdiff_t)2 * l]),
                         weights[(ptrdiff_t)2 * l + 1]);
        if (l < N_LAYERS - 1) h = net->is_relu ? rn_graph_relu(g, h) : rn_graph_tanh(g, h);
    }
    const rn_node error = rn_graph_subtract(g, h, target);
    p->wanted[0] = rn_graph_scale(g, rn_graph_sum(g, rn_graph_multiply(g, error, error), 3u, 0),
                                  0.5 / (double)n_batch);
    const rn_node one = rn_graph_scalar(g, 1.0);
    must(rn_graph_vjp(g, 1, p->wanted, &one, N_WEIGHTS, weights, p->wanted + 1), "vjp");
    must(rn_plan_create(g, n_batch, 1 + N_WEIGHTS, p->wanted, &p->plan), "rn_plan_create");
    must(rn_workspace_create(p->plan, &p->work), "rn_workspace_create");
    must(rn_workspace_bind(p->work, x, net->x), "bind");
    must(rn_workspace_bind(p->work, target, net->target), "bind");
    for (int l = 0; l < N_LAYERS; l++) {
        must(rn_workspace_bind(p->work, weights[(ptrdiff_t)2 * l], net->w[l]), "bind");
        must(rn_workspace_bind(p->work, weights[(ptrdiff_t)2 * l + 1], net->b[l]), "bind");
    }
}

/* Largest difference of any gradient entry, relative to the largest entry of its array. */
static double difference(const mlp *net, const planned *p)
{
    double worst = fabs(net->loss - rn_workspace_value(p->work, p->wanted[0])[0]) / net->loss;
    for (int k = 0; k < N_WEIGHTS; k++) {
        const int l = k / 2;
        const double *hand = k % 2 ? net->db[l] : net->dw[l];
        const double *plan = rn_workspace_value(p->work, p->wanted[1 + k]);
        const rn_index n = k % 2 ? widths[l + 1] : widths[l] * widths[l + 1];
        double largest = 0.0;
        double distance = 0.0;
        for (rn_index i = 0; i < n; i++) {
            largest = fmax(largest, fabs(hand[i]));
            distance = fmax(distance, fabs(hand[i] - plan[i]));
        }
        worst = fmax(worst, distance / largest);
    }
    return worst;
}

int main(void)
{
    mlp net = {.is_relu = 0};
    make(&net);
    printf("benchmark\thand_s\tplanned_s\tgflop_per_s\tdifference\tratio\ttarget\tlimit\n");
    for (net.is_relu = 0; net.is_relu < 2; net.is_relu++) {
        planned p = {.work = NULL};
        plan_net(&net, &p);
        run_by_hand(&net);
        run_planned(p.work);
        const double off = difference(&net, &p);
        const comparison c = compare(run_by_hand, &net, run_planned, p.work);
        printf("mlp_step_%s\t%.4g\t%.4g\t%.3g\t%.1e\t%.3f\t1.2\t1.0\n",
               net.is_relu ? "relu" : "tanh", c.first_s, c.second_s,
               1e-9 * rn_plan_flops(p.plan) / c.first_s, off, c.ratio);
        rn_workspace_destroy(p.work);
        rn_plan_destroy(p.plan);
        rn_graph_destroy(p.graph);
        if (off > 1e-10) return 3; /* not the same arithmetic */
    }
    return 0;
}
