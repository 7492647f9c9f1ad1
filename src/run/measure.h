/*
 * The measurement axis: what a run can measure at a step. A new way to measure is one file with
 * an option table and the three functions below, and one line in measure.c.
 */
#ifndef RNI_RUN_MEASURE_H
#define RNI_RUN_MEASURE_H

#include <renorm/run.h>
#include <renorm/shells.h>
#include <stdbool.h>

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
    bool is_matrix_free; /**< time and memory grow as n, and no kernel is assembled */
} rni_measure;

/** Options of every measurement of shells: when, and on which grid. `type` has the members
   snapshots, overhead, change, price, width and room. */
#define RNI_MEASURE_OPTIONS(type)                                                                  \
    {.key = "snapshots",                                                                           \
     RNI_FIELD(type, snapshots),                                                                   \
     .range = RNI_AT_LEAST(0),                                                                     \
     .initial = "0",                                                                               \
     .help = "measurements, log-spaced in steps, first and last included; 0: see overhead"},       \
        {.key = "overhead",                                                                        \
         RNI_FIELD(type, overhead),                                                                \
         .range = RNI_BETWEEN(0, 1000),                                                            \
         .initial = "0.1",                                                                         \
         .help = "work of measuring, of the work of training, with snapshots=0; at least 2 are "   \
                 "taken"},                                                                         \
        {.key = "change",                                                                          \
         RNI_FIELD(type, change),                                                                  \
         .range = RNI_ABOVE(0),                                                                    \
         .unit = "nat",                                                                            \
         .initial = "0.1",                                                                         \
         .help = "with snapshots=0, measure also where ln loss left the last forecast by this"},   \
        {.key = "price",                                                                           \
         RNI_FIELD(type, price),                                                                   \
         .range = RNI_AT_LEAST(0),                                                                 \
         .unit = "step",                                                                           \
         .initial = "0.0",                                                                         \
         .help = "training steps as costly as one measurement; 0: from counted operations"},       \
        {.key = "width",                                                                           \
         RNI_FIELD(type, width),                                                                   \
         .range = RNI_BETWEEN(0, 10),                                                              \
         .unit = "nat",                                                                            \
         .initial = "0.0",                                                                         \
         .help = "distance of shell boundaries in ln lambda; 0: ln 2"},                            \
    {                                                                                              \
        .key = "room", RNI_FIELD(type, room), .range = RNI_BETWEEN(0, 50), .unit = "nat",          \
        .initial = "2.0", .help = "how far the shells reach beyond the first largest eigenvalue"   \
    }

/** What a report of shells says, into an initialised snapshot: all but the drive, which is 0 and
   not NaN in a report without one, and the counts, which are of nodes where nodes stand for modes.
 */
void rni_measure_keep_report(const rn_shell_report *report, rn_snapshot *snapshot);

/** The member of a snapshot that holds a line of the step that follows. */
const double *const *rni_measure_step_line(const rn_snapshot *snapshot, rn_step_line line);

/** Shells are refused where the dynamics has no time of gradient flow, in which D and F are rates.
    @return RN_OK; RN_ERR_CONFIG */
RN_NODISCARD rn_status rni_measure_check_time(const rni_measure *measure, const rni_stage *stage);

/** A single snapshot is refused. @return RN_OK; RN_ERR_CONFIG */
RN_NODISCARD rn_status rni_measure_check_snapshots(rn_index snapshots);

/** A run's grid as the numbers of rni_measure.save; 0 of them where there is none yet. */
rn_index rni_measure_save_grid(bool has_grid, const rn_shell_grid *grid, double *numbers);

/** Gives it back. `who` names the measurement. @return RN_OK; RN_ERR_FORMAT, nothing changed */
RN_NODISCARD rn_status rni_measure_restore_grid(const char *who, rn_index n_numbers,
                                                const double *numbers, bool *has_grid,
                                                rn_shell_grid *grid);

/** All entries; the last is NULL. */
extern const rni_measure *const rni_measures[];

/** The option table of entry i, NULL beyond the last. */
const rni_option_table *rni_measure_options(rn_index i);

/** The entry with that option table. */
const rni_measure *rni_measure_find(const rni_option_table *options);

extern const rni_measure rni_measure_exact;
extern const rni_measure rni_measure_matrix_free;
extern const rni_measure rni_measure_none;

/**
 * Steps to measure at: 0, n_steps, and in between up to `count` in all, unique, spaced evenly in
 * the logarithm of the step.
 * @param steps      [max(count, 2)] out, ascending
 * @return how many there are, <= max(count, 2)
 */
rn_index rni_schedule_log(rn_index n_steps, rn_index count, rn_index *steps);

#endif
