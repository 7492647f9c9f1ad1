/*
 * Discrete dynamics: what all optimizers have in common. One step from theta, at step number k:
 *
 *     g    estimate of grad L: the batch's mean, all samples', or SVRG's
 *     h    = g + decay theta                 coupled weight decay; else h = g
 *     c    = h min(1, clip / |h|)            where clipping is on
 *     HB   v <- beta v + c;  u = v, Nesterov u = c + beta v;     P = 1
 *     Adam m <- beta m + (1 - beta) c,  q <- beta2 q + (1 - beta2) c^2 (entrywise),
 *          u = m / (1 - beta^(k+1)),  P = 1 / (sqrt(q / (1 - beta2^(k+1))) + epsilon)
 *     theta <- theta - eta P u - eta decay theta (decoupled only) + sqrt(2 eta T) n
 *
 * with n standard normal. A running statistic m of the model has only m <- m - rate (m - batch's
 * value). The step is credited tau = eta / (1 - beta) (HB), eta (Adam): what a
 * constant gradient moves theta by in the long run is -tau P g. Sources: Polyak (1964); Nesterov in
 * the form of Sutskever et al. (2013); Kingma and Ba (2015), whose order of the square root and
 * epsilon is kept; Loshchilov and Hutter (2019) for decoupled decay; Welling and Teh (2011) for the
 * noise; Johnson and Zhang (2013) for SVRG. Inertial dynamics takes c and gives u and the noise by
 * the rule in train/inertial.h.
 *
 * An optimizer is one file that fills rni_descent from its settings.
 */
#ifndef RNI_TRAIN_DESCENT_H
#define RNI_TRAIN_DESCENT_H

#include <renorm/train.h>

#include "train/rate.h"

/** An optimizer in numbers; zeroes switch a part off. */
typedef struct rni_descent {
    rni_rate rate;
    double momentum; /**< beta */
    bool is_nesterov;
    bool is_adam;
    double beta2;
    double epsilon;
    double decay; /**< 1/time */
    bool is_decoupled;
    double clip;           /**< largest |h|; 0: none */
    double temperature;    /**< T, loss */
    rn_index anchor_every; /**< steps between the full gradients of SVRG; 0: no SVRG */
    bool needs_all;        /**< refuses minibatches */
    int scheme;            /**< of inertial dynamics, train/inertial.h; 0: another */
    double friction;       /**< gamma, 1/sqrt(time), or sqrt(lambda_max) where rate.relative */
} rni_descent;

/** Most vectors [P] that an optimizer keeps from step to step. */
enum { RNI_SLOTS_MAX = 4 };

/** Names of all vectors that any optimizer keeps, in the order in which it keeps them; the last is
    NULL. They are names in checkpoints. */
extern const char *const rni_slot_names[];

/** Names of the vectors this one keeps. @return how many */
int rni_descent_slots(const rni_descent *how, const char *names[RNI_SLOTS_MAX]);

/** tau of the step of that number. lambda_max and n_steps as rni_rate_at. */
double rni_descent_tau(const rni_descent *how, double lambda_max, rn_index n_steps, rn_index step);

/** Whether tau is a time of gradient flow: a constant gradient moves theta by -tau P g. */
bool rni_descent_has_flow_time(const rni_descent *how);

/** rn_trainer_advance, velocity, line and preconditioner; the trainer's dynamics is discrete, the
    scale is there if needed, and lines are asked for where there is a flow's time only. @return as
    there */
RN_NODISCARD rn_status rni_descent_advance(rn_trainer *t, rn_index to_step,
                                           const rn_observer *observer);
RN_NODISCARD rn_status rni_descent_velocity(rn_trainer *t, double *v);
RN_NODISCARD rn_status rni_descent_line(rn_trainer *t, rn_step_line line, double *w);
RN_NODISCARD rn_status rni_descent_preconditioner(rn_trainer *t, double *p);

#endif
