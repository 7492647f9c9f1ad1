/*
 * Every allocation from choosing a model to following its flow fails once: a clean error, no leak.
 */
#include <renorm/kernel.h>

#include "check.h"
#include "core/memory.h"
#include "core/status.h"
#include "model_values.h"
#include "training.h"

static rn_status use(training *t)
{
    rn_evaluation found;
    rn_status status = rn_trainer_advance(t->trainer, 2, NULL);
    if (status == RN_OK) status = rn_trainer_evaluate(t->trainer, &t->batch, &found);
    double theta[300];
    assert_true(rn_trainer_n_weights(t->trainer) <= 300);
    if (status == RN_OK) status = rn_flow_step(t->trainer, NULL, 0.01, theta);
    double outputs[20];
    const rn_batch few = {.n_samples = 5, .inputs = t->inputs, .targets = t->targets};
    if (status == RN_OK) status = rn_trainer_predict(t->trainer, NULL, &few, outputs, NULL);
    double gradients[5 * 300];
    if (status == RN_OK) status = rn_trainer_sample_gradients(t->trainer, NULL, &few, gradients);
    return status;
}

/* Calls attempt until none of its allocations fails; more than `least` of them did. */
static void fail_each(rn_status (*attempt)(const void *what), const void *what, long least)
{
    const rn_index before = rni_memory_bytes();
    rn_status status = RN_ERR_MEMORY;
    long fault = 0;
    while (status == RN_ERR_MEMORY) {
        (void)rni_fail_allocation(++fault);
        status = attempt(what);
        (void)rni_fail_allocation(0);
        assert_int_equal(rni_memory_bytes(), before);
    }
    assert_status(status, RN_OK);
    assert_true(fault > least); /* the loop went through all of them */
}

static rn_status make_and_use(const void *plan)
{
    training t = {0};
    rn_status status = training_make(plan, &t);
    if (status == RN_OK) status = use(&t);
    training_clear(&t);
    return status;
}

static void survive(const training_plan *plan)
{
    fail_each(make_and_use, plan, 50);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    const char *const models[] = {"mlp", "linear", "recurrent", "tied"};
    for (int k = 0; k < 4; k++) {
        const training_plan plan = {
            .model = models[k],
            .model_settings = {{k == 0 ? "depth" : NULL, "1"}, {"width", "5"}},
            .dynamics = k % 2 ? "gradient_flow" : "gradient_descent",
            .dynamics_settings = {{"relative", "false"},
                                  {k % 2 ? "interval" : "learning_rate", "0.01"}},
            .n_samples = 37,
            .n_features = 8,
            .n_outputs = 2,
            .n_threads = 2,
            .seed = 1};
        training_plan small = plan;
        if (k >= 2) small.model_settings[0] = (rn_setting){"width", "5"};
        if (k >= 2) small.model_settings[1].key = NULL;
        survive(&small);
    }
}

static void optimizers_survive_every_allocation_failure(void **state)
{
    (void)state;
    static const char *const kinds[] = {"sgd", "adam", "svrg", "inertial"};
    for (int k = 0; k < 4; k++) {
        const training_plan plan = {.model = "mlp",
                                    .model_settings = {{"depth", "1"}, {"width", "5"}},
                                    .dynamics = kinds[k],
                                    .dynamics_settings = {{"learning_rate", "0.01"},
                                                          {"milestones", "[1, 2]"},
                                                          {k == 1 ? NULL : "relative", "false"}},
                                    .sampler = k == 2 ? "distinct" : "reshuffled",
                                    .sampler_settings = {{"batch_size", "10"}},
                                    .n_samples = 37,
                                    .n_features = 8,
                                    .n_outputs = 2,
                                    .n_threads = 2,
                                    .seed = 1};
        survive(&plan);
    }
}

