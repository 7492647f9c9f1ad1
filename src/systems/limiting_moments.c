/*
 * Stationary moments of descent with momentum on a few modes, at each learning rate and momentum:
 * variances of weights and velocities, and for the last of them displacement and spectral peak,
 * against the exact ones of the step.
 */
#include <math.h>
#include <renorm/heavy_ball.h>
#include <renorm/linear_gaussian.h>
#include <stdio.h>

#include "core/memory.h"
#include "core/size.h"
#include "stats/slope.h"
#include "systems/limiting.h"

/* One case: a learning rate and a momentum. */
typedef struct moments_case {
    double eta, beta;
    bool is_last;
    rn_index n_lags;
    rn_index size; /* of all arrays */
    double *s;     /* [2d x 2d] exact second moments; owner of what follows */
    double *found; /* [n_seeds] mean over modes of measured/exact variance */
    double *speed; /* [n_seeds] the same of velocities, with momentum */
    double *tilt;  /* [n_seeds] slope of ln variance against ln rho */
    double *peak;  /* [n_seeds] */
    double *exact; /* [n_lags] displacement */
    double *moved; /* [n_seeds x n_lags] measured/exact - 1 */
    double *lag;   /* [n_lags] */
    double *mean;  /* [n_lags] measured displacement, mean over seeds */
} moments_case;

static rn_status see_seed(const rni_limit_settings *s, const rni_noisy_regression *r,
                          moments_case *c, rni_walk *walk, const rni_limit_looks *at, rn_index seed)
{
    const rn_index d = r->n_features;
    double covariance[32 * 32];
    double variance[32] = {0};
    double ratio = 0.0;
    double speed = 0.0;
    rni_slope line;
    RNI_CLAIM_TRY(rni_limit_follow(walk, s->steps, at));
    if (at->speeds) rn_stream_moments_get(at->speeds, NULL, covariance);
    for (rn_index i = 0; i < d && at->speeds; i++)
        speed += covariance[i * (d + 1)] / c->s[(d + i) * (2 * d + 1)] / (double)d;
    rn_stream_moments_get(at->moments, NULL, covariance);
    for (rn_index i = 0; i < d; i++) {
        variance[i] = covariance[i * d + i];
        ratio += variance[i] / c->s[i * 2 * d + i] / (double)d;
    }
    RNI_TRY(rni_slope_fit_log(d, r->rho, variance, 0.0, (double)INFINITY, &line));
    c->found[seed] = ratio;
    c->speed[seed] = speed;
    c->tilt[seed] = line.slope;
    if (!c->is_last) return RN_OK;
    for (rn_index i = 0; i < c->n_lags; i++) {
        const double moved = rn_stream_lags_displacement(at->lags, i);
        c->moved[seed * c->n_lags + i] = moved / c->exact[i] - 1.0;
        c->mean[i] += moved;
    }
    const double damping = (1.0 - c->beta) / (1.0 + c->beta); /* eta gamma */
    return rni_periodogram_peak(at->spectrum, damping, &c->peak[seed]);
}

static rn_status run_seed(const rni_limit_settings *s, const rni_noisy_regression *r,
                          moments_case *c, rni_walk *walk, uint64_t draw, rn_index seed)
{
    const rn_index d = r->n_features;
    double variance[32] = {0};
    rni_periodogram spectrum = {0};
    rni_limit_looks at = {0};
    for (rn_index i = 0; i < d; i++)
        variance[i] = c->s[i * 2 * d + i];
    rn_status status = rni_limit_start(walk, draw, variance, (rn_index)(40.0 / (1.0 - c->beta)));
    if (status == RN_OK) status = rn_stream_moments_create(d, &at.moments);
    if (status == RN_OK && c->beta > 0.0) status = rn_stream_moments_create(d, &at.speeds);
    if (status == RN_OK && c->is_last)
        status = rn_stream_lags_create(
            d, RNI_LIMIT_PER_LEVEL,
            1 + (c->n_lags - RNI_LIMIT_PER_LEVEL) / (RNI_LIMIT_PER_LEVEL / 2), &at.lags);
    if (status == RN_OK && c->is_last) {
        status = rni_periodogram_open(&spectrum);
        at.spectrum = &spectrum;
    }
    if (status == RN_OK) status = see_seed(s, r, c, walk, &at, seed);
    rni_periodogram_close(&spectrum);
    rn_stream_lags_destroy(at.lags);
    rn_stream_moments_destroy(at.speeds);
    rn_stream_moments_destroy(at.moments);
    return status;
}

