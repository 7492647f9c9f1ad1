/*
 * Plans: what is fused, what is copied, what memory it takes, and what is refused.
 */
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "graph/exec_reference.h"
#include "graph/plan.h"
#include "random_graph.h"

static rn_graph *new_graph(void)
{
    rn_graph *g = NULL;
    assert_status(rn_graph_create(&g), RN_OK);
    return g;
}

static rn_plan *plan_of(const rn_graph *g, rn_index n_samples, rn_node wanted)
{
    rn_plan *plan = NULL;
    assert_status(rn_plan_create(g, n_samples, 1, &wanted, &plan), RN_OK);
    return plan;
}

/* Steps that the plan of one wanted node takes; the graph is destroyed. */
static rn_index steps_of(rn_graph *g, rn_node wanted)
{
    rn_plan *plan = plan_of(g, 4, wanted);
    rn_graph_destroy(g); /* a plan does not need it */
    const rn_index n_steps = rn_plan_n_steps(plan);
    rn_plan_destroy(plan);
    return n_steps;
}

static rn_node sample(rn_graph *g)
{
    return rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, 6));
}

static void a_chain_is_one_step(void **state)
{
    (void)state;
    rn_graph *g = new_graph();
    rn_node y = sample(g);
    const rn_node row = rn_graph_parameter(g, "b", RN_SHAPE(6));
    y = rn_graph_tanh(g, rn_graph_add(g, rn_graph_scale(g, y, 2.0), row));
    y = rn_graph_multiply(g, rn_graph_shift(g, y, 1.0), y);
    assert_int_equal(steps_of(g, y), 1);
}

static void a_chain_through_stop_gradient_is_one_step(void **state)
{
    (void)state;
    rn_graph *g = new_graph();
    const rn_node y = rn_graph_stop_gradient(g, rn_graph_tanh(g, sample(g)));
    assert_int_equal(steps_of(g, rn_graph_exp(g, y)), 1);
}

static void both_branches_of_a_diamond_are_one_step(void **state)
{
    (void)state;
    rn_graph *g = new_graph();
    const rn_node x = rn_graph_tanh(g, sample(g));
    const rn_node y = rn_graph_multiply(g, rn_graph_sin(g, x), rn_graph_cos(g, x));
    assert_int_equal(steps_of(g, y), 1);
}

static void a_reader_between_splits_a_chain(void **state)
{
    (void)state;
    rn_graph *g = new_graph();
    const rn_node x = rn_graph_tanh(g, sample(g));
    const rn_node sum = rn_graph_sum(g, x, 2u, 1); /* needs all of x before the rest */
    assert_int_equal(steps_of(g, rn_graph_divide(g, x, sum)), 3);
}

static void long_chains_are_cut_and_stay_right(void **state)
{
    (void)state;
    rn_graph *g = new_graph();
    const rn_node x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES));
    rn_node y = x;
    for (int i = 0; i < 200; i++)
        y = rn_graph_shift(g, rn_graph_scale(g, y, 0.5), 1.0);
    graph_values values = {.graph = g, .n_samples = 3};
    (void)values_uniform(&values, x, 1, -1.0, 1.0);
    double *found = values_evaluate(&values, y);
    /* the fixed point is 2; rounding of the last few steps remains */
    for (int i = 0; i < 3; i++)
        assert_close(found[i], 2.0, 1e-15);
    rni_free(found);
    values_clear(&values);
    rn_plan *plan = plan_of(g, 3, y);
    assert_true(rn_plan_n_steps(plan) < 60);
    rn_plan_destroy(plan);
    rn_graph_destroy(g);
}

static void views_cost_no_step_of_their_own(void **state)
{
    (void)state;
    rn_graph *g = new_graph();
    const rn_node x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, 4, 6));
    rn_node y = rn_graph_transpose(g, x, (const int[]){0, 2, 1});
    y = rn_graph_slice(g, y, 1, 1, 3, 2);
    y = rn_graph_unfold(g, y, 2, 2, 1, 1);
    assert_int_equal(steps_of(g, rn_graph_sum(g, y, 0xEu, 0)), 1);
}

static void a_matmul_absorbs_transposes(void **state)
{
    (void)state;
    rn_graph *g = new_graph();
    const rn_node w = rn_graph_parameter(g, "w", RN_SHAPE(3, 6));
    const rn_node turned = rn_graph_transpose(g, w, (const int[]){1, 0});
    assert_int_equal(steps_of(g, rn_graph_matmul(g, sample(g), turned)), 1);
}

