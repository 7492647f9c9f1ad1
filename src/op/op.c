/*
 * The operator object: a checked copy of its description, and application with checks around the
 * callback.
 */
#include "op/op.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"

struct rn_op {
    rn_op_desc desc;
    bool is_native; /* callbacks return an rn_status */
};

static bool is_symmetric(rn_op_traits traits)
{
    return traits != RN_OP_GENERAL;
}

static rn_status create(const rn_op_desc *desc, bool is_native, rn_op **out)
{
    if (!desc || !desc->apply || !out)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_op_create: found NULL, expected a description with an apply callback "
                        "and a place for the operator");
    if (!rni_size_ok(desc->rows) || !rni_size_ok(desc->cols))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_op_create: found %" PRId64 " x %" PRId64
                        ", expected sizes in 1 .. 2^48",
                        desc->rows, desc->cols);
    const int traits = (int)desc->traits;
    if (traits != RN_OP_GENERAL && traits != RN_OP_SYMMETRIC && traits != RN_OP_PSD)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_op_create: found traits %d, expected one of rn_op_traits", traits);
    if (is_symmetric(desc->traits) && desc->rows != desc->cols)
        return rni_fail(RN_ERR_SHAPE,
                        "rn_op_create: found a symmetric operator of %" PRId64 " x %" PRId64
                        ", expected a square one",
                        desc->rows, desc->cols);
    rn_op *op = rni_alloc(1, sizeof *op);
    if (!op) return rni_fail(RN_ERR_MEMORY, "rn_op_create: no memory for the operator");
    *op = (rn_op){.desc = *desc, .is_native = is_native};
    *out = op;
    return RN_OK;
}

rn_status rn_op_create(const rn_op_desc *desc, rn_op **out)
{
    return create(desc, false, out);
}

rn_status rni_op_create_native(const rn_op_desc *desc, rn_op **out)
{
    return create(desc, true, out);
}

void rn_op_destroy(rn_op *op)
{
    if (!op) return;
    if (op->desc.release) op->desc.release(op->desc.user);
    rni_free(op);
}

rn_index rn_op_rows(const rn_op *op)
{
    return op->desc.rows;
}

rn_index rn_op_cols(const rn_op *op)
{
    return op->desc.cols;
}

rn_op_traits rn_op_get_traits(const rn_op *op)
{
    return op->desc.traits;
}

/* The callback for A^T, or NULL. */
static rn_apply_fn transpose_of(const rn_op *op)
{
    if (op->desc.apply_transpose) return op->desc.apply_transpose;
    return is_symmetric(op->desc.traits) ? op->desc.apply : NULL;
}

int rn_op_has_transpose(const rn_op *op)
{
    return transpose_of(op) != NULL;
}

static bool all_finite(rn_index n, const double *x)
{
    bool yes = true;
    for (rn_index i = 0; i < n; i++)
        yes &= fabs(x[i]) <= DBL_MAX;
    return yes;
}

/* Y := B X with B [n_out x n_in] given by its callback. */
static rn_status apply(const char *function, const rn_op *op, rn_apply_fn callback, rn_index n_in,
                       rn_index n_out, rn_index n_vecs, const double *x, rn_index ldx, double *y,
                       rn_index ldy)
{
    if (n_vecs < 0 || ldx < n_in || ldy < n_out || (n_vecs > 0 && (!x || !y)))
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: found %" PRId64 " vectors, ldx = %" PRId64 ", ldy = %" PRId64
                        " (or a NULL array), expected ldx >= %" PRId64 ", ldy >= %" PRId64,
                        function, n_vecs, ldx, ldy, n_in, n_out);
    if (n_vecs == 0) return RN_OK;
    const int code = callback(op->desc.user, n_vecs, x, ldx, y, ldy);
    if (code != 0 && op->is_native) return (rn_status)code;
    if (code != 0)
        return rni_fail(RN_ERR_CALLBACK, "%s: the operator's callback returned %d, expected 0",
                        function, code);
    for (rn_index j = 0; j < n_vecs; j++)
        if (!all_finite(n_out, y + j * ldy))
            return rni_fail(RN_ERR_NONFINITE,
                            "%s: found a NaN or infinity in column %" PRId64 " of the product",
                            function, j);
    return RN_OK;
}

rn_status rn_op_apply(const rn_op *op, rn_index n_vecs, const double *x, rn_index ldx, double *y,
                      rn_index ldy)
{
    if (!op) return rni_fail(RN_ERR_ARGUMENT, "rn_op_apply: found NULL, expected an operator");
    return apply("rn_op_apply", op, op->desc.apply, op->desc.cols, op->desc.rows, n_vecs, x, ldx, y,
                 ldy);
}

rn_status rn_op_apply_transpose(const rn_op *op, rn_index n_vecs, const double *x, rn_index ldx,
                                double *y, rn_index ldy)
{
    if (!op)
        return rni_fail(RN_ERR_ARGUMENT, "rn_op_apply_transpose: found NULL, expected an operator");
    const rn_apply_fn callback = transpose_of(op);
    if (!callback)
        return rni_fail(RN_ERR_UNSUPPORTED,
                        "rn_op_apply_transpose: found an operator without transpose; give "
                        "rn_op_desc.apply_transpose");
    return apply("rn_op_apply_transpose", op, callback, op->desc.rows, op->desc.cols, n_vecs, x,
                 ldx, y, ldy);
}
