/*
 * Exponents of a spectrum: bins of rank, straight lines through them, bins drawn again.
 */
#include <math.h>
#include <renorm/spectrum_exponents.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/memory.h"
#include "core/rng.h"
#include "core/size.h"
#include "core/status.h"

enum { PER_DECADE = 8, MAX_BINS = 96, N_DRAWS = 400, BLOCK = 2, FIRST_RANK = 3 };

typedef struct mode {
    double lambda, energy;
} mode;

/* Means of ln rank, ln lambda, ln of the mean energy and ln of the energy behind, by bin. */
typedef struct bins {
    rn_index n;
    double rank[MAX_BINS], lambda[MAX_BINS], energy[MAX_BINS], behind[MAX_BINS];
} bins;

static int compare_modes(const void *left, const void *right)
{
    const double a = ((const mode *)left)->lambda;
    const double b = ((const mode *)right)->lambda;
    return (a < b) - (a > b);
}

static int compare_numbers(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Modes first .. last (ranks from 1) in bins; behind: energy of all modes of lower rank. */
static void fill_bins(const mode *modes, rn_index n, rn_index first, rn_index last, bins *out)
{
    double behind = 0.0;
    for (rn_index k = first; k <= n; k++)
        behind += modes[k - 1].energy;
    rn_index k = first;
    while (k <= last && out->n < MAX_BINS) {
        const double edge = (double)k * pow(10.0, 1.0 / PER_DECADE);
        double ranks = 0.0;
        double lambdas = 0.0;
        double tails = 0.0;
        double energies = 0.0;
        rn_index count = 0;
        for (; k <= last && (double)k < edge; k++) {
            behind -= modes[k - 1].energy;
            ranks += log((double)k);
            lambdas += log(modes[k - 1].lambda);
            tails += log(fmax(behind + 0.5 * modes[k - 1].energy, 1e-300));
            energies += modes[k - 1].energy;
            count++;
        }
        const double per = 1.0 / (double)count;
        out->rank[out->n] = ranks * per;
        out->lambda[out->n] = lambdas * per;
        out->behind[out->n] = tails * per;
        out->energy[out->n] = log(fmax(energies * per, 1e-300));
        out->n++;
    }
}

/* Slope of y over x through the bins listed. */
static double slope_of(rn_index n, const rn_index *which, const double *x, const double *y)
{
    double mean_x = 0.0;
    double mean_y = 0.0;
    double xx = 0.0;
    double xy = 0.0;
    for (rn_index i = 0; i < n; i++) {
        mean_x += x[which[i]] / (double)n;
        mean_y += y[which[i]] / (double)n;
    }
    for (rn_index i = 0; i < n; i++) {
        xx += (x[which[i]] - mean_x) * (x[which[i]] - mean_x);
        xy += (x[which[i]] - mean_x) * (y[which[i]] - mean_y);
    }
    return xx > 0.0 ? xy / xx : (double)NAN;
}

static rn_spectrum_slope measure(const bins *b, const double *x, const double *y, double sign)
{
    rn_index which[MAX_BINS];
    double drawn[N_DRAWS];
    rn_index n_drawn = 0;
    for (rn_index i = 0; i < b->n; i++)
        which[i] = i;
    rn_spectrum_slope out = {.value = sign * slope_of(b->n, which, x, y)};
    for (int d = 0; d < N_DRAWS; d++) {
        const rni_stream stream = {.purpose = RNI_RNG_BOOTSTRAP, .part = (uint32_t)d};
        for (rn_index i = 0; i < b->n; i += BLOCK) {
            const rn_index start =
                (rn_index)rni_rng_below(stream, (uint64_t)i, (uint64_t)(b->n - BLOCK + 1));
            for (rn_index j = 0; j < BLOCK && i + j < b->n; j++)
                which[i + j] = start + j;
        }
        const double slope = sign * slope_of(b->n, which, x, y);
        if (isfinite(slope)) drawn[n_drawn++] = slope;
    }
    qsort(drawn, (size_t)n_drawn, sizeof *drawn, compare_numbers);
    out.low = n_drawn > 0 ? drawn[n_drawn / 20] : (double)NAN;
    out.high = n_drawn > 0 ? drawn[n_drawn - 1 - n_drawn / 20] : (double)NAN;
    return out;
}

static rn_status measure_modes(mode *modes, rn_index n, rn_index first, rn_spectrum_exponents *out)
{
    qsort(modes, (size_t)n, sizeof *modes, compare_modes);
    const rn_index last = n - rni_ceil_div(n, 3);
    const double decades = last > first ? log10((double)last / (double)first) : 0.0;
    double behind = 0.0;
    for (rn_index k = last + 1; k <= n; k++)
        behind += modes[k - 1].energy;
    if (decades < RN_SPECTRUM_MIN_DECADES || !(behind > 0.0))
        return rni_fail(RN_ERR_DOMAIN,
                        "the spectrum cannot support exponents: ranks %" PRId64 " .. %" PRId64
                        " of %" PRId64
                        " resolved modes span %.2g decades, expected %g, with energy "
                        "behind them; more samples would do",
                        first, last, n, decades, RN_SPECTRUM_MIN_DECADES);
    bins b = {0};
    fill_bins(modes, n, first, last, &b);
    *out = (rn_spectrum_exponents){.capacity = measure(&b, b.rank, b.lambda, -1.0),
                                   .source = measure(&b, b.rank, b.energy, -1.0),
                                   .implied = measure(&b, b.lambda, b.behind, 1.0),
                                   .first = first,
                                   .last = last,
                                   .from = 0.5 / modes[first - 1].lambda,
                                   .to = 0.5 / modes[last - 1].lambda};
    return RN_OK;
}

rn_status rn_spectrum_exponents_measure(rn_index n, const double *lambda, const double *energy,
                                        double floor, rn_index first, rn_spectrum_exponents *out)
{
    if (n < 1 || !lambda || !energy || !out || first < 0 || isnan(floor))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_spectrum_exponents_measure: an argument is NULL or out of range");
    mode *modes = rni_alloc(n, sizeof *modes);
    rn_index count = 0;
    if (!modes)
        return rni_fail(RN_ERR_MEMORY,
                        "rn_spectrum_exponents_measure: no memory for %" PRId64 " modes", n);
    for (rn_index u = 0; u < n; u++)
        if (lambda[u] > floor && lambda[u] > 0.0 && isfinite(lambda[u]) && energy[u] >= 0.0)
            modes[count++] = (mode){.lambda = lambda[u], .energy = energy[u]};
    const rn_status status = measure_modes(modes, count, first > 0 ? first : FIRST_RANK, out);
    rni_free(modes);
    return status;
}
