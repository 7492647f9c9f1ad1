/*
 * Many tiles and blocks of samples: the same bits however work and memory are cut.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "jacobi.h"
#include "jacobian_nets.h"

static double *numbers(rn_index count)
{
    double *array = calloc((size_t)(count > 0 ? count : 1), sizeof *array);
    assert_non_null(array);
    return array;
}

static rn_kernel *kernel_with(const net *n, int n_threads, rn_index max_bytes, int order)
{
    rn_kernel *kernel = NULL;
    rn_kernel_desc desc = describe_net(n, n_threads);
    desc.max_factor_bytes = max_bytes;
    assert_status(rn_kernel_create(&desc, &kernel), RN_OK);
    for (rn_index p = 0; order >= 0 && p < rn_graph_n_parameters(n->graph); p++) {
        const rn_status status = rn_kernel_force_order(kernel, p, order);
        assert_true(status == RN_OK || status == RN_ERR_DOMAIN);
    }
    return kernel;
}

/* Cases that fill several tiles; N is no multiple of any tile. */
static const struct {
    const char *net;
    rn_index n_samples;
    int order;
} cases[] = {
    {"mlp", 601, RN_KERNEL_ORDER_CHEAPEST},        {"mlp", 333, RN_KERNEL_ROW_GRADIENTS},
    {"recurrent", 333, RN_KERNEL_BOTH_GRAMS},      {"convolution", 225, RN_KERNEL_INPUT_GRAM},
    {"convolution", 225, RN_KERNEL_ROW_GRADIENTS}, {"other", 333, RN_KERNEL_ORDER_CHEAPEST},
    {"embedding", 130, RN_KERNEL_ORDER_CHEAPEST},  {"tokens", 333, RN_KERNEL_INPUT_GRAM},
    {"coupled", 265, RN_KERNEL_ORDER_CHEAPEST},
};
#define N_CASES ((int)(sizeof cases / sizeof cases[0]))

static void many_tiles_give_the_product_of_jacobians(void **state)
{
    (void)state;
    for (int i = 0; i < N_CASES; i++) {
        net n = make_net(net_named(cases[i].net), cases[i].n_samples, check_seed());
        double *m = numbers(n.n * n.n);
        double *jacobian = numbers(n.n * n.n_weights);
        net_jacobian(&n, n.theta, NULL, jacobian, NULL);
        rn_kernel *kernel = kernel_with(&n, 1, 0, cases[i].order);
        const rn_kernel_point point = point_of(&n);
        assert_status(rn_kernel_assemble(kernel, &point, m), RN_OK);
        double worst = 0.0;
        double scale = 0.0;
        for (rn_index r = 0; r < n.n; r++)
            for (rn_index c = r % 3; c <= r; c += 3) { /* every third entry, all tiles */
                double sum = 0.0;
                for (rn_index p = 0; p < n.n_weights; p++)
                    sum += jacobian[r * n.n_weights + p] * jacobian[c * n.n_weights + p];
                sum /= (double)n.n_samples;
                scale = fmax(scale, fabs(sum));
                worst = fmax(worst, fabs(m[r * n.n + c] - sum));
                assert_memory_equal(&m[r * n.n + c], &m[c * n.n + r], sizeof *m);
            }
        assert_close(worst / scale, 0.0, 1e-12); /* as in kernel_matrix.c */
        rn_kernel_destroy(kernel);
        free(jacobian);
        free(m);
        drop_net(&n);
    }
}

static void threads_and_memory_limits_change_no_bit(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, 3, 7};
    for (int i = 0; i < N_CASES; i++) {
        net n = make_net(net_named(cases[i].net), cases[i].n_samples, check_seed());
        const rn_kernel_point point = point_of(&n);
        const size_t bytes = (size_t)(n.n * n.n) * sizeof(double);
        double *first = numbers(n.n * n.n);
        double *first_tangent = numbers(n.n * n.n);
        double *m = numbers(n.n * n.n);
        double *m_tangent = numbers(n.n * n.n);
        for (int t = 0; t < 5; t++) { /* the last time with a limit that forces small blocks */
            rn_kernel *kernel =
                kernel_with(&n, t < 4 ? threads[t] : 2, t < 4 ? 0 : 1, cases[i].order);
            double *to = t == 0 ? first : m;
            double *to_tangent = t == 0 ? first_tangent : m_tangent;
            assert_status(rn_kernel_tangent(kernel, &point, n.direction, to, to_tangent), RN_OK);
            if (t > 0) {
                assert_memory_equal(m, first, bytes);
                assert_memory_equal(m_tangent, first_tangent, bytes);
            }
            memset(m, 0xff, bytes);
            assert_status(rn_kernel_assemble(kernel, &point, m), RN_OK);
            assert_memory_equal(m, first, bytes);
            rn_kernel_destroy(kernel);
        }
        free(first);
        free(first_tangent);
        free(m);
        free(m_tangent);
        drop_net(&n);
    }
}

