/*
 * Circulation and entropy production.
 *
 * A stationary step x' = (1 - B) x + xi has ln p(x -> x')/p(x' -> x) with mean
 * (1/2) tr Q^-1 [<(x - G x')(x - G x')^T> - Q], G = 1 - B. Its bracket is 2 (G C - C G^T) with
 * C = (S G^T - G S)/2 = (B S - S B^T)/2, and tr Q^-1 C = 0, which leaves -2 tr Q^-1 B C.
 */
#include <renorm/linear_gaussian.h>
#include <string.h>

#include "backends/lapack.h"
#include "core/memory.h"
#include "core/status.h"
#include "gaussian/dense.h"

rn_status rn_gaussian_circulation(rn_index n, const double *drift, const double *s, double *c)
{
    const char *const caller = "rn_gaussian_circulation";
    const double *const inputs[] = {drift, s};
    void *const outputs[] = {c};
    RNI_TRY(rni_dense_check(caller, n, RN_GAUSSIAN_MAX_N, 2, inputs, 1, outputs));
    double *const product = rni_dense_alloc(caller, n, 1);
    if (!product) return RN_ERR_MEMORY;
    rni_dense_product(n, 1.0, drift, s, 0, 0.0, product);
    for (rn_index i = 0; i < n; i++) {
        c[i * n + i] = 0.0;
        for (rn_index j = 0; j < i; j++) {
            const double value = 0.5 * (product[i * n + j] - product[j * n + i]);
            c[i * n + j] = value;
            c[j * n + i] = -value;
        }
    }
    rni_free(product);
    return RN_OK;
}

/* x := L_left^-1 x L_right^-T, the factors from the symmetric matrices of that name, which are
   lost. */
static rn_status whiten(const char *caller, rn_index n, double *left, double *right, double *x)
{
    rn_status status = rni_lapack_cholesky(n, right);
    if (status == RN_OK && left != right) status = rni_lapack_cholesky(n, left);
    if (status < 0) return rni_fail_within(status, "%s: noise or covariance is singular", caller);
    rni_lapack_divide_rows_lower(n, right, n, x);
    rni_dense_transpose(n, x);
    rni_lapack_divide_rows_lower(n, left, n, x);
    rni_dense_transpose(n, x);
    return RN_OK;
}

rn_status rn_gaussian_flow_entropy(rn_index n, const double *d, const double *s, const double *c,
                                   double *rate)
{
    const char *const caller = "rn_gaussian_flow_entropy";
    const double *const inputs[] = {d, s, c};
    void *const outputs[] = {rate};
    RNI_TRY(rni_dense_check(caller, n, RN_GAUSSIAN_MAX_N, 3, inputs, 1, outputs));
    double *const work = rni_dense_alloc(caller, n, 3);
    if (!work) return RN_ERR_MEMORY;
    for (rn_index k = 0; k < 3; k++)
        memcpy(work + k * n * n, inputs[k], (size_t)(n * n) * sizeof *work);
    const rn_status status = whiten(caller, n, work, work + n * n, work + 2 * n * n);
    if (status == RN_OK) {
        const double norm = rni_dense_norm(n, work + 2 * n * n);
        *rate = norm * norm;
    }
    rni_free(work);
    return status;
}

rn_status rn_gaussian_step_entropy(rn_index n, const double *b, const double *q, const double *c,
                                   double *mean)
{
    const char *const caller = "rn_gaussian_step_entropy";
    const double *const inputs[] = {b, q, c};
    void *const outputs[] = {mean};
    RNI_TRY(rni_dense_check(caller, n, RN_GAUSSIAN_MAX_N, 3, inputs, 1, outputs));
    double *const work = rni_dense_alloc(caller, n, 2);
    if (!work) return RN_ERR_MEMORY;
    double *const x = work + n * n;
    memcpy(work, q, (size_t)(n * n) * sizeof *work);
    rni_dense_product(n, 1.0, b, c, 0, 0.0, x);
    const rn_status status = whiten(caller, n, work, work, x);
    if (status == RN_OK) {
        double trace = 0.0;
        for (rn_index i = 0; i < n; i++)
            trace += x[i * n + i];
        *mean = -2.0 * trace;
    }
    rni_free(work);
    return status;
}
