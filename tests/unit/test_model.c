/*
 * Networks against forward passes written by hand, their initial numbers, and their settings.
 */
#include "model/model.h"

#include <math.h>
#include <renorm/plan.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"
#include "loss/loss.h"
#include "model_values.h"
#include "train/dynamics.h"

enum { N = 5, MAX_UNITS = 16 };

/* ---- by hand ---------------------------------------------------------------------------- */

/* y[j] := factor sum_i x[i] w[i, j] + b[j]; steps over the numbers used. */
static void map_by_hand(const double **theta, double factor, int bias, rn_index n_in,
                        rn_index n_out, const double *x, double *y)
{
    const double *w = *theta;
    const double *b = w + n_in * n_out;
    for (int j = 0; j < n_out; j++) {
        double sum = 0.0;
        for (int i = 0; i < n_in; i++)
            sum += x[i] * w[i * n_out + j];
        y[j] = factor * sum + (bias ? b[j] : 0.0);
    }
    *theta = b + (bias ? n_out : 0);
}

typedef struct mlp {
    rn_index depth, width;
    int residual, bias, is_standard, reads_linear;
    double gain, readout_gain;
    const char *activation;
} mlp;

static void mlp_by_hand(const mlp *net, const double *theta, int d, int c, const double *x,
                        double *f)
{
    double h[MAX_UNITS];
    double a[MAX_UNITS];
    double z[MAX_UNITS];
    const double s = 1.0 / sqrt((double)net->width);
    const double own = net->is_standard ? 0.0 : 1.0;
    map_by_hand(&theta, own > 0 ? 1.0 / sqrt((double)d) : 1.0, net->bias, d, net->width, x, h);
    for (int l = 0; l < net->depth; l++) {
        for (int i = 0; i < net->width; i++)
            a[i] = values_activate(net->activation, h[i]);
        map_by_hand(&theta, own > 0 ? net->gain * s : 1.0, net->bias, net->width, net->width, a, z);
        for (int i = 0; i < net->width; i++)
            h[i] = net->residual ? h[i] + z[i] : z[i];
    }
    for (int i = 0; i < net->width; i++)
        a[i] = net->reads_linear ? h[i] : values_activate(net->activation, h[i]);
    map_by_hand(&theta, own > 0 ? net->readout_gain * s : 1.0, net->bias, net->width, c, a, f);
}

/* ---- by the graph ------------------------------------------------------------------------ */

static void check_mlp(const mlp *net, const rn_setting *settings, rn_index n_settings)
{
    enum { D = 6, C = 3 };
    rn_model *model = values_model("mlp", settings, n_settings, RN_SHAPE(D), C);
    double *theta = values_theta(model);
    double x[N * D];
    double f[N * C];
    double g[C];
    values_normal(0, (rn_index)N * D, x);
    values_outputs(model, theta, N, x, f);
    for (rn_index i = 0; i < N; i++) {
        mlp_by_hand(net, theta, D, C, x + i * D, g);
        for (int c = 0; c < C; c++) {
            /* rounding of a few dozen terms, grown through at most 3 maps of gain < 4 */
            assert_close(f[i * C + c], g[c], 1e-12 * (1.0 + fabs(g[c])));
        }
    }
    const rn_index maps = D * net->width + net->depth * net->width * net->width + net->width * C;
    const rn_index biases = net->bias ? (net->depth + 1) * net->width + C : 0;
    assert_int_equal(rn_model_n_weights(model), maps + biases);
    rni_free(theta);
    rn_model_destroy(model);
}

static void residual_and_plain_nets_equal_their_formulas(void **state)
{
    (void)state;
    const char *const activations[] = {"tanh",       "relu",   "gelu", "erf",
                                       "quick_gelu", "linear", "silu"};
    const char *const words[] = {"false", "true"};
    for (int k = 0; k < 7; k++)
        for (int options = 0; options < 8; options++) {
            const int residual = options & 1;
            const int bias = (options >> 1) & 1;
            const int is_standard = (options >> 2) & 1;
            const mlp net = {.depth = 3,
                             .width = 7,
                             .residual = residual,
                             .bias = bias,
                             .is_standard = is_standard,
                             .gain = residual ? sqrt(2.0) / sqrt(3.0) : 1.5,
                             .readout_gain = 1.0,
                             .activation = activations[k]};
            const rn_setting settings[] = {{"depth", "3"},
                                           {"width", "7"},
                                           {"residual", words[residual]},
                                           {"bias", words[bias]},
                                           {"parametrisation", is_standard ? "standard" : "ntk"},
                                           {"activation", activations[k]}};
            check_mlp(&net, settings, 6);
        }
}

