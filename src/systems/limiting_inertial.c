/*
 * Descent with momentum and its underdamped Langevin equation, side by side. Where all curvatures
 * are one, rho = 1, the batch's noise is the same in every direction, q = sigma^2/B, and the
 * equation has one temperature. In steps of time h and unit mass, c = exp(-gamma h) = beta:
 *
 *     leapfrog            h^2 = 2 eta/(1 + beta), T = eta q/(2 (1 - beta)): without noise it is the
 *                         heavy ball; its variance is T/rho, the equation's own, at any step. In
 *                         the form of Groenbech-Jensen and Farago (train/inertial.h) its gamma h
 *                         is 2 (1 - beta)/(1 + beta) and h omega that of renorm/heavy_ball.h
 *     symplectic Euler    h^2 = eta, T = eta q/(1 - beta^2): the heavy ball with noise of variance
 *                         q that is Gaussian and the same everywhere
 *     sgd                 the batches themselves, whose noise also has the scatter of their Hessian
 *
 * The first two are walked on all samples by the engine's `inertial`, the last as elsewhere.
 */
#include <math.h>
#include <renorm/heavy_ball.h>

#include "core/memory.h"
#include "systems/limiting.h"

enum { LEAPFROG, EULER, BATCHES, N_WALKS, MOST_MODES = 24, N_SAMPLES = 32 };

/* Of the steps of walks of fewer modes, whose moments are compared elsewhere. */
#define SHARE 2

/* The scatter of d modes adds some eta d/(2 B (1 - beta)) of q to it: as many as add a quarter. */
static rn_index count_modes(const rni_limit_settings *s, double eta, double beta)
{
    const double most = (double)s->batch * (1.0 - beta) / (2.0 * eta);
    return (rn_index)fmax(1.0, fmin(floor(most), MOST_MODES));
}

typedef struct inertial_case {
    double eta, beta;
    rn_index n_modes;
    double rho; /* the theory's, of every mode */
    double q;
    double exact[N_WALKS]; /* variance */
    double speed;          /* variance of symplectic Euler's velocities */
    rni_noisy_regression r;
    rni_walk walks[N_WALKS];
    double *found;  /* [N_WALKS x n_seeds] measured/exact, mean over modes; owner of what follows */
    double *speeds; /* [n_seeds] the same */
} inertial_case;

static double langevin_variance(const inertial_case *c)
{
    return c->eta * c->q / (2.0 * (1.0 - c->beta) * c->rho);
}

static rni_walk_plan plan_for(const inertial_case *c, int which, rn_index batch)
{
    rni_walk_plan plan = rni_limit_plan(&c->r, batch, c->eta, c->beta);
    if (which == BATCHES) return plan;
    const bool is_leapfrog = which == LEAPFROG;
    plan.dynamics = "inertial";
    plan.momentum = 0.0;
    plan.sampler = NULL;
    plan.scheme = is_leapfrog ? "leapfrog" : "symplectic_euler";
    plan.learning_rate = is_leapfrog ? 2.0 * c->eta / (1.0 + c->beta) : c->eta;
    plan.friction = -log(c->beta) / sqrt(plan.learning_rate);
    plan.temperature =
        is_leapfrog ? langevin_variance(c) * c->rho : c->eta * c->q / (1.0 - c->beta * c->beta);
    return plan;
}

/* Exact variances for the theory's data. */
static rn_status find_exact(const rni_limit_settings *s, inertial_case *c)
{
    const rn_heavy_ball mode = {.rho = c->rho, .eta = c->eta, .beta = c->beta, .noise = c->q};
    double moments[4 * MOST_MODES * MOST_MODES] = {0};
    rni_noisy_regression r = {0};
    RNI_TRY(rni_noisy_regression_make(N_SAMPLES, c->n_modes, 0.0, RNI_LIMIT_SIGMA,
                                      RNI_LIMIT_DATA_SEED, &r));
    const rn_status status = rni_noisy_regression_moments(&r, s->batch, c->eta, c->beta, moments);
    c->exact[LEAPFROG] = langevin_variance(c);
    c->exact[EULER] = rn_heavy_ball_position(&mode);
    c->speed = c->eta * rn_heavy_ball_velocity(&mode); /* v is -h times the heavy ball's */
    c->exact[BATCHES] = 0.0;
    for (rn_index i = 0; i < c->n_modes; i++)
        c->exact[BATCHES] += moments[i * (2 * c->n_modes + 1)] / (double)c->n_modes;
    rni_noisy_regression_clear(&r);
    return status;
}

/* Mean over n modes of the variance gathered. */
static double mean_variance(const rn_stream_moments *moments, rn_index n)
{
    double covariance[MOST_MODES * MOST_MODES] = {0};
    double mean = 0.0;
    rn_stream_moments_get(moments, NULL, covariance);
    for (rn_index i = 0; i < n; i++)
        mean += covariance[i * (n + 1)] / (double)n;
    return mean;
}

