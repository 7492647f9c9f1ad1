/*
 * Block Jacobians, gains and influence of small networks against derivatives taken another way:
 * block Jacobians column by column with forward derivatives, parameter Jacobians row by row, gains
 * by Jacobi rotations.
 */
#include <math.h>
#include <renorm/blocks.h>
#include <renorm/plan.h>
#include <renorm/propagation.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"
#include "jacobi.h"

enum { D = 6, C = 2, N = 3, WIDTH = 5, MAX_L = 6, MAX_P = 400 };

typedef struct fixture {
    rn_model *model;
    rn_blocks *blocks;
    rn_index n; /* L */
    rn_index n_weights;
    double theta[MAX_P];
    double v[MAX_P];
    double x[N * D];
} fixture;

static void fill(uint32_t part, rn_index count, double *out)
{
    rni_rng_fill_normal((rni_stream){check_seed(), RNI_RNG_TEST, part}, 0, count, out);
}

static void make(const char *kind, const rn_setting *settings, rn_index n_settings, fixture *out)
{
    *out = (fixture){0};
    assert_status(rn_model_create(kind, settings, n_settings, RN_SHAPE(D), C, &out->model), RN_OK);
    assert_status(rn_blocks_create(out->model, &out->blocks), RN_OK);
    out->n = rn_blocks_count(out->blocks);
    out->n_weights = rn_model_n_weights(out->model);
    assert_true(out->n_weights <= MAX_P && out->n <= MAX_L);
    fill(0, out->n_weights, out->theta);
    fill(1, out->n_weights, out->v);
    fill(2, (rn_index)N * D, out->x);
}

static void drop(fixture *f)
{
    rn_blocks_destroy(f->blocks);
    rn_model_destroy(f->model);
}

static const rn_setting plain[] = {
    {"depth", "4"}, {"width", "5"}, {"residual", "false"}, {"gain", "1.3"}, {"bias", "true"}};
static const rn_setting residual[] = {
    {"depth", "5"}, {"width", "5"}, {"residual", "true"}, {"activation", "quick_gelu"}};
static const rn_setting recurrent[] = {{"steps", "3"}, {"width", "5"}, {"gain", "1.2"}};

static rn_workspace *start(const fixture *f, rn_index n_samples, const double *x, rn_index n_wanted,
                           const rn_node *wanted, rn_plan **plan)
{
    rn_workspace *work = NULL;
    assert_status(rn_plan_create(rn_model_graph(f->model), n_samples, n_wanted, wanted, plan),
                  RN_OK);
    assert_status(rn_workspace_create(*plan, &work), RN_OK);
    assert_status(rn_workspace_bind(work, rn_model_input(f->model), x), RN_OK);
    for (rn_index p = 0; p < rn_model_n_parameters(f->model); p++) {
        rn_parameter parameter;
        assert_status(rn_model_parameter(f->model, p, &parameter), RN_OK);
        assert_status(rn_workspace_bind(work, parameter.node, f->theta + parameter.offset), RN_OK);
    }
    return work;
}

/* dh_m/dh_l of one sample, a column per forward derivative. */
static void dense_chain(const fixture *f, const double *x, rn_index l, rn_index m, double *out)
{
    rn_graph *graph = rn_model_graph(f->model);
    const rn_node from = rn_model_boundary(f->model, l);
    const rn_node to = rn_model_boundary(f->model, m);
    const rn_node tangent = rn_graph_input(graph, "tangent", rn_graph_shape(graph, from));
    rn_node pushed = RN_NODE_NONE;
    assert_status(rn_graph_jvp(graph, 1, &from, &tangent, 1, &to, &pushed), RN_OK);
    rn_plan *plan = NULL;
    rn_workspace *work = start(f, 1, x, 1, &pushed, &plan);
    double unit[WIDTH] = {0};
    assert_status(rn_workspace_bind(work, tangent, unit), RN_OK);
    for (rn_index j = 0; j < WIDTH; j++) {
        unit[j] = 1.0;
        assert_status(rn_workspace_run(work), RN_OK);
        unit[j] = 0.0;
        for (rn_index i = 0; i < WIDTH; i++)
            out[i * WIDTH + j] = rn_workspace_value(work, pushed)[i];
    }
    rn_workspace_destroy(work);
    rn_plan_destroy(plan);
}

