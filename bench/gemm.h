/*
 * The machine's own matrix-multiply rate, measured in the same run, and arrays to measure with.
 */
#ifndef RENORM_BENCH_GEMM_H
#define RENORM_BENCH_GEMM_H

#include "backends/blas.h"
#include "core/memory.h"
#include "core/rng.h"
#include "timing.h"

#define GEMM 2048

/* n normal numbers times scale; released by rni_free. */
static double *normal(rn_index n, double scale, uint32_t part)
{
    double *numbers = rni_alloc(n, sizeof *numbers);
    if (!numbers) exit(3);
    rni_rng_fill_normal((rni_stream){.seed = 1, .part = part}, 0, n, numbers);
    for (rn_index i = 0; i < n; i++)
        numbers[i] *= scale;
    return numbers;
}

typedef struct squares {
    double *a;
    double *b;
    double *c;
} squares;

static void multiply_squares(void *user)
{
    squares *s = user;
    must(rni_gemm(false, true, GEMM, GEMM, GEMM, 1.0, s->a, GEMM, s->b, GEMM, 0.0, s->c, GEMM),
         "rni_gemm");
}

/* Flops per second of a large product. */
static double dgemm_rate(int n_threads)
{
    const rn_index size = (rn_index)GEMM * GEMM;
    squares s = {normal(size, 1.0, 6), normal(size, 1.0, 7), normal(size, 1.0, 8)};
    if (n_threads > 1) rni_blas_raise_threads(n_threads);
    const double elapsed = least_s(4, 1, multiply_squares, &s);
    if (n_threads > 1) rni_blas_restore_threads();
    rni_free(s.a);
    rni_free(s.b);
    rni_free(s.c);
    return 2.0 * (double)size * GEMM / elapsed;
}

#endif
