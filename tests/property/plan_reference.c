/*
 * Planned execution against the plain interpreter: every operation, its derivatives, and random
 * graphs. RN_TEST_SEED and RN_TEST_CASES replay or deepen.
 */
#include <stdio.h>

#include "check.h"
#include "core/memory.h"
#include "graph/exec_reference.h"
#include "graph_values.h"
#include "op_cases.h"
#include "random_graph.h"

#define WANTED_MAX 64

/*
 * Compares n_wanted nodes. Sums of at most a few thousand terms of order one, in different orders
 * and with powers by multiplication, through at most some tens of well-conditioned operations:
 * 1e-11 relative to the largest entry is far above rounding and far below any mistake.
 */
static void compare(const graph_values *values, int n_wanted, const rn_node *wanted,
                    const char *what)
{
    const rn_index n = rn_graph_size(values->graph);
    const double **leaves = rni_alloc_zero(n, sizeof *leaves);
    double **expected = rni_alloc_zero(n, sizeof *expected);
    for (int i = 0; i < values->n; i++)
        leaves[values->leaf[i]] = values->numbers[i];
    assert_status(rni_graph_reference(values->graph, values->n_samples, leaves, expected), RN_OK);

    rn_plan *plan = NULL;
    rn_workspace *work = NULL;
    assert_status(rn_plan_create(values->graph, values->n_samples, n_wanted, wanted, &plan), RN_OK);
    assert_status(rn_workspace_create(plan, &work), RN_OK);
    for (int i = 0; i < values->n; i++)
        assert_status(rn_workspace_bind(work, values->leaf[i], values->numbers[i]), RN_OK);
    for (int run = 0; run < 2; run++) { /* the second on a used arena */
        assert_status(rn_workspace_run(work), RN_OK);
        for (int i = 0; i < n_wanted; i++) {
            const rn_index size = values_size(values, wanted[i]);
            const double *found = rn_workspace_value(work, wanted[i]);
            const double scale = 1.0 + values_largest(size, expected[wanted[i]]);
            const double distance = values_distance(size, found, expected[wanted[i]]);
            if (!(distance <= 1e-11 * scale))
                fail_msg("%s, N = %d: node %d (%s), wanted[%d], is off by %.3g of %.3g", what,
                         (int)values->n_samples, (int)wanted[i],
                         rni_op_name(rni_graph_node(values->graph, wanted[i])->op), i, distance,
                         scale);
        }
    }
    rn_workspace_destroy(work);
    rn_plan_destroy(plan);
    for (rn_index i = 0; i < n; i++)
        rni_free(expected[i]);
    rni_free(expected);
    rni_free(leaves);
}

static void fill(graph_values *values, const op_case *test, const op_leaves *leaves)
{
    for (int i = 0; i < leaves->n; i++)
        (void)values_uniform(values, leaves->leaf[i], 5, test->low, test->high);
    if (leaves->index != RN_NODE_NONE)
        (void)values_index(values, leaves->index, 5, leaves->index_bound);
}

static const rn_index sample_counts[] = {1, 2, 3, 40};

static void every_operation_agrees(void **state)
{
    (void)state;
    for (int c = 0; c < n_op_cases; c++)
        for (int k = 0; k < 4; k++) {
            graph_values values = {.n_samples = sample_counts[k]};
            assert_status(rn_graph_create(&values.graph), RN_OK);
            op_leaves leaves = {.index = RN_NODE_NONE};
            const rn_node out = op_cases[c].build(values.graph, &leaves);
            fill(&values, &op_cases[c], &leaves);
            compare(&values, 1, &out, op_cases[c].name);
            values_clear(&values);
            rn_graph_destroy(values.graph);
        }
}

static void every_operation_has_a_case(void **state)
{
    (void)state;
    for (int op = 0; op < RNI_OP_COUNT; op++) {
        bool found = false;
        for (int c = 0; c < n_op_cases; c++)
            if ((int)op_cases[c].op == op) found = true;
        if (!found) fail_msg("operation %s has no case", rni_op_name((rni_op)op));
    }
}

static void derivatives_of_every_operation_agree(void **state)
{
    (void)state;
    for (int c = 0; c < n_op_cases; c++)
        for (int k = 0; k < 4; k += 2) {
            graph_values values = {.n_samples = sample_counts[k]};
            assert_status(rn_graph_create(&values.graph), RN_OK);
            op_leaves leaves = {.index = RN_NODE_NONE};
            const rn_node out = op_cases[c].build(values.graph, &leaves);
            const rn_node cotangent =
                rn_graph_input(values.graph, "u", rn_graph_shape(values.graph, out));
            rn_node found[OP_CASE_LEAVES + 1];
            assert_status(
                rn_graph_vjp(values.graph, 1, &out, &cotangent, leaves.n, leaves.leaf, found),
                RN_OK);
            fill(&values, &op_cases[c], &leaves);
            (void)values_uniform(&values, cotangent, 6, -1.0, 1.0);
            found[leaves.n] = out;
            compare(&values, leaves.n + 1, found, op_cases[c].name);
            values_clear(&values);
            rn_graph_destroy(values.graph);
        }
}

static void random_graphs_agree(void **state)
{
    (void)state;
    const int n_cases = check_cases(300);
    for (int c = 0; c < n_cases; c++) {
        const uint64_t seed = check_seed() + (uint64_t)c;
        random_graph graph;
        random_graph_make(seed, sample_counts[seed % 3], 4 + (int)(seed % 40), &graph);
        char what[64];
        (void)snprintf(what, sizeof what, "RN_TEST_SEED=%llu RN_TEST_CASES=1",
                       (unsigned long long)seed);
        compare(&graph.values, graph.n_wanted, graph.wanted, what);
        random_graph_clear(&graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_has_a_case),
        cmocka_unit_test(every_operation_agrees),
        cmocka_unit_test(derivatives_of_every_operation_agree),
        cmocka_unit_test(random_graphs_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
