/*
 * The Gaussian floor: couplings replaced by independent normals, same shells.
 */
#include "conditions/coupling_floor.h"

#include <math.h>
#include <stdlib.h>

#include "core/memory.h"
#include "core/rng.h"
#include "core/status.h"

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Sorts values. */
static double median(rn_index n, double *values)
{
    qsort(values, (size_t)n, sizeof *values, by_value);
    return 0.5 * (values[(n - 1) / 2] + values[n / 2]);
}

static double deviation(rn_index n, const double *values)
{
    double sum = 0.0;
    double square = 0.0;
    for (rn_index i = 0; i < n; i++)
        sum += values[i];
    for (rn_index i = 0; i < n; i++)
        square += (values[i] - sum / (double)n) * (values[i] - sum / (double)n);
    return n > 1 ? sqrt(square / (double)(n - 1)) : (double)NAN;
}

/* Entry (u, v), v < u, takes number u (u - 1)/2 + v of the stream. */
static void draw_noise(uint64_t seed, rn_index draw, rn_index n, double *noise)
{
    const rni_stream stream = {
        .seed = seed, .purpose = RNI_RNG_COUPLING_FLOOR, .part = (uint32_t)draw};
    for (rn_index u = 1; u < n; u++) {
        double *const row = noise + u * n;
        rni_rng_fill_normal(stream, (uint64_t)(u * (u - 1) / 2), u, row);
        for (rn_index v = 0; v < u; v++)
            row[v] *= row[v];
    }
}

rn_status rni_coupling_floor(rni_coupling_modes *modes, const rni_coupling_pairs *pairs,
                             rni_coupling_splitter *splitter, rn_index n_draws,
                             rn_index n_noise_splits, double *sums, double *y,
                             rn_coupling_defect *out)
{
    if (n_draws == 0) return RN_OK;
    double *const values = rni_alloc(4 * n_draws, sizeof *values);
    if (!values)
        return rni_fail(RN_ERR_MEMORY, "rn_couplings_measure: no memory for %" PRId64 " draws",
                        n_draws);
    const rni_coupling_shells *shells = splitter->shells;
    splitter->n_splits = n_noise_splits; /* 0: NaN */
    for (rn_index draw = 0; draw < n_draws; draw++) {
        draw_noise(splitter->seed, draw, modes->n, modes->noise);
        rni_coupling_sum_blocks(modes->n, modes->noise, shells->shell, shells->n_shells, sums);
        rni_coupling_log_k(shells, pairs, sums, y);
        (void)rni_coupling_residuals(pairs, false, y, y);
        values[draw] = rni_coupling_rms(pairs->n, y);
        (void)rni_coupling_residuals(pairs, true, y, y);
        values[n_draws + draw] = rni_coupling_rms(pairs->n, y);
        rn_coupling_cross cross[2];
        rni_coupling_split(splitter, modes->noise, cross);
        values[2 * n_draws + draw] = cross[0].square;
        values[3 * n_draws + draw] = cross[1].square;
    }
    out->floor = median(n_draws, values);
    out->floor_tilt = median(n_draws, values + n_draws);
    out->cross.noise = deviation(n_draws, values + 2 * n_draws);
    out->cross_tilt.noise = deviation(n_draws, values + 3 * n_draws);
    rni_free(values);
    return RN_OK;
}
