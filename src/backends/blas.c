/*
 * The one file that includes cblas.h (which includes complex.h: no variable named I here).
 *
 * Integers are narrowed once, with a check. Threads: the OpenMP build of OpenBLAS 0.3.21 asks
 * OpenMP how many threads the *calling thread* may use and overwrites its own count with the
 * answer, so openblas_set_num_threads(1) in one thread does nothing for the workers of a pool:
 * each would start a team. Every call here therefore sets the calling thread's own OpenMP count
 * to one and puts the old one back, because the thread belongs to the caller, whose OpenMP code
 * must not slow down. OpenBLAS hands its buffers out under locks; concurrent calls are
 * independent.
 */
#include "backends/blas.h"

#include <cblas.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/size.h"
#include "core/status.h"

/* Present when the loaded BLAS brings OpenMP along; weak, so that nothing else depends on it. */
extern int omp_get_max_threads(void) __attribute__((weak));
extern void omp_set_num_threads(int n_threads) __attribute__((weak));

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t raise_lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local int n_raised; /* threads this thread may use; 0 = it holds no raise */
static _Thread_local int n_before; /* its OpenMP count before the raise */

/* Other builds and versions look at the process-wide count first. */
static void hold_one_thread(void)
{
    const int n_own = omp_get_max_threads ? omp_get_max_threads() : 0;
    openblas_set_num_threads(1);
    if (n_own > 0) omp_set_num_threads(n_own);
}

/* Every call into the library stands between enter and leave. */
static int enter(void)
{
    (void)pthread_once(&once, hold_one_thread);
    if (n_raised > 0 || !omp_get_max_threads) return 0;
    const int n_own = omp_get_max_threads();
    if (n_own == 1) return 0;
    omp_set_num_threads(1);
    return n_own;
}

static void leave(int n_own)
{
    if (n_own > 0) omp_set_num_threads(n_own);
}

static bool fits(rn_index size)
{
    RNI_ASSERT(size >= 0);
    return size <= INT_MAX;
}

static rn_status too_large(const char *function, rn_index m, rn_index n, rn_index k)
{
    return rni_fail(RN_ERR_UNSUPPORTED,
                    "%s: found dimensions %" PRId64 " x %" PRId64 " x %" PRId64
                    " (or a leading dimension beyond them), expected at most %d each: the BLAS "
                    "library counts in 32 bits; cut the product into tiles",
                    function, m, n, k, INT_MAX);
}

static CBLAS_TRANSPOSE trans_of(bool trans)
{
    return trans ? CblasTrans : CblasNoTrans;
}

/* BLAS refuses a leading dimension of 0 even where there is nothing to read. */
static blasint ld_of(rn_index ld)
{
    return (blasint)rni_max(ld, 1);
}

static bool is_zero(double x)
{
    return fpclassify(x) == FP_ZERO;
}

/* The two scalars of a product, c := alpha sum + beta c, and whether c is read. */
typedef struct scales {
    double alpha;
    double beta;
    bool reads_c;
} scales;

static double blend(scales by, double sum, const double *c)
{
    return by.reads_c ? by.alpha * sum + by.beta * *c : by.alpha * sum;
}

/*
 * One row of a small product: four columns at a time, each element its own sum over p in order.
 * a has stride a_p along p; B's element (p, j) stands at [p * b_p + j * b_j].
 */
static inline void small_row(rn_index n, rn_index k, scales by, const double *a, rn_index a_p,
                             const double *b, rn_index b_p, rn_index b_j, double *c)
{
    rn_index j = 0;
    for (; j + 4 <= n; j += 4) {
        double s0 = 0.0;
        double s1 = 0.0;
        double s2 = 0.0;
        double s3 = 0.0;
        const double *column = b + j * b_j;
        for (rn_index p = 0; p < k; p++) {
            const double left = a[p * a_p];
            const double *right = column + p * b_p;
            s0 += left * right[0];
            s1 += left * right[b_j];
            s2 += left * right[2 * b_j];
            s3 += left * right[3 * b_j];
        }
        c[j] = blend(by, s0, c + j);
        c[j + 1] = blend(by, s1, c + j + 1);
        c[j + 2] = blend(by, s2, c + j + 2);
        c[j + 3] = blend(by, s3, c + j + 3);
    }
    for (; j < n; j++) {
        double sum = 0.0;
        for (rn_index p = 0; p < k; p++)
            sum += a[p * a_p] * b[p * b_p + j * b_j];
        c[j] = blend(by, sum, c + j);
    }
}

