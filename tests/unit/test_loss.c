/*
 * Losses: values, residuals as derivatives, shapes.
 */
#include <renorm/loss.h>
#include <renorm/plan.h>

#include <math.h>
#include <string.h>

#include "check.h"
#include "core/rng.h"
#include "loss/loss.h"

enum { N = 6, C = 3 };

/* A loss with its nodes, planned for N samples; wanted: l, r, derivative of l, z, G^T, dz. */
typedef struct bench {
    rn_loss *loss;
    rn_graph *g;
    rn_node f, y, df;
    rn_loss_nodes nodes;
    rn_node wanted[6];
    rn_index n_wanted;
    rn_plan *plan;
    rn_workspace *work;
    double f_values[N * C], y_values[N * C], df_values[N * C];
} bench;

enum { LOSS, RESIDUAL, DERIVATIVE, ERROR, PUSHED, SEED };

static bench make(const char *kind)
{
    bench b = {.n_wanted = 5};
    assert_status(rn_loss_create(kind, NULL, 0, &b.loss), RN_OK);
    assert_string_equal(rn_loss_name(b.loss), kind);
    assert_status(rn_graph_create(&b.g), RN_OK);
    b.f = rn_graph_input(b.g, "f", RN_SHAPE(RN_SAMPLES, C));
    b.y = rn_graph_input(b.g, "y", RN_SHAPE(RN_SAMPLES, C));
    b.df = rn_graph_input(b.g, "df", RN_SHAPE(RN_SAMPLES, C));
    assert_status(rn_loss_append(b.loss, b.g, b.f, b.y, &b.nodes), RN_OK);
    const rn_node one = rn_graph_broadcast(b.g, rn_graph_scalar(b.g, 1.0), RN_SHAPE(RN_SAMPLES));
    rn_node derivative = RN_NODE_NONE;
    rn_node pushed = RN_NODE_NONE;
    assert_status(rn_graph_vjp(b.g, 1, &b.nodes.per_sample, &one, 1, &b.f, &derivative), RN_OK);
    assert_status(rn_graph_jvp(b.g, 1, &b.f, &b.df, 1, &b.nodes.error, &pushed), RN_OK);
    assert_int_equal(rn_graph_rows(b.g, b.nodes.per_sample), RN_ROWS_SEPARATE);
    assert_int_equal(rn_graph_rows(b.g, b.nodes.residual), RN_ROWS_SEPARATE);
    b.wanted[LOSS] = b.nodes.per_sample;
    b.wanted[RESIDUAL] = b.nodes.residual;
    b.wanted[DERIVATIVE] = derivative;
    b.wanted[ERROR] = b.nodes.error;
    b.wanted[PUSHED] = pushed;
    b.wanted[SEED] = b.nodes.seed;
    if (b.nodes.seed != RN_NODE_NONE) b.n_wanted = 6;
    /* a node wanted twice is fine for a plan only once */
    rn_node wanted[6];
    rn_index n = 0;
    for (rn_index i = 0; i < b.n_wanted; i++)
        if (i != ERROR || b.nodes.error != b.nodes.residual) wanted[n++] = b.wanted[i];
    assert_status(rn_plan_create(b.g, N, n, wanted, &b.plan), RN_OK);
    assert_status(rn_workspace_create(b.plan, &b.work), RN_OK);
    const rni_stream stream = {.seed = check_seed(), .purpose = RNI_RNG_TEST};
    rni_rng_fill_normal(stream, 0, (rn_index)N * C, b.f_values);
    rni_rng_fill_normal(stream, (uint64_t)N * C, (rn_index)N * C, b.df_values);
    for (rn_index i = 0; i < N; i++) /* one-hot */
        b.y_values[i * C + (rn_index)rni_rng_below(stream, (uint64_t)(1000 + i), C)] = 1.0;
    return b;
}

static void run(bench *b)
{
    assert_status(rn_workspace_bind(b->work, b->f, b->f_values), RN_OK);
    assert_status(rn_workspace_bind(b->work, b->y, b->y_values), RN_OK);
    assert_status(rn_workspace_bind(b->work, b->df, b->df_values), RN_OK);
    assert_status(rn_workspace_run(b->work), RN_OK);
}

