/*
 * The split-half defect: what is left of a log-shift defect when sampling is taken away.
 */
#ifndef RNI_CONDITIONS_COUPLING_CROSS_H
#define RNI_CONDITIONS_COUPLING_CROSS_H

#include "conditions/coupling_pairs.h"

/** Room for split-half defects on one grid. */
typedef struct rni_coupling_splitter {
    const rni_coupling_shells *shells; /* borrowed */
    const rni_coupling_pairs *pairs;   /* borrowed; shells with >= 4 modes */
    rn_index n_splits;
    uint64_t seed;
    rn_index *order;    /* [n]; owns the integers */
    rn_index *cell;     /* [n] 2 shell + half */
    rn_index *taken;    /* [n_shells] */
    double *sums;       /* [2 n_shells x 2 n_shells]; owns the doubles */
    double *y[2];       /* [pairs] ln K of either half */
    double *r[2];       /* [pairs] residuals of either half */
    double *product[2]; /* [pairs] r1 r2 averaged over splits, without and with tilt */
} rni_coupling_splitter;

/** @return RN_OK; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_coupling_splitter_create(const rni_coupling_shells *shells,
                                                    const rni_coupling_pairs *pairs,
                                                    rn_index n_splits, uint64_t seed,
                                                    rni_coupling_splitter *out);
void rni_coupling_splitter_destroy(rni_coupling_splitter *splitter);

/**
 * The defects of squares [n x n], entries v < u, without (out[0]) and with (out[1]) tilt. Fills
 * square, value, error and split_error; NaN where there are no pairs or splits.
 */
void rni_coupling_split(rni_coupling_splitter *splitter, const double *squares,
                        rn_coupling_cross out[2]);

/** psi(x) = d ln Gamma / dx, x > 0, to about 1e-14. */
double rni_digamma(double x);

#endif
