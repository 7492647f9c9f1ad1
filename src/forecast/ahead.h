/*
 * One origin, all methods, with intervals: what forecasts and back-tests are made of.
 */
#ifndef RNI_FORECAST_AHEAD_H
#define RNI_FORECAST_AHEAD_H

#include "forecast/history.h"

/** Where a forecast starts; nothing behind it is looked at but the step sizes. */
typedef struct rni_origin {
    rn_index record;   /**< the last record it may use */
    rn_index snapshot; /**< the measurement it starts from; -1: none, curves alone */
} rni_origin;

/**
 * @param times   [n_times] ascending, not before the origin
 * @param values  [n_times x RN_FORECAST_METHODS]; NaN where a method cannot tell
 * @param bounds  [2 n_times] or NULL: least and most frozen loss that the quadrature of a
 * matrix-free measurement allows; NaN where there are none
 * @param reason  [RN_FORECAST_METHODS] why it cannot; "" where it can
 * @return RN_OK; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_ahead_tell(const rni_history *h, rni_origin origin, rn_index n_times,
                                      const double *times, rn_forecast_value *values,
                                      double *bounds, char reason[][RN_FORECAST_TEXT]);

#endif
