#include "forecast/history.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Step sizes this close are one. */
#define SAME_STEP 0.01
/* Most planned steps that are looked at one by one. */
enum { MOST_PLANNED = 100000 };

static const rn_snapshot *folder_snapshot(const void *source, rn_index i)
{
    return rn_folder_snapshot(source, i);
}

static bool has_setting(const rn_folder *folder, const char *key, const char *value)
{
    const char *found = rn_folder_find_setting(folder, key);
    return found && strcmp(found, value) == 0;
}

/* sgd that is gradient descent with a schedule: all samples, and nothing but the gradient. */
static bool is_plain_descent(const rn_folder *folder)
{
    static const char *const nothing[] = {"train.momentum", "train.weight_decay", "train.clip",
                                          "train.temperature"};
    if (!has_setting(folder, "train.kind", "sgd") || !has_setting(folder, "sampler.kind", "full"))
        return false;
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++)
        if (!has_setting(folder, nothing[i], "0.0") && !has_setting(folder, nothing[i], "0"))
            return false;
    return true;
}

void rni_history_of(const rn_folder *folder, rni_history *out)
{
    *out = (rni_history){.n_records = rn_folder_n_records(folder),
                         .records = rn_folder_record(folder, 0),
                         .n_snapshots = rn_folder_n_snapshots(folder),
                         .snapshot = folder_snapshot,
                         .source = folder};
    out->has_ranks = has_setting(folder, "measure.kind", "exact");
    out->is_flow = has_setting(folder, "train.kind", "gradient_flow");
    if (!has_setting(folder, "loss.kind", "squared_error"))
        (void)snprintf(out->obstacle, sizeof out->obstacle,
                       "modes tell the loss of squared error alone");
    else if (!out->is_flow && !has_setting(folder, "train.kind", "gradient_descent")
             && !is_plain_descent(folder))
        (void)snprintf(out->obstacle, sizeof out->obstacle,
                       "modes tell the loss of full-batch gradient descent and gradient flow "
                       "alone: here something else drives the error too");
    rni_schedule_read(folder, &out->schedule);
}

rn_index rni_history_record(const rni_history *h, double time)
{
    rn_index low = 0;
    rn_index high = h->n_records;
    while (low < high) {
        const rn_index middle = low + (high - low) / 2;
        if (h->records[middle].time <= time * (1.0 + 1e-12))
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

rn_index rni_history_snapshot(const rni_history *h, double time)
{
    for (rn_index i = h->n_snapshots - 1; i >= 0; i--) {
        const rn_snapshot *at = h->snapshot(h->source, i);
        if (at->n_modes > 0 && at->record.time <= time * (1.0 + 1e-12)) return i;
    }
    return -1;
}

double rni_history_loss(const rni_history *h, double time)
{
    const rn_index i = rni_history_record(h, time);
    if (i < 0) return (double)NAN;
    const rn_record *before = &h->records[i];
    /* a time that is a record's own up to rounding */
    if (time <= before->time * (1.0 + 1e-9)) return before->loss;
    if (i + 1 >= h->n_records) return (double)NAN;
    const double part = (time - before->time) / (before[1].time - before->time);
    return exp((1.0 - part) * log(before->loss) + part * log(before[1].loss));
}

/* Pieces in the making. */
typedef struct plan {
    rn_index n;
    rn_mode_piece *pieces;
    double first; /* step size with which the last piece began */
} plan;

static void add_piece(plan *p, double step, double duration)
{
    if (!(step > 0.0)) return;
    rn_mode_piece *last = p->n > 0 ? &p->pieces[p->n - 1] : NULL;
    const bool is_same =
        last && (fabs(step - p->first) <= SAME_STEP * p->first || p->n == RNI_MOST_PIECES);
    if (is_same) {
        const double whole = last->duration + duration;
        if (whole > 0.0)
            last->step_size = (last->duration * last->step_size + duration * step) / whole;
        last->duration = whole;
    } else if (duration > 0.0 || p->n == 0) {
        p->pieces[p->n++] = (rn_mode_piece){.duration = duration, .step_size = step};
        p->first = step;
    }
}

/* Steps that the run did not come to, as its schedule has them. */
static void add_planned(const rni_history *h, plan *p)
{
    const rn_record *last = &h->records[h->n_records - 1];
    const rn_index left = h->schedule.n_steps - last->step;
    const rn_index stride = left > MOST_PLANNED ? left / MOST_PLANNED : 1;
    for (rn_index step = last->step; step < h->schedule.n_steps; step += stride) {
        const double rate =
            last->learning_rate * rni_schedule_ratio(&h->schedule, step, last->step);
        add_piece(p, rate, rate * (double)stride);
    }
}

rn_index rni_history_plan(const rni_history *h, double time, rn_mode_piece *pieces)
{
    plan p = {.pieces = pieces};
    const rn_index first = rni_history_record(h, time);
    for (rn_index i = first < 0 ? 0 : first; i < h->n_records && !h->is_flow; i++) {
        const double until = i + 1 < h->n_records ? h->records[i + 1].time : h->records[i].time;
        add_piece(&p, h->records[i].learning_rate, until - fmax(time, h->records[i].time));
    }
    if (!h->is_flow && h->n_records > 0) add_planned(h, &p);
    if (p.n == 0) pieces[p.n++] = (rn_mode_piece){.duration = 1.0, .step_size = 0.0};
    if (p.n > 1 && !(pieces[0].duration > 0.0)) pieces[0].duration = 1e-300;
    return p.n;
}

bool rni_history_is_free(const rn_snapshot *at)
{
    return at->lanczos_steps > 0.0 && at->lanczos_noise >= 0.0;
}

static double floor_of(const rn_snapshot *at)
{
    return rni_history_is_free(at) ? at->lanczos_noise : at->lambda_floor;
}

void rni_history_modes(const rn_snapshot *at, double *arrays, rn_mode_set *out)
{
    double *lambda = arrays;
    double *energy = arrays + at->n_modes;
    double sum = 0.0;
    for (rn_index u = 0; u < at->n_modes; u++)
        sum += at->g[u] * at->g[u];
    for (rn_index u = 0; u < at->n_modes; u++) {
        lambda[u] = at->lambda[u] > floor_of(at) ? at->lambda[u] : 0.0;
        energy[u] = sum > 0.0 ? at->record.loss * (at->g[u] * at->g[u] / sum) : 0.0;
    }
    out->n = at->n_modes;
    out->lambda = lambda;
    out->energy = energy;
}

double rni_history_dissipation(const rn_snapshot *at)
{
    double sum = 0.0;
    double moving = 0.0;
    for (rn_index u = 0; u < at->n_modes; u++) {
        sum += at->g[u] * at->g[u];
        if (at->lambda[u] > floor_of(at)) moving += at->lambda[u] * at->g[u] * at->g[u];
    }
    return sum > 0.0 ? 2.0 * at->record.loss * (moving / sum) : 0.0;
}
