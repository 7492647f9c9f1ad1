/*
 * Learning rates that change from step to step, and their settings, which every discrete dynamics
 * shares.
 *
 *     eta(k) = eta w(k) q(k)
 *     w(k) = min(1, (k + 1) / warmup)                                    the rise at the start
 *     q(k) = 1                                                           constant
 *            last + (1 - last) (1 + cos(pi x)) / 2                       cosine
 *            last + (1 - last) (1 - x)                                   linear
 *            drop^(number of milestones <= k)                            steps
 *     x = (min(k, length - 1) - warmup) / (length - warmup), at least 0
 *
 * x < 1 always, so that a rate never is 0.
 */
#ifndef RNI_TRAIN_RATE_H
#define RNI_TRAIN_RATE_H

#include <stdbool.h>

#include "core/option.h"

/** Settings; embedded as `rate` in the settings struct of a dynamics. */
typedef struct rni_rate {
    double learning_rate;
    bool relative; /**< in units of 1/lambda_max(0) */
    int schedule;
    rn_index warmup; /**< steps */
    rn_index length; /**< steps of cosine and linear; 0: those of the run */
    double last;     /**< share left at the end */
    rni_reals milestones;
    double drop;
} rni_rate;

extern const char *const rni_rate_schedules[];

/** The options that change a rate, of a settings struct with a member `rate`. */
#define RNI_RATE_SCHEDULE(settings_type)                                                           \
    {.key = "schedule",                                                                            \
     RNI_FIELD(settings_type, rate.schedule),                                                      \
     .choices = rni_rate_schedules,                                                                \
     .initial = "constant",                                                                        \
     .help = "how the learning rate goes on after warmup"},                                        \
        {.key = "warmup",                                                                          \
         RNI_FIELD(settings_type, rate.warmup),                                                    \
         .range = RNI_AT_LEAST(0),                                                                 \
         .unit = "steps",                                                                          \
         .initial = "0",                                                                           \
         .help = "steps in which the learning rate rises evenly to its full size"},                \
        {.key = "schedule_steps",                                                                  \
         RNI_FIELD(settings_type, rate.length),                                                    \
         .range = RNI_AT_LEAST(0),                                                                 \
         .unit = "steps",                                                                          \
         .initial = "0",                                                                           \
         .help = "steps after which cosine and linear end; 0: the steps of the run"},              \
        {.key = "last",                                                                            \
         RNI_FIELD(settings_type, rate.last),                                                      \
         .range = RNI_BETWEEN(0, 1),                                                               \
         .initial = "0.0",                                                                         \
         .help = "share of the learning rate that cosine and linear end at"},                      \
        {.key = "milestones",                                                                      \
         RNI_FIELD(settings_type, rate.milestones),                                                \
         .range = RNI_AT_LEAST(0),                                                                 \
         .unit = "steps",                                                                          \
         .initial = "[]",                                                                          \
         .help = "for schedule=steps: where the learning rate drops"},                             \
    {                                                                                              \
        .key = "drop", RNI_FIELD(settings_type, rate.drop), .range = RNI_ABOVE_TO(0, 1),           \
        .initial = "0.1", .help = "for schedule=steps: factor at each milestone"                   \
    }

/** eta(k), time (or 1, where the dynamics has its own unit).
    @param n_steps     of the run, 0: unknown
    @param lambda_max  used where relative */
double rni_rate_at(const rni_rate *rate, double lambda_max, rn_index n_steps, rn_index step);

/** Whether the schedule needs a length that neither the settings nor the run give. */
bool rni_rate_lacks_length(const rni_rate *rate, rn_index n_steps);

#endif
