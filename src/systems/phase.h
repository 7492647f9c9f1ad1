/*
 * Phase retrieval: what the parts of the claim share.
 */
#ifndef RNI_SYSTEMS_PHASE_H
#define RNI_SYSTEMS_PHASE_H

#include "core/option.h"
#include "systems/system.h"

typedef struct rni_phase_settings {
    rni_reals exponents;
    rn_index dimension;
    double end;
    rni_reals slow_dimensions;
    rni_reals escape_dimensions;
    rn_index escape_draws;
    rn_index small;
    rn_index sgd_batch;
    double sgd_step;
    double sgd_end;
} rni_phase_settings;

/** Exponents of loss and learned share in the tail. @return RN_OK, or what stopped it */
RN_NODISCARD rn_status rni_phase_tails(rn_claim *claim);

/** The bend of a slow spectrum's exponent as d grows. @return RN_OK, or what stopped it */
RN_NODISCARD rn_status rni_phase_slow(rn_claim *claim);

/** The time of escape against d. @return RN_OK, or what stopped it */
RN_NODISCARD rn_status rni_phase_escape(rn_claim *claim);

#endif
