#include "jacobi.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"

static void *reserve(rn_index count, size_t size)
{
    void *array = calloc((size_t)count, size);
    if (!array) abort();
    return array;
}

/* Rotates rows or columns p and q of a matrix: x_p := c x_p - s x_q, x_q := s x_p + c x_q. */
static void rotate(long double *p, long double *q, rn_index n, rn_index stride, long double c,
                   long double s)
{
    for (rn_index k = 0; k < n; k++) {
        const long double x = p[k * stride];
        const long double y = q[k * stride];
        p[k * stride] = c * x - s * y;
        q[k * stride] = s * x + c * y;
    }
}

/* Annihilates a_pq; returns its square before. */
static long double annihilate(long double *a, long double *v, rn_index n, rn_index p, rn_index q)
{
    const long double off = a[p * n + q];
    if (fabsl(off) <= 0.0L) return 0.0L;
    const long double theta = (a[q * n + q] - a[p * n + p]) / (2.0L * off);
    const long double t =
        (theta >= 0.0L ? 1.0L : -1.0L) / (fabsl(theta) + sqrtl(theta * theta + 1.0L));
    const long double c = 1.0L / sqrtl(t * t + 1.0L);
    rotate(a + p, a + q, n, n, c, t * c);
    rotate(a + p * n, a + q * n, n, 1, c, t * c);
    rotate(v + p, v + q, n, n, c, t * c);
    return off * off;
}

void jacobi_eigen(rn_index n, const double *a, double *values, double *vectors)
{
    long double *work = reserve(n * n, sizeof *work);
    long double *v = reserve(n * n, sizeof *v);
    rn_index *order = reserve(n, sizeof *order);
    long double norm = 0.0L;
    for (rn_index k = 0; k < n * n; k++) {
        work[k] = (long double)a[k];
        norm += work[k] * work[k];
    }
    for (rn_index k = 0; k < n; k++)
        v[k * n + k] = 1.0L;
    for (int sweep = 0; sweep < 60; sweep++) {
        long double off = 0.0L;
        for (rn_index p = 0; p < n; p++)
            for (rn_index q = p + 1; q < n; q++)
                off += annihilate(work, v, n, p, q);
        if (off <= 1e-44L * norm) break;
    }
    for (rn_index k = 0; k < n; k++) { /* insertion sort of the diagonal */
        rn_index place = k;
        for (; place > 0 && work[order[place - 1] * (n + 1)] > work[k * (n + 1)]; place--)
            order[place] = order[place - 1];
        order[place] = k;
    }
    for (rn_index k = 0; k < n; k++) {
        values[k] = (double)work[order[k] * (n + 1)];
        for (rn_index i = 0; i < n; i++)
            vectors[i * n + k] = (double)v[i * n + order[k]];
    }
    free(order);
    free(v);
    free(work);
}

void dense_multiply(rn_index n, const double *a, const double *b, double *out)
{
    for (rn_index i = 0; i < n; i++)
        for (rn_index j = 0; j < n; j++) {
            long double sum = 0.0L;
            for (rn_index k = 0; k < n; k++)
                sum += (long double)a[i * n + k] * (long double)b[k * n + j];
            out[i * n + j] = (double)sum;
        }
}

void dense_sandwich(rn_index n, const double *p, const double *a, const double *q, double *out)
{
    long double *half = reserve(n * n, sizeof *half);
    for (rn_index i = 0; i < n; i++)
        for (rn_index j = 0; j < n; j++)
            for (rn_index k = 0; k < n; k++)
                half[i * n + j] += (long double)a[i * n + k] * (long double)q[k * n + j];
    for (rn_index i = 0; i < n; i++)
        for (rn_index j = 0; j < n; j++) {
            long double sum = 0.0L;
            for (rn_index k = 0; k < n; k++)
                sum += (long double)p[k * n + i] * half[k * n + j];
            out[i * n + j] = (double)sum;
        }
    free(half);
}

void dense_apply(rn_index n, const double *a, const double *x, double *out)
{
    for (rn_index i = 0; i < n; i++) {
        long double sum = 0.0L;
        for (rn_index k = 0; k < n; k++)
            sum += (long double)a[i * n + k] * (long double)x[k];
        out[i] = (double)sum;
    }
}

void dense_apply_transposed(rn_index n, const double *a, const double *x, double *out)
{
    for (rn_index i = 0; i < n; i++) {
        long double sum = 0.0L;
        for (rn_index k = 0; k < n; k++)
            sum += (long double)a[k * n + i] * (long double)x[k];
        out[i] = (double)sum;
    }
}

void random_fill(uint64_t seed, uint32_t part, rn_index count, double *out)
{
    const rni_stream stream = {.seed = seed, .purpose = RNI_RNG_TEST, .part = part};
    rni_rng_fill_normal(stream, 0, count, out);
}

void random_symmetric(uint64_t seed, uint32_t part, rn_index n, double *out)
{
    random_fill(seed, part, n * n, out);
    for (rn_index i = 0; i < n; i++)
        for (rn_index j = 0; j < i; j++)
            out[j * n + i] = out[i * n + j];
}

void random_orthogonal(uint64_t seed, uint32_t part, rn_index n, double *out)
{
    double *a = reserve(n * n, sizeof *a);
    double *values = reserve(n, sizeof *values);
    random_symmetric(seed, part, n, a);
    jacobi_eigen(n, a, values, out);
    free(values);
    free(a);
}
