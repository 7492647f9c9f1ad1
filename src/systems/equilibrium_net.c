/*
 * The net of seven weights: its minimum, its linear theory, its walks.
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

enum { N_WEIGHTS = 7, SQUARE = N_WEIGHTS * N_WEIGHTS, PATHS = 3, BINS = 80 };
enum { SEEN = 2 * SQUARE + 3 * PATHS + 1 }; /* numbers of a seed */

/* The net at its minimum, and what linear theory says of it. */
typedef struct net {
    const char *walking; /* names under which walks are kept */
    const char *walked;
    double rate;
    rn_index n_steps;
    rn_index share; /* of the claim's work, in eighths: what is done before */
    rni_walk_plan plan;
    double *inputs; /* owner of inputs, targets, gradients */
    double theta[N_WEIGHTS];
    double b[SQUARE], q[SQUARE], s[SQUARE], c[SQUARE], root[SQUARE];
    double turn[SQUARE], edge[SQUARE];
    double entropy; /* per step */
    double loss;
} net;

/* Sums over all seeds. */
typedef struct seen {
    double *covariance;  /* [n_seeds x SQUARE] about the minimum; owner of all */
    double *circulation; /* [n_seeds x SQUARE] */
    double *sigma;       /* [PATHS x n_seeds] */
    double *weight;      /* [PATHS x n_seeds] <exp(-sigma)> */
    double *error;       /* [PATHS x n_seeds] its standard errors */
    double *slope;       /* [n_seeds] of the detailed theorem, paths of PATHS steps */
} seen;

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
    for (int i = 0; i < SQUARE; i++)
        out->b[i] *= out->rate;
    noise_of(s, out->rate, gradients, out->q);
    RNI_CLAIM_TRY(rn_gaussian_step_covariance(N_WEIGHTS, out->b, out->q, out->s, NULL));
    RNI_TRY(rn_gaussian_circulation(N_WEIGHTS, out->b, out->s, out->c));
    RNI_TRY(rn_gaussian_step_entropy(N_WEIGHTS, out->b, out->q, out->c, &out->entropy));
    RNI_TRY(rn_gaussian_path_forms(N_WEIGHTS, out->b, out->q, out->s, out->turn, out->edge));
    memcpy(out->root, out->s, sizeof out->root);
    return rni_lapack_cholesky(N_WEIGHTS, out->root);
}

