/*
 * Inside view of a trainer.
 */
#ifndef RNI_TRAIN_TRAINER_H
#define RNI_TRAIN_TRAINER_H

#include <renorm/train.h>

#include "core/pool.h"
#include "train/dynamics.h"
#include "train/tiles.h"

/** Plans of evaluations are kept for so many different numbers of samples. */
enum { RNI_EVALUATIONS_KEPT = 4 };

/** Most chunks of tiles, and weights per task (64 KiB) when chunks are added: fixed, since sums
    depend on them. */
enum { RNI_GRADIENT_CHUNKS = 16, RNI_GRADIENT_BLOCK = 8192 };

struct rn_trainer {
    rn_trainer_desc desc;
    rni_pool *pool; /**< owned */
    rn_index n_weights;
    rn_index n_features;
    rn_index n_outputs;

    rn_index n_parameters;
    rn_node *parameters; /**< owned, [n_parameters] */
    rn_node *gradients;  /**< owned, [n_parameters]: d(total)/d(parameter) */
    rn_index *offsets;   /**< owned, [n_parameters + 1] into theta */
    rn_node inputs;      /**< x [N, sample] */
    rn_node targets;     /**< y [N, C] */
    rn_node outputs;     /**< f [N, C] */
    rn_node residual;    /**< r [N, C] */
    rn_node total;       /**< sum over samples of l */

    rni_tiles *tiles;  /**< owned: total and gradients on the training samples */
    rn_index n_chunks; /**< consecutive tiles added up by one task */
    double *chunks;    /**< owned, [n_chunks x n_weights] */
    double *sums;      /**< owned, [rni_tiles_count] total of every tile */
    rn_index n_blocks; /**< of weights, when chunks are added */
    double *squares;   /**< owned, [n_blocks] */

    rni_tiles *evaluations[RNI_EVALUATIONS_KEPT]; /**< owned, NULL while unused */
    int next_evaluation;                          /**< the one to replace */

    double *theta; /**< owned, [n_weights] */
    rn_train_state state;
    double scale; /**< lambda_max(0); 0: not given */

    bool has_gradient; /**< the next three belong to theta */
    double loss;
    double gradient_norm;
    double *gradient; /**< owned, [n_weights] */
};

/** Binds theta [n_weights] and the samples of a batch from `first` on. */
RN_NODISCARD rn_status rni_trainer_bind(const rn_trainer *t, rn_workspace *work,
                                        const double *theta, const rn_batch *batch, rn_index first);

/**
 * Loss and gradient on the training samples at any theta.
 * @param[out] gradient  [n_weights]; holds what was computed even when the status is
 *                       RN_ERR_NONFINITE, and so do *loss and *norm (|grad L|_2)
 * @return RN_OK; RN_ERR_NONFINITE; what the graph's execution returns
 */
RN_NODISCARD rn_status rni_trainer_gradient_at(rn_trainer *trainer, const double *theta,
                                               double *loss, double *gradient, double *norm);

/** Makes trainer->loss, gradient and gradient_norm those of trainer->theta. */
RN_NODISCARD rn_status rni_trainer_refresh(rn_trainer *trainer);

#endif
