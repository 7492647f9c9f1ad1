/**
 * Linear dynamics with Gaussian noise, solved exactly: what stochastic gradient descent, Langevin
 * sampling and interacting particles do around a minimum.
 *
 *   flow   dX = -A X dt + sqrt(2 D) dB          A in 1/time, D a diffusion matrix
 *   step   x <- x - B x + xi,  cov xi = Q       B = 1 - G is the drift per step, Q the noise
 *
 * A step is not a small flow: with eta lambda = 0.5 their stationary covariances differ by a third.
 * Every quantity therefore comes in both forms, the step's being exact at any step size. Steps are
 * given by B rather than by G = 1 - B, because a step of 1e-7 would lose seven digits in G.
 *
 *   quantity              flow                            step
 *   covariance S          A S + S A^T = 2 D               B S + S B^T - B S B^T = Q
 *   circulation C         (A S - S A^T)/2                 (B S - S B^T)/2
 *   entropy production    -tr(C D^-1 C S^-1) per time     -2 tr(Q^-1 B C) per step
 *   relaxation K          1 - exp(-A t)                   1 - (1 - B)^k
 *   autocovariance        <X(t) X(0)^T> = (1 - K) S       the same
 *   displacement          <|X(t) - X(0)|^2> = 2 tr(K S)   the same
 *
 * C is the antisymmetric part of the stationary current: <dx_i/dt x_j> less its transpose, over 2.
 * It vanishes exactly if the dynamics is reversible. Entropy production is the mean of
 * ln p(x -> x')/p(x' -> x) over stationary pairs, with both densities those of the process itself
 * (variables even under time reversal); the step's formula follows from that definition (ours for
 * steps, the flow's is standard), is exact, and tends to the flow's times eta as eta -> 0.
 *
 *     double a[4] = {1, -1, 1, 1}, d[4] = {1, 0, 0, 1}, s[4], c[4], rate;
 *     rn_status status = rn_gaussian_flow_covariance(2, a, d, s, NULL);
 *     if (status == RN_OK) status = rn_gaussian_circulation(2, a, s, c);
 *     if (status == RN_OK) status = rn_gaussian_flow_entropy(2, d, s, c, &rate);     rate = 2
 *
 * Storage: matrices are [n x n] row-major, without gaps; entry (i, j) at [i n + j]. Of symmetric
 * ones both triangles are read and should agree. Outputs may not overlap inputs; on failure they
 * are left as they were. Statuses common to all functions: RN_ERR_ARGUMENT (NULL, n not in
 * 1 .. RN_GAUSSIAN_MAX_N, a parameter out of range), RN_ERR_NONFINITE (a NaN or infinity in an
 * input), RN_ERR_MEMORY.
 */
#ifndef RENORM_LINEAR_GAUSSIAN_H
#define RENORM_LINEAR_GAUSSIAN_H

#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Largest system: two minutes for a covariance. */
#define RN_GAUSSIAN_MAX_N 2000

/** How good a covariance is. */
typedef struct rn_gaussian_report {
    double residual; /**< Frobenius norm of the equation's two sides' difference over that of its
                          noise term: a few n eps when all is well */
    double slowest;  /**< decay rate of the slowest mode: the least real part of A's eigenvalues,
                          1/time; for steps -ln of the spectral radius of 1 - B, 1/step */
} rn_gaussian_report;

/**
 * Stationary covariance S of a flow.
 * @param a, d    [n x n]; d symmetric, positive semidefinite (not checked)
 * @param s       [n x n] out, symmetric
 * @param report  out or NULL
 * @return RN_OK; RN_NOT_CONVERGED (residual above 1e-8: written, not to be trusted);
 *         RN_ERR_DOMAIN (an eigenvalue of A has no positive real part: nothing is stationary)
 * Cost: about 35 n^3 flops (Schur form and two solves, the second for the residual of the first).
 */
RN_API RN_NODISCARD rn_status rn_gaussian_flow_covariance(rn_index n, const double *a,
                                                          const double *d, double *s,
                                                          rn_gaussian_report *report);

/**
 * Stationary covariance S of a step, by the flow with A = B P, 2D = P Q P^T, P = (1 - B/2)^-1,
 * which has the same. Statuses as above; RN_ERR_DOMAIN where 1 - B has an eigenvalue of modulus 1
 * or more.
 */
RN_API RN_NODISCARD rn_status rn_gaussian_step_covariance(rn_index n, const double *b,
                                                          const double *q, double *s,
                                                          rn_gaussian_report *report);

/** C = (drift S - S drift^T)/2, antisymmetric to the bit; drift is A (1/time) or B (per step). */
RN_API RN_NODISCARD rn_status rn_gaussian_circulation(rn_index n, const double *drift,
                                                      const double *s, double *c);

