/*
 * Eigenvalues with projections at the cost of the values: M = Q T Q^T by LAPACK's one-stage
 * reduction, its reflectors applied to the vectors (Q^T e), then T = W Lambda W^T by implicit QL
 * whose rotations meet only those: Phi^T e = W^T Q^T e. Two-stage reductions, faster for values
 * alone on some machines, would have to rotate the vectors through the band stage as well, and
 * LAPACK's drivers offer no way to.
 */
#include <string.h>

#include "backends/lapack.h"
#include "core/memory.h"
#include "core/status.h"
#include "spectra/method.h"
#include "spectra/tridiagonal.h"

static rn_status project(rn_index n, double *matrix, rn_index ld, rn_index n_vectors,
                         double *vectors, double *values)
{
    double *block = rni_alloc((2 + n_vectors) * n, sizeof *block);
    if (!block)
        return rni_fail(RN_ERR_MEMORY, "ql: no memory for %" PRId64 " vectors of length %" PRId64,
                        n_vectors, n);
    double *off_diagonal = block;
    double *scales = off_diagonal + n;
    double *rows = scales + n; /* [n x n_vectors] */

    rn_status status = rni_lapack_tridiagonalise(n, matrix, ld, values, off_diagonal, scales);
    if (status == RN_OK && n_vectors > 0)
        status = rni_lapack_reflect(n, matrix, ld, scales, n_vectors, vectors, n);
    if (status < 0) goto done;

    for (rn_index r = 0; r < n_vectors; r++)
        for (rn_index i = 0; i < n; i++)
            rows[i * n_vectors + r] = vectors[r * n + i];
    status = rni_tridiagonal_values(n, values, off_diagonal, n_vectors, rows);
    for (rn_index r = 0; r < n_vectors; r++)
        for (rn_index u = 0; u < n; u++)
            vectors[r * n + u] = rows[u * n_vectors + r];
done:
    rni_free(block);
    return status;
}

static rn_status values_only(rn_index n, double *matrix, rn_index ld, double *values)
{
    return project(n, matrix, ld, 0, NULL, values);
}

const rni_spectra_method rni_spectra_ql = {
    .name = "ql", .values = values_only, .project = project, .vectors = NULL};
