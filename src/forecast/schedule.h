/*
 * The learning rates that a run's configuration plans beyond what it recorded.
 */
#ifndef RNI_FORECAST_SCHEDULE_H
#define RNI_FORECAST_SCHEDULE_H

#include <renorm/folder.h>
#include <stdbool.h>

#include "train/rate.h"

enum { RNI_MOST_MILESTONES = 64 };

/** Zero-initialise: nothing is planned. */
typedef struct rni_schedule {
    rni_rate rate;    /**< learning_rate 1: a shape; its milestones lie in the array below */
    rn_index n_steps; /**< planned for the run; 0: unknown, and nothing is planned */
    double milestones[RNI_MOST_MILESTONES];
} rni_schedule;

/** Reads it from a folder's settings; what is not there, or not understood, is not planned. */
void rni_schedule_read(const rn_folder *folder, rni_schedule *out);

/** eta at `step` over eta at `known`, 0 <= known; a step beyond the plan counts as its last. */
double rni_schedule_ratio(const rni_schedule *schedule, rn_index step, rn_index known);

#endif
