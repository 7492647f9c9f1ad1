/*
 * Inside view of a trainer.
 */
#ifndef RNI_TRAIN_TRAINER_H
#define RNI_TRAIN_TRAINER_H

#include <renorm/train.h>

#include <stdbool.h>

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
    rn_loss_nodes loss_nodes;
    rn_node total; /**< sum over samples of l */

    rni_tiles *tiles;  /**< owned: total and gradients on the training samples */
    rn_index n_chunks; /**< most groups of consecutive tiles that are added up by one task each */
    double *chunks;    /**< owned, [n_chunks x n_weights] */
    rn_index n_sums;   /**< most tiles */
    double *sums;      /**< owned, [n_sums] total of every tile */
    rn_index n_blocks; /**< of weights, when chunks are added */
    double *squares;   /**< owned, [n_blocks] */

    rn_batches *batches;       /**< owned; NULL: every step looks at all samples */
    rni_tiles *batch_tiles[2]; /**< owned: the same nodes on a batch, and on a shorter last one */
    rn_index *indices;         /**< owned, [largest batch] */
    double *batch_inputs;      /**< owned, [largest batch x n_features] */
    double *batch_targets;     /**< owned, [largest batch x n_outputs] */

    rni_tiles *evaluations[RNI_EVALUATIONS_KEPT]; /**< owned, NULL while unused */
    int next_evaluation;                          /**< the one to replace */

    double *theta; /**< owned, [n_weights] */
    rn_train_state state;
    double scale; /**< lambda_max(0); 0: not given */

    bool is_coupled;   /**< the network mixes samples: they are never cut into tiles */
    bool has_gradient; /**< the next three belong to theta */
    double loss;
    double gradient_norm;
    double *gradient; /**< owned, [n_weights] */

    rni_descent descent; /**< zero for flows; borrows from the dynamics */
    int n_slots;
    const char *slot_names[RNI_SLOTS_MAX];
    double *slots;        /**< owned, [n_slots x n_weights]: what the optimizer remembers */
    bool has_estimate;    /**< the next two belong to theta and the step */
    double estimate_loss; /**< of the batch */
    double *estimate;     /**< owned, [n_weights] or NULL where it is the gradient */
    double *at_anchor;    /**< owned, [n_weights] or NULL without SVRG: work space */
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

/** Whether a batch given by a caller can be looked at. @return RN_OK; RN_ERR_ARGUMENT */
RN_NODISCARD rn_status rni_trainer_check_batch(const char *caller, const rn_trainer *t,
                                               const rn_batch *batch);

/** The same on the batch of the present step, without the norm. */
RN_NODISCARD rn_status rni_trainer_batch_gradient(rn_trainer *trainer, const double *theta,
                                                  double *loss, double *gradient);

/** Samples of a tile: all of them where they act on each other. */
rn_index rni_trainer_tile(const rn_trainer *t, rn_index n_samples);

/** Plans total and gradients on that many samples, `tile` at a time. @return RN_OK; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_trainer_plan_tiles(rn_trainer *t, rn_index n_samples, rn_index tile,
                                              rni_tiles **out);

/** The same in tiles of the usual size. */
RN_NODISCARD rn_status rni_trainer_plan_gradient(rn_trainer *t, rn_index n_samples,
                                                 rni_tiles **out);

/** Groups of tiles that are added up one after the other; 0 for NULL. */
rn_index rni_gradient_chunks(const rni_tiles *tiles);

/** Batches, their tiles and arrays; nothing for a sampler that takes all samples, or NULL.
    @return RN_OK; RN_ERR_CONFIG; RN_ERR_SHAPE; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_trainer_prepare_batches(rn_trainer *t, const rn_sampler *sampler);

/** Gathers the batch of the present step; *batch and *tiles are borrowed, until the next call.
    @return RN_OK */
RN_NODISCARD rn_status rni_trainer_draw(rn_trainer *t, rn_batch *batch, const rni_tiles **tiles);

/** Makes trainer->loss, gradient and gradient_norm those of trainer->theta. */
RN_NODISCARD rn_status rni_trainer_refresh(rn_trainer *trainer);

#endif
