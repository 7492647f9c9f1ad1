/*
 * The net of seven weights, walked at its minimum: linear theory, what was seen, and what is said.
 */
#ifndef RNI_SYSTEMS_EQUILIBRIUM_NET_H
#define RNI_SYSTEMS_EQUILIBRIUM_NET_H

#include "systems/system.h"

enum {
    RNI_NET_WEIGHTS = 7,
    RNI_NET_SQUARE = RNI_NET_WEIGHTS * RNI_NET_WEIGHTS,
    RNI_NET_PATHS = 3 /**< longest path, in steps */
};

/** What linear theory says of a step x <- x - B x + xi about the minimum, cov xi = Q. */
typedef struct rni_net_theory {
    double rate;    /**< eta */
    double loss;    /**< at the minimum */
    double entropy; /**< nats per step */
    double b[RNI_NET_SQUARE], q[RNI_NET_SQUARE];
    double s[RNI_NET_SQUARE]; /**< stationary covariance */
    double c[RNI_NET_SQUARE]; /**< circulation per step */
} rni_net_theory;

/** Of all walks; means over each. */
typedef struct rni_net_seen {
    double *covariance;  /**< [n_seeds x RNI_NET_SQUARE] about the minimum; owner of all */
    double *circulation; /**< [n_seeds x RNI_NET_SQUARE] */
    double *sigma;       /**< [RNI_NET_PATHS x n_seeds] */
    double *weight;      /**< [RNI_NET_PATHS x n_seeds] <exp(-sigma)> */
    double *error;       /**< [RNI_NET_PATHS x n_seeds] its standard errors */
    double *slope;       /**< [n_seeds] of the detailed theorem, the longest paths */
} rni_net_seen;

/** States the step at which currents are measured. @return RN_OK; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_net_state_currents(rn_claim *claim, const rni_net_theory *theory,
                                              const rni_net_seen *seen);

/** States the smaller step at which the fluctuation theorems are. @return the same */
RN_NODISCARD rn_status rni_net_state_theorems(rn_claim *claim, const rni_net_theory *theory,
                                              const rni_net_seen *seen);

#endif
