/*
 * Split-half defects.
 *
 * The logarithm of a mean of m squared Gaussians is too small by (psi(m/2) - ln(m/2))/2 in ln K;
 * taken away, blocks of different sizes can be compared. The rest of the sampling error is
 * independent in the two halves and drops out of the mean of r1 r2.
 *
 * The error comes from leaving out one shell, with all its pairs, at a time (delete-one jackknife
 * over the nodes of pairwise data), without fitting the constants again.
 */
#include "conditions/coupling_cross.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/rng.h"
#include "core/status.h"

double rni_digamma(double x)
{
    double shift = 0.0; /* psi(x) = psi(x + 1) - 1/x until the series below is exact */
    while (x < 10.0) {
        shift += 1.0 / x;
        x += 1.0;
    }
    const double z = 1.0 / (x * x);
    const double series =
        z
        * (1.0 / 12.0
           - z
                 * (1.0 / 120.0
                    - z
                          * (1.0 / 252.0
                             - z * (1.0 / 240.0 - z * (1.0 / 132.0 - z * (691.0 / 32760.0))))));
    return log(x) - 0.5 / x - series - shift;
}

rn_status rni_coupling_splitter_create(const rni_coupling_shells *shells,
                                       const rni_coupling_pairs *pairs, rn_index n_splits,
                                       uint64_t seed, rni_coupling_splitter *out)
{
    const rn_index m = shells->n_shells; /* <= RN_COUPLING_MAX_SHELLS */
    rn_index *const integers = rni_alloc(2 * shells->n + m, sizeof *integers);
    double *const doubles = rni_alloc(4 * m * m + 6 * pairs->n, sizeof *doubles);
    if (!integers || !doubles) {
        rni_free(integers);
        rni_free(doubles);
        return rni_fail(RN_ERR_MEMORY,
                        "rn_couplings_measure: no memory for the halves of %" PRId64 " shells", m);
    }
    *out = (rni_coupling_splitter){.shells = shells,
                                   .pairs = pairs,
                                   .n_splits = n_splits,
                                   .seed = seed,
                                   .order = integers,
                                   .cell = integers + shells->n,
                                   .taken = integers + 2 * shells->n,
                                   .sums = doubles};
    double *next = doubles + 4 * m * m;
    for (int k = 0; k < 2; k++) {
        out->y[k] = next;
        out->r[k] = next + pairs->n;
        out->product[k] = next + 2 * pairs->n;
        next += 3 * pairs->n;
    }
    return RN_OK;
}

void rni_coupling_splitter_destroy(rni_coupling_splitter *splitter)
{
    rni_free(splitter->order);
    rni_free(splitter->sums);
    *splitter = (rni_coupling_splitter){0};
}

/* cell[u] := 2 shell + half: half 0 holds a random floor(modes/2) of each shell. */
static void choose_halves(rni_coupling_splitter *splitter, rn_index split)
{
    const rni_coupling_shells *shells = splitter->shells;
    const rni_stream stream = {
        .seed = splitter->seed, .purpose = RNI_RNG_COUPLING_SPLIT, .part = (uint32_t)split};
    rni_rng_permutation(stream, shells->n, splitter->order);
    memset(splitter->taken, 0, (size_t)shells->n_shells * sizeof *splitter->taken);
    for (rn_index i = 0; i < shells->n; i++) {
        const rn_index u = splitter->order[i];
        const rn_index shell = shells->shell[u];
        const bool is_first = splitter->taken[shell]++ < shells->modes[shell] / 2;
        splitter->cell[u] = 2 * shell + !is_first;
    }
}

/* y[half][i] := ln K of pair i from the modes of one half, free of bias. */
static void set_log_k(rni_coupling_splitter *splitter, int half)
{
    const rni_coupling_pairs *pairs = splitter->pairs;
    const rn_index n_cells = 2 * splitter->shells->n_shells;
    for (rn_index i = 0; i < pairs->n; i++) {
        const rn_index a = pairs->a[i];
        const rn_index b = pairs->b[i];
        const rn_index in_a = (splitter->shells->modes[a] + half) / 2;
        const rn_index in_b = (splitter->shells->modes[b] + half) / 2;
        const double count = (double)rni_coupling_count(a == b, in_a, in_b);
        const double sum = splitter->sums[(2 * a + half) * n_cells + 2 * b + half];
        const double bias = rni_digamma(0.5 * count) - log(0.5 * count);
        splitter->y[half][i] = 0.5 * (log(sum / count) - bias);
    }
}

