/*
 * One step of descent, taken or looked at; see the header for the formulas.
 */
#include "train/descent.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/rng.h"
#include "core/size.h"
#include "train/inertial.h"
#include "train/trainer.h"

/* A loss so many times the first one will not come back. */
static const double hopeless_growth = 1e10;

/* Weights whose noise is drawn at a time. */
enum { NOISE_BLOCK = 512 };

enum { MOMENTUM, FIRST_MOMENT, SECOND_MOMENT, ANCHOR_WEIGHTS, ANCHOR_GRADIENT, VELOCITY };
const char *const rni_slot_names[] = {
    "momentum", "first_moment", "second_moment", "anchor_weights", "anchor_gradient", "velocity",
    NULL};

int rni_descent_slots(const rni_descent *how, const char *names[RNI_SLOTS_MAX])
{
    int n = 0;
    if (how->is_adam) {
        names[n++] = rni_slot_names[FIRST_MOMENT];
        names[n++] = rni_slot_names[SECOND_MOMENT];
    } else if (how->scheme != RNI_NOT_INERTIAL) {
        names[n++] = rni_slot_names[VELOCITY];
    } else if (how->momentum > 0.0) {
        names[n++] = rni_slot_names[MOMENTUM];
    }
    if (how->anchor_every > 0) {
        names[n++] = rni_slot_names[ANCHOR_WEIGHTS];
        names[n++] = rni_slot_names[ANCHOR_GRADIENT];
    }
    return n;
}

/* tau / eta, of all but inertial dynamics. */
static double credit(const rni_descent *how)
{
    return how->is_adam ? 1.0 : 1.0 / (1.0 - how->momentum);
}

double rni_descent_tau(const rni_descent *how, double lambda_max, rn_index n_steps, rn_index step)
{
    if (how->scheme != RNI_NOT_INERTIAL) return rni_inertial_at(how, lambda_max, n_steps, step).tau;
    return rni_rate_at(&how->rate, lambda_max, n_steps, step) * credit(how);
}

bool rni_descent_has_flow_time(const rni_descent *how)
{
    return how->scheme == RNI_NOT_INERTIAL || how->friction > 0.0;
}

/* ---- the gradient's estimate ----------------------------------------------------------------- */

/* SVRG at theta: g_batch(theta) - g_batch(anchor) + grad L(anchor); at an anchor, grad L. */
static rn_status estimate_with_anchor(rn_trainer *t)
{
    const size_t bytes = (size_t)t->n_weights * sizeof(double);
    double *anchor = t->slots + (t->n_slots - 2) * t->n_weights;
    double *gradient = anchor + t->n_weights;
    double unused = 0.0;
    if (t->state.step % t->descent.anchor_every == 0) {
        RNI_TRY(rni_trainer_refresh(t));
        memcpy(anchor, t->theta, bytes);
        memcpy(gradient, t->gradient, bytes);
        memcpy(t->estimate, t->gradient, bytes);
        t->estimate_loss = t->loss;
        return RN_OK;
    }
    RNI_TRY(rni_trainer_batch_gradient(t, anchor, &unused, t->at_anchor));
    RNI_TRY(rni_trainer_batch_gradient(t, t->theta, &t->estimate_loss, t->estimate));
    for (rn_index i = 0; i < t->n_weights; i++)
        t->estimate[i] += gradient[i] - t->at_anchor[i];
    return RN_OK;
}

/* Makes *g the estimate at the present state. */
static rn_status estimate(rn_trainer *t, const double **g, double *loss)
{
    if (!t->batches && !t->follows && t->descent.anchor_every == 0) {
        RNI_TRY(rni_trainer_refresh(t));
        *g = t->gradient;
        *loss = t->loss;
        return RN_OK;
    }
    rn_status status = RN_OK;
    if (!t->has_estimate)
        status = t->descent.anchor_every > 0
                     ? estimate_with_anchor(t)
                     : rni_trainer_batch_gradient(t, t->theta, &t->estimate_loss, t->estimate);
    t->has_estimate = status == RN_OK;
    *g = t->estimate;
    *loss = t->estimate_loss;
    return status;
}

