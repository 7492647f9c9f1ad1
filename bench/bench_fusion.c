/*
 * A fused chain of five elementwise operations against one operation, both over arrays far larger
 * than the second-level cache: a fused chain moves the same bytes, so the ratio should be near 1.
 */
#include <renorm/plan.h>

#include "core/memory.h"
#include "timing.h"

#define N (1 << 23) /* 64 MiB an array */

static rn_workspace *prepare(int n_operations, const double *numbers, rn_plan **plan)
{
    rn_graph *g = NULL;
    rn_workspace *work = NULL;
    must(rn_graph_create(&g), "rn_graph_create");
    const rn_node x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES));
    rn_node y = rn_graph_scale(g, x, 1.5);
    if (n_operations == 5) {
        y = rn_graph_multiply(g, rn_graph_relu(g, rn_graph_shift(g, y, 0.25)), x);
        y = rn_graph_subtract(g, y, x);
    }
    must(rn_plan_create(g, N, 1, &y, plan), "rn_plan_create");
    must(rn_workspace_create(*plan, &work), "rn_workspace_create");
    must(rn_workspace_bind(work, x, numbers), "rn_workspace_bind");
    rn_graph_destroy(g);
    return work;
}

static void run(void *work)
{
    must(rn_workspace_run(work), "rn_workspace_run");
}

int main(void)
{
    double *numbers = rni_alloc(N, sizeof *numbers);
    if (!numbers) return 3;
    for (int i = 0; i < N; i++)
        numbers[i] = (double)(i % 1000) * 0.001 - 0.5;
    rn_plan *plans[2] = {NULL};
    rn_workspace *one = prepare(1, numbers, &plans[0]);
    rn_workspace *five = prepare(5, numbers, &plans[1]);
    run(one);
    run(five);
    const comparison c = compare(run, one, run, five);
    printf("benchmark\tone_s\tfive_s\tgb_per_s\tratio\ttarget\tlimit\n");
    printf("fused_chain\t%.4g\t%.4g\t%.3g\t%.3f\t1.5\t1.0\n", c.first_s, c.second_s,
           16e-9 * N / c.first_s, c.ratio);
    rn_workspace_destroy(one);
    rn_workspace_destroy(five);
    rn_plan_destroy(plans[0]);
    rn_plan_destroy(plans[1]);
    rni_free(numbers);
    return 0;
}