static void a_batched_matmul_by_one_matrix_is_one_product(void **state)
{
    (void)state;
    rn_graph *g = new_graph();
    const rn_node w = rn_graph_parameter(g, "w", RN_SHAPE(4, 3));
    for (rn_index rows = 1; rows <= 2; rows++) {
        const rn_node whole = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, 5, 2, 3));
        const rn_node x = rn_graph_slice(g, whole, 2, 0, rows, 1); /* single rows lie apart */
        rn_plan *plan = plan_of(g, 7, rn_graph_matmul_ops(g, x, 0, w, 1));
        assert_int_equal(plan->n_steps, 1);
        assert_int_equal(plan->steps[0].kind, RNI_STEP_GEMM);
        assert_int_equal(plan->steps[0].what.gemm->rank, 0);
        assert_int_equal(plan->steps[0].what.gemm->m, 35 * rows);
        assert_close(rn_plan_flops(plan), 2.0 * (double)(35 * rows) * 3 * 4, 0.0);
        rn_plan_destroy(plan);
    }
    rn_graph_destroy(g);
}

/* Addresses of storages that are alive together must differ; heirs share by design. */
static void check_arena(const rn_plan *plan)
{
    for (int i = 0; i < plan->n_storages; i++) {
        const rni_storage *a = &plan->storages[i];
        if (a->kind != RNI_STORAGE_ARENA) continue;
        assert_true(a->offset % 8 == 0 && a->offset + a->size <= plan->arena_size);
        for (int j = 0; j < i; j++) {
            const rni_storage *b = &plan->storages[j];
            if (b->kind != RNI_STORAGE_ARENA || a->parent == j || b->parent == i) continue;
            const bool is_together = a->first <= b->last && b->first <= a->last;
            const bool is_apart =
                a->offset + a->size <= b->offset || b->offset + b->size <= a->offset;
            assert_true(is_apart || !is_together);
        }
    }
}

static void storages_alive_together_lie_apart(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        random_graph graph;
        random_graph_make(seed, 3, 40, &graph);
        rn_plan *plan = NULL;
        assert_status(rn_plan_create(graph.values.graph, 3, graph.n_wanted, graph.wanted, &plan),
                      RN_OK);
        check_arena(plan);
        rn_plan_destroy(plan);
        random_graph_clear(&graph);
    }
}

static void a_deep_net_needs_no_more_memory_than_a_shallow_one(void **state)
{
    (void)state;
    rn_index arena[2];
    for (int deep = 0; deep < 2; deep++) {
        rn_graph *g = new_graph();
        rn_node h = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, 64));
        const rn_node w = rn_graph_parameter(g, "w", RN_SHAPE(64, 64));
        for (int i = 0; i < (deep ? 40 : 4); i++)
            h = rn_graph_tanh(g, rn_graph_matmul(g, h, w));
        rn_plan *plan = plan_of(g, 100, h);
        arena[deep] = plan->arena_size;
        rn_plan_destroy(plan);
        rn_graph_destroy(g);
    }
    assert_int_equal(arena[0], arena[1]);
    assert_int_equal(arena[0], 3 * 6400); /* two in turn, and the wanted one */
}

static void peak_bytes_are_what_is_allocated(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        random_graph graph;
        random_graph_make(seed, 5, 30, &graph);
        rn_plan *plan = NULL;
        rn_workspace *work = NULL;
        assert_status(rn_plan_create(graph.values.graph, 5, graph.n_wanted, graph.wanted, &plan),
                      RN_OK);
        const rn_index before = rni_memory_bytes();
        assert_status(rn_workspace_create(plan, &work), RN_OK);
        assert_int_equal(rni_memory_bytes() - before, rn_plan_bytes(plan));
        for (int i = 0; i < graph.values.n; i++)
            assert_status(rn_workspace_bind(work, graph.values.leaf[i], graph.values.numbers[i]),
                          RN_OK);
        (void)rni_fail_allocation(0);
        assert_status(rn_workspace_run(work), RN_OK);
        assert_int_equal(rni_fail_allocation(0), 0); /* a run allocates nothing */
        rn_workspace_destroy(work);
        assert_int_equal(rni_memory_bytes(), before);
        rn_plan_destroy(plan);
        random_graph_clear(&graph);
    }
}

