/*
 * Trainers: state, resuming, stopping, evaluation, and everything that is refused.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "train/tiles.h"
#include "training.h"

static training_plan small_net(const char *dynamics)
{
    return (training_plan){.model = "mlp",
                           .model_settings = {{"depth", "2"}, {"width", "12"}},
                           .dynamics = dynamics,
                           .n_samples = 40,
                           .n_features = 5,
                           .n_outputs = 3,
                           .n_threads = 2,
                           .seed = 4};
}

static training_plan absolute_net(const char *dynamics, const char *key, const char *value)
{
    training_plan plan = small_net(dynamics);
    plan.dynamics_settings[0] = (rn_setting){"relative", "false"};
    plan.dynamics_settings[1] = (rn_setting){key, value};
    return plan;
}

static training make(const training_plan *plan)
{
    training t = {0};
    assert_status(training_make(plan, &t), RN_OK);
    return t;
}

/* ---- state -------------------------------------------------------------------------------- */

/* Goes to steps 10, 20, 30, handing the state to a fresh trainer in between if asked. */
static void travel(const training_plan *plan, bool is_interrupted, double *theta,
                   rn_train_state *end)
{
    training t = make(plan);
    for (rn_index stop = 10; stop <= 30; stop += 10) {
        assert_status(rn_trainer_advance(t.trainer, stop, NULL), RN_OK);
        if (!is_interrupted) continue;
        training next = make(plan);
        const rn_train_state state = rn_trainer_state(t.trainer);
        assert_status(rn_trainer_set_state(next.trainer, &state, rn_trainer_theta(t.trainer)),
                      RN_OK);
        training_clear(&t);
        t = next;
    }
    memcpy(theta, rn_trainer_theta(t.trainer),
           (size_t)rn_trainer_n_weights(t.trainer) * sizeof *theta);
    *end = rn_trainer_state(t.trainer);
    training_clear(&t);
}

static void resumed_training_has_the_same_bits(void **state)
{
    (void)state;
    const training_plan plans[] = {
        absolute_net("gradient_descent", "learning_rate", "0.05"),
        absolute_net("gradient_flow", "interval", "0.05"),
    };
    for (int k = 0; k < 2; k++) {
        enum { ROOM = 1000 };
        double theta[2][ROOM] = {{0}};
        rn_train_state end[2] = {{0}};
        travel(&plans[k], false, theta[0], &end[0]);
        travel(&plans[k], true, theta[1], &end[1]);
        assert_memory_equal(theta[0], theta[1], sizeof theta[0]);
        assert_memory_equal(&end[0], &end[1], sizeof end[0]);
        assert_int_equal(end[0].step, 30);
        assert_close(end[0].time, 1.5, 1e-14);
    }
}

static void a_descent_step_is_theta_minus_eta_gradient(void **state)
{
    (void)state;
    const training_plan plan = absolute_net("gradient_descent", "learning_rate", "0.05");
    training t = make(&plan);
    const rn_index n = rn_trainer_n_weights(t.trainer);
    double *g = rni_alloc(3 * n, sizeof *g);
    assert_non_null(g);
    assert_status(rn_trainer_gradient(t.trainer, NULL, g, NULL), RN_OK);
    assert_status(rn_trainer_velocity(t.trainer, g + n), RN_OK);
    memcpy(g + 2 * n, rn_trainer_theta(t.trainer), (size_t)n * sizeof *g);
    assert_close(rn_trainer_step_size(t.trainer), 0.05, 0.0);
    assert_status(rn_trainer_advance(t.trainer, 1, NULL), RN_OK);
    for (rn_index i = 0; i < n; i++) {
        assert_close(g[n + i], -g[i], 0.0);
        assert_close(rn_trainer_theta(t.trainer)[i], g[2 * n + i] - 0.05 * g[i], 0.0);
    }
    assert_status(rn_trainer_advance(t.trainer, 1, NULL), RN_OK); /* already there */
    assert_int_equal(rn_trainer_state(t.trainer).step, 1);
    assert_true(rn_trainer_bytes(t.trainer) > 3 * n * (rn_index)sizeof(double));
    rni_free(g);
    training_clear(&t);
}

