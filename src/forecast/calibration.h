/*
 * Quantiles of |ln error|/sigma by method and by how far ahead, from the calibration half of the
 * bank (docs/forecast.md says how they are made).
 */
#ifndef RNI_FORECAST_CALIBRATION_H
#define RNI_FORECAST_CALIBRATION_H

#include <renorm/forecast.h>

typedef struct rni_quantiles {
    double q50, q90;
} rni_quantiles;

/**
 * Quantiles of a method at ln(time/start) = reach: those of 2, 4 and 10 times, straight between in
 * reach, beyond 10 times as between 4 and 10, at most three times those of 10.
 */
rni_quantiles rni_calibration_at(int method, double reach);

#endif
