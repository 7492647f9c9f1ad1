/*
 * The one file that calls LAPACK, by its Fortran symbols in the BLAS library itself.
 *
 * LAPACK is column-major: the lower triangle of a row-major array is the upper triangle of the
 * array it sees, and columns it writes are rows here. Character arguments carry a hidden length
 * after the others, as Fortran compilers pass them.
 */
#include "backends/lapack.h"

#include <stddef.h>

#include "core/memory.h"
#include "core/status.h"

/* NOLINTBEGIN(readability-identifier-naming): the names are Fortran's */
void dsytrd_(const char *uplo, const int *n, double *a, const int *lda, double *d, double *e,
             double *tau, double *work, const int *lwork, int *info, size_t len_uplo);
void dormtr_(const char *side, const char *uplo, const char *trans, const int *m, const int *n,
             const double *a, const int *lda, const double *tau, double *c, const int *ldc,
             double *work, const int *lwork, int *info, size_t len_side, size_t len_uplo,
             size_t len_trans);
void dsterf_(const int *n, double *d, double *e, int *info);
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w,
             double *work, const int *lwork, int *iwork, const int *liwork, int *info,
             size_t len_jobz, size_t len_uplo);
void dgees_(const char *jobvs, const char *sort, int (*select)(const double *, const double *),
            const int *n, double *a, const int *lda, int *sdim, double *wr, double *wi, double *vs,
            const int *ldvs, double *work, const int *lwork, int *bwork, int *info,
            size_t len_jobvs, size_t len_sort);
void dtrsyl_(const char *trana, const char *tranb, const int *isgn, const int *m, const int *n,
             const double *a, const int *lda, const double *b, const int *ldb, double *c,
             const int *ldc, double *scale, int *info, size_t len_trana, size_t len_tranb);
void dgesv_(const int *n, const int *nrhs, double *a, const int *lda, int *ipiv, double *b,
            const int *ldb, int *info);
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t len_uplo);
void dtrtrs_(const char *uplo, const char *trans, const char *diag, const int *n, const int *nrhs,
             const double *a, const int *lda, double *b, const int *ldb, int *info, size_t len_uplo,
             size_t len_trans, size_t len_diag);
/* NOLINTEND(readability-identifier-naming) */

static const char upper[] = "U";

static int to_int(rn_index size)
{
    RNI_ASSERT(size >= 0 && size <= INT32_MAX);
    return (int)size;
}

static rn_status no_memory(const char *routine, rn_index n)
{
    return rni_fail(RN_ERR_MEMORY, "%s: no work space for a matrix of %" PRId64 " rows", routine,
                    n);
}

/* A positive code is a failure to converge; a negative one means that this file is wrong. */
static rn_status outcome(const char *routine, rn_index n, int info)
{
    if (info == 0) return RN_OK;
    return rni_fail(RN_ERR_INTERNAL,
                    "%s: gave code %d for a matrix of %" PRId64 " rows, expected 0", routine, info,
                    n);
}

rn_status rni_lapack_tridiagonalise(rn_index n, double *a, rn_index ld, double *diagonal,
                                    double *off_diagonal, double *scales)
{
    RNI_ASSERT(n >= 1 && n <= RNI_LAPACK_MAX_N);
    const int order = to_int(n);
    const int lda = to_int(ld);
    const int ask = -1;
    int info = 0;
    double n_best = 0.0;
    dsytrd_(upper, &order, a, &lda, diagonal, off_diagonal, scales, &n_best, &ask, &info, 1);
    const int n_work = (int)n_best;
    double *work = rni_alloc(n_work, sizeof *work);
    if (!work) return no_memory("dsytrd", n);
    dsytrd_(upper, &order, a, &lda, diagonal, off_diagonal, scales, work, &n_work, &info, 1);
    rni_free(work);
    return outcome("dsytrd", n, info);
}

rn_status rni_lapack_reflect(rn_index n, const double *a, rn_index ld, const double *scales,
                             rn_index n_vecs, double *x, rn_index ldx)
{
    RNI_ASSERT(n >= 1 && n <= RNI_LAPACK_MAX_N);
    const int order = to_int(n);
    const int lda = to_int(ld);
    const int cols = to_int(n_vecs);
    const int ldc = to_int(ldx);
    const int ask = -1;
    int info = 0;
    double n_best = 0.0;
    dormtr_("L", upper, "T", &order, &cols, a, &lda, scales, x, &ldc, &n_best, &ask, &info, 1, 1,
            1);
    const int n_work = (int)n_best;
    double *work = rni_alloc(n_work, sizeof *work);
    if (!work) return no_memory("dormtr", n);
    dormtr_("L", upper, "T", &order, &cols, a, &lda, scales, x, &ldc, work, &n_work, &info, 1, 1,
            1);
    rni_free(work);
    return outcome("dormtr", n, info);
}

