/*
 * Checks that relate measurements to each other: how well the budget closes along a flow, and how
 * much of the exact flux the tangent of the kernel misses.
 */
#include <float.h>
#include <math.h>

#include "core/status.h"
#include <renorm/shells.h>

/* Largest size of the values that are not NaN; 0 where there are none. */
static double largest(rn_index count, const double *values)
{
    double most = 0.0;
    for (rn_index i = 0; i < count; i++)
        most = fmax(most, fabs(values[i])); /* fmax passes over NaN */
    return most;
}

rn_status rn_shell_closure(rn_index n_boundaries, double dt, const double *before,
                           const double *after, const double *flux, const double *dissipation,
                           const double *drive, double *error, rn_shell_closure_report *report)
{
    if (n_boundaries < 1 || !before || !after || !flux || !dissipation || !report)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_shell_closure: an array is NULL or n_boundaries = %" PRId64 " < 1",
                        n_boundaries);
    if (!(dt > 0.0) || !isfinite(dt))
        return rni_fail(RN_ERR_ARGUMENT, "rn_shell_closure: dt is %g; expected > 0", dt);
    const double scale = largest(n_boundaries, dissipation);
    if (!(scale > 0.0) || !isfinite(scale))
        return rni_fail(RN_ERR_DOMAIN,
                        "rn_shell_closure: the largest dissipation is %g; without dissipation "
                        "there is no scale to compare with",
                        scale);
    rn_shell_closure_report fresh = {.worst = 0.0, .where = -1};
    fresh.floor = DBL_EPSILON * fmax(largest(n_boundaries, before), largest(n_boundaries, after))
                  / (dt * scale);
    for (rn_index i = 0; i < n_boundaries; i++) {
        const double measured = (after[i] - before[i]) / (2.0 * dt);
        const double driven = drive ? drive[i] : 0.0;
        const double off = fabs(measured - (flux[i] - dissipation[i] + driven)) / scale;
        if (error) error[i] = off;
        if (isnan(off) || (fresh.where >= 0 && off <= fresh.worst)) continue;
        fresh.worst = off;
        fresh.where = i;
    }
    *report = fresh;
    return RN_OK;
}

rn_status rn_shell_kink_line(rn_index n_boundaries, const double *flux_exact,
                             const double *flux_smooth, double *line, double *share)
{
    if (n_boundaries < 1 || !flux_exact || !flux_smooth || !share)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_shell_kink_line: an array is NULL or n_boundaries = %" PRId64 " < 1",
                        n_boundaries);
    double most_line = 0.0;
    double most_flux = 0.0;
    for (rn_index i = 0; i < n_boundaries; i++) {
        const double kink = flux_exact[i] - flux_smooth[i];
        if (line) line[i] = kink;
        if (isnan(kink)) continue;
        most_line = fmax(most_line, fabs(kink));
        most_flux = fmax(most_flux, fabs(flux_exact[i]));
    }
    *share = most_line > 0.0 ? most_line / most_flux : 0.0;
    return RN_OK;
}
