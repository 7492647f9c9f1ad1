/*
 * A small network at its minimum: 16 pixels, 2 hidden units with tanh, 37 weights, walked with
 * momentum and minibatches, against the linear theory of its own Hessian and gradients there
 * (systems/curvature.h). Pixels are sums of waves whose sizes fall with their frequency, so that
 * curvatures spread over decades; the decay bounds them from below.
 */
#include <math.h>
#include <renorm/linear_gaussian.h>
#include <stdio.h>
#include <string.h>

#include "backends/lapack.h"
#include "core/memory.h"
#include "core/rng.h"
#include "stats/slope.h"
#include "systems/curvature.h"
#include "systems/limiting.h"

enum { SIDE = 4, PIXELS = SIDE * SIDE, N_WEIGHTS = 37, SQUARE = N_WEIGHTS * N_WEIGHTS };
enum { WIDE = 2 * N_WEIGHTS, LEVELS = 8, N_LAGS = RNI_LIMIT_PER_LEVEL * (LEVELS + 1) / 2 };

static const rn_index wide_square = (rn_index)WIDE * WIDE;
static const double momentum = 0.9;
static const double decay = 0.02;
static const double label_noise = 0.5;
static const rn_index batch = 32;

/* The exponent is that between these lags: velocities are forgotten, the flattest direction not. */
static const double window[2] = {40.0, 400.0};

/* The net at its minimum, its theory, and what was seen. */
typedef struct net {
    rni_walk_plan plan;
    double *inputs; /* owner of inputs, targets, gradients */
    double theta[N_WEIGHTS];
    double loss, steepest, flattest;
    double *s;     /* [WIDE x WIDE] exact second moments; owner of what follows */
    double *root;  /* [SQUARE] Cholesky factor of the positions' */
    double *exact; /* [N_LAGS] displacement */
    double *lag;   /* [N_LAGS] */
    double *seen;  /* [n_seeds x (N_LAGS + 2)]: displacements, variance, exponent */
} net;

/* ---- data ------------------------------------------------------------------------------------ */

/* Waves cos(pi p (i + 1/2)/4) cos(pi q (j + 1/2)/4) of size 1/(1 + p + q); the target mixes the
   first ones and carries noise. */
static void draw_image(rni_stream stream, rn_index number, double *pixels, double *target)
{
    const double pi = 3.14159265358979323846;
    double wave[PIXELS];
    rni_rng_fill_normal(stream, (uint64_t)(number * (PIXELS + 1)), PIXELS, wave);
    for (int i = 0; i < PIXELS; i++) {
        const int row = i / SIDE;
        const int column = i % SIDE;
        pixels[i] = 0.0;
        for (int k = 0; k < PIXELS; k++) {
            const int p = k / SIDE;
            const int q = k % SIDE;
            pixels[i] += wave[k] / (double)(1 + p + q) * cos(pi * p * (row + 0.5) / SIDE)
                         * cos(pi * q * (column + 0.5) / SIDE);
        }
    }
    *target = tanh(wave[0] + wave[1] * wave[SIDE])
              + label_noise * rni_rng_normal(stream, (uint64_t)(number * (PIXELS + 1) + PIXELS));
}

static rn_status make_plan(const rni_limit_settings *s, net *out)
{
    const rn_index n = s->net_samples;
    const rni_stream stream = {.seed = RNI_LIMIT_DATA_SEED, .purpose = RNI_RNG_DATA, .part = 3};
    double *const block = rni_alloc((PIXELS + 1 + N_WEIGHTS) * n, sizeof *block);
    if (!block) return rni_fail(RN_ERR_MEMORY, "limiting_dynamics: no memory");
    double *const targets = block + PIXELS * n;
    for (rn_index i = 0; i < n; i++)
        draw_image(stream, i, block + i * PIXELS, &targets[i]);
    out->inputs = block;
    out->plan = rni_walk_two_units(PIXELS);
    out->plan.learning_rate = s->net_rate;
    out->plan.momentum = momentum;
    out->plan.weight_decay = decay;
    out->plan.sampler = "with_replacement";
    out->plan.batch_size = batch;
    out->plan.n_samples = n;
    out->plan.inputs = block;
    out->plan.targets = targets;
    return RN_OK;
}

/* ---- theory ---------------------------------------------------------------------------------- */

