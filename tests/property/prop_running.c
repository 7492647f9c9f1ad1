/*
 * Running statistics of batch norm. Witnesses: the same network normalised by the samples given
 * (statistics=samples), whose own tests are plain loops; a hand-written mean and variance; central
 * differences.
 */
#include <math.h>
#include <renorm/kernel.h>
#include <renorm/op.h>
#include <renorm/sampler.h>
#include <renorm/train.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "model_values.h"

enum {
    N = 12,
    B = 5,
    SIDE = 4,
    SIZE = SIDE * SIDE,
    C = 2,
    ROWS = N * C,
    SQUARE = ROWS * ROWS,
    SEED = 7,
    MOST = 400
};

typedef struct setting {
    rn_model *model;
    rn_loss *loss;
    rn_dynamics *dynamics;
    rn_sampler *sampler;
    rn_trainer *trainer;
    double x[N * SIZE];
    double y[N * C];
} setting;

static rn_model *make_model(const char *statistics)
{
    const rn_setting settings[] = {{"stages", "1"},
                                   {"width", "3"},
                                   {"norm", "batch"},
                                   {"bias", "true"},
                                   {"statistics", statistics},
                                   {"activation", "tanh"}};
    return values_model("resnet", settings, 6, RN_SHAPE(SIDE, SIDE), C);
}

static void set_up(setting *s, rn_model *model, const char *kind, const rn_setting *settings,
                   rn_index n_settings, const char *sampler)
{
    const rn_setting size = {"batch_size", "5"};
    *s = (setting){.model = model};
    assert_status(rn_loss_create("squared_error", NULL, 0, &s->loss), RN_OK);
    assert_status(rn_dynamics_create(kind, settings, n_settings, &s->dynamics), RN_OK);
    assert_status(rn_sampler_create(sampler, &size, strcmp(sampler, "full") != 0, &s->sampler),
                  RN_OK);
    values_normal(20, (rn_index)N * SIZE, s->x);
    values_normal(21, (rn_index)N * C, s->y);
    for (int i = 0; i < N * SIZE; i++)
        s->x[i] += 0.3; /* a mean that matters */
}

static rn_trainer_desc describe(const setting *s)
{
    return (rn_trainer_desc){.model = s->model,
                             .loss = s->loss,
                             .dynamics = s->dynamics,
                             .sampler = s->sampler,
                             .train = {.n_samples = N, .inputs = s->x, .targets = s->y},
                             .n_threads = 2};
}

static void start(setting *s)
{
    const rn_trainer_desc desc = describe(s);
    assert_status(rn_trainer_create(&desc, &s->trainer), RN_OK);
    assert_status(rn_trainer_start(s->trainer, SEED), RN_OK);
    assert_true(rn_model_n_weights(s->model) <= MOST);
}

static void tear_down(setting *s)
{
    rn_trainer_destroy(s->trainer);
    rn_sampler_destroy(s->sampler);
    rn_dynamics_destroy(s->dynamics);
    rn_loss_destroy(s->loss);
    rn_model_destroy(s->model);
}

static rn_parameter parameter_at(const rn_model *model, rn_index i)
{
    rn_parameter parameter;
    assert_status(rn_model_parameter(model, i, &parameter), RN_OK);
    return parameter;
}

/* is[p] = 1 for entries of running statistics; returns how many. */
static int find_statistics(const rn_model *model, bool *is)
{
    int count = 0;
    for (rn_index i = 0; i < rn_model_n_parameters(model); i++) {
        const rn_parameter parameter = parameter_at(model, i);
        for (rn_index k = 0; k < parameter.size; k++) {
            is[parameter.offset + k] = parameter.followed != RN_NODE_NONE;
            count += is[parameter.offset + k];
        }
    }
    return count;
}

/* theta of `to` from the parameters of `from` that have the same names. */
static void copy_weights(const rn_model *from, const double *theta, const rn_model *to, double *out)
{
    for (rn_index i = 0; i < rn_model_n_parameters(to); i++) {
        const rn_parameter parameter = parameter_at(to, i);
        memcpy(out + parameter.offset, values_parameter(from, theta, parameter.name),
               (size_t)parameter.size * sizeof *out);
    }
}

static const rn_setting plain[] = {{"learning_rate", "0.05"}, {"relative", "false"}};
enum { N_PLAIN = 2 };

