/*
 * Generalized resolution-shell dynamics: what the two parts of the claim share.
 */
#ifndef RNI_SYSTEMS_GRSD_H
#define RNI_SYSTEMS_GRSD_H

#include "core/option.h"
#include "systems/system.h"

typedef struct rni_grsd_settings {
    rni_reals depths;
    rn_index width;
    rn_index samples;
    rn_index lazy_modes;
    double lazy_alpha;
    double lazy_beta;
} rni_grsd_settings;

/** The lazy limit. @return RN_OK, or what stopped it */
RN_NODISCARD rn_status rni_grsd_lazy(rn_claim *claim);

#endif
