/**
 * What will the loss be? Forecasts of a run's training loss from one of its measurements, beside
 * curve fits that know nothing of the run, each with intervals; and the same made at earlier times
 * and held against what came (rolling-origin back-test).
 *
 *     rn_forecast *forecast = NULL;
 *     rn_status status = rn_forecast_create(folder, NULL, &forecast);     // renorm/folder.h
 *     if (status == RN_OK) printf("%s\n", rn_forecast_answer_of(forecast)->sentence);
 *     rn_forecast_destroy(forecast);
 *
 * A forecast from time t0 uses the records and measurements up to t0 alone, and the step sizes that
 * were planned: those of the run's records behind t0, beyond them those of its schedule, then its
 * last. Methods:
 *
 *   frozen     modes of the measurement, nothing moves but the error (renorm/mode_forecast.h)
 *   transport  modes that move with the measured velocity, which fades with the dissipation
 *   power      curve fit L = E + A t^-a to the records so far
 *   line       curve fit L = A t^-a to the last half decade of them
 *
 * Intervals (our definition): ln L within q sigma, with sigma from what the run says about itself
 * (scatter of the velocity, distance of transport from frozen modes, decay to go) and q the
 * quantile of |ln error|/sigma on the calibration half of a bank of runs (docs/forecast.md). From a
 * matrix-free measurement frozen lies between its guaranteed bounds, and the intervals of frozen
 * and transport reach q sigma beyond them.
 */
#ifndef RENORM_FORECAST_H
#define RENORM_FORECAST_H

#include <renorm/folder.h>
#include <renorm/spectrum_exponents.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of the texts below, with their end. */
#define RN_FORECAST_TEXT 256

/** The numbers never change. */
typedef enum rn_forecast_method {
    RN_FORECAST_FROZEN = 0,
    RN_FORECAST_TRANSPORT = 1,
    RN_FORECAST_POWER = 2,
    RN_FORECAST_LINE = 3,
    RN_FORECAST_METHODS = 4
} rn_forecast_method;

/** "frozen", "transport", ..; NULL out of range. */
RN_API const char *rn_forecast_method_name(rn_forecast_method method);

/** A loss and its intervals; NaN where the method cannot tell. */
typedef struct rn_forecast_value {
    double loss;
    double low50, high50;
    double low90, high90;
    double sigma; /**< of ln loss, before the calibrated factor */
} rn_forecast_value;

/** One time ahead. */
typedef struct rn_forecast_line {
    double time;     /**< learning time */
    double factor;   /**< time / from */
    double measured; /**< the run's own loss there, NaN where it did not come so far */
    double frozen_least,
        frozen_most; /**< matrix-free: guaranteed bounds of the loss of frozen modes
                          (rn_modes_frozen_bounds); NaN: none, or exact modes */
    rn_forecast_value by[RN_FORECAST_METHODS];
} rn_forecast_line;

/** Factors of time at which forecasts are judged: 2, 4, 10. */
#define RN_BACKTEST_FACTORS 3
RN_API double rn_backtest_factor(rn_index i);

/** The held-out loss at one of those times, with the modes frozen. Its intervals: ln L within
    q sigma, sigma^2 = ln(L/L(from))^2 + (ln(factor)/20)^2, q from a bank of its own
   (docs/forecast.md). */
typedef struct rn_forecast_held_out {
    double time;             /**< learning time */
    double factor;           /**< time / from */
    rn_forecast_value value; /**< NaN where the measurement did not foretell it:
                                  rn_snapshot.held_out_2x */
    double measured;         /**< the run's own, straight in its logarithm between the records that
                                  have one; NaN outside */
} rn_forecast_held_out;

/** From when to when. From rn_forecast_options_defaults. */
typedef struct rn_forecast_options {
    double from; /**< learning time: the last measurement at or before it; default INFINITY */
    double to;   /**< learning time; default NaN: 10 times the time of that measurement */
} rn_forecast_options;

RN_API rn_forecast_options rn_forecast_options_defaults(void);

/** A forecast. Texts and arrays are borrowed from it. */
typedef struct rn_forecast_answer {
    const char *name;                /**< of the folder */
    rn_index step;                   /**< of the measurement it starts from */
    double from;                     /**< its learning time */
    double loss;                     /**< its loss */
    double stability;                /**< eta lambda_max there */
    int has_exponents;               /**< 1: the spectrum has power laws wide enough to measure */
    rn_spectrum_exponents exponents; /**< of the first measurement, where energies are
                                        still those of the target */
    double slope;     /**< the loss exponent of the curve fit `line` beside it; NaN: none */
    int chosen;       /**< the method that the sentence speaks of; -1: none can tell */
    rn_index n_lines; /**< about thirty, ascending; 2, 4 and 10 times `from` are among them */
    const rn_forecast_line *lines;
    double limit[RN_FORECAST_METHODS]; /**< the loss as time grows without end, no schedule ending
                                          it: frozen and transport: energy of modes at rest, below
                                            rounding; power: its floor E; line: 0, where it
                                          falls. NaN: not told, as by nodes in place of modes, which
                                            cannot tell rest from slowness */
    double held_out_loss;              /**< at `from`; NaN: none */
    int has_held_out;                  /**< 1: the measurement foretold it */
    rn_forecast_held_out held_out[RN_BACKTEST_FACTORS];
    char reason[RN_FORECAST_METHODS][RN_FORECAST_TEXT]; /**< why a method cannot tell; "" */
    char sentence[2 * RN_FORECAST_TEXT];                /**< the answer, for people */
} rn_forecast_answer;