static const double *value(const bench *b, int which)
{
    return rn_workspace_value(b->work, b->wanted[which]);
}

static void clear(bench *b)
{
    rn_workspace_destroy(b->work);
    rn_plan_destroy(b->plan);
    rn_graph_destroy(b->g);
    rn_loss_destroy(b->loss);
}

/* Every loss: the residual is the derivative of the loss, by the graph and by differences. */
static void residual_is_the_derivative_of_every_loss(void **state)
{
    (void)state;
    for (rn_index kind = 0; rn_loss_kind(kind); kind++) {
        bench b = make(rn_loss_kind(kind));
        run(&b);
        double residual[N * C];
        for (int i = 0; i < N * C; i++) {
            residual[i] = value(&b, RESIDUAL)[i];
            assert_close(value(&b, DERIVATIVE)[i], residual[i], 1e-14);
        }
        const double h = 1e-5;
        for (int i = 0; i < N * C; i++) {
            const double middle = b.f_values[i];
            b.f_values[i] = middle + h;
            run(&b);
            const double above = value(&b, LOSS)[i / C];
            b.f_values[i] = middle - h;
            run(&b);
            const double below = value(&b, LOSS)[i / C];
            b.f_values[i] = middle;
            assert_close((above - below) / (2.0 * h), residual[i], 1e-9); /* eps/h and h^2 */
        }
        clear(&b);
    }
}

/* G [C x C] of sample i, G_ck. */
static double block_entry(const bench *b, rn_index i, rn_index c, rn_index k)
{
    if (b->nodes.seed == RN_NODE_NONE) return c == k;
    return value(b, SEED)[(i * C + k) * C + c];
}

/* |z|^2 = 2 l, G z = r, and the frame's turning z' - G^T f' does no work: z . R = 0, whatever f'.
 */
static void error_and_block_make_a_squared_length_of_every_loss(void **state)
{
    (void)state;
    for (rn_index kind = 0; rn_loss_kind(kind); kind++) {
        bench b = make(rn_loss_kind(kind));
        run(&b);
        double largest = 0.0;
        for (rn_index i = 0; i < N; i++) {
            const double *z = value(&b, ERROR) + i * C;
            double square = 0.0;
            double work = 0.0;
            for (rn_index c = 0; c < C; c++) {
                double sum = 0.0;
                double turn = value(&b, PUSHED)[i * C + c];
                for (rn_index k = 0; k < C; k++) {
                    sum += block_entry(&b, i, c, k) * z[k];
                    turn -= block_entry(&b, i, k, c) * b.df_values[i * C + k];
                }
                square += z[c] * z[c];
                work += z[c] * turn;
                largest = fmax(largest, fabs(turn));
                assert_close(sum, value(&b, RESIDUAL)[i * C + c], 1e-14);
            }
            assert_close(square, 2.0 * value(&b, LOSS)[i], 1e-13);
            assert_close(work, 0.0, 1e-13);
        }
        /* the frame of losses that act output by output does not turn at all */
        const bool turns = kind == 1;
        assert_string_equal(rn_loss_kind(1), "cross_entropy");
        assert_true(turns ? largest > 0.01 : largest < 1e-14);
        clear(&b);
    }
}

/* k^2 G G^T = diag(p) - p p^T, the Hessian, from p computed the plain way. */
static void block_of_cross_entropy_is_a_root_of_its_hessian(void **state)
{
    (void)state;
    bench b = make("cross_entropy");
    run(&b);
    for (rn_index i = 0; i < N; i++) {
        double p[C];
        double sum = 0.0;
        for (rn_index c = 0; c < C; c++)
            sum += p[c] = exp(b.f_values[i * C + c]);
        const double l = value(&b, LOSS)[i];
        const double square = 2.0 * l / expm1(l);
        for (rn_index c = 0; c < C; c++)
            for (rn_index d = 0; d < C; d++) {
                double found = 0.0;
                for (rn_index k = 0; k < C; k++)
                    found += square * block_entry(&b, i, c, k) * block_entry(&b, i, d, k);
                const double expected = ((c == d ? p[c] : 0.0) - p[c] * p[d] / sum) / sum;
                assert_close(found, expected, 1e-15 * 10.0);
            }
    }
    clear(&b);
}

