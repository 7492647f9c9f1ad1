/*
 * C2: overlaps of doubly centred block kernels.
 */
#include <renorm/coherence.h>

#include <float.h>
#include <math.h>

#include "backends/blas.h"
#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"

#define LEAST_BLOCKS 4 /* for a line through three distances */

static const char caller[] = "rn_coherence_measure";

/* Subtracts from rows i C + c the mean over i. sums [C x n]. */
static void center_rows(rn_index n_samples, rn_index n_outputs, double *m, double *sums)
{
    const rn_index n = n_samples * n_outputs;
    for (rn_index k = 0; k < n_outputs * n; k++)
        sums[k] = 0.0;
    for (rn_index i = 0; i < n_samples; i++)
        rni_axpy(n_outputs * n, 1.0, m + i * n_outputs * n, sums);
    for (rn_index i = 0; i < n_samples; i++)
        rni_axpy(n_outputs * n, -1.0 / (double)n_samples, sums, m + i * n_outputs * n);
}

/* The same for columns; mean [C] work. */
static void center_columns(rn_index n_samples, rn_index n_outputs, double *m, double *mean)
{
    const rn_index n = n_samples * n_outputs;
    for (rn_index r = 0; r < n; r++) {
        double *row = m + r * n;
        for (rn_index c = 0; c < n_outputs; c++) {
            mean[c] = 0.0;
            for (rn_index i = 0; i < n_samples; i++)
                mean[c] += row[i * n_outputs + c];
            mean[c] /= (double)n_samples;
        }
        for (rn_index i = 0; i < n_samples; i++)
            for (rn_index c = 0; c < n_outputs; c++)
                row[i * n_outputs + c] -= mean[c];
    }
}

/* -1/slope of ln distance[1 ..]. */
static double decay_length(rn_index n_blocks, const double *distance)
{
    if (n_blocks < LEAST_BLOCKS) return (double)NAN;
    const double middle = 0.5 * (double)n_blocks;
    double sxx = 0.0;
    double sxy = 0.0;
    for (rn_index d = 1; d < n_blocks; d++) {
        const double off = (double)d - middle;
        sxx += off * off;
        sxy += off * log(distance[d]);
    }
    return sxy < 0.0 ? -sxx / sxy : (double)INFINITY;
}

static void summarise(rn_index n, const double *overlap, double *rows, double *distance,
                      rn_coherence *out)
{
    *out = (rn_coherence){0};
    for (rn_index d = 0; d < n; d++)
        distance[d] = 0.0;
    for (rn_index l = 0; l < n; l++) {
        rows[l] = 0.0;
        for (rn_index m = 0; m < n; m++) {
            rows[l] += overlap[l * n + m];
            if (m >= l) distance[m - l] += overlap[l * n + m] / (double)(n - m + l);
        }
        out->largest_row = fmax(out->largest_row, rows[l]);
        out->mean_row += rows[l] / (double)n;
    }
    out->decay_length = decay_length(n, distance);
}

static rn_status check_arguments(rn_index n_blocks, rn_index n_samples, rn_index n_outputs,
                                 double *const *kernels, rn_index *total)
{
    rn_index n = 0;
    bool is_sound = rni_size_ok(n_blocks) && n_samples >= 2 && n_outputs >= 1 && kernels
                    && rni_size_mul(n_samples, n_outputs, &n) && rni_size_mul(n, n, total);
    for (rn_index l = 0; is_sound && l < n_blocks; l++)
        is_sound = kernels[l];
    if (is_sound) return RN_OK;
    return rni_fail(RN_ERR_ARGUMENT,
                    "%s: %" PRId64 " blocks, %" PRId64 " samples, %" PRId64 " outputs (expected at "
                    "least 1, 2, 1), or NULL",
                    caller, n_blocks, n_samples, n_outputs);
}

rn_status rn_coherence_measure(rn_index n_blocks, rn_index n_samples, rn_index n_outputs,
                               double *const *kernels, double *overlap, double *rows,
                               double *distance, rn_coherence *out)
{
    rn_index total = 0;
    RNI_TRY(check_arguments(n_blocks, n_samples, n_outputs, kernels, &total));
    if (!overlap || !rows || !distance || !out)
        return rni_fail(RN_ERR_ARGUMENT, "%s: an output is NULL", caller);
    const rn_index n = n_samples * n_outputs;
    double *work = rni_alloc(n_outputs * n + n_blocks, sizeof *work);
    if (!work)
        return rni_fail(RN_ERR_MEMORY, "%s: no memory for sums of %" PRId64 " rows", caller, n);
    double *norms = work + n_outputs * n;
    rn_status status = RN_OK;
    for (rn_index l = 0; l < n_blocks && status == RN_OK; l++) {
        const double before = rni_nrm2(total, kernels[l]);
        center_rows(n_samples, n_outputs, kernels[l], work);
        center_columns(n_samples, n_outputs, kernels[l], work);
        norms[l] = rni_nrm2(total, kernels[l]);
        if (!(before <= DBL_MAX))
            status = rni_fail(RN_ERR_NONFINITE,
                              "%s: kernel %" PRId64 " has entries that are not "
                              "finite",
                              caller, l);
        else if (!(norms[l] > (double)n * DBL_EPSILON * before))
            status = rni_fail(RN_ERR_DOMAIN,
                              "%s: the kernel of block %" PRId64 " is the same for all samples, so "
                              "nothing is left of it when centred",
                              caller, l);
    }
    for (rn_index l = 0; l < n_blocks && status == RN_OK; l++)
        for (rn_index m = l; m < n_blocks; m++) {
            const double cosine =
                m == l ? 1.0 : rni_dot(total, kernels[l], kernels[m]) / norms[l] / norms[m];
            overlap[l * n_blocks + m] = overlap[m * n_blocks + l] = cosine;
        }
    if (status == RN_OK) summarise(n_blocks, overlap, rows, distance, out);
    rni_free(work);
    return status;
}
