/*
 * The measurement axis: what a run can measure at a step. A new way to measure is one file with
 * an option table and the three functions below, and one line in measure.c.
 */
#ifndef RNI_RUN_MEASURE_H
#define RNI_RUN_MEASURE_H

#include <renorm/run.h>

#include "core/option.h"
#include "run/cadence.h"
#include "run/stage.h"

/** Most numbers that measurements hand on to later ones. */
#define RNI_MEASURE_NUMBERS 8

/** Memory of a measurement, bytes. */
typedef struct rni_measure_bytes {
    rn_index kept;     /**< held from create to destroy, with what the kernel plans on the way */
    rn_index matrices; /**< of those, n x n matrices */
    rn_index work;     /**< most that one operation takes and gives back */
    rn_index snapshot; /**< of one result */
} rni_measure_bytes;

/** One way to measure. Constant. */
typedef struct rni_measure {
    const rni_option_table *options;
    /** Memory for a whole run. stage and settings are borrowed. */
    rn_status (*create)(const void *settings, rni_stage *stage, void **out);
    void (*destroy)(void *state);
    /**
     * Measures at the stage's present step; what the entry does not measure stays NaN.
     * @param moment    theta and what the step did to it
     * @param snapshot  zeroed apart from `record`; the entry calls rni_snapshot_init
     */
    rn_status (*take)(void *state, const rni_moment *moment, rn_snapshot *snapshot);
    /** What a continued run must know of the measurements before: the numbers, and how many. */
    rn_index (*save)(const void *state, double numbers[RNI_MEASURE_NUMBERS]);
    /** Gives them back. @return RN_OK; RN_ERR_FORMAT (impossible ones) */
    rn_status (*restore)(void *state, rn_index count, const double *numbers);
    /** When these settings ask for a measurement. */
    rni_cadence_rule (*cadence)(const void *settings, const rni_stage *stage);
    /** Memory of these settings, before create. NULL: nothing worth counting, and no kernel. */
    rn_status (*bytes)(const void *settings, rni_stage *stage, rni_measure_bytes *out);
} rni_measure;

/** All entries; the last is NULL. */
extern const rni_measure *const rni_measures[];

/** The option table of entry i, NULL beyond the last. */
const rni_option_table *rni_measure_options(rn_index i);

/** The entry with that option table. */
const rni_measure *rni_measure_find(const rni_option_table *options);

extern const rni_measure rni_measure_exact;
extern const rni_measure rni_measure_none;

/**
 * Steps to measure at: 0, n_steps, and in between up to `count` in all, unique, spaced evenly in
 * the logarithm of the step.
 * @param steps      [max(count, 2)] out, ascending
 * @return how many there are, <= max(count, 2)
 */
rn_index rni_schedule_log(rn_index n_steps, rn_index count, rn_index *steps);

#endif
