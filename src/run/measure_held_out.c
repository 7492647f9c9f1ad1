/*
 * The held-out loss foretold with the modes frozen: weights move by J^T of what the modes will have
 * lost, and outputs on other samples with them.
 *
 *   e'(t) = e'(t0) - (1/N) J' J^T sum_u phi_u g_u psi_u
 *   psi_u = (1 - prod_k(1 - eta_k lambda_u)) / lambda_u      steps of size eta_k
 *           (1 - exp(-lambda_u (t - t0))) / lambda_u         gradient flow
 *
 * e', J' on the held-out samples. One product with J^T and one with J' per time; J' is never
 * formed.
 */
#include <math.h>

#include "backends/blas.h"
#include "core/memory.h"
#include "core/size.h"
#include "kernel/jacobian.h"
#include "run/field.h"
#include "run/measure_exact.h"
#include "train/dynamics.h"
#include "train/trainer.h"

/* Parts of a step below this are rounding of the time. */
#define LEAST_PART 1e-6

/* Times of the forecast, as multiples of the present one. */
enum { N_FACTORS = 3 };

bool rni_exact_tells_held_out(const rni_stage *stage)
{
    return stage->held_out.n_samples > 0 && stage->trainer && stage->follows_gradient
           && stage->epoch == 1 && !stage->change;
}

/* ---- psi ------------------------------------------------------------------------------------- */

static double rate_at(const rn_trainer *trainer, rn_index step)
{
    return rni_rate_at(&trainer->descent.rate, trainer->scale, trainer->desc.n_steps, step);
}

/* Where the modes stand: left = prod(1 - eta lambda), psi as above. */
typedef struct walk {
    rn_index n;
    const double *lambda;
    double *left;
    double *psi;
} walk;

/* count steps of size eta, a whole number or, with a part of a step, 1. */
static void take_steps(const walk *w, double eta, double count)
{
    for (rn_index u = 0; u < w->n; u++) {
        const double lambda = fmax(w->lambda[u], 0.0);
        const double x = eta * lambda;
        double gone = 1.0; /* 1 - (1 - x)^count */
        if (x < 1.0)
            gone = -expm1(count * log1p(-x));
        else
            gone = 1.0 - pow(1.0 - x, count);
        w->psi[u] += w->left[u] * (lambda > 0.0 ? gone / lambda : eta * count);
        w->left[u] *= 1.0 - gone;
    }
}

/* Steps from here on that have the same size, up to `most`; those after the run's go on as planned
   for its end. */
static double count_alike(const rn_trainer *trainer, rn_index step, rn_index n_steps, double most)
{
    const double eta = rate_at(trainer, step);
    rn_index count = 1;
    if (step >= n_steps) return most;
    while (step + count < n_steps && (double)count < most
           && !(fabs(rate_at(trainer, step + count) - eta) > 0.0))
        count++;
    return fmin((double)count, most);
}

/* Goes on by `ahead`; false: a mode grows from step to step. */
static bool walk_steps(const walk *w, const rn_trainer *trainer, rn_index step, rn_index n_steps,
                       double ahead)
{
    double left = ahead;
    const double lambda_max = w->lambda[w->n - 1];
    for (;;) {
        const double eta = rate_at(trainer, rni_min(step, n_steps));
        const double whole = floor(left / eta + LEAST_PART);
        if (!(eta * lambda_max < 2.0)) return false;
        if (whole < 1.0) {
            if (left > LEAST_PART * eta) take_steps(w, left, 1.0);
            return true;
        }
        const double count = count_alike(trainer, step, n_steps, whole);
        take_steps(w, eta, count);
        left -= count * eta;
        step = rni_min(step + (rn_index)fmin(count, (double)n_steps), n_steps);
    }
}

/* psi at `ahead`; false: it cannot be told. */
static bool find_psi(const rni_exact *x, rn_index step, double ahead, walk *w)
{
    const rn_trainer *trainer = x->stage->trainer;
    for (rn_index u = 0; u < w->n; u++) {
        w->left[u] = 1.0;
        w->psi[u] = 0.0;
    }
    if (!x->stage->dynamics->kind->is_flow)
        return walk_steps(w, trainer, step, trainer->desc.n_steps, ahead);
    for (rn_index u = 0; u < w->n; u++) {
        const double lambda = w->lambda[u];
        w->psi[u] = lambda > 0.0 ? -expm1(-lambda * ahead) / lambda : ahead;
    }
    return true;
}

/* ---- the loss -------------------------------------------------------------------------------- */

