#include "gaussian/dense.h"

#include <math.h>

#include "backends/blas.h"
#include "core/memory.h"
#include "core/status.h"

rn_status rni_dense_check(const char *caller, rn_index n, rn_index max_n, rn_index count,
                          const double *const *matrices, rn_index n_outputs, void *const *outputs)
{
    if (n < 1 || n > max_n)
        return rni_fail(RN_ERR_ARGUMENT, "%s: found %" PRId64 " dimensions, expected 1 .. %" PRId64,
                        caller, n, max_n);
    for (rn_index k = 0; k < n_outputs; k++)
        if (!outputs[k]) return rni_fail(RN_ERR_ARGUMENT, "%s: an output is NULL", caller);
    for (rn_index k = 0; k < count; k++) {
        if (!matrices[k]) return rni_fail(RN_ERR_ARGUMENT, "%s: a matrix is NULL", caller);
        for (rn_index i = 0; i < n * n; i++)
            if (!isfinite(matrices[k][i]))
                return rni_fail(RN_ERR_NONFINITE,
                                "%s: entry (%" PRId64 ", %" PRId64 ") of matrix %" PRId64
                                " is %g, expected finite numbers",
                                caller, i / n, i % n, k + 1, matrices[k][i]);
    }
    return RN_OK;
}

double *rni_dense_alloc(const char *caller, rn_index n, rn_index n_blocks)
{
    double *const block = rni_alloc(n * n * n_blocks, sizeof *block);
    if (!block)
        (void)rni_fail(RN_ERR_MEMORY, "%s: no memory for %" PRId64 " matrices of %" PRId64 " rows",
                       caller, n_blocks, n);
    return block;
}

void rni_dense_product(rn_index n, double alpha, const double *a, const double *b, int trans_b,
                       double beta, double *c)
{
    const rn_status status = rni_gemm(false, trans_b != 0, n, n, n, alpha, a, n, b, n, beta, c, n);
    RNI_ASSERT(status == RN_OK); /* fails for sizes beyond 2^31 only */
    (void)status;
}

void rni_dense_congruence(rn_index n, int outer, const double *v, const double *a, double *work,
                          double *c)
{
    rn_status status = rni_gemm(!outer, false, n, n, n, 1.0, v, n, a, n, 0.0, work, n);
    if (status == RN_OK)
        status = rni_gemm(false, outer != 0, n, n, n, 1.0, work, n, v, n, 0.0, c, n);
    RNI_ASSERT(status == RN_OK);
    (void)status;
}

void rni_dense_symmetrise(rn_index n, double *a)
{
    for (rn_index i = 0; i < n; i++)
        for (rn_index j = 0; j < i; j++) {
            const double mean = 0.5 * (a[i * n + j] + a[j * n + i]);
            a[i * n + j] = mean;
            a[j * n + i] = mean;
        }
}

void rni_dense_transpose(rn_index n, double *a)
{
    for (rn_index i = 0; i < n; i++)
        for (rn_index j = 0; j < i; j++) {
            const double moved = a[i * n + j];
            a[i * n + j] = a[j * n + i];
            a[j * n + i] = moved;
        }
}

double rni_dense_norm(rn_index n, const double *a)
{
    return rni_nrm2(n * n, a);
}