/* The largest singular value by Jacobi rotations of P^T P in long double. */
static double largest_by_rotations(const double *p)
{
    double gram[WIDTH * WIDTH];
    double values[WIDTH];
    double vectors[WIDTH * WIDTH];
    for (int i = 0; i < WIDTH; i++)
        for (int j = 0; j < WIDTH; j++) {
            gram[i * WIDTH + j] = 0.0;
            for (int k = 0; k < WIDTH; k++)
                gram[i * WIDTH + j] += p[k * WIDTH + i] * p[k * WIDTH + j];
        }
    jacobi_eigen(WIDTH, gram, values, vectors);
    return sqrt(values[WIDTH - 1]);
}

static void check_chain(const char *kind, const rn_setting *settings, rn_index n_settings)
{
    fixture f;
    make(kind, settings, n_settings, &f);
    const rn_index side = f.n + 1;
    rn_index width[MAX_L + 1];
    double sigma[(MAX_L + 1) * (MAX_L + 1)];
    double expected[(MAX_L + 1) * (MAX_L + 1)];
    double jacobians[MAX_L * WIDTH * WIDTH];
    double dense[WIDTH * WIDTH];
    const rn_index square = (rn_index)WIDTH * WIDTH;
    for (rn_index i = 0; i < side * side; i++)
        sigma[i] = expected[i] = (double)NAN;
    for (rn_index l = 0; l < side; l++)
        width[l] = rn_blocks_width(f.blocks, l);
    assert_int_equal(rn_blocks_jacobian_size(f.blocks), f.n * square);
    for (rn_index i = 0; i < N; i++) {
        const double *x = f.x + i * D;
        assert_status(rn_blocks_jacobians(f.blocks, f.theta, x, jacobians), RN_OK);
        assert_status(rn_propagation_gains(f.n, width, jacobians, sigma), RN_OK);
        for (rn_index l = 0; l < side; l++)
            for (rn_index m = l + 1; m < side; m++) {
                dense_chain(&f, x, l, m, dense);
                for (rn_index k = 0; m == l + 1 && k < square; k++)
                    assert_close(jacobians[l * square + k], dense[k], 1e-13);
                expected[l * side + m] = fmax(expected[l * side + m], largest_by_rotations(dense));
            }
    }
    /* entries of order 1, products of at most 5 matrices: rounding stays below 1e-13; the stated
       accuracy of the Lanczos process is 1e-10 */
    for (rn_index l = 0; l < side; l++)
        for (rn_index m = 0; m < side; m++) {
            if (m <= l)
                assert_true(isnan(sigma[l * side + m]));
            else
                assert_close(sigma[l * side + m], expected[l * side + m],
                             1e-10 * expected[l * side + m]);
        }
    drop(&f);
}

static void block_jacobians_and_gains_are_those_of_dense_derivatives(void **state)
{
    (void)state;
    check_chain("mlp", plain, 5);
    check_chain("mlp", residual, 4);
    check_chain("recurrent", recurrent, 3);
}

