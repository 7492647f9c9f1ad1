/*
 * Matrices between eigenbases: out_uv = left_u^T A right_v, vectors in rows.
 *
 * Tiles of TILE_ROWS rows of the result, each two products of fixed shape on one thread, so the
 * number of threads does not change a bit. With one basis and a symmetric A only the columns up to
 * the end of each tile are computed and the rest is mirrored: 3 n^3 flops instead of 4 n^3.
 */
#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "shells/shell_flux.h"
#include "tensor/device.h"

#define TILE_ROWS 128

static const char caller[] = "rn_shell_project";

typedef struct projection {
    rn_index n;
    const double *left;
    const double *matrix;
    const double *right;
    double *out;
    rn_index stride; /* of half from thread to thread */
    double *half;    /* [threads x up to TILE_ROWS x n] rows of left A */
} projection;

static rn_status project_tile(void *user, rn_index tile, int thread)
{
    const projection *work = user;
    const rn_index n = work->n;
    const rn_index start = tile * TILE_ROWS;
    const rn_index n_rows = rni_min(TILE_ROWS, n - start);
    const rn_index n_cols = work->left == work->right ? start + n_rows : n;
    const rni_gemm_batch first = {
        .m = n_rows, .n = n, .k = n, .lda = n, .ldb = n, .ldc = n, .alpha = 1.0};
    const rni_gemm_batch second = {.m = n_rows,
                                   .n = n_cols,
                                   .k = n,
                                   .trans_b = true,
                                   .lda = n,
                                   .ldb = n,
                                   .ldc = n,
                                   .alpha = 1.0};
    double *half = work->half + thread * work->stride;
    const double *const first_in[] = {work->left + start * n, work->matrix};
    double *const first_out[] = {half};
    RNI_TRY(rni_device_host()->gemm(&first, first_in, first_out));
    const double *const second_in[] = {half, work->right};
    double *const second_out[] = {work->out + start * n};
    return rni_device_host()->gemm(&second, second_in, second_out);
}

rn_status rni_shell_project(rni_pool *pool, rn_index n, const double *left, const double *matrix,
                            const double *right, double *out)
{
    if (!rni_size_ok(n) || !left || !matrix || !right || !out || out == matrix || out == left
        || out == right)
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: n is %" PRId64
                        " (expected >= 1), or an array is NULL, or out is also an input",
                        caller, n);
    projection work = {.n = n, .left = left, .matrix = matrix, .right = right, .out = out};
    rn_index n_doubles = 0;
    if (rni_size_mul(rni_min(TILE_ROWS, n), n, &work.stride)
        && rni_size_mul((rn_index)rni_pool_threads(pool), work.stride, &n_doubles))
        work.half = rni_alloc(n_doubles, sizeof(double));
    if (!work.half)
        return rni_fail(RN_ERR_MEMORY, "%s: no memory for rows of %" PRId64 " entries", caller, n);
    const rn_status status = rni_pool_run(pool, rni_ceil_div(n, TILE_ROWS), project_tile, &work);
    rni_free(work.half);
    if (status < 0 || left != right) return status;
    for (rn_index u = 0; u < n; u++)
        for (rn_index v = 0; v < u; v++)
            out[v * n + u] = out[u * n + v];
    return RN_OK;
}

rn_status rn_shell_project(rn_index n, const double *left, const double *matrix,
                           const double *right, double *out)
{
    return rni_shell_project(NULL, n, left, matrix, right, out);
}