/* ---- one weight ------------------------------------------------------------------------------ */

/* What a step has in common for all weights. */
typedef struct step {
    const rni_descent *how;
    const double *g;     /* estimate */
    const double *all;   /* grad L, where a line needs it */
    const double *batch; /* the batch's gradient of f, where it needs that */
    const bool *follows; /* running statistics; NULL: none */
    double follow_rate;  /* share of their way in a step */
    const double *theta; /* before */
    double *memory;      /* v or m; NULL: none */
    double *square;      /* q; NULL: none */
    double eta;
    double tau;
    double credit;        /* tau / eta */
    double shrink;        /* clip / |h|, at most 1 */
    double first_weight;  /* 1 - beta^(k+1) */
    double second_weight; /* 1 - beta2^(k+1) */
    double noise;         /* sqrt(2 eta T), or jolt */
    double noise_kept;    /* of that noise, into v */
    rni_inertial motion;  /* of inertial dynamics */
} step;

/* The parts of a step at one weight. */
typedef struct parts {
    double h, c;
    double memory, square; /* v or m, and q, after the step */
    double u, p;
    double decay;  /* what decoupled decay adds */
    double follow; /* how a running statistic moves: its only part */
} parts;

static parts look(const step *s, rn_index i)
{
    const rni_descent *how = s->how;
    parts x = {.p = 1.0};
    if (s->follows && s->follows[i]) {
        x.follow = -s->follow_rate * s->g[i];
        return x;
    }
    x.h = s->g[i];
    if (how->decay > 0.0 && !how->is_decoupled) x.h += how->decay * s->theta[i];
    if (how->decay > 0.0 && how->is_decoupled) x.decay = -s->eta * how->decay * s->theta[i];
    x.c = s->shrink < 1.0 ? s->shrink * x.h : x.h;
    x.u = x.c;
    if (s->memory && how->scheme != RNI_NOT_INERTIAL) {
        const rni_inertial *m = &s->motion;
        x.memory = m->keep * s->memory[i] - m->push * x.c;
        x.u = (m->pull * x.c - m->reach * s->memory[i]) / s->eta;
    } else if (s->memory && s->square) {
        x.memory = how->momentum * s->memory[i] + (1.0 - how->momentum) * x.c;
        x.square = how->beta2 * s->square[i] + (1.0 - how->beta2) * x.c * x.c;
        x.u = x.memory / s->first_weight;
        x.p = 1.0 / (sqrt(x.square / s->second_weight) + how->epsilon);
    } else if (s->memory) {
        x.memory = how->momentum * s->memory[i] + x.c;
        x.u = how->is_nesterov ? x.c + how->momentum * x.memory : x.memory;
    }
    return x;
}

/* |h|_2 in blocks of fixed size, added by a tree. */
static double measure_length(const rn_trainer *t, const step *s)
{
    for (rn_index b = 0; b < t->n_blocks; b++) {
        const rn_index first = b * RNI_GRADIENT_BLOCK;
        const rn_index end = rni_min(first + RNI_GRADIENT_BLOCK, t->n_weights);
        double sum = 0.0;
        for (rn_index i = first; i < end; i++) {
            const double h = look(s, i).h;
            sum += h * h;
        }
        t->squares[b] = sum;
    }
    return sqrt(rni_tree_sum(t->squares, t->n_blocks));
}

/* What a step of this number has in common for all weights, but for its gradient. */
static step begin(const rn_trainer *t)
{
    const rni_descent *how = &t->descent;
    const double k = (double)(t->state.step + 1);
    step s = {.how = how, .theta = t->theta, .follows = t->follows, .shrink = 1.0};
    s.follow_rate = rn_model_statistics_rate(t->desc.model);
    s.eta = rni_rate_at(&how->rate, t->scale, t->desc.n_steps, t->state.step);
    s.credit = credit(how);
    s.tau = s.eta * s.credit;
    s.noise = how->temperature > 0.0 ? sqrt(2.0 * s.eta * how->temperature) : 0.0;
    if (how->is_adam || how->momentum > 0.0) s.memory = t->slots;
    if (how->is_adam) {
        s.square = t->slots + t->n_weights;
        s.first_weight = -expm1(k * log(how->momentum)); /* 1 for beta = 0 */
        s.second_weight = -expm1(k * log(how->beta2));
    }
    if (how->scheme != RNI_NOT_INERTIAL) {
        s.memory = t->slots;
        s.motion = rni_inertial_at(how, t->scale, t->desc.n_steps, t->state.step);
        s.tau = s.motion.tau;
        s.credit = s.tau / s.eta;
        s.noise = s.motion.jolt;
        if (s.noise > 0.0) s.noise_kept = s.motion.kick / s.motion.jolt;
    }
    return s;
}

