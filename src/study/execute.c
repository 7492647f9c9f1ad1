/*
 * A study's work: look what is there, start workers for what is missing, write the tables.
 */
#include <renorm/study.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backends/yaml.h"
#include "core/memory.h"
#include "core/reader.h"
#include "core/size.h"
#include "core/status.h"
#include "store/file.h"
#include "study/cell_work.h"
#include "study/study.h"
#include "study/tabulate.h"
#include "study/worker.h"

#define MAX_JOBS     256
#define MAX_STUDY    ((rn_index)8 << 20)
#define LISTEN_MS    100
#define LOCK_TRIES   50 /* of 0.1 s: cells of a killed study end after their step */
#define MAX_WARNINGS 16

typedef struct execution {
    const rn_study *study;
    const char *folder;
    const rn_observer *observer;
    rn_observer warnings; /* for workers: every text once */
    char *told[MAX_WARNINGS];
    int n_told;
    rn_index n_cells;
    rni_cell_state *states; /* [n_cells] */
    rni_worker *workers;    /* [n_jobs] */
    rni_crew crew;
    rn_study_result result;
    rn_index max_bytes; /* of one cell */
    rn_index n_ended;   /* cells that ended in this call */
    bool is_stopping;
} execution;

/* ---- the folder ------------------------------------------------------------------------------ */

static rn_status take_lock(const char *folder, rni_lock **lock)
{
    const struct timespec pause = {.tv_nsec = 100000000};
    rn_status status = rni_lock_take(folder, lock);
    for (int i = 0; i < LOCK_TRIES && status == RN_ERR_IO; i++) {
        (void)nanosleep(&pause, NULL);
        status = rni_lock_take(folder, lock);
    }
    return status;
}

