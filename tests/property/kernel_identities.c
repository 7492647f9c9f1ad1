/*
 * Identities that hold for every network (trace, gradient norm, spectra, permutations), the
 * operators against the assembled matrices, and kernels of G^T J.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "jacobi.h"
#include "jacobian_nets.h"

#define SAMPLES 5

static double *numbers(rn_index count)
{
    double *array = calloc((size_t)(count > 0 ? count : 1), sizeof *array);
    assert_non_null(array);
    return array;
}

static double dot(rn_index n, const double *x, const double *y)
{
    double sum = 0.0;
    for (rn_index i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

/* A network, its kernel, M and M'. */
typedef struct trial {
    net net;
    rn_kernel *kernel;
    double *m;
    double *m_tangent;
} trial;

static trial begin(const net_kind *kind, rn_index n_samples)
{
    trial t = {.net = make_net(kind, n_samples, check_seed())};
    const rn_kernel_desc desc = describe_net(&t.net, 1);
    assert_status(rn_kernel_create(&desc, &t.kernel), RN_OK);
    t.m = numbers(t.net.n * t.net.n);
    t.m_tangent = numbers(t.net.n * t.net.n);
    const rn_kernel_point point = point_of(&t.net);
    assert_status(rn_kernel_tangent(t.kernel, &point, t.net.direction, t.m, t.m_tangent), RN_OK);
    return t;
}

static void end(trial *t)
{
    rn_kernel_destroy(t->kernel);
    free(t->m);
    free(t->m_tangent);
    drop_net(&t->net);
}

static void trace_is_the_mean_squared_row_gradient(void **state)
{
    (void)state;
    for (int k = 0; k < n_net_kinds; k++) {
        trial t = begin(&net_kinds[k], SAMPLES);
        const rn_kernel_point point = point_of(&t.net);
        double *u = numbers(t.net.n);
        double *gradient = numbers(t.net.n_weights);
        double trace = 0.0;
        double squares = 0.0;
        for (rn_index r = 0; r < t.net.n; r++) {
            u[r] = 1.0;
            assert_status(rn_jacobian_apply_transpose(t.kernel, &point, u, gradient), RN_OK);
            u[r] = 0.0;
            squares += dot(t.net.n_weights, gradient, gradient);
            trace += t.m[r * t.net.n + r];
        }
        assert_close(trace, squares / (double)SAMPLES, 1e-12 * trace); /* as kernel_matrix.c */
        free(u);
        free(gradient);
        end(&t);
    }
}

/* grad L = (1/N) J^T r, so r^T M r = N |grad L|^2 for any r. */
static void quadratic_form_of_the_residual_is_the_squared_gradient(void **state)
{
    (void)state;
    for (int k = 0; k < n_net_kinds; k++) {
        trial t = begin(&net_kinds[k], SAMPLES);
        const rn_kernel_point point = point_of(&t.net);
        double *r = numbers(t.net.n);
        double *mr = numbers(t.net.n);
        double *gradient = numbers(t.net.n_weights);
        net_outputs(&t.net, t.net.theta, r);
        for (rn_index i = 0; i < t.net.n; i++)
            r[i] -= 1.0; /* targets of one */
        assert_status(rn_jacobian_apply_transpose(t.kernel, &point, r, gradient), RN_OK);
        for (rn_index p = 0; p < t.net.n_weights; p++)
            gradient[p] /= (double)SAMPLES;
        dense_apply(t.net.n, t.m, r, mr);
        const double expected = (double)SAMPLES * dot(t.net.n_weights, gradient, gradient);
        assert_close(dot(t.net.n, r, mr), expected, 1e-12 * expected);
        free(r);
        free(mr);
        free(gradient);
        end(&t);
    }
}

