/*
 * Products whose bits do not depend on where their arrays lie in memory.
 */
#ifndef RNI_KERNEL_STEADY_H
#define RNI_KERNEL_STEADY_H

#include <renorm/status.h>
#include <stdbool.h>

/**
 * As rni_gemm (backends/blas.h), but products with m = 1 or n = 1 run in a plain loop: the matrix-
 * vector routines of BLAS may sum in another order when an array starts elsewhere, and factors lie
 * elsewhere when memory is cut into other blocks.
 */
RN_NODISCARD rn_status rni_steady_gemm(bool trans_a, bool trans_b, rn_index m, rn_index n,
                                       rn_index k, double alpha, const double *a, rn_index lda,
                                       const double *b, rn_index ldb, double beta, double *c,
                                       rn_index ldc);

#endif
