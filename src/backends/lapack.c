/*
 * The one file that calls LAPACK, by its Fortran symbols in the BLAS library itself.
 *
 * LAPACK is column-major: the lower triangle of a row-major array is the upper triangle of the
 * array it sees, and columns it writes are rows here. Character arguments carry a hidden length
 * after the others, as Fortran compilers pass them.
 */
#include "backends/lapack.h"

#include <stddef.h>
#include <string.h>

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
void dsyevr_(const char *jobz, const char *range, const char *uplo, const int *n, double *a,
             const int *lda, const double *vl, const double *vu, const int *il, const int *iu,
             const double *abstol, int *m, double *w, double *z, const int *ldz, int *isuppz,
             double *work, const int *lwork, int *iwork, const int *liwork, int *info,
             size_t len_jobz, size_t len_range, size_t len_uplo);
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

/* Work space of dsyevr. */
typedef struct robust_space {
    double *vectors; /* [n x n] */
    double *work;
    int *support; /* [2 n] */
    int *integers;
} robust_space;

static void robust_space_clear(robust_space *s)
{
    rni_free(s->integers);
    rni_free(s->support);
    rni_free(s->work);
    rni_free(s->vectors);
}

/* One call of dsyevr for all eigenpairs; a query of sizes when n_work is -1. */
static int call_syevr(int n, double *a, int lda, double *values, const robust_space *s, int n_work,
                      int n_integers)
{
    const int none = 0;
    const double zero = 0.0; /* tolerance: as accurate as it can */
    int n_found = 0;
    int info = 0;
    dsyevr_("V", "A", upper, &n, a, &lda, &zero, &zero, &none, &none, &zero, &n_found, values,
            s->vectors, &n, s->support, s->work, &n_work, s->integers, &n_integers, &info, 1, 1, 1);
    return info == 0 && n_work != -1 && n_found != n ? 1 : info;
}

rn_status rni_lapack_syevr(rn_index n, double *a, rn_index ld, double *values)
{
    RNI_ASSERT(n >= 1 && n <= RNI_LAPACK_MAX_N);
    double n_best = 0.0;
    double no_vectors = 0.0;
    int no_support[2] = {0, 0};
    int n_integers = 0;
    const robust_space question = {
        .vectors = &no_vectors, .work = &n_best, .support = no_support, .integers = &n_integers};
    (void)call_syevr(to_int(n), a, to_int(ld), values, &question, -1, -1);
    const int n_work = (int)n_best;

    robust_space s = {.vectors = rni_alloc(n * n, sizeof *s.vectors),
                      .work = rni_alloc(n_work, sizeof *s.work),
                      .support = rni_alloc(2 * n, sizeof *s.support),
                      .integers = rni_alloc(n_integers, sizeof *s.integers)};
    rn_status status = RN_OK;
    if (s.vectors && s.work && s.support && s.integers) {
        const int info = call_syevr(to_int(n), a, to_int(ld), values, &s, n_work, n_integers);
        status = outcome("dsyevr", n, info);
        for (rn_index u = 0; u < n && status == RN_OK; u++)
            memcpy(a + u * ld, s.vectors + u * n, (size_t)n * sizeof *a);
    } else {
        status = no_memory("dsyevr", n);
    }
    robust_space_clear(&s);
    return status;
}
