#include "forecast/calibration.h"

const rni_quantiles rni_calibration[RN_FORECAST_METHODS] = {
    [RN_FORECAST_FROZEN] = {1.0, 2.0},
    [RN_FORECAST_TRANSPORT] = {1.0, 2.0},
    [RN_FORECAST_POWER] = {1.0, 2.0},
    [RN_FORECAST_LINE] = {1.0, 2.0},
};