static void nonzero_spectra_of_both_products_agree(void **state)
{
    (void)state;
    trial t = begin(net_named("mlp"), 6); /* n = 12 < P = 90: the rest of J^T J is zero */
    const rn_index n = t.net.n;
    const rn_index n_weights = t.net.n_weights;
    double *jacobian = numbers(n * n_weights);
    double *gram = numbers(n_weights * n_weights);
    double *small = numbers(n);
    double *large = numbers(n_weights);
    double *vectors = numbers(n_weights * n_weights);
    net_jacobian(&t.net, t.net.theta, NULL, jacobian, NULL);
    for (rn_index p = 0; p < n_weights; p++)
        for (rn_index q = 0; q < n_weights; q++)
            for (rn_index r = 0; r < n; r++)
                gram[p * n_weights + q] += jacobian[r * n_weights + p] * jacobian[r * n_weights + q]
                                           / (double)t.net.n_samples;
    jacobi_eigen(n, t.m, small, vectors);
    jacobi_eigen(n_weights, gram, large, vectors);
    const double top = large[n_weights - 1];
    for (rn_index i = 0; i < n; i++) /* backward stable: n eps |M| */
        assert_close(small[i], large[n_weights - n + i], 1e-13 * top);
    for (rn_index i = 0; i < n_weights - n; i++)
        assert_close(large[i], 0.0, 1e-13 * top);
    free(jacobian);
    free(gram);
    free(small);
    free(large);
    free(vectors);
    end(&t);
}

static void permuted_samples_permute_the_matrix(void **state)
{
    (void)state;
    static const rn_index order[SAMPLES] = {3, 0, 4, 1, 2};
    for (int k = 0; k < n_net_kinds; k++) {
        trial t = begin(&net_kinds[k], SAMPLES);
        const rn_index n = t.net.n;
        const rn_index c = t.net.n_outputs;
        double *permuted = numbers(n * n);
        double *expected = numbers(n * n);
        permute_samples(&t.net, order);
        const rn_kernel_point point = point_of(&t.net);
        assert_status(rn_kernel_assemble(t.kernel, &point, permuted), RN_OK);
        for (rn_index r = 0; r < n; r++)
            for (rn_index s = 0; s < n; s++)
                expected[r * n + s] =
                    t.m[(order[r / c] * c + r % c) * n + order[s / c] * c + s % c];
        assert_close(relative_difference(n * n, permuted, expected), 0.0, 1e-13);
        free(permuted);
        free(expected);
        end(&t);
    }
}

static void jacobian_applies_as_written_out(void **state)
{
    (void)state;
    for (int k = 0; k < n_net_kinds; k++) {
        trial t = begin(&net_kinds[k], SAMPLES);
        const rn_kernel_point point = point_of(&t.net);
        const rn_index n = t.net.n;
        const rn_index n_weights = t.net.n_weights;
        double *jacobian = numbers(n * n_weights);
        double *u = numbers(n);
        double *forward = numbers(n);
        double *reverse = numbers(n_weights);
        double *expected = numbers(n + n_weights);
        random_fill(check_seed(), 40, n, u);
        net_jacobian(&t.net, t.net.theta, NULL, jacobian, NULL);
        for (rn_index r = 0; r < n; r++) {
            expected[r] = dot(n_weights, jacobian + r * n_weights, t.net.direction);
            for (rn_index p = 0; p < n_weights; p++)
                expected[n + p] += jacobian[r * n_weights + p] * u[r];
        }
        assert_status(rn_jacobian_apply(t.kernel, &point, t.net.direction, forward), RN_OK);
        assert_status(rn_jacobian_apply_transpose(t.kernel, &point, u, reverse), RN_OK);
        assert_close(relative_difference(n, forward, expected), 0.0, 1e-12);
        assert_close(relative_difference(n_weights, reverse, expected + n), 0.0, 1e-12);
        assert_close(dot(n, u, forward), dot(n_weights, reverse, t.net.direction),
                     1e-12 * (fabs(dot(n, u, forward)) + sqrt(dot(n, forward, forward))));
        free(jacobian);
        free(u);
        free(forward);
        free(reverse);
        free(expected);
        end(&t);
    }
}

