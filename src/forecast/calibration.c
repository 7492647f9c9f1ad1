#include "forecast/calibration.h"

#include <math.h>

/* Half 0 of configs/bank.yaml, of what was told (tools/calibrate_forecast); rows are 2, 4 and 10
   times. */
static const rni_quantiles measured[RNI_CALIBRATIONS][RN_BACKTEST_FACTORS] = {
    [RN_FORECAST_FROZEN] = {{0.57, 1.16}, {0.79, 1.69}, {0.90, 2.53}},
    [RN_FORECAST_TRANSPORT] = {{0.15, 0.48}, {0.32, 1.16}, {0.48, 2.46}},
    [RN_FORECAST_POWER] = {{0.304, 1.914}, {0.281, 1.556}, {0.307, 1.320}},
    [RN_FORECAST_LINE] = {{0.157, 1.194}, {0.182, 1.195}, {0.197, 1.108}},
    /* half 0 of configs/bank_held_out.yaml */
    [RNI_CALIBRATION_HELD_OUT] = {{0.056, 0.240}, {0.083, 0.360}, {0.096, 0.402}},
};

static double between(double low, double high, double share)
{
    return low + share * (high - low);
}

rni_quantiles rni_calibration_at(int method, double reach)
{
    const rni_quantiles *q = measured[method];
    double places[RN_BACKTEST_FACTORS];
    for (rn_index i = 0; i < RN_BACKTEST_FACTORS; i++)
        places[i] = log(rn_backtest_factor(i));
    const int k = reach > places[1] ? 1 : 0;
    const double share = fmax((reach - places[k]) / (places[k + 1] - places[k]), 0.0);
    rni_quantiles out = {.q50 = between(q[k].q50, q[k + 1].q50, share),
                         .q90 = between(q[k].q90, q[k + 1].q90, share)};
    /* nothing was back-tested out there */
    out.q50 = fmin(fmax(out.q50, 0.5 * q[0].q50), 3.0 * q[2].q50);
    out.q90 = fmin(fmax(out.q90, out.q50), 3.0 * q[2].q90);
    return out;
}

rn_forecast_value rni_calibration_value(int method, double reach, double loss, double least,
                                        double most, double sigma)
{
    const double missing = (double)NAN;
    if (!isfinite(loss) || !(loss > 0.0) || !isfinite(sigma))
        return (rn_forecast_value){missing, missing, missing, missing, missing, missing};
    const rni_quantiles q = rni_calibration_at(method, reach);
    return (rn_forecast_value){.loss = loss,
                               .low50 = least * exp(-q.q50 * sigma),
                               .high50 = most * exp(q.q50 * sigma),
                               .low90 = least * exp(-q.q90 * sigma),
                               .high90 = most * exp(q.q90 * sigma),
                               .sigma = sigma};
}