/* |J_g|^2 and |D_m J_g|^2 over all samples at once, one row of J per reverse pass. */
static void dense_changes(const fixture *f, rn_index m, double *norms, double *changes)
{
    rn_graph *graph = rn_model_graph(f->model);
    const rn_index n = rn_model_n_parameters(f->model);
    const rn_node output = rn_model_output(f->model);
    rn_node parameters[16];
    rn_node along[16];
    rn_node wanted[32];
    double masked[MAX_P];
    double one_hot[N * C] = {0};
    const rn_node u = rn_graph_input(graph, "u", rn_graph_shape(graph, output));
    for (rn_index p = 0; p < n; p++) {
        rn_parameter parameter;
        assert_status(rn_model_parameter(f->model, p, &parameter), RN_OK);
        parameters[p] = parameter.node;
        along[p] = rn_graph_input(graph, "v", rn_graph_shape(graph, parameter.node));
        for (rn_index i = 0; i < parameter.size; i++)
            masked[parameter.offset + i] = parameter.block == m ? f->v[parameter.offset + i] : 0.0;
    }
    assert_status(rn_graph_vjp(graph, 1, &output, &u, n, parameters, wanted), RN_OK);
    assert_status(rn_graph_jvp(graph, n, parameters, along, n, wanted, wanted + n), RN_OK);
    rn_plan *plan = NULL;
    rn_workspace *work = start(f, N, f->x, 2 * n, wanted, &plan);
    assert_status(rn_workspace_bind(work, u, one_hot), RN_OK);
    rn_parameter parameter;
    for (rn_index p = 0; p < n; p++) {
        assert_status(rn_model_parameter(f->model, p, &parameter), RN_OK);
        assert_status(rn_workspace_bind(work, along[p], masked + parameter.offset), RN_OK);
    }
    for (rn_index row = 0; row < (rn_index)N * C; row++) {
        one_hot[row] = 1.0;
        assert_status(rn_workspace_run(work), RN_OK);
        one_hot[row] = 0.0;
        for (rn_index p = 0; p < n; p++) {
            assert_status(rn_model_parameter(f->model, p, &parameter), RN_OK);
            for (rn_index i = 0; i < parameter.size; i++) {
                const double entry = rn_workspace_value(work, wanted[p])[i];
                const double change = rn_workspace_value(work, wanted[n + p])[i];
                if (m == 0) norms[parameter.block] += entry * entry;
                changes[parameter.block * (f->n + 2) + m] += change * change;
            }
        }
    }
    rn_workspace_destroy(work);
    rn_plan_destroy(plan);
}

static void check_changes(const rn_setting *settings, rn_index n_settings)
{
    enum { SIDE = MAX_L + 2 };
    fixture f;
    make("mlp", settings, n_settings, &f);
    const rn_index side = f.n + 2;
    double norms[SIDE] = {0};
    double changes[SIDE * SIDE] = {0};
    double expected_norms[SIDE] = {0};
    double expected[SIDE * SIDE] = {0};
    for (rn_index i = 0; i < N; i++) {
        double one_norm[SIDE];
        double one_change[SIDE * SIDE];
        assert_status(rn_blocks_changes(f.blocks, f.theta, f.x + i * D, f.v, one_norm, one_change),
                      RN_OK);
        for (rn_index g = 0; g < side; g++)
            norms[g] += one_norm[g];
        for (rn_index g = 0; g < side * side; g++)
            changes[g] += one_change[g];
    }
    for (rn_index m = 0; m < side; m++)
        dense_changes(&f, m, expected_norms, expected);
    double largest = 0.0;
    for (rn_index g = 0; g < side * side; g++)
        largest = fmax(largest, expected[g]);
    for (rn_index g = 0; g < side; g++)
        assert_close(norms[g], expected_norms[g], 1e-12 * expected_norms[g]);
    for (rn_index g = 0; g < side * side; g++)
        assert_close(changes[g], expected[g], 1e-12 * largest);
    /* what reads h_L out is linear in its own parameters: its Jacobian does not move with them */
    assert_close(changes[side * side - 1], 0.0, 0.0);
    assert_true(changes[1] > 0.0); /* but the first block's moves with all the others */
    drop(&f);
}

static void influence_is_that_of_dense_rows(void **state)
{
    (void)state;
    check_changes(plain, 5);
    check_changes(residual, 4);
}

static void networks_without_blocks_and_with_shared_parameters_are_refused(void **state)
{
    (void)state;
    rn_model *model = NULL;
    rn_blocks *blocks = NULL;
    assert_status(rn_model_create("linear", NULL, 0, RN_SHAPE(D), C, &model), RN_OK);
    assert_status(rn_blocks_create(model, &blocks), RN_ERR_UNSUPPORTED);
    assert_message_has("no chain of blocks");
    assert_null(blocks);
    rn_model_destroy(model);
    const rn_setting shallow[] = {{"depth", "0"}};
    assert_status(rn_model_create("mlp", shallow, 1, RN_SHAPE(D), C, &model), RN_OK);
    assert_status(rn_blocks_create(model, &blocks), RN_ERR_UNSUPPORTED);
    rn_model_destroy(model);

    fixture f;
    make("recurrent", recurrent, 3, &f);
    double sums[100] = {7.0};
    assert_int_equal(rn_blocks_are_separate(f.blocks), 0);
    assert_status(rn_blocks_changes(f.blocks, f.theta, f.x, f.v, sums, sums + 10),
                  RN_ERR_UNSUPPORTED);
    assert_message_has("several blocks");
    assert_close(sums[0], 7.0, 0.0);
    f.theta[0] = (double)NAN;
    assert_status(rn_blocks_jacobians(f.blocks, f.theta, f.x, sums), RN_ERR_NONFINITE);
    assert_close(sums[0], 7.0, 0.0);
    drop(&f);
}

