#include "forecast/drift.h"

#include <math.h>
#include <stdio.h>

static bool is_known(const rn_snapshot *at, rn_index b)
{
    return isfinite(at->flux[b]) && isfinite(at->density[b]);
}

bool rni_drift_estimate(const rn_snapshot *at, const double *counts, double *velocity)
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
            density += weight * at->density[b];
        }
        velocity[i] = density > 0.0 ? flux / density : 0.0;
        has_flux |= density > 0.0;
    }
    return has_flux;
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
    if (has_flux) return false;
    (void)snprintf(text, RN_FORECAST_TEXT, "no flux was measured there");
    return true;
}