/* Exact displacement at lags 1 .. 8, 10, .., up to a 200th of the run and 1000. */
static rn_status find_exact(const rni_noisy_regression *r, moments_case *c)
{
    const rn_index d = r->n_features;
    const rn_index wide = 2 * d;
    double b[64 * 64];
    double q[64 * 64];
    double k[64 * 64];
    double hessian[32 * 32] = {0};
    rn_stream_lags *lags = NULL;
    for (rn_index i = 0; i < d; i++)
        hessian[i * d + i] = r->rho[i];
    RNI_TRY(rn_gaussian_heavy_ball(d, hessian, hessian, c->eta, c->beta, 0.0, b, q));
    RNI_TRY(rn_stream_lags_create(d, RNI_LIMIT_PER_LEVEL,
                                  1 + (c->n_lags - RNI_LIMIT_PER_LEVEL) / (RNI_LIMIT_PER_LEVEL / 2),
                                  &lags));
    rn_status status = RN_OK;
    for (rn_index i = 0; i < c->n_lags && status == RN_OK; i++) {
        const rn_index lag = rn_stream_lags_lag(lags, i);
        c->lag[i] = (double)lag;
        status = rn_gaussian_step_relaxation(wide, b, lag, k);
        if (status == RN_OK) status = rn_gaussian_displacement(wide, d, k, c->s, &c->exact[i]);
    }
    rn_stream_lags_destroy(lags);
    return status;
}

/* The lag at which the mean over seeds is furthest from the exact one, and how well it is known. */
static void worst_lag(const moments_case *c, rn_index n_seeds, double *worst, double *error,
                      double *at)
{
    *worst = 0.0;
    for (rn_index i = 0; i < c->n_lags; i++) {
        double mean = 0.0;
        double square = 0.0;
        for (rn_index k = 0; k < n_seeds; k++)
            mean += c->moved[k * c->n_lags + i] / (double)n_seeds;
        for (rn_index k = 0; k < n_seeds; k++)
            square += pow(c->moved[k * c->n_lags + i] - mean, 2.0);
        if (fabs(mean) < *worst) continue;
        *worst = fabs(mean);
        *error = 2.0 * sqrt(square / ((double)n_seeds * ((double)n_seeds - 1.0)));
        *at = c->lag[i];
    }
}

static rn_status state_variance(rn_claim *claim, const rni_noisy_regression *r,
                                const moments_case *c)
{
    const rn_index n = rn_claim_n_seeds(claim);
    const rni_limit_settings *s = rni_claim_settings(claim);
    char key[64];
    char quantity[160];
    double additive = 0.0;
    double flow = 0.0;
    for (rn_index i = 0; i < r->n_features; i++) {
        const rn_heavy_ball mode = {.rho = r->rho[i],
                                    .eta = c->eta,
                                    .beta = c->beta,
                                    .noise = RNI_LIMIT_SIGMA * RNI_LIMIT_SIGMA * r->rho[i]
                                             / (double)s->batch};
        const double exact = c->s[i * 2 * r->n_features + i] * (double)r->n_features;
        additive += rn_heavy_ball_position(&mode) / exact;
        flow += rn_heavy_ball_flow_position(&mode) / exact;
    }
    (void)snprintf(key, sizeof key, "variance_%g_%g", c->eta, c->beta);
    (void)snprintf(quantity, sizeof quantity,
                   "variance over its exact value, mean over modes, eta = %g, beta = %g", c->eta,
                   c->beta);
    RNI_TRY(rni_claim_note(claim,
                           "%s: with the noise at the minimum alone the discrete formula gives "
                           "%.4f of the exact value, the continuous one %.4f",
                           quantity, additive, flow));
    return rni_claim_state_median(
        claim,
        &(rni_statement){.key = key,
                         .quantity = quantity,
                         .theory = 1.0,
                         .formula = "B S + S B^T - B S B^T = Q of (theta, v), with the batch's own "
                                    "scatter in Q",
                         .at_least = 0.99,
                         .at_most = 1.01,
                         .tolerance = "1 %: the formula is exact, the rest is the run's length",
                         .method = "median over seeds"},
        n, c->found);
}