static rn_status prepare(rn_trainer *t, step *s, double *loss)
{
    const rni_descent *how = &t->descent;
    *s = begin(t);
    RNI_TRY(estimate(t, &s->g, loss));
    if (how->clip > 0.0) {
        const double length = measure_length(t, s);
        s->shrink = length > how->clip ? how->clip / length : 1.0;
    }
    return RN_OK;
}

/* out[0 .. count-1] := the noise of the weights from `first` on; zeroes without noise. */
static void draw_noise(const rn_trainer *t, const step *s, rn_index first, rn_index count,
                       double *out)
{
    const rni_stream stream = {.seed = t->state.seed, .purpose = RNI_RNG_NOISE};
    const uint64_t start = (uint64_t)t->state.step * (uint64_t)t->n_weights + (uint64_t)first;
    if (s->noise > 0.0) {
        rni_rng_fill_normal(stream, start, count, out);
        for (rn_index i = 0; i < count; i++)
            out[i] = s->follows && s->follows[first + i] ? 0.0 : out[i] * s->noise;
    } else {
        memset(out, 0, (size_t)count * sizeof *out);
    }
}

static double change(const step *s, const parts *x)
{
    return -(s->eta * x->p * x->u) + x->decay + x->follow;
}

/* ---- moving ---------------------------------------------------------------------------------- */

static void move(rn_trainer *t, const step *s)
{
    double noise[NOISE_BLOCK];
    for (rn_index first = 0; first < t->n_weights; first += NOISE_BLOCK) {
        const rn_index count = rni_min(NOISE_BLOCK, t->n_weights - first);
        draw_noise(t, s, first, count, noise);
        for (rn_index j = 0; j < count; j++) {
            const rn_index i = first + j;
            const parts x = look(s, i);
            t->theta[i] += change(s, &x) + noise[j];
            if (s->memory) s->memory[i] = x.memory;
            if (s->memory && s->noise_kept > 0.0) s->memory[i] += s->noise_kept * noise[j];
            if (s->square) s->square[i] = x.square;
        }
    }
    t->has_gradient = false;
    t->has_estimate = false;
    t->state.step++;
    t->state.time += s->tau;
}

/* A mode of curvature lambda of a quadratic loss stays bounded while eta lambda is below this:
   there a root of a step is -1. 0: unknown, Adam's own metric changes it. friction_left is c of the
   rate that diverged; a smaller rate leaves more, so that the bound is safe, not sharp. */
static double stable_below(const rni_descent *how, double friction_left)
{
    const double beta = how->momentum;
    if (how->is_adam) return 0.0;
    if (how->scheme == RNI_LEAPFROG) return 4.0;
    if (how->scheme == RNI_SYMPLECTIC_EULER) return 2.0 * (1.0 + friction_left);
    return 2.0 * (1.0 + beta) / (how->is_nesterov ? 1.0 + 2.0 * beta : 1.0);
}

static rn_status report_divergence(const rn_trainer *t, const step *s, double loss)
{
    const double bound = stable_below(&t->descent, s->motion.keep);
    const char *where = t->batches ? " of its batch" : "";
    char advice[64] = "";
    if (bound > 0.0) (void)snprintf(advice, sizeof advice, " (below %.4g/lambda_max)", bound);
    return rni_fail(RN_ERR_NONFINITE,
                    "rn_trainer_advance: at step %" PRId64 " (time %g) the loss%s is %g, at the "
                    "start it was %g: %s with learning rate %g diverges; choose a smaller one%s",
                    t->state.step, t->state.time, where, loss, t->state.first_loss,
                    t->desc.dynamics->kind->options->name, s->eta, advice);
}

