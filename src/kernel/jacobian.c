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

typedef struct sweep {
    rn_kernel *kernel;
    rni_program_kind kind;
    const rni_leaves *leaves;
    rn_index tile;
    rn_index n_kept;     /* samples whose activations are there */
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

/* The program that starts from activations. */
static rni_program_kind kept_kind(rni_program_kind kind)
{
    return kind == RNI_PROGRAM_APPLY ? RNI_PROGRAM_APPLY_KEPT : RNI_PROGRAM_TRANSPOSE_KEPT;
}

/* Plans what the tiles need: those with activations start from them, the others from the inputs,
   and all are cut in the same way, so that the bits do not depend on how many are kept. */
static rn_status prepare(sweep *s)
{
    rn_kernel *kernel = s->kernel;
    const rn_index n_samples = s->leaves->point->n_samples;
    const rni_kept *kept = s->leaves->kept;
    RNI_TRY(rni_program_cut(kernel, s->kind, kernel->is_coupled ? n_samples : 0));
    s->tile = kernel->programs[s->kind].tile;
    s->n_kept = !kept                          ? 0
                : kept->n_samples == n_samples ? n_samples
                                               : kept->n_samples / s->tile * s->tile;
    if (s->n_kept > 0)
        RNI_TRY(rni_program_prepare(kernel, kept_kind(s->kind), s->n_kept, s->tile, 0));
    if (s->n_kept == n_samples) return RN_OK;
    return rni_program_prepare(kernel, s->kind, n_samples, s->tile, 0);
}

/* Runs one tile; its work space. */
static rn_status run_tile(const sweep *s, int thread, rni_leaves *leaves, rn_index first,
                          rn_index count, rn_workspace **work)
{
    const bool is_kept = first + count <= s->n_kept;
    if (!is_kept) leaves->kept = NULL;
    return rni_program_run(s->kernel, is_kept ? kept_kind(s->kind) : s->kind, thread, leaves, first,
                           count, work);
}

static rn_status forward_tile(void *user, rn_index task, int thread)
{
    const sweep *s = user;
    const rn_index first = task * s->tile;
    const rn_index count = rni_min(s->tile, s->leaves->point->n_samples - first);
    rni_leaves leaves = *s->leaves;
    rn_workspace *work = NULL;
    RNI_TRY(run_tile(s, thread, &leaves, first, count, &work));
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
    sweep s = {.kernel = kernel, .kind = kind, .leaves = leaves};
    rn_status status = prepare(&s);
    s.out = out;
    const rn_index n = n_samples * kernel->n_rows;
    rni_ranks_clear(kernel->ranks, n, out);
    if (status == RN_OK)
        status = rni_ranks_run(kernel->ranks, kernel->pool, rni_ceil_div(n_samples, s.tile),
                               forward_tile, &s);
    return rni_ranks_exchange(kernel->ranks, status, n, out);
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
    RNI_TRY(run_tile(s, thread, &leaves, first, count, &work));
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

/* Waves of tiles, added in order. s->out has room for a wave. */
static rn_status add_waves(sweep *s, rn_index n_tiles, rn_index wave, double *out)
{
    const rn_communicator *ranks = s->kernel->ranks;
    rn_status status = RN_OK;
    for (; s->first_tile < n_tiles && status == RN_OK; s->first_tile += wave) {
        const rn_index count = rni_min(wave, n_tiles - s->first_tile);
        rni_ranks_clear(ranks, count * s->width, s->out);
        status = rni_ranks_run(ranks, s->kernel->pool, count, reverse_tile, s);
        status = rni_ranks_exchange(ranks, status, count * s->width, s->out);
        for (rn_index t = 0; t < count && status == RN_OK; t++)
            rni_axpy(s->width, 1.0, s->out + t * s->width, out);
    }
    return status;
}

rn_status rni_jacobian_reverse(rn_kernel *kernel, rni_program_kind kind, const rni_leaves *leaves,
                               double *out)
{
    const rn_index n_samples = leaves->point->n_samples;
    const bool both = kind == RNI_PROGRAM_TRANSPOSE_TANGENT;
    sweep s = {.kernel = kernel,
               .kind = kind,
               .leaves = leaves,
               .width = both ? 2 * kernel->n_weights : kernel->n_weights};
    rn_status status = prepare(&s);
    s.tile = rni_max(s.tile, 1);
    const rn_index n_tiles = rni_ceil_div(n_samples, s.tile);
    const rn_index wave = rni_min(RNI_JACOBIAN_WAVE, n_tiles);
    rn_index n_words = 0;
    if (status == RN_OK && rni_size_mul(wave, s.width, &n_words))
        s.out = rni_alloc(n_words, sizeof *s.out);
    if (status == RN_OK && !s.out)
        status = rni_fail(RN_ERR_MEMORY,
                          "rn_jacobian_apply_transpose: no memory for %" PRId64
                          " gradients of %" PRId64 " weights",
                          wave, s.width);
    status = rni_ranks_exchange(kernel->ranks, status, 0, NULL);
    if (status == RN_OK) {
        memset(out, 0, (size_t)s.width * sizeof *out);
        status = add_waves(&s, n_tiles, wave, out);
    }
    rni_free(s.out);
    return status;
}

/* ---- public ---------------------------------------------------------------------------------- */

/* Room for a result, on every rank or on none. NULL: with that status. */
static double *result_of(const rn_kernel *kernel, rn_index n, const char *function,
                         rn_status *status)
{
    double *result = rni_alloc(n, sizeof *result);
    *status = result
                  ? RN_OK
                  : rni_fail(RN_ERR_MEMORY, "%s: no memory for %" PRId64 " numbers", function, n);
    *status = rni_ranks_exchange(kernel->ranks, *status, 0, NULL);
    if (*status == RN_OK) return result;
    rni_free(result);
    return NULL;
}

rn_status rn_jacobian_apply(rn_kernel *kernel, const rn_kernel_point *point, const double *v,
                            double *out)
{
    static const char name[] = "rn_jacobian_apply";
    RNI_TRY(rni_kernel_check(kernel, point, name));
    if (!v || !out) return rni_fail(RN_ERR_ARGUMENT, "%s: v or out is NULL", name);
    const rn_index n = point->n_samples * kernel->n_rows;
    const rni_leaves leaves = {.point = point, .directions = {v}};
    rn_status status = RN_OK;
    double *result = result_of(kernel, n, name, &status);
    if (status == RN_OK) status = rni_jacobian_forward(kernel, RNI_PROGRAM_APPLY, &leaves, result);
    if (status == RN_OK) status = check_finite(n, result, name);
    if (status == RN_OK) memcpy(out, result, (size_t)n * sizeof *out);
    rni_free(result);
    return status;
}

rn_status rn_jacobian_apply_transpose(rn_kernel *kernel, const rn_kernel_point *point,
                                      const double *u, double *out)
{
    static const char name[] = "rn_jacobian_apply_transpose";
    RNI_TRY(rni_kernel_check(kernel, point, name));
    if (!u || !out) return rni_fail(RN_ERR_ARGUMENT, "%s: u or out is NULL", name);
    const rn_index n = kernel->n_weights;
    const rni_leaves leaves = {.point = point, .cotangent = u};
    rn_status status = RN_OK;
    double *result = result_of(kernel, n, name, &status);
    if (status == RN_OK)
        status = rni_jacobian_reverse(kernel, RNI_PROGRAM_TRANSPOSE, &leaves, result);
    if (status == RN_OK) status = check_finite(n, result, name);
    if (status == RN_OK) memcpy(out, result, (size_t)n * sizeof *out);
    rni_free(result);
    return status;
}