static void relative_settings_need_the_scale(void **state)
{
    (void)state;
    const char *const kinds[] = {"gradient_descent", "gradient_flow"};
    for (int k = 0; k < 2; k++) {
        const training_plan plan = small_net(kinds[k]);
        training t = make(&plan);
        assert_true(rn_dynamics_needs_scale(t.dynamics));
        assert_true(isnan(rn_trainer_step_size(t.trainer)));
        assert_status(rn_trainer_advance(t.trainer, 1, NULL), RN_ERR_ARGUMENT);
        assert_message_has("rn_trainer_set_scale");
        assert_status(rn_trainer_set_scale(t.trainer, 0.0), RN_ERR_ARGUMENT);
        assert_status(rn_trainer_set_scale(t.trainer, (double)NAN), RN_ERR_ARGUMENT);
        assert_status(rn_trainer_set_scale(t.trainer, 8.0), RN_OK);
        assert_close(rn_trainer_step_size(t.trainer), 0.125, 0.0);
        assert_status(rn_trainer_advance(t.trainer, 2, NULL), RN_OK);
        assert_close(rn_trainer_state(t.trainer).time, 0.25, 0.0);
        training_clear(&t);
    }
}

/* ---- tiles -------------------------------------------------------------------------------- */

static void tiles_are_a_quarter_of_few_samples_and_never_less_work_than_a_hand_over(void **state)
{
    (void)state;
    const rn_index many = 1 << 20;
    assert_int_equal(rni_tile_size(1, many), 8);
    assert_int_equal(rni_tile_size(33, many), 9);
    assert_int_equal(rni_tile_size(128, many), 32);
    assert_int_equal(rni_tile_size(100000, many), 64);
    assert_int_equal(rni_tile_size(100000, 1000), 132);
    assert_int_equal(rni_tile_size(20, 7), 4096);
    double values[5] = {1.0, 2.0, 4.0, 8.0, 16.0};
    assert_close(rni_tree_sum(values, 5), 31.0, 0.0);
    assert_close(rni_tree_sum(values, 0), 0.0, 0.0);
}

static void memory_in_use_is_what_was_stated(void **state)
{
    (void)state;
    training_plan plan = small_net("gradient_descent");
    plan.model_settings[1].value = "200"; /* 82 000 weights */
    plan.n_samples = 300;
    training t = make(&plan);
    rn_trainer_desc desc = {
        .model = t.model, .loss = t.loss, .dynamics = t.dynamics, .train = t.batch, .n_threads = 2};
    rn_trainer *second = NULL; /* the graph has grown already: what comes is the trainer's own */
    const rn_index before = rni_memory_bytes();
    assert_status(rn_trainer_create(&desc, &second), RN_OK);
    const double grown = (double)(rni_memory_bytes() - before);
    /* plans, nodes and lists come on top: 2 % for a net of this size */
    assert_close((double)rn_trainer_bytes(second) / grown, 0.99, 0.01);
    rn_trainer_destroy(second);
    training_clear(&t);
}

/* ---- stopping ----------------------------------------------------------------------------- */

static int stop_at_third(void *user)
{
    int *asked = user;
    return ++*asked > 3;
}

static void stops_between_steps_when_asked(void **state)
{
    (void)state;
    int asked = 0;
    const rn_observer observer = {.should_stop = stop_at_third, .user = &asked};
    const training_plan descent = absolute_net("gradient_descent", "learning_rate", "0.05");
    training t = make(&descent);
    assert_status(rn_trainer_advance(t.trainer, 100, &observer), RN_INTERRUPTED);
    assert_int_equal(rn_trainer_state(t.trainer).step, 3);
    training_clear(&t);

    asked = 0;
    const training_plan flow = absolute_net("gradient_flow", "interval", "0.05");
    t = make(&flow);
    double *theta = rni_alloc(rn_trainer_n_weights(t.trainer), sizeof *theta);
    assert_non_null(theta);
    const size_t bytes = (size_t)rn_trainer_n_weights(t.trainer) * sizeof *theta;
    memcpy(theta, rn_trainer_theta(t.trainer), bytes);
    assert_status(rn_trainer_advance(t.trainer, 100, &observer), RN_INTERRUPTED);
    assert_int_equal(rn_trainer_state(t.trainer).step, 0);
    assert_memory_equal(theta, rn_trainer_theta(t.trainer), bytes);
    rni_free(theta);
    training_clear(&t);
}