/* *loss := the held-out loss at `ahead`. error, moved: [N' C]; error holds e'(t0). */
static rn_status tell(rni_exact *x, const double *theta, const walk *w, const double *error,
                      double *moved, double *loss)
{
    const rni_stage *stage = x->stage;
    const rn_batch *batch = &stage->held_out;
    const rn_kernel_point here = rni_stage_point(stage, theta);
    const double *const inputs[] = {batch->inputs, batch->targets};
    const rn_kernel_point there = {.n_samples = batch->n_samples, .inputs = inputs, .theta = theta};
    const rn_index n = batch->n_samples * rn_kernel_rows_per_sample(stage->kernel);
    double sum = 0.0;
    for (rn_index u = 0; u < x->n; u++)
        w->psi[u] *= x->g0[u] / (double)stage->train.n_samples;
    RNI_TRY(rni_gemv(true, x->n, x->n, 1.0, x->phi0, x->n, w->psi, 0.0, x->rows));
    RNI_TRY(rn_jacobian_apply_transpose(stage->kernel, &here, x->rows, x->weights));
    RNI_TRY(rn_jacobian_apply(stage->kernel, &there, x->weights, moved));
    for (rn_index i = 0; i < n; i++)
        sum += (error[i] - moved[i]) * (error[i] - moved[i]);
    *loss = 0.5 * sum / (double)batch->n_samples;
    return RN_OK;
}

static rn_status tell_all(rni_exact *x, const rni_moment *moment, double *error, double *moved,
                          rn_snapshot *snapshot)
{
    static const double factors[N_FACTORS] = {2.0, 4.0, 10.0};
    double *const losses[N_FACTORS] = {&snapshot->held_out_2x, &snapshot->held_out_4x,
                                       &snapshot->held_out_10x};
    walk w = {.n = x->n, .lambda = x->lambda0, .left = x->lambda1, .psi = x->g1};
    const double time = snapshot->record.time;
    RNI_TRY(rn_trainer_error(x->stage->trainer, moment->theta, &x->stage->held_out, error));
    for (int i = 0; i < N_FACTORS; i++)
        if (find_psi(x, snapshot->record.step, (factors[i] - 1.0) * time, &w))
            RNI_TRY(tell(x, moment->theta, &w, error, moved, losses[i]));
    return RN_OK;
}

static rn_index count_rows(const rni_stage *stage)
{
    return stage->held_out.n_samples * rn_kernel_rows_per_sample(stage->kernel);
}

rn_status rni_exact_held_out(rni_exact *x, const rni_moment *moment, rn_snapshot *snapshot)
{
    if (!rni_exact_tells_held_out(x->stage) || !(snapshot->record.time > 0.0)) return RN_OK;
    const rn_index n = count_rows(x->stage);
    double *const block = rni_alloc(2 * n, sizeof *block);
    if (!block)
        return rni_fail(RN_ERR_MEMORY,
                        "measure.exact: no memory for the errors of %" PRId64 " held-out rows", n);
    const rn_status status = tell_all(x, moment, block, block + n, snapshot);
    rni_free(block);
    return status;
}

/* What a product leaves planned, one work space where all samples are one tile; *n_tiles. */
static rn_status count_program(const rni_stage *stage, rni_program_kind kind, rn_index n_samples,
                               rn_index *bytes, rn_index *n_tiles)
{
    rn_index tile = 1;
    rn_index all = 0;
    RNI_TRY(rni_program_bytes(stage->kernel, kind, n_samples, 0, 0, &tile, &all));
    *bytes += n_samples <= tile ? all / stage->n_threads : all;
    *n_tiles = (n_samples + tile - 1) / tile;
    return RN_OK;
}

rn_status rni_exact_held_out_bytes(const rni_stage *stage, rn_index *kept, rn_index *work)
{
    rn_index n_held_out = 0;
    rn_index n_tiles = 0;
    *kept = 0;
    *work = 0;
    if (!rni_exact_tells_held_out(stage)) return RN_OK;
    RNI_TRY(count_program(stage, RNI_PROGRAM_APPLY, stage->held_out.n_samples, kept, &n_held_out));
    RNI_TRY(count_program(stage, RNI_PROGRAM_TRANSPOSE, stage->train.n_samples, kept, &n_tiles));
    const rn_index n_kept = rni_min(n_tiles, RNI_JACOBIAN_WAVE);
    *work = (2 * count_rows(stage) + n_kept * stage->n_weights) * (rn_index)sizeof(double);
    return RN_OK;
}

double rni_exact_held_out_gradients(const rni_stage *stage)
{
    const double share = (double)stage->held_out.n_samples / (double)stage->train.n_samples;
    return rni_exact_tells_held_out(stage) ? N_FACTORS * (1.0 + share) : 0.0;
}
