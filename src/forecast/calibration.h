/*
 * Quantiles of |ln error|/sigma by method, from the calibration half of the bank
 * (docs/forecast.md says how they were made).
 */
#ifndef RNI_FORECAST_CALIBRATION_H
#define RNI_FORECAST_CALIBRATION_H

#include <renorm/forecast.h>

typedef struct rni_quantiles {
    double q50, q90;
} rni_quantiles;

/** By method. */
extern const rni_quantiles rni_calibration[RN_FORECAST_METHODS];

#endif
