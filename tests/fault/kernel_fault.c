/*
 * Every allocation fails once; wrong arguments, numbers and networks are refused with a message
 * and leave outputs alone.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "jacobian_nets.h"

static double *filled(rn_index count, double value)
{
    double *array = calloc((size_t)count, sizeof *array);
    assert_non_null(array);
    for (rn_index i = 0; i < count; i++)
        array[i] = value;
    return array;
}

/* Everything a kernel can be asked; the first failure ends it. */
static rn_status use_kernel(const net *n, double *m, double *m_tangent)
{
    rn_kernel *kernel = NULL;
    rn_op *op = NULL;
    const rn_kernel_desc desc = describe_net(n, 1);
    const rn_kernel_point point = point_of(n);
    rn_index bytes = 0;
    rn_status status = rn_kernel_create(&desc, &kernel);
    if (status == RN_OK) status = rn_kernel_bytes(kernel, n->n_samples, 1, &bytes);
    if (status == RN_OK) status = rn_kernel_assemble(kernel, &point, m);
    if (status == RN_OK) status = rn_kernel_tangent(kernel, &point, n->direction, m, m_tangent);
    if (status == RN_OK)
        status = rn_kernel_assemble_part(kernel, &point, 0, n->direction, m, m_tangent);
    if (status == RN_OK) status = rn_kernel_operator(kernel, &point, &op);
    if (status == RN_OK) status = rn_op_apply(op, 1, m, n->n, m_tangent, n->n);
    rn_op_destroy(op);
    op = NULL;
    if (status == RN_OK) status = rn_kernel_fixed_operator(kernel, &point, &op);
    if (status == RN_OK) status = rn_op_apply(op, 1, m, n->n, m_tangent, n->n);
    rn_op_destroy(op);
    op = NULL;
    if (status == RN_OK) status = rn_kernel_tangent_operator(kernel, &point, n->direction, &op);
    if (status == RN_OK) status = rn_op_apply(op, 1, m, n->n, m_tangent, n->n);
    rn_op_destroy(op);
    if (status == RN_OK) status = rn_jacobian_apply(kernel, &point, n->direction, m);
    if (status == RN_OK) status = rn_jacobian_apply_transpose(kernel, &point, m, n->direction);
    rn_kernel_destroy(kernel);
    return status;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    static const char *const names[] = {"embedding", "other", "coupled"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        rn_status status = RN_ERR_MEMORY;
        long fault = 0;
        while (status == RN_ERR_MEMORY) {
            net n = make_net(net_named(names[k]), 3, check_seed());
            double *m = filled(n.n * n.n, 0.0);
            double *m_tangent = filled(n.n * n.n, 0.0);
            (void)rni_fail_allocation(++fault);
            status = use_kernel(&n, m, m_tangent);
            (void)rni_fail_allocation(0);
            free(m);
            free(m_tangent);
            drop_net(&n);
            assert_int_equal(rni_memory_bytes(), 0);
        }
        assert_status(status, RN_OK);
        assert_true(fault > 50);
    }
}

static void impossible_descriptions_are_refused(void **state)
{
    (void)state;
    net n = make_net(net_named("mlp"), 3, check_seed());
    rn_kernel *kernel = NULL;
    rn_kernel_desc desc = describe_net(&n, 1);
    assert_status(rn_kernel_create(NULL, &kernel), RN_ERR_ARGUMENT);
    assert_status(rn_kernel_create(&desc, NULL), RN_ERR_ARGUMENT);
    desc.n_threads = 0;
    assert_status(rn_kernel_create(&desc, &kernel), RN_ERR_ARGUMENT);
    assert_message_has("0 threads");
    desc = describe_net(&n, 1);
    desc.max_factor_bytes = -1;
    assert_status(rn_kernel_create(&desc, &kernel), RN_ERR_ARGUMENT);
    desc = describe_net(&n, 1);
    desc.output = rn_graph_parameter_at(n.graph, 0);
    assert_status(rn_kernel_create(&desc, &kernel), RN_ERR_SHAPE);
    assert_message_has("sample axis");
    desc = describe_net(&n, 1);
    desc.seed = n.inputs[0]; /* [N, 3], but there are 2 outputs */
    assert_status(rn_kernel_create(&desc, &kernel), RN_ERR_SHAPE);
    assert_message_has("seed");
    const rn_node nowhere = RN_NODE_NONE;
    desc = describe_net(&n, 1);
    desc.inputs = &nowhere;
    assert_status(rn_kernel_create(&desc, &kernel), RN_ERR_ARGUMENT);
    assert_null(kernel);
    rn_kernel_destroy(NULL);
    drop_net(&n);
}

