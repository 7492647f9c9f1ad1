/*
 * Forward against backward likelihood of a path. With M = Q^-1 and G = 1 - B
 *
 *   (x - G x')^T M (x - G x') - (x' - G x)^T M (x' - G x) = x^T V x - x'^T V x' - 2 x^T W x',
 *
 * V = M - G^T M G, W = M G - G^T M. The V of inner states cancel along a path; written through B
 * nothing else does.
 */
#include <renorm/linear_gaussian.h>
#include <string.h>

#include "backends/lapack.h"
#include "core/memory.h"
#include "core/status.h"
#include "gaussian/dense.h"

/* out := x matrix^-1 with x in out; work [n x n]. */
static rn_status divide(const char *caller, rn_index n, const double *matrix, double *work,
                        double *out)
{
    memcpy(work, matrix, (size_t)(n * n) * sizeof *work);
    rn_status status = rni_lapack_cholesky(n, work);
    if (status == RN_OK) {
        memcpy(work, matrix, (size_t)(n * n) * sizeof *work);
        status = rni_lapack_divide_rows(n, work, n, out);
    }
    return status < 0 ? rni_fail_within(status, "%s: noise or covariance is singular", caller)
                      : RN_OK;
}

rn_status rn_gaussian_path_forms(rn_index n, const double *b, const double *q, const double *s,
                                 double *turn, double *edge)
{
    const char *const caller = "rn_gaussian_path_forms";
    const double *const inputs[] = {b, q, s};
    void *const outputs[] = {turn, edge};
    RNI_TRY(rni_dense_check(caller, n, RN_GAUSSIAN_MAX_N, 3, inputs, 2, outputs));
    double *const work = rni_dense_alloc(caller, n, 4);
    if (!work) return RN_ERR_MEMORY;
    double *const pull = work + n * n;        /* B^T M */
    double *const inverse = work + 2 * n * n; /* S^-1 */
    double *const both = work + 3 * n * n;    /* B^T M B */
    for (rn_index i = 0; i < n * n; i++) {
        pull[i] = b[i];
        inverse[i] = i % (n + 1) == 0 ? 1.0 : 0.0;
    }
    rni_dense_transpose(n, pull);
    rn_status status = divide(caller, n, q, work, pull);
    if (status == RN_OK) status = divide(caller, n, s, work, inverse);
    if (status == RN_OK) {
        rni_dense_product(n, 1.0, pull, b, 0, 0.0, both);
        for (rn_index i = 0; i < n; i++)
            for (rn_index j = 0; j < n; j++) {
                const double here = pull[i * n + j];
                const double there = pull[j * n + i];
                turn[i * n + j] = here - there;
                edge[i * n + j] = here + there - both[i * n + j] - inverse[i * n + j];
            }
        rni_dense_symmetrise(n, edge);
    }
    rni_free(work);
    return status;
}

double rn_gaussian_path_turn(rn_index n, const double *turn, const double *x, const double *next)
{
    double sum = 0.0;
    for (rn_index i = 0; i < n; i++)
        for (rn_index j = 0; j < n; j++)
            sum += x[i] * turn[i * n + j] * next[j];
    return sum;
}

double rn_gaussian_path_edge(rn_index n, const double *edge, const double *first,
                             const double *last)
{
    double sum = 0.0;
    for (rn_index i = 0; i < n; i++)
        for (rn_index j = 0; j < n; j++)
            sum += edge[i * n + j] * (first[i] * first[j] - last[i] * last[j]);
    return 0.5 * sum;
}
