/**
 * How many eigenvalues lie in each shell of a matrix known by products alone: stochastic Lanczos
 * quadrature of the density of states on the axis s = ln lambda.
 *
 *     N_i = trace(chi_lower(M) - chi_upper(M)) = sum_u (chi_lower - chi_upper)(lambda_u)
 *
 * is n times the mean of v.(chi_lower(M) - chi_upper(M)) v over random v of length 1, and each of
 * these is Gauss quadrature with the rule of Lanczos from v (renorm/lanczos.h).
 *
 *     double count[64], error[64];
 *     status = rn_shell_counts(&grid, op, 8, 100, 0, count, error);   // 8 vectors, 800 products
 */
#ifndef RENORM_SHELL_COUNTS_H
#define RENORM_SHELL_COUNTS_H

#include <renorm/op.h>
#include <renorm/shells.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Estimates the number of eigenvalues in each shell (smooth cuts).
 *
 *     error_i^2 = 2 N_i (1 - N_i/n) / m  +  1/m^2  +  q_i^2        m = n_vectors
 *
 * The first term is the variance of the mean over vectors, which for directions without preference
 * follows from N_i alone (an upper bound: smooth cuts have less); the second what is missing where
 * that variance is taken at an estimate that fell short; the third the mean error of quadrature
 * over the vectors, as rn_shell_estimate tells it. More vectors narrow the first two, more steps
 * the third. Seen on spectra of known counts: docs/theory/quadrature.md. Our definition.
 *
 * @param op         M, RN_OP_PSD; borrowed
 * @param n_vectors  1 ..
 * @param n_steps    products with each, 1 .. ; cut to the rows of M
 * @param seed       of the vectors: the same seed, the same numbers
 * @param count      [shell] out, eigenvalues; NaN where the shell reaches below the second
 *                   node of a vector: the lowest stands for whatever lies below, so it is not
 *                   resolved
 * @param error      [shell] out, one standard error; NaN likewise
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY; what rn_lanczos_extend returns
 * Cost: n_vectors n_steps products, and (n_steps + 2) rows doubles of memory.
 */
RN_API RN_NODISCARD rn_status rn_shell_counts(const rn_shell_grid *grid, const rn_op *op,
                                              rn_index n_vectors, rn_index n_steps, uint64_t seed,
                                              double *count, double *error);

#ifdef __cplusplus
}
#endif

#endif
