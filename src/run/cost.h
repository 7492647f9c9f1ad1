/*
 * Memory and time of a run, before it is done.
 *
 *     cost.c         the public answer
 *     cost_memory.c  peak of the process's memory, and how to stay below a limit
 *     cost_time.c    rates, measured on few steps and few samples
 */
#ifndef RNI_RUN_COST_H
#define RNI_RUN_COST_H

#include <renorm/cost.h>

#include "run/measure.h"
#include "run/sections.h"
#include "run/stage.h"

/** The process before a run. */
typedef struct rni_cost_base {
    rn_index bytes;      /**< not held through core/memory.h: program and libraries, with what those
                              will add while they work */
    rn_index peak_bytes; /**< the most so far, of whatever was done before */
} rni_cost_base;

/** What the functions below look at; everything borrowed. */
typedef struct rni_cost_input {
    rni_stage *stage;
    const rni_run_settings *top;
    const rni_output_settings *output;
    const rni_measure *measure;
    const void *measure_settings;
    rn_index n_snapshots;
    rni_cost_base base; /**< rni_cost_look before the stage was created */
} rni_cost_input;

/** Looks at the process. Ask before anything large is created. */
rni_cost_base rni_cost_look(void);

/**
 * Counts memory into the bytes of *s, other members untouched, and chooses the kernel's factor
 * memory so that the peak stays below max_bytes (0: no limit; the kernel is left alone). Evaluates
 * the held-out samples once, for the trainer's work space.
 * @return RN_OK; RN_ERR_CONFIG (no choice suffices); what the parts return
 */
RN_NODISCARD rn_status rni_cost_memory(const rni_cost_input *input, rn_index max_bytes,
                                       rn_cost_summary *s);

/**
 * Measures the times of *s, which has its counts. Trains: the stage's trainer moves.
 * @return RN_OK; RN_INTERRUPTED; what training and measuring return
 */
RN_NODISCARD rn_status rni_cost_time(const rni_cost_input *input, const rn_observer *observer,
                                     rn_cost_summary *s);

/** Steps between rows of metrics.csv: as set, or an epoch. */
rn_index rni_cost_record_every(const rni_output_settings *output, const rni_stage *stage);

/** Threads of a run: asked for, or set, or one per processor. */
int rni_cost_threads(const rni_run_settings *top, int asked);

#endif
