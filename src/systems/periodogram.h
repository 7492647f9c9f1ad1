/*
 * Where a long trajectory's spectrum peaks, by averaged periodograms (Welch 1967): segments of
 * RNI_SEGMENT states under a Hann window, their power at frequencies (i + 1) RNI_FREQUENCY_STEP.
 * The window's main lobe is 4 pi/RNI_SEGMENT = 0.025 wide: peaks should be wider.
 */
#ifndef RNI_SYSTEMS_PERIODOGRAM_H
#define RNI_SYSTEMS_PERIODOGRAM_H

#include <renorm/status.h>

enum { RNI_SEGMENT = 512, RNI_FREQUENCIES = 160 };
#define RNI_FREQUENCY_STEP 0.005 /* per step */

typedef struct rni_periodogram {
    rn_index n_segments; /**< finished */
    rn_index place;      /**< states in the one that is open */
    double *cosine;      /**< [RNI_SEGMENT x RNI_FREQUENCIES] times the window; owner of all */
    double *sine;        /**< the same */
    double *real;        /**< [RNI_FREQUENCIES] of the open segment */
    double *imaginary;
    double *power; /**< [RNI_FREQUENCIES] sums over segments */
} rni_periodogram;

/** @return RN_OK; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_periodogram_open(rni_periodogram *out);
void rni_periodogram_close(rni_periodogram *p);
void rni_periodogram_add(rni_periodogram *p, double value);

/**
 * The angular frequency per step of the largest power, by a cubic through its logarithm within
 * `half` of the largest.
 * @return RN_OK; RN_ERR_DOMAIN (no finished segment, or no peak inside the range)
 */
RN_NODISCARD rn_status rni_periodogram_peak(const rni_periodogram *p, double half, double *out);

#endif
