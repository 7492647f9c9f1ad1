/**
 * The loss ahead, from the modes of one measurement: eigenvalues lambda_u of the kernel and the
 * energies E_u = g_u^2/(2N) of the error in them, squared error.
 *
 * Frozen modes. Nothing moves but the error:
 *
 *   L(t) = null + sum_u E_u prod_k (1 - eta_k lambda_u)^2     steps of size eta_k
 *   L(t) = null + sum_u E_u exp(-2 lambda_u (t - t0))         gradient flow
 *
 * Transported modes. Every mode also moves along s = ln lambda with the velocity w of the shells:
 *
 *   s_u' = w(s_u, t)      E_u' = -r(lambda_u) E_u
 *
 * r = 2 lambda (flow) or -(2/eta) ln|1 - eta lambda| (steps): the characteristics of shell
 * transport (renorm/transport.h), so that w = 0 is the frozen formula to rounding. A measured
 * velocity belongs to one time; how it goes on is an assumption, the rule of rn_mode_wind.
 *
 *   const rn_mode_piece steps = {.step_size = eta};
 *   const rn_mode_set modes = {.n = n, .lambda = lambda, .energy = energy,
 *                              .n_pieces = 1, .pieces = &steps};
 *   double loss[3];
 *   rn_status status = rn_modes_frozen(&modes, 3, times_ahead, loss);
 *
 * Theory: docs/theory/forecast.md.
 */
#ifndef RENORM_MODE_FORECAST_H
#define RENORM_MODE_FORECAST_H

#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A stretch of learning time with one step size. */
typedef struct rn_mode_piece {
    double duration;  /**< learning time, > 0; of the last piece not used: it never ends */
    double step_size; /**< eta > 0; 0: gradient flow */
} rn_mode_piece;

/** Modes at t0. Arrays are borrowed for the call. Zero-initialise. */
typedef struct rn_mode_set {
    rn_index n;           /**< >= 1 */
    const double *lambda; /**< [n] in any order, 1/time, >= 0; 0: a mode that stays as it is */
    const double *energy; /**< [n] >= 0 */
    double null_energy;   /**< what never decays, >= 0 */
    rn_index n_pieces;    /**< >= 1 */
    const rn_mode_piece *pieces; /**< [n_pieces] step sizes from t0 on */
} rn_mode_set;

/** Largest eta lambda of the set: at 2 and above a mode grows from step to step. 0 for a flow. */
RN_API double rn_modes_stability(const rn_mode_set *modes);

/**
 * Loss of frozen modes.
 * @param ahead      [n_times] t - t0 >= 0, in any order; a part of a step counts as that part
 * @param[out] loss  [n_times]
 * @return RN_OK; RN_ERR_ARGUMENT (NULL, sizes, a number that is negative or not finite)
 *         RN_ERR_DOMAIN  eta lambda >= 2: the modes do not decay; the message says where
 * Cost: n n_times exponentials.
 */
RN_API RN_NODISCARD rn_status rn_modes_frozen(const rn_mode_set *modes, rn_index n_times,
                                              const double *ahead, double *loss);

/**
 * Bounds of that loss where nodes and masses of a Gauss rule of k nodes (renorm/lanczos.h, as
 * matrix-free measurements give) stand for the eigenvalues: the loss of frozen modes of every
 * spectrum with these moments lies between. L = int f dE with derivatives of f of alternating sign:
 * Gauss quadrature is too small; too large is a rule with a node held at 0 (Gauss-Radau), or, for
 * one step size, with nodes held at 0 and 2/eta (Gauss-Lobatto), so that no bound on the spectrum
 * but eta lambda <= 2 is used. Of fewer than k steps a part counts as a whole step below and as
 * none above.
 *
 * @param noise     the rule is exact for a matrix within this of the kernel, >= 0: both widen by
 *                  2 (t - t0) noise of the energy
 * @param is_exact  1: the nodes hold everything (Lanczos was exhausted), and bounds are apart by
 * noise
 * @param[out] low, high  [n_times]
 * @return RN_OK; as rn_modes_frozen; RN_ERR_MEMORY
 *         RN_ERR_UNSUPPORTED  several step sizes, and eta lambda > 1 for a node: f has no such
 * signs. With several, lambda <= 1/eta is taken for granted of the whole spectrum where it holds of
 * the nodes RN_ERR_DOMAIN       also: a node at eta lambda = 2 Source: Golub and Meurant, Matrices,
 * Moments and Quadrature; step sizes our derivation. Cost: 8 n^3 flops. Memory: n^2 doubles.
 */
RN_API RN_NODISCARD rn_status rn_modes_frozen_bounds(const rn_mode_set *nodes, double noise,
                                                     int is_exact, rn_index n_times,
                                                     const double *ahead, double *low,
                                                     double *high);

/** How a velocity that was measured at t0 goes on. */
typedef enum rn_wind_rule {
    RN_WIND_STEADY = 0,      /**< w(s, t) = w(s, t0) */
    RN_WIND_COLLAPSE = 1,    /**< t w is a function of lambda t: w = (t0/t) w(s + ln(t/t0), t0) */
    RN_WIND_DISSIPATION = 2, /**< w = w(s, t0) (D(t)/D(t0))^p, D = 2 sum lambda E of the transported
                                  modes: where nothing is learned any more, nothing moves */
} rn_wind_rule;

/** A velocity. Arrays are borrowed for the call. Zero-initialise. */
typedef struct rn_mode_wind {
    rn_index n;             /**< >= 1 */
    const double *s;        /**< [n] ascending, nats */
    const double *velocity; /**< [n] w(s, t0), nat/time; straight between, constant beyond */
    rn_wind_rule rule;
    double power; /**< p of RN_WIND_DISSIPATION */
    double time;  /**< t0 of RN_WIND_COLLAPSE, > 0 */
} rn_mode_wind;

/**
 * Loss of transported modes: midpoint steps, short enough that no mode moves by more than 0.05 nat
 * and the time ahead grows by less than 4 % in one.
 *
 * @param ahead      [n_times] t - t0 >= 0, ascending
 * @param[out] loss  [n_times]
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY
 *         RN_ERR_DOMAIN     eta lambda >= 2 at t0
 *         RN_NOT_CONVERGED  on the way a mode reached eta lambda = 2, or 100,000 steps did not
 *                           suffice; losses from there on are NaN
 * Cost: some hundred steps of n modes. Memory: 3 n doubles.
 */
RN_API RN_NODISCARD rn_status rn_modes_transport(const rn_mode_set *modes, const rn_mode_wind *wind,
                                                 rn_index n_times, const double *ahead,
                                                 double *loss);

#ifdef __cplusplus
}
#endif

#endif
