/*
 * The kernel of a network with running statistics, which it leaves out, and whose tangent sees them
 * move. Witnesses: central differences of outputs and of M.
 */
#include <math.h>
#include <renorm/kernel.h>
#include <renorm/op.h>
#include <string.h>

#include "check.h"
#include "model_values.h"
#include "running_net.h"

static rn_kernel *make_kernel(const running_net *s, const rn_node *inputs)
{
    rn_node resting[6];
    rn_kernel *kernel = NULL;
    rn_kernel_desc desc = rn_kernel_desc_defaults();
    desc.graph = rn_model_graph(s->model);
    desc.n_inputs = 1;
    desc.inputs = inputs;
    desc.output = rn_model_output(s->model);
    desc.n_resting = values_statistics(s->model, 6, resting);
    desc.resting = resting;
    assert_status(rn_kernel_create(&desc, &kernel), RN_OK);
    return kernel;
}

/* M by central differences of outputs, over the weights alone. */
static void kernel_by_hand(const running_net *s, const double *theta, const bool *is, double *m)
{
    const rn_index n = rn_model_n_weights(s->model);
    const double h = 1e-5; /* error h^2 f''' / 6 + eps f / h: 1e-10 */
    double at[MOST];
    double sides[2][ROWS];
    memset(m, 0, SQUARE * sizeof *m);
    for (rn_index p = 0; p < n; p++) {
        if (is[p]) continue;
        for (int side = 0; side < 2; side++) {
            memcpy(at, theta, (size_t)n * sizeof *at);
            at[p] += side ? -h : h;
            values_outputs(s->model, at, N, s->x, sides[side]);
        }
        for (int i = 0; i < ROWS; i++)
            sides[0][i] = (sides[0][i] - sides[1][i]) / (2.0 * h);
        for (int i = 0; i < ROWS; i++)
            for (int j = 0; j < ROWS; j++)
                m[i * ROWS + j] += sides[0][i] * sides[0][j] / N;
    }
}

static double largest(rn_index count, const double *values)
{
    double most = 0.0;
    for (rn_index i = 0; i < count; i++)
        most = fmax(most, fabs(values[i]));
    return most;
}

static void the_kernel_is_that_of_the_weights(void **state)
{
    (void)state;
    running_net s;
    bool is[MOST] = {false};
    double u[ROWS];
    double back[MOST];
    double v[MOST];
    double forth[ROWS];
    double m[SQUARE];
    double expected[SQUARE];
    running_set_up(&s, running_model("running"), "sgd", running_plain, RUNNING_N_PLAIN, "distinct");
    running_start(&s);
    const rn_index n = rn_model_n_weights(s.model);
    const rn_node input = rn_model_input(s.model);
    const double *const inputs[] = {s.x};
    const double *theta = rn_trainer_theta(s.trainer);
    const rn_kernel_point point = {.n_samples = N, .inputs = inputs, .theta = theta};
    rn_kernel *kernel = make_kernel(&s, &input);
    running_entries(s.model, is);
    assert_false(rn_kernel_is_coupled(kernel));
    assert_status(rn_kernel_assemble(kernel, &point, m), RN_OK);
    kernel_by_hand(&s, theta, is, expected);
    const double scale = largest(SQUARE, m);
    for (int i = 0; i < SQUARE; i++)
        assert_close(m[i], expected[i], 1e-8 * scale);

    /* M u from J (J^T u), and J^T u is 0 at the statistics */
    values_normal(30, ROWS, u);
    assert_status(rn_jacobian_apply_transpose(kernel, &point, u, back), RN_OK);
    for (rn_index i = 0; i < n; i++)
        if (is[i]) assert_close(back[i], 0.0, 0.0);
    assert_status(rn_jacobian_apply(kernel, &point, back, forth), RN_OK);
    for (int i = 0; i < ROWS; i++) {
        double sum = 0.0;
        for (int j = 0; j < ROWS; j++)
            sum += m[i * ROWS + j] * u[j];
        assert_close(forth[i] / N, sum, 1e-12 * scale * ROWS);
    }

    /* J v goes along statistics */
    const double h = 1e-5;
    double sides[2][ROWS];
    values_normal(31, n, v);
    for (rn_index i = 0; i < n; i++)
        if (!is[i]) v[i] = 0.0;
    for (int side = 0; side < 2; side++) {
        for (rn_index i = 0; i < n; i++)
            back[i] = theta[i] + (side ? -h : h) * v[i];
        values_outputs(s.model, back, N, s.x, sides[side]);
    }
    assert_status(rn_jacobian_apply(kernel, &point, v, forth), RN_OK);
    assert_true(largest(ROWS, forth) > 1e-3);
    for (int i = 0; i < ROWS; i++)
        assert_close(forth[i], (sides[0][i] - sides[1][i]) / (2.0 * h),
                     1e-7 * largest(ROWS, forth));
    rn_kernel_destroy(kernel);
    running_tear_down(&s);
}