/* Evaluates a node both ways; at most `tolerance` apart. */
static void check_against_reference(const graph_values *values, rn_node node, double tolerance)
{
    const rn_index n = rn_graph_size(values->graph);
    const double **leaves = rni_alloc_zero(n, sizeof *leaves);
    double **expected = rni_alloc_zero(n, sizeof *expected);
    for (int i = 0; i < values->n; i++)
        leaves[values->leaf[i]] = values->numbers[i];
    assert_status(rni_graph_reference(values->graph, values->n_samples, leaves, expected), RN_OK);
    double *found = values_evaluate(values, node);
    const rn_index size = values_size(values, node);
    assert_true(values_distance(size, found, expected[node]) <= tolerance);
    for (rn_index i = 0; i < n; i++)
        rni_free(expected[i]);
    rni_free(expected);
    rni_free(leaves);
    rni_free(found);
}

/* The group computes p = tanh(a) for a later reader and q = p a; p may not take the place of a. */
static void a_result_does_not_overwrite_what_is_read_later(void **state)
{
    (void)state;
    rn_graph *g = new_graph();
    const rn_node x = sample(g);
    const rn_node w = rn_graph_parameter(g, "w", RN_SHAPE(6, 6));
    const rn_node a = rn_graph_matmul(g, x, w);
    const rn_node early = rn_graph_tanh(g, a);
    const rn_node late = rn_graph_multiply(g, early, a);
    const rn_node out = rn_graph_add(g, rn_graph_matmul(g, early, w), rn_graph_matmul(g, late, w));
    graph_values values = {.graph = g, .n_samples = 50};
    (void)values_uniform(&values, x, 1, -1.0, 1.0);
    (void)values_uniform(&values, w, 1, -1.0, 1.0);
    check_against_reference(&values, out, 1e-13); /* sums of 12 terms of order one */
    rn_plan *plan = plan_of(g, 50, out);
    assert_int_equal(rn_plan_n_steps(plan), 5);
    rn_plan_destroy(plan);
    values_clear(&values);
    rn_graph_destroy(g);
}

/* Rows that overlap, or repeat, are no matrix that BLAS can read. */
static void products_of_overlapping_rows_are_right(void **state)
{
    (void)state;
    rn_graph *g = new_graph();
    const rn_node x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, 80));
    const rn_node w = rn_graph_parameter(g, "w", RN_SHAPE(20, 30));
    const rn_node row = rn_graph_parameter(g, "row", RN_SHAPE(20));
    const rn_node windows = rn_graph_unfold(g, x, 1, 20, 2, 1);
    const rn_node repeated = rn_graph_broadcast(g, row, RN_SHAPE(RN_SAMPLES, 31, 20));
    const rn_node out =
        rn_graph_add(g, rn_graph_matmul(g, windows, w), rn_graph_matmul(g, repeated, w));
    graph_values values = {.graph = g, .n_samples = 3};
    (void)values_uniform(&values, x, 1, -1.0, 1.0);
    (void)values_uniform(&values, w, 1, -1.0, 1.0);
    (void)values_uniform(&values, row, 1, -1.0, 1.0);
    check_against_reference(&values, out, 1e-13); /* sums of 40 terms of order one */
    values_clear(&values);
    rn_graph_destroy(g);
}

static void wanted_values_survive_to_the_end(void **state)
{
    (void)state;
    rn_graph *g = new_graph();
    const rn_node x = sample(g);
    const rn_node early = rn_graph_tanh(g, x);
    rn_node h = early;
    for (int i = 0; i < 5; i++)
        h = rn_graph_exp(g, rn_graph_scale(g, rn_graph_sum(g, h, 2u, 1), -0.1));
    const rn_node wanted[5] = {early, h, x, rn_graph_stop_gradient(g, early),
                               rn_graph_transpose(g, early, (const int[]){1, 0})};
    rn_plan *plan = NULL;
    rn_workspace *work = NULL;
    assert_status(rn_graph_status(g), RN_OK);
    assert_status(rn_plan_create(g, 2, 5, wanted, &plan), RN_OK);
    assert_status(rn_workspace_create(plan, &work), RN_OK);
    double numbers[12];
    for (int i = 0; i < 12; i++)
        numbers[i] = 0.1 * i;
    assert_status(rn_workspace_bind(work, x, numbers), RN_OK);
    assert_status(rn_workspace_run(work), RN_OK);
    assert_memory_equal(rn_workspace_value(work, x), numbers, sizeof numbers);
    assert_memory_equal(rn_workspace_value(work, early), rn_workspace_value(work, wanted[3]),
                        sizeof numbers);
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 6; j++)
            assert_close(rn_workspace_value(work, wanted[4])[j * 2 + i],
                         rn_workspace_value(work, early)[i * 6 + j], 0.0);
    assert_null(rn_workspace_value(work, rn_graph_scale(g, x, 3.0)));
    assert_null(rn_workspace_value(work, RN_NODE_NONE));
    rn_workspace_destroy(work);
    rn_plan_destroy(plan);
    rn_graph_destroy(g);
}