/* y = A x for three columns, against the matrix. */
static void compare_operator(rn_op *op, rn_index n, const double *matrix)
{
    double *x = numbers(3 * n);
    double *y = numbers(3 * n);
    double *expected = numbers(3 * n);
    random_fill(check_seed(), 50, 3 * n, x);
    for (int j = 0; j < 3; j++)
        dense_apply(n, matrix, x + j * n, expected + j * n);
    assert_status(rn_op_apply(op, 3, x, n, y, n), RN_OK);
    assert_close(relative_difference(3 * n, y, expected), 0.0, 1e-12);
    rn_op_defects defects;
    assert_status(rn_op_check(op, 3, check_seed(), &defects), RN_OK);
    assert_close(defects.adjoint, 0.0, 1e-12);
    assert_close(defects.linearity, 0.0, 1e-12);
    assert_close(defects.block, 0.0, 1e-12);
    free(x);
    free(y);
    free(expected);
}

static void operators_are_the_assembled_matrices(void **state)
{
    (void)state;
    for (int k = 0; k < n_net_kinds; k++) {
        trial t = begin(&net_kinds[k], SAMPLES);
        const rn_kernel_point point = point_of(&t.net);
        rn_op *op = NULL;
        assert_status(rn_kernel_operator(t.kernel, &point, &op), RN_OK);
        assert_int_equal(rn_op_get_traits(op), RN_OP_PSD);
        compare_operator(op, t.net.n, t.m);
        rn_op_destroy(op);
        assert_status(rn_kernel_tangent_operator(t.kernel, &point, t.net.direction, &op), RN_OK);
        compare_operator(op, t.net.n, t.m_tangent);
        rn_op_destroy(op);
        end(&t);
    }
}

/* ---- G^T J ----------------------------------------------------------------------------------- */

/* The seed G^T [N, K, C] = a matrix of the outputs themselves: it depends on the weights.
   g_kc = cos((k + 1) f_c) + k. */
static rn_node make_seed(net *n, rn_index n_rows)
{
    rn_graph *g = n->graph;
    const rn_node lifted = rn_graph_reshape(g, n->output, RN_SHAPE(RN_SAMPLES, 1, n->n_outputs));
    rn_node rows[8];
    for (rn_index k = 0; k < n_rows; k++)
        rows[k] = rn_graph_shift(g, rn_graph_cos(g, rn_graph_scale(g, lifted, (double)(k + 1))),
                                 (double)k);
    return rn_graph_concat(g, n_rows, rows, 1);
}

/* out [N K x P] := G^T J from f and J. */
static void weigh_rows(const net *n, rn_index n_rows, const double *theta, const double *jacobian,
                       double *out)
{
    double *f = numbers(n->n);
    net_outputs(n, theta, f);
    memset(out, 0, (size_t)(n->n_samples * n_rows * n->n_weights) * sizeof *out);
    for (rn_index i = 0; i < n->n_samples; i++)
        for (rn_index k = 0; k < n_rows; k++)
            for (rn_index c = 0; c < n->n_outputs; c++) {
                const rn_index r = i * n->n_outputs + c;
                const double weight = cos((double)(k + 1) * f[r]) + (double)k;
                for (rn_index p = 0; p < n->n_weights; p++)
                    out[(i * n_rows + k) * n->n_weights + p] +=
                        weight * jacobian[r * n->n_weights + p];
            }
    free(f);
}