static void divergence_says_when_and_what_to_do(void **state)
{
    (void)state;
    /* a linear model with a rate beyond 2/lambda_max grows without a bound */
    training_plan plan = absolute_net("gradient_descent", "learning_rate", "50");
    plan.model = "linear";
    plan.model_settings[0].key = NULL;
    training t = make(&plan);
    assert_status(rn_trainer_advance(t.trainer, 1000, NULL), RN_ERR_NONFINITE);
    assert_message_has("learning rate 50 diverges");
    assert_message_has("choose a smaller one");
    const rn_train_state at = rn_trainer_state(t.trainer);
    assert_true(at.step >= 1 && at.step < 20);
    double loss = 0.0;
    assert_status(rn_trainer_gradient(t.trainer, &loss, NULL, NULL), RN_OK);
    assert_true(loss > 1e10 * at.first_loss);
    training_clear(&t);

    /* a deep net jumps from finite to NaN */
    plan = absolute_net("gradient_descent", "learning_rate", "1e200");
    t = make(&plan);
    assert_status(rn_trainer_advance(t.trainer, 1000, NULL), RN_ERR_NONFINITE);
    assert_message_has("learning rate 1e+200 diverges");
    assert_status(rn_trainer_gradient(t.trainer, &loss, NULL, NULL), RN_ERR_NONFINITE);
    rn_evaluation found = {.loss = -1.0};
    assert_status(rn_trainer_evaluate(t.trainer, &t.batch, &found), RN_ERR_NONFINITE);
    assert_close(found.loss, -1.0, 0.0);
    training_clear(&t);
}

/* ---- evaluation ---------------------------------------------------------------------------- */

static void accuracy_counts_largest_outputs_and_ties_go_to_the_lowest_index(void **state)
{
    (void)state;
    /* f = x by the identity matrix: outputs are the inputs */
    double inputs[] = {0, 1, 0, /**/ 2, 2, 1, /**/ 2, 2, 1, /**/ -1, -3, -1, /**/ 5, 6, 7};
    double targets[15] = {0};
    rn_index labels[] = {1, 0, 1, 0, 2};
    const training_plan plan = {.model = "linear",
                                .dynamics = "gradient_descent",
                                .n_features = 3,
                                .n_outputs = 3,
                                .n_threads = 1};
    training t = {.batch = {.n_samples = 5, .inputs = inputs, .targets = targets}};
    assert_status(training_make_trainer(&plan, &t), RN_OK);
    const double identity[] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    const rn_train_state start = {0};
    assert_status(rn_trainer_set_state(t.trainer, &start, identity), RN_OK);
    rn_evaluation found;
    assert_status(rn_trainer_evaluate(t.trainer, &t.batch, &found), RN_OK);
    assert_true(isnan(found.accuracy));
    t.batch.labels = labels;
    assert_status(rn_trainer_evaluate(t.trainer, &t.batch, &found), RN_OK);
    assert_close(found.accuracy, 0.8, 1e-15);
    assert_close(found.loss, (1.0 + 9.0 + 9.0 + 11.0 + 110.0) / 10.0, 1e-13);
    labels[2] = 3;
    assert_status(rn_trainer_evaluate(t.trainer, &t.batch, &found), RN_ERR_ARGUMENT);
    assert_message_has("label 3 of sample 2");
    /* samples other than the training ones, and any theta */
    const double double_identity[] = {2, 0, 0, 0, 2, 0, 0, 0, 2};
    double outputs[6];
    double residual[6];
    const rn_batch two = {.n_samples = 2, .inputs = inputs + 3, .targets = inputs + 3};
    assert_status(rn_trainer_predict(t.trainer, double_identity, &two, outputs, residual), RN_OK);
    for (int i = 0; i < 6; i++) {
        assert_close(outputs[i], 2.0 * inputs[3 + i], 0.0);
        assert_close(residual[i], inputs[3 + i], 0.0);
    }
    assert_memory_equal(rn_trainer_theta(t.trainer), identity, sizeof identity);
    t.inputs = NULL;
    training_clear(&t);
}