static void every_failed_allocation_is_reported(void **state)
{
    (void)state;
    const rn_index bytes = rni_memory_bytes();
    rn_status status = RN_ERR_MEMORY;
    long fault = 1;
    for (; status == RN_ERR_MEMORY; fault++) {
        fixture f;
        make("mlp", residual, 4, &f);
        rn_blocks_destroy(f.blocks);
        f.blocks = NULL;
        double jacobians[MAX_L * WIDTH * WIDTH];
        double norms[MAX_L + 2];
        double changes[(MAX_L + 2) * (MAX_L + 2)];
        double sigma[(MAX_L + 1) * (MAX_L + 1)];
        rn_index width[MAX_L + 1];
        rn_index cost = 0;
        double flops[2];
        for (rn_index l = 0; l <= f.n; l++)
            width[l] = WIDTH;
        for (rn_index i = 0; i < (f.n + 1) * (f.n + 1); i++)
            sigma[i] = (double)NAN; /* no gain so far */
        (void)rni_fail_allocation(fault);
        status = rn_blocks_create(f.model, &f.blocks);
        if (status == RN_OK) status = rn_blocks_cost(f.blocks, &cost, &flops[0], &flops[1]);
        if (status == RN_OK) status = rn_blocks_jacobians(f.blocks, f.theta, f.x, jacobians);
        if (status == RN_OK)
            status = rn_blocks_changes(f.blocks, f.theta, f.x, f.v, norms, changes);
        if (status == RN_OK) status = rn_propagation_gains(f.n, width, jacobians, sigma);
        (void)rni_fail_allocation(0);
        drop(&f);
        assert_int_equal(rni_memory_bytes(), bytes);
    }
    assert_status(status, RN_OK);
    assert_true(fault > 50);
}

/* ---- boundaries of every kind of chain ------------------------------------------------------- */

/* Models of which every parameter belongs to one block; nonlinearities begin with a scale. */
static const struct {
    const char *kind;
    rn_setting settings[6];
    rn_index n_settings;
} chains[] = {
    {"mlp", {{"depth", "3"}, {"width", "5"}, {"activation", "gelu"}}, 3},
    {"mlp",
     {{"depth", "3"}, {"width", "5"}, {"residual", "false"}, {"activation", "quick_gelu"}},
     4},
    {"convnet", {{"depth", "2"}, {"width", "3"}, {"pooling", "none"}}, 3},
    {"convnet", {{"depth", "2"}, {"width", "3"}, {"kernel", "1"}, {"activation", "linear"}}, 4},
    {"resnet", {{"stages", "2"}, {"width", "4"}}, 2},
    {"resnet", {{"stages", "1"}, {"width", "4"}, {"kernel", "1"}, {"norm", "none"}}, 4},
    {"transformer",
     {{"tokens", "patches"}, {"patch", "2"}, {"depth", "2"}, {"width", "4"}, {"norm", "none"}},
     5},
    {"transformer",
     {{"tokens", "patches"}, {"patch", "2"}, {"depth", "2"}, {"width", "4"}, {"order", "post"}},
     5},
};

enum { SIDE = 4, MOST_WEIGHTS = 4096 };

/* Tangents of the output: along v of all parameters in blocks up to l, and along the tangent that
   the same v gives boundary l. */
typedef struct tangents {
    rn_node inputs[64]; /* v of every parameter */
    rn_node directly;
    rn_node by_boundary;
} tangents;