static void gains_depth_zero_and_a_linear_readout_are_heard(void **state)
{
    (void)state;
    mlp net = {.depth = 2, .width = 5, .gain = 0.7, .readout_gain = 1.3, .activation = "tanh"};
    const rn_setting gains[] = {{"depth", "2"},  {"width", "5"},          {"residual", "false"},
                                {"gain", "0.7"}, {"readout_gain", "1.3"}, {"activation", "tanh"}};
    check_mlp(&net, gains, 6);
    net = (mlp){.depth = 1,
                .width = 5,
                .residual = 1,
                .gain = 0.7,
                .readout_gain = 1.0,
                .reads_linear = 1,
                .activation = "tanh"};
    const rn_setting linear[] = {{"depth", "1"},
                                 {"width", "5"},
                                 {"gain", "0.7"},
                                 {"readout", "linear"},
                                 {"activation", "tanh"}};
    check_mlp(&net, linear, 5);
    net = (mlp){.depth = 0, .width = 5, .readout_gain = 1.0, .activation = "tanh"};
    const rn_setting shallow[] = {{"depth", "0"}, {"width", "5"}, {"activation", "tanh"}};
    check_mlp(&net, shallow, 3);
}

enum { T = 8, PIECE = 2, STATE = 6, ANSWERS = 3 };

/* h := erf(V x / sqrt(PIECE) + 1.2 U h / sqrt(STATE) + b); theta holds V, U, b. */
static void step_by_hand(const double *theta, const double *x, double *h)
{
    const double *u = theta + (rn_index)PIECE * STATE;
    const double *b = u + (rn_index)STATE * STATE;
    double z[STATE];
    for (rn_index j = 0; j < STATE; j++) {
        z[j] = b[j];
        for (rn_index k = 0; k < PIECE; k++)
            z[j] += x[k] * theta[k * STATE + j] / sqrt((double)PIECE);
        for (rn_index k = 0; k < STATE; k++)
            z[j] += 1.2 * h[k] * u[k * STATE + j] / sqrt((double)STATE);
    }
    for (rn_index j = 0; j < STATE; j++)
        h[j] = erf(z[j]);
}

static void recurrent_net_equals_its_formula(void **state)
{
    (void)state;
    const rn_setting settings[] = {
        {"steps", "8"}, {"width", "6"}, {"gain", "1.2"}, {"bias", "true"}, {"activation", "erf"}};
    rn_model *model = values_model("recurrent", settings, 5, RN_SHAPE(T, PIECE), ANSWERS);
    double *theta = values_theta(model);
    double x[N * T * PIECE];
    double f[N * ANSWERS];
    values_normal(0, (rn_index)N * T * PIECE, x);
    values_outputs(model, theta, N, x, f);
    const double *out = theta + rn_model_n_weights(model) - (rn_index)STATE * ANSWERS;
    for (rn_index i = 0; i < N; i++) {
        double h[STATE] = {0};
        for (rn_index t = 0; t < T; t++)
            step_by_hand(theta, x + (i * T + t) * PIECE, h);
        for (rn_index c = 0; c < ANSWERS; c++) {
            double g = 0.0;
            for (rn_index j = 0; j < STATE; j++)
                g += h[j] * out[j * ANSWERS + c] / sqrt((double)STATE);
            assert_close(f[i * ANSWERS + c], g, 1e-13);
        }
    }
    assert_int_equal(rn_model_n_weights(model),
                     PIECE * STATE + STATE * STATE + STATE + STATE * ANSWERS);
    rni_free(theta);
    rn_model_destroy(model);
}

/* Output c of 1.2 / sqrt(W) tanh(x W / sqrt(D)) W^T, each factor where the weights lack it. */
enum { TIED_IN = 4, TIED_WIDTH = 6 };

