/*
 * M and its tangent against Jacobians written out row by row.
 *
 * Tolerance of all comparisons with an explicit J: sums of at most P <= 200 terms per entry, and
 * at most some 30 roundings on the way through a network, each 1e-16 of the largest entry; 1e-12
 * leaves a factor of 20 for cancellation.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "jacobi.h"
#include "jacobian_nets.h"

#define TOLERANCE 1e-12
#define SAMPLES   7

/* One network with its Jacobian and what the kernel says. */
typedef struct trial {
    net net;
    rn_kernel *kernel;
    rn_kernel_point point;
    double *jacobian;
    double *jacobian_tangent;
    double *m;
    double *m_tangent;
    double *expected;
} trial;

static double *numbers(rn_index count)
{
    double *array = calloc((size_t)(count > 0 ? count : 1), sizeof *array);
    assert_non_null(array);
    return array;
}

static trial begin(const net_kind *kind, rn_index n_samples)
{
    trial t = {.net = make_net(kind, n_samples, check_seed())};
    const rn_index n = t.net.n;
    const rn_index n_weights = t.net.n_weights;
    t.jacobian = numbers(n * n_weights);
    t.jacobian_tangent = numbers(n * n_weights);
    t.m = numbers(n * n);
    t.m_tangent = numbers(n * n);
    t.expected = numbers(n * n);
    net_jacobian(&t.net, t.net.theta, t.net.direction, t.jacobian, t.jacobian_tangent);
    const rn_kernel_desc desc = describe_net(&t.net, 1);
    assert_status(rn_kernel_create(&desc, &t.kernel), RN_OK);
    t.point = point_of(&t.net);
    return t;
}

static void end(trial *t)
{
    rn_kernel_destroy(t->kernel);
    free(t->jacobian);
    free(t->jacobian_tangent);
    free(t->m);
    free(t->m_tangent);
    free(t->expected);
    drop_net(&t->net);
}

static void compare(const trial *t, const double *m, const char *what)
{
    const double difference = relative_difference(t->net.n * t->net.n, m, t->expected);
    if (difference > TOLERANCE)
        print_error("%s, %s: off by %.3g of the largest entry\n", t->net.name, what, difference);
    assert_true(difference <= TOLERANCE);
}

static void expect_symmetric(const trial *t, const double *m)
{
    for (rn_index r = 0; r < t->net.n; r++)
        for (rn_index c = 0; c < r; c++)
            assert_memory_equal(&m[r * t->net.n + c], &m[c * t->net.n + r], sizeof *m);
}

/* ---- the matrix ------------------------------------------------------------------------------ */

static void explicit_jacobian_is_the_derivative_of_the_outputs(void **state)
{
    (void)state;
    for (int k = 0; k < n_net_kinds; k++) {
        trial t = begin(&net_kinds[k], 3);
        double *plus = numbers(t.net.n);
        double *minus = numbers(t.net.n);
        double *theta = numbers(t.net.n_weights);
        const double h = 1e-5; /* error h^2 f''' / 6 + eps f / h: about 1e-10 */
        for (rn_index p = 0; p < t.net.n_weights; p++) {
            memcpy(theta, t.net.theta, (size_t)t.net.n_weights * sizeof *theta);
            theta[p] = t.net.theta[p] + h;
            net_outputs(&t.net, theta, plus);
            theta[p] = t.net.theta[p] - h;
            net_outputs(&t.net, theta, minus);
            for (rn_index r = 0; r < t.net.n; r++)
                assert_close((plus[r] - minus[r]) / (2.0 * h), t.jacobian[r * t.net.n_weights + p],
                             2e-8);
        }
        free(plus);
        free(minus);
        free(theta);
        end(&t);
    }
}

static void matrix_is_the_product_of_jacobians(void **state)
{
    (void)state;
    for (int k = 0; k < n_net_kinds; k++) {
        trial t = begin(&net_kinds[k], SAMPLES);
        assert_status(rn_kernel_assemble(t.kernel, &t.point, t.m), RN_OK);
        symmetric_product(&t.net, t.jacobian, t.jacobian, 0, t.net.n_weights, t.expected);
        compare(&t, t.m, "M");
        expect_symmetric(&t, t.m);
        end(&t);
    }
}