/* ---- what a step does ------------------------------------------------------------------------ */

/* One step on the batch of step k, against a step of the other network on these samples alone. */
static void compare_step(setting *s, rn_index n_batch, const rn_index *batch)
{
    setting other;
    double theta[MOST];
    set_up(&other, make_model("samples"), "sgd", plain, N_PLAIN, "full");
    for (rn_index j = 0; j < n_batch; j++) {
        memcpy(other.x + j * SIZE, s->x + batch[j] * SIZE, SIZE * sizeof(double));
        memcpy(other.y + j * C, s->y + batch[j] * C, C * sizeof(double));
    }
    rn_trainer_desc desc = describe(&other);
    desc.train.n_samples = n_batch;
    assert_status(rn_trainer_create(&desc, &other.trainer), RN_OK);
    copy_weights(s->model, rn_trainer_theta(s->trainer), other.model, theta);
    const rn_train_state state = rn_trainer_state(s->trainer);
    assert_status(rn_trainer_set_state(other.trainer, &state, theta), RN_OK);
    assert_status(rn_trainer_advance(other.trainer, state.step + 1, NULL), RN_OK);
    assert_status(rn_trainer_advance(s->trainer, state.step + 1, NULL), RN_OK);
    copy_weights(s->model, rn_trainer_theta(s->trainer), other.model, theta);
    for (rn_index i = 0; i < rn_model_n_weights(other.model); i++)
        assert_close(theta[i], rn_trainer_theta(other.trainer)[i], 1e-14);
    tear_down(&other);
}

static void a_step_is_that_of_the_network_of_its_batch(void **state)
{
    (void)state;
    const char *const samplers[] = {"full", "reshuffled"};
    for (int k = 0; k < 2; k++) {
        setting s;
        rn_batches *batches = NULL;
        rn_index indices[N];
        rn_index count = 0;
        set_up(&s, make_model("running"), "sgd", plain, N_PLAIN, samplers[k]);
        start(&s);
        assert_status(rn_batches_create(s.sampler, N, SEED, &batches), RN_OK);
        for (rn_index step = 0; step < 4; step++) { /* the third batch of an epoch is shorter */
            assert_status(rn_batches_draw(batches, step, indices, &count), RN_OK);
            compare_step(&s, count, indices);
        }
        rn_batches_destroy(batches);
        tear_down(&s);
    }
}

/* Statistics of all samples make the measured network that of the samples given together. */
static void with_the_statistics_of_all_both_networks_agree(void **state)
{
    (void)state;
    setting s;
    rn_model *together = make_model("samples");
    double theta[MOST];
    double expected[ROWS];
    double found[ROWS];
    set_up(&s, make_model("running"), "sgd", plain, N_PLAIN, "full");
    start(&s);
    const rn_batch all = {.n_samples = N, .inputs = s.x, .targets = s.y};
    copy_weights(s.model, rn_trainer_theta(s.trainer), together, theta);
    values_outputs(together, theta, N, s.x, expected);
    assert_status(rn_trainer_predict(s.trainer, NULL, &all, found, NULL), RN_OK);
    for (int i = 0; i < ROWS; i++)
        assert_close(found[i], expected[i], 1e-13);
    /* and a sample's outputs do not depend on the others */
    const rn_batch one = {.n_samples = 1, .inputs = s.x + SIZE, .targets = s.y + C};
    assert_status(rn_trainer_predict(s.trainer, NULL, &one, expected, NULL), RN_OK);
    for (int c = 0; c < C; c++)
        assert_close(found[C + c], expected[c], 1e-14);
    rn_model_destroy(together);
    tear_down(&s);
}