static double tied_by_hand(const double *theta, const double *x, rn_index c, int is_standard)
{
    const double forth = is_standard ? 1.0 : 0.5; /* 1/sqrt(TIED_IN), in the network or not */
    const double back = is_standard ? 1.2 / 0.5 : 1.2;
    double f = 0.0;
    for (rn_index j = 0; j < TIED_WIDTH; j++) {
        double z = 0.0;
        for (rn_index k = 0; k < TIED_IN; k++)
            z += forth * x[k] * theta[k * TIED_WIDTH + j];
        f += back * tanh(z) * theta[c * TIED_WIDTH + j];
    }
    return f / sqrt((double)TIED_WIDTH);
}

static void tied_net_equals_its_formula(void **state)
{
    (void)state;
    for (int options = 0; options < 4; options++) {
        const rn_index n_outputs = options & 1 ? TIED_IN : 2;
        const int is_standard = options >> 1;
        const rn_setting settings[] = {
            {"width", "6"}, {"gain", "1.2"}, {"parametrisation", is_standard ? "standard" : "ntk"}};
        rn_model *model = values_model("tied", settings, 3, RN_SHAPE(TIED_IN), n_outputs);
        double *theta = values_theta(model);
        double x[N * TIED_IN];
        double f[N * TIED_IN];
        values_normal(0, (rn_index)N * TIED_IN, x);
        values_outputs(model, theta, N, x, f);
        for (rn_index i = 0; i < N * n_outputs; i++) {
            const double *sample = x + i / n_outputs * TIED_IN;
            assert_close(f[i], tied_by_hand(theta, sample, i % n_outputs, is_standard), 1e-13);
        }
        rni_free(theta);
        rn_model_destroy(model);
    }
}

static void linear_model_is_a_product(void **state)
{
    (void)state;
    enum { D = 6, C = 2 };
    const rn_setting settings[] = {{"bias", "true"}};
    rn_model *model = values_model("linear", settings, 1, RN_SHAPE(2, 3), C);
    double *theta = values_theta(model);
    double x[N * D];
    double f[N * C];
    values_normal(0, (rn_index)N * D, x);
    values_outputs(model, theta, N, x, f);
    for (int i = 0; i < N; i++)
        for (int c = 0; c < C; c++) {
            double g = theta[D * C + c];
            for (int k = 0; k < D; k++)
                g += x[i * D + k] * theta[k * C + c];
            assert_close(f[i * C + c], g, 1e-14 * 10);
        }
    rni_free(theta);
    rn_model_destroy(model);
}

static void linear_weights_have_the_deviation_asked_for(void **state)
{
    (void)state;
    const char *const stds[] = {"0", "0.25", "0.5"};
    double theta[3][6];
    for (int k = 0; k < 3; k++) {
        const rn_setting settings[] = {{"std", stds[k]}};
        rn_model *model = values_model("linear", settings, 1, RN_SHAPE(6), 1);
        rn_parameter weight;
        assert_status(rn_model_parameter(model, 0, &weight), RN_OK);
        assert_close(weight.std, 0.25 * k, 0.0);
        assert_status(rn_model_initialise(model, 8, theta[k]), RN_OK);
        rn_model_destroy(model);
    }
    for (int i = 0; i < 6; i++) {
        assert_close(theta[0][i], 0.0, 0.0);
        assert_true(fabs(theta[1][i]) > 0.0);
        assert_close(theta[2][i], 2.0 * theta[1][i], 0.0);
    }
}

static void samples_of_any_shape_are_flattened(void **state)
{
    (void)state;
    const rn_shape shapes[] = {RN_SHAPE(12), RN_SHAPE(2, 6), RN_SHAPE(2, 3, 2)};
    double x[N * 12];
    double f[3][N];
    values_normal(0, (rn_index)N * 12, x);
    for (int k = 0; k < 3; k++) {
        rn_model *model = values_model("mlp", NULL, 0, shapes[k], 1);
        double *theta = values_theta(model);
        assert_int_equal(rn_model_n_features(model), 12);
        values_outputs(model, theta, N, x, f[k]);
        rni_free(theta);
        rn_model_destroy(model);
    }
    assert_memory_equal(f[0], f[1], sizeof f[0]);
    assert_memory_equal(f[0], f[2], sizeof f[0]);
    rn_model *scalar = values_model("mlp", NULL, 0, RN_SHAPE_SCALAR, 1);
    assert_int_equal(rn_model_n_features(scalar), 1);
    rn_model_destroy(scalar);
}

/* ---- initial numbers ---------------------------------------------------------------------- */

