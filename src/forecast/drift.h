/*
 * The velocity at a measurement, made fit for transport: small networks give a noisy w = F/eps, so
 * flux and density are smoothed before they are divided.
 */
#ifndef RNI_FORECAST_DRIFT_H
#define RNI_FORECAST_DRIFT_H

#include "forecast/history.h"

/** Standard deviation of the smoothing window, nats: chosen on runs that no table reports. */
#define RNI_DRIFT_WINDOW 2.0

/** Share of the exact flux that kinks may take (docs/theory/budget.md). */
#define RNI_DRIFT_MOST_KINKS 0.1

/**
 * velocity[i] := sum_b K(s_i - s_b) c_b F_b / sum_b K(s_i - s_b) c_b eps_b over the boundaries that
 * have both, K Gaussian; 0 where nothing is.
 *
 * @param shift     F_b + shift times its error in place of F_b; 0: F_b
 * @param counts    [n_boundaries] c, such as how often a bootstrap drew each; NULL: 1
 * @param velocity  [at->n_boundaries]
 * @return false: no boundary has a flux
 */
bool rni_drift_estimate(const rn_snapshot *at, const double *counts, double shift,
                        double *velocity);

/** A flux that half of the products tell otherwise by more than this share of it, and by more than
    that share of the largest dissipation, is not known (matrix-free). */
#define RNI_DRIFT_MOST_ERROR 0.5
#define RNI_DRIFT_LEAST_FLUX 0.01

/** Why the velocity of this measurement cannot be used, written to text [RN_FORECAST_TEXT];
    false: it can. */
bool rni_drift_is_barred(const rn_snapshot *at, char *text);

#endif
