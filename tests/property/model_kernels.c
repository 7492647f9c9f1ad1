/*
 * M and M' of convolutional, residual and attention models against Jacobians written out row by
 * row, in every order that applies; those Jacobians against central differences.
 *
 * Tolerance against an explicit J: sums of at most P = 400 terms and some 100 roundings on the way
 * through a network, each 1e-16 of the largest entry, grown by norms of nearly equal numbers:
 * 1e-12.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "jacobian_nets.h"
#include "model/model.h"

#define TOLERANCE 1e-12
#define SAMPLES   5

/* ---- models as nets -------------------------------------------------------------------------- */

typedef struct model_case {
    const char *name;
    const char *kind;
    const char *settings[24]; /* key, value, .. */
    rn_index sample[3];
    rn_index n_outputs;
    bool has_indices;
    bool has_kinks;
    bool is_coupled;
} model_case;

static const model_case cases[] = {
    {.name = "convolutions, average pooling",
     .kind = "convnet",
     .settings = {"depth", "2", "width", "3", "bias", "true", "growth", "2"},
     .sample = {5, 6},
     .n_outputs = 2},
    {.name = "convolutions, group norm, flat head, channels first",
     .kind = "convnet",
     .settings = {"depth", "2", "width", "2", "norm", "group", "groups", "2", "pooling", "none",
                  "head", "flatten", "stride", "2", "parametrisation", "standard"},
     .sample = {2, 5, 4},
     .n_outputs = 3},
    {.name = "convolutions, layer norm, no padding, channels last",
     .kind = "convnet",
     .settings = {"depth", "2", "width", "3", "norm", "layer", "kernel", "2", "padding", "none",
                  "pooling", "none", "channels", "last"},
     .sample = {5, 4, 2},
     .n_outputs = 2},
    {.name = "convolutions, max pooling",
     .kind = "convnet",
     .settings = {"depth", "2", "width", "3", "pooling", "max", "activation", "tanh"},
     .sample = {4, 5},
     .n_outputs = 2,
     .has_kinks = true},
    {.name = "residual, group norm",
     .kind = "resnet",
     .settings = {"stages", "2", "width", "2", "groups", "2", "bias", "true"},
     .sample = {4, 5},
     .n_outputs = 2},
    {.name = "residual, no norm, strided stem",
     .kind = "resnet",
     .settings = {"stages", "1", "blocks", "2", "width", "3", "norm", "none", "stem_stride", "2"},
     .sample = {3, 4, 4},
     .n_outputs = 2},
    {.name = "residual, batch norm",
     .kind = "resnet",
     .settings = {"stages", "1", "blocks", "1", "width", "2", "norm", "batch", "statistics",
                  "samples", "bias", "true"},
     .sample = {3, 4},
     .n_outputs = 2,
     .is_coupled = true},
    {.name = "causal transformer",
     .kind = "transformer",
     .settings = {"depth", "2", "width", "4", "expansion", "2", "vocabulary", "7", "bias", "true"},
     .sample = {4},
     .n_outputs = 3,
     .has_indices = true},
    {.name = "transformer, post, rms, gated, mean",
     .kind = "transformer",
     .settings = {"depth",      "1",     "width",      "4",         "expansion", "2",
                  "vocabulary", "7",     "order",      "post",      "norm",      "rms",
                  "gated",      "true",  "activation", "silu",      "readout",   "mean",
                  "causal",     "false", "positions",  "sinusoidal"},
     .sample = {3},
     .n_outputs = 2,
     .has_indices = true},
    {.name = "tied transformer, every position",
     .kind = "transformer",
     .settings = {"depth", "1", "width", "4", "expansion", "1", "tied", "true", "readout", "every",
                  "heads", "1"},
     .sample = {3},
     .n_outputs = 21,
     .has_indices = true},
    {.name = "transformer with shared blocks",
     .kind = "transformer",
     .settings = {"depth", "3", "width", "4", "expansion", "2", "vocabulary", "7", "shared",
                  "true"},
     .sample = {3},
     .n_outputs = 2,
     .has_indices = true},
    {.name = "transformer over patches",
     .kind = "transformer",
     .settings = {"tokens", "patches", "patch", "2", "depth", "1", "width", "4", "expansion", "2",
                  "readout", "mean", "causal", "false", "parametrisation", "standard"},
     .sample = {2, 4, 4},
     .n_outputs = 2},
};
#define N_CASES ((int)(sizeof cases / sizeof cases[0]))

static const model_case *current; /* what build_current builds */

static rn_model *make_model(const model_case *c)
{
    rn_setting settings[12];
    rn_index n = 0;
    for (; c->settings[2 * n]; n++)
        settings[n] = (rn_setting){c->settings[2 * n], c->settings[2 * n + 1]};
    int rank = 0;
    while (rank < 3 && c->sample[rank])
        rank++;
    rn_model *model = NULL;
    assert_status(
        rn_model_create(c->kind, settings, n, rn_shape_make(rank, c->sample), c->n_outputs, &model),
        RN_OK);
    return model;
}

