/*
 * Random motions of kernels whose log-shift defect is known, for calibrating verdicts.
 */
#ifndef RENORM_TESTS_COUPLING_ENSEMBLE_H
#define RENORM_TESTS_COUPLING_ENSEMBLE_H

#include <renorm/couplings.h>

#define ENSEMBLE_MAX_SHELLS 24

/** What to draw: ln K_ab = -decay |b - a| + tilt (s_a + s_b)/2 + break + defect_ab + noise. */
typedef struct coupling_ensemble {
    const char *name;
    int shells;         /**< 4 .. ENSEMBLE_MAX_SHELLS, each ln 2 wide */
    int modes;          /**< per shell on average; sizes run from 0.6 to 1.4 times that */
    int rank;           /**< of the noise: sums of `rank` outer products; 0: independent entries */
    double decay;       /**< nats per offset: 0 not banded, 2 banded */
    double tilt;        /**< nats per nat, which a power law allows */
    double broken;      /**< nats by which couplings across the middle of the spectrum are weaker */
    double defect;      /**< root of the mean square defect once means and tilt are fitted */
    double persistence; /**< correlation of the noise of one snapshot with that of the one before */
} coupling_ensemble;

/** A spectrum and a sequence of motions on it. */
typedef struct coupling_sequence {
    coupling_ensemble kind;
    uint64_t seed;
    int n;
    int n_drawn;                                         /**< snapshots so far */
    int shell[64 * ENSEMBLE_MAX_SHELLS];                 /**< of each mode */
    double z[ENSEMBLE_MAX_SHELLS * ENSEMBLE_MAX_SHELLS]; /**< ln K without noise */
    double *lambda;                                      /**< [n] ascending */
    double *mt;                                          /**< [n x n] */
    double *noise;                                       /**< [n x n], or [n x rank] */
} coupling_sequence;

/** The defects z with everything that is fitted taken away, and scaled; the first motion. */
void coupling_sequence_start(const coupling_ensemble *kind, uint64_t seed, coupling_sequence *out);

/** The next motion of the same pattern. */
void coupling_sequence_next(coupling_sequence *q);
void coupling_sequence_clear(coupling_sequence *q);

#endif
