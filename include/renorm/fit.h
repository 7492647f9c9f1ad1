/**
 * Power laws fitted to tables of losses, by variable projection from many starts:
 *
 *   one variable    y = E + A x^-a
 *   two variables   y = E + A N^-a + B D^-b
 *
 * Given the exponents the model is linear in E, A, B; these are eliminated by orthogonal
 * projection and the sum of squared residuals is minimised over the exponents alone
 * (Golub and Pereyra 1973), by Levenberg-Marquardt (CMinpack) from the best points of a grid.
 *
 *   const rn_fit_input input = {.n = n, .n_variables = 2, .x = {N, D}, .y = loss};
 *   rn_fit_result fit;
 *   rn_status status = rn_fit_power_law(&input, &fit);
 *   if (status >= 0) printf("a = %g +- %g\n", fit.exponent[0].value, fit.exponent[0].error);
 *
 * Errors are standard errors of independent residuals of equal size, from the Jacobian at the
 * minimum: where residuals are neither, they are too small.
 */
#ifndef RENORM_FIT_H
#define RENORM_FIT_H

#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most points of one fit. */
#define RN_FIT_MAX_POINTS 1000000

/** A table. Arrays are borrowed for the call. Zero-initialise. */
typedef struct rn_fit_input {
    rn_index n;           /**< points */
    rn_index n_variables; /**< 1 or 2 */
    const double *x[2];   /**< [n] each, > 0 */
    const double *y;      /**< [n] */
} rn_fit_input;

/** A number and its standard error. */
typedef struct rn_fit_number {
    double value;
    double error; /**< >= 0; NaN where the data leave it open */
} rn_fit_number;

/** A fit. */
typedef struct rn_fit_result {
    rn_index n; /**< points */
    rn_index n_variables;
    rn_fit_number floor;       /**< E */
    rn_fit_number scale[2];    /**< A, B: of x^-a, N^-a and D^-b in the units of the table */
    rn_fit_number exponent[2]; /**< a, b */
    rn_fit_number allocation; /**< two variables: b/(a + b), so that at the least loss for a compute
                                   N D ~ C the size N grows as C to this power; else NaN */
    double rss;               /**< sum of squared residuals */
    double condition;    /**< of the scaled Jacobian: about how many times a relative error of the
                              data is enlarged in the parameters */
    rn_index n_starts;   /**< local searches */
    rn_index n_agreeing; /**< of those, how many came to this minimum (rss within 1e-6) */
} rn_fit_result;

/**
 * Fits.
 *
 * @return RN_OK
 *         RN_NOT_CONVERGED  an answer that should not be trusted; the message says why: condition
 *                           above 1e6, an exponent at the end of its range 1e-3 .. 20, or a
 *                           negative scale
 *         RN_ERR_DOMAIN     the data cannot support the law; the message says why: fewer points
 *                           than parameters + 1, fewer than 4 different values of a variable, or
 *                           all of them within a decade; two variables that are one
 *         RN_ERR_ARGUMENT   NULL, or values that are not finite, or x <= 0
 *         RN_ERR_MEMORY
 * Cost: some thousand passes over the data. Memory: 12 n doubles.
 */
RN_API RN_NODISCARD rn_status rn_fit_power_law(const rn_fit_input *input, rn_fit_result *result);

/** The law at x > 0: E + A x^-a; of two variables also + B d^-b (d is not used else). */
RN_API double rn_fit_at(const rn_fit_result *fit, double x, double d);

/** How residuals of ln L count. */
typedef enum rn_fit_norm {
    RN_FIT_SQUARES = 0, /**< r^2/2 */
    RN_FIT_HUBER = 1,   /**< r^2/2 up to delta, delta (|r| - delta/2) beyond */
    RN_FIT_ABSOLUTE = 2 /**< |r|, as Huber's with delta down to 1e-7 */
} rn_fit_norm;

/** From rn_fit_options_defaults: Huber's with delta 1e-3. */
typedef struct rn_fit_options {
    rn_fit_norm norm;
    double delta; /**< of RN_FIT_HUBER, nats, > 0 */
} rn_fit_options;

RN_API rn_fit_options rn_fit_options_defaults(void);

/**
 * The same laws fitted to ln y with E, A, B >= 0: residuals are relative, and outliers count less.
 * Huber's with delta = 1e-3 is the objective of Hoffmann et al. (arXiv 2203.15556). `rss` of the
 * result is 2 sum rho(r). Errors: of an M-estimator, from the mean of psi^2 and of psi'.
 *
 * @param options  NULL: defaults
 * @return as rn_fit_power_law; RN_ERR_DOMAIN also where a y is not > 0
 * Cost: from 6 starts some hundred passes each; RN_FIT_ABSOLUTE seven times that.
 */