/* The graph of a model becomes the net's own. */
static void build_current(net *n)
{
    rn_model *model = make_model(current);
    rn_graph_destroy(n->graph);
    n->graph = model->graph;
    n->inputs[n->n_inputs++] = model->input;
    n->output = model->output;
    n->has_indices = current->has_indices;
    model->graph = NULL;
    rn_model_destroy(model);
}

typedef struct trial {
    net net;
    rn_kernel *kernel;
    rn_kernel_point point;
    double *jacobian;
    double *tangent;
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

static trial begin(const model_case *c, rn_index n_samples)
{
    current = c;
    const net_kind kind = {c->name, build_current};
    trial t = {.net = make_net(&kind, n_samples, check_seed())};
    const rn_index n = t.net.n;
    t.jacobian = numbers(n * t.net.n_weights);
    t.tangent = numbers(n * t.net.n_weights);
    t.m = numbers(n * n);
    t.m_tangent = numbers(n * n);
    t.expected = numbers(n * n);
    net_jacobian(&t.net, t.net.theta, t.net.direction, t.jacobian, t.tangent);
    const rn_kernel_desc desc = describe_net(&t.net, 1);
    assert_status(rn_kernel_create(&desc, &t.kernel), RN_OK);
    t.point = point_of(&t.net);
    return t;
}

static void end(trial *t)
{
    rn_kernel_destroy(t->kernel);
    free(t->jacobian);
    free(t->tangent);
    free(t->m);
    free(t->m_tangent);
    free(t->expected);
    drop_net(&t->net);
}

static double largest(rn_index count, const double *values)
{
    double most = 0.0;
    for (rn_index i = 0; i < count; i++)
        most = fmax(most, fabs(values[i]));
    return most;
}

/* `scale`: largest entry of all of M or M'; a block by itself may vanish but for rounding. */
static void compare(const trial *t, const double *m, double scale, const char *what)
{
    const rn_index size = t->net.n * t->net.n;
    double worst = 0.0;
    for (rn_index i = 0; i < size; i++) {
        const double off = fabs(m[i] - t->expected[i]);
        assert_true(off <= DBL_MAX); /* not NaN */
        worst = fmax(worst, off);
    }
    if (worst > TOLERANCE * scale)
        print_error("%s, %s: off by %.3g of the largest entry\n", t->net.name, what, worst / scale);
    assert_true(worst <= TOLERANCE * scale);
}

static void expect(trial *t, bool tangent, rn_index first, rn_index count)
{
    symmetric_product(&t->net, t->jacobian, tangent ? t->tangent : t->jacobian, first, count,
                      t->expected);
    for (rn_index i = 0; tangent && i < t->net.n * t->net.n; i++)
        t->expected[i] *= 2.0;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void kernels_are_products_of_jacobians(void **state)
{
    (void)state;
    for (int k = 0; k < N_CASES; k++) {
        trial t = begin(&cases[k], SAMPLES);
        assert_status(rn_kernel_tangent(t.kernel, &t.point, t.net.direction, t.m, t.m_tangent),
                      RN_OK);
        expect(&t, false, 0, t.net.n_weights);
        compare(&t, t.m, largest(t.net.n * t.net.n, t.expected), "M");
        expect(&t, true, 0, t.net.n_weights);
        compare(&t, t.m_tangent, largest(t.net.n * t.net.n, t.expected), "M'");
        end(&t);
    }
}

static void every_block_in_every_order_is_a_product_of_jacobians(void **state)
{
    (void)state;
    for (int k = 0; k < N_CASES; k++) {
        trial t = begin(&cases[k], SAMPLES);
        const rn_index size = t.net.n * t.net.n;
        expect(&t, false, 0, t.net.n_weights);
        const double scale = largest(size, t.expected);
        expect(&t, true, 0, t.net.n_weights);
        const double tangent_scale = largest(size, t.expected);
        rn_index first = 0;
        for (rn_index p = 0; p < rn_graph_n_parameters(t.net.graph); p++) {
            rn_kernel_block block;
            assert_status(rn_kernel_describe(t.kernel, SAMPLES, p, &block), RN_OK);
            /* all have factors but where samples act on each other */
            assert_int_equal(block.order == RN_KERNEL_ROWS, cases[k].is_coupled);
            for (int order = 0; order < 3; order++) {
                if (isnan(block.order_flops[order]) && order > 0) continue;
                if (!isnan(block.order_flops[order]))
                    assert_status(rn_kernel_force_order(t.kernel, p, order), RN_OK);
                assert_status(rn_kernel_assemble_part(t.kernel, &t.point, p, t.net.direction, t.m,
                                                      t.m_tangent),
                              RN_OK);
                expect(&t, false, first, block.size);
                compare(&t, t.m, scale, block.name);
                expect(&t, true, first, block.size);
                compare(&t, t.m_tangent, tangent_scale, block.name);
            }
            first += block.size;
        }
        end(&t);
    }
}

static void jacobians_are_the_limit_of_differences(void **state)
{
    (void)state;
    for (int k = 0; k < N_CASES; k++) {
        if (cases[k].has_kinks) continue; /* a step may cross one */
        trial t = begin(&cases[k], 2);
        double *plus = numbers(t.net.n);
        double *minus = numbers(t.net.n);
        double *theta = numbers(t.net.n_weights);
        double worst = 0.0;
        double scale = 0.0;
        const double h = 1e-5; /* error h^2 f''' / 6 + eps f / h */
        for (rn_index p = 0; p < t.net.n_weights; p++) {
            memcpy(theta, t.net.theta, (size_t)t.net.n_weights * sizeof *theta);
            theta[p] = t.net.theta[p] + h;
            net_outputs(&t.net, theta, plus);
            theta[p] = t.net.theta[p] - h;
            net_outputs(&t.net, theta, minus);
            for (rn_index r = 0; r < t.net.n; r++) {
                const double exact = t.jacobian[r * t.net.n_weights + p];
                scale = fmax(scale, fabs(exact));
                worst = fmax(worst, fabs((plus[r] - minus[r]) / (2.0 * h) - exact));
            }
        }
        assert_true(scale > 0.0);
        assert_close(worst / scale, 0.0, 1e-7);
        free(plus);
        free(minus);
        free(theta);
        end(&t);
    }
}

/* The direction's second derivative two ways: J' v by differences of J v. */
static void jacobian_tangents_are_the_limit_of_differences(void **state)
{
    (void)state;
    for (int k = 0; k < N_CASES; k++) {
        if (cases[k].has_kinks) continue;
        trial t = begin(&cases[k], 2);
        const rn_index size = t.net.n * t.net.n_weights;
        double *theta = numbers(t.net.n_weights);
        double *sides[2] = {numbers(size), numbers(size)};
        const double h =
            1e-4; /* error h^2 / 6 times a fourth derivative, some 10 to 100 times J' */
        for (int side = 0; side < 2; side++) {
            for (rn_index p = 0; p < t.net.n_weights; p++)
                theta[p] = t.net.theta[p] + (side ? -h : h) * t.net.direction[p];
            net_jacobian(&t.net, theta, NULL, sides[side], NULL);
        }
        for (rn_index i = 0; i < size; i++)
            sides[0][i] = (sides[0][i] - sides[1][i]) / (2.0 * h);
        assert_close(relative_difference(size, sides[0], t.tangent), 0.0, 1e-5);
        free(theta);
        free(sides[0]);
        free(sides[1]);
        end(&t);
    }
}

/* Every way a weight is used finds its factors: places and orders of a few known ones. */
static void factors_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *parameter;
        rn_index positions;
        rn_index in_width;
        rn_index out_width;
        int number;
        int is_rank_one;
    } known[] = {
        {"conv1.weight", 30, 9, 3, 0, 0},     {"conv2.weight", 6, 27, 6, 0, 0},
        {"conv2.bias", 1, 1, 6, 0, 1},        {"block2.shortcut.weight", 6, 2, 4, 4, 0},
        {"block1.norm1.gain", 1, 1, 2, 4, 1}, {"embedding.weight", 4, 7, 4, 7, 0},
        {"positions.weight", 1, 1, 16, 7, 1}, {"block2.query.weight", 4, 4, 4, 7, 0},
        {"embedding.weight", 6, 7, 4, 9, 0},  {"block.down.weight", 9, 8, 4, 10, 0},
        {"patches.weight", 4, 8, 4, 11, 0},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        trial t = begin(&cases[known[i].number], SAMPLES);
        rn_index p = 0;
        rn_kernel_block block = {0};
        do
            assert_status(rn_kernel_describe(t.kernel, SAMPLES, p++, &block), RN_OK);
        while (strcmp(block.name, known[i].parameter) != 0);
        assert_int_equal(block.positions, known[i].positions);
        assert_int_equal(block.in_width, known[i].in_width);
        assert_int_equal(block.out_width, known[i].out_width);
        assert_int_equal(block.order == RN_KERNEL_RANK_ONE, known[i].is_rank_one);
        end(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernels_are_products_of_jacobians),
        cmocka_unit_test(every_block_in_every_order_is_a_product_of_jacobians),
        cmocka_unit_test(jacobians_are_the_limit_of_differences),
        cmocka_unit_test(jacobian_tangents_are_the_limit_of_differences),
        cmocka_unit_test(factors_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
