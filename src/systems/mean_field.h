/*
 * Mean-field Langevin dynamics: what the two parts of the claim share.
 */
#ifndef RNI_SYSTEMS_MEAN_FIELD_H
#define RNI_SYSTEMS_MEAN_FIELD_H

#include "core/option.h"
#include "systems/system.h"
#include "systems/walk.h"

typedef struct rni_field_settings {
    rni_reals particles;
    double kappa, decay, temperature;
    rni_reals steps_of_time;
    rn_index steps;
    rn_index targets;
    double scatter;
    rn_index replicas;
    rni_reals widths;
    rn_index net_samples;
    double net_decay, net_temperature, net_rate;
    rn_index net_steps;
    rn_index net_every;
} rni_field_settings;

/** What a step sees: all targets, one of them, one with the variance taken away (svrg). */
typedef enum rni_field_noise {
    RNI_FIELD_FULL,
    RNI_FIELD_MINIBATCH,
    RNI_FIELD_REDUCED
} rni_field_noise;

/** The solvable model's data: every sample has the inputs 1/N .. 1/N, or 0 with the mutation. */
typedef struct rni_field {
    rn_index n;      /**< particles */
    double *inputs;  /**< [targets x n] owner of all; released by rni_free */
    double *targets; /**< [targets] */
    double mean;     /**< of the targets */
    double square;   /**< their variance, over the number */
} rni_field;

/** @param is_apart  particles do not interact @return RN_OK; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_field_make(const rni_field_settings *settings, rn_index n, bool is_apart,
                                      rni_field *out);
/** @return as rni_walk_open */
RN_NODISCARD rn_status rni_field_open(const rni_field_settings *settings, const rni_field *field,
                                      double eta, rni_field_noise noise, rni_walk *walk);
/** Particles at the draw of independent ones about the common mean, or `off` from it.
    @return RN_OK; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_field_place(const rni_field_settings *settings, const rni_field *field,
                                       double off, uint64_t seed, rni_walk *walk);
/** Exact stationary Var(Xbar). */
double rni_field_variance(const rni_field_settings *settings, const rni_field *field, double eta,
                          rni_field_noise noise);
/** Xbar. */
double rni_field_mean(const rni_walk *walk);

/** The gap at three times, and the approach from far off. @return RN_OK, or what stopped it */
RN_NODISCARD rn_status rni_field_times(rn_claim *claim);

/** The two-layer net: its gap against the number of particles. @return RN_OK, or what stopped it */
RN_NODISCARD rn_status rni_field_net(rn_claim *claim);

#endif
