/*
 * Several claims at a time, a process each.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"
#include "core/size.h"
#include "store/file.h"
#include "study/worker.h"
#include "systems/system.h"

#define MAX_JOBS  64
#define LISTEN_MS 200

typedef struct claim_job {
    const char *name;
    rn_claim_options options; /* folder: of this claim */
} claim_job;

typedef struct several {
    rn_index n;
    const rn_claim_options *options;
    const rn_observer *observer;
    rn_claim_outcome *outcomes; /* [n] */
    double *started;            /* [n] seconds */
    rni_worker workers[MAX_JOBS];
    int n_jobs;
    rni_crew crew;
    rn_index next, n_ended;
    bool is_stopping;
} several;

static double seconds_now(void)
{
    struct timespec time = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* In the child: works the claim out and says its verdict and counts. */
static rn_status work(const void *user, const rn_observer *observer, char *words)
{
    const claim_job *job = user;
    rn_claim *claim = NULL;
    int n_holding = 0;
    int n_deciding = 0;
    RNI_CLAIM_TRY(rn_claim_execute(job->name, &job->options, observer, &claim));
    for (rn_index i = 0; i < rn_claim_n_lines(claim); i++) {
        const rn_claim_line *line = rn_claim_line_at(claim, i);
        n_deciding += line->decides;
        n_holding += line->decides && line->verdict == RN_VERDICT_HOLDS;
    }
    (void)snprintf(words, RNI_WORKER_WORDS, "%d %d %d", (int)rn_claim_verdict(claim), n_holding,
                   n_deciding);
    rn_claim_destroy(claim);
    return RN_OK;
}

static rn_status start(several *x, rn_index i, rni_worker *worker)
{
    char folder[RNI_PATH_SIZE];
    RNI_TRY(rni_path_join(x->options->folder, x->outcomes[i].name, folder));
    claim_job job = {.name = x->outcomes[i].name, .options = *x->options};
    job.options.folder = folder;
    job.options.config = NULL;
    job.options.n_overrides = 0;
    RNI_TRY(rni_worker_start(&x->crew, work, &job, worker));
    worker->cell = i;
    x->started[i] = seconds_now();
    return RN_OK;
}

/* Small whole numbers between spaces. */
static int next_number(const char **text)
{
    int value = 0;
    while (**text == ' ')
        ++*text;
    for (; **text >= '0' && **text <= '9'; ++*text)
        value = 10 * value + (**text - '0');
    return value;
}

static void take(several *x, const rni_worker *worker)
{
    rn_claim_outcome *outcome = &x->outcomes[worker->cell];
    const char *text = worker->words;
    x->n_ended++;
    outcome->seconds = seconds_now() - x->started[worker->cell];
    outcome->status = worker->status;
    if (worker->status != RN_OK) {
        (void)snprintf(outcome->words, sizeof outcome->words, "%.*s",
                       (int)sizeof outcome->words - 1, worker->words);
        if (worker->status < 0 && x->observer && x->observer->log)
            x->observer->log(x->observer->user, RN_LOG_WARNING, worker->words);
        return;
    }
    outcome->verdict = (rn_verdict)next_number(&text);
    outcome->n_holding = next_number(&text);
    outcome->n_deciding = next_number(&text);
}

static void tell(const several *x)
{
    char note[96] = "";
    rn_index length = 0;
    double done = (double)x->n_ended;
    if (!x->observer || !x->observer->progress) return;
    for (int i = 0; i < x->n_jobs; i++) {
        if (!x->workers[i].is_running) continue;
        done += x->workers[i].share;
        const int more = snprintf(note + length, sizeof note - (size_t)length, "%s%s",
                                  length ? ", " : "", x->outcomes[x->workers[i].cell].name);
        length = rni_min((rn_index)sizeof note - 1, length + rni_max(more, 0));
    }
    const rn_progress progress = {
        .phase = "claims", .done = done, .total = (double)x->n, .note = note};
    x->observer->progress(x->observer->user, &progress);
}

/* Starts workers where there is room, and asks them to stop when it is time. @return true while
   any works */
static bool employ(several *x, rn_status *status)
{
    bool is_busy = false;
    const rn_observer *o = x->observer;
    if (!x->is_stopping && (*status < 0 || (o && o->should_stop && o->should_stop(o->user)))) {
        x->is_stopping = true;
        rni_crew_stop(&x->crew);
    }
    for (int i = 0; i < x->n_jobs; i++) {
        if (!x->workers[i].is_running && !x->is_stopping && x->next < x->n)
            *status = start(x, x->next++, &x->workers[i]);
        if (*status < 0) return true;
        is_busy |= x->workers[i].is_running;
    }
    return is_busy;
}

static rn_status attend(several *x)
{
    rn_status status = RN_OK;
    RNI_TRY(rni_crew_create(&x->crew));
    while (employ(x, &status)) {
        bool was[MAX_JOBS] = {false};
        bool is_busy = false;
        for (int i = 0; i < x->n_jobs; i++)
            is_busy |= was[i] = x->workers[i].is_running;
        if (!is_busy && status < 0) break;
        rni_workers_listen(x->n_jobs, x->workers, LISTEN_MS, x->observer);
        for (int i = 0; i < x->n_jobs; i++)
            if (was[i] && !x->workers[i].is_running) take(x, &x->workers[i]);
        tell(x);
    }
    rni_crew_clear(&x->crew);
    if (status < 0) return status;
    if (!x->is_stopping) return RN_OK;
    return rni_fail(RN_INTERRUPTED, "stopped after %" PRId64 " of %" PRId64 " claims", x->n_ended,
                    x->n);
}

static rn_status check(rn_index n_names, const char *const *names, const rn_claim_options *options,
                       int n_jobs, const rn_claim_outcome *outcomes)
{
    if (n_names < 0 || (n_names > 0 && !names) || !options || !options->folder || n_jobs < 1
        || n_jobs > MAX_JOBS || !outcomes)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_claims_execute: a NULL argument, no folder, or %d jobs, expected 1 .. "
                        "%d",
                        n_jobs, MAX_JOBS);
    for (rn_index i = 0; i < n_names; i++)
        if (!names[i] || !rni_system_find(names[i]))
            return rni_fail(RN_ERR_ARGUMENT,
                            "rn_claims_execute: found '%s', expected a system's "
                            "name; renorm claims --list has them",
                            names[i] ? names[i] : "");
    for (rn_index i = 0; i < n_names; i++)
        for (rn_index k = 0; k < i; k++)
            if (strcmp(names[i], names[k]) == 0)
                return rni_fail(RN_ERR_ARGUMENT,
                                "rn_claims_execute: found '%s' twice, expected it once", names[i]);
#ifndef __SANITIZE_THREAD__ /* which has a thread of its own */
    if (rni_crew_threads() > 1)
        return rni_fail(RN_ERR_DOMAIN,
                        "rn_claims_execute: found %d threads in this process, expected one: claims "
                        "are started by fork; call it before anything else",
                        rni_crew_threads());
#endif
    return rni_folder_create(options->folder);
}