static bool is_folder(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

/* *text: of study.yaml, NULL where there is none; rni_free. */
static rn_status read_study(const char *path, char **text)
{
    struct stat found;
    rn_index n_bytes = 0;
    *text = NULL;
    if (stat(path, &found) != 0) return RN_OK;
    return rni_file_read(path, MAX_STUDY, text, &n_bytes);
}

/* Whether the study of a file, resolved by this version, is the one at hand: earlier versions wrote
   out fewer defaults. */
static rn_status compare_resolved(const execution *x, const char *path, bool *is_same)
{
    rn_study *there = NULL;
    const rn_status status = rn_study_load(path, &there);
    *is_same = status == RN_OK && strcmp(rn_study_text(there), rn_study_text(x->study)) == 0;
    rn_study_destroy(there);
    return status == RN_ERR_MEMORY ? status : RN_OK;
}

static rn_status check_study(const execution *x, const char *path, bool *is_there)
{
    char *text = NULL;
    RNI_TRY(read_study(path, &text));
    *is_there = text != NULL;
    bool is_same = text && strcmp(text, rn_study_text(x->study)) == 0;
    rni_free(text);
    if (*is_there && !is_same) RNI_TRY(compare_resolved(x, path, &is_same));
    if (!*is_there || is_same) return RN_OK;
    return rni_fail(RN_ERR_CONFIG,
                    "%s: found another study, expected this one or an empty folder; choose another "
                    "folder, or go on with the one there: renorm study %s",
                    path, x->folder);
}

/* Makes sure of a folder that may be locked: one with this study in it, or an empty one. */
static rn_status prepare_folder(const execution *x, const char *path)
{
    char part[RNI_PATH_SIZE];
    bool is_there = false;
    RNI_TRY(check_study(x, path, &is_there));
    if (is_there) return RN_OK;
    RNI_TRY(rni_path_join(x->folder, ".study.yaml.part", part));
    (void)unlink(part); /* of a study that was killed before it began */
    return rni_folder_create(x->folder);
}

/* Looks again, now that nobody else may write there. */
static rn_status write_study(const execution *x, const char *path)
{
    const char *text = rn_study_text(x->study);
    bool is_there = false;
    RNI_TRY(prepare_folder(x, path));
    RNI_TRY(check_study(x, path, &is_there));
    return is_there ? RN_OK : rni_file_write(path, text, (rn_index)strlen(text));
}

/* Locks the folder and sees to it that study.yaml and cells/ are there. */
static rn_status prepare(const execution *x, rni_lock **lock)
{
    char path[RNI_PATH_SIZE];
    char cells[RNI_PATH_SIZE];
    RNI_TRY(rni_path_join(x->folder, "study.yaml", path));
    RNI_TRY(rni_path_join(x->folder, "cells", cells));
    RNI_TRY(prepare_folder(x, path));
    RNI_TRY(take_lock(x->folder, lock));
    RNI_TRY(write_study(x, path));
    return is_folder(cells) ? RN_OK : rni_folder_create(cells);
}

/* path[RNI_PATH_SIZE] := folder of a cell. */
static rn_status cell_folder(const execution *x, rn_index i, char *path)
{
    char cells[RNI_PATH_SIZE];
    rn_study_cell cell;
    RNI_TRY(rn_study_cell_get(x->study, i, &cell));
    RNI_TRY(rni_path_join(x->folder, "cells", cells));
    return rni_path_join(cells, cell.name, path);
}

/* What a cell's manifest says; whether its files are sound shows when they are read. */
static rn_status look_at(const execution *x, rn_index i, rni_outcome *outcome)
{
    char folder[RNI_PATH_SIZE];
    char path[RNI_PATH_SIZE];
    rni_document *document = NULL;
    *outcome = RNI_CELL_MISSING;
    RNI_TRY(cell_folder(x, i, folder));
    if (!is_folder(folder)) return RN_OK;
    *outcome = RNI_CELL_STOPPED;
    RNI_TRY(rni_path_join(folder, "manifest.yaml", path));
    const rn_status status = rni_yaml_read(path, &document);
    if (status == RN_ERR_MEMORY) return status;
    const rni_node *root = status == RN_OK ? rni_document_root(document) : NULL;
    const rni_node *said =
        root && root->type == RNI_NODE_MAPPING ? rni_node_find(root, "outcome") : NULL;
    if (said && said->text && strcmp(said->text, "done") == 0) *outcome = RNI_CELL_DONE;
    rni_document_destroy(document);
    return RN_OK;
}

static rn_status look(execution *x)
{
    for (rn_index i = 0; i < x->n_cells; i++) {
        RNI_TRY(look_at(x, i, &x->states[i].outcome));
        x->result.n_before += x->states[i].outcome == RNI_CELL_DONE;
    }
    return RN_OK;
}

/* ---- the work -------------------------------------------------------------------------------- */

/* A warning that many cells share is told once. */
static void warn_once(void *user, rn_log_level level, const char *text)
{
    execution *x = user;
    if (!x->observer || !x->observer->log) return;
    for (int i = 0; i < x->n_told; i++)
        if (strcmp(x->told[i], text) == 0) return;
    if (x->n_told == MAX_WARNINGS) return;
    char *copy = rni_copy_text(text);
    if (copy) x->told[x->n_told++] = copy;
    x->observer->log(x->observer->user, level, text);
}

static void tell_progress(const execution *x)
{
    if (!x->observer || !x->observer->progress) return;
    double done = (double)x->n_ended;
    rn_index n_running = 0;
    for (int i = 0; i < x->result.n_jobs; i++) {
        if (!x->workers[i].is_running) continue;
        done += x->workers[i].share;
        n_running++;
    }
    char note[64];
    (void)snprintf(note, sizeof note, "%" PRId64 " of %" PRId64 ", %" PRId64 " failed",
                   x->result.n_before + x->n_ended, x->n_cells, x->result.n_failed);
    const rn_index total = x->n_cells - x->result.n_before;
    const rn_progress progress = {
        .phase = "cells", .done = done, .total = total > 0 ? (double)total : 1.0, .note = note};
    x->observer->progress(x->observer->user, &progress);
}

/* Keeps a failure and tells it. */
static rn_status keep_failure(execution *x, rn_index i, const char *message)
{
    rn_study_cell cell;
    rni_text text = {0};
    RNI_TRY(rn_study_cell_get(x->study, i, &cell));
    RNI_TRY(rni_cell_fail(&x->states[i], message));
    x->result.n_failed++;
    if (x->observer && x->observer->log) {
        rni_text_add(&text, "cell %s failed: %s", cell.name, message);
        x->observer->log(x->observer->user, RN_LOG_WARNING, rni_text_get(&text));
        rni_text_clear(&text);
    }
    return RN_OK;
}

static rn_status take_result(execution *x, const rni_worker *worker)
{
    rni_cell_state *state = &x->states[worker->cell];
    x->n_ended++;
    if (worker->status < 0) return keep_failure(x, worker->cell, worker->words);
    state->outcome = worker->status == RN_OK ? RNI_CELL_DONE : RNI_CELL_STOPPED;
    return RN_OK;
}

static rn_status start(execution *x, rn_index i, rni_worker *worker)
{
    char folder[RNI_PATH_SIZE];
    rn_config *config = NULL;
    RNI_TRY(cell_folder(x, i, folder));
    RNI_TRY(rn_study_config(x->study, i, &config));
    const rni_cell_job job = {.config = config,
                              .folder = folder,
                              .n_threads = x->result.n_threads,
                              .max_bytes = x->max_bytes};
    const rn_status status = rni_worker_start(&x->crew, rni_cell_work, &job, worker);
    rn_config_destroy(config);
    if (status == RN_OK) worker->cell = i;
    return status;
}

static bool is_asked_to_stop(const execution *x)
{
    return x->observer && x->observer->should_stop && x->observer->should_stop(x->observer->user);
}

/* Listens once and takes in who ended. @return the first error */
static rn_status attend(execution *x)
{
    bool was_running[MAX_JOBS] = {false};
    rn_status status = RN_OK;
    for (int i = 0; i < x->result.n_jobs; i++)
        was_running[i] = x->workers[i].is_running;
    rni_workers_listen(x->result.n_jobs, x->workers, LISTEN_MS, &x->warnings);
    for (int i = 0; i < x->result.n_jobs; i++) {
        if (!was_running[i] || x->workers[i].is_running) continue;
        const rn_status taken = take_result(x, &x->workers[i]);
        if (status == RN_OK) status = taken;
    }
    tell_progress(x);
    return status;
}

static bool any_running(const execution *x)
{
    for (int i = 0; i < x->result.n_jobs; i++)
        if (x->workers[i].is_running) return true;
    return false;
}

/* The next cell that is to be done, from `from` on; n_cells: none. */
static rn_index next_cell(const execution *x, rn_index from)
{
    while (from < x->n_cells && x->states[from].outcome == RNI_CELL_DONE)
        from++;
    return from;
}

/* Starts workers where there is room. */
static rn_status employ(execution *x, rn_index *next)
{
    for (int i = 0; i < x->result.n_jobs; i++) {
        *next = next_cell(x, *next);
        if (x->workers[i].is_running || *next >= x->n_cells) continue;
        RNI_TRY(start(x, *next, &x->workers[i]));
        ++*next;
    }
    return RN_OK;
}

static rn_status work(execution *x)
{
    rn_index next = 0;
    rn_status status = RN_OK;
    for (;;) {
        if (!x->is_stopping && is_asked_to_stop(x)) {
            x->is_stopping = true;
            rni_crew_stop(&x->crew);
        }
        if (status == RN_OK && !x->is_stopping) status = employ(x, &next);
        if (status < 0 && !x->is_stopping) {
            x->is_stopping = true;
            rni_crew_stop(&x->crew);
        }
        if (!any_running(x)) return status;
        const rn_status attended = attend(x);
        if (status == RN_OK) status = attended;
    }
}

/* ---- the whole ------------------------------------------------------------------------------- */

static rn_status perform(execution *x)
{
    RNI_TRY(look(x));
    RNI_TRY(rni_crew_create(&x->crew));
    const rn_status status = work(x);
    rni_crew_clear(&x->crew);
    if (status < 0) return status;
    RNI_TRY(rni_study_tabulate(x->study, x->folder, x->states, x->observer));
    x->result.n_failed = 0;
    for (rn_index i = 0; i < x->n_cells; i++) {
        x->result.n_finished += x->states[i].outcome == RNI_CELL_DONE;
        x->result.n_failed += x->states[i].outcome == RNI_CELL_FAILED;
    }
    if (!x->is_stopping) return RN_OK;
    return rni_fail(RN_INTERRUPTED, "stopped after %" PRId64 " of %" PRId64 " cells",
                    x->result.n_finished, x->n_cells);
}

static rn_status check_options(const rn_study *study, const rn_study_options *options,
                               const rn_study_result *result)
{
    if (!study || !options || !options->folder || !result || options->n_jobs < 0
        || options->n_jobs > MAX_JOBS || options->max_bytes < 0)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_study_execute: a NULL argument, %d jobs, expected 0 .. %d, or a limit "
                        "below 0",
                        options ? options->n_jobs : 0, MAX_JOBS);
#ifndef __SANITIZE_THREAD__ /* which has a thread of its own */
    const int n_threads = rni_crew_threads();
    if (n_threads > 1)
        return rni_fail(RN_ERR_DOMAIN,
                        "rn_study_execute: found %d threads in this process, expected one: cells "
                        "are started by fork; execute the study before anything else, or use "
                        "renorm study",
                        n_threads);
#endif
    return RN_OK;
}

