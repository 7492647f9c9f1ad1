/*
 * Couplings between shells as a part of the exact measurement.
 */
#include <math.h>
#include <string.h>

#include "run/field.h"
#include "run/measure_exact.h"

/* Fewer draws and splits than the defaults: the floor is read by eye, and docs/calibration.md was
   made with these splits. */
#define N_DRAWS  5
#define N_SPLITS 16

rn_status rni_exact_couplings(const rni_exact *x, rn_coupling_report *report)
{
    if (!x->settings->couplings || x->stage->has_kinks || x->lacks_tangent) return RN_OK;
    const rn_coupling_input input = {.n = x->n, .lambda = x->lambda0, .mt = x->tangent};
    rn_coupling_options options = rn_coupling_options_defaults();
    options.n_draws = N_DRAWS;
    options.n_splits = N_SPLITS;
    options.n_noise_splits = 0;
    const rn_status status = rn_couplings_measure(&input, &options, report);
    return status == RN_ERR_DOMAIN ? RN_OK : status; /* ordinary: arrays stay empty, numbers NaN */
}

static void put_counts(const double *const *to, const rn_index *from, rn_index count)
{
    double *values = rni_writable(to);
    for (rn_index i = 0; i < count; i++)
        values[i] = (double)from[i];
}

void rni_exact_keep_couplings(const rni_exact *x, const rn_coupling_report *report,
                              rn_snapshot *snapshot)
{
    const rn_index m = report->n_shells;
    const rn_coupling_defect *d = &report->grid;
    snapshot->has_kinks = x->stage->has_kinks;
    if (m == 0) return;
    const size_t square = (size_t)(m * m) * sizeof(double);
    memcpy(rni_writable(&snapshot->coupling_s), report->s, (size_t)(m + 1) * sizeof(double));
    memcpy(rni_writable(&snapshot->coupling), report->k, square);
    put_counts(&snapshot->coupling_modes, report->modes, m);
    put_counts(&snapshot->coupling_pairs, report->pairs, m * m);
    snapshot->coupling_delta = d->delta;
    snapshot->coupling_delta_tilt = d->delta_tilt;
    snapshot->coupling_kappa = d->kappa;
    snapshot->coupling_floor = d->floor;
    snapshot->coupling_floor_tilt = d->floor_tilt;
    snapshot->coupling_cross = d->cross.square;
    snapshot->coupling_cross_error = d->cross.error;
    snapshot->coupling_cross_tilt = d->cross_tilt.square;
    snapshot->coupling_cross_tilt_error = d->cross_tilt.error;
    snapshot->coupling_entries = (double)d->n_entries;
    snapshot->coupling_split_entries = (double)d->n_split_entries;
    snapshot->coupling_shifted_tilt = report->shifted.delta_tilt;
    snapshot->coupling_shifted_cross_tilt = report->shifted.cross_tilt.square;
}