static void tangent_is_the_product_rule_of_jacobians(void **state)
{
    (void)state;
    for (int k = 0; k < n_net_kinds; k++) {
        trial t = begin(&net_kinds[k], SAMPLES);
        assert_status(rn_kernel_tangent(t.kernel, &t.point, t.net.direction, t.m, t.m_tangent),
                      RN_OK);
        symmetric_product(&t.net, t.jacobian, t.jacobian, 0, t.net.n_weights, t.expected);
        compare(&t, t.m, "M beside its tangent");
        symmetric_product(&t.net, t.jacobian, t.jacobian_tangent, 0, t.net.n_weights, t.expected);
        for (rn_index i = 0; i < t.net.n * t.net.n; i++)
            t.expected[i] *= 2.0;
        compare(&t, t.m_tangent, "M'");
        expect_symmetric(&t, t.m_tangent);
        memset(t.m, 0, (size_t)(t.net.n * t.net.n) * sizeof *t.m);
        assert_status(rn_kernel_tangent(t.kernel, &t.point, t.net.direction, NULL, t.m), RN_OK);
        assert_memory_equal(t.m, t.m_tangent, (size_t)(t.net.n * t.net.n) * sizeof *t.m);
        end(&t);
    }
}

/* Columns of J and of its tangent under a scale S that moves: J S, and J' S + J S'. */
static void scale_jacobian(trial *t, const double *scale, const double *turn)
{
    const rn_index p = t->net.n_weights;
    for (rn_index i = 0; i < t->net.n * p; i++) {
        t->jacobian_tangent[i] =
            t->jacobian_tangent[i] * scale[i % p] + t->jacobian[i] * turn[i % p];
        t->jacobian[i] *= scale[i % p];
    }
}

/* An operator applied to unit vectors gives the expected matrix. */
static void compare_operator(const trial *t, rn_op *op, const char *what)
{
    const rn_index n = t->net.n;
    double *unit = numbers(n);
    for (rn_index i = 0; i < n; i++) {
        unit[i] = 1.0;
        assert_status(rn_op_apply(op, 1, unit, n, t->m + i * n, n), RN_OK);
        unit[i] = 0.0;
    }
    compare(t, t->m, what);
    free(unit);
    rn_op_destroy(op);
}

/* A diagonal preconditioner P = S^2: M = (1/N) J P J^T and its tangent, with P' in it, as matrices
   and as operators. */
static void preconditioned_matrices_are_those_of_scaled_jacobians(void **state)
{
    (void)state;
    for (int k = 0; k < n_net_kinds; k++) {
        trial t = begin(&net_kinds[k], SAMPLES);
        const rn_index n = t.net.n;
        double *scale = numbers(t.net.n_weights);
        double *turn = numbers(t.net.n_weights);
        for (rn_index i = 0; i < t.net.n_weights; i++) {
            scale[i] = 0.5 + (double)((i * 7) % 5) / 3.0;
            turn[i] = (double)((i * 5) % 7) / 4.0 - 0.7;
        }
        t.point.scale = scale;
        t.point.scale_tangent = turn;
        scale_jacobian(&t, scale, turn);
        assert_status(rn_kernel_tangent(t.kernel, &t.point, t.net.direction, t.m, t.m_tangent),
                      RN_OK);
        expect_symmetric(&t, t.m_tangent);
        rn_op *op = NULL;
        symmetric_product(&t.net, t.jacobian, t.jacobian, 0, t.net.n_weights, t.expected);
        compare(&t, t.m, "preconditioned M");
        assert_status(rn_kernel_assemble(t.kernel, &t.point, t.m), RN_OK);
        compare(&t, t.m, "preconditioned M alone");
        assert_status(rn_kernel_operator(t.kernel, &t.point, &op), RN_OK);
        compare_operator(&t, op, "preconditioned M v");
        symmetric_product(&t.net, t.jacobian, t.jacobian_tangent, 0, t.net.n_weights, t.expected);
        for (rn_index i = 0; i < n * n; i++)
            t.expected[i] *= 2.0;
        compare(&t, t.m_tangent, "preconditioned M'");
        assert_status(rn_kernel_tangent_operator(t.kernel, &t.point, t.net.direction, &op), RN_OK);
        compare_operator(&t, op, "preconditioned M' v");

        turn[1] = (double)NAN;
        assert_status(rn_kernel_assemble(t.kernel, &t.point, t.m), RN_ERR_NONFINITE);
        assert_message_has("scale of weight 1");
        t.point.scale = NULL;
        assert_status(rn_kernel_assemble(t.kernel, &t.point, t.m), RN_ERR_ARGUMENT);
        free(scale);
        free(turn);
        end(&t);
    }
}

