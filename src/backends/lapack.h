/*
 * Dense symmetric eigenproblems by LAPACK.
 *
 * Matrices are row-major [n x n] with leading dimension ld, of which the lower triangle is read;
 * all of the array may be overwritten. They run with as many threads as the calling thread has
 * raised (backends/blas.h).
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

#endif
