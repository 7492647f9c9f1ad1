/**
 * The velocity law: does the velocity of energy along the spectrum, measured at several times of a
 * run, follow a power of the eigenvalue whose prefactor scales with time as renormalization says?
 *
 *   w(s, t)     velocity at the shell boundary s = ln lambda, nats/time (renorm/shells.h)
 *   t           learning time since initialisation
 *
 * Log-shift covariance alone gives straightness, w = c(t) e^{a s}. If the run has also forgotten
 * its own scales, t w depends on lambda t alone (collapse). Both together:
 *
 *   t w = c0 (lambda t)^a,   that is   ln|w| = ln|c0| + a s + gamma ln t   with   gamma = a - 1
 *
 * rn_velocity_law_fit decides between holds, fails and cannot tell, in this order:
 *
 * - range: cells (time, boundary) count where the velocity is marked inertial, t > 0 and
 *   lambda_max t >= min_scaled_time. They must span min_decades of t and of lambda with min_times
 *   times, min_boundaries boundaries and min_cells cells; else cannot tell.
 * - sign: at most max_minority of them may have the sign of the minority; else fails.
 * - width: ln|w| of the majority is fitted by least squares with weights n_eff. Intervals come from
 *   a moving-block bootstrap, blocks of 2h in s and of block_times consecutive times, widened by
 *   `stretch`. That of gamma - (a - 1) must not be wider than max_width to either side; else cannot
 *   tell.
 * - shape: left-out blocks must not be predicted better, by more than a gain, by a law quadratic in
 *   s and ln t, or by one with free functions of both, f(s) + g(t); else fails: not straight. The
 *   gain is the share gain/sqrt(n_cells) of the squared error, at most 0.85.
 * - scaling: 0 must lie in the interval of gamma - (a - 1); else fails: no collapse.
 * - content: the law must predict left-out blocks better than a constant, by a quarter of the
 *   squared error, unless a and gamma are 0 within their intervals; else cannot tell.
 *
 * Definitions and thresholds are ours; calibration: docs/calibration.md, theory:
 * docs/theory/velocity_law.md.
 */
#ifndef RENORM_VELOCITY_LAW_H
#define RENORM_VELOCITY_LAW_H

#include <renorm/verdict.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A table of velocities. Arrays are borrowed for the call. */
typedef struct rn_velocity_table {
    rn_index n_times;
    rn_index n_boundaries;
    const double *time;     /**< [n_times] ascending, finite */
    const double *s;        /**< [n_boundaries] ascending at equal distances h, nats */
    const double *velocity; /**< [n_times x n_boundaries] row-major; NaN where not measured */
    const double *n_eff;    /**< same shape: weight of each cell, > 0 where inertial */
    const double *inertial; /**< same shape: 1 where the velocity may be used; NULL: wherever it
                                 is finite and not 0 */
    double lambda_max;      /**< at the first time, 1/time; 0: lambda_max t is not asked for */
} rn_velocity_table;

/** How to decide. From rn_velocity_law_options_defaults. */
typedef struct rn_velocity_law_options {
    double min_scaled_time;  /**< lambda_max t, default 10 */
    double min_decades;      /**< of t and of lambda, default 1 */
    rn_index min_times;      /**< default 5 */
    rn_index min_boundaries; /**< default 5 */
    rn_index min_cells;      /**< default 60 */
    double max_minority;     /**< share of cells, default 0.05 */
    double confidence;       /**< of all intervals, default 0.95 */
    double stretch;       /**< of the bootstrap's half widths, default 2.6: blocks of few times and
                             boundaries scatter less than what they are drawn from */
    double max_width;     /**< half width of the interval of gamma - (a - 1), default 0.5 */
    double gain;          /**< default 5 */
    rn_index block_times; /**< 0: a third of the times, at least 2 */
    rn_index n_bootstrap; /**< default 400 */
    rn_index n_shuffles;  /**< default 32 */
    uint64_t seed;
} rn_velocity_law_options;

RN_API rn_velocity_law_options rn_velocity_law_options_defaults(void);

/** Why: the rule that decided, in the order of the list above. */
typedef enum rn_velocity_law_reason {
    RN_LAW_RANGE = 1,   /**< cannot tell: too few times, boundaries or decades */
    RN_LAW_SIGN = 2,    /**< fails: energy moves both ways */
    RN_LAW_WIDTH = 3,   /**< cannot tell: the exponents are too uncertain */
    RN_LAW_SHAPE = 4,   /**< fails: ln|w| is not straight */
    RN_LAW_SCALING = 5, /**< fails: straight, but t w does not depend on lambda t alone */
    RN_LAW_CONTENT = 6, /**< cannot tell: the law explains nothing of what is there */
    RN_LAW_AGREES = 7   /**< holds */
} rn_velocity_law_reason;

/** A number with its interval at options.confidence. NaN where it was not reached. */
typedef struct rn_interval {
    double value;
    double low;
    double high;
} rn_interval;

/** The answer; numbers behind the rule that decided may be NaN. */
typedef struct rn_velocity_law {
    rn_verdict verdict;
    rn_velocity_law_reason reason;
    rn_index n_cells;      /**< in the inertial range */
    rn_index n_times;      /**< with at least one of them */
    rn_index n_boundaries; /**< with at least one of them */
    double decades_time;   /**< of t that they span */
    double decades_lambda;
    double minority;   /**< share of cells with the other sign */
    int sign;          /**< of the majority: +1 towards larger eigenvalues, -1 */
    rn_interval a;     /**< exponent of lambda */
    rn_interval gamma; /**< exponent of t */
    rn_interval gap;   /**< gamma - (a - 1): 0 where the run has forgotten its scales */
    double ln_c0;      /**< ln|c0| of the fit */
    double rms;        /**< weighted rms of ln|w| about the fit, nats */
    double score_law;  /**< mean squared error of left-out blocks, nats^2 */
    double score_quadratic;
    double score_free; /**< f(s) + g(t) */
    double score_mean;
    double collapse; /**< rms of ln|t w| about its means in bins of h of ln(lambda t), nats */
    double collapse_shuffled; /**< the same with times exchanged at random, median */
    double offset_gap;        /**< change of gap when t starts half the first time used later */
} rn_velocity_law;

/**
 * Decides. Numbers depend on the table, options and seed only.
 *
 * @param options  NULL for defaults
 * @param out      overwritten on success, untouched on failure
 * @return RN_OK, whatever the verdict
 *         RN_ERR_ARGUMENT   missing arrays, times or boundaries not ascending, distances of
 *                           boundaries unequal, options out of range
 *         RN_ERR_NONFINITE  a time or boundary, or a velocity or n_eff marked inertial
 *         RN_ERR_MEMORY
 * Cost O((n_bootstrap + 50) n_cells), memory O(n_cells).
 */
RN_API RN_NODISCARD rn_status rn_velocity_law_fit(const rn_velocity_table *table,
                                                  const rn_velocity_law_options *options,
                                                  rn_velocity_law *out);

/**
 * The reason as a sentence with its numbers and, where the answer is cannot tell, what would
 * suffice. At most `size` bytes with the final zero are written; returns text.
 */
RN_API const char *rn_velocity_law_explain(const rn_velocity_law *law,
                                           const rn_velocity_law_options *options, char *text,
                                           rn_index size);

#ifdef __cplusplus
}
#endif

#endif