/* The mean over two groups of three outputs is the mean of two losses, and so are r, z and G. */
static void groups_of_outputs_have_a_softmax_each(void **state)
{
    (void)state;
    enum { T = 2, TC = T * C, NC = N * C };
    bench one = make("cross_entropy");
    run(&one);
    rn_loss *loss = NULL;
    rn_graph *g = NULL;
    rn_loss_nodes nodes;
    rn_plan *plan = NULL;
    rn_workspace *work = NULL;
    const rn_setting classes = {"classes", "3"};
    assert_status(rn_loss_create("cross_entropy", &classes, 1, &loss), RN_OK);
    assert_status(rn_graph_create(&g), RN_OK);
    const rn_node f = rn_graph_input(g, "f", RN_SHAPE(RN_SAMPLES, TC));
    const rn_node y = rn_graph_input(g, "y", RN_SHAPE(RN_SAMPLES, TC));
    assert_status(rn_loss_append(loss, g, f, y, &nodes), RN_OK);
    const rn_node wanted[] = {nodes.per_sample, nodes.residual, nodes.error, nodes.seed};
    assert_status(rn_plan_create(g, N / T, 4, wanted, &plan), RN_OK);
    assert_status(rn_workspace_create(plan, &work), RN_OK);
    /* the same numbers, two of the old samples in one */
    assert_status(rn_workspace_bind(work, f, one.f_values), RN_OK);
    assert_status(rn_workspace_bind(work, y, one.y_values), RN_OK);
    assert_status(rn_workspace_run(work), RN_OK);
    for (rn_index i = 0; i < N / T; i++) {
        const double mean = 0.5 * (value(&one, LOSS)[2 * i] + value(&one, LOSS)[2 * i + 1]);
        assert_close(rn_workspace_value(work, wanted[0])[i], mean, 1e-15);
    }
    for (rn_index i = 0; i < NC; i++) {
        assert_close(rn_workspace_value(work, wanted[1])[i], value(&one, RESIDUAL)[i] / T, 1e-15);
        assert_close(rn_workspace_value(work, wanted[2])[i], value(&one, ERROR)[i] / sqrt(T),
                     1e-15);
    }
    for (rn_index i = 0; i < N / T; i++)
        for (rn_index k = 0; k < TC; k++)
            for (rn_index c = 0; c < TC; c++) {
                const double found = rn_workspace_value(work, wanted[3])[(i * TC + k) * TC + c];
                const bool is_block = k / C == c / C;
                const double block =
                    is_block ? block_entry(&one, T * i + k / C, c % C, k % C) / sqrt(T) : 0.0;
                assert_close(found, block, 1e-15);
            }
    const double labels[TC] = {1, 0, 0, 0, 0, 1};
    const double missing[TC] = {1, 0, 1, 0, 0, 0};
    assert_status(rn_loss_check_targets(loss, 1, TC, labels), RN_OK);
    assert_status(rn_loss_check_targets(loss, 1, TC, missing), RN_ERR_DOMAIN);
    assert_status(rn_loss_check_targets(loss, 1, 4, labels), RN_ERR_SHAPE);
    assert_message_has("multiple of loss.classes");
    rn_workspace_destroy(work);
    rn_plan_destroy(plan);
    rn_graph_destroy(g);
    rn_loss_destroy(loss);
    clear(&one);
}