static void a_seed_weighs_the_rows_and_moves_with_the_weights(void **state)
{
    (void)state;
    static const char *const names[] = {"mlp", "recurrent", "norm", "other", "coupled"};
    const rn_index n_rows = 4; /* more than outputs: S has structural zeros */
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        net n = make_net(net_named(names[k]), SAMPLES, check_seed());
        rn_kernel_desc desc = describe_net(&n, 1);
        desc.seed = make_seed(&n, n_rows);
        rn_kernel *kernel = NULL;
        assert_status(rn_kernel_create(&desc, &kernel), RN_OK);
        assert_int_equal(rn_kernel_rows_per_sample(kernel), n_rows);
        net rows = n; /* the same arrays, read as [N K x P] */
        rows.n = SAMPLES * n_rows;
        const rn_index n_entries = rows.n * rows.n;
        double *jacobian = numbers(n.n * n.n_weights);
        double *weighed = numbers(rows.n * n.n_weights);
        double *moved = numbers(n.n_weights);
        double *s = numbers(n_entries);
        double *s_tangent = numbers(n_entries);
        double *expected = numbers(n_entries);
        double *difference = numbers(n_entries);
        const rn_kernel_point point = point_of(&n);
        assert_status(rn_kernel_tangent(kernel, &point, n.direction, s, s_tangent), RN_OK);
        net_jacobian(&n, n.theta, NULL, jacobian, NULL);
        weigh_rows(&n, n_rows, n.theta, jacobian, weighed);
        symmetric_product(&rows, weighed, weighed, 0, n.n_weights, expected);
        assert_close(relative_difference(n_entries, s, expected), 0.0, 1e-12);
        const double h = 1e-5; /* h^2 and eps / h: 1e-9 */
        for (int sign = -1; sign <= 1; sign += 2) {
            for (rn_index p = 0; p < n.n_weights; p++)
                moved[p] = n.theta[p] + sign * h * n.direction[p];
            net_jacobian(&n, moved, NULL, jacobian, NULL);
            weigh_rows(&n, n_rows, moved, jacobian, weighed);
            symmetric_product(&rows, weighed, weighed, 0, n.n_weights, expected);
            for (rn_index e = 0; e < n_entries; e++)
                difference[e] += sign * expected[e] / (2.0 * h);
        }
        assert_close(relative_difference(n_entries, s_tangent, difference), 0.0, 1e-7);
        rn_op *op = NULL;
        assert_status(rn_kernel_operator(kernel, &point, &op), RN_OK);
        compare_operator(op, rows.n, s);
        rn_op_destroy(op);
        assert_status(rn_kernel_tangent_operator(kernel, &point, n.direction, &op), RN_OK);
        compare_operator(op, rows.n, s_tangent);
        rn_op_destroy(op);
        free(jacobian);
        free(weighed);
        free(moved);
        free(s);
        free(s_tangent);
        free(expected);
        free(difference);
        rn_kernel_destroy(kernel);
        drop_net(&n);
    }
}

/* The worked number of docs/theory/kernel.md: f = w2 tanh(w1 x). */
static void two_weights_give_the_worked_number(void **state)
{
    (void)state;
    rn_graph *g = NULL;
    assert_status(rn_graph_create(&g), RN_OK);
    const rn_node x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, 1));
    const rn_node w1 = rn_graph_parameter(g, "w1", RN_SHAPE(1, 1));
    const rn_node w2 = rn_graph_parameter(g, "w2", RN_SHAPE(1, 1));
    rn_kernel_desc desc = rn_kernel_desc_defaults();
    desc.graph = g;
    desc.n_inputs = 1;
    desc.inputs = &x;
    desc.output = rn_graph_matmul(g, rn_graph_tanh(g, rn_graph_matmul(g, x, w1)), w2);
    rn_kernel *kernel = NULL;
    assert_status(rn_kernel_create(&desc, &kernel), RN_OK);
    const double one = 1.0;
    const double theta[] = {0.5, 2.0};
    const double v[] = {1.0, 0.0};
    const double *arrays[] = {&one};
    const rn_kernel_point point = {.n_samples = 1, .inputs = arrays, .theta = theta};
    double m = 0.0;
    double m_tangent = 0.0;
    assert_status(rn_kernel_tangent(kernel, &point, v, &m, &m_tangent), RN_OK);
    assert_close(m, 2.687552413783059, 1e-14);
    assert_close(m_tangent, -3.8462496781223674, 1e-14);
    rn_kernel_destroy(kernel);
    rn_graph_destroy(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trace_is_the_mean_squared_row_gradient),
        cmocka_unit_test(quadratic_form_of_the_residual_is_the_squared_gradient),
        cmocka_unit_test(nonzero_spectra_of_both_products_agree),
        cmocka_unit_test(permuted_samples_permute_the_matrix),
        cmocka_unit_test(jacobian_applies_as_written_out),
        cmocka_unit_test(operators_are_the_assembled_matrices),
        cmocka_unit_test(a_seed_weighs_the_rows_and_moves_with_the_weights),
        cmocka_unit_test(two_weights_give_the_worked_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
