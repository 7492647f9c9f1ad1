/*
 * States measured elsewhere, through the same measurement as a run's own: an archive fills the
 * matrices that a network would have filled.
 */
#include <renorm/measure.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "backends/blas.h"
#include "core/memory.h"
#include "core/size.h"
#include "core/text.h"
#include "run/archive.h"
#include "run/cost.h"
#include "run/execution.h"
#include "run/field.h"
#include "run/measure_exact.h"
#include "run/process.h"

typedef struct look {
    rni_archive archive;
    rni_stage stage; /* without a network: sizes, threads and a pool */
    rni_exact_settings settings;
    rni_exact *exact; /* owned */
    double *work;     /* owned, [n x P], or [n x n] for a difference; NULL where not needed */
    const rn_observer *observer;
    rn_run *run;
    rni_manifest manifest;
} look;

static const char difference[] = "finite difference, unreliable for networks with kinks";

/* ---- one state ------------------------------------------------------------------------------- */

/* tangent := M' of state i, from the archive or from the kernels around it. */
static rn_status find_tangent(look *l, rn_index i)
{
    const rni_archive *a = &l->archive;
    rni_exact *x = l->exact;
    const rn_index n = a->n_rows;
    if (a->has_rate) {
        RNI_TRY(rni_archive_read(a, "kernel_rate", i, x->tangent));
        return rni_archive_symmetrise(a, "kernel_rate", i, x->tangent);
    }
    x->lacks_tangent = a->n_states < 2;
    if (x->lacks_tangent) return RN_OK;
    const rn_index before = rni_max(i - 1, 0);
    const rn_index after = rni_min(i + 1, a->n_states - 1);
    const double share = 1.0 / (a->time[after] - a->time[before]);
    RNI_TRY(rni_archive_kernel(a, after, x->tangent, l->work));
    RNI_TRY(rni_archive_kernel(a, before, x->phi1, l->work));
    for (rn_index k = 0; k < n * n; k++)
        x->tangent[k] = share * (x->tangent[k] - x->phi1[k]);
    return RN_OK;
}

/* jv and xi: de/dt and what of it the kernel does not explain. Unknown, the error is taken to
   follow the kernel alone. */
static rn_status find_drive(look *l, rn_index i)
{
    rni_exact *x = l->exact;
    x->lacks_drive = !l->archive.has_residual_rate;
    if (!x->lacks_drive) {
        RNI_TRY(rni_archive_read(&l->archive, "residual_rate", i, x->rows));
        RNI_TRY(rni_gemv(false, x->n, x->n, 1.0, x->phi0, x->n, x->rows, 0.0, x->jv));
    }
    for (rn_index u = 0; u < x->n; u++) {
        if (x->lacks_drive) x->jv[u] = -x->lambda0[u] * x->g0[u];
        x->xi[u] = x->jv[u] + x->lambda0[u] * x->g0[u];
    }
    return RN_OK;
}

static rn_status measure_state(look *l, rn_index i, rn_snapshot *snapshot)
{
    const rni_archive *a = &l->archive;
    rni_exact *x = l->exact;
    RNI_TRY(find_tangent(l, i));
    RNI_TRY(rni_archive_kernel(a, i, x->phi0, l->work));
    RNI_TRY(rni_archive_read(a, "residual", i, x->error0));
    snapshot->record.loss = 0.5 * rni_dot(x->n, x->error0, x->error0) / (double)a->n_samples;
    RNI_TRY(rni_exact_eigen(x, x->phi0, x->error0, x->lambda0, x->g0));
    if (!x->lacks_tangent) RNI_TRY(rni_exact_project(x, x->phi0, &x->tangent, x->phi0, &x->phi1));
    RNI_TRY(find_drive(l, i));
    return rni_exact_shells(x, NULL, snapshot);
}

