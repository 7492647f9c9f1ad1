/*
 * The time of a run from a few of its parts: training steps as they are, writing to the disk, and
 * measurements on few samples, whose time over n rows is a + b n^2.4: the operations grow as n^2
 * and n^3, and threads and caches serve larger matrices better. The exponent was chosen so that
 * plans of the configurations in docs/performance.md, 200 to 2560 rows, come out within a factor 2.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "run/cost.h"
#include "run/field.h"
#include "run/process.h"

/* Seconds and steps given to training. */
#define TRAIN_SECONDS 0.4
#define TRAIN_STEPS   2000

/* Rows of the larger trial measurement, how often it is repeated, and its growth with n. */
#define TRIAL_ROWS 512
#define TRIALS     3
#define GROWTH     2.4

/* Rows of both trials of a matrix-free one, which grows as n. */
#define FREE_ROWS     2048
#define FREE_ROWS_FEW 512

/* Times that a measurement waits for the disk: file, folder, three tables. */
#define WAITS 5

/* Rounds of the power iteration for lambda_max(0), known to a few per cent. */
#define POWER_ROUNDS 12

static bool should_stop(const rn_observer *o)
{
    return o && o->should_stop && o->should_stop(o->user);
}

/* ---- training -------------------------------------------------------------------------------- */

/* u := u / |u|_2; returns |u|_2, where u stays when it is 0 or not finite. */
static double normalise(rn_index n, double *u)
{
    double sum = 0.0;
    for (rn_index i = 0; i < n; i++)
        sum += u[i] * u[i];
    const double norm = sqrt(sum);
    if (!(norm > 0.0) || !isfinite(norm)) return norm;
    for (rn_index i = 0; i < n; i++)
        u[i] /= norm;
    return norm;
}

/* u := M u / |M u| some times; *lambda := the last |M u|. work: [P]. */
static rn_status power_iteration(const rni_stage *stage, double *u, double *work, double *lambda)
{
    const rn_kernel_point point = rni_stage_point(stage, rn_trainer_theta(stage->trainer));
    for (rn_index i = 0; i < stage->n_rows; i++)
        u[i] = i % 2 ? 1.0 : 0.5;
    double norm = normalise(stage->n_rows, u);
    for (int round = 0; round < POWER_ROUNDS && norm > 0.0 && isfinite(norm); round++) {
        RNI_TRY(rn_jacobian_apply_transpose(stage->kernel, &point, u, work));
        RNI_TRY(rn_jacobian_apply(stage->kernel, &point, work, u));
        norm = normalise(stage->n_rows, u);
    }
    *lambda = norm / (double)stage->train.n_samples;
    return RN_OK;
}

static rn_status give_scale(const rni_stage *stage)
{
    double lambda = 0.0;
    if (!rn_dynamics_needs_scale(stage->dynamics)) return RN_OK;
    double *u = rni_alloc(stage->n_rows + stage->n_weights, sizeof *u);
    if (!u) return rni_fail(RN_ERR_MEMORY, "rn_cost_create: no memory for a vector");
    rn_status status = power_iteration(stage, u, u + stage->n_rows, &lambda);
    rni_free(u);
    if (status == RN_OK && !(lambda > 0.0))
        status = rni_fail(RN_ERR_DOMAIN, "rn_cost_create: the kernel at the start is 0: the "
                                         "network does not depend on its weights");
    return status == RN_OK ? rn_trainer_set_scale(stage->trainer, lambda) : status;
}

