/*
 * A trainer of the engine that is followed step by step: what stationary dynamics is measured on.
 * Squared error, one thread; everything else is a model, a dynamics and a sampler by name.
 */
#ifndef RNI_SYSTEMS_WALK_H
#define RNI_SYSTEMS_WALK_H

#include <renorm/train.h>

enum { RNI_WALK_SETTINGS = 8 };

/** What walks. Unused settings have no key. Zero-initialise. */
typedef struct rni_walk_plan {
    const char *model;
    rn_setting model_settings[RNI_WALK_SETTINGS];
    rn_index n_features;
    const char *dynamics; /**< sgd, svrg, inertial; its learning rate is absolute */
    double learning_rate;
    double momentum;
    double weight_decay;
    double temperature;
    rn_index anchor_every; /**< svrg */
    const char *scheme;    /**< inertial */
    double friction;       /**< the same */
    const char *sampler;   /**< NULL: all samples */
    rn_index batch_size;
    rn_index n_samples;
    const double *inputs;  /**< [n_samples x n_features] borrowed while the walk lives */
    const double *targets; /**< [n_samples] the same */
} rni_walk_plan;

/** Plans descent of the small net of several systems: two units with tanh and biases, one output,
    2 (n_features + 1) + 3 weights. Rates, sampler and data are the caller's. */
rni_walk_plan rni_walk_two_units(rn_index n_features);

typedef struct rni_walk {
    rn_model *model;
    rn_loss *loss;
    rn_dynamics *dynamics;
    rn_sampler *sampler;
    rn_trainer *trainer;
    rn_index n; /**< weights */
} rni_walk;

/** @return RN_OK; as rn_trainer_create and what it needs. On failure nothing is left open. */
RN_NODISCARD rn_status rni_walk_open(const rni_walk_plan *plan, rni_walk *out);

/** Step 0 of the random streams of `seed`, at theta [n]; velocity [n] with momentum or inertial,
    NULL: 0. */
RN_NODISCARD rn_status rni_walk_place(rni_walk *walk, uint64_t seed, const double *theta,
                                      const double *velocity);

/** What a walk is beside theta and velocity, for a checkpoint. */
enum { RNI_WALK_STATE = 3 };
void rni_walk_state(const rni_walk *walk, double state[RNI_WALK_STATE]);

/** Puts a walk back to where it was after `step` steps: it goes on to the same bits. */
RN_NODISCARD rn_status rni_walk_restore(rni_walk *walk, uint64_t seed, rn_index step,
                                        const double state[RNI_WALK_STATE], const double *theta,
                                        const double *velocity);

/** n_steps more. @return as rn_trainer_advance */
RN_NODISCARD rn_status rni_walk_on(rni_walk *walk, rn_index n_steps);

/** theta [n]; valid until the next step. */
const double *rni_walk_theta(const rni_walk *walk);

/** v [n] of the heavy ball or of inertial dynamics; NULL without. */
const double *rni_walk_velocity(const rni_walk *walk);

/** Releases everything; a zeroed walk is fine. */
void rni_walk_close(rni_walk *walk);

#endif
