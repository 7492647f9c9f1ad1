/*
 * The plain reference: cyclic Jacobi rotations (Golub and Van Loan, "Matrix Computations", 4th
 * ed., sec. 8.5), sharing nothing with the reductions to tridiagonal form. 12 n^3 flops a sweep,
 * some 6 to 10 sweeps: for small matrices and for checking the others.
 */
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "spectra/method.h"

enum { MAX_SWEEPS = 60 };

/* Applies the rotation to rows p and q of an array of row length n. */
static void rotate_rows(rn_index n, double *row_p, double *row_q, double c, double s)
{
    for (rn_index k = 0; k < n; k++) {
        const double x = row_p[k];
        row_p[k] = c * x - s * row_q[k];
        row_q[k] = s * x + c * row_q[k];
    }
}

static void rotate_columns(rn_index n, double *a, rn_index ld, rn_index p, rn_index q, double c,
                           double s)
{
    for (rn_index k = 0; k < n; k++) {
        double *row = a + k * ld;
        const double x = row[p];
        row[p] = c * x - s * row[q];
        row[q] = s * x + c * row[q];
    }
}

/* Makes a[p][q] zero; false when it was negligible beside its two diagonal elements. */
static bool annihilate(rn_index n, double *a, rn_index ld, double *phi, rn_index p, rn_index q,
                       double tiny)
{
    const double coupling = a[p * ld + q];
    const double product = sqrt(fabs(a[p * ld + p])) * sqrt(fabs(a[q * ld + q]));
    if (fabs(coupling) <= DBL_EPSILON * product || fabs(coupling) <= tiny) return false;
    const double half = (a[q * ld + q] - a[p * ld + p]) / (2.0 * coupling);
    const double t = copysign(1.0, half) / (fabs(half) + hypot(half, 1.0));
    const double c = 1.0 / hypot(t, 1.0);
    const double s = t * c;
    rotate_rows(n, a + p * ld, a + q * ld, c, s);
    rotate_columns(n, a, ld, p, q, c, s);
    a[p * ld + q] = 0.0;
    a[q * ld + p] = 0.0;
    rotate_rows(n, phi + p * n, phi + q * n, c, s);
    return true;
}

static bool sweep(rn_index n, double *a, rn_index ld, double *phi, double tiny)
{
    bool changed = false;
    for (rn_index p = 0; p < n - 1; p++)
        for (rn_index q = p + 1; q < n; q++)
            changed |= annihilate(n, a, ld, phi, p, q, tiny);
    return changed;
}

/* Fills the upper triangle; returns the largest magnitude. */
static double mirror(rn_index n, double *a, rn_index ld)
{
    double largest = 0.0;
    for (rn_index i = 0; i < n; i++) {
        for (rn_index j = 0; j <= i; j++) {
            a[j * ld + i] = a[i * ld + j];
            largest = fmax(largest, fabs(a[i * ld + j]));
        }
    }
    return largest;
}

/* Rank of value u in ascending order, ties by index. */
static rn_index rank_of(rn_index n, const double *diagonal, rn_index u)
{
    rn_index rank = 0;
    for (rn_index v = 0; v < n; v++)
        if (diagonal[v] < diagonal[u] || (!(diagonal[v] > diagonal[u]) && v < u)) rank++;
    return rank;
}

static rn_status vectors(rn_index n, double *matrix, rn_index ld, double *values)
{
    double *phi = rni_alloc_zero(n * n + n, sizeof *phi);
    if (!phi)
        return rni_fail(RN_ERR_MEMORY, "jacobi: no memory for a matrix of %" PRId64 " rows", n);
    double *diagonal = phi + n * n;
    for (rn_index u = 0; u < n; u++)
        phi[u * n + u] = 1.0;

    const double tiny = DBL_MIN + DBL_EPSILON * DBL_EPSILON * mirror(n, matrix, ld);
    int n_sweeps = 0;
    while (n_sweeps < MAX_SWEEPS && sweep(n, matrix, ld, phi, tiny))
        n_sweeps++;
    rn_status status = RN_OK;
    if (n_sweeps == MAX_SWEEPS)
        status = rni_fail(RN_ERR_INTERNAL, "jacobi: found no convergence in %d sweeps", MAX_SWEEPS);

    for (rn_index u = 0; u < n; u++)
        diagonal[u] = matrix[u * ld + u];
    for (rn_index u = 0; u < n && status == RN_OK; u++) {
        const rn_index rank = rank_of(n, diagonal, u);
        values[rank] = diagonal[u];
        memcpy(matrix + rank * ld, phi + u * n, (size_t)n * sizeof *phi);
    }
    rni_free(phi);
    return status;
}

const rni_spectra_method rni_spectra_jacobi = {
    .name = "jacobi", .values = NULL, .project = NULL, .vectors = vectors};
