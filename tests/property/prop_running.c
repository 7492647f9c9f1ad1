/*
 * Training with running statistics of batch norm. Witnesses: the same network normalised by the
 * samples given (statistics=samples), whose own tests are plain loops; a hand-written mean and
 * variance; gradients of single samples.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "model_values.h"
#include "running_net.h"

/* theta of `to` from the parameters of `from` that have the same names. */
static void copy_weights(const rn_model *from, const double *theta, const rn_model *to, double *out)
{
    for (rn_index i = 0; i < rn_model_n_parameters(to); i++) {
        const rn_parameter parameter = running_parameter(to, i);
        memcpy(out + parameter.offset, values_parameter(from, theta, parameter.name),
               (size_t)parameter.size * sizeof *out);
    }
}

/* ---- what a step does ------------------------------------------------------------------------ */

/* One step on the batch of step k, against a step of the other network on these samples alone. */
static void compare_step(running_net *s, rn_index n_batch, const rn_index *batch)
{
    running_net other;
    double theta[MOST];
    running_set_up(&other, running_model("samples"), "sgd", running_plain, RUNNING_N_PLAIN, "full");
    for (rn_index j = 0; j < n_batch; j++) {
        memcpy(other.x + j * SIZE, s->x + batch[j] * SIZE, SIZE * sizeof(double));
        memcpy(other.y + j * C, s->y + batch[j] * C, C * sizeof(double));
    }
    rn_trainer_desc desc = running_describe(&other);
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
    running_tear_down(&other);
}

static void a_step_is_that_of_the_network_of_its_batch(void **state)
{
    (void)state;
    const char *const samplers[] = {"full", "reshuffled"};
    for (int k = 0; k < 2; k++) {
        running_net s;
        rn_batches *batches = NULL;
        rn_index indices[N];
        rn_index count = 0;
        running_set_up(&s, running_model("running"), "sgd", running_plain, RUNNING_N_PLAIN,
                       samplers[k]);
        running_start(&s);
        assert_status(rn_batches_create(s.sampler, N, SEED, &batches), RN_OK);
        for (rn_index step = 0; step < 4; step++) { /* the third batch of an epoch is shorter */
            assert_status(rn_batches_draw(batches, step, indices, &count), RN_OK);
            compare_step(&s, count, indices);
        }
        rn_batches_destroy(batches);
        running_tear_down(&s);
    }
}

/* Statistics of all samples make the measured network that of the samples given together. */
static void with_the_statistics_of_all_both_networks_agree(void **state)
{
    (void)state;
    running_net s;
    rn_model *together = running_model("samples");
    double theta[MOST];
    double expected[ROWS];
    double found[ROWS];
    running_set_up(&s, running_model("running"), "sgd", running_plain, RUNNING_N_PLAIN, "full");
    running_start(&s);
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
    running_tear_down(&s);
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
    running_net s;
    rn_batches *batches = NULL;
    double mean[WIDTH] = {0};
    double variance[WIDTH] = {0};
    rn_model *model = values_model("convnet", settings, 7, RN_SHAPE(SIDE, SIDE), C);
    running_set_up(&s, model, "sgd", running_plain, RUNNING_N_PLAIN, "reshuffled");
    running_start(&s);
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
    running_tear_down(&s);
}

/* State and theta are all there is: another trainer put there goes on with the same bits. */
static void a_trainer_put_in_its_place_goes_on_the_same(void **state)
{
    (void)state;
    const rn_setting momentum[] = {
        {"learning_rate", "0.05"}, {"relative", "false"}, {"momentum", "0.8"}};
    running_net s[2];
    for (int k = 0; k < 2; k++) {
        running_set_up(&s[k], running_model("running"), "sgd", momentum, 3, "reshuffled");
        running_start(&s[k]);
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
        running_tear_down(&s[k]);
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
static void add_lines(const running_net *s, const bool *is, double tau, const double *p,
                      double *sum)
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
        running_net s;
        bool is[MOST] = {false};
        double before[MOST];
        double sum[MOST];
        double p[MOST];
        double velocity[MOST];
        running_set_up(&s, running_model("running"), rules[k].kind, rules[k].settings, rules[k].n,
                       rules[k].sampler);
        running_start(&s);
        const rn_index n = rn_model_n_weights(s.model);
        assert_int_equal(running_entries(s.model, is), 2 * 3 * 3); /* three norms of three */
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
        running_tear_down(&s);
    }
}

/* The batch's line does not see how training normalises: -tau (g_f(batch) - grad L), g_f from the
   gradients of single samples. */
static void the_line_of_the_batch_is_that_of_the_measured_network(void **state)
{
    (void)state;
    running_net s;
    rn_batches *batches = NULL;
    rn_index indices[N];
    rn_index count = 0;
    double w[MOST];
    double all[MOST];
    running_set_up(&s, running_model("running"), "sgd", running_plain, RUNNING_N_PLAIN, "distinct");
    running_start(&s);
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
    running_tear_down(&s);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void flows_and_anchors_are_refused(void **state)
{
    (void)state;
    static const char *const kinds[] = {"gradient_flow", "svrg"};
    for (int k = 0; k < 2; k++) {
        running_net s;
        running_set_up(&s, running_model("running"), kinds[k], NULL, 0, "full");
        const rn_trainer_desc desc = running_describe(&s);
        assert_status(rn_trainer_create(&desc, &s.trainer), RN_ERR_CONFIG);
        assert_message_has("running statistics");
        assert_null(s.trainer);
        running_tear_down(&s);
    }
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
        cmocka_unit_test(flows_and_anchors_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
