/*
 * Straight lines through points: ordinary least squares, with what a reader needs to judge the fit.
 */
#ifndef RNI_STATS_SLOPE_H
#define RNI_STATS_SLOPE_H

#include <renorm/status.h>

/** A line y = intercept + slope x. */
typedef struct rni_slope {
    rn_index n; /**< points used */
    double slope;
    double intercept;
    double error;     /**< standard error of the slope from the scatter of the residuals; 0 with two
                           points. Neighbours on a smooth curve are not independent: then it only
                           tells how straight the curve is */
    double residual;  /**< rms of the residuals */
    double low, high; /**< ends of the window used, in the units of x as given */
} rni_slope;

/**
 * Fits y against x over the points with low <= x <= high.
 * @param x, y  [n]; a point with a value that is not finite is left out
 * @return RN_OK; RN_ERR_DOMAIN (fewer than two different x in the window; the message says how many
 *         points)
 */
RN_NODISCARD rn_status rni_slope_fit(rn_index n, const double *x, const double *y, double low,
                                     double high, rni_slope *out);

/** The same for ln y against ln x; points that are not positive are left out. Low and high are in
    the units of x; the residual is that of ln y. */
RN_NODISCARD rn_status rni_slope_fit_log(rn_index n, const double *x, const double *y, double low,
                                         double high, rni_slope *out);

#endif
