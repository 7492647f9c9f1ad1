/*
 * Which pairs of shells count, and least squares with one constant per offset.
 */
#include "conditions/coupling_pairs.h"

#include <math.h>

#include "core/memory.h"
#include "core/status.h"

/* Appends the pairs of one offset; returns how many there are. */
static rn_index add_offset(const rni_coupling_shells *shells, rn_index min_modes, rn_index offset,
                           rn_index at, rni_coupling_pairs *pairs)
{
    rn_index count = 0;
    for (rn_index a = 0; a + offset < shells->n_shells; a++) {
        const rn_index b = a + offset;
        if (shells->modes[a] < min_modes || shells->modes[b] < min_modes) continue;
        pairs->a[at + count] = a;
        pairs->b[at + count] = b;
        count++;
    }
    return count;
}

/* position of one group: with a fixed offset (s_a + s_b)/2 differs from s_a by a constant. */
static void set_positions(const rni_coupling_shells *shells, rn_index from, rn_index to,
                          rni_coupling_pairs *pairs)
{
    double sum = 0.0;
    for (rn_index i = from; i < to; i++) {
        pairs->position[i] = 0.5
                             * (rni_coupling_shell_middle(shells, pairs->a[i])
                                + rni_coupling_shell_middle(shells, pairs->b[i]));
        sum += pairs->position[i];
    }
    for (rn_index i = from; i < to; i++)
        pairs->position[i] -= sum / (double)(to - from);
}

rn_status rni_coupling_pairs_create(const rni_coupling_shells *shells, rn_index min_modes,
                                    rn_index min_entries, rni_coupling_pairs *out)
{
    const rn_index m = shells->n_shells; /* <= RN_COUPLING_MAX_SHELLS: no product overflows */
    const rn_index most = m * (m + 1) / 2;
    rn_index *const integers = rni_alloc(2 * most + m + 1, sizeof *integers);
    double *const doubles = rni_alloc(most, sizeof *doubles);
    if (!integers || !doubles) {
        rni_free(integers);
        rni_free(doubles);
        return rni_fail(RN_ERR_MEMORY,
                        "rn_couplings_measure: no memory for pairs of %" PRId64 " shells", m);
    }
    *out = (rni_coupling_pairs){
        .a = integers, .b = integers + most, .start = integers + 2 * most, .position = doubles};
    out->start[0] = 0;
    for (rn_index offset = 0; offset < m; offset++) {
        const rn_index count = add_offset(shells, min_modes, offset, out->n, out);
        if (count < min_entries) continue;
        set_positions(shells, out->n, out->n + count, out);
        out->n += count;
        out->start[++out->n_offsets] = out->n;
    }
    return RN_OK;
}

void rni_coupling_pairs_destroy(rni_coupling_pairs *pairs)
{
    rni_free(pairs->a);
    rni_free(pairs->position);
    *pairs = (rni_coupling_pairs){0};
}

double rni_coupling_residuals(const rni_coupling_pairs *pairs, bool with_tilt, const double *y,
                              double *residual)
{
    double product = 0.0;
    double square = 0.0;
    for (rn_index g = 0; g < pairs->n_offsets; g++) {
        const rn_index from = pairs->start[g];
        const rn_index to = pairs->start[g + 1];
        double sum = 0.0;
        for (rn_index i = from; i < to; i++)
            sum += y[i];
        for (rn_index i = from; i < to; i++) {
            residual[i] = y[i] - sum / (double)(to - from);
            product += pairs->position[i] * residual[i];
            square += pairs->position[i] * pairs->position[i];
        }
    }
    if (!with_tilt) return 0.0;
    const double kappa = product / square; /* positions of two pairs differ: square > 0 */
    for (rn_index i = 0; i < pairs->n; i++)
        residual[i] -= kappa * pairs->position[i];
    return kappa;
}

double rni_coupling_rms(rn_index n, const double *residual)
{
    double sum = 0.0;
    for (rn_index i = 0; i < n; i++)
        sum += residual[i] * residual[i];
    return sqrt(sum / (double)n);
}

rn_index rni_coupling_count(bool same, rn_index in_a, rn_index in_b)
{
    return same ? in_a * (in_a - 1) / 2 : in_a * in_b;
}

void rni_coupling_log_k(const rni_coupling_shells *shells, const rni_coupling_pairs *pairs,
                        const double *sums, double *y)
{
    for (rn_index i = 0; i < pairs->n; i++) {
        const rn_index a = pairs->a[i];
        const rn_index b = pairs->b[i];
        const rn_index count = rni_coupling_count(a == b, shells->modes[a], shells->modes[b]);
        y[i] = 0.5 * log(sums[a * shells->n_shells + b] / (double)count);
    }
}
