/*
 * The largest singular value of a dense matrix.
 */
#ifndef RNI_CONDITIONS_LARGEST_SINGULAR_H
#define RNI_CONDITIONS_LARGEST_SINGULAR_H

#include <renorm/status.h>

/** Doubles of work space for matrices of at most this many columns and rows. */
rn_index rni_singular_work(rn_index rows, rn_index cols);

/**
 * *sigma := the largest singular value of a [rows x cols], row-major, by Lanczos on a^T a from a
 * fixed random start with full reorthogonalisation: at most `cols` steps, when it is exact, fewer
 * once the residual falls below 1e-7 of the eigenvalue. The value never exceeds the true one by
 * more than rounding.
 * @param work  [rni_singular_work]
 * @return RN_OK; RN_ERR_UNSUPPORTED (beyond BLAS' integers)
 */
RN_NODISCARD rn_status rni_largest_singular(rn_index rows, rn_index cols, const double *a,
                                            double *work, double *sigma);

#endif
