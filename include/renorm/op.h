/**
 * Linear operators known only by what they do to vectors.
 *
 * Storage: blocks of vectors are column-major. Column j of a block x with leading dimension ldx
 * starts at x + j * ldx; ldx >= the vector length, and both are counted in doubles. The elements
 * between the vector length and ldx are never read or written.
 *
 *     static int twice(void *user, rn_index n_vecs, const double *x, rn_index ldx, double *y,
 *                      rn_index ldy);
 *     const rn_op_desc desc = {.rows = n, .cols = n, .traits = RN_OP_PSD, .apply = twice};
 *     rn_op *op = NULL;
 *     rn_status status = rn_op_create(&desc, &op);
 *     if (status == RN_OK) status = rn_op_apply(op, 1, x, n, y, n);
 *     rn_op_destroy(op);
 */
#ifndef RENORM_OP_H
#define RENORM_OP_H

#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rn_op rn_op;

/**
 * Computes Y := A X for a block of n_vecs columns.
 *
 * @param user    the pointer given in rn_op_desc
 * @param n_vecs  number of columns, >= 1
 * @param x       input block,  [cols x n_vecs], leading dimension ldx
 * @param y       output block, [rows x n_vecs], leading dimension ldy; never overlaps x
 * @return 0 on success; any other value ends the computation with RN_ERR_CALLBACK.
 *
 * Called from one thread at a time, always the thread that called into renorm.
 */
typedef int (*rn_apply_fn)(void *user, rn_index n_vecs, const double *x, rn_index ldx, double *y,
                           rn_index ldy);

/** What a caller promises about A; a solver may rely on it. rn_op_check tests promises. */
typedef enum rn_op_traits {
    RN_OP_GENERAL = 0,
    RN_OP_SYMMETRIC = 1, /**< A = A^T; apply_transpose may then be NULL */
    RN_OP_PSD = 3        /**< symmetric and x^T A x >= 0; includes RN_OP_SYMMETRIC */
} rn_op_traits;

/** Describes an operator. Zero-initialise, then fill in what applies. */
typedef struct rn_op_desc {
    rn_index rows;               /**< length of A x, 1 .. RN_SIZE_MAX */
    rn_index cols;               /**< length of x,   1 .. RN_SIZE_MAX */
    rn_op_traits traits;         /**< promises about A */
    rn_apply_fn apply;           /**< required */
    rn_apply_fn apply_transpose; /**< optional; sizes as for A^T */
    void *user;                  /**< passed to the callbacks; borrowed */
    void (*release)(void *user); /**< optional; called once, by rn_op_destroy */
} rn_op_desc;

/**
 * Wraps a description in an operator. The description is copied; `user` is borrowed and must
 * outlive the operator, unless `release` is given, in which case the operator owns it from the
 * moment this call succeeds.
 *
 * @param[out] out  receives the operator; release it with rn_op_destroy
 * @return RN_OK; RN_ERR_ARGUMENT (NULL, a size out of range, unknown traits); RN_ERR_SHAPE
 *         (symmetric but not square); RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_op_create(const rn_op_desc *desc, rn_op **out);

/**
 * A dense matrix as operator.
 *
 * @param matrix  [rows x cols] row-major, leading dimension ld >= cols; borrowed. With
 *                RN_OP_SYMMETRIC or RN_OP_PSD only the lower triangle is read.
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_SHAPE; RN_ERR_MEMORY. Applying it may give
 *         RN_ERR_UNSUPPORTED (a dimension above 2^31 - 1).
 */
RN_API RN_NODISCARD rn_status rn_op_create_dense(rn_index rows, rn_index cols, const double *matrix,
                                                 rn_index ld, rn_op_traits traits, rn_op **out);

/**
 * diag(values), symmetric. @param values  [n], borrowed
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_op_create_diagonal(rn_index n, const double *values, rn_op **out);

/** Releases an operator. NULL is allowed. */
RN_API void rn_op_destroy(rn_op *op);

RN_API rn_index rn_op_rows(const rn_op *op);
RN_API rn_index rn_op_cols(const rn_op *op);
RN_API rn_op_traits rn_op_get_traits(const rn_op *op);

/** True when rn_op_apply_transpose works: a transpose was given, or the operator is symmetric. */
RN_API int rn_op_has_transpose(const rn_op *op);

/**
 * Y := A X.
 *
 * @param n_vecs  columns, >= 0
 * @param x       [cols x n_vecs] in, leading dimension ldx >= cols
 * @param y       [rows x n_vecs] out, leading dimension ldy >= rows; undefined after a failure
 *                of the operator itself, else untouched
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_CALLBACK; RN_ERR_NONFINITE (the result holds a NaN or
 *         infinity); operators made by renorm pass on their own statuses
 */
RN_API RN_NODISCARD rn_status rn_op_apply(const rn_op *op, rn_index n_vecs, const double *x,
                                          rn_index ldx, double *y, rn_index ldy);

/**
 * Y := A^T X; x is [rows x n_vecs], y [cols x n_vecs].
 * @return as rn_op_apply; RN_ERR_UNSUPPORTED when there is no transpose
 */
RN_API RN_NODISCARD rn_status rn_op_apply_transpose(const rn_op *op, rn_index n_vecs,
                                                    const double *x, rn_index ldx, double *y,
                                                    rn_index ldy);

/**
 * How far an operator is from what its description says: the worst over random Gaussian vectors.
 * All numbers are dimensionless; a sound operator has them at rounding level (a few eps times the
 * square root of the number of terms summed), a wrong one usually near 1.
 */
typedef struct rn_op_defects {
    double adjoint;   /**< |u.(A v) - (A^T u).v| / (|u| |A v| + |A^T u| |v|); without a transpose
                           NaN. For symmetric operators this is their symmetry. */
    double linearity; /**< |A(u + 2 v) - A u - 2 A v| / (|A u| + 2 |A v|) */
    double block;     /**< |Y_j - A x_j| / |A x_j|, Y from one call with three columns */
    double negative;  /**< largest -v.(A v) / (|v| |A v|), at least 0; only for RN_OP_PSD */
} rn_op_defects;

/**
 * Measures the defects on n_trials >= 1 draws; the same seed gives the same vectors.
 * Costs 5 columns of A and one of A^T a trial, 5 (rows + cols) doubles.
 *
 * @param[out] out  filled when the status is RN_OK
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY; whatever applying gives
 */
RN_API RN_NODISCARD rn_status rn_op_check(const rn_op *op, int n_trials, uint64_t seed,
                                          rn_op_defects *out);

#ifdef __cplusplus
}
#endif

#endif