/* One convolution of one place: z = W x, so that mean and variance are known from those of x. */
static void statistics_follow_their_batches(void **state)
{
    (void)state;
    enum { WIDTH = 3, STEPS = 7 };
    const double rate = 0.25;
    const rn_setting settings[] = {{"depth", "1"},        {"width", "3"},
                                   {"kernel", "1"},       {"norm", "batch"},
                                   {"pooling", "none"},   {"statistics_rate", "0.25"},
                                   {"activation", "tanh"}};
    setting s;
    rn_batches *batches = NULL;
    double mean[WIDTH] = {0};
    double variance[WIDTH] = {0};
    rn_model *model = values_model("convnet", settings, 7, RN_SHAPE(SIDE, SIDE), C);
    set_up(&s, model, "sgd", plain, N_PLAIN, "reshuffled");
    start(&s);
    assert_close(rn_model_statistics_rate(model), rate, 0.0);
    assert_status(rn_batches_create(s.sampler, N, SEED, &batches), RN_OK);
    for (rn_index step = 0; step < STEPS; step++) {
        rn_index indices[N];
        rn_index count = 0;
        double sum = 0.0;
        double square = 0.0;
        const double *theta = rn_trainer_theta(s.trainer);
        const double *weight = values_parameter(model, theta, "conv1.weight");
        assert_status(rn_batches_draw(batches, step, indices, &count), RN_OK);
        for (rn_index j = 0; j < count; j++)
            for (int i = 0; i < SIZE; i++)
                sum += s.x[indices[j] * SIZE + i] / (double)(count * SIZE);
        for (rn_index j = 0; j < count; j++)
            for (int i = 0; i < SIZE; i++)
                square += pow(s.x[indices[j] * SIZE + i] - sum, 2.0) / (double)(count * SIZE);
        for (int c = 0; c < WIDTH; c++) {
            const double share = step == 0 ? 1.0 : rate; /* they start from the first batch */
            mean[c] += share * (weight[c] * sum - mean[c]);
            variance[c] += share * (weight[c] * weight[c] * square - variance[c]);
        }
        assert_status(rn_trainer_advance(s.trainer, step + 1, NULL), RN_OK);
        for (int c = 0; c < WIDTH; c++) {
            assert_close(values_parameter(model, theta, "norm1.mean")[c], mean[c], 1e-14);
            assert_close(values_parameter(model, theta, "norm1.variance")[c], variance[c], 1e-14);
        }
    }
    rn_batches_destroy(batches);
    tear_down(&s);
}