RN_API RN_NODISCARD rn_status rn_fit_log_law(const rn_fit_input *input,
                                             const rn_fit_options *options, rn_fit_result *result);

/** Most points of one group in rn_fit_influence. */
#define RN_FIT_MAX_LEFT_OUT 64

/** The few points that decide an exponent. */
typedef struct rn_fit_influence {
    rn_index n_left_out; /**< a fiftieth of the points, at least 2; 0: no group could be left out */
    rn_index rows[RN_FIT_MAX_LEFT_OUT]; /**< [n_left_out] those of most pull, numbers from 0 */
    rn_index exponent;                  /**< which exponent they move most: 0 or 1 */
    double errors;                      /**< by how many of its standard errors */
    rn_fit_result without;              /**< the fit of the rest */
} rn_fit_influence;

/** Most groups: two for each exponent. */
#define RN_FIT_MAX_GROUPS 4

/**
 * Leaves out, for each exponent and direction, the fiftieth of the points that pull it most (first
 * order: (J^T J)^-1 J_i r_i), and fits the rest again.
 *
 * @param options  as the fit was made: NULL for rn_fit_power_law, else those of rn_fit_log_law
 * @param fit      of this table
 * @param[out] groups, n_groups  exponent by exponent; a group without which too little is left for
 * a fit is missing
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY
 * Cost: two fits per variable.
 */
RN_API RN_NODISCARD rn_status rn_fit_leave_out(const rn_fit_input *input,
                                               const rn_fit_options *options,
                                               const rn_fit_result *fit,
                                               rn_fit_influence groups[RN_FIT_MAX_GROUPS],
                                               rn_index *n_groups);

/** Of these groups the one that moves its exponent by most errors. Returns and costs the same. */
RN_API RN_NODISCARD rn_status rn_fit_find_influence(const rn_fit_input *input,
                                                    const rn_fit_options *options,
                                                    const rn_fit_result *fit,
                                                    rn_fit_influence *out);

/** Least and most draws of a bootstrap. */
#define RN_FIT_MIN_DRAWS 20
#define RN_FIT_MAX_DRAWS 100000

typedef struct rn_fit_range {
    double low, high; /**< NaN where the law has no such number */
} rn_fit_range;

/** Percentile intervals. */
typedef struct rn_fit_ranges {
    double level;
    rn_index n_draws; /**< that could be fitted */
    rn_fit_range floor, scale[2], exponent[2], allocation;
} rn_fit_ranges;

/**
 * Draws the points of a table again with replacement and fits each draw. Depends on the table and
 * n_draws alone.
 *
 * @param options  NULL: rn_fit_power_law, else rn_fit_log_law
 * @param level    such as 0.95
 * @return RN_OK; RN_ERR_DOMAIN (half of the draws or more could not be fitted, or what the fit of
 *         the whole says); RN_ERR_ARGUMENT; RN_ERR_MEMORY
 * Cost: n_draws fits.
 */
RN_API RN_NODISCARD rn_status rn_fit_bootstrap(const rn_fit_input *input,
                                               const rn_fit_options *options, rn_index n_draws,
                                               double level, rn_fit_ranges *out);

/**
 * The draws themselves, such as for a band about the curve.
 * @param[out] fits, n_done  [n_draws], of which the first n_done could be fitted; also those of
 *                           RN_NOT_CONVERGED
 * @return as rn_fit_bootstrap
 */
RN_API RN_NODISCARD rn_status rn_fit_draw(const rn_fit_input *input, const rn_fit_options *options,
                                          rn_index n_draws, rn_fit_result *fits, rn_index *n_done);

/** Percentile intervals over draws: fits [n_done]. @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY */
RN_API RN_NODISCARD rn_status rn_fit_ranges_of(rn_index n_done, const rn_fit_result *fits,
                                               double level, rn_fit_ranges *out);

/** The middle share `level` of values [n], which it sorts; NaN are left out. NaN where all are. */
RN_API rn_fit_range rn_fit_percentiles(rn_index n, double *values, double level);

/**
 * Profile-likelihood intervals of the exponents of rn_fit_power_law: where, with that exponent held
 * and everything else fitted again, the sum of squares exceeds its least by the factor
 * 1 + sigmas^2/(n - p). Not symmetric where the law is not linear.
 *
 * @param sigmas          such as 1.96 for 95 %
 * @param[out] exponents  [2]; 0 or infinite where the data set no end, NaN where there is none
 * @return as rn_fit_power_law; RN_OK also where that says RN_NOT_CONVERGED
 * Cost: some hundred passes, for two variables as many one-dimensional fits.
 */