rn_status rn_claims_execute(rn_index n_names, const char *const *names,
                            const rn_claim_options *options, int n_jobs,
                            const rn_observer *observer, rn_claim_outcome *outcomes)
{
    RNI_TRY(check(n_names, names, options, n_jobs, outcomes));
    several *x = rni_alloc_zero(1, sizeof *x);
    if (!x) return rni_fail(RN_ERR_MEMORY, "rn_claims_execute: no memory");
    *x = (several){.options = options, .observer = observer, .n_jobs = n_jobs, .n = n_names};
    while (n_names == 0 && rni_systems[x->n])
        x->n++;
    x->outcomes = outcomes;
    x->started = rni_alloc_zero(x->n, sizeof *x->started);
    rn_status status = RN_OK;
    if (!x->started) status = rni_fail(RN_ERR_MEMORY, "rn_claims_execute: no memory");
    for (rn_index i = 0; i < x->n; i++) {
        outcomes[i] = (rn_claim_outcome){
            .name = n_names > 0 ? names[i] : rni_systems[i]->about.name, .status = RN_INTERRUPTED};
        (void)snprintf(outcomes[i].words, sizeof outcomes[i].words, "not worked out");
    }
    if (status == RN_OK) status = attend(x);
    rni_free(x->started);
    rni_free(x);
    return status;
}
