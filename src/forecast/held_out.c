/*
 * Held-out losses foretold by a measurement, beside what the run came to.
 */
#include "forecast/held_out.h"

#include <math.h>

#include "forecast/calibration.h"

/* Share of ln(factor) in sigma: an interval never shrinks to nothing where a held-out loss turns.
 */
#define STIR 0.05

/* The records with a held-out loss around a time, and the loss between them, straight in its
   logarithm; NaN outside. */
static double find_measured(const rni_history *h, double time)
{
    const rn_record *before = NULL;
    for (rn_index i = 0; i < h->n_records; i++) {
        const rn_record *at = &h->records[i];
        if (!(at->held_out_loss > 0.0)) continue;
        /* a time that is a record's own up to rounding */
        if (fabs(at->time - time) <= 1e-9 * time) return at->held_out_loss;
        if (at->time > time) {
            if (!before) break;
            const double part = (time - before->time) / (at->time - before->time);
            return exp((1.0 - part) * log(before->held_out_loss) + part * log(at->held_out_loss));
        }
        before = at;
    }
    return (double)NAN;
}

void rni_held_out_tell(const rni_history *h, const rn_snapshot *at, rn_forecast_held_out *lines)
{
    const double losses[RN_BACKTEST_FACTORS] = {at->held_out_2x, at->held_out_4x, at->held_out_10x};
    for (rn_index i = 0; i < RN_BACKTEST_FACTORS; i++) {
        const double factor = rn_backtest_factor(i);
        const double time = factor * at->record.time;
        const double reach = log(factor);
        const double decay = log(losses[i] / at->record.held_out_loss);
        const double sigma = sqrt(decay * decay + STIR * STIR * reach * reach);
        lines[i] = (rn_forecast_held_out){
            .time = time,
            .factor = factor,
            .value = rni_calibration_value(RNI_CALIBRATION_HELD_OUT, reach, losses[i], losses[i],
                                           losses[i], sigma),
            .measured = find_measured(h, time)};
    }
}
