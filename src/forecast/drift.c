#include "forecast/drift.h"

#include <math.h>
#include <stdio.h>

static bool is_known(const rn_snapshot *at, rn_index b)
{
    return isfinite(at->flux[b]) && isfinite(at->density[b]);
}

bool rni_drift_estimate(const rn_snapshot *at, const double *counts, double shift, double *velocity)
{
    bool has_flux = false;
    for (rn_index i = 0; i < at->n_boundaries; i++) {
        double flux = 0.0;
        double density = 0.0;
        for (rn_index b = 0; b < at->n_boundaries; b++) {
            const double x = (at->s[i] - at->s[b]) / RNI_DRIFT_WINDOW;
            const double weight = exp(-0.5 * x * x) * (counts ? counts[b] : 1.0);
            if (!is_known(at, b)) continue;
            flux += weight * at->flux[b];
            if (fabs(shift) > 0.0 && isfinite(at->flux_error[b]))
                flux += weight * shift * at->flux_error[b];
            density += weight * at->density[b];
        }
        velocity[i] = density > 0.0 ? flux / density : 0.0;
        has_flux |= density > 0.0;
    }
    return has_flux;
}

/* Whether too few products make the flux another one. */
static bool is_unresolved(const rn_snapshot *at)
{
    double flux = 0.0;
    double error = 0.0;
    double most_error = 0.0;
    double most_loss = 0.0;
    for (rn_index b = 0; b < at->n_boundaries && rni_history_is_free(at); b++) {
        if (isfinite(at->dissipation[b])) most_loss = fmax(most_loss, at->dissipation[b]);
        if (!is_known(at, b) || !isfinite(at->flux_error[b])) continue;
        flux += fabs(at->flux[b]);
        error += at->flux_error[b];
        most_error = fmax(most_error, at->flux_error[b]);
    }
    return error > RNI_DRIFT_MOST_ERROR * flux && most_error > RNI_DRIFT_LEAST_FLUX * most_loss;
}

bool rni_drift_is_barred(const rn_snapshot *at, char *text)
{
    bool has_flux = false;
    if (at->has_kinks > 0.0 && !(at->kink_share <= RNI_DRIFT_MOST_KINKS)) {
        (void)snprintf(text, RN_FORECAST_TEXT,
                       "the activation has kinks, and the tangent %s of the exact flux: the "
                       "velocity is not known",
                       isfinite(at->kink_share) ? "misses more than a tenth"
                                                : "misses an unmeasured part");
        return true;
    }
    for (rn_index b = 0; b < at->n_boundaries; b++)
        has_flux |= is_known(at, b);
    if (has_flux && !is_unresolved(at)) return false;
    (void)snprintf(text, RN_FORECAST_TEXT, "%s",
                   has_flux ? "half of the products tell another flux: the velocity is not known; "
                              "more measure.steps would tell"
                            : "no flux was measured there");
    return true;
}
