/*
 * The selftest: every layer from the graph to the budget on a tiny network, each compared with a
 * computation that shares as little as possible with it.
 */
#include <renorm/selftest.h>

#include <float.h>
#include <math.h>
#include <renorm/run.h>
#include <renorm/spectra.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/rng.h"
#include "core/status.h"
#include "run/stage.h"

/* A residual gelu network on 6 samples, n = 6 rows: everything below takes milliseconds. */
static const char *const settings[] = {"model.kind=mlp",
                                       "model.depth=2",
                                       "model.width=6",
                                       "model.activation=gelu",
                                       "data.kind=sphere",
                                       "data.n_train=6",
                                       "data.n_test=2",
                                       "data.dimension=5",
                                       "loss.kind=squared_error",
                                       "train.kind=gradient_descent",
                                       "train.learning_rate=0.05",
                                       "train.relative=false",
                                       "measure.kind=exact",
                                       "measure.snapshots=3",
                                       "steps=6",
                                       "threads=1"};
#define N_SETTINGS ((rn_index)(sizeof settings / sizeof settings[0]))

/* Step of finite differences, relative to weights of order 1: the error of a central difference,
   h^2, and rounding, eps/h, both stay below 1e-8. */
#define DIFFERENCE 1e-5

typedef struct bench {
    rn_check *checks;
    rn_index n_checks;
    rni_stage stage;
    rn_kernel_point point;
    rn_index n;    /* rows */
    rn_index p;    /* weights */
    double *block; /* owned: everything below */
    double *theta; /* [p] */
    double *moved; /* [p] */
    double *v;     /* [p] a direction */
    double *back;  /* [p] */
    double *u;     /* [n] */
    double *f[3];  /* [n] */
    double *m[4];  /* [n x n] */
    double *rows;  /* [n x p] J, for comparison: only here is it ever formed */
} bench;

static void add(bench *b, const char *name, const char *meaning, double value, double limit)
{
    b->checks[b->n_checks++] = (rn_check){
        .name = name, .meaning = meaning, .value = value, .limit = limit, .passed = value <= limit};
}

