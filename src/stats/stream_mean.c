/*
 * Means by blocking: a value enters level 0; every second one closes a block, whose mean enters the
 * level above.
 */
#include <math.h>
#include <renorm/streaming.h>

void rn_stream_mean_add(rn_stream_mean *mean, double value)
{
    for (int level = 0; level < RN_STREAM_LEVELS; level++) {
        const double count = mean->count[level] + 1.0;
        const double off = value - mean->mean[level];
        mean->count[level] = count;
        mean->mean[level] += off / count;
        mean->squares[level] += off * (value - mean->mean[level]);
        if (fmod(count, 2.0) > 0.0) {
            mean->pending[level] = value;
            return;
        }
        value = 0.5 * (mean->pending[level] + value);
    }
}

double rn_stream_mean_value(const rn_stream_mean *mean)
{
    return mean->count[0] > 0.0 ? mean->mean[0] : (double)NAN;
}

static double error_of(const rn_stream_mean *mean, int level)
{
    const double count = mean->count[level];
    return sqrt(mean->squares[level] / (count * (count - 1.0)));
}

double rn_stream_mean_error(const rn_stream_mean *mean, double *inefficiency)
{
    int level = 0;
    if (inefficiency) *inefficiency = (double)NAN;
    if (!(mean->count[0] >= RN_STREAM_MIN_BLOCKS)) return (double)NAN;
    while (level + 1 < RN_STREAM_LEVELS && mean->count[level + 1] >= RN_STREAM_MIN_BLOCKS)
        level++;
    const double error = error_of(mean, level);
    const double naive = error_of(mean, 0);
    if (inefficiency && naive > 0.0) *inefficiency = error * error / (naive * naive);
    return error;
}
