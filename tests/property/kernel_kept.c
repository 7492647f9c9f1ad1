/*
 * Products that start from kept activations: the same bits as those that compute everything anew,
 * for every network and however many samples are kept, and less work; plans that start from given
 * nodes.
 */
#include <math.h>
#include <renorm/plan.h>
#include <stdlib.h>

#include "check.h"
#include "core/rng.h"
#include "graph/graph.h"
#include "jacobian_nets.h"
#include "kernel/kernel.h"

enum { SAMPLES = 700 }; /* several tiles and a rest, for networks of one tile of 256 */

static double *draw(rn_index count, uint32_t part)
{
    double *array = calloc((size_t)count, sizeof *array);
    assert_non_null(array);
    rni_rng_fill_normal((rni_stream){.seed = check_seed(), .part = part}, 0, count, array);
    return array;
}

/* M x from activations of as many samples as fit so many bytes. */
static void product_of(const net *n, rn_index max_bytes, int n_threads, const double *x, double *y)
{
    rn_kernel *kernel = NULL;
    rn_op *op = NULL;
    rn_kernel_desc desc = describe_net(n, n_threads);
    desc.max_factor_bytes = max_bytes;
    const rn_kernel_point point = point_of(n);
    assert_status(rn_kernel_create(&desc, &kernel), RN_OK);
    if (max_bytes == 0)
        assert_status(rn_kernel_operator(kernel, &point, &op), RN_OK);
    else
        assert_status(rn_kernel_fixed_operator(kernel, &point, &op), RN_OK);
    assert_int_equal(rn_op_get_traits(op), RN_OP_PSD);
    assert_status(rn_op_apply(op, 2, x, n->n, y, n->n), RN_OK);
    rn_op_destroy(op);
    rn_kernel_destroy(kernel);
}

static rn_index bytes_per_sample(const net *n)
{
    rn_kernel *kernel = NULL;
    rn_index bytes = 0;
    const rn_kernel_desc desc = describe_net(n, 1);
    assert_status(rn_kernel_create(&desc, &kernel), RN_OK);
    assert_status(rni_keep_bytes(kernel, &bytes), RN_OK);
    rn_kernel_destroy(kernel);
    return bytes;
}

static void kept_activations_change_no_bit(void **state)
{
    (void)state;
    int n_with = 0;
    for (int k = 0; k < n_net_kinds; k++) {
        const rn_index n_samples = k < n_separate_nets ? SAMPLES : 9;
        net n = make_net(&net_kinds[k], n_samples, check_seed());
        const rn_index bytes = bytes_per_sample(&n);
        double *x = draw(2 * n.n, 1);
        double *expected = draw(2 * n.n, 2);
        double *found = draw(2 * n.n, 3);
        const rn_index limits[] = {1, 300 * bytes + 1, SAMPLES * bytes + 1 - bytes,
                                   (rn_index)1 << 30};
        product_of(&n, 0, 1, x, expected);
        for (int i = 0; i < 4; i++) {
            product_of(&n, limits[i], 1 + i % 2, x, found);
            assert_memory_equal(found, expected, (size_t)(2 * n.n) * sizeof(double));
        }
        n_with += bytes > 0;
        free(x);
        free(expected);
        free(found);
        drop_net(&n);
    }
    assert_true(n_with >= 5); /* networks with something to keep */
}

/* Flops of the two passes of a product over so many samples. */
static double work_of(rn_kernel *kernel, rni_program_kind down, rni_program_kind up)
{
    const rni_program_kind kinds[] = {down, up};
    double flops = 0.0;
    for (int i = 0; i < 2; i++) {
        assert_status(rni_program_prepare(kernel, kinds[i], 64, 64, 0), RN_OK);
        flops += rn_plan_flops(kernel->programs[kinds[i]].full.plan);
    }
    return flops;
}

/* An MLP d - w - w - c: a gradient is 3 F less the first layer's F1, a product 4 F - 2 F1 from
   activations and 2 (3 F - F1) without them; elementwise work beside it. */