/* Covariance of a batch's gradient. */
static void noise_of(rn_index n, const double *gradients, double *noise)
{
    double mean[N_WEIGHTS] = {0};
    for (rn_index i = 0; i < n * N_WEIGHTS; i++)
        mean[i % N_WEIGHTS] += gradients[i] / (double)n;
    memset(noise, 0, SQUARE * sizeof *noise);
    for (rn_index i = 0; i < n; i++) {
        const double *const g = gradients + i * N_WEIGHTS;
        for (int m = 0; m < SQUARE; m++)
            noise[m] += (g[m / N_WEIGHTS] - mean[m / N_WEIGHTS])
                        * (g[m % N_WEIGHTS] - mean[m % N_WEIGHTS]) / (double)(n * batch);
    }
}

/* Hessian and noise at the minimum, [SQUARE] each. */
static rn_status see_minimum(const rni_limit_settings *s, net *at, double *hessian, double *noise)
{
    double copy[SQUARE];
    double curvature[N_WEIGHTS] = {0};
    double *const gradients = at->inputs + (PIXELS + 1) * s->net_samples;
    RNI_TRY(rni_curvature_descend(&at->plan, N_WEIGHTS, at->theta, &at->loss));
    RNI_TRY(rni_curvature_see(&at->plan, N_WEIGHTS, at->theta,
                              &(rni_curvature){.gradients = gradients, .hessian = hessian}));
    noise_of(s->net_samples, gradients, noise);
    memcpy(copy, hessian, sizeof copy);
    RNI_TRY(rni_lapack_syevd(N_WEIGHTS, copy, N_WEIGHTS, curvature));
    at->flattest = curvature[0];
    at->steepest = curvature[N_WEIGHTS - 1];
    return RN_OK;
}

/* Stationary moments, their root, displacements; b, q, k: [WIDE^2] work space. */
static rn_status solve(double rate, net *at, const double *hessian, const double *noise, double *b,
                       double *q, double *k)
{
    RNI_TRY(rn_gaussian_heavy_ball(N_WEIGHTS, hessian, noise, rate, momentum, 0.0, b, q));
    RNI_CLAIM_TRY(rn_gaussian_step_covariance(WIDE, b, q, at->s, NULL));
    rn_status status = RN_OK;
    for (int i = 0; i < N_LAGS && status == RN_OK; i++) {
        status = rn_gaussian_step_relaxation(WIDE, b, (rn_index)at->lag[i], k);
        if (status == RN_OK)
            status = rn_gaussian_displacement(WIDE, N_WEIGHTS, k, at->s, &at->exact[i]);
    }
    for (rn_index m = 0; m < SQUARE; m++)
        at->root[m] = at->s[m / N_WEIGHTS * WIDE + m % N_WEIGHTS];
    return status == RN_OK ? rni_lapack_cholesky(N_WEIGHTS, at->root) : status;
}

/* Lags are those of renorm/streaming.h. */
static rn_status fill_lags(double *lag)
{
    rn_stream_lags *lags = NULL;
    RNI_TRY(rn_stream_lags_create(1, RNI_LIMIT_PER_LEVEL, LEVELS, &lags));
    for (int i = 0; i < N_LAGS; i++)
        lag[i] = (double)rn_stream_lags_lag(lags, i);
    rn_stream_lags_destroy(lags);
    return RN_OK;
}

static rn_status find_theory(const rni_limit_settings *s, net *at)
{
    const rni_stream start = {.seed = RNI_LIMIT_DATA_SEED, .purpose = RNI_RNG_INIT};
    double *work = rni_alloc_zero(2 * (rn_index)SQUARE + 3 * wide_square, sizeof *work);
    if (!work) return rni_fail(RN_ERR_MEMORY, "limiting_dynamics: no memory");
    double *const noise = work + SQUARE;
    double *const b = noise + SQUARE;
    rni_rng_fill_normal(start, 0, N_WEIGHTS, at->theta);
    for (int i = 0; i < N_WEIGHTS; i++)
        at->theta[i] *= 0.5;
    rn_status status = fill_lags(at->lag);
    if (status == RN_OK) status = see_minimum(s, at, work, noise);
    if (status == RN_OK)
        status = solve(s->net_rate, at, work, noise, b, b + wide_square, b + 2 * wide_square);
    rni_free(work);
    return status;
}

/* ---- walks ----------------------------------------------------------------------------------- */

/* tr(S^-1 X)/n for X [SQUARE], which is destroyed: L^-1 X L^-T has the same trace. */
static double share_of(const net *at, double *x)
{
    double trace = 0.0;
    rni_lapack_divide_rows_lower(N_WEIGHTS, at->root, N_WEIGHTS, x);
    for (int i = 0; i < N_WEIGHTS; i++)
        for (int j = 0; j < i; j++) {
            const double kept = x[i * N_WEIGHTS + j];
            x[i * N_WEIGHTS + j] = x[j * N_WEIGHTS + i];
            x[j * N_WEIGHTS + i] = kept;
        }
    rni_lapack_divide_rows_lower(N_WEIGHTS, at->root, N_WEIGHTS, x);
    for (rn_index i = 0; i < N_WEIGHTS; i++)
        trace += x[i * (N_WEIGHTS + 1)] / N_WEIGHTS;
    return trace;
}

