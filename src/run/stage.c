/*
 * Building what a configuration describes.
 */
#include "run/stage.h"

#include "core/memory.h"
#include "core/settings.h"
#include "core/size.h"
#include "core/status.h"
#include "data/source.h"
#include "loss/loss.h"
#include "model/model.h"
#include "run/measure.h"
#include "run/sections.h"
#include "sampler/sampler.h"
#include "train/dynamics.h"

static rn_batch make_batch(const rn_data *data, rn_data_part part)
{
    const rn_data_split split = rn_data_get(data, part);
    return (rn_batch){.n_samples = split.n_samples,
                      .inputs = split.inputs,
                      .targets = split.targets,
                      .labels = split.labels};
}

static rn_status make_model(const rni_settings *settings, rni_stage *stage)
{
    const rn_shape shape = rn_shape_make(rn_data_rank(stage->data), rn_data_shape(stage->data));
    RNI_TRY(rni_model_build(rni_settings_table(settings, "model"),
                            rni_settings_get(settings, "model"), shape,
                            rn_data_target_size(stage->data), &stage->model));
    stage->n_weights = rn_model_n_weights(stage->model);
    const int is_smooth =
        rn_graph_is_smooth(rn_model_graph(stage->model), rn_model_output(stage->model));
    stage->has_kinks = is_smooth == 0;
    return is_smooth < 0 ? (rn_status)is_smooth : RN_OK;
}

/* [n] the running statistics of a model, n > 0. Release with rni_free. */
static rn_node *list_statistics(const rn_model *model, rn_index n)
{
    rn_node *nodes = rni_alloc(n, sizeof *nodes);
    rn_parameter parameter;
    n = 0;
    for (rn_index i = 0; nodes && i < rn_model_n_parameters(model); i++)
        if (rn_model_parameter(model, i, &parameter) == RN_OK && parameter.followed != RN_NODE_NONE)
            nodes[n++] = parameter.node;
    return nodes;
}

static rn_status make_kernels(rni_stage *stage, rn_kernel_desc desc)
{
    rn_loss_nodes nodes;
    rn_node inputs[] = {rn_model_input(stage->model), RN_NODE_NONE};
    RNI_TRY(rn_trainer_loss_nodes(stage->trainer, &nodes, &inputs[1]));
    desc.graph = rn_model_graph(stage->model);
    desc.n_inputs = nodes.seed == RN_NODE_NONE ? 1 : 2;
    desc.inputs = inputs;
    desc.output = rn_model_output(stage->model);
    desc.seed = nodes.seed;
    desc.n_threads = stage->n_threads;
    stage->inputs[0] = stage->train.inputs;
    stage->inputs[1] = stage->train.targets;
    RNI_TRY(rn_kernel_create(&desc, &stage->kernel));
    if (nodes.seed == RN_NODE_NONE) return RN_OK;
    desc.output = nodes.error;
    desc.seed = RN_NODE_NONE;
    return rn_kernel_create(&desc, &stage->change);
}

static rn_status make_kernel(rni_stage *stage)
{
    rn_kernel_desc desc = rn_kernel_desc_defaults();
    desc.n_resting = rn_model_n_statistics(stage->model);
    if (desc.n_resting == 0) return make_kernels(stage, desc);
    rn_node *statistics = list_statistics(stage->model, desc.n_resting);
    if (!statistics) return rni_fail(RN_ERR_MEMORY, "rn_run_execute: no memory for statistics");
    desc.resting = statistics;
    const rn_status status = make_kernels(stage, desc);
    rni_free(statistics);
    return status;
}

