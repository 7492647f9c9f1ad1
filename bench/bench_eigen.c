/*
 * Eigensolvers: rn_spectra_project (values with Phi^T e, checks included) against LAPACK's full
 * solve (dsyevd), beside LAPACK's values alone (dsytrd, dsterf), all in one run on one matrix.
 * Tab-separated: order, threads, medians in seconds, ratios.
 *
 *     bench_eigen [LARGEST_N [REPEATS]]        default 2000 and 3; 4000 takes minutes
 *
 * The matrix is a Gram matrix with a power-law spectrum. Medians, because the machine is shared.
 */
#include <math.h>
#include <renorm/spectra.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backends/blas.h"
#include "backends/lapack.h"
#include "core/memory.h"
#include "core/rng.h"
#include "spectra/tridiagonal.h"

enum { MOST_REPEATS = 15 };

/* What is timed, in this order. */
enum { REDUCTION, QL_ROW, VALUES, PROJECT, FULL, N_TASKS };

typedef struct bench {
    rn_index n;
    double *original; /* [n x n] */
    double *matrix;   /* [n x n] */
    double *e;        /* [n] */
    double *values;   /* [n] */
    double *g;        /* [n] */
    double *work;     /* [2 n] */
} bench;

static double now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool bench_create(bench *b, rn_index n)
{
    *b = (bench){.n = n, .original = rni_alloc(2 * n * n + 5 * n, sizeof *b->original)};
    if (!b->original) return false;
    b->matrix = b->original + n * n;
    b->e = b->matrix + n * n;
    b->values = b->e + n;
    b->g = b->values + n;
    b->work = b->g + n;
    const rni_stream stream = {.seed = 1, .purpose = RNI_RNG_TEST};
    rni_rng_fill_normal(stream, 0, n * n, b->matrix);
    rni_rng_fill_normal(stream, (uint64_t)(n * n), n, b->e);
    for (rn_index i = 0; i < n; i++)
        for (rn_index j = 0; j < n; j++)
            b->matrix[i * n + j] *= pow((double)(j + 1), -0.8);
    return rni_syrk(false, n, n, 1.0 / (double)n, b->matrix, n, 0.0, b->original, n) == RN_OK;
}

/* The two stages of a projection by themselves: seconds of reduction and of QL with one row. */
static rn_status run_stages(bench *b, int n_threads, double *seconds)
{
    rni_blas_raise_threads(n_threads);
    const double start = now_s();
    rn_status status =
        rni_lapack_tridiagonalise(b->n, b->matrix, b->n, b->values, b->work, b->work + b->n);
    const double middle = now_s();
    memcpy(b->g, b->e, (size_t)b->n * sizeof *b->g);
    if (status == RN_OK) status = rni_tridiagonal_values(b->n, b->values, b->work, 1, b->g);
    seconds[REDUCTION] = middle - start;
    seconds[QL_ROW] = now_s() - middle;
    rni_blas_restore_threads();
    return status;
}

static rn_status run_task(bench *b, int task, const rn_spectra_options *options)
{
    const rn_index n = b->n;
    if (task == PROJECT)
        return rn_spectra_project(n, b->matrix, n, 1, b->e, n, options, b->values, b->g, NULL);
    rni_blas_raise_threads(options->n_threads);
    rn_status status = RN_OK;
    if (task == FULL) {
        status = rni_lapack_syevd(n, b->matrix, n, b->values);
    } else {
        status = rni_lapack_tridiagonalise(n, b->matrix, n, b->values, b->work, b->work + n);
        if (status == RN_OK) status = rni_lapack_sterf(n, b->values, b->work);
    }
    rni_blas_restore_threads();
    return status;
}

static int ascending(const void *x, const void *y)
{
    const double a = *(const double *)x;
    const double b = *(const double *)y;
    return (a > b) - (a < b);
}

static double median(double *x, int count)
{
    qsort(x, (size_t)count, sizeof *x, ascending);
    return count % 2 ? x[count / 2] : 0.5 * (x[count / 2 - 1] + x[count / 2]);
}

/* One line of the table. */
static rn_status measure(bench *b, int n_threads, int n_repeats)
{
    double seconds[N_TASKS][MOST_REPEATS];
    const size_t n_bytes = (size_t)(b->n * b->n) * sizeof *b->matrix;
    const rn_spectra_options options = {.n_threads = n_threads};
    for (int r = 0; r < n_repeats; r++) { /* interleaved: noise meets all tasks alike */
        double stages[2];
        memcpy(b->matrix, b->original, n_bytes);
        rn_status status = run_stages(b, n_threads, stages);
        seconds[REDUCTION][r] = stages[REDUCTION];
        seconds[QL_ROW][r] = stages[QL_ROW];
        for (int task = VALUES; task < N_TASKS && status == RN_OK; task++) {
            memcpy(b->matrix, b->original, n_bytes);
            const double start = now_s();
            status = run_task(b, task, &options);
            seconds[task][r] = now_s() - start;
        }
        if (status < 0) return status;
    }
    double m[N_TASKS];
    for (int task = 0; task < N_TASKS; task++)
        m[task] = median(seconds[task], n_repeats);
    printf("%lld\t%d\t%.4f\t%.4f\t%.4f\t%.4f\t%.4f\t%.3f\t%.3f\t%.3f\n", (long long)b->n, n_threads,
           m[REDUCTION], m[QL_ROW], m[VALUES], m[PROJECT], m[FULL], m[PROJECT] / m[FULL],
           m[VALUES] / m[FULL], m[PROJECT] / m[VALUES]);
    return RN_OK;
}

int main(int argc, char **argv)
{
    const long largest = argc > 1 ? strtol(argv[1], NULL, 10) : 2000;
    const long asked = argc > 2 ? strtol(argv[2], NULL, 10) : 3;
    const int n_repeats = asked < 1 ? 1 : asked > MOST_REPEATS ? MOST_REPEATS : (int)asked;
    fprintf(stderr, "%s, kernels %s%s%s\n", rni_blas_name(), rni_blas_core(),
            rni_blas_better_core() ? "; set OPENBLAS_CORETYPE=" : "",
            rni_blas_better_core() ? rni_blas_better_core() : "");
    printf("n\tthreads\treduction_s\tql_row_s\tvalues_s\tproject_s\tfull_s\tproject/full"
           "\tvalues/full\tproject/values\n");
    static const rn_index orders[] = {1000, 2000, 4000};
    for (int i = 0; i < 3 && orders[i] <= largest; i++) {
        bench b;
        rn_status status = RN_ERR_MEMORY;
        if (bench_create(&b, orders[i])) status = measure(&b, 1, n_repeats);
        const int n_all = rni_blas_processors();
        if (status == RN_OK && n_all > 1) status = measure(&b, n_all, n_repeats);
        rni_free(b.original);
        if (status < 0) {
            fprintf(stderr, "bench_eigen: %s\n", rn_last_message());
            return 1;
        }
    }
    return 0;
}