static void kept_activations_save_the_forward_passes(void **state)
{
    (void)state;
    enum { D = 100, W = 120, C = 10 };
    rn_graph *g = NULL;
    rn_kernel *kernel = NULL;
    assert_status(rn_graph_create(&g), RN_OK);
    const rn_node x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, D));
    rn_node h = rn_graph_matmul(g, x, rn_graph_parameter(g, "a", RN_SHAPE(D, W)));
    h = rn_graph_matmul(g, rn_graph_tanh(g, h), rn_graph_parameter(g, "b", RN_SHAPE(W, W)));
    h = rn_graph_matmul(g, rn_graph_tanh(g, h), rn_graph_parameter(g, "c", RN_SHAPE(W, C)));
    rn_kernel_desc desc = rn_kernel_desc_defaults();
    desc.graph = g;
    desc.n_inputs = 1;
    desc.inputs = &x;
    desc.output = h;
    assert_status(rn_kernel_create(&desc, &kernel), RN_OK);
    const double forward = 2.0 * 64 * (D * W + W * W + W * C);
    const double first = 2.0 * 64 * D * W;
    const double plain = work_of(kernel, RNI_PROGRAM_TRANSPOSE, RNI_PROGRAM_APPLY);
    const double kept = work_of(kernel, RNI_PROGRAM_TRANSPOSE_KEPT, RNI_PROGRAM_APPLY_KEPT);
    print_message("kept: %.4f of its limit, plain: %.4f\n", kept / (4.0 * forward - 2.0 * first),
                  plain / (6.0 * forward - 2.0 * first));
    /* the last layer's value is not needed by J v, nor by J^T u: plain may be below */
    assert_true(kept >= 4.0 * forward - 2.0 * first);
    assert_true(kept <= 1.02 * (4.0 * forward - 2.0 * first));
    assert_true(plain > 1.2 * kept);
    rn_kernel_destroy(kernel);
    rn_graph_destroy(g);
}

static void plans_start_from_given_nodes(void **state)
{
    (void)state;
    rn_graph *g = NULL;
    rn_plan *plan = NULL;
    rn_workspace *work = NULL;
    assert_status(rn_graph_create(&g), RN_OK);
    const rn_node x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, 3));
    const rn_node h = rn_graph_tanh(g, x);
    const rn_node shown = rn_graph_transpose(g, h, (const int[]){1, 0});
    const rn_node f = rn_graph_add(g, rn_graph_multiply(g, h, h), rn_graph_exp(g, h));
    const rn_node wanted[] = {f, shown};
    const rn_node unknown = 999;
    assert_status(rn_plan_create_given(g, 2, 1, &unknown, 1, &f, &plan), RN_ERR_ARGUMENT);
    assert_status(rn_plan_create_given(g, 2, 1, NULL, 1, &f, &plan), RN_ERR_ARGUMENT);
    assert_null(plan);
    assert_status(rn_plan_create_given(g, 2, 1, &h, 2, wanted, &plan), RN_OK);
    assert_status(rn_workspace_create(plan, &work), RN_OK);
    assert_status(rn_workspace_run(work), RN_ERR_ARGUMENT); /* h is not bound */
    const double values[6] = {0.1, -0.2, 0.3, 1.5, -2.5, 3.5};
    assert_status(rn_workspace_bind(work, x, values), RN_OK); /* not needed, and ignored */
    assert_status(rn_workspace_bind(work, h, values), RN_OK);
    assert_status(rn_workspace_bind(work, f, values), RN_ERR_ARGUMENT);
    assert_status(rn_workspace_run(work), RN_OK);
    for (int i = 0; i < 6; i++) {
        const double v = values[i];
        assert_close(rn_workspace_value(work, f)[i], v * v + exp(v), 1e-15 * exp(fabs(v)) * 10.0);
        assert_close(rn_workspace_value(work, shown)[(i % 3) * 2 + i / 3], v, 0.0);
    }
    rn_workspace_destroy(work);
    rn_plan_destroy(plan);
    rn_graph_destroy(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_start_from_given_nodes),
        cmocka_unit_test(kept_activations_change_no_bit),
        cmocka_unit_test(kept_activations_save_the_forward_passes),
    };
    return cmocka_run_group_tests_name("kept activations", tests, NULL, NULL);
}