static rn_status make_trainer(const rni_settings *settings, uint64_t seed, rni_stage *stage)
{
    const rni_run_settings *top = rni_settings_get(settings, "");
    const rn_trainer_desc desc = {.model = stage->model,
                                  .loss = stage->loss,
                                  .dynamics = stage->dynamics,
                                  .sampler = stage->sampler,
                                  .train = stage->train,
                                  .n_steps = top->steps,
                                  .n_threads = stage->n_threads};
    RNI_TRY(rn_trainer_create(&desc, &stage->trainer));
    stage->epoch = rn_trainer_epoch(stage->trainer);
    stage->follows_gradient =
        !rn_trainer_is_preconditioned(stage->trainer) && rn_trainer_has_flow_time(stage->trainer);
    for (int line = 0; line < RN_N_STEP_LINES; line++)
        if (rn_trainer_has_line(stage->trainer, (rn_step_line)line))
            stage->follows_gradient = false;
    RNI_TRY(
        rni_measure_check_time(rni_measure_find(rni_settings_table(settings, "measure")), stage));
    return rn_trainer_start(stage->trainer, seed);
}

static rn_status make_data(const rni_settings *settings, uint64_t seed, rni_stage *stage)
{
    RNI_TRY(rni_data_load(rni_settings_table(settings, "data"), rni_settings_get(settings, "data"),
                          seed, &stage->data));
    stage->train = make_batch(stage->data, RN_DATA_TRAIN);
    stage->held_out = make_batch(stage->data, RN_DATA_HELD_OUT);
    return RN_OK;
}

static rn_status make_axes(const rni_settings *settings, rni_stage *stage)
{
    RNI_TRY(rni_loss_wrap(rni_settings_table(settings, "loss"), rni_settings_get(settings, "loss"),
                          &stage->loss));
    RNI_TRY(rni_sampler_wrap(rni_settings_table(settings, "sampler"),
                             rni_settings_get(settings, "sampler"), &stage->sampler));
    RNI_TRY(rn_loss_check_targets(stage->loss, stage->held_out.n_samples,
                                  rn_data_target_size(stage->data), stage->held_out.targets));
    return rni_dynamics_wrap(rni_settings_table(settings, "train"),
                             rni_settings_get(settings, "train"), &stage->dynamics);
}

static rn_status build(const rni_settings *settings, uint64_t seed, rni_stage *stage)
{
    RNI_TRY(rni_pool_create(stage->n_threads, &stage->pool));
    RNI_TRY(make_data(settings, seed, stage));
    RNI_TRY(make_model(settings, stage));
    RNI_TRY(make_axes(settings, stage));
    RNI_TRY(make_trainer(settings, seed, stage));
    RNI_TRY(make_kernel(stage));
    if (!rni_size_mul(stage->train.n_samples, rn_kernel_rows_per_sample(stage->kernel),
                      &stage->n_rows))
        return rni_fail(RN_ERR_SHAPE, "rn_run_execute: samples x outputs overflows");
    return RN_OK;
}

rn_status rni_stage_create(const rn_config *config, uint64_t seed, int n_threads, rni_stage *out)
{
    rni_stage stage = {.seed = seed, .n_threads = n_threads};
    const rn_status status = build(rni_config_settings(config), seed, &stage);
    if (status < 0) {
        rni_stage_clear(&stage);
        return status;
    }
    *out = stage;
    return RN_OK;
}

void rni_stage_clear(rni_stage *stage)
{
    rni_pool_destroy(stage->pool);
    rn_kernel_destroy(stage->kernel);
    rn_kernel_destroy(stage->change);
    rn_trainer_destroy(stage->trainer);
    rn_dynamics_destroy(stage->dynamics);
    rn_sampler_destroy(stage->sampler);
    rn_loss_destroy(stage->loss);
    rn_model_destroy(stage->model);
    rn_data_destroy(stage->data);
    *stage = (rni_stage){0};
}

rn_kernel_point rni_stage_point(const rni_stage *stage, const double *theta)
{
    return (rn_kernel_point){
        .n_samples = stage->train.n_samples, .inputs = stage->inputs, .theta = theta};
}

rn_status rni_stage_push(const rni_stage *stage, const rn_kernel_point *point, const double *v,
                         double *out)
{
    return rn_jacobian_apply(stage->change ? stage->change : stage->kernel, point, v, out);
}
