/*
 * The life of a run: data, model, trainer and kernel are set up; then step by step a record, at
 * scheduled steps a measurement, and the next step.
 */
#include <renorm/run.h>

#include <math.h>
#include <renorm/info.h>
#include <renorm/spectra.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "run/field.h"
#include "run/measure.h"
#include "run/record.h"
#include "run/sections.h"
#include "run/stage.h"

/* Everything one execution needs beside the run it makes. */
typedef struct execution {
    const rn_config *config;
    const rni_run_settings *top;
    const rni_output_settings *output;
    const rni_measure *measure;
    const void *measure_settings;
    const rn_observer *observer;
    rn_run *run;
    rni_stage stage;
    void *measure_state;
    rn_index *schedule; /* owned, [n_schedule] steps to measure at */
    rn_index n_schedule;
    rn_index next;    /* index into schedule */
    double *theta;    /* owned, [P] before the step */
    double *velocity; /* owned, [P] */
} execution;

static double seconds_now(void)
{
    struct timespec time = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void tell(const execution *x, rn_log_level level, const char *text)
{
    if (x->observer && x->observer->log) x->observer->log(x->observer->user, level, text);
}

static bool should_stop(const execution *x)
{
    return x->observer && x->observer->should_stop && x->observer->should_stop(x->observer->user);
}

/* Work is counted in seconds: what is left costs what the same work cost so far. */
static void tell_progress(const execution *x, const char *phase, rn_index step, double loss)
{
    const rn_summary *s = &x->run->summary;
    char note[64];
    if (!x->observer || !x->observer->progress) return;
    const double per_step = step > 0 ? s->train_s / (double)step : 1e-3;
    const double per_measurement = x->next > 0 ? s->measure_s / (double)x->next : 100.0 * per_step;
    const double total = per_step * (double)x->top->steps + per_measurement * (double)x->n_schedule;
    (void)snprintf(note, sizeof note, "step %" PRId64 ", loss %.3g", step, loss);
    const rn_progress progress = {.phase = phase,
                                  .done =
                                      per_step * (double)step + per_measurement * (double)x->next,
                                  .total = total > 0.0 ? total : 1.0,
                                  .note = note};
    x->observer->progress(x->observer->user, &progress);
}

/* ---- setting up ------------------------------------------------------------------------------ */

static void warn_about_libraries(const execution *x)
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
        tell(x, RN_LOG_WARNING, text);
    }
    if (!info.blas_is_openmp)
        tell(x, RN_LOG_WARNING,
             "the pthread build of OpenBLAS was loaded; the OpenMP build is faster here");
}

/* lambda_max(0), where the step size counts in its units. */
static rn_status give_scale(execution *x)
{
    const rn_index n = x->stage.n_rows;
    const double *inputs = NULL;
    rn_index square = 0;
    rn_index total = 0;
    if (!rn_dynamics_needs_scale(x->stage.dynamics)) return RN_OK;
    double *block = rni_size_mul(n, n, &square) && rni_size_add(square, n, &total)
                        ? rni_alloc(total, sizeof *block)
                        : NULL;
    if (!block)
        return rni_fail(RN_ERR_MEMORY,
                        "rn_run_execute: no memory for the kernel of %" PRId64
                        " rows that a relative step size needs",
                        n);
    const rn_kernel_point point =
        rni_stage_point(&x->stage, rn_trainer_theta(x->stage.trainer), &inputs);
    /* one thread: the training must not depend on how many there are */
    const rn_spectra_options chosen = {.n_threads = 1};
    rn_status status = rn_kernel_assemble(x->stage.kernel, &point, block + n);
    if (status == RN_OK) status = rn_spectra_values(n, block + n, n, &chosen, block, NULL);
    if (status == RN_OK) status = rn_trainer_set_scale(x->stage.trainer, block[n - 1]);
    rni_free(block);
    return status;
}

static rn_status make_schedule(execution *x)
{
    const rn_index wanted = x->measure->count(x->measure_settings);
    const rn_index most = rni_max(2, rni_min(wanted, x->top->steps + 1));
    x->schedule = rni_alloc(most, sizeof *x->schedule);
    if (!x->schedule) return rni_fail(RN_ERR_MEMORY, "rn_run_execute: no memory for a schedule");
    x->n_schedule = rni_schedule_log(x->top->steps, wanted, x->schedule);
    return RN_OK;
}

static int choose_threads(const execution *x, const rn_run_options *options)
{
    if (options->n_threads) return options->n_threads;
    if (x->top->threads) return (int)x->top->threads;
    rn_info info;
    rn_info_get(&info);
    return info.processors < RNI_POOL_MAX_THREADS ? info.processors : RNI_POOL_MAX_THREADS;
}