/* State and theta are all there is: another trainer put there goes on with the same bits. */
static void a_trainer_put_in_its_place_goes_on_the_same(void **state)
{
    (void)state;
    const rn_setting momentum[] = {
        {"learning_rate", "0.05"}, {"relative", "false"}, {"momentum", "0.8"}};
    setting s[2];
    for (int k = 0; k < 2; k++) {
        set_up(&s[k], make_model("running"), "sgd", momentum, 3, "reshuffled");
        start(&s[k]);
    }
    assert_status(rn_trainer_advance(s[0].trainer, 4, NULL), RN_OK);
    const rn_train_state stand = rn_trainer_state(s[0].trainer);
    assert_status(rn_trainer_set_state(s[1].trainer, &stand, rn_trainer_theta(s[0].trainer)),
                  RN_OK);
    assert_status(rn_trainer_set_slot(s[1].trainer, 0, rn_trainer_slot(s[0].trainer, 0)), RN_OK);
    for (int k = 0; k < 2; k++)
        assert_status(rn_trainer_advance(s[k].trainer, 9, NULL), RN_OK);
    assert_memory_equal(rn_trainer_theta(s[0].trainer), rn_trainer_theta(s[1].trainer),
                        (size_t)rn_model_n_weights(s[0].model) * sizeof(double));
    for (int k = 0; k < 2; k++)
        tear_down(&s[k]);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static const struct {
    const char *kind;
    rn_setting settings[6];
    rn_index n;
    const char *sampler;
} rules[] = {
    {"gradient_descent", {{"learning_rate", "0.05"}, {"relative", "false"}}, 2, "full"},
    {"sgd", {{"learning_rate", "0.05"}, {"relative", "false"}}, 2, "distinct"},
    {"sgd",
     {{"learning_rate", "0.05"},
      {"relative", "false"},
      {"momentum", "0.6"},
      {"weight_decay", "0.1"},
      {"clip", "0.2"}},
     5,
     "distinct"},
    {"sgd", {{"learning_rate", "0.05"}, {"relative", "false"}, {"temperature", "0.01"}}, 3, "full"},
    {"adam", {{"learning_rate", "0.01"}, {"weight_decay", "0.1"}}, 2, "reshuffled"},
    {"adam",
     {{"learning_rate", "0.01"}, {"weight_decay", "0.1"}, {"decoupled", "false"}},
     3,
     "full"},
};

/* sum := the step from here, of grad L and of lines; statistics have no line but their own, and no
   gradient. */
static void add_lines(const setting *s, const bool *is, double tau, const double *p, double *sum)
{
    const rn_index n = rn_model_n_weights(s->model);
    double w[MOST];
    assert_status(rn_trainer_gradient(s->trainer, NULL, sum, NULL), RN_OK);
    for (rn_index i = 0; i < n; i++) {
        if (is[i]) assert_close(sum[i], 0.0, 0.0);
        sum[i] *= -tau * p[i];
    }
    for (int line = 0; line < RN_N_STEP_LINES; line++) {
        assert_status(rn_trainer_step_line(s->trainer, (rn_step_line)line, w), RN_OK);
        double moved = 0.0;
        for (rn_index i = 0; i < n; i++) {
            sum[i] += w[i];
            if (is[i] && line != RN_LINE_STATISTICS) assert_close(w[i], 0.0, 0.0);
            if (!is[i]) moved += fabs(w[i]);
        }
        assert_int_equal(moved > 0.0, rn_trainer_has_line(s->trainer, (rn_step_line)line));
    }
}

static void lines_add_up_to_the_step(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof rules / sizeof rules[0]; k++) {
        setting s;
        bool is[MOST] = {false};
        double before[MOST];
        double sum[MOST];
        double p[MOST];
        double velocity[MOST];
        set_up(&s, make_model("running"), rules[k].kind, rules[k].settings, rules[k].n,
               rules[k].sampler);
        start(&s);
        const rn_index n = rn_model_n_weights(s.model);
        assert_int_equal(find_statistics(s.model, is), 2 * 3 * 3); /* three norms of three */
        assert_true(rn_trainer_has_line(s.trainer, RN_LINE_STATISTICS));
        assert_status(rn_trainer_advance(s.trainer, 3, NULL), RN_OK);
        memcpy(before, rn_trainer_theta(s.trainer), (size_t)n * sizeof(double));
        const double tau = rn_trainer_step_size(s.trainer);
        assert_status(rn_trainer_preconditioner(s.trainer, p), RN_OK);
        assert_status(rn_trainer_velocity(s.trainer, velocity), RN_OK);
        add_lines(&s, is, tau, p, sum);
        assert_status(rn_trainer_advance(s.trainer, 4, NULL), RN_OK);
        for (rn_index i = 0; i < n; i++) {
            const double d = rn_trainer_theta(s.trainer)[i] - before[i];
            /* theta of order 1 rounds, and so do gradients of order 1 before P: a bias in front of
               a norm has none but rounding, of which Adam makes a step */
            const double rounding = 1e-14 + 1e-15 * tau * p[i];
            assert_close(d, sum[i], rounding);
            assert_close(tau * velocity[i], sum[i], rounding);
        }
        tear_down(&s);
    }
}

/* The batch's line does not see how training normalises: -tau (g_f(batch) - grad L), g_f from the
   gradients of single samples. */
static void the_line_of_the_batch_is_that_of_the_measured_network(void **state)
{
    (void)state;
    setting s;
    rn_batches *batches = NULL;
    rn_index indices[N];
    rn_index count = 0;
    double w[MOST];
    double all[MOST];
    set_up(&s, make_model("running"), "sgd", plain, N_PLAIN, "distinct");
    start(&s);
    const rn_index n = rn_model_n_weights(s.model);
    const rn_batch train = {.n_samples = N, .inputs = s.x, .targets = s.y};
    double *rows = rni_alloc(N * n, sizeof *rows);
    assert_non_null(rows);
    assert_status(rn_batches_create(s.sampler, N, SEED, &batches), RN_OK);
    assert_status(rn_trainer_advance(s.trainer, 2, NULL), RN_OK);
    assert_status(rn_batches_draw(batches, 2, indices, &count), RN_OK);
    assert_status(rn_trainer_sample_gradients(s.trainer, NULL, &train, rows), RN_OK);
    assert_status(rn_trainer_gradient(s.trainer, NULL, all, NULL), RN_OK);
    assert_status(rn_trainer_step_line(s.trainer, RN_LINE_MINIBATCH, w), RN_OK);
    for (rn_index i = 0; i < n; i++) {
        double mean = 0.0;
        for (rn_index j = 0; j < count; j++)
            mean += rows[indices[j] * n + i] / (double)count;
        assert_close(w[i], -0.05 * (mean - all[i]), 1e-15);
    }
    rni_free(rows);
    rn_batches_destroy(batches);
    tear_down(&s);
}

