/**
 * Training: moving the parameters of a model down its loss, one deterministic step at a time.
 *
 *     rn_dynamics *dynamics = NULL;
 *     rn_trainer *trainer = NULL;
 *     const rn_setting settings[] = {{"learning_rate", "0.01"}};
 *     rn_status status = rn_dynamics_create("gradient_descent", settings, 1, &dynamics);
 *     const rn_batch train = {.n_samples = N, .inputs = x, .targets = y};
 *     const rn_trainer_desc desc = {
 *         .model = model, .loss = loss, .dynamics = dynamics, .train = train, .n_threads = 2};
 *     if (status == RN_OK) status = rn_trainer_create(&desc, &trainer);
 *     if (status == RN_OK) status = rn_trainer_start(trainer, seed);
 *     if (status == RN_OK) status = rn_trainer_advance(trainer, 1000, NULL);
 *
 * L(theta) = (1/N) sum_i l(f_i, y_i) over the N training samples, no penalties. theta is one flat
 * vector [P]: the model's parameters in order of creation, each row-major, with running statistics
 * (renorm/model.h) among them. These start from the values of the first batch; L, its gradient and
 * all that looks at samples take f as it is with them, and the gradient is 0 there.
 *
 * Kinds of dynamics. Flows and optimizers; eta is the learning rate of a step, tau the time it is
 * credited.
 * gradient_descent: theta <- theta - eta grad L(theta), on all samples, tau = eta.
 * gradient_flow: theta' = -grad L(theta), integrated by an explicit embedded Runge-Kutta method
 *     (SUNDIALS ARKODE) with local error below rtol |theta_p| + atol in the rms over weights.
 *     A step is a stretch of time `interval`; the integrator takes as many of its own steps as the
 *     tolerance asks for, and ends exactly at the end of each call of rn_trainer_advance.
 * sgd: with g the mean gradient over the batch of the step (renorm/sampler.h), weight decay and
 *     clipping applied: v <- beta v + g, theta <- theta - eta v (heavy ball; Nesterov: g + beta v),
 *     tau = eta/(1 - beta). With a temperature T: theta <- theta - eta g + sqrt(2 eta T) n, n
 *     standard normal (SGLD; Euler-Maruyama on all samples).
 * adam: Adam and AdamW, tau = eta, preconditioner P = 1/(sqrt(q) + epsilon) per weight.
 * svrg: g(batch, theta) - g(batch, anchor) + grad L(anchor), the anchor renewed every anchor_every
 *     steps; noise as in sgd.
 * inertial: dtheta = v dt, dv = -g dt - gamma v dt + sqrt(2 gamma T) dB from rest, in steps of time
 *     h = sqrt(eta) by leapfrog or symplectic Euler; tau = h/gamma and what is of order h^2. With
 *     gamma = 0 theta follows no gradient flow: tau = h then, and a step has no lines.
 * Formulas and sources: src/train/descent.h, src/train/inertial.h. With `relative=true`
 * learning_rate or interval count in units of 1/lambda_max(0), lambda_max(0) being the number given
 * to rn_trainer_set_scale.
 *
 * Determinism: samples are cut into tiles whose size depends on N and P only; gradients are
 * added in tile order by a fixed tree. The same bits come out for every number of threads. State
 * (rn_train_state and theta) is complete: a trainer given the state of another continues with the
 * same bits, provided both stop at the same steps (which matters to gradient_flow only).
 */
#ifndef RENORM_TRAIN_H
#define RENORM_TRAIN_H

#include <renorm/loss.h>
#include <renorm/model.h>
#include <renorm/observer.h>
#include <renorm/ranks.h>
#include <renorm/sampler.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rn_dynamics rn_dynamics;
typedef struct rn_trainer rn_trainer;

/** Name of the i-th kind of dynamics; NULL beyond the last. Never freed. */
RN_API const char *rn_dynamics_kind(rn_index i);

/**
 * Chooses a dynamics.
 *
 * @param kind      one of rn_dynamics_kind
 * @param settings  [n_settings] what differs from the defaults; borrowed for the call
 * @param[out] out  release with rn_dynamics_destroy
 * @return RN_OK; RN_ERR_ARGUMENT (unknown kind); RN_ERR_CONFIG (settings); RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_dynamics_create(const char *kind, const rn_setting *settings,
                                                 rn_index n_settings, rn_dynamics **out);

/** Releases a dynamics. NULL is allowed. */
RN_API void rn_dynamics_destroy(rn_dynamics *dynamics);