static double exponent_of(const net *at, const double *displacement)
{
    rni_slope line = {0};
    return rni_slope_fit_log(N_LAGS, at->lag, displacement, window[0], window[1], &line) == RN_OK
               ? line.slope
               : (double)NAN;
}

static rn_status follow(const rni_limit_settings *s, const net *at, rni_walk *walk,
                        const rni_limit_looks *looks, double *seen)
{
    double *covariance = rni_alloc(SQUARE, sizeof *covariance);
    if (!covariance) return rni_fail(RN_ERR_MEMORY, "limiting_dynamics: no memory");
    rn_status status = rni_walk_on(walk, s->net_steps / 20);
    if (status == RN_OK) status = rni_limit_follow(walk, s->net_steps, looks);
    if (status == RN_OK) {
        for (int i = 0; i < N_LAGS; i++)
            seen[i] = rn_stream_lags_displacement(looks->lags, i);
        rn_stream_moments_get(looks->moments, NULL, covariance);
        seen[N_LAGS] = share_of(at, covariance);
        seen[N_LAGS + 1] = exponent_of(at, seen);
    }
    rni_free(covariance);
    return status;
}

/* A walk from a draw of the stationary state. */
static rn_status walk_net(rn_claim *claim, rn_index i, void *user)
{
    const net *at = user;
    const rni_limit_settings *s = rni_claim_settings(claim);
    const rni_stream stream = {.seed = rni_claim_seed(claim, i), .purpose = RNI_RNG_INIT};
    rni_walk_plan plan = at->plan;
    double theta[N_WEIGHTS];
    rni_walk walk = {0};
    rni_limit_looks looks = {0};
    if (rn_claim_is_mutated(claim)) plan.batch_size *= 2;
    for (int j = 0; j < N_WEIGHTS; j++) {
        theta[j] = at->theta[j];
        for (int k = 0; k <= j; k++)
            theta[j] += at->root[j * N_WEIGHTS + k] * rni_rng_normal(stream, (uint64_t)k);
    }
    rn_status status = rni_walk_open(&plan, &walk);
    if (status == RN_OK) status = rni_walk_place(&walk, stream.seed, theta, NULL);
    if (status == RN_OK) status = rn_stream_moments_create(N_WEIGHTS, &looks.moments);
    if (status == RN_OK)
        status = rn_stream_lags_create(N_WEIGHTS, RNI_LIMIT_PER_LEVEL, LEVELS, &looks.lags);
    if (status == RN_OK) status = follow(s, at, &walk, &looks, at->seen + i * (N_LAGS + 2));
    rn_stream_lags_destroy(looks.lags);
    rn_stream_moments_destroy(looks.moments);
    rni_walk_close(&walk);
    return status;
}

/* ---- the claim ------------------------------------------------------------------------------- */

static rn_status draw(rn_claim *claim, const net *at)
{
    const rn_index n = rn_claim_n_seeds(claim);
    double mean[N_LAGS] = {0};
    for (rn_index k = 0; k < n; k++)
        for (int i = 0; i < N_LAGS; i++)
            mean[i] += at->seen[k * (N_LAGS + 2) + i] / (double)n;
    RNI_TRY(rni_claim_figure(claim, "A net of 37 weights", "steps", "mean squared displacement",
                             true, true));
    RNI_TRY(rni_claim_curve(claim, "walked", RN_CLAIM_POINTS, N_LAGS, at->lag, mean));
    return rni_claim_curve(claim, "exact for its Hessian", RN_CLAIM_THEORY, N_LAGS, at->lag,
                           at->exact);
}

/* The lag at which the mean over seeds is furthest from the exact one. */
static void worst_lag(const net *at, rn_index n, double *worst, double *error, double *lag)
{
    *worst = -1.0;
    for (int i = 0; i < N_LAGS; i++) {
        double mean = 0.0;
        double square = 0.0;
        for (rn_index k = 0; k < n; k++)
            mean += (at->seen[k * (N_LAGS + 2) + i] / at->exact[i] - 1.0) / (double)n;
        for (rn_index k = 0; k < n; k++)
            square += pow(at->seen[k * (N_LAGS + 2) + i] / at->exact[i] - 1.0 - mean, 2.0);
        if (fabs(mean) < *worst) continue;
        *worst = fabs(mean);
        *error = 2.0 * sqrt(square / ((double)n * ((double)n - 1.0)));
        *lag = at->lag[i];
    }
}

