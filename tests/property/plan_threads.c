/*
 * Many workspaces of one plan, on any number of threads: the same bits.
 */
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "core/pool.h"
#include "random_graph.h"

#define N_TASKS 12

typedef struct job {
    const random_graph *graph;
    const rn_plan *plan;
    rn_index n;             /* entries of the first wanted node */
    double *found[N_TASKS]; /* [n] each */
} job;

static rn_status run_once(void *user, rn_index task, int thread)
{
    (void)thread;
    job *j = user;
    rn_workspace *work = NULL;
    rn_status status = rn_workspace_create(j->plan, &work);
    for (int i = 0; i < j->graph->values.n && status == RN_OK; i++)
        status = rn_workspace_bind(work, j->graph->values.leaf[i], j->graph->values.numbers[i]);
    for (int run = 0; run < 3 && status == RN_OK; run++)
        status = rn_workspace_run(work);
    if (status == RN_OK)
        memcpy(j->found[task], rn_workspace_value(work, j->graph->wanted[0]),
               (size_t)j->n * sizeof(double));
    rn_workspace_destroy(work);
    return status;
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        random_graph graph;
        random_graph_make(seed, 3, 30, &graph);
        rn_plan *plan = NULL;
        assert_status(rn_plan_create(graph.values.graph, 3, graph.n_wanted, graph.wanted, &plan),
                      RN_OK);
        job j = {.graph = &graph, .plan = plan};
        j.n = values_size(&graph.values, graph.wanted[0]);
        for (int t = 0; t < N_TASKS; t++)
            j.found[t] = rni_alloc_zero(j.n, sizeof(double));
        rni_pool *pool = NULL;
        assert_status(rni_pool_create(4, &pool), RN_OK);
        assert_status(rni_pool_run(pool, N_TASKS - 1, run_once, &j), RN_OK);
        assert_status(run_once(&j, N_TASKS - 1, 0), RN_OK); /* alone, on this thread */
        for (int t = 0; t < N_TASKS - 1; t++)
            assert_memory_equal(j.found[t], j.found[N_TASKS - 1], (size_t)j.n * sizeof(double));
        rni_pool_destroy(pool);
        for (int t = 0; t < N_TASKS; t++)
            rni_free(j.found[t]);
        rn_plan_destroy(plan);
        random_graph_clear(&graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(threads_do_not_change_a_bit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
