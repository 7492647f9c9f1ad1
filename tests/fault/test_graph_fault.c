/*
 * Every allocation of building and differentiating a graph fails once: a clean error, no leak,
 * outputs untouched.
 */
#include "check.h"
#include "core/memory.h"
#include "graph/graph.h"

/* Builds a graph of all families and its second derivative; the status of the whole. */
static rn_status build_and_derive(void)
{
    rn_graph *g = NULL;
    rn_status status = rn_graph_create(&g);
    if (status < 0) return status;
    const double fixed[3] = {1.0, 2.0, 3.0};
    const rn_node x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, 3));
    const rn_node w = rn_graph_parameter(g, "w", RN_SHAPE(3, 3));
    const rn_node v = rn_graph_input(g, "v", RN_SHAPE(3, 3));
    rn_node h = rn_graph_tanh(g, rn_graph_matmul(g, x, w));
    h = rn_graph_multiply(g, h, rn_graph_constant(g, RN_SHAPE(3), fixed));
    h = rn_graph_concat(g, 2, (const rn_node[]){h, rn_graph_exp(g, h)}, 1);
    const rn_node f = rn_graph_sum(g, h, 3u, 0);
    rn_graph_name(g, f, "loss");
    const rn_node one = rn_graph_scalar(g, 1.0);
    rn_node gradient = RN_NODE_NONE;
    rn_node curvature = RN_NODE_NONE;
    status = rn_graph_status(g);
    if (status == RN_OK) status = rn_graph_vjp(g, 1, &f, &one, 1, &w, &gradient);
    if (status == RN_OK) status = rn_graph_jvp(g, 1, &w, &v, 1, &gradient, &curvature);
    /* three cotangents at once, and weights nothing flows to: zeros are made last */
    const rn_node many = rn_graph_input(g, "U", RN_SHAPE(RN_SAMPLES, 3, 6));
    const rn_node wrt[4] = {w, rn_graph_parameter(g, "a", RN_SHAPE(2)),
                            rn_graph_parameter(g, "b", RN_SHAPE(3)),
                            rn_graph_parameter(g, "c", RN_SHAPE(4))};
    rn_node out[4] = {77, 77, 77, 77};
    if (status == RN_OK) status = rn_graph_status(g);
    if (status == RN_OK) {
        status = rn_graph_vjp(g, 1, &h, &many, 4, wrt, out);
        for (int i = 0; i < 4; i++)
            assert_int_equal(out[i] == 77, status < 0);
    }
    if (status == RN_OK) {
        rn_node along[3] = {77, 77, 77};
        status = rn_graph_jvp(g, 1, &w, &v, 3, (const rn_node[]){h, wrt[1], x}, along);
        for (int i = 0; i < 3; i++)
            assert_int_equal(along[i] == 77, status < 0);
    }
    rn_use use;
    rn_index n_uses = 0;
    if (status == RN_OK) status = rn_graph_uses(g, f, w, 1, &use, &n_uses);
    rn_graph_destroy(g);
    return status;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    const rn_index before = rni_memory_bytes();
    rn_status status = RN_ERR_MEMORY;
    long fault = 0;
    while (status == RN_ERR_MEMORY) {
        (void)rni_fail_allocation(++fault);
        status = build_and_derive();
        assert_int_equal(rni_memory_bytes(), before);
    }
    (void)rni_fail_allocation(0);
    assert_status(status, RN_OK);
    assert_true(fault > 30); /* more than one a node: the loop went through all of them */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(survives_every_allocation_failure)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
