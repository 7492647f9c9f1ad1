#include "systems/walk.h"

#include <stdio.h>

#include "core/status.h"

enum { DIGITS = 32, MOST_SETTINGS = 8 };

/* Settings with numbers, and the texts of these. */
typedef struct numbers {
    rn_setting settings[MOST_SETTINGS];
    char texts[MOST_SETTINGS][DIGITS];
    rn_index n;
} numbers;

static void set(numbers *to, const char *key, double value)
{
    char *const text = to->texts[to->n];
    (void)snprintf(text, DIGITS, "%.17g", value);
    to->settings[to->n++] = (rn_setting){key, text};
}

static rn_status make_dynamics(const rni_walk_plan *plan, rn_dynamics **out)
{
    numbers to = {0};
    set(&to, "learning_rate", plan->learning_rate);
    to.settings[to.n++] = (rn_setting){"relative", "false"};
    if (plan->momentum > 0.0) set(&to, "momentum", plan->momentum);
    if (plan->weight_decay > 0.0) set(&to, "weight_decay", plan->weight_decay);
    if (plan->temperature > 0.0) set(&to, "temperature", plan->temperature);
    if (plan->scheme) to.settings[to.n++] = (rn_setting){"scheme", plan->scheme};
    if (plan->friction > 0.0) set(&to, "friction", plan->friction);
    if (plan->anchor_every > 0) set(&to, "anchor_every", (double)plan->anchor_every);
    return rn_dynamics_create(plan->dynamics, to.settings, to.n, out);
}

static rn_status make(const rni_walk_plan *plan, rni_walk *w)
{
    rn_index n_model = 0;
    while (n_model < RNI_WALK_SETTINGS && plan->model_settings[n_model].key)
        n_model++;
    RNI_TRY(rn_model_create(plan->model, plan->model_settings, n_model, RN_SHAPE(plan->n_features),
                            1, &w->model));
    RNI_TRY(rn_loss_create("squared_error", NULL, 0, &w->loss));
    RNI_TRY(make_dynamics(plan, &w->dynamics));
    if (plan->sampler) {
        numbers to = {0};
        set(&to, "batch_size", (double)plan->batch_size);
        RNI_TRY(rn_sampler_create(plan->sampler, to.settings, to.n, &w->sampler));
    }
    const rn_trainer_desc desc = {
        .model = w->model,
        .loss = w->loss,
        .dynamics = w->dynamics,
        .sampler = w->sampler,
        .train = {.n_samples = plan->n_samples, .inputs = plan->inputs, .targets = plan->targets},
        .n_threads = 1};
    RNI_TRY(rn_trainer_create(&desc, &w->trainer));
    w->n = rn_trainer_n_weights(w->trainer);
    return RN_OK;
}

rni_walk_plan rni_walk_two_units(rn_index n_features)
{
    return (rni_walk_plan){.model = "mlp",
                           .model_settings = {{"width", "2"},
                                              {"depth", "0"},
                                              {"activation", "tanh"},
                                              {"bias", "true"},
                                              {"parametrisation", "standard"}},
                           .n_features = n_features,
                           .dynamics = "sgd"};
}

rn_status rni_walk_open(const rni_walk_plan *plan, rni_walk *out)
{
    rni_walk made = {0};
    const rn_status status = make(plan, &made);
    if (status == RN_OK)
        *out = made;
    else
        rni_walk_close(&made);
    return status;
}

rn_status rni_walk_place(rni_walk *walk, uint64_t seed, const double *theta, const double *velocity)
{
    const double start[RNI_WALK_STATE] = {0};
    return rni_walk_restore(walk, seed, 0, start, theta, velocity);
}

void rni_walk_state(const rni_walk *walk, double state[RNI_WALK_STATE])
{
    const rn_train_state now = rn_trainer_state(walk->trainer);
    state[0] = now.time;
    state[1] = now.integrator_step;
    state[2] = now.first_loss;
}

rn_status rni_walk_restore(rni_walk *walk, uint64_t seed, rn_index step,
                           const double state[RNI_WALK_STATE], const double *theta,
                           const double *velocity)
{
    const rn_train_state then = {.step = step,
                                 .seed = seed,
                                 .time = state[0],
                                 .integrator_step = state[1],
                                 .first_loss = state[2]};
    RNI_TRY(rn_trainer_start(walk->trainer, seed));
    RNI_TRY(rn_trainer_set_state(walk->trainer, &then, theta));
    return velocity ? rn_trainer_set_slot(walk->trainer, 0, velocity) : RN_OK;
}

rn_status rni_walk_on(rni_walk *walk, rn_index n_steps)
{
    return rn_trainer_advance(walk->trainer, rn_trainer_state(walk->trainer).step + n_steps, NULL);
}

const double *rni_walk_theta(const rni_walk *walk)
{
    return rn_trainer_theta(walk->trainer);
}

const double *rni_walk_velocity(const rni_walk *walk)
{
    return rn_trainer_slot(walk->trainer, 0);
}

void rni_walk_close(rni_walk *walk)
{
    rn_trainer_destroy(walk->trainer);
    rn_dynamics_destroy(walk->dynamics);
    rn_sampler_destroy(walk->sampler);
    rn_loss_destroy(walk->loss);
    rn_model_destroy(walk->model);
    *walk = (rni_walk){0};
}
