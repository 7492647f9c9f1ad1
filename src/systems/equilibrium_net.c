/*
 * The net of seven weights: its minimum, its linear theory, its walks. What is said of them is in
 * equilibrium_seen.c.
 */
#include <math.h>
#include <renorm/linear_gaussian.h>
#include <renorm/streaming.h>
#include <stdio.h>
#include <string.h>

#include "backends/lapack.h"
#include "core/memory.h"
#include "core/rng.h"
#include "systems/curvature.h"
#include "systems/equilibrium.h"
#include "systems/equilibrium_net.h"

enum { N_WEIGHTS = RNI_NET_WEIGHTS, SQUARE = RNI_NET_SQUARE, PATHS = RNI_NET_PATHS, BINS = 80 };
enum { SEEN = 2 * SQUARE + 3 * PATHS + 1 }; /* numbers of a seed */

/* The net at its minimum, and what linear theory says of it. */
typedef struct net {
    const char *walking; /* names under which walks are kept */
    const char *walked;
    rni_net_theory theory;
    rn_index n_steps;
    rn_index share; /* of the claim's work, in eighths: what is done before */
    rni_walk_plan plan;
    double *inputs; /* owner of inputs, targets, gradients */
    double theta[N_WEIGHTS];
    double root[SQUARE]; /* Cholesky factor of the stationary covariance */
    double turn[SQUARE], edge[SQUARE];
} net;

static void noise_of(const rni_equilibrium_settings *s, double rate, const double *gradients,
                     double *q)
{
    const double n = (double)s->samples;
    const double batch = (double)s->batch;
    const double scale = rate * rate * (n - batch) / (batch * (n - 1.0)) / n;
    double mean[N_WEIGHTS] = {0};
    for (rn_index i = 0; i < s->samples * N_WEIGHTS; i++)
        mean[i % N_WEIGHTS] += gradients[i] / n;
    memset(q, 0, SQUARE * sizeof *q);
    for (rn_index i = 0; i < s->samples; i++)
        for (int j = 0; j < N_WEIGHTS; j++)
            for (int k = 0; k < N_WEIGHTS; k++)
                q[j * N_WEIGHTS + k] += scale * (gradients[i * N_WEIGHTS + j] - mean[j])
                                        * (gradients[i * N_WEIGHTS + k] - mean[k]);
}

static rn_status solve_net(const rni_equilibrium_settings *s, const double *gradients, net *out)
{
    rni_net_theory *const t = &out->theory;
    for (int i = 0; i < SQUARE; i++)
        t->b[i] *= t->rate;
    noise_of(s, t->rate, gradients, t->q);
    RNI_CLAIM_TRY(rn_gaussian_step_covariance(N_WEIGHTS, t->b, t->q, t->s, NULL));
    RNI_TRY(rn_gaussian_circulation(N_WEIGHTS, t->b, t->s, t->c));
    RNI_TRY(rn_gaussian_step_entropy(N_WEIGHTS, t->b, t->q, t->c, &t->entropy));
    RNI_TRY(rn_gaussian_path_forms(N_WEIGHTS, t->b, t->q, t->s, out->turn, out->edge));
    memcpy(out->root, t->s, sizeof out->root);
    return rni_lapack_cholesky(N_WEIGHTS, out->root);
}

