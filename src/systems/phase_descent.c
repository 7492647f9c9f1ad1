/*
 * Online descent beside the flow. One pass over more samples than steps will see is what fresh
 * samples are.
 */
#include <math.h>
#include <renorm/train.h>
#include <stdio.h>

#include "core/memory.h"
#include "core/rng.h"
#include "core/status.h"
#include "systems/phase_flow.h"

/* The engine's parts. */
typedef struct bench {
    rn_model *model;
    rn_loss *loss;
    rn_dynamics *dynamics;
    rn_sampler *sampler;
    rn_trainer *trainer;
    double *samples; /* [n x d] inputs, then [n] targets */
} bench;

static void bench_clear(bench *b)
{
    rn_trainer_destroy(b->trainer);
    rn_sampler_destroy(b->sampler);
    rn_dynamics_destroy(b->dynamics);
    rn_loss_destroy(b->loss);
    rn_model_destroy(b->model);
    rni_free(b->samples);
}

static rn_status draw_samples(const rni_phase *p, uint64_t seed, rn_index n, bench *b)
{
    const rni_stream stream = {.seed = seed, .purpose = RNI_RNG_DATA};
    b->samples = rni_alloc(n * (p->d + 1), sizeof *b->samples);
    if (!b->samples)
        return rni_fail(RN_ERR_MEMORY, "rni_phase_descend: no memory for %" PRId64 " samples", n);
    rni_rng_fill_normal(stream, 0, n * p->d, b->samples);
    for (rn_index i = 0; i < n; i++) {
        double z = 0.0;
        for (rn_index j = 0; j < p->d; j++) {
            double *x = &b->samples[i * p->d + j];
            *x *= sqrt(p->lambda[j]);
            z += *x * p->target[j];
        }
        b->samples[n * p->d + i] = z * z;
    }
    return RN_OK;
}

static rn_status make_bench(const rni_phase *p, const rni_phase_descent *how, uint64_t seed,
                            rn_index n_steps, bench *b)
{
    char rate[32];
    char size[32];
    const rn_index n = n_steps * how->batch;
    (void)snprintf(rate, sizeof rate, "%.17g", how->step);
    (void)snprintf(size, sizeof size, "%" PRId64, how->batch);
    const rn_setting steps[] = {{"learning_rate", rate}, {"relative", "false"}};
    const rn_setting batches[] = {{"batch_size", size}};
    rn_status status = draw_samples(p, seed, n, b);
    if (status == RN_OK)
        status = rn_model_create("quadratic", NULL, 0, RN_SHAPE(p->d), 1, &b->model);
    if (status == RN_OK) status = rn_loss_create("squared_error", NULL, 0, &b->loss);
    if (status == RN_OK) status = rn_dynamics_create("sgd", steps, 2, &b->dynamics);
    if (status == RN_OK) status = rn_sampler_create("fixed_order", batches, 1, &b->sampler);
    if (status < 0) return status;
    const rn_trainer_desc desc = {
        .model = b->model,
        .loss = b->loss,
        .dynamics = b->dynamics,
        .sampler = b->sampler,
        .train = {.n_samples = n, .inputs = b->samples, .targets = b->samples + n * p->d},
        .n_threads = 1};
    RNI_TRY(rn_trainer_create(&desc, &b->trainer));
    RNI_TRY(rn_trainer_start(b->trainer, seed));
    const rn_train_state start = rn_trainer_state(b->trainer);
    return rn_trainer_set_state(b->trainer, &start, p->w);
}

static rn_status compare(rni_phase *p, const rni_phase_descent *how, rn_index n_steps, bench *b,
                         double *s, double *u, double *deviation)
{
    double integrator = 0.0;
    double now = 0.0;
    double square = 0.0;
    for (rn_index i = 0; i < how->n_seen; i++) {
        const rn_index k = n_steps * (i + 1) / how->n_seen;
        const double t = 0.5 * how->step * (double)k;
        RNI_TRY(rni_phase_follow(p, t - now, &integrator));
        now = t;
        RNI_TRY(rn_trainer_advance(b->trainer, k, NULL));
        const double *w = rn_trainer_theta(b->trainer);
        double *const flow[] = {&s[i], &u[i]};
        double *const descent[] = {&s[how->n_seen + i], &u[how->n_seen + i]};
        *flow[0] = rni_phase_moment(p, 1, p->w, p->w);
        *flow[1] = fabs(rni_phase_moment(p, 1, p->w, p->target));
        *descent[0] = rni_phase_moment(p, 1, w, w);
        *descent[1] = fabs(rni_phase_moment(p, 1, w, p->target));
        for (int j = 0; j < 2; j++)
            square += (*flow[j] - *descent[j]) * (*flow[j] - *descent[j]);
    }
    *deviation = sqrt(square / (double)(2 * how->n_seen));
    return RN_OK;
}

rn_status rni_phase_descend(rni_phase *phase, const rni_phase_descent *how, uint64_t seed,
                            double *s, double *u, double *deviation)
{
    const rn_index n_steps = (rn_index)ceil(2.0 * how->end / how->step);
    bench b = {.model = NULL};
    rn_status status = make_bench(phase, how, seed, n_steps, &b);
    if (status == RN_OK) status = compare(phase, how, n_steps, &b, s, u, deviation);
    bench_clear(&b);
    return status;
}