static void small_gemm(bool trans_a, bool trans_b, rn_index m, rn_index n, rn_index k, scales by,
                       const double *a, rn_index lda, const double *b, rn_index ldb, double *c,
                       rn_index ldc)
{
    const rn_index a_i = trans_a ? 1 : lda;
    const rn_index a_p = trans_a ? lda : 1;
    for (rn_index i = 0; i < m; i++) {
        if (trans_b)
            small_row(n, k, by, a + i * a_i, a_p, b, 1, ldb, c + i * ldc);
        else
            small_row(n, k, by, a + i * a_i, a_p, b, ldb, 1, c + i * ldc);
    }
}

/* C := beta C, all that remains of a product without terms. */
static void scale_rows(rn_index m, rn_index n, double beta, double *c, rn_index ldc)
{
    for (rn_index i = 0; i < m; i++)
        for (rn_index j = 0; j < n; j++)
            c[i * ldc + j] = is_zero(beta) ? 0.0 : beta * c[i * ldc + j];
}

/* m n k <= RNI_GEMM_SMALL without overflow, for any sizes. */
static bool is_small(rn_index m, rn_index n, rn_index k)
{
    if (m > RNI_GEMM_SMALL || n > RNI_GEMM_SMALL || k > RNI_GEMM_SMALL) return false;
    return m * n * k <= RNI_GEMM_SMALL;
}

/* A product with one column (n = 1) or one row (m = 1): gemm would pack all of the matrix. */
static void vector_gemm(bool trans_a, bool trans_b, rn_index m, rn_index n, rn_index k,
                        double alpha, const double *a, rn_index lda, const double *b, rn_index ldb,
                        double beta, double *c, rn_index ldc)
{
    if (n == 1)
        cblas_dgemv(CblasRowMajor, trans_of(trans_a), (blasint)(trans_a ? k : m),
                    (blasint)(trans_a ? m : k), alpha, a, ld_of(lda), b, trans_b ? 1 : ld_of(ldb),
                    beta, c, ld_of(ldc));
    else
        cblas_dgemv(CblasRowMajor, trans_of(!trans_b), (blasint)(trans_b ? n : k),
                    (blasint)(trans_b ? k : n), alpha, b, ld_of(ldb), a, trans_a ? ld_of(lda) : 1,
                    beta, c, 1);
}

