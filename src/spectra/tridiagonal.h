/*
 * Eigenvalues of a symmetric tridiagonal matrix T = W diag(values) W^T, with the same rotations
 * applied to a few rows.
 */
#ifndef RNI_SPECTRA_TRIDIAGONAL_H
#define RNI_SPECTRA_TRIDIAGONAL_H

#include <renorm/status.h>

/**
 * Implicit QL with Wilkinson's shift.
 *
 * @param n             order, >= 0
 * @param diagonal      [n] in: of T; out: eigenvalues, ascending
 * @param off_diagonal  [n - 1] in: of T; destroyed
 * @param n_rows        rows carried along, >= 0
 * @param rows          [n x n_rows] in: X^T for X [n_rows x n]; out: (X W)^T, so entry
 *                      [u * n_rows + r] belongs to eigenvalue u. The sign of each u is arbitrary,
 *                      the same for all rows.
 *
 * All entries must be finite and below 2^500 in magnitude.
 *
 * Each value is off by a few eps |T|_2; small eigenvalues of matrices graded from either end
 * come out with high relative accuracy. About 1.7 n^2 / 2 rotations: 15 n^2 + 5 n^2 n_rows flops.
 *
 * @return RN_OK; RN_ERR_INTERNAL (no convergence in 30 n sweeps: never seen for finite input)
 */
RN_NODISCARD rn_status rni_tridiagonal_values(rn_index n, double *diagonal, double *off_diagonal,
                                              rn_index n_rows, double *rows);

#endif
