/*
 * A tensor graph, its derivative as a graph, and the derivative of that: y = sum sin(x)^2 has
 * y' = sin(2 x) and y'' v = 2 cos(2 x) v.
 */
#include <math.h>
#include <renorm/plan.h>
#include <stdio.h>

int main(void)
{
    const double at[3] = {0.3, -1.2, 2.0};
    const double v[3] = {1.0, 0.5, -0.25};
    rn_graph *graph = NULL;
    rn_plan *plan = NULL;
    rn_workspace *work = NULL;
    rn_node wanted[2] = {RN_NODE_NONE, RN_NODE_NONE};

    rn_status status = rn_graph_create(&graph);
    const rn_node x = rn_graph_parameter(graph, "x", RN_SHAPE(3));
    const rn_node direction = rn_graph_parameter(graph, "v", RN_SHAPE(3));
    const rn_node sine = rn_graph_sin(graph, x);
    const rn_node y = rn_graph_sum(graph, rn_graph_multiply(graph, sine, sine), 1u, 0);
    const rn_node one = rn_graph_scalar(graph, 1.0);

    if (status == RN_OK) status = rn_graph_vjp(graph, 1, &y, &one, 1, &x, &wanted[0]);
    if (status == RN_OK) status = rn_graph_jvp(graph, 1, &x, &direction, 1, &wanted[0], &wanted[1]);
    if (status == RN_OK) status = rn_plan_create(graph, 1, 2, wanted, &plan);
    if (status == RN_OK) status = rn_workspace_create(plan, &work);
    if (status == RN_OK) status = rn_workspace_bind(work, x, at);
    if (status == RN_OK) status = rn_workspace_bind(work, direction, v);
    if (status == RN_OK) status = rn_workspace_run(work);
    if (status != RN_OK) fprintf(stderr, "%s\n", rn_last_message());

    double worst = status == RN_OK ? 0.0 : 1.0;
    for (int i = 0; i < 3 && status == RN_OK; i++) {
        const double first = rn_workspace_value(work, wanted[0])[i];
        const double second = rn_workspace_value(work, wanted[1])[i];
        printf("x = %5.2f   y' = %9.6f   y'' v = %9.6f\n", at[i], first, second);
        worst = fmax(worst, fabs(first - sin(2.0 * at[i])));
        worst = fmax(worst, fabs(second - 2.0 * cos(2.0 * at[i]) * v[i]));
    }
    rn_workspace_destroy(work);
    rn_plan_destroy(plan);
    rn_graph_destroy(graph);
    return worst < 1e-14 ? 0 : 1;
}