/** 1 when its settings count in units of 1/lambda_max(0): rn_trainer_set_scale is then needed. */
RN_API int rn_dynamics_needs_scale(const rn_dynamics *dynamics);

/** Samples with their targets; all arrays row-major. */
typedef struct rn_batch {
    rn_index n_samples;     /**< N >= 1 */
    const double *inputs;   /**< [N x sample shape] */
    const double *targets;  /**< [N x C] */
    const rn_index *labels; /**< [N] right answers 0 .. C-1, or NULL: no accuracy */
} rn_batch;

/** What to train, on what, how. Zero-initialise, then fill in what applies. */
typedef struct rn_trainer_desc {
    rn_model *model;             /**< borrowed; nodes are appended to its graph */
    const rn_loss *loss;         /**< borrowed for the call of rn_trainer_create */
    const rn_dynamics *dynamics; /**< borrowed */
    const rn_sampler *sampler;   /**< borrowed for the call; NULL: all samples in every step */
    rn_batch train;              /**< arrays borrowed; their numbers must be finite */
    rn_index n_steps; /**< of the whole run, for schedules that end with it; 0: unknown */
    int n_threads;    /**< 1 .. 256 */
    const rn_communicator *ranks; /**< processes that share the gradient; borrowed, must outlive the
                                       trainer; NULL: this process alone */
} rn_trainer_desc;

/**
 * A trainer at theta = 0, step 0, time 0.
 *
 * Memory: at most 16 + 3 vectors of P numbers, those of the optimizer (momentum or inertial 1, adam
 * 2, svrg 3, minibatches 1, running statistics 1 or with minibatches 2 in all), one batch, and per
 * thread the work space of one tile. With running statistics a step's batch is one tile.
 * @param desc      copied; see there for what is borrowed
 * @param[out] out  release with rn_trainer_destroy
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_SHAPE; RN_ERR_NONFINITE (inputs or targets);
 *         RN_ERR_DOMAIN (targets that the loss does not understand);
 *         RN_ERR_CONFIG (sampler or running statistics and dynamics do not go together, a batch
 *         larger than the data, a schedule without an end); RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_trainer_create(const rn_trainer_desc *desc, rn_trainer **out);

/** Releases a trainer. NULL is allowed. */
RN_API void rn_trainer_destroy(rn_trainer *trainer);

/** Bytes of the trainer's vectors and work spaces (plans and lists, about 1 %, not counted); known
    from creation on, it grows with the first evaluation of each number of samples. gradient_flow
    adds up to 20 vectors [P] while it advances. */
RN_API rn_index rn_trainer_bytes(const rn_trainer *trainer);

/** Initial parameters of that seed (rn_model_initialise), its batches and noise, slots 0, step 0,
    time 0. @return RN_OK; RN_ERR_ARGUMENT; with running statistics also RN_ERR_NONFINITE (on the
    first batch), RN_ERR_MEMORY */
RN_API RN_NODISCARD rn_status rn_trainer_start(rn_trainer *trainer, uint64_t seed);

/** lambda_max(0), the unit of relative settings: largest eigenvalue of the kernel at the start,
    1/time, > 0. @return RN_OK; RN_ERR_ARGUMENT */
RN_API RN_NODISCARD rn_status rn_trainer_set_scale(rn_trainer *trainer, double lambda_max);

/* ---- moving ---------------------------------------------------------------------------------- */

/** Where a trainer stands, beside theta and the slots. */
typedef struct rn_train_state {
    rn_index step;
    uint64_t seed;          /**< of batches and noise */
    double time;            /**< t = sum of tau */
    double integrator_step; /**< next step of the flow integrator, time; 0: not chosen yet */
    double first_loss;      /**< loss before the first step (of its batch), the scale of
                                 divergence; 0: unknown */
} rn_train_state;

/**
 * Goes on until `to_step` steps have been taken; does nothing when they have.
 *
 * @param observer  should_stop is asked between steps (flow: between evaluations, and then the
 *                  state stays where this call began); NULL: never stops early
 * @return RN_OK
 *         RN_INTERRUPTED    the observer asked; the state is that of the last finished step
 *         RN_ERR_NONFINITE  loss or gradient is NaN, infinite or the loss above 1e10 times the
 *                           first: the message says at which step, with which learning rate, and
 *                           what to do. The state is the one with that loss
 *         RN_ERR_ARGUMENT   a relative setting without rn_trainer_set_scale
 *         RN_ERR_DOMAIN     the flow's tolerance cannot be met
 *         RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_trainer_advance(rn_trainer *trainer, rn_index to_step,
                                                 const rn_observer *observer);

/** eta of the step that follows, or the flow's interval; NaN while the scale is missing. */
RN_API double rn_trainer_learning_rate(const rn_trainer *trainer);

