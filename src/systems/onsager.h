/*
 * I-OnsagerNet's linear case: what the two parts of the claim share.
 */
#ifndef RNI_SYSTEMS_ONSAGER_H
#define RNI_SYSTEMS_ONSAGER_H

#include "core/option.h"
#include "systems/system.h"

typedef struct rni_onsager_settings {
    rn_index trajectories;
    rn_index steps;
    double interval;
    double rotation;
    rn_index samples;
    double learning_rate;
    double temperature;
    rni_reals batches;
    rn_index walk_batch;
    double walk_temperature;
    rn_index walk_steps;
} rni_onsager_settings;

/** States the mean over seeds of values [n_seeds], accepted within `slack` of theory. */
RN_NODISCARD rn_status rni_onsager_state(rn_claim *claim, const char *key, const char *quantity,
                                         double theory, double slack, const char *formula,
                                         const char *tolerance, const double *values);

/** Langevin steps with minibatches. @return RN_OK, or what stopped it */
RN_NODISCARD rn_status rni_onsager_langevin(rn_claim *claim);

#endif
