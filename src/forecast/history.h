/*
 * A run as a forecast sees it: what was recorded and measured, and how it goes on.
 */
#ifndef RNI_FORECAST_HISTORY_H
#define RNI_FORECAST_HISTORY_H

#include <renorm/folder.h>
#include <renorm/forecast.h>
#include <renorm/mode_forecast.h>
#include <stdbool.h>

#include "forecast/schedule.h"

/** Borrowed from a folder, or made by a test. */
typedef struct rni_history {
    rn_index n_records;
    const rn_record *records; /**< [n_records] by ascending time */
    rn_index n_snapshots;
    const rn_snapshot *(*snapshot)(const void *source, rn_index i); /**< by ascending step */
    const void *source;
    bool is_flow;
    rni_schedule schedule; /**< what comes behind the records */
    bool has_ranks; /**< modes are eigenvalues, one by one; nodes of a quadrature have no rank */
    char obstacle[RN_FORECAST_TEXT]; /**< why modes do not tell the loss of this run; "" */
} rni_history;

/** Looks at a folder. */
void rni_history_of(const rn_folder *folder, rni_history *out);

/** The last record at or before that time; -1: none. */
rn_index rni_history_record(const rni_history *h, double time);

/** The last measurement with modes at or before that time; -1: none. */
rn_index rni_history_snapshot(const rni_history *h, double time);

/** Loss at a time within the records, ln L straight between two; NaN outside. */
double rni_history_loss(const rni_history *h, double time);

/** Most pieces that rni_history_plan writes. */
enum { RNI_MOST_PIECES = 256 };

/**
 * The step sizes from a time on: those of the records behind it, then those that the schedule plans
 * for the steps still to come, then the last one for ever; joined, to their mean over time, while
 * they differ by less than 1 %. They are the run's plan, not its outcome.
 * @return number of pieces, >= 1
 */
rn_index rni_history_plan(const rni_history *h, double time, rn_mode_piece *pieces);

/** Whether a measurement has nodes and masses of a quadrature in place of modes. */
bool rni_history_is_free(const rn_snapshot *at);

/**
 * A measurement's modes. arrays: [2 n_modes] for eigenvalues and energies; eigenvalues at or below
 * the rounding of the measurement become 0, energies are shares of the recorded loss. The lowest
 * node of a quadrature, below which nothing is resolved, is kept: without it the rest is no
 * quadrature.
 */
void rni_history_modes(const rn_snapshot *at, double *arrays, rn_mode_set *out);

/** Dissipation 2 sum lambda E of a measurement, energy/time. */
double rni_history_dissipation(const rn_snapshot *at);

#endif
