/*
 * What every measurement of shells keeps in a snapshot.
 */
#include <math.h>

#include "run/field.h"
#include "run/measure.h"

void rni_measure_keep_report(const rn_shell_report *r, rn_snapshot *s)
{
    const rn_index m = r->n_boundaries;
    double sum = r->null_energy;
    for (rn_index i = 0; i + 1 < m; i++)
        sum += r->energy[i];
    s->lambda_max = r->lambda_max;
    s->lambda_floor = r->floor;
    s->width = r->grid.width;
    s->null_energy = r->null_energy;
    s->energy_error = r->loss > 0.0 ? fabs(sum - r->loss) / r->loss : 0.0;
    rni_snapshot_put(&s->s, r->s, m);
    rni_snapshot_put(&s->energy, r->energy, m - 1);
    rni_snapshot_put(&s->energy_sharp, r->energy_sharp, m - 1);
    rni_snapshot_put(&s->above, r->above, m);
    rni_snapshot_put(&s->dissipation, r->dissipation, m);
    rni_snapshot_put(&s->density, r->density, m);
    rni_snapshot_put(&s->n_eff, r->n_eff, m);
    rni_snapshot_put(&s->loss_rate, r->loss_rate, m);
    rni_snapshot_put(&s->flux, r->flux, m);
    rni_snapshot_put(&s->flux_error, r->flux_error, m);
    rni_snapshot_put(&s->migration, r->migration, m);
    rni_snapshot_put(&s->transfer, r->transfer, m);
    rni_snapshot_put(&s->velocity, r->velocity, m);
    double *inertial = rni_writable(&s->inertial);
    for (rn_index i = 0; i < m && r->inertial; i++)
        inertial[i] = r->inertial[i];
}

const double *const *rni_measure_step_line(const rn_snapshot *s, rn_step_line line)
{
    const double *const *const lines[RN_N_STEP_LINES] = {
        [RN_LINE_MINIBATCH] = &s->step_minibatch, [RN_LINE_MOMENTUM] = &s->step_momentum,
        [RN_LINE_DECAY] = &s->step_decay,         [RN_LINE_CLIPPING] = &s->step_clipping,
        [RN_LINE_NOISE] = &s->step_noise,         [RN_LINE_STATISTICS] = &s->step_statistics};
    return lines[line];
}
