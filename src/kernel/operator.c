/*
 * M and its tangent as operators: M u = (1/N) J (J^T u), and with s = J^T u, s' = (J')^T u
 *
 *     M' u = (1/N) (J' s + J s').
 *
 * With a scale S, s becomes S^2 s and s' becomes S^2 s' + 2 S S' s.
 */
#include <renorm/op.h>
#include <string.h>

#include "backends/blas.h"
#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "kernel/jacobian.h"
#include "op/op.h"

typedef struct product {
    rn_kernel *kernel;            /* borrowed */
    const rn_kernel_point *point; /* borrowed */
    const double *v;              /* borrowed; NULL for M */
    rn_index n;
    double *gradient; /* owned: [P], or [2 P] for the tangent */
    rni_kept *kept;   /* owned: activations of M at a fixed point, or NULL */
} product;

static void release(void *user)
{
    product *p = user;
    rni_keep_destroy(p->kept);
    rni_free(p->gradient);
    rni_free(p);
}

static void precondition(const product *p)
{
    const double *scale = p->point->scale;
    const double *turn = p->point->scale_tangent;
    const rn_index n = p->kernel->n_weights;
    double *s = p->gradient;
    double *tangent = p->gradient + n; /* of J^T u; there is one only along a direction */
    for (rn_index i = 0; i < n && p->v; i++) {
        const double moved = turn ? 2.0 * scale[i] * turn[i] * s[i] : 0.0;
        tangent[i] = scale[i] * scale[i] * tangent[i] + moved;
    }
    for (rn_index i = 0; i < n; i++)
        s[i] *= scale[i] * scale[i];
}

static rn_status apply_one(product *p, const double *x, double *y)
{
    rni_leaves reverse = {.point = p->point, .directions = {p->v}, .cotangent = x, .kept = p->kept};
    const rni_program_kind down = p->v ? RNI_PROGRAM_TRANSPOSE_TANGENT : RNI_PROGRAM_TRANSPOSE;
    RNI_TRY(rni_jacobian_reverse(p->kernel, down, &reverse, p->gradient));
    if (p->point->scale) precondition(p);
    rni_leaves forward = {.point = p->point, .directions = {p->gradient}, .kept = p->kept};
    if (p->v) {
        forward.directions[1] = p->v;
        forward.directions[2] = p->gradient + p->kernel->n_weights;
    }
    const rni_program_kind up = p->v ? RNI_PROGRAM_APPLY_TANGENT : RNI_PROGRAM_APPLY;
    RNI_TRY(rni_jacobian_forward(p->kernel, up, &forward, y));
    const double scale = 1.0 / (double)p->point->n_samples;
    for (rn_index i = 0; i < p->n; i++)
        y[i] *= scale;
    return RN_OK;
}

static int apply(void *user, rn_index n_vecs, const double *x, rn_index ldx, double *y,
                 rn_index ldy)
{
    for (rn_index j = 0; j < n_vecs; j++)
        RNI_TRY(apply_one(user, x + j * ldx, y + j * ldy));
    return RN_OK;
}

/* kept: taken over on success, may be NULL */
static rn_status create(rn_kernel *kernel, const rn_kernel_point *point, const double *v,
                        rni_kept *kept, rn_op **out)
{
    const rn_index size = v ? 2 * kernel->n_weights : kernel->n_weights;
    product *p = rni_alloc(1, sizeof *p);
    double *gradient = rni_alloc(size, sizeof *gradient);
    if (!p || !gradient) {
        rni_free(p);
        rni_free(gradient);
        return rni_fail(RN_ERR_MEMORY, "rn_kernel_operator: no memory for %" PRId64 " weights",
                        size);
    }
    *p = (product){.kernel = kernel,
                   .point = point,
                   .v = v,
                   .n = point->n_samples * kernel->n_rows,
                   .gradient = gradient};
    const rn_op_desc desc = {.rows = p->n,
                             .cols = p->n,
                             .traits = v ? RN_OP_SYMMETRIC : RN_OP_PSD,
                             .apply = apply,
                             .user = p,
                             .release = release};
    const rn_status status = rni_op_create_native(&desc, out);
    if (status < 0)
        release(p);
    else
        p->kept = kept;
    return status;
}

rn_status rn_kernel_operator(rn_kernel *kernel, const rn_kernel_point *point, rn_op **out)
{
    RNI_TRY(rni_kernel_check(kernel, point, "rn_kernel_operator"));
    if (!out) return rni_fail(RN_ERR_ARGUMENT, "rn_kernel_operator: out is NULL");
    return create(kernel, point, NULL, NULL, out);
}

rn_status rn_kernel_fixed_operator(rn_kernel *kernel, const rn_kernel_point *point, rn_op **out)
{
    rni_kept *kept = NULL;
    RNI_TRY(rni_kernel_check(kernel, point, "rn_kernel_fixed_operator"));
    if (!out) return rni_fail(RN_ERR_ARGUMENT, "rn_kernel_fixed_operator: out is NULL");
    RNI_TRY(rni_keep_create(kernel, point, kernel->max_factor_bytes, &kept));
    const rn_status status = create(kernel, point, NULL, kept, out);
    if (status < 0) rni_keep_destroy(kept);
    return status;
}

rn_status rn_kernel_tangent_operator(rn_kernel *kernel, const rn_kernel_point *point,
                                     const double *v, rn_op **out)
{
    RNI_TRY(rni_kernel_check(kernel, point, "rn_kernel_tangent_operator"));
    if (!v || !out)
        return rni_fail(RN_ERR_ARGUMENT, "rn_kernel_tangent_operator: v or out is NULL");
    return create(kernel, point, v, NULL, out);
}