static double dot(rn_index count, const double *a, const double *b)
{
    double sum = 0.0;
    for (rn_index i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

/* |a - b| / |b|, 2-norms. */
static double distance(rn_index count, const double *a, const double *b)
{
    double sum = 0.0;
    for (rn_index i = 0; i < count; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(sum / fmax(dot(count, b, b), DBL_MIN));
}

static rn_status bench_open(bench *b, const rn_config *config, uint64_t seed)
{
    RNI_TRY(rni_stage_create(config, seed, 1, &b->stage));
    const rn_index n = b->stage.n_rows;
    const rn_index p = b->stage.n_weights;
    double *next = rni_alloc(4 * p + 4 * n + 4 * n * n + n * p, sizeof *next);
    if (!next) return rni_fail(RN_ERR_MEMORY, "rn_selftest: no memory");
    b->block = next;
    b->n = n;
    b->p = p;
    b->theta = next;
    b->moved = next + p;
    b->v = next + 2 * p;
    b->back = next + 3 * p;
    next += 4 * p;
    b->u = next;
    for (int i = 0; i < 3; i++)
        b->f[i] = next + (i + 1) * n;
    next += 4 * n;
    for (int i = 0; i < 4; i++)
        b->m[i] = next + i * n * n;
    b->rows = next + 4 * n * n;
    const rni_stream stream = {.seed = seed, .purpose = RNI_RNG_PROBE_VECTOR};
    memcpy(b->theta, rn_trainer_theta(b->stage.trainer), (size_t)p * sizeof *b->theta);
    rni_rng_fill_normal(stream, 0, p, b->v);
    rni_rng_fill_normal(stream, (uint64_t)p, n, b->u);
    b->point = rni_stage_point(&b->stage, b->theta);
    return RN_OK;
}

static void bench_close(bench *b)
{
    rni_stage_clear(&b->stage);
    rni_free(b->block);
}

/* moved := theta + h v, and the point there. */
static rn_kernel_point move(bench *b, double h)
{
    for (rn_index i = 0; i < b->p; i++)
        b->moved[i] = b->theta[i] + h * b->v[i];
    return rni_stage_point(&b->stage, b->moved);
}

static rn_status outputs_at(bench *b, double h, double *f)
{
    (void)move(b, h);
    return rn_trainer_predict(b->stage.trainer, b->moved, &b->stage.train, f, NULL);
}

/* ---- the checks --------------------------------------------------------------------------------
 */

static rn_status check_jacobian(bench *b)
{
    const rn_index n = b->n;
    RNI_TRY(rn_jacobian_apply(b->stage.kernel, &b->point, b->v, b->f[0]));
    RNI_TRY(rn_jacobian_apply_transpose(b->stage.kernel, &b->point, b->u, b->back));
    const double scale = sqrt(dot(n, b->u, b->u) * dot(n, b->f[0], b->f[0]));
    add(b, "adjoint", "u.(J v) = (J^T u).v, forward against reverse derivative",
        fabs(dot(n, b->u, b->f[0]) - dot(b->p, b->back, b->v)) / scale, 1e-13);

    RNI_TRY(outputs_at(b, DIFFERENCE, b->f[1]));
    RNI_TRY(outputs_at(b, -DIFFERENCE, b->f[2]));
    for (rn_index i = 0; i < n; i++)
        b->f[1][i] = (b->f[1][i] - b->f[2][i]) / (2.0 * DIFFERENCE);
    add(b, "derivative", "J v = difference of outputs at theta +- h v",
        distance(n, b->f[1], b->f[0]), 1e-7);
    return RN_OK;
}

/* |f(theta + h v) - f - h J v|; f(theta) in f[2], J v in f[0]. */
static rn_status remainder_at(bench *b, double h, double *out)
{
    RNI_TRY(outputs_at(b, h, b->f[1]));
    double sum = 0.0;
    for (rn_index i = 0; i < b->n; i++) {
        const double left = b->f[1][i] - b->f[2][i] - h * b->f[0][i];
        sum += left * left;
    }
    *out = sqrt(sum);
    return RN_OK;
}

static rn_status check_taylor(bench *b)
{
    double large = 0.0;
    double small = 0.0;
    RNI_TRY(outputs_at(b, 0.0, b->f[2]));
    RNI_TRY(remainder_at(b, 2e-4, &large));
    RNI_TRY(remainder_at(b, 1e-4, &small));
    add(b, "taylor", "|f(theta + h v) - f - h J v| falls 4x when h is halved",
        fabs(large / small / 4.0 - 1.0), 0.01);
    return RN_OK;
}

/* rows := J, one reverse pass per row; m[1] := (1/N) J J^T. */
static rn_status form_jacobian(bench *b)
{
    const rn_index n = b->n;
    const double n_samples = (double)b->stage.train.n_samples;
    for (rn_index i = 0; i < n; i++) {
        memset(b->f[1], 0, (size_t)n * sizeof *b->f[1]);
        b->f[1][i] = 1.0;
        RNI_TRY(
            rn_jacobian_apply_transpose(b->stage.kernel, &b->point, b->f[1], b->rows + i * b->p));
    }
    for (rn_index i = 0; i < n; i++)
        for (rn_index j = 0; j < n; j++)
            b->m[1][i * n + j] = dot(b->p, b->rows + i * b->p, b->rows + j * b->p) / n_samples;
    return RN_OK;
}

static rn_status check_kernel(bench *b)
{
    const rn_index n = b->n;
    RNI_TRY(form_jacobian(b));
    RNI_TRY(rn_kernel_tangent(b->stage.kernel, &b->point, b->v, b->m[0], b->m[2]));
    add(b, "kernel", "M from factors = (1/N) J J^T from an explicit J",
        distance(n * n, b->m[0], b->m[1]), 1e-12);

    const rn_kernel_point above = move(b, DIFFERENCE);
    RNI_TRY(rn_kernel_assemble(b->stage.kernel, &above, b->m[1]));
    const rn_kernel_point below = move(b, -DIFFERENCE);
    RNI_TRY(rn_kernel_assemble(b->stage.kernel, &below, b->m[3]));
    for (rn_index i = 0; i < n * n; i++)
        b->m[1][i] = (b->m[1][i] - b->m[3][i]) / (2.0 * DIFFERENCE);
    add(b, "tangent", "M' along v = difference of M at theta +- h v",
        distance(n * n, b->m[1], b->m[2]), 1e-7);
    return RN_OK;
}

static rn_status check_gradient(bench *b)
{
    const rn_index n = b->n;
    const double n_samples = (double)b->stage.train.n_samples;
    double norm = 0.0;
    double work = 0.0;
    RNI_TRY(rn_trainer_gradient(b->stage.trainer, NULL, NULL, &norm));
    RNI_TRY(rn_trainer_predict(b->stage.trainer, b->theta, &b->stage.train, NULL, b->f[0]));
    for (rn_index i = 0; i < n; i++)
        work += b->f[0][i] * dot(n, b->m[0] + i * n, b->f[0]);
    add(b, "gradient", "e.(M e) = N |grad L|^2, kernel against training",
        fabs(work / (n_samples * norm * norm) - 1.0), 1e-12);

    double trace = 0.0;
    double sum = 0.0;
    for (rn_index i = 0; i < n; i++)
        trace += b->m[0][i * n + i];
    RNI_TRY(rn_spectra_values(n, b->m[0], n, &(rn_spectra_options){.n_threads = 1}, b->f[1], NULL));
    for (rn_index i = 0; i < n; i++)
        sum += b->f[1][i];
    add(b, "spectrum", "sum of eigenvalues = trace of M", fabs(sum / trace - 1.0), 1e-13);
    return RN_OK;
}

/* A whole tiny run: energies, closure and the budget of a step, the worst over its snapshots. */
static rn_status check_run(bench *b, const rn_config *config, double *closure)
{
    rn_run *run = NULL;
    double energy = 0.0;
    double worst = 0.0;
    double step = 0.0;
    const rn_status status = rn_run_execute(config, NULL, NULL, &run);
    if (status < 0) return status;
    for (rn_index i = 0; i < rn_run_n_snapshots(run); i++) {
        const rn_snapshot *at = rn_run_snapshot(run, i);
        energy = fmax(energy, at->energy_error);
        worst = fmax(worst, at->closure_error);
        if (isfinite(at->step_mismatch)) step = fmax(step, at->step_mismatch);
    }
    rn_run_destroy(run);
    *closure = worst;
    if (!b) return RN_OK;
    add(b, "energies", "shells + null line = loss", energy, 1e-12);
    add(b, "closure", "dA/dt = flux - dissipation + drive along the flow", worst, 1e-6);
    add(b, "step", "-tau D + X + Q + F1 = change over a step of descent", step, 1e-10);
    return RN_OK;
}

/* The closure error is a discretisation error: it must fall as dt^2. */
static rn_status check_order(bench *b, uint64_t seed)
{
    double errors[2] = {0.0, 0.0};
    for (int i = 0; i < 2; i++) {
        const char *all[N_SETTINGS + 2];
        char seed_text[32];
        rn_config *config = NULL;
        memcpy(all, settings, sizeof settings);
        (void)snprintf(seed_text, sizeof seed_text, "seed=%" PRIu64, seed);
        all[N_SETTINGS] = seed_text;
        all[N_SETTINGS + 1] = i ? "measure.closure_dt=0.01" : "measure.closure_dt=0.02";
        rn_status status = rn_config_load(NULL, N_SETTINGS + 2, all, &config);
        if (status >= 0) status = check_run(NULL, config, &errors[i]);
        rn_config_destroy(config);
        if (status < 0) return status;
    }
    add(b, "order", "the closure error falls 4x when dt is halved",
        fabs(errors[0] / errors[1] / 4.0 - 1.0), 0.05);
    return RN_OK;
}

/* The same training with one and with two threads, to the last bit. */
static rn_status check_threads(bench *b, const rn_config *config, uint64_t seed)
{
    rni_stage two = {0};
    RNI_TRY(rni_stage_create(config, seed, 2, &two));
    rn_status status = rn_trainer_advance(two.trainer, 5, NULL);
    if (status == RN_OK) status = rn_trainer_advance(b->stage.trainer, 5, NULL);
    if (status == RN_OK) {
        const double *first = rn_trainer_theta(b->stage.trainer);
        const double *second = rn_trainer_theta(two.trainer);
        double most = 0.0;
        for (rn_index i = 0; i < b->p; i++)
            most = fmax(most, fabs(first[i] - second[i]));
        add(b, "threads", "1 and 2 threads train to the same weights, to the bit", most, 0.0);
    }
    rni_stage_clear(&two);
    return status;
}

static rn_status check_layers(bench *b)
{
    RNI_TRY(check_jacobian(b));
    RNI_TRY(check_taylor(b));
    RNI_TRY(check_kernel(b));
    return check_gradient(b);
}

static rn_status perform(bench *b, const rn_config *config, uint64_t seed)
{
    double closure = 0.0;
    RNI_TRY(bench_open(b, config, seed));
    RNI_TRY(check_layers(b));
    RNI_TRY(check_run(b, config, &closure));
    RNI_TRY(check_order(b, seed));
    return check_threads(b, config, seed);
}

rn_status rn_selftest(uint64_t seed, rn_check *checks, rn_index *n_checks)
{
    const char *all[N_SETTINGS + 1];
    char seed_text[32];
    rn_config *config = NULL;
    if (!checks || !n_checks) return rni_fail(RN_ERR_ARGUMENT, "rn_selftest: a NULL argument");
    memcpy(all, settings, sizeof settings);
    (void)snprintf(seed_text, sizeof seed_text, "seed=%" PRIu64, seed);
    all[N_SETTINGS] = seed_text;
    RNI_TRY(rn_config_load(NULL, N_SETTINGS + 1, all, &config));
    bench b = {.checks = checks};
    const rn_status status = perform(&b, config, seed);
    bench_close(&b);
    rn_config_destroy(config);
    if (status < 0) return status;
    *n_checks = b.n_checks;
    return RN_OK;
}