static void initial_weights_have_the_stated_spread(void **state)
{
    (void)state;
    const rn_setting settings[] = {{"depth", "2"},
                                   {"width", "100"},
                                   {"bias", "true"},
                                   {"parametrisation", "standard"},
                                   {"residual", "false"}};
    rn_model *model = values_model("mlp", settings, 5, RN_SHAPE(50), 10);
    const rn_index n = rn_model_n_weights(model);
    double *theta = rni_alloc(n, sizeof *theta);
    assert_non_null(theta);
    assert_status(rn_model_initialise(model, 3, theta), RN_OK);
    const double spreads[] = {1.0 / sqrt(50.0), 0.0, 0.15, 0.0, 0.15, 0.0, 0.1, 0.0};
    assert_int_equal(rn_model_n_parameters(model), 8);
    rn_index end = 0;
    for (rn_index k = 0; k < 8; k++) {
        rn_parameter p;
        assert_status(rn_model_parameter(model, k, &p), RN_OK);
        assert_int_equal(p.offset, end);
        end += p.size;
        assert_close(p.std, spreads[k], 1e-15);
        double sum = 0.0;
        double square = 0.0;
        for (rn_index i = 0; i < p.size; i++) {
            sum += theta[p.offset + i];
            square += theta[p.offset + i] * theta[p.offset + i];
        }
        /* 5 standard errors: std/sqrt(size) for the mean, sqrt(2/size) for the ratio */
        const double size = (double)p.size;
        assert_close(sum / size, 0.0, 5.0 * p.std / sqrt(size));
        assert_close(square / size, p.std * p.std, 5.0 * p.std * p.std * sqrt(2.0 / size));
    }
    assert_int_equal(end, n);
    rn_parameter last;
    assert_status(rn_model_parameter(model, 7, &last), RN_OK);
    assert_string_equal(last.name, "readout.bias");
    assert_status(rn_model_parameter(model, 8, &last), RN_ERR_ARGUMENT);
    rni_free(theta);
    rn_model_destroy(model);
}

static void arms_of_a_study_share_their_draws(void **state)
{
    (void)state;
    const rn_setting residual[] = {{"depth", "3"}, {"width", "9"}};
    const rn_setting plain[] = {{"depth", "3"}, {"width", "9"}, {"residual", "false"}};
    const rn_setting deep[] = {{"depth", "5"}, {"width", "9"}};
    const rn_setting standard[] = {{"depth", "3"}, {"width", "9"}, {"parametrisation", "standard"}};
    rn_model *arms[] = {values_model("mlp", residual, 2, RN_SHAPE(4), 2),
                        values_model("mlp", plain, 3, RN_SHAPE(4), 2),
                        values_model("mlp", deep, 2, RN_SHAPE(4), 2),
                        values_model("mlp", standard, 3, RN_SHAPE(4), 2)};
    double *theta[4];
    for (int k = 0; k < 4; k++) {
        theta[k] = rni_alloc(rn_model_n_weights(arms[k]), sizeof(double));
        assert_non_null(theta[k]);
        assert_status(rn_model_initialise(arms[k], 7, theta[k]), RN_OK);
    }
    const size_t all = (size_t)rn_model_n_weights(arms[0]) * sizeof(double);
    const size_t shared = (4 * 9 + 3 * 81) * sizeof(double);
    assert_memory_equal(theta[0], theta[1], all);
    assert_memory_equal(theta[0], theta[2], shared);
    const double *hidden = theta[0] + (rn_index)4 * 9;
    assert_memory_not_equal(hidden, hidden + 81, 81 * sizeof(double)); /* maps differ */
    /* the same random function in either parametrisation */
    double x[N * 4];
    double f[2][N * 2];
    values_normal(0, (rn_index)N * 4, x);
    values_outputs(arms[0], theta[0], N, x, f[0]);
    values_outputs(arms[3], theta[3], N, x, f[1]);
    for (int i = 0; i < N * 2; i++)
        assert_close(f[0][i], f[1][i], 1e-13);
    assert_status(rn_model_initialise(arms[1], 8, theta[1]), RN_OK);
    assert_memory_not_equal(theta[0], theta[1], all);
    for (int k = 0; k < 4; k++) {
        rni_free(theta[k]);
        rn_model_destroy(arms[k]);
    }
}

/* ---- many seeds in one graph --------------------------------------------------------------- */