static void tangent_is_the_limit_of_central_differences(void **state)
{
    (void)state;
    for (int k = 0; k < n_net_kinds; k++) {
        trial t = begin(&net_kinds[k], 4);
        const rn_index n = t.net.n;
        double *plus = numbers(n * n);
        double *minus = numbers(n * n);
        double *theta = numbers(t.net.n_weights);
        double error[2];
        assert_status(rn_kernel_tangent(t.kernel, &t.point, t.net.direction, NULL, t.m_tangent),
                      RN_OK);
        for (int i = 0; i < 2; i++) {
            const double h = i == 0 ? 2e-3 : 1e-3;
            rn_kernel_point moved = t.point;
            moved.theta = theta;
            for (rn_index p = 0; p < t.net.n_weights; p++)
                theta[p] = t.net.theta[p] + h * t.net.direction[p];
            assert_status(rn_kernel_assemble(t.kernel, &moved, plus), RN_OK);
            for (rn_index p = 0; p < t.net.n_weights; p++)
                theta[p] = t.net.theta[p] - h * t.net.direction[p];
            assert_status(rn_kernel_assemble(t.kernel, &moved, minus), RN_OK);
            for (rn_index e = 0; e < n * n; e++)
                t.expected[e] = (plus[e] - minus[e]) / (2.0 * h);
            error[i] = relative_difference(n * n, t.expected, t.m_tangent);
        }
        /* h^2: a factor of 4 +- what h^4 adds */
        assert_true(error[1] < 1e-3);
        if (error[0] > 1e-9) assert_close(error[0] / error[1], 4.0, 0.2);
        free(plus);
        free(minus);
        free(theta);
        end(&t);
    }
}

/* ---- orders and parts ------------------------------------------------------------------------ */

static rn_index n_parameters(const trial *t)
{
    return rn_graph_n_parameters(t->net.graph);
}

static rn_kernel_block block_of(const trial *t, rn_index parameter)
{
    rn_kernel_block block;
    assert_status(rn_kernel_describe(t->kernel, t->net.n_samples, parameter, &block), RN_OK);
    return block;
}

static void every_order_gives_the_same_block(void **state)
{
    (void)state;
    int n_tried[3] = {0};
    for (int k = 0; k < n_separate_nets; k++) {
        trial t = begin(&net_kinds[k], SAMPLES);
        rn_index first = 0;
        for (rn_index p = 0; p < n_parameters(&t); p++) {
            const rn_index size = block_of(&t, p).size;
            for (int order = 0; order < 3; order++) {
                if (isnan(block_of(&t, p).order_flops[order])) {
                    assert_status(rn_kernel_force_order(t.kernel, p, order), RN_ERR_DOMAIN);
                    continue;
                }
                assert_status(rn_kernel_force_order(t.kernel, p, order), RN_OK);
                assert_int_equal(block_of(&t, p).order, order);
                n_tried[order]++;
                assert_status(rn_kernel_assemble_part(t.kernel, &t.point, p, t.net.direction, t.m,
                                                      t.m_tangent),
                              RN_OK);
                symmetric_product(&t.net, t.jacobian, t.jacobian, first, size, t.expected);
                compare(&t, t.m, rn_kernel_order_name((rn_kernel_order)order));
                symmetric_product(&t.net, t.jacobian, t.jacobian_tangent, first, size, t.expected);
                for (rn_index i = 0; i < t.net.n * t.net.n; i++)
                    t.expected[i] *= 2.0;
                compare(&t, t.m_tangent, rn_kernel_order_name((rn_kernel_order)order));
            }
            assert_status(rn_kernel_force_order(t.kernel, p, RN_KERNEL_ORDER_CHEAPEST), RN_OK);
            first += size;
        }
        end(&t);
    }
    for (int order = 0; order < 3; order++)
        assert_true(n_tried[order] >= 20);
}

static void orders_forced_on_all_blocks_at_once_agree(void **state)
{
    (void)state;
    for (int k = 0; k < n_separate_nets; k++) {
        trial t = begin(&net_kinds[k], SAMPLES);
        symmetric_product(&t.net, t.jacobian, t.jacobian, 0, t.net.n_weights, t.expected);
        for (int order = 0; order < 3; order++) {
            for (rn_index p = 0; p < n_parameters(&t); p++)
                if (!isnan(block_of(&t, p).order_flops[order]))
                    assert_status(rn_kernel_force_order(t.kernel, p, order), RN_OK);
            assert_status(rn_kernel_assemble(t.kernel, &t.point, t.m), RN_OK);
            compare(&t, t.m, rn_kernel_order_name((rn_kernel_order)order));
            expect_symmetric(&t, t.m);
        }
        end(&t);
    }
}

