#include "running_net.h"

#include <string.h>

#include "check.h"
#include "model_values.h"

const rn_setting running_plain[] = {{"learning_rate", "0.05"}, {"relative", "false"}};

rn_model *running_model(const char *statistics)
{
    const rn_setting settings[] = {{"stages", "1"},
                                   {"width", "3"},
                                   {"norm", "batch"},
                                   {"bias", "true"},
                                   {"statistics", statistics},
                                   {"activation", "tanh"}};
    return values_model("resnet", settings, 6, RN_SHAPE(SIDE, SIDE), C);
}

void running_set_up(running_net *s, rn_model *model, const char *kind, const rn_setting *settings,
                    rn_index n_settings, const char *sampler)
{
    const rn_setting size = {"batch_size", "5"};
    *s = (running_net){.model = model};
    assert_status(rn_loss_create("squared_error", NULL, 0, &s->loss), RN_OK);
    assert_status(rn_dynamics_create(kind, settings, n_settings, &s->dynamics), RN_OK);
    assert_status(rn_sampler_create(sampler, &size, strcmp(sampler, "full") != 0, &s->sampler),
                  RN_OK);
    values_normal(20, (rn_index)N * SIZE, s->x);
    values_normal(21, (rn_index)N * C, s->y);
    for (int i = 0; i < N * SIZE; i++)
        s->x[i] += 0.3; /* a mean that matters */
}

rn_trainer_desc running_describe(const running_net *s)
{
    return (rn_trainer_desc){.model = s->model,
                             .loss = s->loss,
                             .dynamics = s->dynamics,
                             .sampler = s->sampler,
                             .train = {.n_samples = N, .inputs = s->x, .targets = s->y},
                             .n_threads = 2};
}

void running_start(running_net *s)
{
    const rn_trainer_desc desc = running_describe(s);
    assert_status(rn_trainer_create(&desc, &s->trainer), RN_OK);
    assert_status(rn_trainer_start(s->trainer, SEED), RN_OK);
    assert_true(rn_model_n_weights(s->model) <= MOST);
}

void running_tear_down(running_net *s)
{
    rn_trainer_destroy(s->trainer);
    rn_sampler_destroy(s->sampler);
    rn_dynamics_destroy(s->dynamics);
    rn_loss_destroy(s->loss);
    rn_model_destroy(s->model);
}

rn_parameter running_parameter(const rn_model *model, rn_index i)
{
    rn_parameter parameter;
    assert_status(rn_model_parameter(model, i, &parameter), RN_OK);
    return parameter;
}

int running_entries(const rn_model *model, bool *is)
{
    int count = 0;
    for (rn_index i = 0; i < rn_model_n_parameters(model); i++) {
        const rn_parameter parameter = running_parameter(model, i);
        for (rn_index k = 0; k < parameter.size; k++) {
            is[parameter.offset + k] = parameter.followed != RN_NODE_NONE;
            count += is[parameter.offset + k];
        }
    }
    return count;
}
