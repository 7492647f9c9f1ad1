/*
 * The whole instrument, graph to shells, against numbers computed with numpy alone
 * (make_instrument.py: hand-written Jacobian, complex-step M', cuts from their definition).
 */
#include "instrument_golden.h"

#include <math.h>
#include <renorm/kernel.h>
#include <renorm/shells.h>
#include <renorm/spectra.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "graph_values.h"

#define N_ROWS       ((rn_index)GOLDEN_SAMPLES * GOLDEN_OUTPUTS)
#define N_BOUNDARIES (GOLDEN_HIGH - GOLDEN_LOW + 1)

/* z sigmoid(1.702 z) */
static rn_node activation(rn_graph *g, rn_node z)
{
    return rn_graph_multiply(g, z, rn_graph_sigmoid(g, rn_graph_scale(g, z, 1.702)));
}

static rn_node block(rn_graph *g, rn_node h, const char *name)
{
    const rn_node w = rn_graph_parameter(g, name, RN_SHAPE(GOLDEN_WIDTH, GOLDEN_WIDTH));
    const rn_node branch = rn_graph_matmul(g, activation(g, h), w);
    return rn_graph_add(g, h, rn_graph_scale(g, branch, 0.7));
}

typedef struct network {
    rn_graph *graph;
    rn_node x, f;
} network;

/* The network of make_instrument.py. */
static network make_network(void)
{
    network net = {0};
    assert_status(rn_graph_create(&net.graph), RN_OK);
    rn_graph *g = net.graph;
    net.x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, GOLDEN_INPUTS));
    const rn_node w0 = rn_graph_parameter(g, "w0", RN_SHAPE(GOLDEN_INPUTS, GOLDEN_WIDTH));
    rn_node h = block(g, rn_graph_matmul(g, net.x, w0), "w1");
    h = block(g, h, "w2");
    const rn_node w3 = rn_graph_parameter(g, "w3", RN_SHAPE(GOLDEN_WIDTH, GOLDEN_OUTPUTS));
    const rn_node b = rn_graph_parameter(g, "b", RN_SHAPE(GOLDEN_OUTPUTS));
    net.f = rn_graph_add(g, rn_graph_matmul(g, h, w3), b);
    assert_status(rn_graph_status(g), RN_OK);
    return net;
}

/* e = f - y */
static void evaluate_error(network net, double *e)
{
    graph_values values = {.graph = net.graph, .n_samples = GOLDEN_SAMPLES};
    memcpy(values_uniform(&values, net.x, 0, 0.0, 1.0), golden_x, sizeof golden_x);
    const double *theta = golden_theta;
    for (rn_index i = 0; i < rn_graph_n_parameters(net.graph); i++) {
        const rn_node p = rn_graph_parameter_at(net.graph, i);
        const rn_index size = values_size(&values, p);
        memcpy(values_uniform(&values, p, 0, 0.0, 1.0), theta, (size_t)size * sizeof *theta);
        theta += size;
    }
    double *f = values_evaluate(&values, net.f);
    for (rn_index i = 0; i < N_ROWS; i++)
        e[i] = f[i] - golden_y[i];
    rni_free(f);
    values_clear(&values);
}

static double largest(const double *a, rn_index n)
{
    double value = 0.0;
    for (rn_index i = 0; i < n; i++)
        value = fmax(value, fabs(a[i]));
    return value;
}

/* |a_i - b_i| <= tolerance * max |b| */
static void assert_same(const double *a, const double *b, rn_index n, double tolerance)
{
    for (rn_index i = 0; i < n; i++)
        assert_close(a[i], b[i], tolerance * largest(b, n));
}

/* Mt = Phi M' Phi^T; row u of phi is phi_u. */
static void rotate(const double *phi, const double *m_dot, double *mt)
{
    for (rn_index u = 0; u < N_ROWS; u++)
        for (rn_index v = 0; v < N_ROWS; v++) {
            double sum = 0.0;
            for (rn_index i = 0; i < N_ROWS; i++)
                for (rn_index j = 0; j < N_ROWS; j++)
                    sum += phi[u * N_ROWS + i] * m_dot[i * N_ROWS + j] * phi[v * N_ROWS + j];
            mt[u * N_ROWS + v] = sum;
        }
}

/* v = -J^T e / N */
static void flow_direction(rn_kernel *kernel, const rn_kernel_point *point, const double *e,
                           double *v)
{
    assert_status(rn_jacobian_apply_transpose(kernel, point, e, v), RN_OK);
    for (int i = 0; i < GOLDEN_WEIGHTS; i++)
        v[i] /= -GOLDEN_SAMPLES;
}

static void agrees_with_numpy_from_graph_to_flux(void **state)
{
    (void)state;
    network net = make_network();
    double e[N_ROWS];
    evaluate_error(net, e);

    rn_kernel_desc desc = rn_kernel_desc_defaults();
    desc.graph = net.graph;
    desc.n_inputs = 1;
    desc.inputs = &net.x;
    desc.output = net.f;
    rn_kernel *kernel = NULL;
    assert_status(rn_kernel_create(&desc, &kernel), RN_OK);
    const double *const inputs[] = {golden_x};
    const rn_kernel_point point = {
        .n_samples = GOLDEN_SAMPLES, .inputs = inputs, .theta = golden_theta};
    double v[GOLDEN_WEIGHTS];
    double m[N_ROWS * N_ROWS];
    double m_dot[N_ROWS * N_ROWS];
    flow_direction(kernel, &point, e, v);
    assert_status(rn_kernel_tangent(kernel, &point, v, m, m_dot), RN_OK);
    /* About 1e2 additions of terms of one size stand behind an entry: 1e-13 of the largest. */
    assert_same(m, golden_m, N_ROWS * N_ROWS, 1e-13);
    assert_same(m_dot, golden_m_dot, N_ROWS * N_ROWS, 1e-13);

    double lambda[N_ROWS];
    double g[N_ROWS];
    double mt[N_ROWS * N_ROWS];
    assert_status(rn_spectra_vectors(N_ROWS, m, N_ROWS, 1, e, N_ROWS, NULL, lambda, g, NULL),
                  RN_OK);
    assert_same(lambda, golden_lambda, N_ROWS, 1e-13);
    rotate(m, m_dot, mt);

    const rn_shell_grid grid = {.width = log(2.0), .low = GOLDEN_LOW, .high = GOLDEN_HIGH};
    const rn_shell_input input = {
        .n = N_ROWS, .n_samples = GOLDEN_SAMPLES, .lambda = lambda, .g = g, .mt = mt};
    rn_shell_report report = {0};
    assert_status(rn_shell_measure(&grid, &input, NULL, &report), RN_OK);
    assert_int_equal(report.n_boundaries, N_BOUNDARIES);
    assert_close(report.loss, golden_loss, 1e-13 * golden_loss);
    /* The smallest eigenvalue is 3e-7 of the largest: cuts there are good to 1e-13 / 3e-7. */
    assert_same(report.above, golden_above, N_BOUNDARIES, 1e-9);
    assert_same(report.dissipation, golden_dissipation, N_BOUNDARIES, 1e-12);
    assert_same(report.flux, golden_flux, N_BOUNDARIES, 1e-8);
    rn_shell_report_clear(&report);
    rn_kernel_destroy(kernel);
    rn_graph_destroy(net.graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(agrees_with_numpy_from_graph_to_flux)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
