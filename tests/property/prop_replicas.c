/*
 * A replica axis: many seeds of one small network in one graph. Their parameters carry an axis of
 * their own, and values, gradients and forward derivatives are those of each network alone.
 */
#include <math.h>

#include "check.h"
#include "core/rng.h"
#include "graph_values.h"

enum { N = 6, D = 3, H = 4, R = 5, P = D * H + H + H + 1, N_LEAVES = 4 };

/* A net with n replicas: w1 [n, D, H], b1 [n, 1, H], w2 [n, H, 1], b2 [n, 1, 1]; loss summed over
   replicas, so that no gradient mixes them. */
typedef struct replicas {
    rn_graph *graph;
    rn_node x, target, parameters[N_LEAVES], directions[N_LEAVES];
    rn_node
        wanted[1 + 2 * N_LEAVES]; /* losses [n]; gradients; their derivatives along directions */
} replicas;

static const rn_index sizes[N_LEAVES] = {(rn_index)D * H, H, H, 1};

static void build(rn_index n, replicas *out)
{
    assert_status(rn_graph_create(&out->graph), RN_OK);
    rn_graph *g = out->graph;
    const rn_shape shapes[N_LEAVES] = {RN_SHAPE(n, D, H), RN_SHAPE(n, 1, H), RN_SHAPE(n, H, 1),
                                       RN_SHAPE(n, 1, 1)};
    out->x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, 1, 1, D));
    out->target = rn_graph_input(g, "target", RN_SHAPE(RN_SAMPLES, 1, 1, 1));
    for (int k = 0; k < N_LEAVES; k++) {
        out->parameters[k] = rn_graph_parameter(g, NULL, shapes[k]);
        out->directions[k] = rn_graph_input(g, NULL, shapes[k]);
    }
    const rn_node *w = out->parameters;
    const rn_node hidden =
        rn_graph_tanh(g, rn_graph_add(g, rn_graph_matmul(g, out->x, w[0]), w[1]));
    const rn_node f = rn_graph_add(g, rn_graph_matmul(g, hidden, w[2]), w[3]);
    const rn_node e = rn_graph_subtract(g, f, out->target);
    out->wanted[0] = rn_graph_sum(g, rn_graph_multiply(g, e, e), 1u | 4u | 8u, 0);
    const rn_node total = rn_graph_sum(g, out->wanted[0], 1u, 0);
    const rn_node one = rn_graph_scalar(g, 1.0);
    assert_status(rn_graph_vjp(g, 1, &total, &one, N_LEAVES, w, out->wanted + 1), RN_OK);
    assert_status(rn_graph_jvp(g, N_LEAVES, w, out->directions, N_LEAVES, out->wanted + 1,
                               out->wanted + 1 + N_LEAVES),
                  RN_OK);
}

/* Runs replicas first .. first + n - 1 of the same draws; losses [n], then gradients and Hessian
   products, each [n x P] replica by replica. */
static void run(rn_index first, rn_index n, double *losses, double *gradients, double *products)
{
    replicas net = {0};
    double x[N * D];
    double target[N];
    double weights[N_LEAVES][R * D * H];
    double directions[N_LEAVES][R * D * H];
    build(n, &net);
    rni_rng_fill_normal((rni_stream){check_seed(), RNI_RNG_TEST, 0}, 0, (rn_index)N * D, x);
    rni_rng_fill_normal((rni_stream){check_seed(), RNI_RNG_TEST, 1}, 0, N, target);
    rn_plan *plan = NULL;
    rn_workspace *work = NULL;
    assert_status(rn_plan_create(net.graph, N, 1 + 2 * N_LEAVES, net.wanted, &plan), RN_OK);
    assert_status(rn_workspace_create(plan, &work), RN_OK);
    assert_status(rn_workspace_bind(work, net.x, x), RN_OK);
    assert_status(rn_workspace_bind(work, net.target, target), RN_OK);
    for (int k = 0; k < N_LEAVES; k++) {
        const rni_stream one = {check_seed(), RNI_RNG_TEST, (uint32_t)(2 + k)};
        const rni_stream two = {check_seed(), RNI_RNG_TEST, (uint32_t)(20 + k)};
        rni_rng_fill_normal(one, (uint64_t)(first * sizes[k]), n * sizes[k], weights[k]);
        rni_rng_fill_normal(two, (uint64_t)(first * sizes[k]), n * sizes[k], directions[k]);
        assert_status(rn_workspace_bind(work, net.parameters[k], weights[k]), RN_OK);
        assert_status(rn_workspace_bind(work, net.directions[k], directions[k]), RN_OK);
    }
    assert_status(rn_workspace_run(work), RN_OK);
    for (rn_index r = 0; r < n; r++) {
        rn_index at = r * P;
        losses[r] = rn_workspace_value(work, net.wanted[0])[r];
        for (int k = 0; k < N_LEAVES; k++)
            for (rn_index i = 0; i < sizes[k]; i++, at++) {
                const rn_index from = r * sizes[k] + i;
                gradients[at] = rn_workspace_value(work, net.wanted[1 + k])[from];
                products[at] = rn_workspace_value(work, net.wanted[1 + N_LEAVES + k])[from];
            }
    }
    rn_workspace_destroy(work);
    rn_plan_destroy(plan);
    rn_graph_destroy(net.graph);
}

static void assert_near(const double *found, const double *expected, rn_index count)
{
    double size = 0.0;
    for (rn_index i = 0; i < count; i++)
        size = fmax(size, fabs(expected[i]));
    for (rn_index i = 0; i < count; i++) /* sums of N H terms, each a few roundings */
        assert_close(found[i], expected[i], 1e-14 * size);
}

static void replicas_are_networks_on_their_own(void **state)
{
    (void)state;
    double losses[R];
    double gradients[R * P];
    double products[R * P];
    double loss = 0.0;
    double gradient[P];
    double product[P];
    run(0, R, losses, gradients, products);
    for (rn_index r = 0; r < R; r++) {
        run(r, 1, &loss, gradient, product);
        assert_true(loss > 0.0);
        assert_near(&losses[r], &loss, 1);
        assert_near(gradients + r * P, gradient, P);
        assert_near(products + r * P, product, P);
        assert_true(r == 0 || fabs(losses[r] - losses[r - 1]) > 1e-6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(replicas_are_networks_on_their_own)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