/* Steps as a run takes them; the later half counts, when caches and integrator have settled. */
static rn_status time_steps(const rni_cost_input *input, rn_cost_summary *s)
{
    rn_trainer *trainer = input->stage->trainer;
    const rn_index most = rni_min(input->top->steps, TRAIN_STEPS);
    const rn_index every = rni_cost_record_every(input->output, input->stage);
    double marks[TRAIN_STEPS + 1];
    rn_index done = 0;
    marks[0] = rni_process_seconds();
    while (done < most && marks[done] - marks[0] < TRAIN_SECONDS) {
        double norm = 0.0;
        if (input->stage->epoch == 1 || done % every == 0)
            RNI_TRY(rn_trainer_gradient(trainer, NULL, NULL, &norm));
        RNI_TRY(rn_trainer_advance(trainer, done + 1, NULL));
        marks[++done] = rni_process_seconds();
    }
    const rn_index first = done / 2;
    s->step_s = done > 0 ? (marks[done] - marks[first]) / (double)(done - first) : 0.0;
    s->train_s = s->step_s * (double)input->top->steps;
    return RN_OK;
}

static rn_status time_evaluation(const rni_stage *stage, double *seconds)
{
    rn_evaluation found;
    const double start = rni_process_seconds();
    if (stage->train.labels) RNI_TRY(rn_trainer_evaluate(stage->trainer, &stage->train, &found));
    if (stage->held_out.n_samples > 0)
        RNI_TRY(rn_trainer_evaluate(stage->trainer, &stage->held_out, &found));
    *seconds = rni_process_seconds() - start;
    return RN_OK;
}

/* ---- measuring ------------------------------------------------------------------------------- */

/* The state of a step, for measurements to look at. */
typedef struct trial {
    const rni_cost_input *input;
    rni_moment moment;
    double *vectors; /* owned, [3 x P] */
} trial;

static rn_status make_trial(const rni_cost_input *input, trial *t)
{
    rn_trainer *trainer = input->stage->trainer;
    const rn_index n = input->stage->n_weights;
    double *vectors = rni_alloc(3 * n, sizeof *vectors);
    if (!vectors)
        return rni_fail(RN_ERR_MEMORY, "rn_cost_create: no memory for %" PRId64 " weights", n);
    *t = (trial){.input = input, .vectors = vectors};
    t->moment = (rni_moment){.theta = vectors, .velocity = vectors + n, .next = vectors + 2 * n};
    const rn_train_state before = rn_trainer_state(trainer);
    memcpy(vectors, rn_trainer_theta(trainer), (size_t)n * sizeof *vectors);
    RNI_TRY(rn_trainer_velocity(trainer, vectors + n));
    RNI_TRY(rn_trainer_advance(trainer, before.step + 1, NULL));
    memcpy(vectors + 2 * n, rn_trainer_theta(trainer), (size_t)n * sizeof *vectors);
    t->moment.tau = rn_trainer_state(trainer).time - before.time;
    return RN_OK;
}