static rn_status make_vectors(execution *x)
{
    x->theta = rni_alloc(x->stage.n_weights, sizeof *x->theta);
    x->velocity = rni_alloc(x->stage.n_weights, sizeof *x->velocity);
    if (x->theta && x->velocity) return RN_OK;
    return rni_fail(RN_ERR_MEMORY, "rn_run_execute: no memory for %" PRId64 " weights",
                    x->stage.n_weights);
}

static rn_status open_folder(execution *x, const rn_run_options *options)
{
    if (!options->folder && !options->parent) return RN_OK;
    RNI_TRY(rni_store_create(options->folder, options->parent, rn_config_name(x->config),
                             rn_config_text(x->config), &x->run->store));
    x->run->summary.folder = rni_store_path(x->run->store);
    return rni_record_headers(x->run);
}

static rn_status set_up(execution *x, const rn_run_options *options)
{
    const rni_settings *settings = rni_config_settings(x->config);
    const int n_threads = choose_threads(x, options);
    x->measure = rni_measure_find(rni_settings_table(settings, "measure"));
    x->measure_settings = rni_settings_get(settings, "measure");
    RNI_TRY(rni_stage_create(x->config, (uint64_t)x->top->seed, n_threads, &x->stage));
    RNI_TRY(make_schedule(x));
    RNI_TRY(give_scale(x));
    RNI_TRY(x->measure->create(x->measure_settings, &x->stage, &x->measure_state));
    RNI_TRY(make_vectors(x));
    x->run->summary = (rn_summary){.n_steps_planned = x->top->steps,
                                   .n_samples = x->stage.train.n_samples,
                                   .n_outputs = rn_model_n_outputs(x->stage.model),
                                   .n_weights = x->stage.n_weights,
                                   .n_held_out = x->stage.held_out.n_samples,
                                   .has_kinks = x->stage.has_kinks,
                                   .n_threads = n_threads};
    return open_folder(x, options);
}

/* ---- one step -------------------------------------------------------------------------------- */

static bool is_measured(const execution *x, rn_index step)
{
    return x->next < x->n_schedule && x->schedule[x->next] == step;
}

static rn_status evaluate(execution *x, rn_record *record)
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

static rn_status make_record(execution *x, rn_index step, rn_record *record)
{
    const rn_index every = x->output->held_out_every;
    const rn_train_state state = rn_trainer_state(x->stage.trainer);
    const double missing = (double)NAN;
    *record = (rn_record){.step = step,
                          .time = state.time,
                          .learning_rate = rn_trainer_step_size(x->stage.trainer),
                          .accuracy = missing,
                          .held_out_loss = missing,
                          .held_out_accuracy = missing};
    /* the gradient is the greater part of the step that follows */
    const double start = seconds_now();
    RNI_TRY(rn_trainer_gradient(x->stage.trainer, &record->loss, NULL, &record->gradient_norm));
    x->run->summary.train_s += seconds_now() - start;
    if (is_measured(x, step) || (every > 0 && step % every == 0)) RNI_TRY(evaluate(x, record));
    return RN_OK;
}

static rn_status advance(execution *x, rn_index to_step)
{
    const double start = seconds_now();
    const rn_status status = rn_trainer_advance(x->stage.trainer, to_step, NULL);
    x->run->summary.train_s += seconds_now() - start;
    if (status == RN_OK) x->run->summary.n_steps = to_step;
    return status;
}

/* Measures at the present step and takes the step that follows, if there is one. */
static rn_status measure_and_advance(execution *x, const rn_record *record)
{
    rn_trainer *trainer = x->stage.trainer;
    rn_snapshot snapshot = {.record = *record};
    rni_moment moment = {.theta = x->theta, .velocity = x->velocity};
    memcpy(x->theta, rn_trainer_theta(trainer), (size_t)x->stage.n_weights * sizeof *x->theta);
    RNI_TRY(rn_trainer_velocity(trainer, x->velocity));
    if (record->step < x->top->steps) {
        const double before = rn_trainer_state(trainer).time;
        RNI_TRY(advance(x, record->step + 1));
        moment.next = rn_trainer_theta(trainer);
        moment.tau = rn_trainer_state(trainer).time - before;
    }
    tell_progress(x, "measuring", record->step, record->loss);
    const double start = seconds_now();
    rn_status status = x->measure->take(x->measure_state, &moment, &snapshot);
    if (status >= 0) status = rni_record_snapshot(x->run, &snapshot);
    rni_snapshot_clear(&snapshot);
    x->run->summary.measure_s += seconds_now() - start;
    x->next++;
    return status < 0 ? rni_fail_within(status, "at step %" PRId64, record->step) : RN_OK;
}

