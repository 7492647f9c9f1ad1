/*
 * Operators whose elements are stored: dense and diagonal.
 */
#include "backends/blas.h"
#include "core/memory.h"
#include "core/status.h"
#include "op/op.h"

typedef struct stored {
    rn_index rows;
    rn_index cols;
    const double *elements; /* borrowed */
    rn_index ld;
} stored;

/* A column-major block of columns is the row-major matrix X^T: Y^T = X^T A^T. */
static int apply_dense(void *user, rn_index n_vecs, const double *x, rn_index ldx, double *y,
                       rn_index ldy)
{
    const stored *a = user;
    return (int)rni_gemm(false, true, n_vecs, a->rows, a->cols, 1.0, x, ldx, a->elements, a->ld,
                         0.0, y, ldy);
}

static int apply_dense_transpose(void *user, rn_index n_vecs, const double *x, rn_index ldx,
                                 double *y, rn_index ldy)
{
    const stored *a = user;
    return (int)rni_gemm(false, false, n_vecs, a->cols, a->rows, 1.0, x, ldx, a->elements, a->ld,
                         0.0, y, ldy);
}

static int apply_symmetric(void *user, rn_index n_vecs, const double *x, rn_index ldx, double *y,
                           rn_index ldy)
{
    const stored *a = user;
    for (rn_index j = 0; j < n_vecs; j++) {
        const rn_status status =
            rni_symv(a->rows, 1.0, a->elements, a->ld, x + j * ldx, 0.0, y + j * ldy);
        if (status < 0) return (int)status;
    }
    return 0;
}

static int apply_diagonal(void *user, rn_index n_vecs, const double *x, rn_index ldx, double *y,
                          rn_index ldy)
{
    const stored *a = user;
    for (rn_index j = 0; j < n_vecs; j++)
        for (rn_index i = 0; i < a->rows; i++)
            y[j * ldy + i] = a->elements[i] * x[j * ldx + i];
    return 0;
}

/* Creates an operator that owns a copy of `what`. */
static rn_status create(const stored *what, rn_op_desc desc, rn_op **out)
{
    stored *copy = rni_alloc(1, sizeof *copy);
    if (!copy) return rni_fail(RN_ERR_MEMORY, "rn_op_create: no memory for the operator");
    *copy = *what;
    desc.rows = what->rows;
    desc.cols = what->cols;
    desc.user = copy;
    desc.release = rni_free;
    const rn_status status = rni_op_create_native(&desc, out);
    if (status < 0) rni_free(copy);
    return status;
}

rn_status rn_op_create_dense(rn_index rows, rn_index cols, const double *matrix, rn_index ld,
                             rn_op_traits traits, rn_op **out)
{
    if (!matrix || ld < cols)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_op_create_dense: found ld = %" PRId64
                        " (or a NULL matrix), expected at least %" PRId64,
                        ld, cols);
    const stored what = {.rows = rows, .cols = cols, .elements = matrix, .ld = ld};
    const bool is_general = traits == RN_OP_GENERAL;
    const rn_op_desc desc = {.traits = traits,
                             .apply = is_general ? apply_dense : apply_symmetric,
                             .apply_transpose = is_general ? apply_dense_transpose : NULL};
    return create(&what, desc, out);
}

rn_status rn_op_create_diagonal(rn_index n, const double *values, rn_op **out)
{
    if (!values)
        return rni_fail(RN_ERR_ARGUMENT, "rn_op_create_diagonal: found NULL, expected values");
    const stored what = {.rows = n, .cols = n, .elements = values, .ld = 1};
    const rn_op_desc desc = {.traits = RN_OP_SYMMETRIC, .apply = apply_diagonal};
    return create(&what, desc, out);
}
