/*
 * Quantiles of |ln error|/sigma by method and by how far ahead, from the calibration half of the
 * bank (docs/forecast.md says how they are made).
 */
#ifndef RNI_FORECAST_CALIBRATION_H
#define RNI_FORECAST_CALIBRATION_H

#include <renorm/forecast.h>

/** In place of a method: frozen modes of held-out samples. */
enum { RNI_CALIBRATION_HELD_OUT = RN_FORECAST_METHODS, RNI_CALIBRATIONS };

typedef struct rni_quantiles {
    double q50, q90;
} rni_quantiles;

/**
 * Quantiles of a method at ln(time/start) = reach: those of 2, 4 and 10 times, straight between in
 * reach, beyond 10 times as between 4 and 10, at most three times those of 10.
 * @param method  an rn_forecast_method, or RNI_CALIBRATION_HELD_OUT
 */
rni_quantiles rni_calibration_at(int method, double reach);

/** A loss with its intervals: ln L within q sigma beyond least and most; all NaN where the loss is
   not a positive number. */
rn_forecast_value rni_calibration_value(int method, double reach, double loss, double least,
                                        double most, double sigma);

#endif
