/*
 * Every allocation of planning and of a workspace fails once: a clean error, nothing leaked,
 * outputs untouched.
 */
#include "check.h"
#include "core/memory.h"
#include "random_graph.h"

static rn_status plan_and_run(const random_graph *graph, long fault)
{
    rn_plan *const untouched_plan = (rn_plan *)(void *)&graph; /* any address */
    rn_workspace *const untouched_work = (rn_workspace *)(void *)&graph;
    rn_plan *plan = untouched_plan;
    rn_workspace *work = untouched_work;
    (void)rni_fail_allocation(fault);
    rn_status status =
        rn_plan_create(graph->values.graph, 3, graph->n_wanted, graph->wanted, &plan);
    if (status < 0) {
        assert_ptr_equal(plan, untouched_plan);
        return status;
    }
    status = rn_workspace_create(plan, &work);
    if (status < 0) assert_ptr_equal(work, untouched_work);
    for (int i = 0; i < graph->values.n && status == RN_OK; i++)
        status = rn_workspace_bind(work, graph->values.leaf[i], graph->values.numbers[i]);
    if (status == RN_OK) status = rn_workspace_run(work);
    if (work != untouched_work) rn_workspace_destroy(work);
    rn_plan_destroy(plan);
    return status;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        random_graph graph;
        random_graph_make(seed, 3, 30, &graph);
        const rn_index before = rni_memory_bytes();
        rn_status status = RN_ERR_MEMORY;
        long fault = 0;
        while (status == RN_ERR_MEMORY) {
            status = plan_and_run(&graph, ++fault);
            assert_int_equal(rni_memory_bytes(), before);
        }
        (void)rni_fail_allocation(0);
        assert_status(status, RN_OK);
        assert_true(fault > 20); /* the loop went through the planner's own allocations */
        random_graph_clear(&graph);
    }
}

static void destroying_nothing_is_allowed(void **state)
{
    (void)state;
    rn_plan_destroy(NULL);
    rn_workspace_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(survives_every_allocation_failure),
                                       cmocka_unit_test(destroying_nothing_is_allowed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