/* The record of a step, its measurement where one is due, and the step itself. */
static rn_status take_step(execution *x, rn_index step)
{
    rn_record record;
    const bool is_last = step == x->top->steps;
    RNI_TRY(make_record(x, step, &record));
    if (is_last || is_measured(x, step) || step % x->output->record_every == 0)
        RNI_TRY(rni_record_add(x->run, &record));
    if (is_measured(x, step))
        RNI_TRY(measure_and_advance(x, &record));
    else if (!is_last)
        RNI_TRY(advance(x, step + 1));
    tell_progress(x, "training", x->run->summary.n_steps, record.loss);
    return RN_OK;
}

static rn_status walk(execution *x)
{
    for (rn_index step = 0; step <= x->top->steps; step++) {
        RNI_TRY(take_step(x, step));
        if (step == x->top->steps || !should_stop(x)) continue;
        x->run->summary.is_interrupted = 1;
        return rni_fail(RN_INTERRUPTED,
                        "rn_run_execute: stopped after step %" PRId64 " of %" PRId64,
                        x->run->summary.n_steps, x->top->steps);
    }
    return RN_OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static rn_status perform(execution *x, const rn_run_options *options)
{
    rni_manifest manifest = {
        .seed = x->top->seed, .start = (int64_t)time(NULL), .outcome = "running"};
    RNI_TRY(set_up(x, options));
    warn_about_libraries(x);
    RNI_TRY(rni_record_manifest(x->run, &manifest));
    rn_status status = walk(x);
    const rn_status flushed = rni_record_flush(x->run);
    if (status >= 0 && flushed < 0) status = flushed;
    x->run->summary.peak_bytes = rni_memory_peak_bytes();
    manifest.finish = (int64_t)time(NULL);
    manifest.outcome = status == RN_OK ? "done" : status > 0 ? "stopped early" : "failed";
    /* a failure keeps its own message: the manifest then only says what it can */
    if (status < 0) {
        char message[RNI_MESSAGE_SIZE];
        (void)snprintf(message, sizeof message, "%s", rn_last_message());
        if (rni_record_manifest(x->run, &manifest) < 0) return rni_fail(status, "%s", message);
        return status;
    }
    const rn_status written = rni_record_manifest(x->run, &manifest);
    return written < 0 ? written : status;
}

static void clear(execution *x)
{
    if (x->measure) x->measure->destroy(x->measure_state);
    rni_stage_clear(&x->stage);
    rni_free(x->schedule);
    rni_free(x->theta);
    rni_free(x->velocity);
}

rn_status rn_run_execute(const rn_config *config, const rn_run_options *options,
                         const rn_observer *observer, rn_run **out)
{
    const rn_run_options chosen = options ? *options : (rn_run_options){0};
    if (!config || !out || chosen.n_threads < 0 || chosen.n_threads > 256)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_run_execute: a NULL argument, or %d threads, expected 0 .. 256",
                        chosen.n_threads);
    const rni_settings *settings = rni_config_settings(config);
    rn_run *run = rni_alloc_zero(1, sizeof *run);
    if (!run) return rni_fail(RN_ERR_MEMORY, "rn_run_execute: no memory");
    execution x = {.config = config,
                   .top = rni_settings_get(settings, ""),
                   .output = rni_settings_get(settings, "output"),
                   .observer = observer,
                   .run = run};
    const rn_status status = perform(&x, &chosen);
    clear(&x);
    if (status < 0) {
        rn_run_destroy(run);
        return status;
    }
    *out = run;
    return status;
}

void rn_run_destroy(rn_run *run)
{
    if (!run) return;
    for (rn_index i = 0; i < run->n_snapshots; i++)
        rni_snapshot_clear(&run->snapshots[i]);
    rni_free(run->snapshots);
    rni_free(run->records);
    rni_text_clear(&run->lines);
    rni_store_destroy(run->store);
    rni_free(run);
}

void rn_run_summary(const rn_run *run, rn_summary *summary)
{
    *summary = run->summary;
}

rn_index rn_run_n_records(const rn_run *run)
{
    return run->n_records;
}

const rn_record *rn_run_record(const rn_run *run, rn_index i)
{
    return i >= 0 && i < run->n_records ? &run->records[i] : NULL;
}

rn_index rn_run_n_snapshots(const rn_run *run)
{
    return run->n_snapshots;
}

const rn_snapshot *rn_run_snapshot(const rn_run *run, rn_index i)
{
    return i >= 0 && i < run->n_snapshots ? &run->snapshots[i] : NULL;
}

const char *rn_run_file(const rn_run *run, rn_index i)
{
    return run->store ? rni_store_file(run->store, i) : NULL;
}