typedef struct rn_forecast rn_forecast;

/**
 * Forecasts a run.
 *
 * @param folder     may be closed afterwards
 * @param options    NULL: defaults
 * @param[out] out   release with rn_forecast_destroy
 * @return RN_OK, also where some methods cannot tell
 *         RN_NOT_CONVERGED  no method can tell; the reasons are in the answer
 *         RN_ERR_DOMAIN     no record at or before `from`, `to` not after it, or a start at time 0
 *                           without `to`
 *         RN_ERR_ARGUMENT, RN_ERR_MEMORY
 * Cost: below a second for a thousand modes.
 */
RN_API RN_NODISCARD rn_status rn_forecast_create(const rn_folder *folder,
                                                 const rn_forecast_options *options,
                                                 rn_forecast **out);

/** Releases a forecast and everything borrowed from it. NULL is allowed. */
RN_API void rn_forecast_destroy(rn_forecast *forecast);

RN_API const rn_forecast_answer *rn_forecast_answer_of(const rn_forecast *forecast);

/* ---- the back-test --------------------------------------------------------------------------- */

/** One forecast from one earlier time. */
typedef struct rn_backtest_line {
    rn_index step; /**< of the measurement it starts from */
    double from;   /**< its learning time */
    double factor;
    double measured; /**< the loss at factor * from */
    double drift;    /**< |ln of |M|_F at the last measurement up to there over now|: how far the
                          kernel went; NaN where it was not measured */
    rn_forecast_value held_out; /**< held-out loss foretold, frozen modes; NaN: none */
    double held_out_measured;   /**< the run's; NaN: none */
    rn_forecast_value by[RN_FORECAST_METHODS];
} rn_backtest_line;

/** All of a run. Zero-initialise; release with rn_backtest_clear. */
typedef struct rn_backtest {
    rn_index n_lines;
    rn_backtest_line *lines; /**< owned */
    int half; /**< 0 or 1 by a hash of the configuration without seed, threads, steps and what
                   concerns measuring and output: runs that differ in seed alone fall together */
} rn_backtest;

/** Least steps before a forecast is made in a back-test. */
#define RN_BACKTEST_MIN_STEP 20

/**
 * Forecasts from every measurement at step >= RN_BACKTEST_MIN_STEP to 2, 4 and 10 times its time,
 * as far as the run goes.
 * @return RN_OK
 *         RN_ERR_DOMAIN  the history is too short: no measurement has twice its time ahead of it;
 *                        the message says what would suffice
 *         RN_ERR_MEMORY, RN_ERR_ARGUMENT
 */
RN_API RN_NODISCARD rn_status rn_backtest_run(const rn_folder *folder, rn_backtest *out);

RN_API void rn_backtest_clear(rn_backtest *backtest);

/** How good a method was at one factor, over lines of one or many runs. */
typedef struct rn_backtest_score {
    rn_index n_lines; /**< with a measured loss */
    rn_index n_told;  /**< of those, how many the method told */
    double median;    /**< of |ln(forecast/measured)|; lines it could not tell count as worse
                           than all others: infinite when they are half or more */
    double low, high; /**< 25th and 75th percentile */
    double bias;      /**< median of ln(forecast/measured) over what was told */
    double covered50; /**< share of what was told within the interval */
    double covered90;
} rn_backtest_score;

/**
 * @param factor     RN_BACKTEST_FACTORS numbers: rn_backtest_factor
 * @param half       0, 1; -1: both
 * @param min_drift  lines with a smaller drift are left out; 0: none
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_backtest_judge(rn_index n, const rn_backtest *backtests,
                                                rn_forecast_method method, double factor, int half,
                                                double min_drift, rn_backtest_score *out);

/**
 * The same of held-out losses: over lines with a measured one, in n_told those that were foretold.
 * @return as rn_backtest_judge
 */
RN_API RN_NODISCARD rn_status rn_backtest_judge_held_out(rn_index n, const rn_backtest *backtests,
                                                         double factor, int half, double min_drift,
                                                         rn_backtest_score *out);

#ifdef __cplusplus
}
#endif

#endif
