/*
 * When a run measures. Two ways: a number of snapshots, log-spaced in steps; or as many as a share
 * of the training work pays for, half of them log-spaced, the rest where something changed.
 *
 * Something changed when the loss has left the forecast of the last measurement, in which nothing
 * moves but the error: with eigenvalues lambda_u and error g_u measured at step k0, time t0,
 *
 *     L(k) = L(k0) sum_u g_u^2 c_u / sum_u g_u^2
 *     c_u = (1 - eta lambda_u)^(2 (k - k0))     steps of gradient descent of size eta
 *     c_u = exp(-2 lambda_u (t - t0))           gradient flow, and any other optimizer
 *
 * by more than `change` in ln L. Dissipation alone gives this forecast; what is beyond it is the
 * work of flux. Our definition.
 *
 * Nothing here looks at a clock: the same configuration measures at the same steps wherever it
 * runs, stopped and resumed or not.
 */
#ifndef RNI_RUN_CADENCE_H
#define RNI_RUN_CADENCE_H

#include <renorm/run.h>
#include <stdbool.h>

/** What a measurement asks for. */
typedef struct rni_cadence_rule {
    rn_index snapshots; /**< > 0: that many, log-spaced; 0: by the share below */
    double overhead;    /**< work of all measurements / work of training */
    double change;      /**< nats of ln L */
    double price;       /**< work of one measurement / work of one step, > 0 */
    rn_index stride;    /**< the loss is known at its multiples; 0 or 1: at every step */
} rni_cadence_rule;

/** The state of a run's cadence. Zero-initialise; release with rni_cadence_clear. */
typedef struct rni_cadence {
    rn_index n_total;   /**< steps of the run */
    rn_index n_steps;   /**< log-spaced measurements */
    rn_index *steps;    /**< owned, [n_steps] ascending */
    rn_index next;      /**< of them, the first not yet taken */
    rn_index max_extra; /**< most measurements beside them */
    rn_index n_extra;   /**< taken so far */
    double change;
    bool is_flow;
    rn_index stride;

    /* the last measurement; n_modes = 0: there is none to forecast from */
    rn_index n_modes;
    rn_index capacity;
    double *lambda; /**< owned, [capacity] */
    double *weight; /**< owned, [capacity] g^2 / sum of g^2 */
    rn_index step;
    double time;
    double loss;
    rn_index next_check; /**< first step at which to compare */
} rni_cadence;

/**
 * @param n_modes  rows of the kernel, 0 where nothing forecasts
 * @param is_flow  forecasts are those of gradient flow
 * @return RN_OK; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_cadence_create(const rni_cadence_rule *rule, rn_index n_total,
                                          rn_index n_modes, bool is_flow, rni_cadence *out);

/** Releases the arrays and zeroes the struct. */
void rni_cadence_clear(rni_cadence *cadence);

/** Most measurements there can be. */
rn_index rni_cadence_most(const rni_cadence *cadence);

/** Whether a measurement is scheduled for this step, whatever its loss. */
bool rni_cadence_is_scheduled(const rni_cadence *cadence, rn_index step);

/** Whether to measure at this step, whose loss is known. Called at most once per step, ascending,
    and at every scheduled step and multiple of the stride. */
bool rni_cadence_is_due(rni_cadence *cadence, const rn_record *record);

/** Takes note of a measurement at a step that was due. @return RN_OK; RN_ERR_ARGUMENT (at that
    step nothing could be due: not log-spaced, and no extra one left) */
RN_NODISCARD rn_status rni_cadence_note(rni_cadence *cadence, const rn_snapshot *snapshot);

#endif
