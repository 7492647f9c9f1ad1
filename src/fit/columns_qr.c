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
