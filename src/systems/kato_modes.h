/*
 * A kernel whose eigenvectors turn and whose eigenvalues fall, known in closed form:
 *
 *     M(t) = R(t) Q L(t) Q^T R(t)^T
 *
 * with Q random and orthogonal, R turning pairs of coordinates at constant rates, and L falling
 * slowly so that no two eigenvalues cross. Two integrations that know nothing of each other:
 *
 *     direct   e' = -M(t) e
 *     modes    phi_u' = sum_v W_uv phi_v,  lambda_u' = Mt_uu,  g_u' = -lambda_u g_u + sum_v W_uv
 * g_v W_uv = Mt_uv / (lambda_u - lambda_v),  Mt = Phi M'(t) Phi^T         (Kato)
 */
#ifndef RNI_SYSTEMS_KATO_MODES_H
#define RNI_SYSTEMS_KATO_MODES_H

#include <renorm/status.h>
#include <stdbool.h>

/** What one such kernel shows. */
typedef struct rni_kato_modes {
    double mismatch; /**< largest |g - Phi(t)^T e(t)| over |e(0)|, Phi(t) in closed form */
    double skewness; /**< largest |Phi Phi^T - 1| of the integrated eigenvectors */
    double inside;   /**< largest |sum of W_uv g_u g_v inside a shell of width ln 2| over the sum of
                          magnitudes of all pairs; 0 where W = 0 */
    double turned;   /**< sum |g^2 - g0^2 e^(-2 int lambda)| over sum g^2, at the end */
} rni_kato_modes;

/**
 * Follows error and modes of one kernel and compares them at 20 times.
 * @param n            even, >= 4
 * @param folds        e-folds of the fastest mode
 * @param is_diagonal  W = 0: the modes forget that eigenvectors turn
 * @return RN_OK; RN_ERR_MEMORY; RN_ERR_DOMAIN
 * Cost: some thousand products of n x n matrices.
 */
RN_NODISCARD rn_status rni_kato_modes_see(rn_index n, double folds, uint64_t seed, bool is_diagonal,
                                          rni_kato_modes *out);

#endif
