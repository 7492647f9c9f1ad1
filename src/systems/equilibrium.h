/*
 * In and out of equilibrium: what the two parts of the claim share.
 */
#ifndef RNI_SYSTEMS_EQUILIBRIUM_H
#define RNI_SYSTEMS_EQUILIBRIUM_H

#include "core/option.h"
#include "systems/system.h"

typedef struct rni_equilibrium_settings {
    rn_index targets;
    rn_index epochs;
    rni_reals rates;
    double temperature;
    rn_index langevin_epochs;
    rn_index samples;
    double noise;
    double weight_decay;
    double learning_rate;
    rn_index batch;
    rn_index steps;
    double theorem_rate;
    rn_index theorem_steps;
} rni_equilibrium_settings;

/** Seeds move batches and noise only. */
#define RNI_EQUILIBRIUM_DATA_SEED 1

/** The net of seven weights: walks it and states what linear theory says of its currents.
    @return RN_OK, or what stopped it */
RN_NODISCARD rn_status rni_equilibrium_net(rn_claim *claim);

#endif
