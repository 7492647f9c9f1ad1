/*
 * Cost of one graph node where the arithmetic is negligible: loss and gradient of a 1-2-1 tanh
 * net with biases (7 weights) on 10 samples. The limit is the same arithmetic in one plain loop,
 * divided by the number of nodes.
 */
#include <math.h>
#include <renorm/plan.h>

#include "timing.h"

#define N_SAMPLES 10

static void run(void *work)
{
    must(rn_workspace_run(work), "rn_workspace_run");
}

/* The same by hand. */
typedef struct by_hand {
    const double *x, *target, *w; /* w: w1[2], b1[2], w2[2], b2 */
    double loss;
    double gradient[7];
} by_hand;

static void run_by_hand(void *user)
{
    by_hand *net = user;
    const double *w = net->w;
    double *d = net->gradient;
    net->loss = 0.0;
    for (int k = 0; k < 7; k++)
        d[k] = 0.0;
    for (int i = 0; i < N_SAMPLES; i++) {
        double h[2];
        double output = w[6];
        for (int k = 0; k < 2; k++) {
            h[k] = tanh(net->x[i] * w[k] + w[2 + k]);
            output += h[k] * w[4 + k];
        }
        const double error = output - net->target[i];
        net->loss += 0.5 / N_SAMPLES * error * error;
        for (int k = 0; k < 2; k++) {
            const double delta = error / N_SAMPLES * w[4 + k] * (1.0 - h[k] * h[k]);
            d[k] += delta * net->x[i];
            d[2 + k] += delta;
            d[4 + k] += error / N_SAMPLES * h[k];
        }
        d[6] += error / N_SAMPLES;
    }
}

/* Largest difference of the two losses and gradients. */
static double difference(const by_hand *net, const rn_workspace *work, const rn_node *wanted)
{
    double worst = fabs(rn_workspace_value(work, wanted[0])[0] - net->loss);
    for (int i = 0; i < 7; i++)
        worst = fmax(worst,
                     fabs(rn_workspace_value(work, wanted[1 + i / 2])[i % 2] - net->gradient[i]));
    return worst;
}

int main(void)
{
    rn_graph *g = NULL;
    must(rn_graph_create(&g), "rn_graph_create");
    const rn_node x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, 1));
    const rn_node target = rn_graph_input(g, "target", RN_SHAPE(RN_SAMPLES, 1));
    const rn_node weights[4] = {
        rn_graph_parameter(g, "w1", RN_SHAPE(1, 2)), rn_graph_parameter(g, "b1", RN_SHAPE(2)),
        rn_graph_parameter(g, "w2", RN_SHAPE(2, 1)), rn_graph_parameter(g, "b2", RN_SHAPE(1))};
    const rn_node hidden =
        rn_graph_tanh(g, rn_graph_add(g, rn_graph_matmul(g, x, weights[0]), weights[1]));
    const rn_node output = rn_graph_add(g, rn_graph_matmul(g, hidden, weights[2]), weights[3]);
    const rn_node error = rn_graph_subtract(g, output, target);
    const rn_node loss = rn_graph_scale(
        g, rn_graph_sum(g, rn_graph_multiply(g, error, error), 3u, 0), 0.5 / N_SAMPLES);
    const rn_node one = rn_graph_scalar(g, 1.0);
    rn_node wanted[5] = {loss};
    must(rn_graph_vjp(g, 1, &loss, &one, 4, weights, wanted + 1), "rn_graph_vjp");

    rn_plan *plan = NULL;
    rn_workspace *work = NULL;
    must(rn_plan_create(g, N_SAMPLES, 5, wanted, &plan), "rn_plan_create");
    must(rn_workspace_create(plan, &work), "rn_workspace_create");
    double inputs[N_SAMPLES];
    double targets[N_SAMPLES];
    for (int i = 0; i < N_SAMPLES; i++) {
        inputs[i] = 0.2 * i - 0.9;
        targets[i] = inputs[i] * inputs[i];
    }
    const double w[7] = {0.5, -0.7, 0.1, 0.2, 0.9, -0.4, 0.05};
    must(rn_workspace_bind(work, x, inputs), "bind");
    must(rn_workspace_bind(work, target, targets), "bind");
    for (int k = 0, start = 0; k < 4; start += k == 0 || k == 1 || k == 2 ? 2 : 1, k++)
        must(rn_workspace_bind(work, weights[k], w + start), "bind");

    const double step_s = least_s(20, 20000, run, work);
    by_hand hand = {.x = inputs, .target = targets, .w = w};
    const double hand_s = least_s(20, 20000, run_by_hand, &hand);
    if (difference(&hand, work, wanted) > 1e-13) return 3; /* not the same arithmetic */
    const double n_nodes = (double)rn_plan_n_nodes(plan);
    printf("benchmark\tns_per_run\tnodes\tsteps\tns_per_step\tns_per_node\ttarget\tlimit\n");
    printf("small_net\t%.0f\t%.0f\t%d\t%.1f\t%.1f\t200\t%.1f\n", 1e9 * step_s, n_nodes,
           (int)rn_plan_n_steps(plan), 1e9 * step_s / (double)rn_plan_n_steps(plan),
           1e9 * step_s / n_nodes, 1e9 * hand_s / n_nodes);
    rn_workspace_destroy(work);
    rn_plan_destroy(plan);
    rn_graph_destroy(g);
    return 0;
}