static void wrong_calls_are_refused(void **state)
{
    (void)state;
    net n = make_net(net_named("mlp"), 3, check_seed());
    const rn_kernel_desc desc = describe_net(&n, 1);
    rn_kernel *kernel = NULL;
    assert_status(rn_kernel_create(&desc, &kernel), RN_OK);
    rn_kernel_point point = point_of(&n);
    double *m = filled(n.n * n.n, 7.0);
    rn_op *op = NULL;
    assert_status(rn_kernel_assemble(NULL, &point, m), RN_ERR_ARGUMENT);
    assert_status(rn_kernel_assemble(kernel, NULL, m), RN_ERR_ARGUMENT);
    assert_status(rn_kernel_assemble(kernel, &point, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_kernel_tangent(kernel, &point, NULL, m, m), RN_ERR_ARGUMENT);
    assert_status(rn_kernel_tangent(kernel, &point, n.direction, m, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_kernel_assemble_part(kernel, &point, 6, NULL, m, NULL), RN_ERR_ARGUMENT);
    assert_message_has("parameter 6");
    assert_status(rn_kernel_assemble_part(kernel, &point, 0, NULL, NULL, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_kernel_assemble_part(kernel, &point, 0, NULL, NULL, m), RN_ERR_ARGUMENT);
    assert_status(rn_jacobian_apply(kernel, &point, NULL, m), RN_ERR_ARGUMENT);
    assert_status(rn_jacobian_apply_transpose(kernel, &point, m, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_kernel_operator(kernel, &point, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_kernel_fixed_operator(kernel, &point, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_kernel_tangent_operator(kernel, &point, NULL, &op), RN_ERR_ARGUMENT);
    assert_status(rn_kernel_force_order(kernel, 0, RN_KERNEL_RANK_ONE), RN_ERR_ARGUMENT);
    assert_status(rn_kernel_force_order(kernel, 1, RN_KERNEL_BOTH_GRAMS), RN_ERR_DOMAIN);
    rn_kernel_block block;
    assert_status(rn_kernel_describe(kernel, 0, 0, &block), RN_ERR_ARGUMENT);
    rn_index bytes = -5;
    assert_status(rn_kernel_bytes(kernel, 0, 0, &bytes), RN_ERR_ARGUMENT);
    assert_int_equal(bytes, -5);
    point.n_samples = RN_SIZE_MAX;
    assert_status(rn_kernel_assemble(kernel, &point, m), RN_ERR_SHAPE);
    point.n_samples = 0;
    assert_status(rn_kernel_assemble(kernel, &point, m), RN_ERR_ARGUMENT);
    for (rn_index i = 0; i < n.n * n.n; i++)
        assert_close(m[i], 7.0, 0.0);
    free(m);
    rn_kernel_destroy(kernel);
    drop_net(&n);
}

static void numbers_that_are_none_are_refused(void **state)
{
    (void)state;
    for (int k = 0; k < n_net_kinds; k++) {
        net n = make_net(&net_kinds[k], 3, check_seed());
        const rn_kernel_desc desc = describe_net(&n, 2);
        rn_kernel *kernel = NULL;
        assert_status(rn_kernel_create(&desc, &kernel), RN_OK);
        const rn_kernel_point point = point_of(&n);
        double *m = filled(n.n * n.n, 7.0);
        double *m_tangent = filled(n.n * n.n, 7.0);
        const double old = n.arrays[0][0];
        n.arrays[0][0] = n.has_indices ? 99.0 : (double)NAN;
        const rn_status expected = n.has_indices ? RN_ERR_DOMAIN : RN_ERR_NONFINITE;
        assert_status(rn_kernel_assemble(kernel, &point, m), expected);
        n.arrays[0][0] = old;
        n.direction[0] = (double)INFINITY;
        assert_status(rn_kernel_tangent(kernel, &point, n.direction, m, m_tangent),
                      RN_ERR_NONFINITE);
        assert_status(rn_jacobian_apply(kernel, &point, n.direction, m), RN_ERR_NONFINITE);
        for (rn_index i = 0; i < n.n * n.n; i++) {
            assert_close(m[i], 7.0, 0.0);
            assert_close(m_tangent[i], 7.0, 0.0);
        }
        free(m);
        free(m_tangent);
        rn_kernel_destroy(kernel);
        drop_net(&n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_every_allocation_failure),
        cmocka_unit_test(impossible_descriptions_are_refused),
        cmocka_unit_test(wrong_calls_are_refused),
        cmocka_unit_test(numbers_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
