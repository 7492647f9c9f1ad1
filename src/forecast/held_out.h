/*
 * Held-out losses foretold by a measurement.
 */
#ifndef RNI_FORECAST_HELD_OUT_H
#define RNI_FORECAST_HELD_OUT_H

#include "forecast/history.h"

/** lines [RN_BACKTEST_FACTORS] := what the measurement foretold, NaN where it did not, and what the
    run measured there, NaN outside its records. */
void rni_held_out_tell(const rni_history *h, const rn_snapshot *at, rn_forecast_held_out *lines);

#endif
