/**
 * Small samples: medians and quartiles over repetitions such as seeds, and the difference and
 * ratio of two arms that were measured with the same seeds. Plain arrays in, numbers out.
 *
 * A value that was not measured is NaN and is left out; in pairs, the whole pair.
 *
 * Intervals are percentile bootstrap intervals of the median: pairs are drawn with replacement
 * n_draws times, the median is taken of each draw, and the interval runs between the
 * (1 - level)/2 and (1 + level)/2 quantiles of those. Of an even number both middle values are
 * medians: the lower ends come from the lower one, the upper ends from the upper one, or intervals
 * of few pairs would be too short. This needs no assumption on the shape of the distribution and
 * never reaches beyond the data. The accelerated interval (BCa) rests on a jackknife that does not
 * converge for a median, so it is not used. Of 1,000 samples of normal, exponential and Cauchy
 * differences, 95 % intervals held the true median in 92 to 93 % for 8 pairs, 94 to 95 % for 16 and
 * 96 % for 32 (tests/property/prop_sample.c).
 */
#ifndef RENORM_SAMPLE_H
#define RENORM_SAMPLE_H

#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most values of one sample. */
#define RN_SAMPLE_MAX ((rn_index)1 << 24)

/** One sample. NaN where count is 0. */
typedef struct rn_sample_summary {
    rn_index count; /**< values that are not NaN */
    double low;     /**< lower quartile */
    double median;
    double high; /**< upper quartile */
    double min;
    double max;
} rn_sample_summary;

/** A statistic and its interval. */
typedef struct rn_sample_interval {
    double value;
    double low;
    double high;
} rn_sample_interval;

/** Two arms, paired. NaN where nothing can be said: no pair; for intervals, fewer than
    RN_SAMPLE_MIN_PAIRS; for the ratio, a value that is not positive. */
typedef struct rn_sample_comparison {
    rn_index count;                /**< pairs without NaN */
    rn_sample_interval difference; /**< median of a_i - b_i */
    rn_sample_interval ratio;      /**< median of a_i / b_i */
    rn_index n_above;              /**< pairs with a_i > b_i */
} rn_sample_comparison;

/** Fewer pairs give no interval: with five, half of all draws already hold at most three of them.
 */
#define RN_SAMPLE_MIN_PAIRS 6

/** How intervals are made. From rn_sample_options_defaults. */
typedef struct rn_sample_options {
    double level;     /**< in (0, 1); default 0.95 */
    rn_index n_draws; /**< 10 .. 1,000,000; default 2000 */
    uint64_t seed;    /**< of the draws; default 0 */
} rn_sample_options;

RN_API rn_sample_options rn_sample_options_defaults(void);

/**
 * Median and quartiles, by linear interpolation between the two nearest values in order: quantile p
 * stands at position p (count - 1) from 0. Infinities count as values.
 * @param values  [n], NaN: not measured
 * @return RN_OK; RN_ERR_ARGUMENT (NULL, n < 0 or > RN_SAMPLE_MAX); RN_ERR_MEMORY
 * Cost: O(n log n).
 */
RN_API RN_NODISCARD rn_status rn_sample_summarise(rn_index n, const double *values,
                                                  rn_sample_summary *out);

/**
 * Compares arm a with arm b, value i of both measured with the same seed.
 * @param a, b     [n], NaN: not measured
 * @param options  NULL: the defaults
 * @return RN_OK; RN_ERR_ARGUMENT (NULL, a size or an option out of range); RN_ERR_MEMORY
 * Cost: O(n_draws n log n). The same inputs give the same numbers.
 */
RN_API RN_NODISCARD rn_status rn_sample_compare(rn_index n, const double *a, const double *b,
                                                const rn_sample_options *options,
                                                rn_sample_comparison *out);

#ifdef __cplusplus
}
#endif

#endif
