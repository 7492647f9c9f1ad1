/*
 * Inside view of dynamics, and the table of their kinds. A new dynamics is one file with an option
 * table and a function (an optimizer) or three (a flow), and one line in dynamics_table.c.
 */
#ifndef RNI_TRAIN_DYNAMICS_H
#define RNI_TRAIN_DYNAMICS_H

#include <renorm/train.h>
#include <stdbool.h>

#include "core/choice.h"
#include "train/descent.h"

/**
 * One kind of dynamics. Constant. `settings` is always the struct of its option table. Discrete
 * dynamics have `describe`, flows the rest.
 */
typedef struct rni_dynamics_kind {
    const rni_option_table *options;
    /** Gradients that one step takes, typically: a step of an adaptive integrator takes several. */
    rn_index n_gradients;
    /** The optimizer in numbers; what it points to is borrowed from the settings. */
    void (*describe)(const void *settings, rni_descent *out);
    bool is_flow; /**< time is continuous: no step size acts on the weights */
    /** Settings count in units of 1/lambda_max(0). */
    bool (*needs_scale)(const void *settings);
    /** Time credited to one step; lambda_max is used where needs_scale. */
    double (*step_size)(const void *settings, double lambda_max);
    /** rn_trainer_advance; to_step > the present step, the scale is there if needed. */
    rn_status (*advance)(rn_trainer *trainer, const void *settings, rn_index to_step,
                         const rn_observer *observer);
} rni_dynamics_kind;

struct rn_dynamics {
    const rni_dynamics_kind *kind;
    rni_choice choice;
};

/** All kinds; the last entry is NULL. */
extern const rni_dynamics_kind *const rni_dynamics[];

/** The option table of kind i, NULL beyond the last: the `kinds` of a configuration's section. */
const rni_option_table *rni_dynamics_options(rn_index i);

/**
 * A dynamics from validated settings, which are borrowed and must outlive it.
 * @param options  one of rni_dynamics_options; settings: its struct
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_dynamics_wrap(const rni_option_table *options, const void *settings,
                                         rn_dynamics **out);

extern const rni_dynamics_kind rni_gradient_descent;
extern const rni_dynamics_kind rni_gradient_flow;
extern const rni_dynamics_kind rni_sgd;
extern const rni_dynamics_kind rni_adam;
extern const rni_dynamics_kind rni_svrg;
extern const rni_dynamics_kind rni_inertial_langevin;

#endif
