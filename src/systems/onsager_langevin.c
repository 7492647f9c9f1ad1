/*
 * Langevin steps with minibatches: step B = eta H, Q = eta^2 Sigma/b + 2 eta T. In a model that is
 * not well specified Sigma and H do not commute, the circulation falls as 1/b, and the entropy as
 * 1/b^2 once the isotropic noise prevails.
 *
 * What is walked also sees the scatter of the batch's own Hessian. Batches are independent and the
 * mean is the minimum, so second moments still obey a closed equation, that of
 * systems/noisy_regression.h with any targets: Sigma + <x x^T S x x^T> - H S H in place of Sigma.
 */
#include <math.h>
#include <renorm/linear_gaussian.h>
#include <renorm/streaming.h>
#include <string.h>

#include "core/memory.h"
#include "core/rng.h"
#include "stats/slope.h"
#include "systems/curvature.h"
#include "systems/onsager.h"

enum { FEATURES = 4, WIDE = FEATURES * FEATURES };

typedef struct regression {
    rni_walk_plan plan;
    double *inputs; /* [n x FEATURES] owner of targets and gradients */
    double theta[FEATURES];
    double hessian[WIDE], scatter[WIDE]; /* covariance of the gradients over samples */
} regression;

/* Targets no line can follow; with the mutation their remainder has one size everywhere, +-1/2 by
   turns, which leaves noise about proportional to the Hessian. */
static rn_status make_regression(const rni_onsager_settings *s, bool is_specified, regression *out)
{
    const rn_index n = s->samples;
    const rni_stream stream = {.seed = 1, .purpose = RNI_RNG_DATA};
    double *const block = rni_alloc(n * (2 * FEATURES + 1), sizeof *block);
    if (!block) return rni_fail(RN_ERR_MEMORY, "onsager: no memory");
    double *const targets = block + n * FEATURES;
    double *const gradients = targets + n;
    for (rn_index i = 0; i < n * FEATURES; i++)
        block[i] = rni_rng_normal(stream, (uint64_t)i) / (1.0 + (double)(i % FEATURES));
    for (rn_index i = 0; i < n; i++) {
        const double *const x = block + i * FEATURES;
        targets[i] = is_specified ? (i % 2 ? 0.5 : -0.5)
                                  : x[0] * x[0] - 1.0 + 2.0 * x[0] * x[1] + x[2] * x[3];
    }
    *out = (regression){.plan = {.model = "linear",
                                 .n_features = FEATURES,
                                 .dynamics = "sgd",
                                 .learning_rate = s->learning_rate,
                                 .temperature = s->walk_temperature,
                                 .sampler = "with_replacement",
                                 .batch_size = s->walk_batch,
                                 .n_samples = n,
                                 .inputs = block,
                                 .targets = targets},
                        .inputs = block};
    double loss = 0.0;
    const rni_curvature curvature = {.gradients = gradients, .hessian = out->hessian};
    rn_status status = rni_curvature_descend(&out->plan, FEATURES, out->theta, &loss);
    if (status == RN_OK) status = rni_curvature_see(&out->plan, FEATURES, out->theta, &curvature);
    for (rn_index i = 0; i < n && status == RN_OK; i++)
        for (int m = 0; m < WIDE; m++)
            out->scatter[m] += gradients[i * FEATURES + m / FEATURES]
                               * gradients[i * FEATURES + m % FEATURES] / (double)n;
    if (status != RN_OK) rni_free(block);
    return status;
}

static double norm_of(const double *c)
{
    double square = 0.0;
    for (int m = 0; m < WIDE; m++)
        square += c[m] * c[m];
    return sqrt(square);
}

/* q := eta^2 (scatter + <x x^T S x x^T> - H S H)/b + 2 eta T, b the batch that is walked. */
static void noise_of(const rni_onsager_settings *s, const regression *r, const double *cov,
                     double *q)
{
    const double n = (double)s->samples;
    const double weight = s->learning_rate * s->learning_rate / (double)s->walk_batch;
    double hs[WIDE] = {0};
    for (int m = 0; m < WIDE; m++)
        for (int k = 0; k < FEATURES; k++)
            hs[m] += r->hessian[m / FEATURES * FEATURES + k] * cov[k * FEATURES + m % FEATURES];
    for (int m = 0; m < WIDE; m++) {
        double back = 0.0; /* H S H */
        for (int k = 0; k < FEATURES; k++)
            back += hs[m / FEATURES * FEATURES + k] * r->hessian[k * FEATURES + m % FEATURES];
        q[m] = weight * (r->scatter[m] - back)
               + (m % (FEATURES + 1) == 0 ? 2.0 * s->learning_rate * s->walk_temperature : 0.0);
    }
    for (rn_index i = 0; i < s->samples; i++) {
        const double *const x = r->inputs + i * FEATURES;
        double form = 0.0;
        for (int m = 0; m < WIDE; m++)
            form += x[m / FEATURES] * cov[m] * x[m % FEATURES];
        for (int m = 0; m < WIDE; m++)
            q[m] += weight * form * x[m / FEATURES] * x[m % FEATURES] / n;
    }
}

