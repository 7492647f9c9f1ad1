/*
 * What stands ready during a run: the network, its samples, the trainer and the kernel.
 */
#ifndef RNI_RUN_STAGE_H
#define RNI_RUN_STAGE_H

#include <renorm/config.h>
#include <renorm/data.h>
#include <renorm/kernel.h>
#include <renorm/train.h>
#include <stdbool.h>

#include "core/pool.h"

/** Everything is owned by the stage. */
typedef struct rni_stage {
    rn_data *data;
    rn_model *model;
    rn_loss *loss;         /**< borrows its settings from the configuration */
    rn_dynamics *dynamics; /**< so does this */
    rn_sampler *sampler;   /**< and this */
    rn_index epoch;        /**< steps that see as many samples as there are; 1 without batches */
    rn_trainer *trainer;
    rn_kernel *kernel; /**< of the training samples, rows G^T J of the loss; n = N C rows */
    rn_kernel *change; /**< its J is dz/dtheta, of the loss's error; NULL where that is the same */
    const double *inputs[2]; /**< of both: samples, and targets where the loss has a G */
    rn_batch train;          /**< borrowed from data */
    rn_batch held_out;       /**< n_samples = 0: none */
    rn_index n_rows;         /**< n */
    rn_index n_weights;      /**< P */
    uint64_t seed;           /**< of the run */
    rni_pool *pool;          /**< of n_threads threads, for measurements */
    int n_threads;
    bool follows_gradient; /**< theta' = -grad L, up to the size of steps */
    bool has_kinks;        /**< the network is not twice differentiable: M(t) jumps */
} rni_stage;

/** A step of training as a measurement sees it. Arrays are borrowed. */
typedef struct rni_moment {
    const double *theta;                  /**< [P] before the step */
    const double *velocity;               /**< [P] theta' there */
    const double *lines[RN_N_STEP_LINES]; /**< [P] lines of the step; NULL: the dynamics has none */
    const double *scale;      /**< [P] root S of the preconditioner before the step; NULL: none */
    const double *scale_rate; /**< [P] S' there: (P after - P before)/(2 S tau); NULL: none, or
                                 there was no step */
    const double *scale_next; /**< [P] S after the step; NULL likewise */
    const double *next;       /**< [P] after the step; NULL: there was none */
    double tau;               /**< time credited to the step */
    struct rni_unfinished *unfinished; /**< where a long measurement keeps what it has; or NULL */
} rni_moment;

/**
 * Builds everything a configuration describes, the trainer at its initial weights. The
 * configuration is borrowed and must outlive the stage.
 * @param n_threads  1 .. 256
 * @return RN_OK; what the parts return
 */
RN_NODISCARD rn_status rni_stage_create(const rn_config *config, uint64_t seed, int n_threads,
                                        rni_stage *out);

/** Releases all parts and zeroes the struct. */
void rni_stage_clear(rni_stage *stage);

/** Where the kernel is taken: the training samples at theta. The stage and theta are borrowed. */
rn_kernel_point rni_stage_point(const rni_stage *stage, const double *theta);

/** out [n] := (dz/dtheta) v, z the error of the loss: J v for squared error.
    @return as rn_jacobian_apply */
RN_NODISCARD rn_status rni_stage_push(const rni_stage *stage, const rn_kernel_point *point,
                                      const double *v, double *out);

#endif