/**
 * Entropy production of a flow per unit time, |L_D^-1 C L_S^-T|_F^2 with Cholesky factors: never
 * negative.
 * @param c     [n x n], from rn_gaussian_circulation
 * @param rate  out, 1/time
 * @return RN_OK; RN_ERR_DOMAIN (D or S is not positive definite: noise does not reach every
 *         direction, so paths cannot be reversed and the rate is infinite or needs odd variables)
 */
RN_API RN_NODISCARD rn_status rn_gaussian_flow_entropy(rn_index n, const double *d, const double *s,
                                                       const double *c, double *rate);

/**
 * Mean entropy production of one step. Statuses as above, for Q.
 * @param mean  out, in nats per step
 */
RN_API RN_NODISCARD rn_status rn_gaussian_step_entropy(rn_index n, const double *b, const double *q,
                                                       const double *c, double *mean);

/**
 * The two forms behind ln p(path)/p(path reversed) of a stationary path x_0 .. x_m of a step,
 *
 *   Sigma = (x_0^T edge x_0 - x_m^T edge x_m)/2 - sum_k x_k^T turn x_{k+1}
 *
 *   turn = B^T Q^-1 - Q^-1 B (antisymmetric: areas alone enter),
 *   edge = B^T Q^-1 + Q^-1 B - B^T Q^-1 B - S^-1 (symmetric),
 *
 * with the stationary density at either end, so that <exp(-Sigma)> = 1 for every m and
 * <Sigma> = m rn_gaussian_step_entropy. Statuses as rn_gaussian_step_entropy.
 * @param turn, edge  [n x n] out
 */
RN_API RN_NODISCARD rn_status rn_gaussian_path_forms(rn_index n, const double *b, const double *q,
                                                     const double *s, double *turn, double *edge);

/** x^T turn next of one step: n^2 operations. */
RN_API double rn_gaussian_path_turn(rn_index n, const double *turn, const double *x,
                                    const double *next);

/** (first^T edge first - last^T edge last)/2: 2 n^2 operations. Sigma is this less the turns. */
RN_API double rn_gaussian_path_edge(rn_index n, const double *edge, const double *first,
                                    const double *last);

/**
 * K = 1 - exp(-A t), without cancellation for small t: a series at t 2^-m, then m times
 * K <- 2K - K^2.
 * @param t  >= 0
 * @return RN_OK; RN_ERR_NONFINITE also where exp(-A t) leaves the range of doubles
 */
RN_API RN_NODISCARD rn_status rn_gaussian_flow_relaxation(rn_index n, const double *a, double t,
                                                          double *k);

/** K = 1 - (1 - B)^n_steps, n_steps >= 0, without cancellation; 2 log2(n_steps) products. */
RN_API RN_NODISCARD rn_status rn_gaussian_step_relaxation(rn_index n, const double *b,
                                                          rn_index n_steps, double *k);

/** out = (1 - K) S = <x(t) x(0)^T>. */
RN_API RN_NODISCARD rn_status rn_gaussian_autocovariance(rn_index n, const double *k,
                                                         const double *s, double *out);

/**
 * Mean squared displacement of the first n_kept coordinates, 2 sum_{i < n_kept} (K S)_ii.
 * @param n_kept  1 .. n: positions may come first and velocities after them
 */
RN_API RN_NODISCARD rn_status rn_gaussian_displacement(rn_index n, rn_index n_kept, const double *k,
                                                       const double *s, double *displacement);

/**
 * The step that samples a flow at times tau apart, exactly: B = 1 - exp(-A tau),
 * Q = B S + S B^T - B S B^T.
 * @param s    [n x n] the flow's stationary covariance
 * @param tau  > 0
 * @param b, q [n x n] out
 */
RN_API RN_NODISCARD rn_status rn_gaussian_exact_step(rn_index n, const double *a, const double *s,
                                                     double tau, double *b, double *q);

/**
 * Heavy-ball descent on a quadratic, v <- beta v + (H + decay) theta + xi, theta <- theta - eta v,
 * as a step of (theta, v):
 *
 *   B = [ eta (H + decay)   eta beta ]      Q = [ eta^2 N   -eta N ]
 *       [ -(H + decay)      1 - beta ]          [ -eta N         N ]
 *
 * @param n        parameters, 1 .. RN_GAUSSIAN_MAX_N/2
 * @param hessian  [n x n]
 * @param noise    [n x n] N, covariance of the gradient's noise xi
 * @param eta      > 0; beta  in [0, 1); decay >= 0
 * @param b, q     [2n x 2n] out. Q has rank n, so the entropy production is not defined.
 */
RN_API RN_NODISCARD rn_status rn_gaussian_heavy_ball(rn_index n, const double *hessian,
                                                     const double *noise, double eta, double beta,
                                                     double decay, double *b, double *q);

#ifdef __cplusplus
}
#endif

#endif