static rn_status walk_one(rn_claim *claim, inertial_case *c, int which, rn_index seed)
{
    const rni_limit_settings *s = rni_claim_settings(claim);
    const rn_index n_seeds = rn_claim_n_seeds(claim);
    const rn_index d = c->n_modes;
    double variance[MOST_MODES];
    rni_limit_looks at = {0};
    for (rn_index i = 0; i < d; i++)
        variance[i] = c->exact[which];
    rn_status status = rni_limit_start(&c->walks[which], rni_claim_seed(claim, seed), variance,
                                       (rn_index)(40.0 / (1.0 - c->beta)));
    if (status == RN_OK) status = rn_stream_moments_create(d, &at.moments);
    if (status == RN_OK && which == EULER) status = rn_stream_moments_create(d, &at.speeds);
    if (status == RN_OK) status = rni_limit_follow(&c->walks[which], s->steps / SHARE, &at);
    if (status == RN_OK)
        c->found[which * n_seeds + seed] = mean_variance(at.moments, d) / c->exact[which];
    if (status == RN_OK && at.speeds) c->speeds[seed] = mean_variance(at.speeds, d) / c->speed;
    rn_stream_moments_destroy(at.speeds);
    rn_stream_moments_destroy(at.moments);
    return status;
}

static rn_status walk_seed(rn_claim *claim, rn_index seed, void *user)
{
    for (int which = 0; which < N_WALKS; which++)
        RNI_CLAIM_TRY(walk_one(claim, user, which, seed));
    return RN_OK;
}

static rn_status state(rn_claim *claim, const inertial_case *c)
{
    const rn_index n = rn_claim_n_seeds(claim);
    const struct {
        const char *key;
        const char *quantity;
        const char *formula;
        const double *values;
    } lines[] = {
        {"inertial_leapfrog", "Langevin equation by leapfrog: variance over the paper's",
         "eta q/(2 rho (1-beta)) = T/rho, which leapfrog has at any step", c->found},
        {"inertial_euler", "the same by symplectic Euler, over the heavy ball's",
         "eta q (1+beta)/(rho (1-beta)(2(1+beta) - eta rho))", c->found + EULER * n},
        {"inertial_speed", "variance of its velocities over the heavy ball's",
         "2 eta q/((1-beta)(2(1+beta) - eta rho))", c->speeds},
        {"inertial_batches",
         "descent with momentum on the same data: variance over its exact value",
         "B S + S B^T - B S B^T = Q of (theta, v), with the batch's own scatter in Q",
         c->found + BATCHES * n},
    };
    RNI_TRY(rni_claim_note(claim,
                           "one temperature, %d modes of curvature %g, eta = %g, beta = %g: the "
                           "Langevin equation's variance is %.4g, symplectic Euler's %.4f of it, "
                           "descent's with momentum and batches %.4f of it",
                           (int)c->n_modes, c->rho, c->eta, c->beta, c->exact[LEAPFROG],
                           c->exact[EULER] / c->exact[LEAPFROG],
                           c->exact[BATCHES] / c->exact[LEAPFROG]));
    for (int i = 0; i < 4; i++)
        RNI_TRY(rni_claim_state_median(
            claim,
            &(rni_statement){.key = lines[i].key,
                             .quantity = lines[i].quantity,
                             .theory = 1.0,
                             .formula = lines[i].formula,
                             .at_least = 0.99,
                             .at_most = 1.01,
                             .tolerance = "1 %: the formula is exact, the rest is the run's length",
                             .method = "mean over modes; median over seeds"},
            n, lines[i].values));
    return RN_OK;
}

static rn_status examine(rn_claim *claim, inertial_case *c, rn_index before, rn_index total)
{
    const rni_limit_settings *s = rni_claim_settings(claim);
    const rn_index n = rn_claim_n_seeds(claim);
    RNI_CLAIM_TRY(find_exact(s, c));
    RNI_TRY(rni_noisy_regression_make(N_SAMPLES, c->n_modes, rn_claim_is_mutated(claim) ? 1.0 : 0.0,
                                      RNI_LIMIT_SIGMA, RNI_LIMIT_DATA_SEED, &c->r));
    for (int which = 0; which < N_WALKS; which++) {
        const rni_walk_plan plan = plan_for(c, which, s->batch);
        RNI_TRY(rni_walk_open(&plan, &c->walks[which]));
    }
    RNI_CLAIM_TRY(
        rni_claim_repeat(claim, &(rni_repeated){.name = "inertial",
                                                .n = n,
                                                .n_parts = 1,
                                                .parts = &(rni_part){c->found, (N_WALKS + 1) * n},
                                                .before = before,
                                                .total = total,
                                                .work = walk_seed,
                                                .user = c}));
    return state(claim, c);
}

rn_status rni_limit_inertial(rn_claim *claim, rn_index *done, rn_index total)
{
    const rni_limit_settings *s = rni_claim_settings(claim);
    const rn_index n = rn_claim_n_seeds(claim);
    inertial_case c = {.eta = s->rates.values[s->rates.count - 1],
                       .beta = s->momenta.values[s->momenta.count - 1],
                       .rho = 1.0,
                       .q = RNI_LIMIT_SIGMA * RNI_LIMIT_SIGMA / (double)s->batch,
                       .found = rni_alloc_zero((N_WALKS + 1) * n, sizeof(double))};
    c.n_modes = count_modes(s, c.eta, c.beta);
    if (!c.found) return rni_fail(RN_ERR_MEMORY, "limiting_dynamics: no memory");
    c.speeds = c.found + N_WALKS * n;
    const rn_status status = examine(claim, &c, *done, total);
    *done += n;
    for (int which = 0; which < N_WALKS; which++)
        rni_walk_close(&c.walks[which]);
    rni_noisy_regression_clear(&c.r);
    rni_free(c.found);
    return status;
}
