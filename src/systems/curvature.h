/*
 * A small network at one point of its landscape, exactly: gradients of every sample and the
 * Hessian, by the graph's own derivatives, and the way to a minimum.
 */
#ifndef RNI_SYSTEMS_CURVATURE_H
#define RNI_SYSTEMS_CURVATURE_H

#include "systems/walk.h"

enum { RNI_CURVATURE_MAX = 64 };

/** At theta; arrays owned by the caller. */
typedef struct rni_curvature {
    double *gradients; /**< [N x P] of (f_i - y_i)^2/2 */
    double *hessian;   /**< [P x P] of their mean plus weight_decay/2 |theta|^2 */
} rni_curvature;

/**
 * @param plan   model, data and weight decay count
 * @param theta  [P], P <= RNI_CURVATURE_MAX
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_NONFINITE; RN_ERR_MEMORY
 * Cost: P second derivatives over all samples.
 */
RN_NODISCARD rn_status rni_curvature_see(const rni_walk_plan *plan, rn_index n_weights,
                                         const double *theta, const rni_curvature *out);

/**
 * Moves theta to a minimum by damped Newton steps: accepted where the loss falls, with more damping
 * where it does not.
 * @param[out] loss  there: mean of (f - y)^2/2, with the decay's part
 * @return RN_OK (gradient below 1e-12 and a positive definite Hessian); RN_NOT_CONVERGED;
 *         as above
 */
RN_NODISCARD rn_status rni_curvature_descend(const rni_walk_plan *plan, rn_index n_weights,
                                             double *theta, double *loss);

#endif
