/*
 * The table of measurements and the log-spaced schedule.
 */
#include "run/measure.h"

#include <math.h>

#include "core/size.h"

const rni_measure *const rni_measures[] = {
    &rni_measure_exact,
    &rni_measure_none,
    NULL,
};

const rni_option_table *rni_measure_options(rn_index i)
{
    for (rn_index k = 0; rni_measures[k]; k++)
        if (k == i) return rni_measures[k]->options;
    return NULL;
}

const rni_measure *rni_measure_find(const rni_option_table *options)
{
    for (rn_index k = 0; rni_measures[k]; k++)
        if (rni_measures[k]->options == options) return rni_measures[k];
    return NULL;
}

/* Step i of `count` spaced evenly in ln(1 + step), rounded. */
static rn_index log_step(rn_index n_steps, rn_index count, rn_index i)
{
    const double share = (double)i / (double)(count - 1);
    const double step = expm1(share * log1p((double)n_steps));
    return rni_min(n_steps, (rn_index)floor(step + 0.5));
}

rn_index rni_schedule_log(rn_index n_steps, rn_index count, rn_index *steps)
{
    rn_index found = 0;
    count = rni_min(rni_max(count, 2), n_steps + 1);
    if (count < 2) {
        steps[0] = 0;
        return 1;
    }
    /* where rounding makes early steps meet, they are moved up to the next free one: as many are
       measured as were asked for */
    for (rn_index i = 0; i < count; i++) {
        const rn_index least = found ? steps[found - 1] + 1 : 0;
        steps[found++] = rni_max(least, log_step(n_steps, count, i));
    }
    steps[found - 1] = n_steps;
    return found;
}