static void a_replica_axis_runs_many_seeds_at_once(void **state)
{
    (void)state;
    enum { R = 4, D = 3, W = 5 };
    rn_graph *g = NULL;
    assert_status(rn_graph_create(&g), RN_OK);
    const rn_node x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, D));
    const rn_node x3 = rn_graph_reshape(g, x, RN_SHAPE(RN_SAMPLES, 1, 1, D));
    const rn_node w = rn_graph_parameter(g, "w", RN_SHAPE(R, D, W));
    const rn_node a = rn_graph_parameter(g, "a", RN_SHAPE(R, W, 1));
    const rn_node h = rn_graph_tanh(g, rn_graph_matmul(g, x3, w));
    const rn_node f = rn_graph_reshape(g, rn_graph_matmul(g, h, a), RN_SHAPE(RN_SAMPLES, R));
    assert_status(rn_graph_status(g), RN_OK);
    double x_values[N * D];
    double w_values[R * D * W];
    double a_values[R * W];
    values_normal(0, (rn_index)N * D, x_values);
    values_normal(1, (rn_index)R * D * W, w_values);
    values_normal(2, (rn_index)R * W, a_values);
    rn_plan *plan = NULL;
    rn_workspace *work = NULL;
    assert_status(rn_plan_create(g, N, 1, &f, &plan), RN_OK);
    assert_status(rn_workspace_create(plan, &work), RN_OK);
    assert_status(rn_workspace_bind(work, x, x_values), RN_OK);
    assert_status(rn_workspace_bind(work, w, w_values), RN_OK);
    assert_status(rn_workspace_bind(work, a, a_values), RN_OK);
    assert_status(rn_workspace_run(work), RN_OK);
    const double *f_values = rn_workspace_value(work, f);
    for (int i = 0; i < N; i++)
        for (int r = 0; r < R; r++) {
            double sum = 0.0;
            for (int j = 0; j < W; j++) {
                double z = 0.0;
                for (int k = 0; k < D; k++)
                    z += x_values[i * D + k] * w_values[(r * D + k) * W + j];
                sum += tanh(z) * a_values[r * W + j];
            }
            assert_close(f_values[i * R + r], sum, 1e-14);
        }
    rn_workspace_destroy(work);
    rn_plan_destroy(plan);
    rn_graph_destroy(g);
}

/* ---- settings ------------------------------------------------------------------------------ */

static void expect_refusal(const char *kind, const char *key, const char *value, rn_status status,
                           const char *part)
{
    const rn_setting setting = {key, value};
    rn_model *model = NULL;
    assert_status(rn_model_create(kind, &setting, 1, RN_SHAPE(6), 2, &model), status);
    assert_message_has(part);
    assert_null(model);
}

static void mistakes_in_settings_are_named(void **state)
{
    (void)state;
    expect_refusal("mpl", "depth", "4", RN_ERR_ARGUMENT, "did you mean 'mlp'?");
    expect_refusal("mlp", "dpeth", "4", RN_ERR_CONFIG, "did you mean 'depth'?");
    expect_refusal("mlp", "depth", "4.5", RN_ERR_CONFIG, "not a whole number");
    expect_refusal("mlp", "depth", "-1", RN_ERR_CONFIG, "model.depth");
    expect_refusal("mlp", "depth", "010", RN_ERR_CONFIG, "leading zero");
    expect_refusal("mlp", "gain", "1.5abc", RN_ERR_CONFIG, "model.gain");
    expect_refusal("mlp", "activation", "gleu", RN_ERR_CONFIG, "gelu");
}

static void shapes_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    rn_model *model = NULL;
    expect_refusal("recurrent", "steps", "4", RN_ERR_CONFIG, "expected steps that divide them");
    assert_status(rn_model_create("tied", NULL, 0, RN_SHAPE(6), 7, &model), RN_ERR_CONFIG);
    assert_message_has("no more outputs than inputs");
    assert_status(rn_model_create("mlp", NULL, 0, RN_SHAPE(6), 0, &model), RN_ERR_ARGUMENT);
    assert_status(rn_model_create("mlp", NULL, 0, RN_SHAPE(6, 0), 1, &model), RN_ERR_SHAPE);
    assert_status(rn_model_create("mlp", NULL, 0, RN_SHAPE(1, 1, 1, 1, 1, 1, 1, 1), 1, &model),
                  RN_ERR_SHAPE);
    const rn_index huge = (rn_index)1 << 40;
    assert_status(rn_model_create("mlp", NULL, 0, RN_SHAPE(huge, huge), 1, &model), RN_ERR_SHAPE);
    assert_status(rn_model_create(NULL, NULL, 0, RN_SHAPE(6), 1, &model), RN_ERR_ARGUMENT);
    assert_status(rn_model_create("mlp", NULL, 0, RN_SHAPE(6), 1, NULL), RN_ERR_ARGUMENT);
    assert_null(model);
    rn_model_destroy(NULL);
}