rn_status rn_study_execute(const rn_study *study, const rn_study_options *options,
                           const rn_observer *observer, rn_study_result *result)
{
    RNI_TRY(check_options(study, options, result));
    rn_study_shape shape;
    rn_study_shape_get(study, &shape);
    const long found = sysconf(_SC_NPROCESSORS_ONLN);
    const int n_processors = found > 0 ? (int)rni_min(found, MAX_JOBS) : 1;
    execution x = {
        .study = study, .folder = options->folder, .observer = observer, .n_cells = shape.n_cells};
    x.warnings = (rn_observer){.log = warn_once, .user = &x};
    x.result.n_cells = shape.n_cells;
    x.result.n_jobs = options->n_jobs > 0 ? options->n_jobs : n_processors;
    x.result.n_threads = n_processors > x.result.n_jobs ? n_processors / x.result.n_jobs : 1;
    x.max_bytes = options->max_bytes / x.result.n_jobs;
    if (options->max_bytes > 0 && x.max_bytes == 0) x.max_bytes = 1;
    x.states = rni_alloc_zero(shape.n_cells, sizeof *x.states);
    x.workers = rni_alloc_zero(x.result.n_jobs, sizeof *x.workers);
    rni_lock *lock = NULL;
    rn_status status = RN_ERR_MEMORY;
    if (x.states && x.workers) {
        status = prepare(&x, &lock);
        if (status == RN_OK) status = perform(&x);
    } else {
        (void)rni_fail(status, "rn_study_execute: no memory");
    }
    rni_lock_release(lock);
    for (rn_index i = 0; x.states && i < x.n_cells; i++)
        rni_free(x.states[i].message);
    for (int i = 0; i < x.n_told; i++)
        rni_free(x.told[i]);
    rni_free(x.states);
    rni_free(x.workers);
    if (status >= 0) *result = x.result;
    return status;
}
