/*
 * Dense eigenproblems and small dense systems by LAPACK.
 *
 * Symmetric matrices are row-major [n x n] with leading dimension ld, of which the lower triangle
 * is read; all of the array may be overwritten. The eigensolvers run with as many threads as the
 * calling thread has raised (backends/blas.h).
 *
 * LAPACK counts in 32 bits, the work space of rni_lapack_syevd included: n <= RNI_LAPACK_MAX_N,
 * checked by the callers' public functions and asserted here. Inputs must be finite.
 */
#ifndef RNI_BACKENDS_LAPACK_H
#define RNI_BACKENDS_LAPACK_H

#include <renorm/status.h>

/** 2 n^2 + 6 n + 1 doubles of work space, counted in 32 bits, end at 32766. */
#define RNI_LAPACK_MAX_N 32000

/**
 * Householder reduction A = Q T Q^T: diagonal[n] and off_diagonal[n - 1] of T; the reflectors
 * stay in `a` and scales[n - 1] for rni_lapack_reflect. 4/3 n^3 flops.
 * @return RN_OK; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_lapack_tridiagonalise(rn_index n, double *a, rn_index ld,
                                                 double *diagonal, double *off_diagonal,
                                                 double *scales);

/**
 * x := Q^T x with the reflectors of rni_lapack_tridiagonalise, for n_vecs vectors stored one
 * after the other at distance ldx. 4 n^2 flops a vector.
 * @return RN_OK; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_lapack_reflect(rn_index n, const double *a, rn_index ld,
                                          const double *scales, rn_index n_vecs, double *x,
                                          rn_index ldx);

/**
 * Eigenvalues of a tridiagonal matrix, ascending, in place of the diagonal; off_diagonal is
 * destroyed. @return RN_OK; RN_ERR_INTERNAL (did not converge)
 */
RN_NODISCARD rn_status rni_lapack_sterf(rn_index n, double *diagonal, double *off_diagonal);

/**
 * All eigenvalues, ascending, and eigenvectors by divide and conquer: row u of `a` becomes
 * phi_u. 2 n^2 doubles of work space. @return RN_OK; RN_ERR_MEMORY; RN_ERR_INTERNAL
 */
RN_NODISCARD rn_status rni_lapack_syevd(rn_index n, double *a, rn_index ld, double *values);

/* General matrices, row-major [n x n] without gaps; 1 <= n <= RNI_LAPACK_MAX_N. */

/**
 * Real Schur form A = V^T R V, R lower quasi-triangular (2 x 2 blocks for complex pairs), rows of V
 * orthonormal. `a` becomes R; real[n] and imaginary[n] are the eigenvalues. About 25 n^3 flops.
 * @return RN_OK; RN_ERR_MEMORY; RN_ERR_INTERNAL (did not converge)
 */
RN_NODISCARD rn_status rni_lapack_schur(rn_index n, double *a, double *v, double *real,
                                        double *imaginary);

/**
 * x := X with R X + X R^T = C, `x` holding C and R from rni_lapack_schur with no two eigenvalues
 * that add up to zero.
 * @return RN_OK; RN_ERR_DOMAIN (two do, to rounding, or X leaves the range of doubles)
 */
RN_NODISCARD rn_status rni_lapack_lyapunov(rn_index n, const double *r, double *x);

/**
 * x := X with X A = B, `x` [n_rows x n] holding B; `a` is destroyed. 2/3 n^3 + 2 n_rows n^2 flops.
 * @return RN_OK; RN_ERR_MEMORY; RN_ERR_DOMAIN (A is singular)
 */
RN_NODISCARD rn_status rni_lapack_divide_rows(rn_index n, double *a, rn_index n_rows, double *x);

/**
 * Cholesky factor A = L L^T; the lower triangle of `a` becomes L, the upper is left alone.
 * @return RN_OK; RN_ERR_DOMAIN (not positive definite)
 */
RN_NODISCARD rn_status rni_lapack_cholesky(rn_index n, double *a);

/** x := X with X L^T = B: each row solves L y = b. `x` [n_rows x n] holds B; L lower triangular. */
void rni_lapack_divide_rows_lower(rn_index n, const double *l, rn_index n_rows, double *x);

#endif