static rn_status entropy_at(const rni_onsager_settings *s, const regression *r, double batch,
                            double *entropy, double *c)
{
    double b[WIDE];
    double q[WIDE];
    double stationary[WIDE];
    const double eta = s->learning_rate;
    for (int m = 0; m < WIDE; m++) {
        b[m] = eta * r->hessian[m];
        q[m] = eta * eta * r->scatter[m] / batch
               + (m % (FEATURES + 1) == 0 ? 2.0 * eta * s->temperature : 0.0);
    }
    RNI_CLAIM_TRY(rn_gaussian_step_covariance(FEATURES, b, q, stationary, NULL));
    RNI_TRY(rn_gaussian_circulation(FEATURES, b, stationary, c));
    return rn_gaussian_step_entropy(FEATURES, b, q, c, entropy);
}

enum { MOST_BATCHES = 16 };

/* Entropy and |C| at each batch size. */
static rn_status find_law(const rni_onsager_settings *s, const regression *r, rn_index n,
                          double *entropy, double *current)
{
    for (rn_index i = 0; i < n; i++) {
        double c[WIDE] = {0};
        RNI_CLAIM_TRY(entropy_at(s, r, s->batches.values[i], &entropy[i], c));
        current[i] = norm_of(c);
    }
    return RN_OK;
}

static rn_status state_orders(rn_claim *claim, const rni_slope *entropy, const rni_slope *current)
{
    RNI_TRY(rni_claim_note(claim, "batch law: window %g .. %g, rms residual %.1e", entropy->low,
                           entropy->high, entropy->residual));
    RNI_TRY(rni_claim_state(
        claim,
        &(rni_statement){.key = "current_law",
                         .quantity = "order of the circulation in the batch size",
                         .theory = -1.0,
                         .formula = "1/b: only what minibatches add does not commute",
                         .at_least = -1.001,
                         .at_most = -0.999,
                         .tolerance = "exact; rounding",
                         .method = "slope of |C| of the exact step; interval: its error"},
        current->slope, current->error));
    return rni_claim_state(
        claim,
        &(rni_statement){.key = "batch_law",
                         .quantity = "order of the entropy production in the batch size",
                         .theory = -2.0,
                         .formula = "circulation 1/b, covariance and noise isotropic",
                         .at_least = -2.2,
                         .at_most = -1.8,
                         .tolerance = "what minibatches add to the isotropic noise",
                         .method = "slope of the exact entropy of the step; interval: its error"},
        entropy->slope, entropy->error);
}

static rn_status state_law(rn_claim *claim, const regression *r)
{
    const rni_onsager_settings *s = rni_claim_settings(claim);
    const rn_index n = s->batches.count < MOST_BATCHES ? s->batches.count : MOST_BATCHES;
    const double *const batches = s->batches.values;
    double entropy[MOST_BATCHES] = {0};
    double current[MOST_BATCHES] = {0};
    rni_slope of_entropy;
    rni_slope of_current;
    RNI_CLAIM_TRY(find_law(s, r, n, entropy, current));
    RNI_TRY(rni_slope_fit_log(n, batches, entropy, 0.0, (double)INFINITY, &of_entropy));
    RNI_TRY(rni_slope_fit_log(n, batches, current, 0.0, (double)INFINITY, &of_current));
    RNI_TRY(rni_claim_figure(claim, "Entropy production of Langevin steps", "batch size",
                             "nats per step", true, true));
    RNI_TRY(rni_claim_curve(claim, "exact", RN_CLAIM_MEASURED, n, batches, entropy));
    return state_orders(claim, &of_entropy, &of_current);
}

/* The circulation of what is walked; additive: |C| without the scatter of the batch's Hessian. */
static rn_status walked_at(const rni_onsager_settings *s, const regression *r, double *c,
                           double *additive)
{
    enum { MOST_ROUNDS = 200 };
    double b[WIDE];
    double q[WIDE];
    double now[WIDE] = {0}; /* S */
    double next[WIDE];
    double change = 1.0;
    for (int m = 0; m < WIDE; m++)
        b[m] = s->learning_rate * r->hessian[m];
    for (int round = 0; round < MOST_ROUNDS && change > 1e-13; round++) {
        double most = 0.0;
        change = 0.0;
        noise_of(s, r, now, q);
        RNI_CLAIM_TRY(rn_gaussian_step_covariance(FEATURES, b, q, next, NULL));
        for (int m = 0; m < WIDE; m++) {
            most = fmax(most, fabs(next[m]));
            change = fmax(change, fabs(next[m] - now[m]));
        }
        change /= most;
        memcpy(now, next, sizeof now);
        RNI_TRY(rn_gaussian_circulation(FEATURES, b, now, c));
        if (round == 0) *additive = norm_of(c);
    }
    if (change <= 1e-13) return RN_OK;
    return rni_fail(RN_NOT_CONVERGED,
                    "onsager: second moments still change by %g after %d rounds: take smaller "
                    "steps or larger batches",
                    change, MOST_ROUNDS);
}