static void plans_of_the_same_request_are_the_same(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        random_graph graph;
        random_graph_make(seed, 3, 40, &graph);
        rn_plan *plans[2];
        for (int i = 0; i < 2; i++)
            assert_status(
                rn_plan_create(graph.values.graph, 3, graph.n_wanted, graph.wanted, &plans[i]),
                RN_OK);
        assert_int_equal(plans[0]->n_steps, plans[1]->n_steps);
        assert_int_equal(plans[0]->n_storages, plans[1]->n_storages);
        for (int k = 0; k < plans[0]->n_storages; k++) {
            assert_int_equal(plans[0]->storages[k].offset, plans[1]->storages[k].offset);
            assert_int_equal(plans[0]->storages[k].node, plans[1]->storages[k].node);
        }
        assert_memory_equal(plans[0]->in, plans[1]->in, (size_t)plans[0]->n_in * sizeof(rni_ref));
        rn_plan_destroy(plans[0]);
        rn_plan_destroy(plans[1]);
        random_graph_clear(&graph);
    }
}

static void eight_axes_are_enough_for_everything(void **state)
{
    (void)state;
    rn_graph *g = new_graph();
    const rn_node x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, 2, 1, 3, 2, 1, 2, 3));
    rn_node y = rn_graph_transpose(g, x, (const int[]){0, 7, 3, 6, 1, 2, 5, 4});
    y = rn_graph_matmul_ops(g, rn_graph_tanh(g, y), 1, y, 0);
    y = rn_graph_sum(g, y, 1u << 1 | 1u << 4 | 1u << 7, 1);
    graph_values values = {.graph = g, .n_samples = 2};
    const double *numbers = values_uniform(&values, x, 3, -1.0, 1.0);
    double *found = values_evaluate(&values, y);
    assert_true(values_largest(values_size(&values, y), found) > 0.0);
    assert_true(numbers[0] < 1.0);
    rni_free(found);
    values_clear(&values);
    rn_graph_destroy(g);
}

static void bad_requests_are_refused(void **state)
{
    (void)state;
    rn_graph *g = new_graph();
    const rn_node x = sample(g);
    rn_plan *plan = NULL;
    assert_status(rn_plan_create(NULL, 1, 1, &x, &plan), RN_ERR_ARGUMENT);
    assert_status(rn_plan_create(g, 1, 1, NULL, &plan), RN_ERR_ARGUMENT);
    assert_status(rn_plan_create(g, 0, 1, &x, &plan), RN_ERR_ARGUMENT);
    assert_message_has("0 samples");
    assert_status(rn_plan_create(g, 1, 0, &x, &plan), RN_ERR_ARGUMENT);
    const rn_node unknown = 99;
    assert_status(rn_plan_create(g, 1, 1, &unknown, &plan), RN_ERR_ARGUMENT);
    assert_message_has("wanted[0] = 99");
    assert_status(rn_plan_create(g, RN_SIZE_MAX, 1, &x, &plan), RN_ERR_SHAPE);
    assert_message_has("plan fewer samples");
    const rn_node bad = rn_graph_matmul(g, x, x);
    assert_int_equal(bad, RN_NODE_NONE);
    assert_status(rn_plan_create(g, 1, 1, &x, &plan), RN_ERR_SHAPE); /* the graph's own mistake */
    assert_null(plan);
    rn_graph_destroy(g);
}

