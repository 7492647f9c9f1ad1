/**
 * Statistics of long trajectories in constant memory: one look at each state, nothing stored.
 *
 *   rn_stream_mean         a mean and its standard error, also where values are correlated
 *   rn_stream_moments      mean and covariance of vectors
 *   rn_stream_lags         mean squared displacement at log-spaced lags
 *   rn_stream_circulation  area swept per step, the antisymmetric part of the current
 *   rn_stream_histogram    counts in equal bins, and how they compare at +x and -x
 *
 * Numbers are added in the order they come, so the same trajectory gives the same bits. The whole
 * state of an object is an array of doubles, to be kept in a checkpoint and put back into an
 * object created alike: it then goes on as if it had never stopped. Counts are exact to 2^53.
 *
 *     rn_stream_moments *seen = NULL;
 *     rn_status status = rn_stream_moments_create(7, &seen);
 *     for (..) { step(x); rn_stream_moments_add(seen, x); }
 *     rn_stream_moments_get(seen, mean, covariance);
 *     double *state = rn_stream_moments_state(seen, &n_doubles);        for a checkpoint
 *     rn_stream_moments_destroy(seen);
 *
 * Objects are owned by whoever created them; destroy accepts NULL. Adding never fails, and a NaN
 * that is added shows in every number it enters. Statuses of create: RN_OK, RN_ERR_ARGUMENT,
 * RN_ERR_MEMORY.
 */
#ifndef RENORM_STREAMING_H
#define RENORM_STREAMING_H

#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Largest dimension of a vector. */
#define RN_STREAM_MAX_N 4096

/* ---- a mean ---------------------------------------------------------------------------------- */

/** 2^RN_STREAM_LEVELS values can be added with errors of any correlation time. */
#define RN_STREAM_LEVELS 48

/**
 * A mean with its error by blocking: level l holds the variance of means over 2^l consecutive
 * values (Flyvbjerg and Petersen, J. Chem. Phys. 91, 461, 1989). Only doubles: copy it to keep it.
 * Zero-initialise.
 */
typedef struct rn_stream_mean {
    double count[RN_STREAM_LEVELS];   /**< blocks of level l */
    double mean[RN_STREAM_LEVELS];    /**< of those blocks' means */
    double squares[RN_STREAM_LEVELS]; /**< sum of their squared differences from it */
    double pending[RN_STREAM_LEVELS]; /**< the first half of a block of level l + 1 */
} rn_stream_mean;

RN_API void rn_stream_mean_add(rn_stream_mean *mean, double value);

/** The mean; NaN without values. */
RN_API double rn_stream_mean_value(const rn_stream_mean *mean);

/** Fewest blocks from which an error is taken: it then scatters by 9 %. */
#define RN_STREAM_MIN_BLOCKS 64

/**
 * Its standard error, from the longest blocks of which there are RN_STREAM_MIN_BLOCKS or more:
 * right where values further apart than a 64th of the whole are independent. NaN with fewer values.
 * @param inefficiency  out or NULL: error squared over what independent values would give: twice
 *                      the integrated correlation time, in values
 */
RN_API double rn_stream_mean_error(const rn_stream_mean *mean, double *inefficiency);

/* ---- mean and covariance --------------------------------------------------------------------- */

typedef struct rn_stream_moments rn_stream_moments;

/** @param n  1 .. RN_STREAM_MAX_N */
RN_API RN_NODISCARD rn_status rn_stream_moments_create(rn_index n, rn_stream_moments **out);
RN_API void rn_stream_moments_destroy(rn_stream_moments *moments);

/** Adds x [n] by Welford's update: n^2/2 + 3 n operations. */
RN_API void rn_stream_moments_add(rn_stream_moments *moments, const double *x);

/**
 * @param mean        [n] out or NULL; NaN without values
 * @param covariance  [n x n] row-major out or NULL: sums over (count - 1); NaN below two values
 */
RN_API void rn_stream_moments_get(const rn_stream_moments *moments, double *mean,
                                  double *covariance);
RN_API rn_index rn_stream_moments_count(const rn_stream_moments *moments);

/** The state, borrowed: read it to keep it, write it to put it back. */
RN_API double *rn_stream_moments_state(rn_stream_moments *moments, rn_index *n_doubles);

/* ---- displacement ---------------------------------------------------------------------------- */

/**
 * <|x(k + lag) - x(k)|^2> over k. Lags are 1 .. p, then p/2 + 1 .. p in steps of 2, 4, 8, ..; those
 * of stride 2^l use origins that are multiples of 2^l. Memory n p (levels) doubles, work about
 * 2 n p operations a state.
 */