/* The rate, n_steps and names are given. */
static rn_status make_net(const rni_equilibrium_settings *s, net *out)
{
    const rn_index n = s->samples;
    const rni_stream stream = {.seed = RNI_EQUILIBRIUM_DATA_SEED, .purpose = RNI_RNG_LABEL_NOISE};
    double *const block = rni_alloc((2 + N_WEIGHTS) * n, sizeof *block);
    if (!block) return rni_fail(RN_ERR_MEMORY, "equilibrium: no memory");
    double *const targets = block + n;
    double *const gradients = targets + n;
    for (rn_index i = 0; i < n; i++) {
        block[i] = -3.0 + 6.0 * (double)i / (double)n;
        targets[i] = exp(-block[i] * block[i]) + s->noise * rni_rng_normal(stream, (uint64_t)i);
    }
    /* near a bump of two steps; the minimum is the only one but for the signs of hidden units */
    const double first[N_WEIGHTS] = {1.0, -1.0, -0.6, -0.6, 0.9, 0.9, 0.0};
    out->plan = rni_walk_two_units(1);
    out->plan.learning_rate = out->theory.rate;
    out->plan.weight_decay = s->weight_decay;
    out->plan.sampler = "distinct";
    out->plan.batch_size = s->batch;
    out->plan.n_samples = n;
    out->plan.inputs = block;
    out->plan.targets = targets;
    out->inputs = block;
    memcpy(out->theta, first, sizeof first);
    const rni_curvature curvature = {.gradients = gradients, .hessian = out->theory.b};
    rn_status status = rni_curvature_descend(&out->plan, N_WEIGHTS, out->theta, &out->theory.loss);
    if (status == RN_OK) status = rni_curvature_see(&out->plan, N_WEIGHTS, out->theta, &curvature);
    if (status == RN_OK) status = solve_net(s, gradients, out);
    if (status != RN_OK) rni_free(block);
    return status;
}

/* The mutation: all samples, and Langevin noise of the same total strength in every direction. */
static rni_walk_plan mutated(const net *at)
{
    rni_walk_plan plan = at->plan;
    double total = 0.0;
    for (int i = 0; i < N_WEIGHTS; i++)
        total += at->theory.q[i * N_WEIGHTS + i] / N_WEIGHTS;
    plan.sampler = NULL;
    plan.temperature = total / (2.0 * plan.learning_rate);
    return plan;
}

/* One walk's statistics as it goes. */
typedef struct gathering {
    rn_stream_moments *moments;
    rn_stream_circulation *area;
    rn_stream_histogram *histogram;
    rn_stream_mean means[2 * PATHS];   /* of sigma, then of exp(-sigma) */
    double path[PATHS + 1][N_WEIGHTS]; /* the last states, oldest first */
    double turns[PATHS];               /* of the last steps */
} gathering;

static void gather(const net *at, const double *theta, rn_index step, gathering *g)
{
    memmove(g->path[0], g->path[1], sizeof g->path - sizeof g->path[0]);
    memmove(g->turns, g->turns + 1, sizeof g->turns - sizeof g->turns[0]);
    double *const now = g->path[PATHS];
    for (int i = 0; i < N_WEIGHTS; i++)
        now[i] = theta[i] - at->theta[i];
    if (step == 0) return;
    g->turns[PATHS - 1] = rn_gaussian_path_turn(N_WEIGHTS, at->turn, g->path[PATHS - 1], now);
    rn_stream_moments_add(g->moments, now);
    rn_stream_circulation_add(g->area, g->path[PATHS - 1], now);
    double sum = 0.0;
    for (int m = 1; m <= PATHS && m <= step; m++) {
        sum += g->turns[PATHS - m];
        const double value =
            rn_gaussian_path_edge(N_WEIGHTS, at->edge, g->path[PATHS - m], now) - sum;
        rn_stream_mean_add(&g->means[m - 1], value);
        rn_stream_mean_add(&g->means[PATHS + m - 1], exp(-value));
        if (m == PATHS) rn_stream_histogram_add(g->histogram, value);
    }
}

enum { CHUNK = 100000, KEEP_EVERY = 500000, MOST_PARTS = 8 };

/* A walk's numbers. @return how many parts */
static rn_index list_parts(gathering *g,
                           double *theta, /* NOLINT(readability-non-const-parameter) */
                           double *state, /* NOLINT(readability-non-const-parameter) */
                           rni_part parts[MOST_PARTS])
{
    enum { STATES = (PATHS + 1) * N_WEIGHTS, MEANS = 2 * PATHS * 4 * RN_STREAM_LEVELS };
    _Static_assert(sizeof g->means == MEANS * sizeof(double), "a mean is four arrays");
    rn_index n = 0;
    parts[n++] = (rni_part){theta, N_WEIGHTS};
    parts[n++] = (rni_part){state, RNI_WALK_STATE};
    parts[n++] = (rni_part){g->path[0], STATES};
    parts[n++] = (rni_part){g->turns, PATHS};
    parts[n++] = (rni_part){(double *)(void *)g->means, MEANS};
    parts[n].values = rn_stream_moments_state(g->moments, &parts[n].n);
    n++;
    parts[n].values = rn_stream_circulation_state(g->area, &parts[n].n);
    n++;
    parts[n].values = rn_stream_histogram_state(g->histogram, &parts[n].n);
    return n + 1;
}

