/*
 * Test support: a model, a loss, a dynamics and a trainer on random samples, in one call.
 */
#ifndef RENORM_TESTS_TRAINING_H
#define RENORM_TESTS_TRAINING_H

#include <renorm/train.h>

/** What to build; lists of settings end at the first NULL key. */
typedef struct training_plan {
    const char *model;
    rn_setting model_settings[12];
    const char *dynamics;
    rn_setting dynamics_settings[10];
    const char *sampler; /**< NULL: all samples */
    rn_setting sampler_settings[2];
    rn_index n_steps; /**< told to the trainer */
    rn_index n_samples;
    rn_index n_features;
    rn_index n_outputs;
    int n_threads;
    uint64_t seed;
    const rn_communicator *ranks;
} training_plan;

/** Zero-initialise; end with training_clear. Arrays are owned. */
typedef struct training {
    rn_model *model;
    rn_loss *loss;
    rn_dynamics *dynamics;
    rn_sampler *sampler;
    rn_trainer *trainer;
    double *inputs;   /**< [N x D] standard normal */
    double *targets;  /**< [N x C] standard normal */
    rn_index *labels; /**< [N] of 0 .. C-1 */
    rn_batch batch;
} training;

/** Number of settings in front of the first NULL key. */
rn_index training_count(const rn_setting *settings, rn_index capacity);

/** Everything, started from the plan's seed. What was made stays in *out on failure too. */
rn_status training_make(const training_plan *plan, training *out);

/** The trainer alone, for samples that are already in t->batch. */
rn_status training_make_trainer(const training_plan *plan, training *t);

void training_clear(training *t);

#endif
