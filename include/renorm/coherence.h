/**
 * Condition C2: do the blocks of a network act on the outputs in different directions?
 *
 * M_l = (1/N) J_l J_l^T is the part of the kernel that the parameters of block l make. Centred over
 * samples on both sides, separately for every pair of outputs,
 *
 *   Mc_l = H M_l H,   H = (I - (1/N) 1 1^T) (x) I_C
 *   overlap_lm = <Mc_l, Mc_m>_F / (|Mc_l|_F |Mc_m|_F)
 *
 * is the cosine between two blocks, 0 .. 1 since both are positive semidefinite; row sums
 * sum_m overlap_lm count the blocks that act alike, 1 .. L; `distance` is the mean overlap of the
 * pairs with |l - m| = d, and the decay length -1/slope, blocks, that of a least-squares line
 * through ln of it over d = 1 .. L - 1 (infinite where overlaps do not fall with distance).
 *
 * A number without a verdict: the blocks of a network see the same samples, so their kernels
 * resemble each other even when drawn independently (docs/theory/conditions.md). The definitions
 * are ours: the open text of the source (arXiv 2512.18209) only names "weak functional incoherence
 * at initialization". Theory: docs/theory/conditions.md.
 */
#ifndef RENORM_COHERENCE_H
#define RENORM_COHERENCE_H

#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What is said of the overlaps. */
typedef struct rn_coherence {
    double largest_row;  /**< largest row sum, 1 .. L */
    double mean_row;     /**< mean of them */
    double decay_length; /**< blocks; INFINITY without decay, NaN for fewer than 4 blocks */
} rn_coherence;

/**
 * Overlaps of L block kernels.
 *
 * @param n_blocks   L >= 1
 * @param n_samples  N >= 2
 * @param n_outputs  C >= 1
 * @param kernels    [L] matrices [n x n], n = N C, symmetric, row i C + c; destroyed: Mc_l
 * @param overlap    [L x L] out
 * @param rows       [L] out
 * @param distance   [L] out; [0] is 1
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_DOMAIN (a block whose centred kernel is 0, such as one
 *         without parameters); RN_ERR_NONFINITE; RN_ERR_MEMORY. Other outputs untouched on failure
 * Cost: L^2 n^2 flops; memory O(n C).
 */
RN_API RN_NODISCARD rn_status rn_coherence_measure(rn_index n_blocks, rn_index n_samples,
                                                   rn_index n_outputs, double *const *kernels,
                                                   double *overlap, double *rows, double *distance,
                                                   rn_coherence *out);

#ifdef __cplusplus
}
#endif

#endif
