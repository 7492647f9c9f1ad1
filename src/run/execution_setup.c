/*
 * Setting an execution up: data, model, trainer, kernel, schedule, measurement.
 */
#include <renorm/info.h>
#include <stdio.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "run/cost.h"
#include "run/execution.h"
#include "run/scale.h"
#include "store/seal.h"
#include "train/dynamics.h"

void rni_execution_tell(const rni_execution *x, rn_log_level level, const char *text)
{
    if (x->observer && x->observer->log) x->observer->log(x->observer->user, level, text);
}

static void warn_about_libraries(const rni_execution *x)
{
    char text[256];
    rn_info info;
    rn_info_get(&info);
    if (info.blas_better_core) {
        (void)snprintf(
            text, sizeof text,
            "OpenBLAS chose kernels for %s; OPENBLAS_CORETYPE=%s, set before the program "
            "starts, is several times faster here",
            info.blas_core, info.blas_better_core);
        rni_execution_tell(x, RN_LOG_WARNING, text);
    }
    if (!info.blas_is_openmp)
        rni_execution_tell(
            x, RN_LOG_WARNING,
            "the pthread build of OpenBLAS was loaded; the OpenMP build is faster here");
}

/* lambda_max(0), where the step size counts in its units. */
static rn_status give_scale(rni_execution *x)
{
    if (!rn_dynamics_needs_scale(x->stage.dynamics)) return RN_OK;
    if (!(x->scale > 0.0)) RNI_TRY(rni_scale_find(&x->stage, (uint64_t)x->top->seed, &x->scale));
    return rn_trainer_set_scale(x->stage.trainer, x->scale);
}

static rn_status make_cadence(rni_execution *x)
{
    rni_cadence_rule rule = x->measure->cadence(x->measure_settings, &x->stage);
    /* with all samples in every step the loss comes with the step's own gradient */
    rule.stride = x->stage.epoch > 1 ? x->record_every : 1;
    /* momentum and preconditioners follow no simple step: eta lambda may be beyond 2 */
    const bool is_even = x->stage.dynamics->kind->is_flow || !x->stage.follows_gradient;
    return rni_cadence_create(&rule, x->top->steps, x->stage.n_rows, is_even, &x->cadence);
}

static rn_status make_vectors(rni_execution *x)
{
    x->theta = rni_alloc(x->stage.n_weights, sizeof *x->theta);
    x->velocity = rni_alloc(x->stage.n_weights, sizeof *x->velocity);
    bool enough = x->theta && x->velocity;
    for (int k = 0; k < RN_N_STEP_LINES && enough; k++) {
        if (!rn_trainer_has_line(x->stage.trainer, (rn_step_line)k)) continue;
        x->lines[k] = rni_alloc(x->stage.n_weights, sizeof *x->lines[k]);
        enough = x->lines[k] != NULL;
    }
    if (enough && rn_trainer_is_preconditioned(x->stage.trainer)) {
        x->scales = rni_alloc(3 * x->stage.n_weights, sizeof *x->scales);
        enough = x->scales != NULL;
    }
    if (enough) return RN_OK;
    return rni_fail(RN_ERR_MEMORY, "rn_run_execute: no memory for %" PRId64 " weights",
                    x->stage.n_weights);
}

int rni_execution_threads(const rni_execution *x, int requested)
{
    return rni_cost_threads(x->top, requested);
}

/* Chooses the kernel's factor memory where there is a limit, or refuses before any work. */
static rn_status obey_limit(rni_execution *x, rni_cost_base base)
{
    rn_cost_summary cost = {0};
    const rni_cost_input input = {.stage = &x->stage,
                                  .top = x->top,
                                  .output = x->output,
                                  .measure = x->measure,
                                  .measure_settings = x->measure_settings,
                                  .n_snapshots = rni_cadence_most(&x->cadence),
                                  .base = base};
    return x->max_bytes > 0 ? rni_cost_memory(&input, x->max_bytes, &cost) : RN_OK;
}

static uint64_t add_batch(uint64_t crc, const rni_stage *stage, const rn_batch *batch)
{
    const rn_index n = batch->n_samples;
    const rn_index real = (rn_index)sizeof(double);
    if (n == 0) return crc;
    crc = rni_crc(crc, batch->inputs, n * rn_model_n_features(stage->model) * real);
    return rni_crc(crc, batch->targets, n * rn_model_n_outputs(stage->model) * real);
}

/* The checkpoints of a run whose configuration leaves their distance open. */
#define CHECKPOINTS 50

rn_status rni_execution_set_up(rni_execution *x, int n_threads)
{
    const rni_settings *settings = rni_config_settings(x->config);
    x->top = rni_settings_get(settings, "");
    x->output = rni_settings_get(settings, "output");
    x->measure = rni_measure_find(rni_settings_table(settings, "measure"));
    x->measure_settings = rni_settings_get(settings, "measure");
    x->checkpoint_every = x->output->checkpoint_every > 0
                              ? x->output->checkpoint_every
                              : rni_max(1, rni_ceil_div(x->top->steps, CHECKPOINTS));
    n_threads = rni_execution_threads(x, n_threads);
    const rni_cost_base base = rni_cost_look();
    RNI_TRY(rni_stage_create(x->config, (uint64_t)x->top->seed, n_threads, &x->stage));
    x->record_every = rni_cost_record_every(x->output, &x->stage);
    RNI_TRY(make_cadence(x));
    RNI_TRY(obey_limit(x, base));
    RNI_TRY(give_scale(x));
    RNI_TRY(x->measure->create(x->measure_settings, &x->stage, &x->measure_state));
    RNI_TRY(make_vectors(x));
    x->data_crc = add_batch(0, &x->stage, &x->stage.train);
    x->data_crc = add_batch(x->data_crc, &x->stage, &x->stage.held_out);
    x->run->summary = (rn_summary){.n_steps_planned = x->top->steps,
                                   .n_samples = x->stage.train.n_samples,
                                   .n_outputs = rn_model_n_outputs(x->stage.model),
                                   .n_weights = x->stage.n_weights,
                                   .n_held_out = x->stage.held_out.n_samples,
                                   .has_kinks = x->stage.has_kinks,
                                   .n_threads = n_threads};
    warn_about_libraries(x);
    return RN_OK;
}

void rni_execution_clear(rni_execution *x)
{
    if (x->measure) x->measure->destroy(x->measure_state);
    rni_stage_clear(&x->stage);
    rni_cadence_clear(&x->cadence);
    rni_free(x->theta);
    rni_free(x->velocity);
    for (int k = 0; k < RN_N_STEP_LINES; k++)
        rni_free(x->lines[k]);
    rni_free(x->scales);
}