static rn_status state_speed(rn_claim *claim, const moments_case *c)
{
    char key[64];
    char quantity[160];
    (void)snprintf(key, sizeof key, "velocity_%g_%g", c->eta, c->beta);
    (void)snprintf(quantity, sizeof quantity,
                   "variance of velocities over its exact value, eta = %g, beta = %g", c->eta,
                   c->beta);
    return rni_claim_state_median(
        claim,
        &(rni_statement){.key = key,
                         .quantity = quantity,
                         .theory = 1.0,
                         .formula = "as above; 2q/((1-beta)(2(1+beta) - eta rho)) for noise of "
                                    "variance q",
                         .at_least = 0.99,
                         .at_most = 1.01,
                         .tolerance = "1 %: the formula is exact, the rest is the run's length",
                         .method = "mean over modes; median over seeds"},
        rn_claim_n_seeds(claim), c->speed);
}

static rn_status state_last(rn_claim *claim, const rni_noisy_regression *r, const moments_case *c)
{
    const rn_index n = rn_claim_n_seeds(claim);
    const rn_heavy_ball mode = {.rho = r->rho[0], .eta = c->eta, .beta = c->beta, .noise = 1.0};
    const double peak = rn_heavy_ball_peak(&mode);
    double worst = 0.0;
    double error = 0.0;
    double at = 0.0;
    worst_lag(c, n, &worst, &error, &at);
    for (rn_index i = 0; i < c->n_lags; i++)
        c->mean[i] /= (double)n;
    RNI_TRY(rni_claim_figure(claim, "Displacement, exact and walked", "steps",
                             "mean squared displacement", true, true));
    RNI_TRY(rni_claim_curve(claim, "walked", RN_CLAIM_POINTS, c->n_lags, c->lag, c->mean));
    RNI_TRY(rni_claim_curve(claim, "exact", RN_CLAIM_THEORY, c->n_lags, c->lag, c->exact));
    RNI_TRY(rni_claim_note(claim,
                           "displacement at %d lags from 1 to %g; the worst is lag %g; spectral "
                           "peak of the Langevin equation's position %.4f and velocity's damped "
                           "frequency sqrt(omega^2 - gamma^2) %.4f per step",
                           (int)c->n_lags, c->lag[c->n_lags - 1], at,
                           rn_heavy_ball_flow_peak(&mode), rn_heavy_ball_flow_oscillation(&mode)));
    RNI_TRY(rni_claim_state(
        claim,
        &(rni_statement){.key = "displacement",
                         .quantity = "displacement against the exact one, largest difference",
                         .theory = 0.0,
                         .formula = "2 tr (1 - (1 - B)^k) S over positions",
                         .at_least = -(double)INFINITY,
                         .at_most = 0.03,
                         .tolerance = "3 % at every lag up to a 200th of the run and 1000",
                         .method = "largest of |mean over seeds of measured/exact - 1| over lags; "
                                   "interval: two standard errors at that lag"},
        worst, error));
    RNI_TRY(rni_claim_state_median(
        claim,
        &(rni_statement){.key = "isotropy",
                         .quantity = "slope of ln variance against ln curvature",
                         .theory = 0.0,
                         .formula = "eta sigma^2/(2 B (1-beta)), whatever the curvature",
                         .at_least = -0.05,
                         .at_most = 0.05,
                         .tolerance = "finite step and batch tilt it by eta rho/(2(1+beta))",
                         .method = "line over modes; median over seeds"},
        n, c->tilt));
    return rni_claim_state_median(
        claim,
        &(rni_statement){.key = "peak",
                         .quantity = "spectral peak of the first mode",
                         .unit = "1/step",
                         .theory = peak,
                         .formula = "cos w = (1 + beta - eta rho)(1 + beta)/(4 beta)",
                         .at_least = 0.97 * peak,
                         .at_most = 1.03 * peak,
                         .tolerance = "3 %: its width is ten times that",
                         .method = "averaged periodograms of 512 steps; median over seeds"},
        n, c->peak);
}

