/*
 * The answer about log-shift invariance. Squares are averaged, not roots: a root of a noisy square
 * is biased upward.
 */
#include "conditions/coupling_verdict.h"

#include <math.h>

void rni_invariance_add(rni_square *mean, rn_index n_before, rni_square next)
{
    const double count = (double)n_before + 1.0;
    mean->square += (next.square - mean->square) / count;
    mean->error += (next.error - mean->error) / count;
}

rni_square rni_invariance_over_time(rn_index n, const rni_square *squares)
{
    rni_square mean = {.n_runs = 1};
    for (rn_index i = 0; i < n; i++)
        rni_invariance_add(&mean, i, squares[i]);
    return mean;
}

rni_square rni_invariance_over_runs(rn_index n, const rni_square *squares)
{
    const rni_square mean = rni_invariance_over_time(n, squares);
    double own = 0.0;
    double between = 0.0;
    for (rn_index i = 0; i < n; i++) {
        own += squares[i].error * squares[i].error;
        between += (squares[i].square - mean.square) * (squares[i].square - mean.square);
    }
    const double count = (double)n;
    double variance = own / (count * count);
    if (n >= 3) variance = fmax(variance, between / (count * (count - 1.0)));
    return (rni_square){.square = mean.square, .error = sqrt(variance), .n_runs = n};
}

rni_invariance rni_invariance_judge(rni_square found)
{
    const double factor =
        fmax(RNI_INVARIANCE_MANY, RNI_INVARIANCE_HIGH - log2((double)found.n_runs));
    const double low = found.square - RNI_INVARIANCE_LOW * found.error;
    const double high = found.square + factor * found.error;
    rni_invariance out = {.value = sqrt(fmax(found.square, 0.0)),
                          .low = sqrt(fmax(low, 0.0)),
                          .high = sqrt(fmax(high, 0.0)),
                          .high_factor = factor};
    const double threshold = RNI_INVARIANCE_THRESHOLD * RNI_INVARIANCE_THRESHOLD;
    /* a NaN is neither */
    out.answer = high < threshold ? 1 : low > threshold ? -1 : 0;
    return out;
}

rn_index rni_invariance_runs_needed(rni_square of_one)
{
    for (rn_index n = 2; n <= 1000; n++) {
        const rni_square more = {
            .square = of_one.square, .error = of_one.error / sqrt((double)n), .n_runs = n};
        if (rni_invariance_judge(more).answer != 0) return n;
    }
    return 0;
}
