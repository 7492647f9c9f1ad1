/*
 * The batch of a step: its samples gathered in their order, ready for tiles of their own.
 */
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "sampler/sampler.h"
#include "train/trainer.h"

static rn_status plan(rn_trainer *t, rn_index n_samples, int which)
{
    if (n_samples < 1) return RN_OK;
    RNI_TRY(rni_trainer_plan_step(t, n_samples, &t->batch_tiles[which]));
    if (!t->follows) return RN_OK;
    return rni_trainer_plan_tiles(t, &t->measured, n_samples, rni_trainer_tile(t, n_samples),
                                  &t->measured_tiles[which]);
}

rn_status rni_trainer_prepare_batches(rn_trainer *t, const rn_sampler *sampler)
{
    if (!sampler || sampler->kind->is_full)
        return t->follows ? rni_trainer_plan_step(t, t->desc.train.n_samples, &t->batch_tiles[0])
                          : RN_OK;
    RNI_TRY(rn_batches_create(sampler, t->desc.train.n_samples, 0, &t->batches));
    const rn_index n = rn_batches_largest(t->batches);
    rn_index n_inputs = 0;
    rn_index n_targets = 0;
    if (!rni_size_mul(n, t->n_features, &n_inputs) || !rni_size_mul(n, t->n_outputs, &n_targets))
        return rni_fail(RN_ERR_SHAPE, "rn_trainer_create: batch_size x features overflows");
    t->indices = rni_alloc(n, sizeof *t->indices);
    t->batch_inputs = rni_alloc(n_inputs, sizeof *t->batch_inputs);
    t->batch_targets = rni_alloc(n_targets, sizeof *t->batch_targets);
    if (!t->indices || !t->batch_inputs || !t->batch_targets)
        return rni_fail(RN_ERR_MEMORY, "rn_trainer_create: no memory for a batch of %" PRId64, n);
    RNI_TRY(plan(t, n, 0));
    return plan(t, rni_batches_rest(t->batches), 1);
}

rn_status rni_trainer_draw(rn_trainer *t, rn_batch *batch, int *which)
{
    rn_index count = 0;
    if (!t->batches) {
        *which = 0;
        *batch = t->desc.train;
        return RN_OK;
    }
    RNI_TRY(rn_batches_draw(t->batches, t->state.step, t->indices, &count));
    for (rn_index j = 0; j < count; j++) {
        const rn_index i = t->indices[j];
        memcpy(t->batch_inputs + j * t->n_features, t->desc.train.inputs + i * t->n_features,
               (size_t)t->n_features * sizeof(double));
        memcpy(t->batch_targets + j * t->n_outputs, t->desc.train.targets + i * t->n_outputs,
               (size_t)t->n_outputs * sizeof(double));
    }
    const bool is_short = t->batch_tiles[1] && count == rni_tiles_n_samples(t->batch_tiles[1]);
    *which = is_short ? 1 : 0;
    *batch = (rn_batch){.n_samples = count, .inputs = t->batch_inputs, .targets = t->batch_targets};
    return RN_OK;
}
