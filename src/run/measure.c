/*
 * The table of measurements and the log-spaced schedule.
 */
#include "run/measure.h"

#include <math.h>

#include "core/size.h"
#include "core/status.h"

/* Numbers of boundaries stay far below. */
#define MAX_BOUNDARY 1e12

const rni_measure *const rni_measures[] = {
    &rni_measure_exact,
    &rni_measure_matrix_free,
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

rn_status rni_measure_check_time(const rni_measure *measure, const rni_stage *stage)
{
    if (measure == &rni_measure_none || rn_trainer_has_flow_time(stage->trainer)) return RN_OK;
    return rni_fail(RN_ERR_CONFIG,
                    "train.friction: found 0 with measure.kind %s, expected friction above 0, or "
                    "measure.kind none: dissipation and flux are rates in a time in which weights "
                    "follow the gradient, and without friction there is none",
                    measure->options->name);
}

rn_status rni_measure_check_snapshots(rn_index snapshots)
{
    if (snapshots != 1) return RN_OK;
    return rni_fail(RN_ERR_CONFIG, "snapshots: found 1, expected at least 2, or 0 to measure as "
                                   "often as overhead allows");
}

rn_index rni_measure_save_grid(bool has_grid, const rn_shell_grid *grid, double *numbers)
{
    if (!has_grid) return 0;
    numbers[0] = grid->width;
    numbers[1] = (double)grid->low;
    numbers[2] = (double)grid->high;
    return 3;
}

rn_status rni_measure_restore_grid(const char *who, rn_index n_numbers, const double *numbers,
                                   bool *has_grid, rn_shell_grid *grid)
{
    if (n_numbers == 0) return RN_OK;
    const bool is_sound =
        n_numbers == 3 && fabs(numbers[1]) < MAX_BOUNDARY && fabs(numbers[2]) < MAX_BOUNDARY;
    if (!is_sound)
        return rni_fail(RN_ERR_FORMAT,
                        "%s: found %" PRId64 " numbers, expected the width, lowest and highest "
                        "boundary of a grid",
                        who, n_numbers);
    *grid = (rn_shell_grid){
        .width = numbers[0], .low = (rn_index)numbers[1], .high = (rn_index)numbers[2]};
    *has_grid = true;
    return RN_OK;
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
