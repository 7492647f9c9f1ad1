/*
 * From split-half defects to an answer: log-shift invariance holds, fails, or cannot be told.
 */
#ifndef RNI_CONDITIONS_COUPLING_VERDICT_H
#define RNI_CONDITIONS_COUPLING_VERDICT_H

#include <renorm/types.h>

/**
 * Largest defect Delta_x, tilt removed, that still counts as invariance, nats: couplings of one
 * scale off by 15 % from those of the others. Our choice, between residual nets of depth 16 (0.10)
 * and plain ones (0.22) in docs/theory/couplings.md.
 */
#define RNI_INVARIANCE_THRESHOLD 0.15

/**
 * The interval of the square reaches from LOW errors below to HIGH errors above it, of one run.
 * Factors from docs/calibration.md: at a true defect of exactly the threshold either wrong answer
 * comes in at most 5 % of draws. Above it reaches further, since squares that are small by chance
 * come with errors that are small too; over n independent runs that fades, and HIGH becomes
 * max(MANY, HIGH - log2 n).
 */
#define RNI_INVARIANCE_LOW  2.25
#define RNI_INVARIANCE_HIGH 5.0
#define RNI_INVARIANCE_MANY 2.75

/** Fewest pairs of shells: those of 8 shells with 4 modes. With 6 and a motion of rank 1 the
    wrong "holds" came in 7 % of draws (factor 4). */
#define RNI_INVARIANCE_ENTRIES 33
#define RNI_INVARIANCE_SHELLS  8

/** A squared defect and its standard error, nats^2. */
typedef struct rni_square {
    double square;
    double error;
    rn_index n_runs; /* independent runs behind it */
} rni_square;

/**
 * Snapshots of one run: mean of the squares, mean of the errors. Snapshots share network, data and
 * most of the pattern, so their errors are not taken to average out.
 * @param n  >= 1
 */
rni_square rni_invariance_over_time(rn_index n, const rni_square *squares);

/** The same one by one: *mean, of n_before snapshots, takes in another. Start with zeros. */
void rni_invariance_add(rni_square *mean, rn_index n_before, rni_square next);

/**
 * Independent runs: mean of the squares; the error of the mean, from the runs' own errors or from
 * the scatter between them (n >= 3), whichever is larger.
 * @param n  >= 1, of one run each
 */
rni_square rni_invariance_over_runs(rn_index n, const rni_square *squares);

/** The interval of the defect Delta_x in nats, from 0; negative squares are 0. */
typedef struct rni_invariance {
    double value, low, high;
    double high_factor; /* of the error, above */
    int answer;         /* 1 holds: high < threshold; -1 fails: low > threshold; 0 cannot tell */
} rni_invariance;

rni_invariance rni_invariance_judge(rni_square found);

/** How many independent runs with the same numbers would tell; 0: none up to 1000 would. */
rn_index rni_invariance_runs_needed(rni_square of_one);

#endif