static rn_status keep(rn_claim *claim, const net *at, rni_walk *walk, rn_index n_done, gathering *g)
{
    double theta[N_WEIGHTS];
    double state[RNI_WALK_STATE];
    rni_part parts[MOST_PARTS];
    memcpy(theta, rni_walk_theta(walk), sizeof theta);
    rni_walk_state(walk, state);
    return rni_claim_keep(claim, at->walking, n_done, list_parts(g, theta, state, parts), parts);
}

static rn_status start(const rn_claim *claim, const net *at, rni_walk *walk, rn_index seed,
                       gathering *g)
{
    const rni_stream stream = {.seed = rni_claim_seed(claim, seed), .purpose = RNI_RNG_INIT};
    double theta[N_WEIGHTS] = {0};
    for (int i = 0; i < N_WEIGHTS; i++) {
        theta[i] = at->theta[i];
        for (int j = 0; j <= i; j++)
            theta[i] += at->root[i * N_WEIGHTS + j] * rni_rng_normal(stream, (uint64_t)j);
    }
    RNI_TRY(rni_walk_place(walk, rni_claim_seed(claim, seed), theta, NULL));
    gather(at, theta, 0, g);
    return RN_OK;
}

/* Starts a walk, or puts it back to where it was kept; `step`: out. */
static rn_status start_or_restore(const rn_claim *claim, const net *at, rni_walk *walk,
                                  rn_index seed, gathering *g, rn_index *step)
{
    double theta[N_WEIGHTS];
    double state[RNI_WALK_STATE];
    rni_part parts[MOST_PARTS];
    rn_index done = rni_claim_kept(claim, at->walking);
    *step = done - seed * at->n_steps;
    if (*step <= 0 || *step > at->n_steps) {
        *step = 0;
        return start(claim, at, walk, seed, g);
    }
    RNI_TRY(rni_claim_recall(claim, at->walking, done, list_parts(g, theta, state, parts), parts,
                             &done));
    return rni_walk_restore(walk, rni_claim_seed(claim, seed), *step, state, theta, NULL);
}

/* Tells of progress; where that is answered by a stop, keeps the walk first. */
static rn_status advance(rn_claim *claim, const net *at, rni_walk *walk, rn_index before,
                         rn_index k, gathering *g)
{
    const rn_index all = rn_claim_n_seeds(claim) * at->n_steps;
    const rn_status status = rni_claim_advance(claim, at->share * all + before + k, 8 * all);
    if (status == RN_INTERRUPTED && k > 0) RNI_TRY(keep(claim, at, walk, before + k, g));
    return status;
}

static rn_status walk_net(rn_claim *claim, const net *at, rni_walk *walk, rn_index seed,
                          gathering *g)
{
    const rn_index before = seed * at->n_steps;
    rn_index k = 0;
    rn_status status = start_or_restore(claim, at, walk, seed, g, &k);
    while (k < at->n_steps && status == RN_OK) {
        if (k % CHUNK == 0) RNI_CLAIM_TRY(advance(claim, at, walk, before, k, g));
        RNI_CLAIM_TRY(rni_walk_on(walk, 1));
        gather(at, rni_walk_theta(walk), ++k, g);
        if (k % KEEP_EVERY == 0 && k < at->n_steps) status = keep(claim, at, walk, before + k, g);
    }
    return status;
}

