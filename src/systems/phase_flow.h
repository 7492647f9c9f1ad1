/*
 * Phase retrieval by a quadratic neuron: y = <x, w*>^2, f = <x, w>^2, x ~ N(0, Q), Q diagonal with
 * lambda_i = i^-a / H, H = sum j^-a, w*'Qw* = 1.
 *
 *     s = w'Qw,  u = w'Qw*,  L = E (f - y)^2 = 3 s^2 + 3 - 4 u^2 - 2 s
 *     w_i' = -dL/dw_i = 4 lambda_i (1 - 3 s) w_i + 8 lambda_i u w*_i               population flow
 *
 * Source: arXiv 2511.18661.
 */
#ifndef RNI_SYSTEMS_PHASE_FLOW_H
#define RNI_SYSTEMS_PHASE_FLOW_H

#include <renorm/status.h>
#include <stdbool.h>

/** A problem and its present state. Release with rni_phase_clear. */
typedef struct rni_phase {
    rn_index d;
    double a, h;    /**< h: H */
    double *lambda; /**< [d] owns the block */
    double *target; /**< [d] w* */
    double *w;      /**< [d] the present state */
} rni_phase;

/**
 * w* of random signs and equal sizes with w*'Qw* = 1 (our choice: the paper's tail weighs all modes
 * alike), w uniform on the unit sphere.
 * @param is_apart  w* lives on even modes, w on odd ones but for a part of 1e-4 of each: u begins
 *                  near 0, whatever a is
 * @return RN_OK; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_phase_make(rn_index d, double a, uint64_t seed, bool is_apart,
                                      rni_phase *out);
void rni_phase_clear(rni_phase *phase);

/** Gives every mode of the inputs the variance 1/d; w* stays. */
void rni_phase_level(rni_phase *phase);

/** sum_i lambda_i^k x_i y_i; x, y [d]. */
double rni_phase_moment(const rni_phase *phase, int k, const double *x, const double *y);

/** L at w [d], without cancellation near +-w*. */
double rni_phase_loss(const rni_phase *phase, const double *w);

/** Parameter error (1/d) |w -+ w*|^2 of the present state, the sign that of u. */
double rni_phase_error(const rni_phase *phase);

/** Moves the state along the flow; *step: the integrator's, 0 at first. @return as
    rni_ode_integrate */
RN_NODISCARD rn_status rni_phase_follow(rni_phase *phase, double duration, double *step);

/** Online descent and how to look at it. */
typedef struct rni_phase_descent {
    rn_index batch;  /**< fresh samples in every step */
    double step;     /**< eta of the loss (f - y)^2/2: half of it in time of the flow */
    double end;      /**< time of the flow */
    rn_index n_seen; /**< times of comparison, evenly spaced */
} rni_phase_descent;

/**
 * Follows online descent on fresh samples, through the engine's own model, loss and dynamics,
 * beside the flow from the same start.
 * @param phase           moves along the flow to `end`
 * @param seed            of the samples
 * @param[out] s, u       [2 n_seen] of the flow, then of descent; u by its size
 * @param[out] deviation  rms over times of both differences
 * @return RN_OK; RN_ERR_MEMORY; what training returns
 */
RN_NODISCARD rn_status rni_phase_descend(rni_phase *phase, const rni_phase_descent *how,
                                         uint64_t seed, double *s, double *u, double *deviation);

#endif
