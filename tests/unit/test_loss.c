/*
 * Losses: values, residuals as derivatives, shapes.
 */
#include <renorm/loss.h>
#include <renorm/plan.h>

#include "check.h"
#include "core/rng.h"
#include "loss/loss.h"

enum { N = 6, C = 3 };

/* Every loss: the residual is the derivative of the loss, by the graph and by differences. */
static void residual_is_the_derivative_of_every_loss(void **state)
{
    (void)state;
    for (rn_index kind = 0; rn_loss_kind(kind); kind++) {
        rn_loss *loss = NULL;
        rn_graph *g = NULL;
        assert_status(rn_loss_create(rn_loss_kind(kind), NULL, 0, &loss), RN_OK);
        assert_string_equal(rn_loss_name(loss), rn_loss_kind(kind));
        assert_status(rn_graph_create(&g), RN_OK);
        const rn_node f = rn_graph_input(g, "f", RN_SHAPE(RN_SAMPLES, C));
        const rn_node y = rn_graph_input(g, "y", RN_SHAPE(RN_SAMPLES, C));
        rn_loss_nodes nodes;
        assert_status(rn_loss_append(loss, g, f, y, &nodes), RN_OK);
        const rn_node one = rn_graph_broadcast(g, rn_graph_scalar(g, 1.0), RN_SHAPE(RN_SAMPLES));
        rn_node derivative = RN_NODE_NONE;
        assert_status(rn_graph_vjp(g, 1, &nodes.per_sample, &one, 1, &f, &derivative), RN_OK);
        assert_int_equal(rn_graph_rows(g, nodes.per_sample), RN_ROWS_SEPARATE);
        assert_int_equal(rn_graph_rows(g, nodes.residual), RN_ROWS_SEPARATE);

        double f_values[N * C];
        double y_values[N * C];
        rni_rng_fill_normal((rni_stream){check_seed(), RNI_RNG_TEST, 0}, 0, (rn_index)N * C,
                            f_values);
        rni_rng_fill_normal((rni_stream){check_seed(), RNI_RNG_TEST, 1}, 0, (rn_index)N * C,
                            y_values);
        const rn_node wanted[] = {nodes.per_sample, nodes.residual, derivative};
        rn_plan *plan = NULL;
        rn_workspace *work = NULL;
        assert_status(rn_plan_create(g, N, 3, wanted, &plan), RN_OK);
        assert_status(rn_workspace_create(plan, &work), RN_OK);
        assert_status(rn_workspace_bind(work, f, f_values), RN_OK);
        assert_status(rn_workspace_bind(work, y, y_values), RN_OK);
        assert_status(rn_workspace_run(work), RN_OK);
        double residual[N * C];
        for (int i = 0; i < N * C; i++) {
            residual[i] = rn_workspace_value(work, nodes.residual)[i];
            assert_close(rn_workspace_value(work, derivative)[i], residual[i], 1e-14);
        }
        const double h = 1e-5;
        for (int i = 0; i < N * C; i++) {
            const double middle = f_values[i];
            f_values[i] = middle + h;
            assert_status(rn_workspace_run(work), RN_OK);
            const double above = rn_workspace_value(work, nodes.per_sample)[i / C];
            f_values[i] = middle - h;
            assert_status(rn_workspace_run(work), RN_OK);
            const double below = rn_workspace_value(work, nodes.per_sample)[i / C];
            f_values[i] = middle;
            assert_close((above - below) / (2.0 * h), residual[i], 1e-9); /* eps/h and h^2 */
        }
        rn_workspace_destroy(work);
        rn_plan_destroy(plan);
        rn_graph_destroy(g);
        rn_loss_destroy(loss);
    }
}

static void squared_error_is_half_the_squared_distance(void **state)
{
    (void)state;
    rn_loss *loss = NULL;
    rn_graph *g = NULL;
    assert_status(rn_loss_create("squared_error", NULL, 0, &loss), RN_OK);
    assert_status(rn_graph_create(&g), RN_OK);
    const rn_node f = rn_graph_input(g, "f", RN_SHAPE(RN_SAMPLES, 2));
    const rn_node y = rn_graph_input(g, "y", RN_SHAPE(RN_SAMPLES, 2));
    rn_loss_nodes nodes;
    assert_status(rn_loss_append(loss, g, f, y, &nodes), RN_OK);
    const rn_node wanted[] = {nodes.per_sample, nodes.residual};
    const double f_values[] = {3.0, 1.0, -1.0, 0.5};
    const double y_values[] = {1.0, 2.0, -1.0, 0.5};
    rn_plan *plan = NULL;
    rn_workspace *work = NULL;
    assert_status(rn_plan_create(g, 2, 2, wanted, &plan), RN_OK);
    assert_status(rn_workspace_create(plan, &work), RN_OK);
    assert_status(rn_workspace_bind(work, f, f_values), RN_OK);
    assert_status(rn_workspace_bind(work, y, y_values), RN_OK);
    assert_status(rn_workspace_run(work), RN_OK);
    assert_close(rn_workspace_value(work, nodes.per_sample)[0], 2.5, 0.0);
    assert_close(rn_workspace_value(work, nodes.per_sample)[1], 0.0, 0.0);
    assert_close(rn_workspace_value(work, nodes.residual)[0], 2.0, 0.0);
    assert_close(rn_workspace_value(work, nodes.residual)[1], -1.0, 0.0);
    rn_workspace_destroy(work);
    rn_plan_destroy(plan);
    rn_graph_destroy(g);
    rn_loss_destroy(loss);
}

static void wrong_shapes_and_names_are_refused(void **state)
{
    (void)state;
    rn_loss *loss = NULL;
    assert_status(rn_loss_create("squared_eror", NULL, 0, &loss), RN_ERR_ARGUMENT);
    assert_message_has("did you mean 'squared_error'?");
    const rn_setting setting = {"weight", "1"};
    assert_status(rn_loss_create("squared_error", &setting, 1, &loss), RN_ERR_CONFIG);
    assert_message_has("loss.weight");
    assert_null(loss);
    assert_status(rn_loss_create("squared_error", NULL, 0, &loss), RN_OK);
    rn_graph *g = NULL;
    assert_status(rn_graph_create(&g), RN_OK);
    const rn_node f = rn_graph_input(g, "f", RN_SHAPE(RN_SAMPLES, 3));
    const rn_node wide = rn_graph_input(g, "y", RN_SHAPE(RN_SAMPLES, 4));
    const rn_node flat = rn_graph_input(g, "z", RN_SHAPE(RN_SAMPLES));
    rn_loss_nodes nodes = {-7, -7};
    assert_status(rn_loss_append(loss, g, f, wide, &nodes), RN_ERR_SHAPE);
    assert_status(rn_loss_append(loss, g, f, flat, &nodes), RN_ERR_SHAPE);
    assert_status(rn_loss_append(loss, g, f, RN_NODE_NONE, &nodes), RN_ERR_SHAPE);
    assert_status(rn_loss_append(loss, NULL, f, f, &nodes), RN_ERR_ARGUMENT);
    assert_int_equal(nodes.residual, -7);
    assert_status(rn_graph_status(g), RN_OK); /* the graph can still be used */
    rn_graph_destroy(g);
    rn_loss_destroy(loss);
    rn_loss_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(residual_is_the_derivative_of_every_loss),
        cmocka_unit_test(squared_error_is_half_the_squared_distance),
        cmocka_unit_test(wrong_shapes_and_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
