#include "fit/columns_qr.h"

#include <math.h>

static double dot(rn_index n, const double *a, const double *b)
{
    double sum = 0.0;
    for (rn_index i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

void rni_project_out(rn_index n, rn_index n_columns, const double *q, double *v, double *c)
{
    for (int pass = 0; pass < 2; pass++)
        for (rn_index k = 0; k < n_columns; k++) {
            const double *const column = q + k * n;
            const double part = dot(n, column, v);
            c[k] += part;
            for (rn_index i = 0; i < n; i++)
                v[i] -= part * column[i];
        }
}

void rni_orthogonalise(rn_index n, rn_index n_columns, double *q, double *r)
{
    for (rn_index k = 0; k < n_columns; k++) {
        double *const column = q + k * n;
        double above[RNI_QR_MAX] = {0};
        const double before = sqrt(dot(n, column, column));
        rni_project_out(n, k, q, column, above);
        double left = sqrt(dot(n, column, column));
        if (!(left > 1e-14 * before)) left = 0.0;
        for (rn_index i = 0; i < n; i++)
            column[i] = left > 0.0 ? column[i] / left : 0.0;
        for (rn_index j = 0; j < k; j++)
            r[j * RNI_QR_MAX + k] = above[j];
        r[k * RNI_QR_MAX + k] = left;
    }
}

void rni_solve_upper(rn_index n_columns, const double *r, double *c)
{
    for (rn_index k = n_columns - 1; k >= 0; k--) {
        for (rn_index j = k + 1; j < n_columns; j++)
            c[k] -= r[k * RNI_QR_MAX + j] * c[j];
        const double diagonal = r[k * RNI_QR_MAX + k];
        c[k] = diagonal > 0.0 ? c[k] / diagonal : 0.0;
    }
}

double rni_condition_of(rn_index n, const double *r)
{
    double m[RNI_QR_MAX][RNI_QR_MAX] = {{0}}; /* rows are columns of R */
    double low = (double)INFINITY;
    double high = 0.0;
    for (rn_index i = 0; i < n; i++)
        for (rn_index j = i; j < n; j++)
            m[j][i] = r[i * RNI_QR_MAX + j];
    for (int sweep = 0; sweep < 30; sweep++)
        for (rn_index p = 0; p < n; p++)
            for (rn_index q = p + 1; q < n; q++) {
                double pp = 0.0;
                double qq = 0.0;
                double pq = 0.0;
                for (rn_index i = 0; i < n; i++) {
                    pp += m[p][i] * m[p][i];
                    qq += m[q][i] * m[q][i];
                    pq += m[p][i] * m[q][i];
                }
                const double angle = 0.5 * atan2(2.0 * pq, pp - qq);
                const double c = cos(angle);
                const double s = sin(angle);
                for (rn_index i = 0; i < n; i++) {
                    const double x = m[p][i];
                    const double y = m[q][i];
                    m[p][i] = c * x + s * y;
                    m[q][i] = c * y - s * x;
                }
            }
    for (rn_index p = 0; p < n; p++) {
        double norm = 0.0;
        for (rn_index i = 0; i < n; i++)
            norm += m[p][i] * m[p][i];
        low = fmin(low, sqrt(norm));
        high = fmax(high, sqrt(norm));
    }
    return high / low;
}

double rni_error_of(rn_index n, const double *r, const double *norms, const double *weights,
                    double variance)
{
    double z[RNI_QR_MAX];
    double sum = 0.0;
    for (rn_index k = 0; k < n; k++) {
        z[k] = weights[k] / norms[k];
        for (rn_index j = 0; j < k; j++)
            z[k] -= r[j * RNI_QR_MAX + k] * z[j];
        if (!(r[k * RNI_QR_MAX + k] > 0.0)) return (double)NAN;
        z[k] /= r[k * RNI_QR_MAX + k];
        sum += z[k] * z[k];
    }
    return sqrt(sum * variance);
}
