/*
 * The life of a run: data, model, trainer and kernel are set up; then step by step a record, at
 * scheduled steps a measurement, and the next step.
 */
#include <renorm/run.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"
#include "core/status.h"
#include "run/checkpoint.h"
#include "run/execution.h"
#include "run/field.h"
#include "run/process.h"
#include "run/unfinished.h"

static double seconds_now(void)
{
    struct timespec time = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static bool should_stop(const rni_execution *x)
{
    return x->observer && x->observer->should_stop && x->observer->should_stop(x->observer->user);
}

/* Work is counted in seconds: what is left costs what the same work cost so far. */
static void tell_progress(const rni_execution *x, const char *phase, rn_index step, double loss)
{
    const rn_summary *s = &x->run->summary;
    char note[64];
    if (!x->observer || !x->observer->progress) return;
    const rn_index n_steps = step - x->first_step;
    const rn_index n_measured = x->run->n_snapshots - x->first_measured;
    const double train_s = s->train_s - x->manifest.earlier_train_s;
    const double measure_s = s->measure_s - x->manifest.earlier_measure_s;
    const double per_step = n_steps > 0 ? train_s / (double)n_steps : 1e-3;
    const double per_measurement =
        n_measured > 0 ? measure_s / (double)n_measured : 100.0 * per_step;
    const rn_index n_expected = x->cadence.n_steps + x->cadence.n_extra;
    const double total = per_step * (double)x->top->steps + per_measurement * (double)n_expected;
    (void)snprintf(note, sizeof note, "step %" PRId64 ", loss %.3g", step, loss);
    const rn_progress progress = {.phase = phase,
                                  .done = per_step * (double)step
                                          + per_measurement * (double)x->run->n_snapshots,
                                  .total = total > 0.0 ? total : 1.0,
                                  .note = note};
    x->observer->progress(x->observer->user, &progress);
}

/* ---- one step -------------------------------------------------------------------------------- */

static rn_status evaluate(rni_execution *x, rn_record *record)
{
    rn_evaluation found = {.loss = (double)NAN, .accuracy = (double)NAN};
    if (x->stage.train.labels) {
        RNI_TRY(rn_trainer_evaluate(x->stage.trainer, &x->stage.train, &found));
        record->accuracy = found.accuracy;
    }
    if (x->stage.held_out.n_samples > 0) {
        RNI_TRY(rn_trainer_evaluate(x->stage.trainer, &x->stage.held_out, &found));
        record->held_out_loss = found.loss;
        record->held_out_accuracy = found.accuracy;
    }
    return RN_OK;
}

/* *is_due: measure at this step. */
static rn_status make_record(rni_execution *x, rn_index step, rn_record *record, bool *is_due)
{
    const rn_index every = x->output->held_out_every;
    const rn_train_state state = rn_trainer_state(x->stage.trainer);
    const double missing = (double)NAN;
    *record = (rn_record){.step = step,
                          .time = state.time,
                          .learning_rate = rn_trainer_learning_rate(x->stage.trainer),
                          .accuracy = missing,
                          .held_out_loss = missing,
                          .held_out_accuracy = missing};
    /* on all samples the gradient is the greater part of the step that follows */
    const double start = seconds_now();
    RNI_TRY(rn_trainer_gradient(x->stage.trainer, &record->loss, NULL, &record->gradient_norm));
    x->run->summary.train_s += seconds_now() - start;
    *is_due = rni_cadence_is_due(&x->cadence, record);
    if (*is_due || (every > 0 && step % every == 0)) RNI_TRY(evaluate(x, record));
    return RN_OK;
}

static rn_status advance(rni_execution *x, rn_index to_step)
{
    const double start = seconds_now();
    const rn_status status = rn_trainer_advance(x->stage.trainer, to_step, NULL);
    x->run->summary.train_s += seconds_now() - start;
    if (status == RN_OK) x->run->summary.n_steps = to_step;
    return status;
}

/* out [P] := the root of the preconditioner of the step that follows. */
static rn_status find_scale(const rni_execution *x, double *out)
{
    RNI_TRY(rn_trainer_preconditioner(x->stage.trainer, out));
    for (rn_index i = 0; i < x->stage.n_weights; i++)
        out[i] = sqrt(out[i]);
    return RN_OK;
}

/* What the step that follows is made of, before it is taken. */
static rn_status look_ahead(rni_execution *x, rni_moment *moment)
{
    rn_trainer *trainer = x->stage.trainer;
    *moment = (rni_moment){.theta = x->theta, .velocity = x->velocity, .scale = x->scales};
    memcpy(x->theta, rn_trainer_theta(trainer), (size_t)x->stage.n_weights * sizeof *x->theta);
    RNI_TRY(rn_trainer_velocity(trainer, x->velocity));
    for (int k = 0; k < RN_N_STEP_LINES; k++) {
        moment->lines[k] = x->lines[k];
        if (x->lines[k]) RNI_TRY(rn_trainer_step_line(trainer, (rn_step_line)k, x->lines[k]));
    }
    return x->scales ? find_scale(x, x->scales) : RN_OK;
}

/* Takes the step and completes the moment. */
static rn_status step_ahead(rni_execution *x, rn_index to_step, rni_moment *moment)
{
    rn_trainer *trainer = x->stage.trainer;
    const rn_index n = x->stage.n_weights;
    const double before = rn_trainer_state(trainer).time;
    RNI_TRY(advance(x, to_step));
    moment->next = rn_trainer_theta(trainer);
    moment->tau = rn_trainer_state(trainer).time - before;
    if (!x->scales) return RN_OK;
    double *rate = x->scales + n;
    double *next = rate + n;
    RNI_TRY(find_scale(x, next));
    for (rn_index i = 0; i < n; i++)
        rate[i] =
            (next[i] * next[i] - x->scales[i] * x->scales[i]) / (2.0 * x->scales[i] * moment->tau);
    moment->scale_rate = rate;
    moment->scale_next = next;
    return RN_OK;
}

static void tell_kept(const rni_execution *x, const rni_unfinished *u, const char *did, rn_index n)
{
    char text[128];
    (void)snprintf(text, sizeof text,
                   "the measurement at step %" PRId64 " %s %" PRId64 " products that were kept",
                   u->step, did, n);
    rni_execution_tell(x, RN_LOG_INFO, text);
}

/* A measurement that was asked to stop; its step is not recorded. */
static rn_status stop_measuring(rni_execution *x, const rni_unfinished *unfinished)
{
    tell_kept(x, unfinished, "stopped after", unfinished->n_found + unfinished->n_put);
    x->run->summary.n_steps = unfinished->step;
    x->run->summary.is_interrupted = 1;
    return RN_INTERRUPTED;
}

/* Measures at the present step and takes the step that follows, if there is one. */
static rn_status measure_and_advance(rni_execution *x, const rn_record *record)
{
    rn_snapshot snapshot = {.record = *record};
    rni_moment moment;
    rni_unfinished unfinished =
        rni_unfinished_begin(x->run->store, x->observer, record->step, (double)INFINITY);
    RNI_TRY(look_ahead(x, &moment));
    if (record->step < x->top->steps) RNI_TRY(step_ahead(x, record->step + 1, &moment));
    moment.unfinished = &unfinished;
    tell_progress(x, "measuring", record->step, record->loss);
    const double start = seconds_now();
    rn_status status = x->measure->take(x->measure_state, &moment, &snapshot);
    if (unfinished.n_found > 0) tell_kept(x, &unfinished, "went on with", unfinished.n_found);
    if (status == RN_OK) status = rni_cadence_note(&x->cadence, &snapshot);
    if (status == RN_OK) status = rni_record_snapshot(x->run, &snapshot);
    rni_snapshot_clear(&snapshot);
    x->run->summary.measure_s += seconds_now() - start;
    if (status == RN_INTERRUPTED) return stop_measuring(x, &unfinished);
    return status < 0 ? rni_fail_within(status, "at step %" PRId64, record->step) : RN_OK;
}

/* A checkpoint after this step, if one is due: the same steps in every run of a configuration. */
static rn_status keep_place(rni_execution *x, rn_index step, bool was_measured)
{
    if (!x->run->store) return RN_OK;
    if (!was_measured && (step + 1) % x->checkpoint_every != 0) return RN_OK;
    RNI_TRY(rni_record_flush(x->run));
    RNI_TRY(rni_checkpoint_write(x, step + 1));
    return was_measured ? rni_unfinished_forget(x->run->store) : RN_OK;
}

/* Whether the loss on all samples is found at this step. Where steps look at batches it is not part
   of the step, and found only where it is wanted. */
static bool is_looked_at(const rni_execution *x, rn_index step)
{
    return x->stage.epoch == 1 || step == x->top->steps || step % x->record_every == 0
           || rni_cadence_is_scheduled(&x->cadence, step);
}

/* The record of a step; *is_due: measure there. */
static rn_status look(rni_execution *x, rn_index step, rn_record *record, bool *is_due)
{
    RNI_TRY(make_record(x, step, record, is_due));
    x->last_loss = record->loss;
    if (step != x->top->steps && !*is_due && step % x->record_every != 0) return RN_OK;
    return rni_record_add(x->run, record);
}

/* The record of a step, its measurement where one is due, and the step itself. */
static rn_status take_step(rni_execution *x, rn_index step)
{
    rn_record record;
    bool is_due = false;
    if (is_looked_at(x, step)) RNI_TRY(look(x, step, &record, &is_due));
    if (is_due) {
        const rn_status status = measure_and_advance(x, &record);
        if (status != RN_OK) return status;
    } else if (step < x->top->steps)
        RNI_TRY(advance(x, step + 1));
    RNI_TRY(keep_place(x, step, is_due));
    tell_progress(x, "training", x->run->summary.n_steps, x->last_loss);
    return RN_OK;
}

static rn_status walk(rni_execution *x)
{
    for (rn_index step = x->first_step; step <= x->top->steps; step++) {
        const rn_status status = take_step(x, step);
        if (status != RN_OK) return status;
        if (step == x->top->steps || !should_stop(x)) continue;
        x->run->summary.is_interrupted = 1;
        return rni_fail(RN_INTERRUPTED,
                        "rn_run_execute: stopped after step %" PRId64 " of %" PRId64,
                        x->run->summary.n_steps, x->top->steps);
    }
    return RN_OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* The steps and both manifests. */
static rn_status perform(rni_execution *x)
{
    x->manifest.outcome = "running";
    RNI_TRY(rni_record_manifest(x->run, &x->manifest));
    rn_status status = walk(x);
    const rn_status flushed = rni_record_flush(x->run);
    if (status >= 0 && flushed < 0) status = flushed;
    /* a kill right after the last checkpoint may have left some */
    if (status == RN_OK && x->run->store) status = rni_unfinished_forget(x->run->store);
    x->run->summary.peak_bytes = rni_memory_peak_bytes();
    x->run->summary.process_peak_bytes = rni_process_peak_bytes();
    x->manifest.finish = (int64_t)time(NULL);
    x->manifest.outcome = status == RN_OK ? "done" : status > 0 ? "stopped early" : "failed";
    char message[RNI_MESSAGE_SIZE];
    (void)snprintf(message, sizeof message, "%s", rn_last_message());
    const rn_status written = rni_record_manifest(x->run, &x->manifest);
    /* a failure keeps its own message, whatever the manifest could still say */
    if (status < 0) return rni_fail(status, "%s", message);
    return written < 0 ? written : status;
}

rn_status rni_execution_perform(rni_execution *x)
{
    char message[RNI_MESSAGE_SIZE];
    const rn_status status = perform(x);
    if (!x->run->store || (status != RN_ERR_IO && status != RN_ERR_MEMORY)) return status;
    (void)snprintf(message, sizeof message, "%.*s", RNI_MESSAGE_SIZE / 2, rn_last_message());
    return rni_fail(status, "%s; then go on from the last checkpoint: renorm resume %s", message,
                    rni_store_path(x->run->store));
}

rn_status rni_execution_begin(rni_execution *x)
{
    RNI_TRY(rni_record_headers(x->run));
    return rni_checkpoint_write(x, 0);
}

static rn_status open_folder(rni_execution *x, const rn_run_options *options)
{
    if (!options->folder && !options->parent) return RN_OK;
    RNI_TRY(rni_store_create(options->folder, options->parent, rn_config_name(x->config),
                             rn_config_text(x->config), &x->run->store));
    x->run->summary.folder = rni_store_path(x->run->store);
    return rni_execution_begin(x);
}

static rn_status execute(rni_execution *x, const rn_run_options *options)
{
    x->manifest = (rni_manifest){.start = (int64_t)time(NULL)};
    RNI_TRY(rni_execution_set_up(x, options->n_threads));
    x->manifest.seed = x->top->seed;
    x->manifest.scaling = rn_data_get_scaling(x->stage.data);
    RNI_TRY(open_folder(x, options));
    return rni_execution_perform(x);
}

rn_status rn_run_execute(const rn_config *config, const rn_run_options *options,
                         const rn_observer *observer, rn_run **out)
{
    const rn_run_options chosen = options ? *options : (rn_run_options){0};
    if (!config || !out || chosen.n_threads < 0 || chosen.n_threads > 256 || chosen.max_bytes < 0)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_run_execute: a NULL argument, or %d threads, expected 0 .. 256, or a "
                        "limit of %" PRId64 " bytes, expected >= 0",
                        chosen.n_threads, chosen.max_bytes);
    rn_run *run = rni_alloc_zero(1, sizeof *run);
    if (!run) return rni_fail(RN_ERR_MEMORY, "rn_run_execute: no memory");
    rni_execution x = {.config = config,
                       .config_text = rn_config_text(config),
                       .observer = observer,
                       .run = run,
                       .max_bytes = chosen.max_bytes};
    const rn_status status = execute(&x, &chosen);
    rni_execution_clear(&x);
    if (status < 0) {
        rn_run_destroy(run);
        return status;
    }
    *out = run;
    return status;
}
