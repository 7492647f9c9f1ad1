/*
 * Folders of runs whose snapshots hold chosen numbers.
 */
#ifndef RENORM_TESTS_SYNTHETIC_RUN_H
#define RENORM_TESTS_SYNTHETIC_RUN_H

#include <renorm/folder.h>

#define SYNTHETIC_MODES      64
#define SYNTHETIC_BOUNDARIES 24

/** What a run should hold. Zero-initialise, or start from synthetic_defaults. */
typedef struct synthetic_run {
    const char *settings[4]; /**< "key=value"; NULL: none */
    int n_snapshots;
    double square;    /**< Delta_x^2, tilt removed, of every snapshot; NaN: no couplings */
    double error;     /**< its error */
    int entries;      /**< pairs of shells behind it */
    double kinks;     /**< 1: has_kinks */
    double per_shell; /**< modes in every factor 2 of lambda */
    double gain;      /**< largest gain between blocks; NaN: blocks were not looked at */
    double influence; /**< largest row sum of the influence */
    double growth;    /**< lambda_max at the last moment over that at the first */
    int burst;        /**< moment at which the kernel moves ten times faster; < 0: none */
} synthetic_run;

/** Eight snapshots of 10 shells with 6 modes, gain 2, influence 0.1, growth 1.5, no burst. */
synthetic_run synthetic_defaults(void);

/** Writes it to a new folder. */
void synthetic_write(const synthetic_run *chosen, const char *path);

/** Writes it to a folder inside `root` and opens that. */
rn_folder *synthetic_open(const synthetic_run *chosen, const char *root, const char *name);

#endif
