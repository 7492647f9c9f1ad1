/**
 * One mode of stochastic gradient descent with momentum at a quadratic minimum, exactly:
 *
 *   v <- beta v + rho theta + xi,   theta <- theta - eta v,   cov xi = q, independent steps
 *
 * so theta follows theta_{k+1} = (1 + beta - eta rho) theta_k - beta theta_{k-1} - eta xi_k. rho is
 * the curvature plus the weight decay. All formulas hold at any stable step, 0 < eta rho < 2 (1 +
 * beta); beside each stands that of the underdamped Langevin equation it tends to as eta -> 0,
 * with t = eta k,
 *
 *   gamma = (1 - beta)/(eta (1 + beta)),   omega^2 = 2 rho/(eta (1 + beta)),
 *
 * theta'' + 2 gamma theta' + omega^2 theta = noise (Kunin et al., Neural Computation 2024).
 *
 *                        step                                                   flow
 *   <theta^2>            eta q (1+beta)/(rho (1-beta)(2(1+beta) - eta rho))     eta q/(2 rho
 * (1-beta)) <v^2>                2 q/((1-beta)(2(1+beta) - eta rho)) q/(1-beta^2) peak of theta's
 * cos w = (1 + beta - eta rho)(1+beta)/(4 beta)          w = eta sqrt(omega^2 - 2 gamma^2)
 *   spectrum, 1/step
 *   oscillation, 1/step  cos w = (1 + beta - eta rho)/(2 sqrt beta)             w = eta
 * sqrt(omega^2 - gamma^2)
 *
 * With beta = 0, q = sigma^2 rho/S and weight decay 0 the flow's <theta^2> does not depend on rho:
 * all directions of a minimum are wandered through equally, and differ in their speed only.
 *
 * Functions return NaN for a mode that is not stable or out of range, and, for frequencies, where
 * there is no oscillation or no peak.
 */
#ifndef RENORM_HEAVY_BALL_H
#define RENORM_HEAVY_BALL_H

#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A mode. */
typedef struct rn_heavy_ball {
    double rho;   /**< curvature plus weight decay, > 0 */
    double eta;   /**< learning rate, > 0 */
    double beta;  /**< momentum, in [0, 1) */
    double noise; /**< q, variance of the gradient, >= 0 */
} rn_heavy_ball;

/** <theta^2> and <v^2>. */
RN_API double rn_heavy_ball_position(const rn_heavy_ball *mode);
RN_API double rn_heavy_ball_velocity(const rn_heavy_ball *mode);

/**
 * 1 - <theta_k theta_0>/<theta^2>, k >= 0, without cancellation in the damped case: the mean
 * squared displacement after k steps is 2 <theta^2> times this. sin k w/sin w and sinh k u/sinh u
 * pass through k where oscillation sets in.
 */
RN_API double rn_heavy_ball_relaxation(const rn_heavy_ball *mode, rn_index k);

/** Angular frequencies per step, in (0, pi). */
RN_API double rn_heavy_ball_oscillation(const rn_heavy_ball *mode);
RN_API double rn_heavy_ball_peak(const rn_heavy_ball *mode);

/** The flow's <theta^2>, <v^2>, relaxation at t = eta k, and frequencies, per step too. */
RN_API double rn_heavy_ball_flow_position(const rn_heavy_ball *mode);
RN_API double rn_heavy_ball_flow_velocity(const rn_heavy_ball *mode);
RN_API double rn_heavy_ball_flow_relaxation(const rn_heavy_ball *mode, double k);
RN_API double rn_heavy_ball_flow_oscillation(const rn_heavy_ball *mode);
RN_API double rn_heavy_ball_flow_peak(const rn_heavy_ball *mode);

#ifdef __cplusplus
}
#endif

#endif