rn_status rni_descent_advance(rn_trainer *t, rn_index to_step, const rn_observer *observer)
{
    while (t->state.step < to_step) {
        step s;
        double loss = 0.0;
        if (observer && observer->should_stop && observer->should_stop(observer->user))
            return rni_fail(RN_INTERRUPTED, "rn_trainer_advance: stopped at step %" PRId64,
                            t->state.step);
        const rn_status status = prepare(t, &s, &loss);
        if (status == RN_ERR_NONFINITE) return report_divergence(t, &s, loss);
        if (status < 0) return status;
        if (!(t->state.first_loss > 0.0)) t->state.first_loss = loss;
        if (loss > hopeless_growth * t->state.first_loss) return report_divergence(t, &s, loss);
        move(t, &s);
    }
    return RN_OK;
}

/* ---- looking --------------------------------------------------------------------------------- */

rn_status rni_descent_velocity(rn_trainer *t, double *v)
{
    step s;
    double loss = 0.0;
    double noise[NOISE_BLOCK];
    RNI_TRY(prepare(t, &s, &loss));
    for (rn_index first = 0; first < t->n_weights; first += NOISE_BLOCK) {
        const rn_index count = rni_min(NOISE_BLOCK, t->n_weights - first);
        draw_noise(t, &s, first, count, noise);
        for (rn_index j = 0; j < count; j++) {
            const parts x = look(&s, first + j);
            v[first + j] = -(x.p * x.u / s.credit); /* plain descent is -g to the bit */
            if (s.how->is_decoupled) v[first + j] += x.decay / s.tau;
            if (s.follows) v[first + j] += x.follow / s.tau;
            if (s.noise > 0.0) v[first + j] += noise[j] / s.tau;
        }
    }
    return RN_OK;
}

static double line_at(const step *s, rn_index i, rn_step_line line)
{
    const parts x = look(s, i);
    const double *batch = s->batch ? s->batch : s->g;
    if (s->follows && s->follows[i]) return line == RN_LINE_STATISTICS ? x.follow : 0.0;
    switch (line) {
    case RN_LINE_MINIBATCH: return -s->tau * x.p * (batch[i] - s->all[i]);
    case RN_LINE_STATISTICS: return -s->tau * x.p * (s->g[i] - batch[i]);
    case RN_LINE_MOMENTUM: return -x.p * (s->eta * x.u - s->tau * x.c);
    case RN_LINE_DECAY:
        return s->how->is_decoupled ? x.decay : -s->tau * x.p * s->how->decay * s->theta[i];
    case RN_LINE_CLIPPING: return -s->tau * x.p * (s->shrink - 1.0) * x.h;
    case RN_LINE_NOISE:
    default: return 0.0;
    }
}

rn_status rni_descent_line(rn_trainer *t, rn_step_line line, double *w)
{
    step s;
    double loss = 0.0;
    RNI_TRY(prepare(t, &s, &loss));
    if (line == RN_LINE_MINIBATCH) {
        RNI_TRY(rni_trainer_refresh(t));
        s.all = t->gradient;
    }
    if (t->follows && (line == RN_LINE_MINIBATCH || line == RN_LINE_STATISTICS))
        RNI_TRY(rni_trainer_measured_gradient(t, &s.batch));
    if (line == RN_LINE_NOISE)
        draw_noise(t, &s, 0, t->n_weights, w);
    else
        for (rn_index i = 0; i < t->n_weights; i++)
            w[i] = line_at(&s, i, line);
    return RN_OK;
}

rn_status rni_descent_preconditioner(rn_trainer *t, double *p)
{
    step s;
    double loss = 0.0;
    RNI_TRY(prepare(t, &s, &loss));
    for (rn_index i = 0; i < t->n_weights; i++)
        p[i] = look(&s, i).p;
    return RN_OK;
}
