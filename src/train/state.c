/*
 * Where a trainer stands, and what its next step consists of.
 */
#include <math.h>
#include <string.h>

#include "sampler/sampler.h"
#include "train/inertial.h"
#include "train/trainer.h"

/* After theta, the step or the seed changed. */
static void forget(rn_trainer *trainer)
{
    trainer->has_gradient = false;
    trainer->has_estimate = false;
    if (trainer->batches) rni_batches_reseed(trainer->batches, trainer->state.seed);
}

/* Running statistics := those of the first batch. */
static rn_status start_statistics(rn_trainer *t)
{
    double loss = 0.0;
    RNI_TRY(rni_trainer_batch_gradient(t, t->theta, &loss, t->estimate));
    for (rn_index i = 0; i < t->n_weights; i++)
        if (t->follows[i]) t->theta[i] -= t->estimate[i];
    return RN_OK;
}

rn_status rn_trainer_start(rn_trainer *trainer, uint64_t seed)
{
    if (!trainer) return rni_fail(RN_ERR_ARGUMENT, "rn_trainer_start: trainer is NULL");
    RNI_TRY(rn_model_initialise(trainer->desc.model, seed, trainer->theta));
    trainer->state = (rn_train_state){.seed = seed};
    forget(trainer);
    if (trainer->n_slots > 0)
        memset(trainer->slots, 0,
               (size_t)(trainer->n_slots * trainer->n_weights) * sizeof *trainer->slots);
    return trainer->follows ? start_statistics(trainer) : RN_OK;
}

rn_status rn_trainer_set_scale(rn_trainer *trainer, double lambda_max)
{
    if (!trainer || !isfinite(lambda_max) || !(lambda_max > 0.0))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_trainer_set_scale: found lambda_max %g, expected a finite number > 0",
                        lambda_max);
    trainer->scale = lambda_max;
    return RN_OK;
}

static bool lacks_scale(const rn_trainer *trainer)
{
    return rn_dynamics_needs_scale(trainer->desc.dynamics) && !(trainer->scale > 0.0);
}

static rn_status check_scale(const char *caller, const rn_trainer *trainer)
{
    if (!lacks_scale(trainer)) return RN_OK;
    return rni_fail(RN_ERR_ARGUMENT,
                    "%s: the settings are relative to 1/lambda_max(0); give lambda_max(0) with "
                    "rn_trainer_set_scale, or set relative to false",
                    caller);
}

rn_status rn_trainer_advance(rn_trainer *trainer, rn_index to_step, const rn_observer *observer)
{
    if (!trainer) return rni_fail(RN_ERR_ARGUMENT, "rn_trainer_advance: trainer is NULL");
    if (to_step <= trainer->state.step) return RN_OK;
    RNI_TRY(check_scale("rn_trainer_advance", trainer));
    const rn_dynamics *dynamics = trainer->desc.dynamics;
    if (!dynamics->kind->is_flow) return rni_descent_advance(trainer, to_step, observer);
    return dynamics->kind->advance(trainer, dynamics->choice.settings, to_step, observer);
}

double rn_trainer_learning_rate(const rn_trainer *trainer)
{
    if (lacks_scale(trainer)) return (double)NAN;
    const rn_dynamics *dynamics = trainer->desc.dynamics;
    if (dynamics->kind->is_flow)
        return dynamics->kind->step_size(dynamics->choice.settings, trainer->scale);
    return rni_rate_at(&trainer->descent.rate, trainer->scale, trainer->desc.n_steps,
                       trainer->state.step);
}

double rn_trainer_step_size(const rn_trainer *trainer)
{
    if (trainer->desc.dynamics->kind->is_flow || lacks_scale(trainer))
        return rn_trainer_learning_rate(trainer);
    return rni_descent_tau(&trainer->descent, trainer->scale, trainer->desc.n_steps,
                           trainer->state.step);
}

int rn_trainer_has_flow_time(const rn_trainer *trainer)
{
    return rni_descent_has_flow_time(&trainer->descent);
}

/* ---- what a step consists of ----------------------------------------------------------------- */

rn_status rn_trainer_velocity(rn_trainer *trainer, double *v)
{
    if (!trainer || !v) return rni_fail(RN_ERR_ARGUMENT, "rn_trainer_velocity: NULL argument");
    if (!trainer->desc.dynamics->kind->is_flow) {
        if (trainer->descent.temperature > 0.0 || trainer->descent.scheme != RNI_NOT_INERTIAL)
            RNI_TRY(check_scale("rn_trainer_velocity", trainer));
        return rni_descent_velocity(trainer, v);
    }
    RNI_TRY(rni_trainer_refresh(trainer));
    for (rn_index i = 0; i < trainer->n_weights; i++)
        v[i] = -trainer->gradient[i];
    return RN_OK;
}