static rn_status see_seed(rn_claim *claim, const net *at, rni_walk *walk, rn_index seed,
                          const rni_net_seen *out)
{
    const rn_index n_seeds = rn_claim_n_seeds(claim);
    const double reach = 6.0 * sqrt(2.0 * PATHS * at->theory.entropy);
    double mean[N_WEIGHTS] = {0};
    double error = 0.0;
    gathering g = {0};
    rn_status status = rn_stream_moments_create(N_WEIGHTS, &g.moments);
    if (status == RN_OK) status = rn_stream_circulation_create(N_WEIGHTS, &g.area);
    if (status == RN_OK) status = rn_stream_histogram_create(BINS, -reach, reach, &g.histogram);
    if (status == RN_OK) status = walk_net(claim, at, walk, seed, &g);
    if (status == RN_OK) {
        double *const covariance = out->covariance + seed * SQUARE;
        rn_stream_moments_get(g.moments, mean, covariance);
        rn_stream_circulation_get(g.area, out->circulation + seed * SQUARE);
        for (int m = 0; m < PATHS; m++) {
            out->sigma[m * n_seeds + seed] = rn_stream_mean_value(&g.means[m]);
            out->weight[m * n_seeds + seed] = rn_stream_mean_value(&g.means[PATHS + m]);
            out->error[m * n_seeds + seed] = rn_stream_mean_error(&g.means[PATHS + m], NULL);
        }
        status = rn_stream_histogram_symmetry(g.histogram, &out->slope[seed], &error);
    }
    rn_stream_moments_destroy(g.moments);
    rn_stream_circulation_destroy(g.area);
    rn_stream_histogram_destroy(g.histogram);
    return status;
}

/* All seeds, those that were finished before put back. */
static rn_status walk_seeds(rn_claim *claim, const net *at, rni_walk *walk,
                            const rni_net_seen *found)
{
    const rn_index n = rn_claim_n_seeds(claim);
    const rni_part all = {found->covariance, n * SEEN};
    rn_index i = 0;
    RNI_TRY(rni_claim_recall(claim, at->walked, n, 1, &all, &i));
    while (i < n) {
        RNI_CLAIM_TRY(see_seed(claim, at, walk, i, found));
        RNI_TRY(rni_claim_keep(claim, at->walked, ++i, 1, &all));
    }
    return RN_OK;
}

/* One step size: walks and what they say. */
static rn_status examine_rate(rn_claim *claim, net *at,
                              rn_status (*state)(rn_claim *, const rni_net_theory *,
                                                 const rni_net_seen *))
{
    const rn_index n = rn_claim_n_seeds(claim);
    rni_walk walk = {0};
    RNI_CLAIM_TRY(make_net(rni_claim_settings(claim), at));
    double *block = rni_alloc_zero(n * SEEN, sizeof *block);
    if (!block) {
        rni_free(at->inputs);
        return rni_fail(RN_ERR_MEMORY, "equilibrium: no memory");
    }
    const rni_net_seen found = {.covariance = block,
                                .circulation = block + n * SQUARE,
                                .sigma = block + 2 * n * SQUARE,
                                .weight = block + n * (2 * SQUARE + PATHS),
                                .error = block + n * (2 * SQUARE + 2 * PATHS),
                                .slope = block + n * (2 * SQUARE + 3 * PATHS)};
    const rni_walk_plan plan = rn_claim_is_mutated(claim) ? mutated(at) : at->plan;
    rn_status status = rni_walk_open(&plan, &walk);
    if (status == RN_OK) status = walk_seeds(claim, at, &walk, &found);
    if (status == RN_OK) status = state(claim, &at->theory, &found);
    rni_walk_close(&walk);
    rni_free(block);
    rni_free(at->inputs);
    return status;
}

rn_status rni_equilibrium_net(rn_claim *claim)
{
    const rni_equilibrium_settings *s = rni_claim_settings(claim);
    RNI_CLAIM_TRY(examine_rate(claim,
                               &(net){.walking = "walk",
                                      .walked = "walked",
                                      .theory.rate = s->learning_rate,
                                      .n_steps = s->steps,
                                      .share = 6},
                               rni_net_state_currents));
    return examine_rate(claim,
                        &(net){.walking = "theorem",
                               .walked = "theorem_walked",
                               .theory.rate = s->theorem_rate,
                               .n_steps = s->theorem_steps,
                               .share = 7},
                        rni_net_state_theorems);
}