static void build_tangents(const rn_model *model, rn_index l, tangents *t)
{
    rn_graph *g = rn_model_graph(model);
    rn_node parameters[64];
    rn_index n = 0;
    for (rn_index i = 0; i < rn_model_n_parameters(model); i++) {
        rn_parameter p;
        assert_status(rn_model_parameter(model, i, &p), RN_OK);
        t->inputs[i] = rn_graph_input(g, "v", rn_graph_shape(g, p.node));
        if (p.block > l) continue;
        parameters[n] = p.node;
        t->inputs[n++] = t->inputs[i]; /* those of later blocks come last */
    }
    const rn_node boundary = rn_model_boundary(model, l);
    const rn_node f = rn_model_output(model);
    rn_node moved = RN_NODE_NONE;
    assert_status(rn_graph_jvp(g, n, parameters, t->inputs, 1, &f, &t->directly), RN_OK);
    assert_status(rn_graph_jvp(g, n, parameters, t->inputs, 1, &boundary, &moved), RN_OK);
    assert_status(rn_graph_jvp(g, 1, &boundary, &moved, 1, &f, &t->by_boundary), RN_OK);
}

static void check_boundary(const rn_model *model, rn_index l, const double *x, const double *theta,
                           const double *v)
{
    tangents t;
    build_tangents(model, l, &t);
    const rn_node wanted[] = {t.directly, t.by_boundary};
    rn_plan *plan = NULL;
    rn_workspace *work = NULL;
    assert_status(rn_plan_create(rn_model_graph(model), N, 2, wanted, &plan), RN_OK);
    assert_status(rn_workspace_create(plan, &work), RN_OK);
    assert_status(rn_workspace_bind(work, rn_model_input(model), x), RN_OK);
    for (rn_index i = 0; i < rn_model_n_parameters(model); i++) {
        rn_parameter p;
        assert_status(rn_model_parameter(model, i, &p), RN_OK);
        assert_status(rn_workspace_bind(work, p.node, theta + p.offset), RN_OK);
        if (p.block <= l) assert_status(rn_workspace_bind(work, t.inputs[i], v + p.offset), RN_OK);
    }
    assert_status(rn_workspace_run(work), RN_OK);
    double scale = 0.0;
    const double *directly = rn_workspace_value(work, t.directly);
    const double *by_boundary = rn_workspace_value(work, t.by_boundary);
    for (rn_index i = 0; i < (rn_index)N * C; i++)
        scale = fmax(scale, fabs(directly[i]));
    assert_true(scale > 1e-6);
    for (rn_index i = 0; i < (rn_index)N * C; i++) /* the same sums in another order */
        assert_close(by_boundary[i], directly[i], 1e-12 * scale);
    rn_workspace_destroy(work);
    rn_plan_destroy(plan);
}

static void what_comes_before_acts_through_the_boundary_alone(void **state)
{
    (void)state;
    static double theta[MOST_WEIGHTS];
    static double v[MOST_WEIGHTS];
    double x[N * SIDE * SIDE];
    fill(0, MOST_WEIGHTS, theta);
    fill(1, MOST_WEIGHTS, v);
    fill(2, (rn_index)N * SIDE * SIDE, x);
    for (size_t k = 0; k < sizeof chains / sizeof chains[0]; k++) {
        rn_model *model = NULL;
        assert_status(rn_model_create(chains[k].kind, chains[k].settings, chains[k].n_settings,
                                      RN_SHAPE(SIDE, SIDE), C, &model),
                      RN_OK);
        assert_true(rn_model_n_weights(model) <= MOST_WEIGHTS);
        assert_true(rn_model_n_boundaries(model) >= 2);
        for (rn_index l = 0; l < rn_model_n_boundaries(model); l++)
            check_boundary(model, l, x, theta, v);
        rn_model_destroy(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(block_jacobians_and_gains_are_those_of_dense_derivatives),
        cmocka_unit_test(influence_is_that_of_dense_rows),
        cmocka_unit_test(networks_without_blocks_and_with_shared_parameters_are_refused),
        cmocka_unit_test(every_failed_allocation_is_reported),
        cmocka_unit_test(what_comes_before_acts_through_the_boundary_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