static void tell_progress(const look *l, rn_index i)
{
    const rn_progress progress = {
        .phase = "measuring", .done = (double)i, .total = (double)l->archive.n_states};
    if (l->observer && l->observer->progress) l->observer->progress(l->observer->user, &progress);
}

static bool should_stop(const look *l)
{
    return l->observer && l->observer->should_stop && l->observer->should_stop(l->observer->user);
}

static rn_status walk(look *l)
{
    for (rn_index i = 0; i < l->archive.n_states; i++) {
        const double missing = (double)NAN;
        rn_snapshot snapshot = {.record = {.step = i,
                                           .time = l->archive.time[i],
                                           .learning_rate = missing,
                                           .accuracy = missing,
                                           .held_out_loss = missing,
                                           .held_out_accuracy = missing,
                                           .gradient_norm = missing}};
        tell_progress(l, i);
        const double start = rni_process_seconds();
        rn_status status = measure_state(l, i, &snapshot);
        if (status >= 0) status = rni_record_add(l->run, &snapshot.record);
        if (status >= 0) status = rni_record_snapshot(l->run, &snapshot);
        rni_snapshot_clear(&snapshot);
        if (status < 0) return rni_fail_within(status, "state %" PRId64, i);
        l->run->summary.measure_s += rni_process_seconds() - start;
        l->run->summary.n_steps = i;
        if (i + 1 < l->archive.n_states && should_stop(l)) {
            l->run->summary.is_interrupted = 1;
            return rni_fail(RN_INTERRUPTED,
                            "rn_measure_file: stopped after %" PRId64 " of %" PRId64 " states",
                            i + 1, l->archive.n_states);
        }
    }
    return RN_OK;
}

/* ---- before and after ------------------------------------------------------------------------ */

/* What config.yaml says of states that no configuration made. */
static rn_status describe(const look *l, rni_text *text)
{
    const rni_archive *a = &l->archive;
    rni_text_add(text, "measured:\n  file: \"");
    for (const char *at = a->path; *at; at++)
        rni_text_add(text, *at == '"' || *at == '\\' ? "\\%c" : "%c", *at);
    rni_text_add(text, "\"\n  states: %" PRId64 "\n  rows: %" PRId64 "\n  samples: %" PRId64 "\n",
                 a->n_states, a->n_rows, a->n_samples);
    if (a->n_weights > 0) rni_text_add(text, "  weights: %" PRId64 "\n", a->n_weights);
    rni_text_add(text, "  kernel: %s\n", a->n_weights > 0 ? "from jacobian" : "given");
    rni_text_add(text, "  kernel_rate: %s\n",
                 a->has_rate       ? "given"
                 : a->n_states < 2 ? "unknown"
                                   : difference);
    rni_text_add(text, "  residual_rate: %s\n", a->has_residual_rate ? "given" : "unknown");
    return text->is_broken ? rni_fail(RN_ERR_MEMORY, "rn_measure_file: no memory") : RN_OK;
}

/* The archive's name without its ending, for a folder. */
static void name_stem(const char *path, char *stem, size_t size)
{
    const char *slash = strrchr(path, '/');
    (void)snprintf(stem, size, "%s", slash && slash[1] ? slash + 1 : path);
    char *dot = strrchr(stem, '.');
    if (dot && dot > stem) *dot = 0;
}

static rn_status open_folder(look *l, const rn_run_options *options)
{
    char stem[64];
    rni_text text = {0};
    if (!options->folder && !options->parent) return RN_OK;
    name_stem(l->archive.path, stem, sizeof stem);
    rn_status status = describe(l, &text);
    if (status == RN_OK)
        status = rni_store_create(options->folder, options->parent, stem, rni_text_get(&text),
                                  &l->run->store);
    rni_text_clear(&text);
    RNI_TRY(status);
    l->run->summary.folder = rni_store_path(l->run->store);
    return rni_record_headers(l->run);
}