static void unbound_leaves_are_named(void **state)
{
    (void)state;
    rn_graph *g = new_graph();
    const rn_node x = sample(g);
    const rn_node w = rn_graph_parameter(g, "gain", RN_SHAPE(6));
    const rn_node spare = rn_graph_parameter(g, "spare", RN_SHAPE(6));
    const rn_node y = rn_graph_multiply(g, x, w);
    rn_plan *plan = plan_of(g, 1, y);
    rn_workspace *work = NULL;
    assert_status(rn_workspace_create(plan, &work), RN_OK);
    const double numbers[6] = {1, 2, 3, 4, 5, 6};
    assert_status(rn_workspace_bind(work, x, numbers), RN_OK);
    assert_status(rn_workspace_bind(work, x, numbers), RN_OK);     /* twice is still one leaf */
    assert_status(rn_workspace_bind(work, spare, numbers), RN_OK); /* not needed: ignored */
    assert_status(rn_workspace_run(work), RN_ERR_ARGUMENT);
    assert_message_has("'gain'");
    assert_status(rn_workspace_bind(work, y, numbers), RN_ERR_ARGUMENT);
    assert_status(rn_workspace_bind(work, 77, numbers), RN_ERR_ARGUMENT);
    assert_status(rn_workspace_bind(work, w, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_workspace_bind(work, w, numbers), RN_OK);
    assert_status(rn_workspace_run(work), RN_OK);
    assert_close(rn_workspace_value(work, y)[5], 36.0, 0.0);
    const double other[6] = {2, 2, 2, 2, 2, 2};
    assert_status(rn_workspace_bind(work, w, other), RN_OK); /* bound anew */
    assert_status(rn_workspace_run(work), RN_OK);
    assert_close(rn_workspace_value(work, y)[5], 12.0, 0.0);
    rn_workspace_destroy(work);
    rn_plan_destroy(plan);
    rn_graph_destroy(g);
}

static void a_bad_row_number_names_node_and_entry(void **state)
{
    (void)state;
    rn_graph *g = new_graph();
    const rn_node table = rn_graph_parameter(g, "table", RN_SHAPE(5, 2));
    const rn_node index = rn_graph_input(g, "tokens", RN_SHAPE(RN_SAMPLES, 3));
    const rn_node y = rn_graph_gather(g, table, index, 0);
    rn_graph_name(g, y, "embedding");
    rn_plan *plan = plan_of(g, 2, y);
    rn_workspace *work = NULL;
    assert_status(rn_workspace_create(plan, &work), RN_OK);
    const double rows[10] = {0};
    const double tokens[6] = {0, 1, 2, 3, 5, 4};
    assert_status(rn_workspace_bind(work, table, rows), RN_OK);
    assert_status(rn_workspace_bind(work, index, tokens), RN_OK);
    assert_status(rn_workspace_run(work), RN_ERR_DOMAIN);
    assert_message_has("'embedding'");
    assert_message_has("entry 4");
    rn_workspace_destroy(work);
    rn_plan_destroy(plan);
    rn_graph_destroy(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_is_one_step),
        cmocka_unit_test(a_chain_through_stop_gradient_is_one_step),
        cmocka_unit_test(both_branches_of_a_diamond_are_one_step),
        cmocka_unit_test(a_reader_between_splits_a_chain),
        cmocka_unit_test(long_chains_are_cut_and_stay_right),
        cmocka_unit_test(views_cost_no_step_of_their_own),
        cmocka_unit_test(a_matmul_absorbs_transposes),
        cmocka_unit_test(a_batched_matmul_by_one_matrix_is_one_product),
        cmocka_unit_test(storages_alive_together_lie_apart),
        cmocka_unit_test(a_deep_net_needs_no_more_memory_than_a_shallow_one),
        cmocka_unit_test(peak_bytes_are_what_is_allocated),
        cmocka_unit_test(a_result_does_not_overwrite_what_is_read_later),
        cmocka_unit_test(products_of_overlapping_rows_are_right),
        cmocka_unit_test(wanted_values_survive_to_the_end),
        cmocka_unit_test(plans_of_the_same_request_are_the_same),
        cmocka_unit_test(eight_axes_are_enough_for_everything),
        cmocka_unit_test(bad_requests_are_refused),
        cmocka_unit_test(unbound_leaves_are_named),
        cmocka_unit_test(a_bad_row_number_names_node_and_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
