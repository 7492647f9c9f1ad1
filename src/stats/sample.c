/*
 * Medians, quartiles, and paired comparisons with percentile bootstrap intervals. Draw d of the
 * bootstrap uses the random numbers d n .. d n + n - 1 of one stream; difference and ratio use the
 * same draws.
 */
#include <renorm/sample.h>

#include <math.h>
#include <stdlib.h>

#include "core/memory.h"
#include "core/rng.h"
#include "core/size.h"
#include "core/status.h"

rn_sample_options rn_sample_options_defaults(void)
{
    return (rn_sample_options){.level = 0.95, .n_draws = 2000};
}

static int compare(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

static void sort(rn_index n, double *values)
{
    if (n > 1) qsort(values, (size_t)n, sizeof *values, compare);
}

/* Quantile of values in order, n >= 1. */
static double quantile(rn_index n, const double *sorted, double p)
{
    const double position = p * (double)(n - 1);
    const rn_index below = rni_min((rn_index)position, n - 1);
    const rn_index above = rni_min(below + 1, n - 1);
    const double part = position - (double)below;
    /* infinities: no 0 * inf */
    if (!(part > 0.0) || !(sorted[below] < sorted[above])) return sorted[below];
    return sorted[below] + part * (sorted[above] - sorted[below]);
}

static bool is_size(rn_index n)
{
    return n >= 0 && n <= RN_SAMPLE_MAX;
}

rn_status rn_sample_summarise(rn_index n, const double *values, rn_sample_summary *out)
{
    if (!is_size(n) || (n > 0 && !values) || !out)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_sample_summarise: a NULL argument, or %" PRId64
                        " values, expected 0 .. %" PRId64,
                        n, RN_SAMPLE_MAX);
    double *sorted = rni_alloc(n, sizeof *sorted);
    if (!sorted) return rni_fail(RN_ERR_MEMORY, "rn_sample_summarise: no memory");
    rn_index count = 0;
    for (rn_index i = 0; i < n; i++)
        if (!isnan(values[i])) sorted[count++] = values[i];
    sort(count, sorted);
    const double missing = (double)NAN;
    *out = (rn_sample_summary){
        .low = missing, .median = missing, .high = missing, .min = missing, .max = missing};
    if (count > 0)
        *out = (rn_sample_summary){.count = count,
                                   .low = quantile(count, sorted, 0.25),
                                   .median = quantile(count, sorted, 0.5),
                                   .high = quantile(count, sorted, 0.75),
                                   .min = sorted[0],
                                   .max = sorted[count - 1]};
    rni_free(sorted);
    return RN_OK;
}

/* ---- pairs ----------------------------------------------------------------------------------- */

/* The median of `values` [n] and its interval. work [n], lows and highs [n_draws]. Of an even
   number of values the middle two both count as medians: the lower ends come from the lower ones,
   the upper ends from the upper ones. Their mean would make intervals of few pairs too short. */
static rn_sample_interval bootstrap(rn_index n, const double *values,
                                    const rn_sample_options *options, double *work, double *lows,
                                    double *highs)
{
    const rni_stream stream = {.seed = options->seed, .purpose = RNI_RNG_BOOTSTRAP};
    for (rn_index i = 0; i < n; i++)
        work[i] = values[i];
    sort(n, work);
    rn_sample_interval found = {quantile(n, work, 0.5), (double)NAN, (double)NAN};
    if (n < RN_SAMPLE_MIN_PAIRS) return found;
    for (rn_index d = 0; d < options->n_draws; d++) {
        for (rn_index i = 0; i < n; i++)
            work[i] = values[rni_rng_below(stream, (uint64_t)(d * n + i), (uint64_t)n)];
        sort(n, work);
        lows[d] = work[(n - 1) / 2];
        highs[d] = work[n / 2];
    }
    sort(options->n_draws, lows);
    sort(options->n_draws, highs);
    found.low = quantile(options->n_draws, lows, 0.5 * (1.0 - options->level));
    found.high = quantile(options->n_draws, highs, 0.5 * (1.0 + options->level));
    return found;
}

/* block: [2 n + 2 n_draws] work space; differences and ratios side by side are never needed. */
static void compare_pairs(rn_index n, const double *a, const double *b,
                          const rn_sample_options *options, double *block,
                          rn_sample_comparison *out)
{
    double *values = block;
    double *work = block + n;
    double *lows = block + 2 * n;
    double *highs = lows + options->n_draws;
    const rn_sample_interval unknown = {(double)NAN, (double)NAN, (double)NAN};
    *out = (rn_sample_comparison){.difference = unknown, .ratio = unknown};
    bool is_positive = true;
    for (rn_index i = 0; i < n; i++) {
        if (isnan(a[i] - b[i])) continue;
        values[out->count++] = a[i] - b[i];
        out->n_above += a[i] > b[i];
        is_positive &= a[i] > 0.0 && b[i] > 0.0;
    }
    if (out->count == 0) return;
    out->difference = bootstrap(out->count, values, options, work, lows, highs);
    if (!is_positive) return;
    rn_index count = 0;
    for (rn_index i = 0; i < n; i++)
        if (!isnan(a[i] - b[i])) values[count++] = a[i] / b[i];
    out->ratio = bootstrap(count, values, options, work, lows, highs);
}

rn_status rn_sample_compare(rn_index n, const double *a, const double *b,
                            const rn_sample_options *options, rn_sample_comparison *out)
{
    const rn_sample_options chosen = options ? *options : rn_sample_options_defaults();
    if (!is_size(n) || (n > 0 && (!a || !b)) || !out || !(chosen.level > 0.0 && chosen.level < 1.0)
        || chosen.n_draws < 10 || chosen.n_draws > 1000000)
        return rni_fail(
            RN_ERR_ARGUMENT,
            "rn_sample_compare: a NULL argument, %" PRId64 " pairs, expected 0 .. %" PRId64
            ", level %g, expected between 0 and 1, or %" PRId64 " draws, expected 10 .. 1000000",
            n, RN_SAMPLE_MAX, chosen.level, chosen.n_draws);
    double *block = rni_alloc(2 * (n + chosen.n_draws), sizeof *block);
    if (!block) return rni_fail(RN_ERR_MEMORY, "rn_sample_compare: no memory");
    compare_pairs(n, a, b, &chosen, block, out);
    rni_free(block);
    return RN_OK;
}
