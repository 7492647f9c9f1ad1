#include "training.h"

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"

#define COUNT(array) ((rn_index)(sizeof(array) / sizeof((array)[0])))

rn_index training_count(const rn_setting *settings, rn_index capacity)
{
    rn_index n = 0;
    while (n < capacity && settings[n].key)
        n++;
    return n;
}

rn_status training_make_trainer(const training_plan *plan, training *t)
{
    const rn_index n_model = training_count(plan->model_settings, COUNT(plan->model_settings));
    const rn_index n_dynamics =
        training_count(plan->dynamics_settings, COUNT(plan->dynamics_settings));
    rn_status status = rn_model_create(plan->model, plan->model_settings, n_model,
                                       RN_SHAPE(plan->n_features), plan->n_outputs, &t->model);
    if (status == RN_OK) status = rn_loss_create("squared_error", NULL, 0, &t->loss);
    if (status == RN_OK)
        status =
            rn_dynamics_create(plan->dynamics, plan->dynamics_settings, n_dynamics, &t->dynamics);
    const rn_index n_sampler =
        training_count(plan->sampler_settings, COUNT(plan->sampler_settings));
    if (status == RN_OK && plan->sampler)
        status = rn_sampler_create(plan->sampler, plan->sampler_settings, n_sampler, &t->sampler);
    if (status != RN_OK) return status;
    const rn_trainer_desc desc = {.model = t->model,
                                  .loss = t->loss,
                                  .dynamics = t->dynamics,
                                  .sampler = t->sampler,
                                  .train = t->batch,
                                  .n_steps = plan->n_steps,
                                  .n_threads = plan->n_threads,
                                  .ranks = plan->ranks};
    status = rn_trainer_create(&desc, &t->trainer);
    return status == RN_OK ? rn_trainer_start(t->trainer, plan->seed) : status;
}

rn_status training_make(const training_plan *plan, training *out)
{
    const rn_index n = plan->n_samples;
    out->inputs = rni_alloc(n * plan->n_features, sizeof(double));
    out->targets = rni_alloc(n * plan->n_outputs, sizeof(double));
    out->labels = rni_alloc(n, sizeof(rn_index));
    if (!out->inputs || !out->targets || !out->labels) return RN_ERR_MEMORY;
    rni_stream stream = {.seed = plan->seed, .purpose = RNI_RNG_TEST, .part = 0};
    rni_rng_fill_normal(stream, 0, n * plan->n_features, out->inputs);
    stream.part = 1;
    rni_rng_fill_normal(stream, 0, n * plan->n_outputs, out->targets);
    stream.part = 2;
    for (rn_index i = 0; i < n; i++)
        out->labels[i] = (rn_index)rni_rng_below(stream, (uint64_t)i, (uint64_t)plan->n_outputs);
    out->batch = (rn_batch){
        .n_samples = n, .inputs = out->inputs, .targets = out->targets, .labels = out->labels};
    return training_make_trainer(plan, out);
}

void training_clear(training *t)
{
    rn_trainer_destroy(t->trainer);
    rn_dynamics_destroy(t->dynamics);
    rn_sampler_destroy(t->sampler);
    rn_loss_destroy(t->loss);
    rn_model_destroy(t->model);
    rni_free(t->inputs);
    rni_free(t->targets);
    rni_free(t->labels);
    *t = (training){0};
}