/* The jackknife variance of sum(product)/freedom over the shells that take part. */
static double jackknife(const rni_coupling_pairs *pairs, rn_index n_shells, const double *product,
                        double freedom)
{
    double total = 0.0;
    for (rn_index i = 0; i < pairs->n; i++)
        total += product[i];
    double sum = 0.0;
    double square = 0.0;
    rn_index n_used = 0;
    for (rn_index c = 0; c < n_shells; c++) {
        double left = total;
        rn_index n_left = pairs->n;
        for (rn_index i = 0; i < pairs->n; i++) {
            if (pairs->a[i] != c && pairs->b[i] != c) continue;
            left -= product[i];
            n_left--;
        }
        if (n_left == pairs->n || n_left == 0) continue;
        const double change =
            left / (freedom * (double)n_left / (double)pairs->n) - total / freedom;
        n_used++;
        sum += change;
        square += change * change;
    }
    if (n_used < 2) return (double)NAN;
    const double n = (double)n_used;
    return (n - 1.0) / n * fmax(square - sum * sum / n, 0.0);
}

static void set_undefined(rn_coupling_cross out[2])
{
    const double nan = (double)NAN;
    for (int tilt = 0; tilt < 2; tilt++)
        out[tilt] = (rn_coupling_cross){
            .value = nan, .square = nan, .error = nan, .split_error = nan, .noise = nan};
}

void rni_coupling_split(rni_coupling_splitter *splitter, const double *squares,
                        rn_coupling_cross out[2])
{
    const rni_coupling_pairs *pairs = splitter->pairs;
    set_undefined(out);
    if (pairs->n == 0 || splitter->n_splits == 0) return;
    double sum[2] = {0.0, 0.0};
    double square[2] = {0.0, 0.0};
    const double n_splits = (double)splitter->n_splits;
    memset(splitter->product[0], 0, (size_t)pairs->n * sizeof(double));
    memset(splitter->product[1], 0, (size_t)pairs->n * sizeof(double));
    for (rn_index split = 0; split < splitter->n_splits; split++) {
        choose_halves(splitter, split);
        rni_coupling_sum_blocks(splitter->shells->n, squares, splitter->cell,
                                2 * splitter->shells->n_shells, splitter->sums);
        set_log_k(splitter, 0);
        set_log_k(splitter, 1);
        for (int tilt = 0; tilt < 2; tilt++) {
            (void)rni_coupling_residuals(pairs, tilt, splitter->y[0], splitter->r[0]);
            (void)rni_coupling_residuals(pairs, tilt, splitter->y[1], splitter->r[1]);
            double dot = 0.0;
            for (rn_index i = 0; i < pairs->n; i++) {
                const double product = splitter->r[0][i] * splitter->r[1][i];
                splitter->product[tilt][i] += product / n_splits;
                dot += product;
            }
            dot /= (double)(pairs->n - pairs->n_offsets - tilt);
            sum[tilt] += dot;
            square[tilt] += dot * dot;
        }
    }
    for (int tilt = 0; tilt < 2; tilt++) {
        const double mean = sum[tilt] / n_splits;
        const double spread = fmax(square[tilt] / n_splits - mean * mean, 0.0);
        out[tilt].square = mean;
        out[tilt].value = isnan(mean) ? mean : sqrt(fmax(mean, 0.0));
        out[tilt].split_error = n_splits > 1.0 ? sqrt(spread / (n_splits - 1.0)) : (double)NAN;
        out[tilt].error = sqrt(jackknife(pairs, splitter->shells->n_shells, splitter->product[tilt],
                                         (double)(pairs->n - pairs->n_offsets - tilt)));
    }
}
