/*
 * Dense products over OpenBLAS, in row-major terms.
 *
 * Every matrix is row-major: element (i, j) of a matrix with leading dimension ld stands at
 * [i * ld + j], ld >= its number of columns. Outputs never overlap inputs. beta = 0 means that
 * the old output is not read, so it may be uninitialised; alpha = 0 that the inputs are not.
 *
 * Threads. BLAS works on the calling thread alone: any number of threads of a pool may call any
 * function here at once, and each result depends on its arguments' shapes and values only, never
 * on who else is running. Only a thread between rni_blas_raise_threads and
 * rni_blas_restore_threads (an eigensolver) uses several. The caller's own OpenMP settings are
 * left as they were.
 *
 * Statuses: RN_ERR_UNSUPPORTED when a dimension or leading dimension exceeds the 32-bit integers
 * of the library, output untouched. Negative dimensions are a mistake of the caller (asserted);
 * dimensions of 0 are allowed.
 */
#ifndef RNI_BACKENDS_BLAS_H
#define RNI_BACKENDS_BLAS_H

#include <renorm/status.h>
#include <stdbool.h>

/**
 * Products of at most this many multiplications (m * n * k) run in a plain loop of our own: each
 * element is one sum in the order p = 0 .. k-1. Measured with OpenBLAS 0.3.21, 8 x 8 x 2 and
 * 4 x 4 x 8: 25-60 ns here, 22-45 ns with its AVX-512 kernels, 52-90 ns with the others.
 */
#define RNI_GEMM_SMALL 128

/**
 * C := alpha op(A) op(B) + beta C with op(X) = X or X^T; op(A) is [m x k], op(B) [k x n],
 * C [m x n]. The method depends on (m, n, k) only.
 */
RN_NODISCARD rn_status rni_gemm(bool trans_a, bool trans_b, rn_index m, rn_index n, rn_index k,
                                double alpha, const double *a, rn_index lda, const double *b,
                                rn_index ldb, double beta, double *c, rn_index ldc);

/**
 * Lower triangle of C := alpha op(A) op(A)^T + beta C, C [n x n], op(A) [n x k] (A is [k x n]
 * with trans). The strict upper triangle of C is neither read nor written. n^2 k flops.
 */
RN_NODISCARD rn_status rni_syrk(bool trans, rn_index n, rn_index k, double alpha, const double *a,
                                rn_index lda, double beta, double *c, rn_index ldc);

/** Lower triangle of C := alpha (op(A) op(B)^T + op(B) op(A)^T) + beta C; shapes as rni_syrk. */
RN_NODISCARD rn_status rni_syr2k(bool trans, rn_index n, rn_index k, double alpha, const double *a,
                                 rn_index lda, const double *b, rn_index ldb, double beta,
                                 double *c, rn_index ldc);

/** y := alpha op(A) x + beta y, A [rows x cols] as stored; x and y have strides of 1. */
RN_NODISCARD rn_status rni_gemv(bool trans, rn_index rows, rn_index cols, double alpha,
                                const double *a, rn_index lda, const double *x, double beta,
                                double *y);

/** y := alpha A x + beta y, A symmetric [n x n] of which the lower triangle is read. */
RN_NODISCARD rn_status rni_symv(rn_index n, double alpha, const double *a, rn_index lda,
                                const double *x, double beta, double *y);

/** C := alpha A B + beta C, A symmetric [m x m], lower triangle read; B and C are [m x n]. */
RN_NODISCARD rn_status rni_symm(rn_index m, rn_index n, double alpha, const double *a, rn_index lda,
                                const double *b, rn_index ldb, double beta, double *c,
                                rn_index ldc);

/* Vectors of any length (longer ones than the library's integers go in pieces, in order). */

/** sum_i x_i y_i. */
double rni_dot(rn_index n, const double *x, const double *y);

/** y := y + alpha x. */
void rni_axpy(rn_index n, double alpha, const double *x, double *y);

/** |x|_2 without overflow or underflow. */
double rni_nrm2(rn_index n, const double *x);

/**
 * Lets BLAS and LAPACK use n_threads threads (>= 1; no more than the machine has) until
 * rni_blas_restore_threads is called on the same thread. Waits while another thread holds the
 * raise; does not nest.
 */
void rni_blas_raise_threads(int n_threads);
void rni_blas_restore_threads(void);

/** Threads that BLAS may use when called from this thread, and the processors it sees. */
int rni_blas_threads(void);
int rni_blas_processors(void);

/** Version, build options and processor kernels of the loaded library; never NULL, not freed. */
const char *rni_blas_name(void);
const char *rni_blas_core(void);

/**
 * The kernels this processor could run when the library chose older ones, because it is younger
 * than the library: the value to give OPENBLAS_CORETYPE before the process starts ("SkylakeX",
 * "Haswell"). NULL when the choice is right or the variable is already set. A wrong choice costs
 * a factor of 3 to 8.
 */
const char *rni_blas_better_core(void);

/**
 * True when the loaded library is an OpenMP build. The pthread build keeps a spinning pool of
 * its own beside other threads and has been measured several times slower there.
 */
bool rni_blas_is_openmp(void);

#endif
