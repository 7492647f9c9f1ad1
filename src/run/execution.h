/*
 * One execution of a run, new or continued: what setting up prepares and walking through the steps
 * uses.
 */
#ifndef RNI_RUN_EXECUTION_H
#define RNI_RUN_EXECUTION_H

#include "run/measure.h"
#include "run/record.h"
#include "run/sections.h"
#include "run/stage.h"

/** Everything one execution needs beside the run it makes. */
typedef struct rni_execution {
    const rn_config *config;
    const char *config_text; /**< of config.yaml, borrowed */
    const rni_run_settings *top;
    const rni_output_settings *output;
    const rni_measure *measure;
    const void *measure_settings;
    const rn_observer *observer;
    rn_run *run;
    rni_stage stage;
    void *measure_state;
    rni_cadence cadence;            /**< when to measure */
    double *theta;                  /**< owned, [P] before the step */
    double *velocity;               /**< owned, [P] */
    double *lines[RN_N_STEP_LINES]; /**< owned, [P]; NULL where the dynamics has no such line */
    double *scales; /**< owned, [3 P] S before, its rate, S after a step; NULL: no preconditioner */

    rn_index max_bytes;        /**< most memory of the process; 0: no limit */
    double last_loss;          /**< the last that was found */
    double scale;              /**< lambda_max(0); 0: not needed, or not known yet */
    uint64_t data_crc;         /**< of all samples; 0: nothing is written */
    rn_index checkpoint_every; /**< steps */
    rn_index record_every;     /**< steps */
    rni_manifest manifest;
    rn_index first_step;     /**< the first step this execution records */
    rn_index first_measured; /**< measurements made before this execution */
} rni_execution;

/** Tells the caller something. */
void rni_execution_tell(const rni_execution *x, rn_log_level level, const char *text);

/**
 * Builds the stage, the schedule and the measurement; the trainer stands at its initial weights.
 * config and its text, observer, run and, where known, scale are set before.
 * @return RN_OK; what the parts return
 */
RN_NODISCARD rn_status rni_execution_set_up(rni_execution *x, int n_threads);

/** Threads for a request of 0: what the configuration says, else one per processor. */
int rni_execution_threads(const rni_execution *x, int requested);

/** First writes into a new or emptied folder: the headers of the tables, then a checkpoint before
    the first step. @return RN_OK; RN_ERR_IO; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_execution_begin(rni_execution *x);

/**
 * Records, measures and steps from first_step to the end, writing a checkpoint where one is due,
 * and writes the manifest before and after.
 * @return RN_OK; RN_INTERRUPTED; errors, after which the files hold everything before
 */
RN_NODISCARD rn_status rni_execution_perform(rni_execution *x);

/** Releases all but the run. */
void rni_execution_clear(rni_execution *x);

#endif