/* A network that is built twice, its trainer, and a kernel that leaves statistics out. */
static rn_status use_statistics(rn_model *model, rn_trainer *trainer, const double *inputs)
{
    double theta[60];
    double u[6] = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0};
    rn_node resting[2];
    rn_kernel *kernel = NULL;
    rn_kernel_desc desc = rn_kernel_desc_defaults();
    const rn_node input = rn_model_input(model);
    assert_true(rn_model_n_weights(model) <= 60);
    RNI_TRY(rn_trainer_start(trainer, 1));
    RNI_TRY(rn_trainer_advance(trainer, 2, NULL));
    RNI_TRY(rn_trainer_step_line(trainer, RN_LINE_STATISTICS, theta));
    desc.graph = rn_model_graph(model);
    desc.n_inputs = 1;
    desc.inputs = &input;
    desc.output = rn_model_output(model);
    desc.n_resting = values_statistics(model, 2, resting);
    desc.resting = resting;
    const rn_kernel_point point = {
        .n_samples = 3, .inputs = &inputs, .theta = rn_trainer_theta(trainer)};
    rn_status status = rn_kernel_create(&desc, &kernel);
    if (status == RN_OK) status = rn_jacobian_apply_transpose(kernel, &point, u, theta);
    rn_kernel_destroy(kernel);
    return status;
}

static rn_status make_and_use_statistics(const void *unused)
{
    (void)unused;
    static const rn_setting settings[] = {
        {"depth", "1"}, {"width", "2"}, {"norm", "batch"}, {"pooling", "none"}};
    static const rn_setting rates[] = {{"learning_rate", "0.01"}, {"relative", "false"}};
    static const rn_setting size = {"batch_size", "2"};
    const double inputs[] = {1.0, 0.5, 0.2, -0.3, 0.7, 0.1, -0.4, 0.9, -1.1, 0.6, 0.8, -0.2};
    const double targets[] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6};
    rn_model *model = NULL;
    rn_loss *loss = NULL;
    rn_dynamics *dynamics = NULL;
    rn_sampler *sampler = NULL;
    rn_trainer *trainer = NULL;
    rn_status status = rn_model_create("convnet", settings, 4, RN_SHAPE(2, 2), 2, &model);
    if (status == RN_OK) status = rn_loss_create("squared_error", NULL, 0, &loss);
    if (status == RN_OK) status = rn_dynamics_create("sgd", rates, 2, &dynamics);
    if (status == RN_OK) status = rn_sampler_create("reshuffled", &size, 1, &sampler);
    const rn_trainer_desc desc = {.model = model,
                                  .loss = loss,
                                  .dynamics = dynamics,
                                  .sampler = sampler,
                                  .train = {.n_samples = 3, .inputs = inputs, .targets = targets},
                                  .n_threads = 1};
    if (status == RN_OK) status = rn_trainer_create(&desc, &trainer);
    if (status == RN_OK) status = use_statistics(model, trainer, inputs);
    rn_trainer_destroy(trainer);
    rn_sampler_destroy(sampler);
    rn_dynamics_destroy(dynamics);
    rn_loss_destroy(loss);
    rn_model_destroy(model);
    return status;
}

static void running_statistics_survive_every_allocation_failure(void **state)
{
    (void)state;
    fail_each(make_and_use_statistics, NULL, 100);
}

/* Naming a node needs memory too: what succeeds must leave a sound graph behind. */
static void what_succeeds_leaves_a_sound_graph(void **state)
{
    (void)state;
    rn_loss *loss = NULL;
    assert_status(rn_loss_create("squared_error", NULL, 0, &loss), RN_OK);
    rn_status status = RN_ERR_MEMORY;
    for (long fault = 1; status == RN_ERR_MEMORY; fault++) {
        rn_model *model = NULL;
        rn_loss_nodes nodes = {.per_sample = 77};
        (void)rni_fail_allocation(fault);
        status = rn_model_create("linear", NULL, 0, RN_SHAPE(3), 2, &model);
        if (status == RN_OK) {
            rn_graph *graph = rn_model_graph(model);
            assert_status(rn_graph_status(graph), RN_OK);
            const rn_node targets = rn_graph_input(graph, NULL, RN_SHAPE(RN_SAMPLES, 2));
            status = rn_loss_append(loss, graph, rn_model_output(model), targets, &nodes);
            assert_status(rn_graph_status(graph), status);
            assert_int_equal(nodes.per_sample == 77, status < 0);
        }
        (void)rni_fail_allocation(0);
        rn_model_destroy(model);
    }
    assert_status(status, RN_OK);
    rn_loss_destroy(loss);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_every_allocation_failure),
        cmocka_unit_test(optimizers_survive_every_allocation_failure),
        cmocka_unit_test(running_statistics_survive_every_allocation_failure),
        cmocka_unit_test(what_succeeds_leaves_a_sound_graph)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