static void many_different_batches_can_be_evaluated_in_turn(void **state)
{
    (void)state;
    const rn_index before = rni_memory_bytes();
    const training_plan plan = small_net("gradient_descent");
    training t = make(&plan);
    rn_index bytes = rn_trainer_bytes(t.trainer);
    for (rn_index n = 4; n >= 1; n--) { /* the plans of a few sizes are kept, not replaced */
        const rn_batch some = {.n_samples = n, .inputs = t.inputs, .targets = t.targets};
        rn_evaluation found;
        assert_status(rn_trainer_evaluate(t.trainer, &some, &found), RN_OK);
        assert_true(rn_trainer_bytes(t.trainer) > bytes);
        bytes = rn_trainer_bytes(t.trainer);
    }
    double first[9] = {0};
    for (int round = 0; round < 2; round++)
        for (rn_index n = 1; n <= 8; n++) {
            const rn_batch some = {
                .n_samples = n, .inputs = t.inputs, .targets = t.targets, .labels = t.labels};
            rn_evaluation found;
            assert_status(rn_trainer_evaluate(t.trainer, &some, &found), RN_OK);
            if (round == 0) first[n] = found.loss;
            assert_close(found.loss, first[n], 0.0);
        }
    training_clear(&t);
    assert_int_equal(rni_memory_bytes(), before);
}

/* ---- refusals ------------------------------------------------------------------------------ */

static void not_a_number_is_refused_where_it_enters(void **state)
{
    (void)state;
    const training_plan plan = small_net("gradient_descent");
    training t = make(&plan);
    rn_trainer_desc desc = {
        .model = t.model, .loss = t.loss, .dynamics = t.dynamics, .train = t.batch, .n_threads = 1};
    rn_trainer *none = NULL;
    t.inputs[17] = (double)NAN;
    assert_status(rn_trainer_create(&desc, &none), RN_ERR_NONFINITE);
    assert_message_has("inputs of sample 3");
    t.inputs[17] = 0.0;
    t.targets[4] = (double)INFINITY;
    assert_status(rn_trainer_create(&desc, &none), RN_ERR_NONFINITE);
    assert_message_has("targets of sample 1");
    t.targets[4] = 0.0;
    desc.n_threads = 0;
    assert_status(rn_trainer_create(&desc, &none), RN_ERR_ARGUMENT);
    desc.n_threads = 1;
    desc.train.n_samples = 0;
    assert_status(rn_trainer_create(&desc, &none), RN_ERR_ARGUMENT);
    desc.train = t.batch;
    desc.loss = NULL;
    assert_status(rn_trainer_create(&desc, &none), RN_ERR_ARGUMENT);
    assert_status(rn_trainer_create(NULL, &none), RN_ERR_ARGUMENT);
    assert_null(none);

    const rn_index n = rn_trainer_n_weights(t.trainer);
    double *theta = rni_alloc_zero(n, sizeof *theta);
    assert_non_null(theta);
    const double before = rn_trainer_theta(t.trainer)[2];
    rn_train_state at = {.step = 3, .time = 1.0};
    theta[2] = (double)NAN;
    assert_status(rn_trainer_set_state(t.trainer, &at, theta), RN_ERR_NONFINITE);
    assert_message_has("weight 2");
    theta[2] = 0.0;
    at.time = (double)NAN;
    assert_status(rn_trainer_set_state(t.trainer, &at, theta), RN_ERR_ARGUMENT);
    assert_close(rn_trainer_theta(t.trainer)[2], before, 0.0);
    assert_int_equal(rn_trainer_state(t.trainer).step, 0);
    assert_status(rn_flow_step(t.trainer, NULL, (double)NAN, theta), RN_ERR_ARGUMENT);
    theta[0] = (double)NAN;
    double *out = rni_alloc_zero(n, sizeof *out);
    assert_non_null(out);
    assert_status(rn_flow_step(t.trainer, theta, 0.1, out), RN_ERR_NONFINITE);
    assert_close(out[0], 0.0, 0.0);
    assert_status(rn_flow_step(t.trainer, NULL, 0.0, out), RN_OK);
    assert_memory_equal(out, rn_trainer_theta(t.trainer), (size_t)n * sizeof *out);
    rni_free(theta);
    rni_free(out);
    training_clear(&t);
    rn_trainer_destroy(NULL);
    rn_dynamics_destroy(NULL);
}

