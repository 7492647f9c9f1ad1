/*
 * The pairs of shells that enter a log-shift defect, and the residuals of numbers given on them.
 */
#ifndef RNI_CONDITIONS_COUPLING_PAIRS_H
#define RNI_CONDITIONS_COUPLING_PAIRS_H

#include "conditions/coupling_shells.h"

/** Pairs a <= b, grouped by offset b - a, and room for work on them. */
typedef struct rni_coupling_pairs {
    rn_index n;         /* pairs; 0 where no offset has enough */
    rn_index n_offsets; /* groups */
    rn_index *a;        /* [n]; owns the integers */
    rn_index *b;        /* [n] */
    rn_index *start;    /* [n_offsets + 1] group g holds pairs start[g] .. start[g + 1] - 1 */
    double *position;   /* [n] (s_a + s_b)/2 less its mean over the group; owns the doubles */
} rni_coupling_pairs;

/**
 * All pairs of shells with at least min_modes modes, at offsets with at least min_entries of them.
 * @return RN_OK (n may be 0); RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_coupling_pairs_create(const rni_coupling_shells *shells,
                                                 rn_index min_modes, rn_index min_entries,
                                                 rni_coupling_pairs *out);
void rni_coupling_pairs_destroy(rni_coupling_pairs *pairs);

/**
 * residual[i] := y[i] less the mean of its offset and, with_tilt, less kappa position[i], kappa by
 * least squares. Returns kappa, 0 without tilt. residual may be y.
 */
double rni_coupling_residuals(const rni_coupling_pairs *pairs, bool with_tilt, const double *y,
                              double *residual);

/** Root of the mean square of the residuals. */
double rni_coupling_rms(rn_index n, const double *residual);

/** y[i] := ln K of pair i in units of the scale: 1/2 ln(sums / count). -infinity where it is 0. */
void rni_coupling_log_k(const rni_coupling_shells *shells, const rni_coupling_pairs *pairs,
                        const double *sums, double *y);

/** Pairs u, v (each once) between shells a and b of `in_a` and `in_b` modes. */
rn_index rni_coupling_count(bool same, rn_index in_a, rn_index in_b);

#endif