/* values: [2 n] */
static rn_status state_net(rn_claim *claim, const net *at, double *values)
{
    const rni_limit_settings *s = rni_claim_settings(claim);
    const rn_index n = rn_claim_n_seeds(claim);
    const double exponent = exponent_of(at, at->exact);
    double worst = 0.0;
    double error = 0.0;
    double lag = 0.0;
    worst_lag(at, n, &worst, &error, &lag);
    for (rn_index k = 0; k < n; k++)
        for (int m = 0; m < 2; m++)
            values[m * n + k] = at->seen[k * (N_LAGS + 2) + N_LAGS + m];
    RNI_TRY(
        rni_claim_note(claim,
                       "net: loss %.4f at its minimum, curvatures %.4g .. %.4g, eta = %g, "
                       "beta = %g, batches of %d; exponent over lags %g .. %g; the worst lag of "
                       "the displacement is %g",
                       at->loss, at->flattest, at->steepest, s->net_rate, momentum, (int)batch,
                       window[0], window[1], lag));
    RNI_TRY(rni_claim_state_median(
        claim,
        &(rni_statement){.key = "net_variance",
                         .quantity = "net: variance over its exact value, mean over directions",
                         .theory = 1.0,
                         .formula = "tr(S^-1 X)/37, B S + S B^T - B S B^T = Q of (theta, v)",
                         .at_least = 0.95,
                         .at_most = 1.05,
                         .tolerance =
                             "5 %: a curved landscape, noise that depends on place, both of "
                             "order eta/batch",
                         .method = "covariance along the walk; median over seeds"},
        n, values));
    RNI_TRY(rni_claim_state(
        claim,
        &(rni_statement){.key = "net_displacement",
                         .quantity = "net: displacement against the exact one, largest difference",
                         .theory = 0.0,
                         .formula = "2 tr (1 - (1 - B)^k) S over positions",
                         .at_least = -(double)INFINITY,
                         .at_most = 0.05,
                         .tolerance = "5 % at lags up to 1024: as above, and the walk's length",
                         .method = "largest of |mean over seeds of measured/exact - 1| over lags; "
                                   "interval: two standard errors at that lag"},
        worst, error));
    return rni_claim_state_median(
        claim,
        &(rni_statement){.key = "net_exponent",
                         .quantity = "net: exponent of the displacement, lags 40 .. 400",
                         .theory = exponent,
                         .formula = "that of the exact displacement: below 1, diffusion's",
                         .at_least = exponent - 0.02,
                         .at_most = exponent + 0.02,
                         .tolerance = "0.02, as for the regressions",
                         .method = "line in the window; median over seeds"},
        n, values + n);
}

static rn_status examine_net(rn_claim *claim, net *at, rn_index *done, rn_index total)
{
    const rn_index n = rn_claim_n_seeds(claim);
    double *values = rni_alloc(2 * n, sizeof *values);
    if (!values) return rni_fail(RN_ERR_MEMORY, "limiting_dynamics: no memory");
    rn_status status = find_theory(rni_claim_settings(claim), at);
    if (status == RN_OK)
        status = rni_claim_repeat(claim,
                                  &(rni_repeated){.name = "net",
                                                  .n = n,
                                                  .n_parts = 1,
                                                  .parts = &(rni_part){at->seen, n * (N_LAGS + 2)},
                                                  .before = *done,
                                                  .total = total,
                                                  .work = walk_net,
                                                  .user = at});
    if (status == RN_OK) status = state_net(claim, at, values);
    if (status == RN_OK) status = draw(claim, at);
    *done += n;
    rni_free(values);
    return status;
}

rn_status rni_limit_net(rn_claim *claim, rn_index *done, rn_index total)
{
    const rn_index sizes[] = {wide_square, SQUARE, N_LAGS, N_LAGS,
                              rn_claim_n_seeds(claim) * (N_LAGS + 2)};
    net at = {.inputs = NULL};
    double **const parts[] = {&at.s, &at.root, &at.exact, &at.lag, &at.seen};
    rn_index all = 0;
    for (int i = 0; i < 5; i++)
        all += sizes[i];
    double *const block = rni_alloc_zero(all, sizeof *block);
    if (!block) return rni_fail(RN_ERR_MEMORY, "limiting_dynamics: no memory");
    double *next = block;
    for (int i = 0; i < 5; i++) {
        *parts[i] = next;
        next += sizes[i];
    }
    rn_status status = make_plan(rni_claim_settings(claim), &at);
    if (status == RN_OK) status = examine_net(claim, &at, done, total);
    rni_free(at.inputs);
    rni_free(block);
    return status;
}