static void every_option_table_is_sound_and_reachable_by_name(void **state)
{
    (void)state;
    rn_index n = 0;
    for (; rni_model_options(n); n++) {
        assert_status(rni_option_table_check(rni_model_options(n)), RN_OK);
        assert_string_equal(rn_model_kind(n), rni_model_options(n)->name);
        rn_model *model = values_model(rn_model_kind(n), NULL, 0, RN_SHAPE(16, 16), 2);
        rn_model_destroy(model);
    }
    assert_int_equal(n, 8);
    assert_null(rn_model_kind(n));
    assert_null(rn_model_kind(-1));
    for (n = 0; rni_loss_options(n); n++)
        assert_status(rni_option_table_check(rni_loss_options(n)), RN_OK);
    for (n = 0; rni_dynamics_options(n); n++)
        assert_status(rni_option_table_check(rni_dynamics_options(n)), RN_OK);
    assert_true(n >= 2);
}

/* Boundaries stand between the maps, and every parameter knows its block. */
static void blocks_are_the_hidden_maps_and_the_steps(void **state)
{
    (void)state;
    const rn_setting settings[] = {{"depth", "3"}, {"width", "4"}, {"bias", "true"}};
    rn_model *model = values_model("mlp", settings, 3, RN_SHAPE(6), 2);
    assert_int_equal(rn_model_n_boundaries(model), 4);
    for (rn_index i = 0; i < rn_model_n_parameters(model); i++) {
        rn_parameter parameter;
        assert_status(rn_model_parameter(model, i, &parameter), RN_OK);
        assert_int_equal(parameter.block, i / 2); /* a matrix and a bias each */
    }
    for (rn_index l = 0; l < 4; l++) {
        const rn_shape shape = rn_graph_shape(rn_model_graph(model), rn_model_boundary(model, l));
        assert_int_equal(shape.rank, 2);
        assert_int_equal(shape.dims[1], 4);
    }
    assert_int_equal(rn_model_boundary(model, 4), RN_NODE_NONE);
    assert_int_equal(rn_model_boundary(model, -1), RN_NODE_NONE);
    rn_model_destroy(model);

    const rn_setting steps[] = {{"steps", "3"}, {"width", "4"}};
    model = values_model("recurrent", steps, 2, RN_SHAPE(6), 2);
    assert_int_equal(rn_model_n_boundaries(model), 3);
    for (rn_index i = 0; i < rn_model_n_parameters(model); i++) {
        rn_parameter parameter;
        assert_status(rn_model_parameter(model, i, &parameter), RN_OK);
        assert_int_equal(parameter.block,
                         strcmp(parameter.name, "readout.weight") == 0 ? 3 : RN_BLOCK_SHARED);
    }
    rn_model_destroy(model);
    model = values_model("tied", NULL, 0, RN_SHAPE(6), 2);
    assert_int_equal(rn_model_n_boundaries(model), 0);
    rn_model_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(residual_and_plain_nets_equal_their_formulas),
        cmocka_unit_test(gains_depth_zero_and_a_linear_readout_are_heard),
        cmocka_unit_test(recurrent_net_equals_its_formula),
        cmocka_unit_test(tied_net_equals_its_formula),
        cmocka_unit_test(linear_model_is_a_product),
        cmocka_unit_test(linear_weights_have_the_deviation_asked_for),
        cmocka_unit_test(samples_of_any_shape_are_flattened),
        cmocka_unit_test(initial_weights_have_the_stated_spread),
        cmocka_unit_test(arms_of_a_study_share_their_draws),
        cmocka_unit_test(a_replica_axis_runs_many_seeds_at_once),
        cmocka_unit_test(mistakes_in_settings_are_named),
        cmocka_unit_test(shapes_that_do_not_fit_are_refused),
        cmocka_unit_test(every_option_table_is_sound_and_reachable_by_name),
        cmocka_unit_test(blocks_are_the_hidden_maps_and_the_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