/* ---- the kernel ------------------------------------------------------------------------------ */

static rn_kernel *make_kernel(const setting *s, const rn_node *inputs)
{
    rn_node resting[6];
    rn_index n = 0;
    rn_kernel *kernel = NULL;
    rn_kernel_desc desc = rn_kernel_desc_defaults();
    for (rn_index i = 0; i < rn_model_n_parameters(s->model); i++) {
        const rn_parameter parameter = parameter_at(s->model, i);
        if (parameter.followed != RN_NODE_NONE) resting[n++] = parameter.node;
    }
    assert_int_equal(n, rn_model_n_statistics(s->model));
    desc.graph = rn_model_graph(s->model);
    desc.n_inputs = 1;
    desc.inputs = inputs;
    desc.output = rn_model_output(s->model);
    desc.n_resting = n;
    desc.resting = resting;
    assert_status(rn_kernel_create(&desc, &kernel), RN_OK);
    return kernel;
}

/* M by central differences of outputs, over the weights alone. */
static void kernel_by_hand(const setting *s, const double *theta, const bool *is, double *m)
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
    setting s;
    bool is[MOST] = {false};
    double u[ROWS];
    double back[MOST];
    double v[MOST];
    double forth[ROWS];
    double m[SQUARE];
    double expected[SQUARE];
    set_up(&s, make_model("running"), "sgd", plain, N_PLAIN, "distinct");
    start(&s);
    const rn_index n = rn_model_n_weights(s.model);
    const rn_node input = rn_model_input(s.model);
    const double *const inputs[] = {s.x};
    const double *theta = rn_trainer_theta(s.trainer);
    const rn_kernel_point point = {.n_samples = N, .inputs = inputs, .theta = theta};
    rn_kernel *kernel = make_kernel(&s, &input);
    find_statistics(s.model, is);
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
    tear_down(&s);
}

/* M' along v against M' as an operator and against central differences of M. */
static void check_tangent(const setting *s, rn_kernel *kernel, rn_kernel_point point,
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
    setting s;
    bool is[MOST] = {false};
    double v[MOST];
    set_up(&s, make_model("running"), "sgd", plain, N_PLAIN, "distinct");
    start(&s);
    const rn_node input = rn_model_input(s.model);
    const double *const inputs[] = {s.x};
    const rn_kernel_point point = {
        .n_samples = N, .inputs = inputs, .theta = rn_trainer_theta(s.trainer)};
    rn_kernel *kernel = make_kernel(&s, &input);
    find_statistics(s.model, is);
    values_normal(40, rn_model_n_weights(s.model), v);
    check_tangent(&s, kernel, point, v);
    for (rn_index i = 0; i < rn_model_n_weights(s.model); i++)
        if (!is[i]) v[i] = 0.0;
    check_tangent(&s, kernel, point, v); /* statistics alone matter, too */
    rn_kernel_destroy(kernel);
    tear_down(&s);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void flows_and_anchors_are_refused(void **state)
{
    (void)state;
    static const char *const kinds[] = {"gradient_flow", "svrg"};
    for (int k = 0; k < 2; k++) {
        setting s;
        set_up(&s, make_model("running"), kinds[k], NULL, 0, "full");
        const rn_trainer_desc desc = describe(&s);
        assert_status(rn_trainer_create(&desc, &s.trainer), RN_ERR_CONFIG);
        assert_message_has("running statistics");
        assert_null(s.trainer);
        tear_down(&s);
    }
}

static void what_rests_must_be_a_parameter(void **state)
{
    (void)state;
    rn_model *model = make_model("running");
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
        cmocka_unit_test(a_step_is_that_of_the_network_of_its_batch),
        cmocka_unit_test(with_the_statistics_of_all_both_networks_agree),
        cmocka_unit_test(statistics_follow_their_batches),
        cmocka_unit_test(a_trainer_put_in_its_place_goes_on_the_same),
        cmocka_unit_test(lines_add_up_to_the_step),
        cmocka_unit_test(the_line_of_the_batch_is_that_of_the_measured_network),
        cmocka_unit_test(the_kernel_is_that_of_the_weights),
        cmocka_unit_test(the_tangent_sees_statistics_move),
        cmocka_unit_test(flows_and_anchors_are_refused),
        cmocka_unit_test(what_rests_must_be_a_parameter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