static void vectors_do_not_depend_on_threads(void **state)
{
    (void)state;
    net n = make_net(net_named("mlp"), 2600, check_seed()); /* more tiles than a wave of 8 */
    const rn_kernel_point point = point_of(&n);
    double *u = numbers(n.n);
    random_fill(check_seed(), 40, n.n, u);
    double *forward[2] = {numbers(n.n), numbers(n.n)};
    double *reverse[2] = {numbers(n.n_weights), numbers(n.n_weights)};
    for (int t = 0; t < 2; t++) {
        rn_kernel *kernel = kernel_with(&n, t == 0 ? 1 : 3, 0, RN_KERNEL_ORDER_CHEAPEST);
        assert_status(rn_jacobian_apply(kernel, &point, n.direction, forward[t]), RN_OK);
        assert_status(rn_jacobian_apply_transpose(kernel, &point, u, reverse[t]), RN_OK);
        rn_kernel_destroy(kernel);
    }
    assert_memory_equal(forward[0], forward[1], (size_t)n.n * sizeof(double));
    assert_memory_equal(reverse[0], reverse[1], (size_t)n.n_weights * sizeof(double));
    double left = 0.0;
    double right = 0.0;
    double scale = 0.0;
    for (rn_index i = 0; i < n.n; i++) {
        left += u[i] * forward[0][i];
        scale += fabs(u[i] * forward[0][i]);
    }
    for (rn_index p = 0; p < n.n_weights; p++)
        right += reverse[0][p] * n.direction[p];
    assert_close(left, right, 1e-13 * scale); /* sums of 5200 terms */
    for (int t = 0; t < 2; t++) {
        free(forward[t]);
        free(reverse[t]);
    }
    free(u);
    drop_net(&n);
}

/* Runs first in the process, so that each larger case raises the peak. Plans and tables of nodes
   are not counted: 1 MiB allows for them. */
static void the_bytes_told_before_are_the_bytes_taken(void **state)
{
    (void)state;
    static const rn_index counts[] = {300, 900};
    int n_raised = 0;
    for (int i = 0; i < 2; i++) {
        net n = make_net(net_named("attention"), counts[i], check_seed());
        const rn_kernel_point point = point_of(&n);
        double *m = numbers(n.n * n.n);
        for (int limited = 1; limited >= 0; limited--) {
            rn_kernel *kernel = kernel_with(&n, 2, limited, RN_KERNEL_ORDER_CHEAPEST);
            rn_index told = 0;
            assert_status(rn_kernel_bytes(kernel, n.n_samples, 0, &told), RN_OK);
            const rn_index before = rni_memory_bytes();
            const rn_index old_peak = rni_memory_peak_bytes();
            assert_status(rn_kernel_assemble(kernel, &point, m), RN_OK);
            const rn_index taken = rni_memory_peak_bytes() - before;
            if (rni_memory_peak_bytes() > old_peak) {
                n_raised++;
                assert_in_range(taken, told, told + (1 << 20));
            }
            rn_kernel_destroy(kernel);
        }
        free(m);
        drop_net(&n);
    }
    assert_true(n_raised >= 2);
}

static void a_kernel_serves_other_numbers_of_samples(void **state)
{
    (void)state;
    net n = make_net(net_named("attention"), 150, check_seed());
    rn_kernel *kernel = kernel_with(&n, 1, 0, RN_KERNEL_ORDER_CHEAPEST);
    static const rn_index counts[] = {150, 1, 149, 150, 64};
    for (int i = 0; i < 5; i++) {
        rn_kernel_point point = point_of(&n);
        point.n_samples = counts[i];
        const rn_index rows = counts[i] * n.n_outputs;
        double *m = numbers(rows * rows);
        double *fresh = numbers(rows * rows);
        assert_status(rn_kernel_assemble(kernel, &point, m), RN_OK);
        rn_kernel *other = kernel_with(&n, 1, 0, RN_KERNEL_ORDER_CHEAPEST);
        assert_status(rn_kernel_assemble(other, &point, fresh), RN_OK);
        assert_memory_equal(m, fresh, (size_t)(rows * rows) * sizeof *m);
        rn_kernel_destroy(other);
        free(m);
        free(fresh);
    }
    rn_kernel_destroy(kernel);
    drop_net(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_told_before_are_the_bytes_taken),
        cmocka_unit_test(many_tiles_give_the_product_of_jacobians),
        cmocka_unit_test(threads_and_memory_limits_change_no_bit),
        cmocka_unit_test(vectors_do_not_depend_on_threads),
        cmocka_unit_test(a_kernel_serves_other_numbers_of_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
