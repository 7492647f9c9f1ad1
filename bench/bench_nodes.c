/*
 * Cost of one graph node where the arithmetic is negligible: loss and gradient of a 1-2-1 tanh
 * net with biases (7 weights) on 10 samples.
 */
#include <renorm/plan.h>

#include "timing.h"

#define N_SAMPLES 10

static void run(void *work)
{
    must(rn_workspace_run(work), "rn_workspace_run");
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
    const double n_nodes = (double)rn_plan_n_nodes(plan);
    printf("benchmark\tns_per_run\tnodes\tsteps\tns_per_step\tns_per_node\ttarget\n");
    printf("small_net\t%.0f\t%.0f\t%d\t%.1f\t%.1f\t200\n", 1e9 * step_s, n_nodes,
           (int)rn_plan_n_steps(plan), 1e9 * step_s / (double)rn_plan_n_steps(plan),
           1e9 * step_s / n_nodes);
    rn_workspace_destroy(work);
    rn_plan_destroy(plan);
    rn_graph_destroy(g);
    return 0;
}
