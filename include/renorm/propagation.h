/**
 * Condition C1: is the propagation of changes through a chain of blocks bounded, and local?
 *
 * Gain. B_l = dh_l/dh_{l-1} are the block Jacobians of one sample (renorm/blocks.h). For l < m the
 * change of boundary m per change of boundary l is dh_m/dh_l = B_m B_{m-1} .. B_{l+1}; its largest
 * singular value is the gain of the pair, dimensionless, and
 *
 *   sigma_lm = largest gain of the pair over the samples given
 *
 * Influence. With J_g the derivative of the outputs with respect to the parameters of block g, and
 * v = theta' their motion,
 *
 *   I_gm = |D_m J_g|_F / |J_g|_F                                                        1/time
 *
 * how fast the motion of block m's parameters turns block g's Jacobian; the F-norms are over the
 * samples given. Row sums sum_m I_gm over the rate -(d ln L/dt) at which the loss decays say how
 * much of J_g is new by the time the loss has fallen by a factor e: dimensionless. The band share
 * sum over |g - m| <= w of I_gm over the sum of all I_gm says how local the influence is; a matrix
 * of equal entries has the uniform share.
 *
 * C1 holds for a family of networks when gains and row sums stay bounded as the depth doubles
 * (renorm/family.h); one network gives numbers only. The definitions are ours: of the source
 * (arXiv 2512.18209) the abstract alone was open to us, which asks for "boundedness of gradient
 * propagation in the computation graph". Theory: docs/theory/conditions.md.
 */
#ifndef RENORM_PROPAGATION_H
#define RENORM_PROPAGATION_H

#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Gains of one sample, taken into the largest so far. Largest singular values come from a Lanczos
 * process on P^T P that stops at a residual of 1e-7 of the eigenvalue: a lower bound of the gain
 * by construction, and as a rule within 1e-10 of it.
 *
 * @param n_blocks   L >= 1
 * @param width      [L + 1] w_l >= 1
 * @param jacobians  B_1 .. B_L one after the other, B_l row-major [w_l x w_{l-1}]
 * @param sigma      [(L + 1) x (L + 1)] in and out: entry l (L + 1) + m, l < m, becomes the larger
 *                   of itself and this sample's gain; NaN counts as none. Other entries are left
 *                   alone. Start with NaN
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_NONFINITE (a Jacobian, or a product of them);
 * RN_ERR_MEMORY; sigma untouched on failure Cost: L^2/2 products of w x w matrices and some 20 to
 * 40 times 4 w^2 for each; memory 3 w^2.
 */
RN_API RN_NODISCARD rn_status rn_propagation_gains(rn_index n_blocks, const rn_index *width,
                                                   const double *jacobians, double *sigma);

/** What is said of an influence matrix. */
typedef struct rn_influence {
    double largest_row;   /**< largest row sum over rate; NaN where it is not defined */
    double mean_row;      /**< mean of them */
    double band_share;    /**< 0 .. 1; NaN where all entries are 0 */
    double uniform_share; /**< (number of entries in the band) / (number of entries) */
} rn_influence;

/**
 * The influence matrix and its row sums.
 *
 * @param n        blocks, >= 1
 * @param norms    [n] |J_g|_F^2, summed over samples
 * @param changes  [n x n] |D_m J_g|_F^2 at g n + m, summed over the same samples
 * @param rate     -(d ln L/dt), 1/time; where it is not > 0 (NaN included) row sums are NaN
 * @param width    w >= 0, half width of the band
 * @param matrix   [n x n] out: I_gm, 1/time; NaN in rows with |J_g| = 0
 * @param rows     [n] out: sum_m I_gm / rate
 * @param out      what is said of them; rows with |J_g| = 0 are left out
 * @return RN_OK; RN_ERR_ARGUMENT (also a negative or infinite square)
 */
RN_API RN_NODISCARD rn_status rn_propagation_influence(rn_index n, const double *norms,
                                                       const double *changes, double rate,
                                                       rn_index width, double *matrix, double *rows,
                                                       rn_influence *out);

#ifdef __cplusplus
}
#endif

#endif