/* rate, n_steps and names are given. */
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
    out->plan = (rni_walk_plan){.model = "mlp",
                                .model_settings = {{"width", "2"},
                                                   {"depth", "0"},
                                                   {"activation", "tanh"},
                                                   {"bias", "true"},
                                                   {"parametrisation", "standard"}},
                                .n_features = 1,
                                .dynamics = "sgd",
                                .learning_rate = out->rate,
                                .weight_decay = s->weight_decay,
                                .sampler = "distinct",
                                .batch_size = s->batch,
                                .n_samples = n,
                                .inputs = block,
                                .targets = targets};
    out->inputs = block;
    memcpy(out->theta, first, sizeof first);
    const rni_curvature curvature = {.gradients = gradients, .hessian = out->b};
    rn_status status = rni_curvature_descend(&out->plan, N_WEIGHTS, out->theta, &out->loss);
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
        total += at->q[i * N_WEIGHTS + i] / N_WEIGHTS;
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
                          const seen *out)
{
    const rn_index n_seeds = rn_claim_n_seeds(claim);
    const double reach = 6.0 * sqrt(2.0 * PATHS * at->entropy);
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
static rn_status walk_seeds(rn_claim *claim, const net *at, rni_walk *walk, const seen *found)
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

/* |mean over seeds - theory|_F/|theory|_F and the norm of the mean's standard errors. */
static void compare(rn_index n_seeds, const double *values, const double *theory, double *off,
                    double *error)
{
    double norm = 0.0;
    double difference = 0.0;
    double scatter = 0.0;
    for (int i = 0; i < SQUARE; i++) {
        double mean = 0.0;
        double square = 0.0;
        for (rn_index k = 0; k < n_seeds; k++)
            mean += values[k * SQUARE + i] / (double)n_seeds;
        for (rn_index k = 0; k < n_seeds; k++)
            square += pow(values[k * SQUARE + i] - mean, 2.0);
        norm += theory[i] * theory[i];
        difference += (mean - theory[i]) * (mean - theory[i]);
        scatter += square / ((double)n_seeds * ((double)n_seeds - 1.0));
    }
    *off = sqrt(difference / norm);
    *error = sqrt(scatter / norm);
}

static rn_status state_matrix(rn_claim *claim, const char *key, const char *quantity,
                              const char *formula, double most, const double *values,
                              const double *theory)
{
    double off = 0.0;
    double error = 0.0;
    compare(rn_claim_n_seeds(claim), values, theory, &off, &error);
    return rni_claim_state(
        claim,
        &(rni_statement){.key = key,
                         .quantity = quantity,
                         .theory = 0.0,
                         .formula = formula,
                         .at_least = -(double)INFINITY,
                         .at_most = most,
                         .tolerance = "a curved landscape about the minimum, and the walk's length",
                         .method = "|mean over seeds - theory|/|theory|, Frobenius; interval: the "
                                   "norm of the mean's standard errors"},
        off, error);
}

static rn_status state_entropy(rn_claim *claim, const net *at, const seen *found)
{
    const rn_index n = rn_claim_n_seeds(claim);
    for (int m = 1; m <= PATHS; m++) {
        char key[32];
        char quantity[96];
        (void)snprintf(key, sizeof key, "entropy_%d", m);
        (void)snprintf(quantity, sizeof quantity, "entropy production, paths of %d steps", m);
        const double theory = m * at->entropy;
        RNI_TRY(rni_claim_state_mean(
            claim,
            &(rni_statement){.key = key,
                             .quantity = quantity,
                             .theory = theory,
                             .formula = "-2 tr(Q^-1 B C) per step",
                             .at_least = 0.95 * theory,
                             .at_most = 1.05 * theory,
                             .tolerance = "5 %: a curved landscape, noise that depends on place",
                             .method = "mean of ln p(path)/p(reversed path); mean over seeds"},
            n, found->sigma + (m - 1) * n));
    }
    return RN_OK;
}

/* (<exp(-sigma)> - 1) over the entropy, the mean of all paths: what the theorem misses. */
static rn_status state_deviation(rn_claim *claim, const net *at, const seen *found)
{
    const rn_index n = rn_claim_n_seeds(claim);
    char key[32];
    char quantity[128];
    double *values = rni_alloc(n, sizeof *values);
    if (!values) return rni_fail(RN_ERR_MEMORY, "equilibrium: no memory");
    for (rn_index i = 0; i < n; i++)
        values[i] = (found->weight[(PATHS - 1) * n + i] - 1.0) / (PATHS * at->entropy);
    (void)snprintf(key, sizeof key, "deviation_%g", at->rate);
    (void)snprintf(quantity, sizeof quantity,
                   "(<exp(-sigma)> - 1) over the entropy, paths of %d steps, eta = %g", PATHS,
                   at->rate);
    const rn_status status = rni_claim_state_mean(
        claim,
        &(rni_statement){.key = key,
                         .quantity = quantity,
                         .theory = 0.0,
                         .formula = "integral fluctuation theorem",
                         .at_least = -0.1,
                         .at_most = 0.1,
                         .tolerance = "a tenth: noise that depends on place, of order eta, which a "
                                      "linear theory with one noise matrix does not know",
                         .method = "mean over seeds"},
        n, values);
    rni_free(values);
    return status;
}

static rn_status state_detailed(rn_claim *claim, const net *at, bool is_beside, const seen *found)
{
    const double slack = 0.03 + 5.0 * at->rate;
    char key[32];
    char quantity[96];
    (void)snprintf(key, sizeof key, "detailed_%g", at->rate);
    (void)snprintf(quantity, sizeof quantity,
                   "slope of ln P(sigma)/P(-sigma), paths of %d steps, eta = %g", PATHS, at->rate);
    return rni_claim_state_mean(
        claim,
        &(rni_statement){.key = key,
                         .quantity = quantity,
                         .theory = 1.0,
                         .formula = "detailed fluctuation theorem",
                         .at_least = 1.0 - slack,
                         .at_most = 1.0 + slack,
                         .tolerance = "0.03 + 5 eta: noise that grows away from the minimum "
                                      "flattens it by order eta",
                         .is_beside = is_beside,
                         .method =
                             "weighted line through the origin over 40 bins; mean over seeds"},
        rn_claim_n_seeds(claim), found->slope);
}

/* <exp(-sigma)> in units of its own standard error, that of all walks together. */
static rn_status state_integral(rn_claim *claim, const net *at, const seen *found)
{
    const rn_index n = rn_claim_n_seeds(claim);
    for (int m = 1; m <= PATHS; m++) {
        char key[32];
        char quantity[128];
        double mean = 0.0;
        double square = 0.0;
        for (rn_index i = 0; i < n; i++) {
            mean += (found->weight[(m - 1) * n + i] - 1.0) / (double)n;
            square += pow(found->error[(m - 1) * n + i] / (double)n, 2.0);
        }
        const double error = sqrt(square);
        const double theory = m * at->entropy;
        /* errors that hide the entropy itself would let anything pass */
        const bool is_sharp = theory > 10.0 * error;
        (void)snprintf(key, sizeof key, "integral_%d", m);
        (void)snprintf(quantity, sizeof quantity,
                       "<exp(-sigma)> - 1, paths of %d steps, eta = %g, in standard errors", m,
                       at->rate);
        RNI_TRY(rni_claim_note(claim,
                               "%s: %.3g +- %.2g, where the entropy, %.3g, is %.0f standard errors",
                               quantity, mean, error, theory, theory / error));
        RNI_TRY(rni_claim_state(
            claim,
            &(rni_statement){.key = key,
                             .quantity = quantity,
                             .theory = 0.0,
                             .formula = "integral fluctuation theorem",
                             .at_least = -3.0,
                             .at_most = 3.0,
                             .tolerance = "three standard errors; what the theorem misses at this "
                                          "step, of order eta of the entropy, is below them",
                             .method = "all walks; errors from blocks of each; not told where the "
                                       "entropy is less than ten of them"},
            is_sharp ? mean / error : (double)NAN, 0.0));
    }
    return RN_OK;
}

/* The step at which currents are measured. */
static rn_status state_currents(rn_claim *claim, const net *at, const seen *found)
{
    RNI_TRY(rni_claim_note(claim,
                           "net: loss %.6f at the minimum, %.3g entropy a step; the flow's formula "
                           "would give the same to order eta H",
                           at->loss, at->entropy));
    RNI_TRY(state_matrix(claim, "net_covariance", "covariance of the net's weights, off by",
                         "B S + S B^T - B S B^T = Q", 0.05, found->covariance, at->s));
    RNI_TRY(state_matrix(claim, "net_circulation", "area swept per step, off by",
                         "C = (B S - S B^T)/2", 0.1, found->circulation, at->c));
    RNI_TRY(state_entropy(claim, at, found));
    RNI_TRY(state_deviation(claim, at, found));
    return state_detailed(claim, at, true, found);
}

/* The smaller step at which the theorems are. */
static rn_status state_theorems(rn_claim *claim, const net *at, const seen *found)
{
    RNI_TRY(state_integral(claim, at, found));
    RNI_TRY(state_deviation(claim, at, found));
    return state_detailed(claim, at, false, found);
}

/* One step size: walks and what they say. */
static rn_status examine_rate(rn_claim *claim, net *at,
                              rn_status (*state)(rn_claim *, const net *, const seen *))
{
    const rn_index n = rn_claim_n_seeds(claim);
    rni_walk walk = {0};
    RNI_CLAIM_TRY(make_net(rni_claim_settings(claim), at));
    double *block = rni_alloc_zero(n * SEEN, sizeof *block);
    if (!block) {
        rni_free(at->inputs);
        return rni_fail(RN_ERR_MEMORY, "equilibrium: no memory");
    }
    const seen found = {.covariance = block,
                        .circulation = block + n * SQUARE,
                        .sigma = block + 2 * n * SQUARE,
                        .weight = block + n * (2 * SQUARE + PATHS),
                        .error = block + n * (2 * SQUARE + 2 * PATHS),
                        .slope = block + n * (2 * SQUARE + 3 * PATHS)};
    const rni_walk_plan plan = rn_claim_is_mutated(claim) ? mutated(at) : at->plan;
    rn_status status =
        block ? rni_walk_open(&plan, &walk) : rni_fail(RN_ERR_MEMORY, "equilibrium: no memory");
    if (status == RN_OK) status = walk_seeds(claim, at, &walk, &found);
    if (status == RN_OK) status = state(claim, at, &found);
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
                                      .rate = s->learning_rate,
                                      .n_steps = s->steps,
                                      .share = 6},
                               state_currents));
    return examine_rate(claim,
                        &(net){.walking = "theorem",
                               .walked = "theorem_walked",
                               .rate = s->theorem_rate,
                               .n_steps = s->theorem_steps,
                               .share = 7},
                        state_theorems);
}