RN_API RN_NODISCARD rn_status rn_fit_profile(const rn_fit_input *input, double sigmas,
                                             rn_fit_range exponents[2]);

/** Most breaks. */
#define RN_FIT_MAX_BREAKS 2

/** A power law whose exponent changes: y = E + A x^-a prod_i (1 + (x/d_i)^(1/f_i))^(-c_i f_i). */
typedef struct rn_fit_broken {
    rn_index n, n_breaks;
    rn_fit_number floor;                     /**< E */
    rn_fit_number scale;                     /**< A */
    rn_fit_number exponent;                  /**< a, in front of the first break */
    rn_fit_number change[RN_FIT_MAX_BREAKS]; /**< c_i: the exponent is a + c_1 + .. behind it */
    rn_fit_number at[RN_FIT_MAX_BREAKS];     /**< d_i, ascending, units of x */
    rn_fit_number width[RN_FIT_MAX_BREAKS];  /**< f_i > 0: the break takes about f_i e-folds of x
                                                  on either side */
    double rss;                              /**< sum of squared relative residuals */
    double condition;                        /**< of the scaled Jacobian */
    rn_index n_starts, n_agreeing;
} rn_fit_broken;

/**
 * Fits it by variable projection on relative residuals (model - y)/y, from many starts. Source of
 * the law: Caballero, Gupta, Rish and Krueger, arXiv 2210.14891.
 *
 * @param input     one variable, y > 0; at least 4 + 3 n_breaks points over more than a decade
 * @param n_breaks  1 or 2
 * @return RN_OK
 *         RN_NOT_CONVERGED  condition above 1e8, or a break outside 0.1 x_min .. 10 x_max
 *         RN_ERR_DOMAIN, RN_ERR_ARGUMENT, RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_fit_broken_law(const rn_fit_input *input, rn_index n_breaks,
                                                rn_fit_broken *result);

/**
 * The same from one start, a fit of nearly the same table: what a bootstrap takes for its draws.
 * @return as rn_fit_broken_law
 */
RN_API RN_NODISCARD rn_status rn_fit_broken_law_from(const rn_fit_input *input,
                                                     const rn_fit_broken *from,
                                                     rn_fit_broken *result);

/** Percentile intervals; NaN behind n_breaks. */
typedef struct rn_fit_broken_ranges {
    double level;
    rn_index n_draws;
    rn_fit_range floor, scale, exponent;
    rn_fit_range change[RN_FIT_MAX_BREAKS], at[RN_FIT_MAX_BREAKS], width[RN_FIT_MAX_BREAKS];
} rn_fit_broken_ranges;

/**
 * Points drawn again, each draw fitted from `fit`: another minimum is not looked for, so intervals
 * are too short where there is one as good.
 * @return as rn_fit_draw
 */
RN_API RN_NODISCARD rn_status rn_fit_draw_broken(const rn_fit_input *input,
                                                 const rn_fit_broken *fit, rn_index n_draws,
                                                 rn_fit_broken *fits, rn_index *n_done);

/** As rn_fit_ranges_of. */
RN_API RN_NODISCARD rn_status rn_fit_ranges_of_broken(rn_index n_done, const rn_fit_broken *fits,
                                                      double level, rn_fit_broken_ranges *out);

/** The law at x > 0. */
RN_API double rn_fit_broken_at(const rn_fit_broken *fit, double x);

/** A table read from a file. Arrays owned; release with rn_fit_table_clear. Zero-initialise. */
typedef struct rn_fit_table {
    rn_fit_input input;
    char names[3][64]; /**< of x[0], x[1] and y as the file writes them */
    int from_compute;  /**< 1: x[1] is FLOP/(6 N) */
} rn_fit_table;

/**
 * Reads a CSV file with a line of names. With a column N (or "Model Size") and D (or FLOP,
 * "Training FLOP": then D = FLOP/(6 N)) it has two variables, else one: x, step or time. The loss
 * is in the column loss, y or L. Other columns are left out.
 *
 * @param x_name, y_name  columns to use instead (one variable); NULL: by those names
 * @return RN_OK; RN_ERR_FORMAT, RN_ERR_IO, RN_ERR_MEMORY, RN_ERR_ARGUMENT
 */
RN_API RN_NODISCARD rn_status rn_fit_table_read(const char *path, const char *x_name,
                                                const char *y_name, rn_fit_table *table);

RN_API void rn_fit_table_clear(rn_fit_table *table);

#ifdef __cplusplus
}
#endif

#endif