/* |C seen along a walk - C|, as the projection on C: <C_seen, C>/<C, C>. */
static rn_status walk_once(const rni_onsager_settings *s, const regression *r, rni_walk *walk,
                           const double *c, uint64_t seed, double *projection)
{
    double seen[WIDE] = {0};
    double last[FEATURES];
    double now[FEATURES];
    rn_stream_circulation *area = NULL;
    RNI_TRY(rni_walk_place(walk, seed, r->theta, NULL));
    RNI_TRY(rn_stream_circulation_create(FEATURES, &area));
    rn_status status = rni_walk_on(walk, 1000);
    memset(last, 0, sizeof last);
    for (int i = 0; i < FEATURES && status == RN_OK; i++)
        last[i] = rni_walk_theta(walk)[i] - r->theta[i];
    for (rn_index k = 0; k < s->walk_steps && status == RN_OK; k++) {
        status = rni_walk_on(walk, 1);
        for (int i = 0; i < FEATURES; i++)
            now[i] = rni_walk_theta(walk)[i] - r->theta[i];
        rn_stream_circulation_add(area, last, now);
        memcpy(last, now, sizeof last);
    }
    rn_stream_circulation_get(area, seen);
    rn_stream_circulation_destroy(area);
    double along = 0.0;
    double norm = 0.0;
    for (int m = 0; m < WIDE; m++) {
        along += seen[m] * c[m];
        norm += c[m] * c[m];
    }
    *projection = along / norm;
    return status;
}

/* What is walked, and against which circulation. */
typedef struct langevin_walk {
    const regression *r;
    rni_walk walk;
    double c[WIDE];
    double *values; /* [n_seeds] */
} langevin_walk;

static rn_status work_walk(rn_claim *claim, rn_index i, void *user)
{
    langevin_walk *at = user;
    return walk_once(rni_claim_settings(claim), at->r, &at->walk, at->c, rni_claim_seed(claim, i),
                     &at->values[i]);
}

static rn_status examine_walks(rn_claim *claim, const regression *r, const regression *walked)
{
    const rni_onsager_settings *s = rni_claim_settings(claim);
    const rn_index n = rn_claim_n_seeds(claim);
    double *values = rni_alloc_zero(n, sizeof *values);
    if (!values) return rni_fail(RN_ERR_MEMORY, "onsager: no memory");
    langevin_walk at = {.r = walked, .values = values};
    double additive = 0.0;
    rn_status status = walked_at(s, r, at.c, &additive);
    if (status == RN_OK)
        status = rni_claim_note(claim,
                                "circulation of what is walked: the scatter of the batch's own "
                                "Hessian makes it %.3f of that of the noise at the minimum",
                                norm_of(at.c) / additive);
    if (status == RN_OK) status = rni_walk_open(&walked->plan, &at.walk);
    if (status == RN_OK)
        status = rni_claim_repeat(claim, &(rni_repeated){.name = "walks",
                                                         .n = n,
                                                         .n_parts = 1,
                                                         .parts = &(rni_part){values, n},
                                                         .before = n,
                                                         .total = 2 * n,
                                                         .work = work_walk,
                                                         .user = &at});
    if (status == RN_OK)
        status = rni_onsager_state(
            claim, "walked_circulation", "circulation of walked Langevin steps, over the exact one",
            1.0, 0.1, "C = (B S - S B^T)/2, S with the scatter of the batch's own Hessian",
            "a tenth: the formula is exact, the rest is the walk's length", values);
    rni_walk_close(&at.walk);
    rni_free(values);
    return status;
}

rn_status rni_onsager_langevin(rn_claim *claim)
{
    const rni_onsager_settings *s = rni_claim_settings(claim);
    regression r = {0};
    regression plain = {0};
    RNI_CLAIM_TRY(make_regression(s, false, &r));
    rn_status status = make_regression(s, true, &plain);
    if (status != RN_OK) {
        rni_free(r.inputs);
        return status;
    }
    status = state_law(claim, &r);
    if (status == RN_OK)
        status = examine_walks(claim, &r, rn_claim_is_mutated(claim) ? &plain : &r);
    rni_free(plain.inputs);
    rni_free(r.inputs);
    return status;
}