rn_status rni_gemm(bool trans_a, bool trans_b, rn_index m, rn_index n, rn_index k, double alpha,
                   const double *a, rn_index lda, const double *b, rn_index ldb, double beta,
                   double *c, rn_index ldc)
{
    if (k == 0 || is_zero(alpha)) {
        scale_rows(m, n, beta, c, ldc);
        return RN_OK;
    }
    if (is_small(m, n, k)) {
        const scales by = {.alpha = alpha, .beta = beta, .reads_c = !is_zero(beta)};
        small_gemm(trans_a, trans_b, m, n, k, by, a, lda, b, ldb, c, ldc);
        return RN_OK;
    }
    if (!fits(m) || !fits(n) || !fits(k) || !fits(lda) || !fits(ldb) || !fits(ldc))
        return too_large("rni_gemm", m, n, k);
    const int n_own = enter();
    if (m == 1 || n == 1)
        vector_gemm(trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    else
        cblas_dgemm(CblasRowMajor, trans_of(trans_a), trans_of(trans_b), (blasint)m, (blasint)n,
                    (blasint)k, alpha, a, ld_of(lda), b, ld_of(ldb), beta, c, ld_of(ldc));
    leave(n_own);
    return RN_OK;
}

rn_status rni_syrk(bool trans, rn_index n, rn_index k, double alpha, const double *a, rn_index lda,
                   double beta, double *c, rn_index ldc)
{
    RNI_ASSERT(lda >= (trans ? n : k) && ldc >= n);
    if (!fits(n) || !fits(k) || !fits(lda) || !fits(ldc)) return too_large("rni_syrk", n, n, k);
    const int n_own = enter();
    cblas_dsyrk(CblasRowMajor, CblasLower, trans_of(trans), (blasint)n, (blasint)k, alpha, a,
                ld_of(lda), beta, c, ld_of(ldc));
    leave(n_own);
    return RN_OK;
}

rn_status rni_syr2k(bool trans, rn_index n, rn_index k, double alpha, const double *a, rn_index lda,
                    const double *b, rn_index ldb, double beta, double *c, rn_index ldc)
{
    RNI_ASSERT(lda >= (trans ? n : k) && ldb >= (trans ? n : k) && ldc >= n);
    if (!fits(n) || !fits(k) || !fits(lda) || !fits(ldb) || !fits(ldc))
        return too_large("rni_syr2k", n, n, k);
    const int n_own = enter();
    cblas_dsyr2k(CblasRowMajor, CblasLower, trans_of(trans), (blasint)n, (blasint)k, alpha, a,
                 ld_of(lda), b, ld_of(ldb), beta, c, ld_of(ldc));
    leave(n_own);
    return RN_OK;
}

rn_status rni_gemv(bool trans, rn_index rows, rn_index cols, double alpha, const double *a,
                   rn_index lda, const double *x, double beta, double *y)
{
    return rni_gemm(trans, false, trans ? cols : rows, 1, trans ? rows : cols, alpha, a, lda, x, 1,
                    beta, y, 1);
}

rn_status rni_symv(rn_index n, double alpha, const double *a, rn_index lda, const double *x,
                   double beta, double *y)
{
    RNI_ASSERT(lda >= n);
    if (!fits(n) || !fits(lda)) return too_large("rni_symv", n, n, 1);
    const int n_own = enter();
    cblas_dsymv(CblasRowMajor, CblasLower, (blasint)n, alpha, a, ld_of(lda), x, 1, beta, y, 1);
    leave(n_own);
    return RN_OK;
}

rn_status rni_symm(rn_index m, rn_index n, double alpha, const double *a, rn_index lda,
                   const double *b, rn_index ldb, double beta, double *c, rn_index ldc)
{
    RNI_ASSERT(lda >= m && ldb >= n && ldc >= n);
    if (!fits(m) || !fits(n) || !fits(lda) || !fits(ldb) || !fits(ldc))
        return too_large("rni_symm", m, n, m);
    const int n_own = enter();
    cblas_dsymm(CblasRowMajor, CblasLeft, CblasLower, (blasint)m, (blasint)n, alpha, a, ld_of(lda),
                b, ld_of(ldb), beta, c, ld_of(ldc));
    leave(n_own);
    return RN_OK;
}

/* Longest piece of a vector handed over at once. */
static const rn_index piece = (rn_index)1 << 30;

double rni_dot(rn_index n, const double *x, const double *y)
{
    const int n_own = enter();
    double sum = 0.0;
    for (rn_index at = 0; at < n; at += piece)
        sum += cblas_ddot((blasint)rni_min(piece, n - at), x + at, 1, y + at, 1);
    leave(n_own);
    return sum;
}

void rni_axpy(rn_index n, double alpha, const double *x, double *y)
{
    const int n_own = enter();
    for (rn_index at = 0; at < n; at += piece)
        cblas_daxpy((blasint)rni_min(piece, n - at), alpha, x + at, 1, y + at, 1);
    leave(n_own);
}

double rni_nrm2(rn_index n, const double *x)
{
    const int n_own = enter();
    double pair[2] = {0.0, 0.0}; /* norm so far, norm of the next piece */
    for (rn_index at = 0; at < n; at += piece) {
        pair[1] = cblas_dnrm2((blasint)rni_min(piece, n - at), x + at, 1);
        pair[0] = at == 0 ? pair[1] : cblas_dnrm2(2, pair, 1);
    }
    leave(n_own);
    return pair[0];
}

void rni_blas_raise_threads(int n_threads)
{
    RNI_ASSERT(n_threads >= 1 && n_raised == 0);
    (void)pthread_once(&once, hold_one_thread);
    (void)pthread_mutex_lock(&raise_lock);
    const int n_most = openblas_get_num_procs();
    n_before = omp_get_max_threads ? omp_get_max_threads() : 0;
    n_raised = n_threads < n_most ? n_threads : n_most;
    openblas_set_num_threads(n_raised); /* OpenMP's count of this thread too */
}

void rni_blas_restore_threads(void)
{
    RNI_ASSERT(n_raised > 0);
    openblas_set_num_threads(1);
    if (n_before > 0) omp_set_num_threads(n_before);
    n_raised = 0;
    (void)pthread_mutex_unlock(&raise_lock);
}

int rni_blas_threads(void)
{
    return n_raised > 0 ? n_raised : 1;
}

int rni_blas_processors(void)
{
    return openblas_get_num_procs();
}

const char *rni_blas_name(void)
{
    return openblas_get_config();
}

const char *rni_blas_core(void)
{
    return openblas_get_corename();
}

const char *rni_blas_better_core(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    if (getenv("OPENBLAS_CORETYPE")) return NULL;
    const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
                            && __builtin_cpu_supports("avx512bw")
                            && __builtin_cpu_supports("avx512dq");
    const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    static const char *const with_avx512[] = {"SkylakeX", "Cooperlake", "SapphireRapids"};
    static const char *const with_avx2[] = {"Haswell", "Zen"};
    const char *const core = rni_blas_core();
    for (size_t i = 0; i < sizeof with_avx512 / sizeof *with_avx512; i++)
        if (strcmp(core, with_avx512[i]) == 0) return NULL;
    if (has_avx512) return "SkylakeX";
    for (size_t i = 0; i < sizeof with_avx2 / sizeof *with_avx2; i++)
        if (strcmp(core, with_avx2[i]) == 0) return NULL;
    return has_avx2 ? "Haswell" : NULL;
#else
    return NULL;
#endif
}

bool rni_blas_is_openmp(void)
{
    return openblas_get_parallel() == OPENBLAS_OPENMP;
}
