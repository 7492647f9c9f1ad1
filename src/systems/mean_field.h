/*
 * Mean-field Langevin dynamics: what the two parts of the claim share.
 */
#ifndef RNI_SYSTEMS_MEAN_FIELD_H
#define RNI_SYSTEMS_MEAN_FIELD_H

#include "core/option.h"
#include "systems/system.h"

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
} rni_field_settings;

/** The two-layer net: its gap against the number of particles. @return RN_OK, or what stopped it */
RN_NODISCARD rn_status rni_field_net(rn_claim *claim);

#endif