typedef struct rn_stream_lags rn_stream_lags;

/**
 * @param n          1 .. RN_STREAM_MAX_N
 * @param per_level  p, even, 2 .. 256
 * @param n_levels   1 .. 40: the longest lag is p 2^(n_levels - 1)
 */
RN_API RN_NODISCARD rn_status rn_stream_lags_create(rn_index n, rn_index per_level,
                                                    rn_index n_levels, rn_stream_lags **out);
RN_API void rn_stream_lags_destroy(rn_stream_lags *lags);

/** Adds the next state x [n]. */
RN_API void rn_stream_lags_add(rn_stream_lags *lags, const double *x);

/** Number of lags, p + (n_levels - 1) p/2; lag i, ascending; pairs seen; their mean, NaN without.
 */
RN_API rn_index rn_stream_lags_size(const rn_stream_lags *lags);
RN_API rn_index rn_stream_lags_lag(const rn_stream_lags *lags, rn_index i);
RN_API rn_index rn_stream_lags_count(const rn_stream_lags *lags, rn_index i);
RN_API double rn_stream_lags_displacement(const rn_stream_lags *lags, rn_index i);
RN_API double *rn_stream_lags_state(rn_stream_lags *lags, rn_index *n_doubles);

/* ---- circulation ----------------------------------------------------------------------------- */

/**
 * C = <x x'^T - x' x^T>/2 over steps x -> x': entry (i, j) is the area swept per step in the plane
 * (j, i), that of rn_gaussian_circulation for linear dynamics. The midpoint and the starting point
 * give the same, since an antisymmetric product does not see where in the step it is taken.
 */
typedef struct rn_stream_circulation rn_stream_circulation;

/** @param n  1 .. RN_STREAM_MAX_N */
RN_API RN_NODISCARD rn_status rn_stream_circulation_create(rn_index n, rn_stream_circulation **out);
RN_API void rn_stream_circulation_destroy(rn_stream_circulation *circulation);

/** Adds the step from x [n] to next [n]: n (n - 1) operations. Areas are about the origin: keep it
    near the mean, or rounding is that of large numbers. */
RN_API void rn_stream_circulation_add(rn_stream_circulation *circulation, const double *x,
                                      const double *next);

/** @param c  [n x n] out, antisymmetric; NaN off the diagonal without steps */
RN_API void rn_stream_circulation_get(const rn_stream_circulation *circulation, double *c);
RN_API rn_index rn_stream_circulation_count(const rn_stream_circulation *circulation);
RN_API double *rn_stream_circulation_state(rn_stream_circulation *circulation, rn_index *n_doubles);

/* ---- histogram ------------------------------------------------------------------------------- */

typedef struct rn_stream_histogram rn_stream_histogram;

/**
 * Equal bins from low to high; bin i is [low + i w, low + (i + 1) w).
 * @param n_bins  1 .. 1,000,000
 * @param low, high  finite, low < high
 */
RN_API RN_NODISCARD rn_status rn_stream_histogram_create(rn_index n_bins, double low, double high,
                                                         rn_stream_histogram **out);
RN_API void rn_stream_histogram_destroy(rn_stream_histogram *histogram);
RN_API void rn_stream_histogram_add(rn_stream_histogram *histogram, double value);

/** Values in bin i; i = -1: below all bins, i = n_bins: above all; others: 0. NaN is in none. */
RN_API rn_index rn_stream_histogram_count(const rn_stream_histogram *histogram, rn_index i);

/**
 * The slope of ln N(x)/N(-x) against x through the origin, which a detailed fluctuation theorem
 * puts at 1: least squares over bins with at least 10 values on either side, weighted by the
 * counts' own errors, 1/N(x) + 1/N(-x) squared. Bins must be symmetric about 0 (low = -high).
 * Within a bin of width w the ratio is not that of its centre, by about w^2/24 in the logarithm.
 *
 * @param error  out: its standard error for independent values
 * @return RN_OK; RN_ERR_DOMAIN (fewer than 3 such bins, or bins not symmetric)
 */
RN_API RN_NODISCARD rn_status rn_stream_histogram_symmetry(const rn_stream_histogram *histogram,
                                                           double *slope, double *error);
RN_API double *rn_stream_histogram_state(rn_stream_histogram *histogram, rn_index *n_doubles);

#ifdef __cplusplus
}
#endif

#endif