rn_status rni_lapack_sterf(rn_index n, double *diagonal, double *off_diagonal)
{
    const int order = to_int(n);
    int info = 0;
    dsterf_(&order, diagonal, off_diagonal, &info);
    return outcome("dsterf", n, info);
}

rn_status rni_lapack_syevd(rn_index n, double *a, rn_index ld, double *values)
{
    RNI_ASSERT(n >= 1 && n <= RNI_LAPACK_MAX_N);
    const int order = to_int(n);
    const int lda = to_int(ld);
    const int ask = -1;
    int info = 0;
    int n_integers = 0;
    double n_best = 0.0;
    dsyevd_("V", upper, &order, a, &lda, values, &n_best, &ask, &n_integers, &ask, &info, 1, 1);
    const int n_work = (int)n_best;
    double *work = rni_alloc(n_work, sizeof *work);
    int *integers = rni_alloc(n_integers, sizeof *integers);
    rn_status status = RN_OK;
    if (work && integers) {
        dsyevd_("V", upper, &order, a, &lda, values, work, &n_work, integers, &n_integers, &info, 1,
                1);
        status = outcome("dsyevd", n, info);
    } else {
        status = no_memory("dsyevd", n);
    }
    rni_free(integers);
    rni_free(work);
    return status;
}

/* LAPACK sees A^T = Z T Z^T with columns of Z that are rows of V: A = V^T T^T V. */
rn_status rni_lapack_schur(rn_index n, double *a, double *v, double *real, double *imaginary)
{
    RNI_ASSERT(n >= 1 && n <= RNI_LAPACK_MAX_N);
    const int order = to_int(n);
    const int ask = -1;
    int info = 0;
    int n_sorted = 0;
    double n_best = 0.0;
    dgees_("V", "N", NULL, &order, a, &order, &n_sorted, real, imaginary, v, &order, &n_best, &ask,
           NULL, &info, 1, 1);
    const int n_work = (int)n_best;
    double *work = rni_alloc(n_work, sizeof *work);
    if (!work) return no_memory("dgees", n);
    dgees_("V", "N", NULL, &order, a, &order, &n_sorted, real, imaginary, v, &order, work, &n_work,
           NULL, &info, 1, 1);
    rni_free(work);
    return outcome("dgees", n, info);
}

/* With T = R^T: T^T X + X T = C, whose transpose has the same form. */
rn_status rni_lapack_lyapunov(rn_index n, const double *r, double *x)
{
    RNI_ASSERT(n >= 1 && n <= RNI_LAPACK_MAX_N);
    const int order = to_int(n);
    const int plus = 1;
    int info = 0;
    double scale = 1.0;
    dtrsyl_("T", "N", &plus, &order, &order, r, &order, r, &order, x, &order, &scale, &info, 1, 1);
    if (info == 0 && scale >= 1.0) return RN_OK;
    return rni_fail(RN_ERR_DOMAIN,
                    "dtrsyl: a Lyapunov equation of %" PRId64
                    " rows has two eigenvalues that add up to zero, or a solution beyond the range "
                    "of doubles",
                    n);
}

rn_status rni_lapack_divide_rows(rn_index n, double *a, rn_index n_rows, double *x)
{
    RNI_ASSERT(n >= 1 && n <= RNI_LAPACK_MAX_N);
    const int order = to_int(n);
    const int cols = to_int(n_rows);
    int info = 0;
    int *pivots = rni_alloc(n, sizeof *pivots);
    if (!pivots) return no_memory("dgesv", n);
    dgesv_(&order, &cols, a, &order, pivots, x, &order, &info);
    rni_free(pivots);
    if (info > 0)
        return rni_fail(RN_ERR_DOMAIN, "dgesv: a matrix of %" PRId64 " rows is singular", n);
    return outcome("dgesv", n, info);
}

rn_status rni_lapack_cholesky(rn_index n, double *a)
{
    RNI_ASSERT(n >= 1 && n <= RNI_LAPACK_MAX_N);
    const int order = to_int(n);
    int info = 0;
    dpotrf_(upper, &order, a, &order, &info, 1);
    if (info > 0)
        return rni_fail(RN_ERR_DOMAIN,
                        "dpotrf: a matrix of %" PRId64
                        " rows is not positive definite: its leading %d x %d block is not",
                        n, info, info);
    return outcome("dpotrf", n, info);
}

void rni_lapack_divide_rows_lower(rn_index n, const double *l, rn_index n_rows, double *x)
{
    const int order = to_int(n);
    const int cols = to_int(n_rows);
    int info = 0;
    dtrtrs_(upper, "T", "N", &order, &cols, l, &order, x, &order, &info, 1, 1, 1);
    RNI_ASSERT(info == 0);
    (void)info;
}