static void parts_add_up_to_the_matrix(void **state)
{
    (void)state;
    for (int k = 0; k < n_net_kinds; k++) {
        trial t = begin(&net_kinds[k], SAMPLES);
        const rn_index n_entries = t.net.n * t.net.n;
        double *sum = numbers(n_entries);
        for (rn_index p = 0; p < n_parameters(&t); p++) {
            assert_status(rn_kernel_assemble_part(t.kernel, &t.point, p, NULL, t.m, NULL), RN_OK);
            for (rn_index i = 0; i < n_entries; i++)
                sum[i] += t.m[i];
        }
        assert_status(rn_kernel_assemble(t.kernel, &t.point, t.expected), RN_OK);
        compare(&t, sum, "sum of the parts");
        free(sum);
        end(&t);
    }
}

/* Counts written out by hand for N = 7. */
static void the_order_of_least_count_is_chosen(void **state)
{
    (void)state;
    trial t = begin(net_named("mlp"), SAMPLES);
    const rn_kernel_block w1 = block_of(&t, 0);
    assert_int_equal(w1.positions, 1);
    assert_int_equal(w1.in_width, 3);
    assert_int_equal(w1.out_width, 7);
    assert_close(w1.order_flops[RN_KERNEL_BOTH_GRAMS], 49.0 * 3.0 + 196.0 * 8.0, 0.0);
    assert_close(w1.order_flops[RN_KERNEL_ROW_GRADIENTS], 2.0 * 14.0 * 21.0 + 196.0 * 21.0, 0.0);
    assert_int_equal(w1.order, RN_KERNEL_BOTH_GRAMS);
    assert_true(block_of(&t, 1).shares_factors);
    assert_close(block_of(&t, 1).flops, 0.0, 0.0);
    end(&t);
    t = begin(net_named("scaled"), SAMPLES);
    assert_true(block_of(&t, 1).shares_factors);
    assert_true(block_of(&t, 3).shares_factors);
    end(&t);
    t = begin(net_named("convolution"), SAMPLES);
    const rn_kernel_block kernel = block_of(&t, 0);
    assert_int_equal(kernel.positions, 16);
    assert_close(kernel.order_flops[RN_KERNEL_BOTH_GRAMS],
                 49.0 * 256.0 * 18.0 + 441.0 * 256.0 * 5.0, 0.0);
    assert_close(kernel.order_flops[RN_KERNEL_INPUT_GRAM],
                 49.0 * 256.0 * 18.0 + 7.0 * 21.0 * 256.0 * 4.0 + 441.0 * 16.0 * 4.0, 0.0);
    assert_int_equal(kernel.order, RN_KERNEL_ROW_GRADIENTS);
    assert_false(block_of(&t, 1).shares_factors);
    end(&t);
}

static void every_kind_of_use_is_recognised(void **state)
{
    (void)state;
    static const struct {
        const char *net;
        rn_index parameter;
        rn_kernel_order order;
        rn_index positions;
    } cases[] = {
        {"residual", 0, RN_KERNEL_BOTH_GRAMS, 1}, {"recurrent", 2, RN_KERNEL_RANK_ONE, 1},
        {"embedding", 1, RN_KERNEL_RANK_ONE, 1},  {"norm", 1, RN_KERNEL_RANK_ONE, 1},
        {"norm", 5, RN_KERNEL_RANK_ONE, 1},       {"other", 0, RN_KERNEL_ROWS, 1},
        {"other", 2, RN_KERNEL_ROWS, 1},          {"coupled", 0, RN_KERNEL_ROWS, 1},
        {"tied", 0, RN_KERNEL_ROW_GRADIENTS, 2},  {"embedding", 0, RN_KERNEL_ROW_GRADIENTS, 6}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        trial t = begin(net_named(cases[i].net), SAMPLES);
        const rn_kernel_block block = block_of(&t, cases[i].parameter);
        assert_int_equal(block.order, cases[i].order);
        assert_int_equal(block.positions, cases[i].positions);
        end(&t);
    }
    trial t = begin(net_named("recurrent"), SAMPLES);
    assert_int_equal(block_of(&t, 0).positions, 7);
    assert_int_equal(block_of(&t, 0).n_uses, 7);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explicit_jacobian_is_the_derivative_of_the_outputs),
        cmocka_unit_test(matrix_is_the_product_of_jacobians),
        cmocka_unit_test(tangent_is_the_product_rule_of_jacobians),
        cmocka_unit_test(preconditioned_matrices_are_those_of_scaled_jacobians),
        cmocka_unit_test(tangent_is_the_limit_of_central_differences),
        cmocka_unit_test(every_order_gives_the_same_block),
        cmocka_unit_test(orders_forced_on_all_blocks_at_once_agree),
        cmocka_unit_test(parts_add_up_to_the_matrix),
        cmocka_unit_test(the_order_of_least_count_is_chosen),
        cmocka_unit_test(every_kind_of_use_is_recognised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