static rn_status set_up(look *l, int n_threads)
{
    const rni_archive *a = &l->archive;
    rni_exact_settings chosen = {0};
    RNI_TRY(rni_options_init(rni_measure_exact.options, &chosen));
    l->settings = chosen; /* plain numbers: nothing to release */
    l->settings.conditions = false;
    l->stage = (rni_stage){.n_rows = a->n_rows, .n_threads = n_threads};
    l->stage.train.n_samples = a->n_samples;
    RNI_TRY(rni_pool_create(n_threads, &l->stage.pool));
    void *state = NULL;
    RNI_TRY(rni_measure_exact.create(&l->settings, &l->stage, &state));
    l->exact = state;
    if (a->n_weights > 0) {
        rn_index size = 0;
        l->work =
            rni_size_mul(a->n_rows, a->n_weights, &size) ? rni_alloc(size, sizeof *l->work) : NULL;
        if (!l->work)
            return rni_fail(RN_ERR_MEMORY,
                            "rn_measure_file: no memory for a Jacobian of %" PRId64 " x %" PRId64,
                            a->n_rows, a->n_weights);
    }
    l->run->summary = (rn_summary){.n_steps_planned = a->n_states - 1,
                                   .n_samples = a->n_samples,
                                   .n_outputs = a->n_rows / a->n_samples,
                                   .n_weights = a->n_weights,
                                   .n_threads = n_threads};
    return RN_OK;
}

static rn_status finish(look *l, rn_status status)
{
    char message[RNI_MESSAGE_SIZE];
    (void)snprintf(message, sizeof message, "%s", rn_last_message());
    const rn_status flushed = rni_record_flush(l->run);
    l->run->summary.peak_bytes = rni_memory_peak_bytes();
    l->run->summary.process_peak_bytes = rni_process_peak_bytes();
    l->manifest.finish = (int64_t)time(NULL);
    l->manifest.outcome = status == RN_OK ? "done" : status > 0 ? "stopped early" : "failed";
    const rn_status written = rni_record_manifest(l->run, &l->manifest);
    if (status < 0) return rni_fail(status, "%s", message);
    if (flushed < 0) return flushed;
    return written < 0 ? written : status;
}

static rn_status measure(look *l, const char *path, const rn_run_options *options)
{
    const rni_run_settings top = {.threads = 0};
    RNI_TRY(rni_archive_open(path, &l->archive));
    RNI_TRY(set_up(l, rni_cost_threads(&top, options->n_threads)));
    RNI_TRY(open_folder(l, options));
    if (!l->archive.has_rate && l->archive.n_states > 1 && l->observer && l->observer->log)
        l->observer->log(l->observer->user, RN_LOG_WARNING,
                         "the archive has no kernel_rate: dM/dt is a difference of kernels, "
                         "unreliable for networks with kinks and for states far apart");
    l->manifest.outcome = "running";
    RNI_TRY(rni_record_manifest(l->run, &l->manifest));
    return finish(l, walk(l));
}

rn_status rn_measure_file(const char *path, const rn_run_options *options,
                          const rn_observer *observer, rn_run **out)
{
    const rn_run_options chosen = options ? *options : (rn_run_options){0};
    if (!path || !out || chosen.n_threads < 0 || chosen.n_threads > RNI_POOL_MAX_THREADS)
        return rni_fail(RN_ERR_ARGUMENT, "rn_measure_file: a NULL argument, or %d threads",
                        chosen.n_threads);
    rn_run *run = rni_alloc_zero(1, sizeof *run);
    if (!run) return rni_fail(RN_ERR_MEMORY, "rn_measure_file: no memory");
    look l = {.observer = observer, .run = run, .manifest = {.start = (int64_t)time(NULL)}};
    const rn_status status = measure(&l, path, &chosen);
    if (l.exact) rni_measure_exact.destroy(l.exact);
    rni_pool_destroy(l.stage.pool);
    rni_free(l.work);
    rni_archive_clear(&l.archive);
    if (status < 0) {
        rn_run_destroy(run);
        return status;
    }
    *out = run;
    return status;
}