static int compare(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Seconds of one measurement at some step; *looks_at_blocks: it did what only step 0 does. */
static rn_status time_once(const trial *t, void *state, rn_index step, double *seconds,
                           bool *looks_at_blocks)
{
    rn_snapshot snapshot = {.record = {.step = step, .time = (double)step * t->moment.tau}};
    const double start = rni_process_seconds();
    const rn_status status = t->input->measure->take(state, &t->moment, &snapshot);
    *seconds = rni_process_seconds() - start;
    *looks_at_blocks = snapshot.n_blocks > 0;
    rni_snapshot_clear(&snapshot);
    return status;
}

/* One measurement on the first n_samples: the median of some, after one that makes the plans; and
   what the first of a run takes beyond that. */
static rn_status time_snapshot(const trial *t, rn_index n_samples, double *seconds, double *extra)
{
    rni_stage stage = *t->input->stage;
    void *state = NULL;
    double found[TRIALS + 1] = {0};
    stage.n_rows = stage.n_rows / stage.train.n_samples * n_samples;
    stage.train.n_samples = n_samples;
    RNI_TRY(t->input->measure->create(t->input->measure_settings, &stage, &state));
    double first = 0.0;
    bool looks = false;
    bool unused = false;
    rn_status status = time_once(t, state, 0, &found[0], &looks);
    for (int i = 1; i <= TRIALS && status >= 0; i++)
        status = time_once(t, state, 1, &found[i], &unused);
    if (status >= 0 && looks) status = time_once(t, state, 0, &first, &unused);
    t->input->measure->destroy(state);
    if (status < 0) return status;
    qsort(found + 1, TRIALS, sizeof *found, compare);
    *seconds = found[1 + TRIALS / 2];
    *extra = fmax(first - *seconds, 0.0);
    return RN_OK;
}

/* Two numbers of samples and the straight line through them. */
static rn_status time_products(const trial *t, const rn_observer *observer, double *seconds,
                               double *extra)
{
    const rni_stage *stage = t->input->stage;
    const rn_index n_samples = stage->train.n_samples;
    const rn_index some = rni_max(FREE_ROWS * n_samples / stage->n_rows, 2);
    const rn_index few = rni_max(FREE_ROWS_FEW * n_samples / stage->n_rows, 1);
    double low = 0.0;
    double high = 0.0;
    double unused = 0.0;
    if (n_samples <= some) return time_snapshot(t, n_samples, seconds, extra);
    RNI_TRY(time_snapshot(t, some, &high, extra));
    if (should_stop(observer)) return rni_fail(RN_INTERRUPTED, "rn_cost_create: stopped");
    RNI_TRY(time_snapshot(t, few, &low, &unused));
    /* a busy machine may turn them round */
    const double slope = fmax(high - low, 0.1 * high) / (double)(some - few);
    *seconds = high + slope * (double)(n_samples - some);
    return RN_OK;
}

static rn_status time_snapshots(const trial *t, const rn_observer *observer, double *seconds,
                                double *extra)
{
    if (t->input->measure->is_matrix_free) return time_products(t, observer, seconds, extra);
    const rni_stage *stage = t->input->stage;
    const rn_index n_samples = stage->train.n_samples;
    const rn_index few = rni_max(TRIAL_ROWS * n_samples / stage->n_rows, 1);
    if (n_samples <= few) return time_snapshot(t, n_samples, seconds, extra);
    double one = 0.0;
    double some = 0.0;
    double unused = 0.0;
    RNI_TRY(time_snapshot(t, few, &some, extra));
    if (should_stop(observer)) return rni_fail(RN_INTERRUPTED, "rn_cost_create: stopped");
    RNI_TRY(time_snapshot(t, 1, &one, &unused));
    one = fmin(one, 0.5 * some); /* a busy machine may turn them round */
    *seconds = one + (some - one) * pow((double)n_samples / (double)few, GROWTH);
    return RN_OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

rn_status rni_cost_time(const rni_cost_input *input, const rn_observer *observer,
                        rn_cost_summary *s)
{
    trial t = {.input = input};
    double evaluation = 0.0;
    double extra = 0.0;
    RNI_TRY(give_scale(input->stage));
    RNI_TRY(time_steps(input, s));
    RNI_TRY(time_evaluation(input->stage, &evaluation));
    if (should_stop(observer)) return rni_fail(RN_INTERRUPTED, "rn_cost_create: stopped");
    rn_status status = make_trial(input, &t);
    if (status == RN_OK) status = time_snapshots(&t, observer, &s->snapshot_s, &extra);
    rni_free(t.vectors);
    if (status != RN_OK) return status;

    const rn_index every = input->output->held_out_every;
    const rn_index n_evaluations = input->n_snapshots + (every > 0 ? input->top->steps / every : 0);
    s->snapshot_s += WAITS * rni_process_disk_seconds();
    s->measure_s =
        s->snapshot_s * (double)input->n_snapshots + extra + evaluation * (double)n_evaluations;
    /* the unit of relative step sizes: one kernel and its largest eigenvalue, about a sixth */
    if (rn_dynamics_needs_scale(input->stage->dynamics)) s->set_up_s += s->snapshot_s / 6.0;
    s->total_s = s->set_up_s + s->train_s + s->measure_s;
    s->overhead = s->train_s > 0.0 ? s->measure_s / s->train_s : (double)INFINITY;
    return RN_OK;
}
