#include "kernel/steady.h"

#include <math.h>

#include "backends/blas.h"

/* Four sums over p, added at the end. */
static double strided_dot(rn_index k, const double *a, rn_index step_a, const double *b,
                          rn_index step_b)
{
    double sums[4] = {0.0};
    rn_index p = 0;
    for (; p + 4 <= k; p += 4)
        for (rn_index e = 0; e < 4; e++)
            sums[e] += a[(p + e) * step_a] * b[(p + e) * step_b];
    for (; p < k; p++)
        sums[0] += a[p * step_a] * b[p * step_b];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

rn_status rni_steady_gemm(bool trans_a, bool trans_b, rn_index m, rn_index n, rn_index k,
                          double alpha, const double *a, rn_index lda, const double *b,
                          rn_index ldb, double beta, double *c, rn_index ldc)
{
    if (m != 1 && n != 1)
        return rni_gemm(trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    const rn_index step_a = trans_a ? lda : 1; /* along the sum */
    const rn_index step_b = trans_b ? 1 : ldb;
    const rn_index row_a = trans_a ? 1 : lda;
    const rn_index column_b = trans_b ? ldb : 1;
    const bool keeps = fpclassify(beta) != FP_ZERO;
    for (rn_index i = 0; i < m; i++)
        for (rn_index j = 0; j < n; j++) {
            const double sum = strided_dot(k, a + i * row_a, step_a, b + j * column_b, step_b);
            double *to = c + i * ldc + j;
            *to = keeps ? alpha * sum + beta * *to : alpha * sum;
        }
    return RN_OK;
}
