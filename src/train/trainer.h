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

/** What a pass over samples computes: nodes of the model's graph. */
typedef struct rni_objective {
    rn_node total;      /**< sum over samples of l */
    rn_node *gradients; /**< owned, [n_parameters]: d(total)/d(parameter) */
} rni_objective;

struct rn_trainer {
    rn_trainer_desc desc;
    rni_pool *pool; /**< owned */
    rn_index n_weights;
    rn_index n_features;
    rn_index n_outputs;

    rn_index n_parameters;
    rn_node *parameters; /**< owned, [n_parameters] */
    rn_index *offsets;   /**< owned, [n_parameters + 1] into theta */
    bool *follows;       /**< owned, [n_weights] entries of running statistics; NULL: none */
    rn_node inputs;      /**< x [N, sample] */
    rn_node targets;     /**< y [N, C] */
    rn_node outputs;     /**< f [N, C] */
    rn_loss_nodes loss_nodes;
    rni_objective measured; /**< of f; 0 at running statistics */
    rni_objective trained;  /**< of what training differentiates; n (m - batch's value) at a running
                                 statistic m, n the samples given. Unused without such statistics */

    rni_tiles *tiles;  /**< owned: `measured` on the training samples */
    rn_index n_chunks; /**< most groups of consecutive tiles that are added up by one task each */
    double *chunks;    /**< owned, [n_chunks x n_weights] */
    rn_index n_sums;   /**< most tiles */
    double *sums;      /**< owned, [n_sums] total of every tile */
    rn_index n_blocks; /**< of weights, when chunks are added */
    double *squares;   /**< owned, [n_blocks] */

    rn_batches *batches;          /**< owned; NULL: every step looks at all samples */
    rni_tiles *batch_tiles[2];    /**< owned: on a batch, and on a shorter last one; with running
                                       statistics `trained`, then also where it is all samples */
    rni_tiles *measured_tiles[2]; /**< owned: `measured` on them; NULL without batches, and where
                                       batch_tiles are that */
    rn_index *indices;            /**< owned, [largest batch] */
    double *batch_inputs;         /**< owned, [largest batch x n_features] */
    double *batch_targets;        /**< owned, [largest batch x n_outputs] */

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
    double *on_batch;     /**< owned, [n_weights] or NULL without batches and running statistics:
                               work space for the batch's gradient of f */
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

/** The same on the batch of the present step, without the norm: of what is trained, with running
    statistics m minus the batch's values in their place. */
RN_NODISCARD rn_status rni_trainer_batch_gradient(rn_trainer *trainer, const double *theta,
                                                  double *loss, double *gradient);

/** The gradient of f on that batch, where running statistics make it another: in on_batch, or that
    of all samples where the batch is all. @param[out] gradient  borrowed, until the next call */
RN_NODISCARD rn_status rni_trainer_measured_gradient(rn_trainer *trainer, const double **gradient);

/** Samples of a tile: all of them where they act on each other. */
rn_index rni_trainer_tile(const rn_trainer *t, rn_index n_samples);

/** Plans an objective on that many samples, `tile` at a time. @return RN_OK; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_trainer_plan_tiles(rn_trainer *t, const rni_objective *objective,
                                              rn_index n_samples, rn_index tile, rni_tiles **out);

/** What a step differentiates, in tiles of the usual size, or in one where statistics are those of
    the samples given. */
RN_NODISCARD rn_status rni_trainer_plan_step(rn_trainer *t, rn_index n_samples, rni_tiles **out);

/** Groups of tiles that are added up one after the other; 0 for NULL. */
rn_index rni_gradient_chunks(const rni_tiles *tiles);

/** Batches, their tiles and arrays. Of a sampler that takes all samples, or NULL, only tiles, and
    those where running statistics make the step's gradient another than that of f.
    @return RN_OK; RN_ERR_CONFIG; RN_ERR_SHAPE; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_trainer_prepare_batches(rn_trainer *t, const rn_sampler *sampler);

/** Gathers the batch of the present step, which is borrowed until the next call; *which is its
   place in batch_tiles. @return RN_OK */
RN_NODISCARD rn_status rni_trainer_draw(rn_trainer *t, rn_batch *batch, int *which);

/** Makes trainer->loss, gradient and gradient_norm those of trainer->theta. */
RN_NODISCARD rn_status rni_trainer_refresh(rn_trainer *trainer);

#endif