/* theta [ROOM] after one step of the flow with one more setting. */
enum { FLOW_ROOM = 1000 };
static void flow_with(const char *key, const char *value, double *theta)
{
    training_plan plan = absolute_net("gradient_flow", "interval", "1");
    plan.dynamics_settings[2] = (rn_setting){key, value};
    training t = make(&plan);
    assert_status(rn_trainer_advance(t.trainer, 1, NULL), RN_OK);
    memset(theta, 0, FLOW_ROOM * sizeof *theta);
    assert_true(rn_trainer_n_weights(t.trainer) <= FLOW_ROOM);
    memcpy(theta, rn_trainer_theta(t.trainer),
           (size_t)rn_trainer_n_weights(t.trainer) * sizeof *theta);
    training_clear(&t);
}

static void every_setting_of_the_flow_has_an_effect(void **state)
{
    (void)state;
    const rn_setting settings[] = {{"order", "3"}, {"order", "4"}, {"order", "6"},
                                   {"order", "8"}, {"rtol", "0"},  {"atol", "1e-4"}};
    enum { N = sizeof settings / sizeof settings[0] };
    static double theta[N + 1][FLOW_ROOM];
    flow_with("order", "5", theta[N]);
    for (int k = 0; k < N; k++) {
        flow_with(settings[k].key, settings[k].value, theta[k]);
        for (int i = 0; i < FLOW_ROOM; i++) /* all of them follow the same flow */
            assert_close(theta[k][i], theta[N][i], 1e-3);
        for (int other = 0; other < k; other++)
            assert_memory_not_equal(theta[k], theta[other], sizeof theta[k]);
        assert_memory_not_equal(theta[k], theta[N], sizeof theta[k]);
    }
}

static void expect_refusal(const char *kind, const char *key, const char *value, const char *part)
{
    const rn_setting setting = {key, value};
    rn_dynamics *dynamics = NULL;
    assert_status(rn_dynamics_create(kind, &setting, 1, &dynamics), RN_ERR_CONFIG);
    assert_message_has(part);
    assert_null(dynamics);
}

static void mistakes_in_settings_are_named(void **state)
{
    (void)state;
    expect_refusal("gradient_descent", "learning_rate", "0", "a number > 0");
    expect_refusal("gradient_descent", "learning_rat", "1", "did you mean 'learning_rate'?");
    expect_refusal("gradient_flow", "order", "7", "expected 3, 4, 5, 6 or 8");
    expect_refusal("gradient_flow", "rtol", "1e400", "train.rtol");
    expect_refusal("gradient_flow", "learning_rate", "1", "unknown");
    rn_dynamics *dynamics = NULL;
    assert_status(rn_dynamics_create("newton", NULL, 0, &dynamics), RN_ERR_ARGUMENT);
    const rn_setting empty = {NULL, "1"};
    assert_status(rn_dynamics_create("gradient_flow", &empty, 1, &dynamics), RN_ERR_ARGUMENT);
    assert_null(rn_dynamics_kind(6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resumed_training_has_the_same_bits),
        cmocka_unit_test(a_descent_step_is_theta_minus_eta_gradient),
        cmocka_unit_test(relative_settings_need_the_scale),
        cmocka_unit_test(tiles_are_a_quarter_of_few_samples_and_never_less_work_than_a_hand_over),
        cmocka_unit_test(memory_in_use_is_what_was_stated),
        cmocka_unit_test(stops_between_steps_when_asked),
        cmocka_unit_test(divergence_says_when_and_what_to_do),
        cmocka_unit_test(accuracy_counts_largest_outputs_and_ties_go_to_the_lowest_index),
        cmocka_unit_test(many_different_batches_can_be_evaluated_in_turn),
        cmocka_unit_test(not_a_number_is_refused_where_it_enters),
        cmocka_unit_test(every_setting_of_the_flow_has_an_effect),
        cmocka_unit_test(mistakes_in_settings_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
