/*
 * Nonlinear least squares through CMinpack (Levenberg-Marquardt, lmdif).
 */
#ifndef RNI_BACKENDS_MINPACK_H
#define RNI_BACKENDS_MINPACK_H

#include <renorm/status.h>

/** residuals[n_residuals] := r(x), finite. */
typedef void (*rni_residuals_fn)(void *user, const double *x, double *residuals);

/**
 * Moves x to a local minimum of |r(x)|^2. Derivatives are forward differences.
 *
 * @param n, n_residuals  1 <= n <= n_residuals <= 2^31 - 1
 * @param x               [n] in and out
 * @param[out] sum        |r|^2 there
 * @return RN_OK; RN_NOT_CONVERGED (200 (n + 1) evaluations); RN_ERR_ARGUMENT; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_least_squares(rni_residuals_fn residuals, void *user, rn_index n,
                                         rn_index n_residuals, double *x, double *sum);

#endif
