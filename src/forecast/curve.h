/*
 * Curve fits to the losses so far: what a forecast without the run's inside would say.
 */
#ifndef RNI_FORECAST_CURVE_H
#define RNI_FORECAST_CURVE_H

#include "forecast/history.h"

/**
 * Forecasts by one curve from the records 0 .. last.
 *
 * @param method  RN_FORECAST_POWER or RN_FORECAST_LINE
 * @param loss    [n_times]; NaN where the curve cannot tell
 * @param reason  [RN_FORECAST_TEXT] why it cannot; "" where it can
 * @return RN_OK; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_curve_tell(const rni_history *h, rn_index last,
                                      rn_forecast_method method, rn_index n_times,
                                      const double *times, double *loss, char *reason);

#endif