/** tau, the time credited to the step that follows: eta, eta/(1 - beta) with momentum, the flow's
    interval, or as above; NaN while the scale is missing. */
RN_API double rn_trainer_step_size(const rn_trainer *trainer);

/** 1 when tau is a time of gradient flow: a constant gradient g moves theta by -tau P g a step in
    the long run. 0 for inertial dynamics without friction. */
RN_API int rn_trainer_has_flow_time(const rn_trainer *trainer);

/** Where it stands. */
RN_API rn_train_state rn_trainer_state(const rn_trainer *trainer);

/** Steps that look at as many samples as there are: ceil(N/B), 1 when every step takes all. */
RN_API rn_index rn_trainer_epoch(const rn_trainer *trainer);

/** theta [P], borrowed; valid until the trainer moves. */
RN_API const double *rn_trainer_theta(const rn_trainer *trainer);

/** P. */
RN_API rn_index rn_trainer_n_weights(const rn_trainer *trainer);

/** Puts the trainer where another stood; slots keep their values and are set one by one. theta [P]
    is copied, its numbers must be finite. @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_NONFINITE */
RN_API RN_NODISCARD rn_status rn_trainer_set_state(rn_trainer *trainer, const rn_train_state *state,
                                                   const double *theta);

/** Vectors [P] that the optimizer remembers: "momentum"; "first_moment", "second_moment";
    "anchor_weights", "anchor_gradient"; "velocity" (of inertial dynamics; with leapfrog before the
    half kick that ends a step: the velocity at theta is that less h grad L/2, but for step 0).
   Count, name (NULL beyond the last, never freed) and values (borrowed, valid until the trainer
   moves; NULL beyond the last). */
RN_API int rn_trainer_n_slots(const rn_trainer *trainer);
RN_API const char *rn_trainer_slot_name(const rn_trainer *trainer, int slot);
RN_API const double *rn_trainer_slot(const rn_trainer *trainer, int slot);

/** Sets one of them. values [P] are copied, they must be finite. @return RN_OK; RN_ERR_ARGUMENT;
    RN_ERR_NONFINITE */
RN_API RN_NODISCARD rn_status rn_trainer_set_slot(rn_trainer *trainer, int slot,
                                                  const double *values);

/* ---- looking --------------------------------------------------------------------------------- */

/**
 * L and grad L on the training samples at the present state. The result is kept: the next step
 * does not compute it again. Cost: one forward and one reverse pass.
 *
 * @param[out] loss           or NULL
 * @param[out] gradient       [P] or NULL
 * @param[out] gradient_norm  |grad L|_2 or NULL
 * @return RN_OK; RN_ERR_NONFINITE (loss or a gradient entry); RN_ERR_MEMORY; RN_ERR_ARGUMENT
 */
RN_API RN_NODISCARD rn_status rn_trainer_gradient(rn_trainer *trainer, double *loss,
                                                  double *gradient, double *gradient_norm);

/**
 * v = theta' [P] at the present state: -grad L for the flow; d/tau for optimizers, d being the step
 * that follows from here, with its own batch and noise. Looking does not move the trainer.
 * @return as above; RN_ERR_ARGUMENT (noise or inertial, and a relative setting, without
 *         rn_trainer_set_scale)
 */
RN_API RN_NODISCARD rn_status rn_trainer_velocity(rn_trainer *trainer, double *v);

/**
 * What drives a step beside the full gradient: the step that follows is
 *
 *     d = -tau P grad L + sum of the lines                          (to rounding)
 *
 * with P the preconditioner (1 but for adam), where rn_trainer_has_flow_time. In the notation of
 * src/train/descent.h, g the estimated gradient, h with coupled decay, c after clipping, u after
 * averaging:
 */