/* Outputs right by `lead`: l = ln(1 + number e^-lead), times `times`, with m or u held at -600. */
static void expect_digits(const char *kind, double lead, double number, double times)
{
    const bool is_softmax = times < 2.0;
    bench b = make(kind);
    for (int i = 0; i < N * C; i++)
        b.f_values[i] = b.y_values[i] > 0.5 ? lead : is_softmax ? 0.0 : -lead;
    run(&b);
    const double held = fmin(lead, 600.0 + log(number));
    const double one = held < 0.0 ? -held + log(number + exp(held)) : log1p(number * exp(-held));
    for (int i = 0; i < N; i++) {
        double length = 0.0;
        for (int c = 0; c < C; c++)
            length = hypot(length, value(&b, ERROR)[i * C + c]);
        assert_close(value(&b, LOSS)[i] / (times * one), 1.0, 1e-13);
        if (lead < 600.0 || !is_softmax) /* p itself is 0 beyond */
            assert_close(length / sqrt(2.0 * times * one), 1.0, 1e-12);
    }
    for (int i = 0; i < N * C; i++)
        assert_true(isfinite(value(&b, RESIDUAL)[i]) && isfinite(value(&b, PUSHED)[i])
                    && isfinite(value(&b, SEED)[i]));
    clear(&b);
}

static void losses_keep_their_digits_where_they_are_tiny_and_huge(void **state)
{
    (void)state;
    const double leads[] = {0.0, 5.0, 40.0, 300.0, 590.0, 5000.0, -30.0, -500.0};
    for (int k = 0; k < 8; k++) {
        expect_digits("cross_entropy", leads[k], 2.0, 1.0);
        expect_digits("logistic", leads[k], 1.0, 3.0);
    }
}

static void huber_is_squared_inside_and_even_outside(void **state)
{
    (void)state;
    bench b = make("huber");
    const double f_values[] = {0.5, -3.0, 1.0};
    memset(b.y_values, 0, sizeof b.y_values);
    memset(b.f_values, 0, sizeof b.f_values);
    memcpy(b.f_values, f_values, sizeof f_values);
    run(&b);
    assert_close(value(&b, LOSS)[0], 0.125 + 2.5 + 0.5, 1e-15);
    assert_close(value(&b, LOSS)[1], 0.0, 0.0);
    assert_close(value(&b, RESIDUAL)[1], -1.0, 1e-15);
    assert_close(value(&b, ERROR)[1], -sqrt(5.0), 1e-15);
    clear(&b);
}

static void targets_a_loss_does_not_understand_are_named(void **state)
{
    (void)state;
    const double two[] = {1, 0, 0, /**/ 1, 1, 0};
    const double half[] = {1, 0, 0, /**/ 0.5, 0.5, 0};
    bench b = make("cross_entropy");
    assert_status(rn_loss_check_targets(b.loss, 1, 3, two), RN_OK);
    assert_status(rn_loss_check_targets(b.loss, 2, 3, two), RN_ERR_DOMAIN);
    assert_message_has("sample 1 are not 1 at the label");
    assert_status(rn_loss_check_targets(b.loss, 2, 3, half), RN_ERR_DOMAIN);
    clear(&b);
    b = make("logistic");
    assert_status(rn_loss_check_targets(b.loss, 2, 3, two), RN_OK);
    assert_status(rn_loss_check_targets(b.loss, 2, 3, half), RN_ERR_DOMAIN);
    clear(&b);
    b = make("huber");
    assert_status(rn_loss_check_targets(b.loss, 2, 3, half), RN_OK);
    assert_status(rn_loss_check_targets(b.loss, 2, 3, NULL), RN_ERR_ARGUMENT);
    clear(&b);
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
    rn_loss_nodes nodes = {.per_sample = -7, .residual = -7};
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
        cmocka_unit_test(error_and_block_make_a_squared_length_of_every_loss),
        cmocka_unit_test(block_of_cross_entropy_is_a_root_of_its_hessian),
        cmocka_unit_test(groups_of_outputs_have_a_softmax_each),
        cmocka_unit_test(losses_keep_their_digits_where_they_are_tiny_and_huge),
        cmocka_unit_test(huber_is_squared_inside_and_even_outside),
        cmocka_unit_test(targets_a_loss_does_not_understand_are_named),
        cmocka_unit_test(squared_error_is_half_the_squared_distance),
        cmocka_unit_test(wrong_shapes_and_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
