/*
 * J v forward and J^T u in reverse, never stored.
 *
 * Tiles of samples run in parallel. Sums over samples come in waves of a fixed number of tiles:
 * each tile of a wave leaves its gradient in a place of its own, then they are added in order.
 */
#include "kernel/jacobian.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "backends/blas.h"
#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"

#define WAVE 8 /* tiles whose gradients are kept at a time */

typedef struct sweep {
    rn_kernel *kernel;
    rni_program_kind kind;
    const rni_leaves *leaves;
    rn_index tile;
    rn_index first_tile; /* of the wave */
    rn_index width;      /* numbers per tile in reverse */
    double *out;
} sweep;

static rn_status check_finite(rn_index n, const double *values, const char *function)
{
    for (rn_index i = 0; i < n; i++)
        if (!(fabs(values[i]) <= DBL_MAX))
            return rni_fail(RN_ERR_NONFINITE,
                            "%s: number %" PRId64 " of the result is NaN or infinite; look at the"
                            " parameters, inputs and the vector given",
                            function, i);
    return RN_OK;
}

static rn_status prepare(rn_kernel *kernel, rni_program_kind kind, rn_index n_samples)
{
    return rni_program_prepare(kernel, kind, n_samples, kernel->is_coupled ? n_samples : 0, 0);
}

static rn_status forward_tile(void *user, rn_index task, int thread)
{
    const sweep *s = user;
    const rn_index first = task * s->tile;
    const rn_index count = rni_min(s->tile, s->leaves->point->n_samples - first);
    rn_workspace *work = NULL;
    RNI_TRY(rni_program_run(s->kernel, s->kind, thread, s->leaves, first, count, &work));
    const double *values = rn_workspace_value(work, s->kernel->programs[s->kind].wanted[0]);
    if (!values) return rni_fail(RN_ERR_INTERNAL, "rn_jacobian_apply: J v has no value");
    memcpy(s->out + first * s->kernel->n_rows, values,
           (size_t)(count * s->kernel->n_rows) * sizeof *values);
    return RN_OK;
}

rn_status rni_jacobian_forward(rn_kernel *kernel, rni_program_kind kind, const rni_leaves *leaves,
                               double *out)
{
    const rn_index n_samples = leaves->point->n_samples;
    RNI_TRY(prepare(kernel, kind, n_samples));
    sweep s = {.kernel = kernel, .kind = kind, .leaves = leaves};
    s.tile = kernel->programs[kind].tile;
    s.out = out;
    return rni_pool_run(kernel->pool, rni_ceil_div(n_samples, s.tile), forward_tile, &s);
}

static rn_status reverse_tile(void *user, rn_index task, int thread)
{
    const sweep *s = user;
    rn_kernel *kernel = s->kernel;
    const rn_index first = (s->first_tile + task) * s->tile;
    const rn_index count = rni_min(s->tile, s->leaves->point->n_samples - first);
    rni_leaves leaves = *s->leaves;
    leaves.cotangent += first * kernel->n_rows;
    rn_workspace *work = NULL;
    RNI_TRY(rni_program_run(kernel, s->kind, thread, &leaves, first, count, &work));
    const rni_program *program = &kernel->programs[s->kind];
    double *to = s->out + task * s->width;
    for (rn_index w = 0; w < program->n_wanted; w++) {
        const rn_index size = kernel->blocks[w % kernel->n_parameters].size;
        const double *values = rn_workspace_value(work, program->wanted[w]);
        if (!values) return rni_fail(RN_ERR_INTERNAL, "rn_jacobian_apply: J^T u has no value");
        memcpy(to, values, (size_t)size * sizeof *values);
        to += size;
    }
    return RN_OK;
}

rn_status rni_jacobian_reverse(rn_kernel *kernel, rni_program_kind kind, const rni_leaves *leaves,
                               double *out)
{
    const rn_index n_samples = leaves->point->n_samples;
    RNI_TRY(prepare(kernel, kind, n_samples));
    const bool both = kind == RNI_PROGRAM_TRANSPOSE_TANGENT;
    sweep s = {.kernel = kernel,
               .kind = kind,
               .leaves = leaves,
               .tile = kernel->programs[kind].tile,
               .width = both ? 2 * kernel->n_weights : kernel->n_weights};
    const rn_index n_tiles = rni_ceil_div(n_samples, s.tile);
    const rn_index wave = rni_min(WAVE, n_tiles);
    rn_index n_words = 0;
    if (rni_size_mul(wave, s.width, &n_words)) s.out = rni_alloc(n_words, sizeof *s.out);
    if (!s.out)
        return rni_fail(RN_ERR_MEMORY,
                        "rn_jacobian_apply_transpose: no memory for %" PRId64
                        " gradients of %" PRId64 " weights",
                        wave, s.width);
    rn_status status = RN_OK;
    memset(out, 0, (size_t)s.width * sizeof *out);
    for (; s.first_tile < n_tiles && status == RN_OK; s.first_tile += wave) {
        const rn_index count = rni_min(wave, n_tiles - s.first_tile);
        status = rni_pool_run(kernel->pool, count, reverse_tile, &s);
        for (rn_index t = 0; t < count && status == RN_OK; t++)
            rni_axpy(s.width, 1.0, s.out + t * s.width, out);
    }
    rni_free(s.out);
    return status;
}

/* ---- public ---------------------------------------------------------------------------------- */

rn_status rn_jacobian_apply(rn_kernel *kernel, const rn_kernel_point *point, const double *v,
                            double *out)
{
    RNI_TRY(rni_kernel_check(kernel, point, "rn_jacobian_apply"));
    if (!v || !out) return rni_fail(RN_ERR_ARGUMENT, "rn_jacobian_apply: v or out is NULL");
    const rn_index n = point->n_samples * kernel->n_rows;
    double *result = rni_alloc(n, sizeof *result);
    if (!result)
        return rni_fail(RN_ERR_MEMORY, "rn_jacobian_apply: no memory for %" PRId64 " rows", n);
    const rni_leaves leaves = {.point = point, .directions = {v}};
    rn_status status = rni_jacobian_forward(kernel, RNI_PROGRAM_APPLY, &leaves, result);
    if (status == RN_OK) status = check_finite(n, result, "rn_jacobian_apply");
    if (status == RN_OK) memcpy(out, result, (size_t)n * sizeof *out);
    rni_free(result);
    return status;
}

rn_status rn_jacobian_apply_transpose(rn_kernel *kernel, const rn_kernel_point *point,
                                      const double *u, double *out)
{
    RNI_TRY(rni_kernel_check(kernel, point, "rn_jacobian_apply_transpose"));
    if (!u || !out)
        return rni_fail(RN_ERR_ARGUMENT, "rn_jacobian_apply_transpose: u or out is NULL");
    const rn_index n = kernel->n_weights;
    double *result = rni_alloc(n, sizeof *result);
    if (!result)
        return rni_fail(RN_ERR_MEMORY,
                        "rn_jacobian_apply_transpose: no memory for %" PRId64 " weights", n);
    const rni_leaves leaves = {.point = point, .cotangent = u};
    rn_status status = rni_jacobian_reverse(kernel, RNI_PROGRAM_TRANSPOSE, &leaves, result);
    if (status == RN_OK) status = check_finite(n, result, "rn_jacobian_apply_transpose");
    if (status == RN_OK) memcpy(out, result, (size_t)n * sizeof *out);
    rni_free(result);
    return status;
}