typedef enum rn_step_line {
    RN_LINE_MINIBATCH = 0, /**< -tau P (g - grad L) */
    RN_LINE_MOMENTUM = 1,  /**< -P (eta u - tau c): gradients (inertial: and noise) remembered */
    RN_LINE_DECAY = 2,     /**< -tau P decay theta; decoupled: -eta decay theta */
    RN_LINE_CLIPPING = 3,  /**< -tau P (c - h) */
    RN_LINE_NOISE = 4,     /**< sqrt(2 eta T) n; inertial: what n of this step adds to theta */
    RN_LINE_STATISTICS = 5 /**< running statistics (renorm/model.h): how they move; at weights
                                -tau P (g - g_f), g_f the gradient of f on the batch, which then
                                stands for g in the minibatch's line */
} rn_step_line;
#define RN_N_STEP_LINES 6

/** 1 when the dynamics can have that line; others are 0 always. */
RN_API int rn_trainer_has_line(const rn_trainer *trainer, rn_step_line line);

/** w [P] := one line of the step that follows, each computed from its own formula.
    @return as rn_trainer_gradient; RN_ERR_ARGUMENT (also: a relative setting without
    rn_trainer_set_scale); RN_ERR_UNSUPPORTED (no time of gradient flow) */
RN_API RN_NODISCARD rn_status rn_trainer_step_line(rn_trainer *trainer, rn_step_line line,
                                                   double *w);

/** 1 when P is not the identity. */
RN_API int rn_trainer_is_preconditioned(const rn_trainer *trainer);

/** p [P] := the diagonal of P in the step that follows, > 0. @return as rn_trainer_step_line */
RN_API RN_NODISCARD rn_status rn_trainer_preconditioner(rn_trainer *trainer, double *p);

/** Loss and accuracy on some samples. */
typedef struct rn_evaluation {
    double loss;     /**< L */
    double accuracy; /**< share of samples whose largest output is at the label (ties: the lowest
                          index counts); NaN without labels */
} rn_evaluation;

/**
 * Evaluates at the present state, training or held-out samples.
 * @return RN_OK; RN_ERR_ARGUMENT (a label outside 0 .. C-1); RN_ERR_NONFINITE; RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_trainer_evaluate(rn_trainer *trainer, const rn_batch *batch,
                                                  rn_evaluation *out);

/**
 * Outputs and residuals on some samples, at any theta.
 *
 * @param theta           [P], NULL: the present one
 * @param[out] outputs    f [N x C] or NULL
 * @param[out] residual   r [N x C] or NULL
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY. NaN and infinities pass through
 */
RN_API RN_NODISCARD rn_status rn_trainer_predict(rn_trainer *trainer, const double *theta,
                                                 const rn_batch *batch, double *outputs,
                                                 double *residual);

/**
 * Gradients of single samples, at any theta: row i is the gradient of l(f_i, y_i), so that grad L
 * is their mean. What the covariance of minibatches is made of. Cost: one forward and one reverse
 * pass per sample, samples in parallel; memory beside the result as for a tile of one sample.
 *
 * @param theta           [P], NULL: the present one
 * @param[out] gradients  [N x P]
 * @return as rn_trainer_predict; RN_ERR_UNSUPPORTED (a network that mixes samples)
 */
RN_API RN_NODISCARD rn_status rn_trainer_sample_gradients(rn_trainer *trainer, const double *theta,
                                                          const rn_batch *batch, double *gradients);

/**
 * The error z of the loss on some samples (renorm/loss.h), at any theta: f - y for squared error.
 *
 * @param theta       [P], NULL: the present one
 * @param[out] error  [N x C]
 * @return as rn_trainer_predict
 */
RN_API RN_NODISCARD rn_status rn_trainer_error(rn_trainer *trainer, const double *theta,
                                               const rn_batch *batch, double *error);

/** The nodes of the loss in the model's graph, and the input of the targets: what a kernel of
    G^T J is made from. @return RN_OK; RN_ERR_ARGUMENT */
RN_API RN_NODISCARD rn_status rn_trainer_loss_nodes(const rn_trainer *trainer, rn_loss_nodes *nodes,
                                                    rn_node *targets);

/**
 * Follows the gradient flow from theta for a time dt, which may be negative, without moving the
 * trainer: an explicit method of order 8 with local error 1e-13 relative to the rms of theta.
 *
 * @param theta       [P], NULL: the present one
 * @param dt          finite
 * @param[out] out    [P], not overlapping theta
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_NONFINITE; RN_ERR_DOMAIN (dt so large that the flow
 *         cannot be followed); RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_flow_step(rn_trainer *trainer, const double *theta, double dt,
                                           double *out);

#ifdef __cplusplus
}
#endif

#endif