static rn_status open_case(const rni_limit_settings *s, rn_index n_seeds, moments_case *c)
{
    const rn_index d = s->features;
    rn_index levels = 1;
    /* displacements are long at rest by 1000; longer runs know the same lags better */
    while (RNI_LIMIT_PER_LEVEL << levels <= rni_min(s->steps / 200, 1000))
        levels++;
    c->n_lags = RNI_LIMIT_PER_LEVEL + (levels - 1) * (RNI_LIMIT_PER_LEVEL / 2);
    const rn_index sizes[] = {4 * d * d,           n_seeds,   n_seeds,  n_seeds, n_seeds, c->n_lags,
                              n_seeds * c->n_lags, c->n_lags, c->n_lags};
    double **const parts[] = {&c->s,     &c->found, &c->speed, &c->tilt, &c->peak,
                              &c->exact, &c->moved, &c->lag,   &c->mean};
    for (int i = 0; i < 9; i++)
        c->size += sizes[i];
    double *at = rni_alloc_zero(c->size, sizeof *at);
    if (!at) return rni_fail(RN_ERR_MEMORY, "limiting_dynamics: no memory");
    for (int i = 0; i < 9; i++) {
        *parts[i] = at;
        at += sizes[i];
    }
    return RN_OK;
}

/* A case and what it is walked on. */
typedef struct case_walk {
    const rni_noisy_regression *r;
    moments_case c;
    rni_walk walk;
} case_walk;

static rn_status walk_case(rn_claim *claim, rn_index i, void *user)
{
    case_walk *at = user;
    return run_seed(rni_claim_settings(claim), at->r, &at->c, &at->walk, rni_claim_seed(claim, i),
                    i);
}

static rn_status work_case(rn_claim *claim, case_walk *at, rn_index number, rn_index before,
                           rn_index total)
{
    const rni_limit_settings *s = rni_claim_settings(claim);
    const rni_walk_plan plan = rni_limit_plan(at->r, s->batch, at->c.eta, at->c.beta);
    char name[RNI_KEPT_NAME];
    RNI_CLAIM_TRY(rni_noisy_regression_moments(at->r, s->batch, at->c.eta, at->c.beta, at->c.s));
    if (at->c.is_last) RNI_TRY(find_exact(at->r, &at->c));
    RNI_TRY(rni_walk_open(&plan, &at->walk));
    (void)snprintf(name, sizeof name, "case_%d", (int)number);
    RNI_CLAIM_TRY(rni_claim_repeat(claim, &(rni_repeated){.name = name,
                                                          .n = rn_claim_n_seeds(claim),
                                                          .n_parts = 1,
                                                          .parts = &(rni_part){at->c.s, at->c.size},
                                                          .before = before,
                                                          .total = total,
                                                          .work = walk_case,
                                                          .user = at}));
    RNI_TRY(state_variance(claim, at->r, &at->c));
    if (at->c.beta > 0.0) RNI_TRY(state_speed(claim, &at->c));
    return at->c.is_last ? state_last(claim, at->r, &at->c) : RN_OK;
}

static rn_status examine_case(rn_claim *claim, const rni_noisy_regression *r, rn_index number,
                              rn_index *done, rn_index total)
{
    const rni_limit_settings *s = rni_claim_settings(claim);
    case_walk at = {.r = r,
                    .c = {.eta = s->rates.values[number],
                          .beta = s->momenta.values[number],
                          .is_last = number + 1 == s->rates.count}};
    rn_status status = open_case(s, rn_claim_n_seeds(claim), &at.c);
    if (status == RN_OK) status = work_case(claim, &at, number, *done, total);
    *done += rn_claim_n_seeds(claim);
    rni_walk_close(&at.walk);
    rni_free(at.c.s);
    return status;
}

rn_status rni_limit_moments(rn_claim *claim, rn_index *done, rn_index total)
{
    const rni_limit_settings *s = rni_claim_settings(claim);
    rni_noisy_regression r = {0};
    RNI_TRY(rni_noisy_regression_make(s->samples, s->features, 1.0, RNI_LIMIT_SIGMA,
                                      RNI_LIMIT_DATA_SEED, &r));
    rn_status status = RN_OK;
    for (rn_index i = 0; i < s->rates.count && status == RN_OK; i++)
        status = examine_case(claim, &r, i, done, total);
    rni_noisy_regression_clear(&r);
    return status;
}