/* M' along v against M' as an operator and against central differences of M. */
static void check_tangent(const running_net *s, rn_kernel *kernel, rn_kernel_point point,
                          const double *v)
{
    const rn_index n = rn_model_n_weights(s->model);
    const double *theta = point.theta;
    const double h = 1e-5;
    double at[MOST];
    double m[SQUARE];
    double tangent[SQUARE];
    double sides[2][SQUARE];
    double u[ROWS];
    double product[ROWS];
    rn_op *op = NULL;
    assert_status(rn_kernel_tangent(kernel, &point, v, m, tangent), RN_OK);
    const double scale = largest(SQUARE, tangent);
    assert_true(scale > 1e-3 * largest(SQUARE, m));
    values_normal(41, ROWS, u);
    assert_status(rn_kernel_tangent_operator(kernel, &point, v, &op), RN_OK);
    assert_status(rn_op_apply(op, 1, u, ROWS, product, ROWS), RN_OK);
    rn_op_destroy(op);
    for (int i = 0; i < ROWS; i++) {
        double sum = 0.0;
        for (int j = 0; j < ROWS; j++)
            sum += tangent[i * ROWS + j] * u[j];
        assert_close(product[i], sum, 1e-12 * scale * ROWS);
    }
    for (int side = 0; side < 2; side++) {
        for (rn_index i = 0; i < n; i++)
            at[i] = theta[i] + (side ? -h : h) * v[i];
        point.theta = at;
        assert_status(rn_kernel_assemble(kernel, &point, sides[side]), RN_OK);
    }
    for (int i = 0; i < SQUARE; i++)
        assert_close(tangent[i], (sides[0][i] - sides[1][i]) / (2.0 * h), 1e-6 * scale);
}

static void the_tangent_sees_statistics_move(void **state)
{
    (void)state;
    running_net s;
    bool is[MOST] = {false};
    double v[MOST];
    running_set_up(&s, running_model("running"), "sgd", running_plain, RUNNING_N_PLAIN, "distinct");
    running_start(&s);
    const rn_node input = rn_model_input(s.model);
    const double *const inputs[] = {s.x};
    const rn_kernel_point point = {
        .n_samples = N, .inputs = inputs, .theta = rn_trainer_theta(s.trainer)};
    rn_kernel *kernel = make_kernel(&s, &input);
    running_entries(s.model, is);
    values_normal(40, rn_model_n_weights(s.model), v);
    check_tangent(&s, kernel, point, v);
    for (rn_index i = 0; i < rn_model_n_weights(s.model); i++)
        if (!is[i]) v[i] = 0.0;
    check_tangent(&s, kernel, point, v); /* statistics alone matter, too */
    rn_kernel_destroy(kernel);
    running_tear_down(&s);
}

static void what_rests_must_be_a_parameter(void **state)
{
    (void)state;
    rn_model *model = running_model("running");
    const rn_node input = rn_model_input(model);
    rn_kernel *kernel = NULL;
    rn_kernel_desc desc = rn_kernel_desc_defaults();
    desc.graph = rn_model_graph(model);
    desc.n_inputs = 1;
    desc.inputs = &input;
    desc.output = rn_model_output(model);
    desc.n_resting = 1;
    desc.resting = &input;
    assert_status(rn_kernel_create(&desc, &kernel), RN_ERR_ARGUMENT);
    assert_message_has("resting[0]");
    desc.resting = NULL;
    assert_status(rn_kernel_create(&desc, &kernel), RN_ERR_ARGUMENT);
    assert_null(kernel);
    rn_model_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernel_is_that_of_the_weights),
        cmocka_unit_test(the_tangent_sees_statistics_move),
        cmocka_unit_test(what_rests_must_be_a_parameter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
