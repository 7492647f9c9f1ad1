/*
 * Histograms of a stream. State: counts below, in and above the bins.
 */
#include <math.h>
#include <renorm/streaming.h>

#include "core/memory.h"
#include "core/status.h"

struct rn_stream_histogram {
    rn_index n_bins;
    double low, high;
    double *state; /* [n_bins + 2]; owned */
};

/* Fewest values on either side of a bin that is compared: below, ln N is biased by its scatter. */
static const double fewest = 10.0;

rn_status rn_stream_histogram_create(rn_index n_bins, double low, double high,
                                     rn_stream_histogram **out)
{
    if (n_bins < 1 || n_bins > 1000000 || !isfinite(low) || !isfinite(high) || !(low < high)
        || !out)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_stream_histogram_create: found %" PRId64
                        " bins from %g to %g; expected 1 .. 1,000,000 between two finite numbers "
                        "in order, and an output",
                        n_bins, low, high);
    rn_stream_histogram *h = rni_alloc_zero(1, sizeof *h);
    double *state = rni_alloc_zero(n_bins + 2, sizeof *state);
    if (!h || !state) {
        rni_free(h);
        rni_free(state);
        return rni_fail(RN_ERR_MEMORY, "rn_stream_histogram_create: no memory");
    }
    *h = (rn_stream_histogram){.n_bins = n_bins, .low = low, .high = high, .state = state};
    *out = h;
    return RN_OK;
}

void rn_stream_histogram_destroy(rn_stream_histogram *h)
{
    if (!h) return;
    rni_free(h->state);
    rni_free(h);
}

void rn_stream_histogram_add(rn_stream_histogram *h, double value)
{
    if (isnan(value)) return;
    const double width = (h->high - h->low) / (double)h->n_bins;
    rn_index place = 0;
    if (value >= h->high)
        place = h->n_bins + 1;
    else if (value >= h->low)
        place = 1 + (rn_index)fmin(floor((value - h->low) / width), (double)(h->n_bins - 1));
    h->state[place] += 1.0;
}

rn_index rn_stream_histogram_count(const rn_stream_histogram *h, rn_index i)
{
    return i < -1 || i > h->n_bins ? 0 : (rn_index)h->state[i + 1];
}

rn_status rn_stream_histogram_symmetry(const rn_stream_histogram *h, double *slope, double *error)
{
    if (fabs(h->low + h->high) > 1e-12 * h->high)
        return rni_fail(RN_ERR_DOMAIN,
                        "rn_stream_histogram_symmetry: bins run from %g to %g, expected limits "
                        "symmetric about 0",
                        h->low, h->high);
    const double width = (h->high - h->low) / (double)h->n_bins;
    double xx = 0.0;
    double xy = 0.0;
    rn_index n_used = 0;
    for (rn_index i = h->n_bins / 2; i < h->n_bins; i++) {
        const double plus = h->state[1 + i];
        const double minus = h->state[h->n_bins - i];
        const double x = h->low + ((double)i + 0.5) * width;
        if (!(x > 0.25 * width) || plus < fewest || minus < fewest) continue;
        const double weight = 1.0 / (1.0 / plus + 1.0 / minus);
        xx += weight * x * x;
        xy += weight * x * log(plus / minus);
        n_used++;
    }
    if (n_used < 3)
        return rni_fail(RN_ERR_DOMAIN,
                        "rn_stream_histogram_symmetry: %" PRId64
                        " bins have 10 values or more on either side, expected 3; add more values "
                        "or widen the bins",
                        n_used);
    *slope = xy / xx;
    *error = 1.0 / sqrt(xx);
    return RN_OK;
}

double *rn_stream_histogram_state(rn_stream_histogram *h, rn_index *n_doubles)
{
    if (n_doubles) *n_doubles = h->n_bins + 2;
    return h->state;
}