int rn_trainer_has_line(const rn_trainer *trainer, rn_step_line line)
{
    const rni_descent *how = &trainer->descent;
    if (!rn_trainer_has_flow_time(trainer)) return 0;
    switch (line) {
    case RN_LINE_MINIBATCH: return trainer->batches != NULL;
    case RN_LINE_MOMENTUM: return how->momentum > 0.0 || how->scheme != RNI_NOT_INERTIAL;
    case RN_LINE_DECAY: return how->decay > 0.0;
    case RN_LINE_CLIPPING: return how->clip > 0.0;
    case RN_LINE_NOISE: return how->temperature > 0.0;
    case RN_LINE_STATISTICS: return trainer->follows != NULL;
    default: return 0;
    }
}

rn_status rn_trainer_step_line(rn_trainer *trainer, rn_step_line line, double *w)
{
    if (!trainer || !w || line < 0 || line >= RN_N_STEP_LINES)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_trainer_step_line: a NULL argument, or line %d, expected 0 to %d",
                        (int)line, RN_N_STEP_LINES - 1);
    RNI_TRY(check_scale("rn_trainer_step_line", trainer));
    if (!rn_trainer_has_flow_time(trainer))
        return rni_fail(RN_ERR_UNSUPPORTED,
                        "rn_trainer_step_line: found train.friction 0, expected one above 0: "
                        "without friction weights do not follow the gradient in any time, and a "
                        "step has no part that does");
    if (rn_trainer_has_line(trainer, line)) return rni_descent_line(trainer, line, w);
    memset(w, 0, (size_t)trainer->n_weights * sizeof *w);
    return RN_OK;
}

int rn_trainer_is_preconditioned(const rn_trainer *trainer)
{
    return trainer->descent.is_adam;
}

rn_status rn_trainer_preconditioner(rn_trainer *trainer, double *p)
{
    if (!trainer || !p)
        return rni_fail(RN_ERR_ARGUMENT, "rn_trainer_preconditioner: NULL argument");
    RNI_TRY(check_scale("rn_trainer_preconditioner", trainer));
    if (trainer->descent.is_adam) return rni_descent_preconditioner(trainer, p);
    for (rn_index i = 0; i < trainer->n_weights; i++)
        p[i] = 1.0;
    return RN_OK;
}

/* ---- state ----------------------------------------------------------------------------------- */

rn_index rn_trainer_epoch(const rn_trainer *trainer)
{
    return trainer->batches ? rn_batches_per_epoch(trainer->batches) : 1;
}

rn_train_state rn_trainer_state(const rn_trainer *trainer)
{
    return trainer->state;
}

const double *rn_trainer_theta(const rn_trainer *trainer)
{
    return trainer->theta;
}

rn_index rn_trainer_n_weights(const rn_trainer *trainer)
{
    return trainer->n_weights;
}

rn_status rn_trainer_set_state(rn_trainer *trainer, const rn_train_state *state,
                               const double *theta)
{
    if (!trainer || !state || !theta)
        return rni_fail(RN_ERR_ARGUMENT, "rn_trainer_set_state: trainer, state or theta is NULL");
    if (state->step < 0 || !isfinite(state->time) || !(state->integrator_step >= 0.0)
        || !isfinite(state->integrator_step) || !(state->first_loss >= 0.0)
        || !isfinite(state->first_loss))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_trainer_set_state: found step %" PRId64 ", time %g, integrator step %g,"
                        " first loss %g, expected finite numbers, none but the time negative",
                        state->step, state->time, state->integrator_step, state->first_loss);
    for (rn_index i = 0; i < trainer->n_weights; i++)
        if (!isfinite(theta[i]))
            return rni_fail(RN_ERR_NONFINITE,
                            "rn_trainer_set_state: found %g as weight %" PRId64
                            ", expected finite numbers",
                            theta[i], i);
    if (theta != trainer->theta)
        memcpy(trainer->theta, theta, (size_t)trainer->n_weights * sizeof *theta);
    trainer->state = *state;
    forget(trainer);
    return RN_OK;
}

int rn_trainer_n_slots(const rn_trainer *trainer)
{
    return trainer->n_slots;
}

const char *rn_trainer_slot_name(const rn_trainer *trainer, int slot)
{
    return slot >= 0 && slot < trainer->n_slots ? trainer->slot_names[slot] : NULL;
}

const double *rn_trainer_slot(const rn_trainer *trainer, int slot)
{
    if (slot < 0 || slot >= trainer->n_slots) return NULL;
    return trainer->slots + slot * trainer->n_weights;
}

rn_status rn_trainer_set_slot(rn_trainer *trainer, int slot, const double *values)
{
    if (!trainer || !values || slot < 0 || slot >= trainer->n_slots)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_trainer_set_slot: a NULL argument, or slot %d, expected 0 to %d", slot,
                        trainer ? trainer->n_slots - 1 : 0);
    for (rn_index i = 0; i < trainer->n_weights; i++)
        if (!isfinite(values[i]))
            return rni_fail(RN_ERR_NONFINITE,
                            "rn_trainer_set_slot: found %g as %s of weight %" PRId64
                            ", expected finite numbers",
                            values[i], trainer->slot_names[slot], i);
    memcpy(trainer->slots + slot * trainer->n_weights, values,
           (size_t)trainer->n_weights * sizeof *values);
    forget(trainer);
    return RN_OK;
}
