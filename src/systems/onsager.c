/*
 * I-OnsagerNet (Zhu, Soh, Pavliotis, Li, arXiv 2510.24160), its linear case:
 *
 *     dZ = -(M + W) S Z dt + sqrt(2 M) dB,    V = Z^T S Z/2,  M positive, W antisymmetric,
 *
 * so exp(-V) is stationary, W is the circulation, and e = tr(W^T M^-1 W S) the entropy production.
 * Trajectories are sampled exactly; the drift is fitted by regression on one half of them, and e is
 * told in three ways: from the fitted matrices, by Stratonovich sums of the fitted force along the
 * other half, and by forward against backward likelihood of its steps.
 *
 * Langevin steps with minibatches: step B = eta H, Q = eta^2 Sigma/b + 2 eta T. In a model that is
 * not well specified Sigma and H do not commute, the circulation falls as 1/b, and the entropy as
 * 1/b^2 once the isotropic noise prevails.
 */
#include <math.h>
#include <renorm/linear_gaussian.h>
#include <renorm/streaming.h>
#include <string.h>

#include "core/memory.h"
#include "core/rng.h"
#include "stats/slope.h"
#include "systems/curvature.h"
#include "systems/system.h"

enum { D = 2, SQUARE = D * D, FEATURES = 4, WIDE = FEATURES * FEATURES };

typedef struct onsager_settings {
    rn_index trajectories;
    rn_index steps;
    double interval;
    double rotation;
    rn_index samples;
    double learning_rate;
    double temperature;
    rni_reals batches;
    rn_index walk_batch;
    rn_index walk_steps;
} onsager_settings;

static const rni_option options[] = {
    {.key = "trajectories",
     RNI_FIELD(onsager_settings, trajectories),
     .range = RNI_BETWEEN(20, 10000000),
     .initial = "60000",
     .help = "trajectories of each seed, half of them to fit"},
    {.key = "steps",
     RNI_FIELD(onsager_settings, steps),
     .range = RNI_BETWEEN(1, 100000),
     .initial = "100",
     .help = "steps of each"},
    {.key = "interval",
     RNI_FIELD(onsager_settings, interval),
     .range = RNI_ABOVE_TO(0, 0.1),
     .initial = "0.01",
     .unit = "time",
     .help = "time between states"},
    {.key = "rotation",
     RNI_FIELD(onsager_settings, rotation),
     .initial = "0.8",
     .help = "W_21 = -W_12"},
    {.key = "samples",
     RNI_FIELD(onsager_settings, samples),
     .range = RNI_BETWEEN(10, 100000),
     .initial = "200",
     .help = "samples of the misspecified regression"},
    {.key = "learning_rate",
     RNI_FIELD(onsager_settings, learning_rate),
     .range = RNI_ABOVE(0),
     .initial = "0.1",
     .help = "eta of the Langevin steps"},
    {.key = "temperature",
     RNI_FIELD(onsager_settings, temperature),
     .range = RNI_ABOVE(0),
     .initial = "1.0",
     .help = "T of the Langevin steps"},
    {.key = "batches",
     RNI_FIELD(onsager_settings, batches),
     .range = RNI_AT_LEAST(1),
     .initial = "[4.0, 8.0, 16.0, 32.0, 64.0]",
     .help = "batch sizes of the law, with replacement"},
    {.key = "walk_batch",
     RNI_FIELD(onsager_settings, walk_batch),
     .range = RNI_BETWEEN(1, 100000),
     .initial = "1",
     .help = "batch size of the walks"},
    {.key = "walk_steps",
     RNI_FIELD(onsager_settings, walk_steps),
     .range = RNI_BETWEEN(1000, 1000000000),
     .initial = "600000",
     .help = "steps of each walk"},
};

static const rni_option_table table =
    RNI_TABLE("settings", "linear trajectories, and Langevin steps with minibatches", options,
              onsager_settings);

/* ---- trajectories ---------------------------------------------------------------------------- */

static const double precision[SQUARE] = {2.0, 0.6, 0.6, 1.0};
static const double mobility[SQUARE] = {1.0, 0.2, 0.2, 0.5};

/* What one half of the trajectories says. */
typedef struct fit {
    double s[SQUARE], a[SQUARE], d[SQUARE], c[SQUARE];
    double b[SQUARE], q[SQUARE];
    double precision[SQUARE];
} fit;

/* What the other half says with it. */
typedef struct answers {
    double formula, sums, likelihood; /* entropy production */
    double hessian;                   /* |fitted - S|/|S| */
    double orthogonality; /* E[grad V . v_rot - div v_rot] over the scale of its first term */
} answers;

static void invert(const double *m, double *out)
{
    const double det = m[0] * m[3] - m[1] * m[2];
    out[0] = m[3] / det;
    out[1] = -m[1] / det;
    out[2] = -m[2] / det;
    out[3] = m[0] / det;
}

static void multiply(const double *x, const double *y, double *out)
{
    const double product[SQUARE] = {x[0] * y[0] + x[1] * y[2], x[0] * y[1] + x[1] * y[3],
                                    x[2] * y[0] + x[3] * y[2], x[2] * y[1] + x[3] * y[3]};
    memcpy(out, product, sizeof product);
}

/* A = (M + W) S */
static void drift_of(double rotation, double *a)
{
    const double both[SQUARE] = {mobility[0], mobility[1] - rotation, mobility[2] + rotation,
                                 mobility[3]};
    multiply(both, precision, a);
}

static void root_of(const double *m, double *l)
{
    l[0] = sqrt(m[0]);
    l[1] = 0.0;
    l[2] = m[2] / l[0];
    l[3] = sqrt(m[3] - l[2] * l[2]);
}

/* A sampler of trajectories: number k is the same whoever asks. */
typedef struct source {
    double g[SQUARE], noise[SQUARE], first[SQUARE];
    rni_stream stream;
    rn_index n_steps;
} source;

static rn_status open_source(const onsager_settings *s, double rotation, uint64_t seed, source *out)
{
    double a[SQUARE];
    double sigma[SQUARE];
    double b[SQUARE];
    double q[SQUARE];
    drift_of(rotation, a);
    invert(precision, sigma);
    RNI_TRY(rn_gaussian_exact_step(D, a, sigma, s->interval, b, q));
    for (int i = 0; i < SQUARE; i++)
        out->g[i] = (i % (D + 1) == 0 ? 1.0 : 0.0) - b[i];
    root_of(q, out->noise);
    root_of(sigma, out->first);
    out->stream = (rni_stream){.seed = seed, .purpose = RNI_RNG_NOISE};
    out->n_steps = s->steps;
    return RN_OK;
}

static void first_state(const source *from, rn_index number, double *x)
{
    const uint64_t at = (uint64_t)(number * (from->n_steps + 1) * D);
    const double u = rni_rng_normal(from->stream, at);
    const double v = rni_rng_normal(from->stream, at + 1);
    x[0] = from->first[0] * u;
    x[1] = from->first[2] * u + from->first[3] * v;
}

static void next_state(const source *from, rn_index number, rn_index step, const double *x,
                       double *to)
{
    const uint64_t at = (uint64_t)((number * (from->n_steps + 1) + step + 1) * D);
    const double u = rni_rng_normal(from->stream, at);
    const double v = rni_rng_normal(from->stream, at + 1);
    to[0] = from->g[0] * x[0] + from->g[1] * x[1] + from->noise[0] * u;
    to[1] = from->g[2] * x[0] + from->g[3] * x[1] + from->noise[2] * u + from->noise[3] * v;
}

/* Regression of x' on x over trajectories from .. to. */
static rn_status fit_half(const onsager_settings *s, const source *from, rn_index first,
                          rn_index last, fit *out)
{
    double xx[SQUARE] = {0};
    double dx[SQUARE] = {0}; /* <(x - x') x^T> */
    double dd[SQUARE] = {0};
    const double count = (double)((last - first) * s->steps);
    for (rn_index k = first; k < last; k++) {
        double x[D];
        double to[D];
        first_state(from, k, x);
        for (rn_index j = 0; j < s->steps; j++) {
            next_state(from, k, j, x, to);
            for (rn_index m = 0; m < SQUARE; m++) {
                xx[m] += x[m / D] * x[m % D] / count;
                dx[m] += (x[m / D] - to[m / D]) * x[m % D] / count;
                dd[m] += (x[m / D] - to[m / D]) * (x[m % D] - to[m % D]) / count;
            }
            memcpy(x, to, sizeof x);
        }
    }
    double inverse[SQUARE];
    double power[SQUARE];
    double stationary[SQUARE];
    memcpy(out->s, xx, sizeof xx);
    invert(xx, inverse);
    memcpy(out->precision, inverse, sizeof inverse);
    multiply(dx, inverse, out->b);
    for (rn_index m = 0; m < SQUARE; m++) /* <d d^T> - B <x d^T> */
        out->q[m] =
            dd[m] - out->b[m / D * D] * dx[m % D * D] - out->b[m / D * D + 1] * dx[m % D * D + 1];
    /* A = -ln(1 - B)/dt */
    memcpy(power, out->b, sizeof power);
    for (rn_index m = 0; m < SQUARE; m++)
        out->a[m] = 0.0;
    for (int term = 1; term <= 12; term++) {
        for (rn_index m = 0; m < SQUARE; m++)
            out->a[m] += power[m] / (term * s->interval);
        multiply(power, out->b, power);
    }
    /* D from the noise of the steps, through the covariance they would have; that of the states
       themselves gives the potential */
    RNI_CLAIM_TRY(rn_gaussian_step_covariance(D, out->b, out->q, stationary, NULL));
    for (rn_index m = 0; m < SQUARE; m++) {
        const rn_index i = m / D;
        const rn_index j = m % D;
        out->d[m] = 0.5
                    * (out->a[i * D] * stationary[j] + out->a[i * D + 1] * stationary[D + j]
                       + out->a[j * D] * stationary[i] + out->a[j * D + 1] * stationary[D + i]);
    }
    return rn_gaussian_circulation(D, out->a, out->s, out->c);
}

static double form(const double *m, const double *x, const double *y)
{
    return x[0] * (m[0] * y[0] + m[1] * y[1]) + x[1] * (m[2] * y[0] + m[3] * y[1]);
}

static rn_status look_at_half(const onsager_settings *s, const source *from, const fit *f,
                              answers *out)
{
    double force[SQUARE]; /* D^-1 A */
    double turn[SQUARE];
    double edge[SQUARE];
    double stationary[SQUARE];
    double rotation[SQUARE]; /* v_rot = rotation z */
    double along[SQUARE];    /* S rotation */
    invert(f->d, force);
    multiply(force, f->a, force);
    multiply(f->d, f->precision, rotation);
    for (int i = 0; i < SQUARE; i++)
        rotation[i] -= f->a[i];
    multiply(f->precision, rotation, along);
    RNI_CLAIM_TRY(rn_gaussian_step_covariance(D, f->b, f->q, stationary, NULL));
    RNI_TRY(rn_gaussian_path_forms(D, f->b, f->q, stationary, turn, edge));
    RNI_TRY(rn_gaussian_flow_entropy(D, f->d, f->s, f->c, &out->formula));
    const rn_index half = s->trajectories / 2;
    const double count = (double)((s->trajectories - half) * s->steps);
    for (rn_index k = half; k < s->trajectories; k++) {
        double x[D];
        double to[D];
        first_state(from, k, x);
        for (rn_index j = 0; j < s->steps; j++) {
            next_state(from, k, j, x, to);
            const double middle[D] = {0.5 * (x[0] + to[0]), 0.5 * (x[1] + to[1])};
            const double d[D] = {to[0] - x[0], to[1] - x[1]};
            const double along_here = form(along, x, x);
            out->sums -= form(force, d, middle) / (count * s->interval);
            out->likelihood +=
                (rn_gaussian_path_edge(D, edge, x, to) - rn_gaussian_path_turn(D, turn, x, to))
                / (count * s->interval);
            out->orthogonality += along_here / count;
            memcpy(x, to, sizeof x);
        }
    }
    out->orthogonality -= rotation[0] + rotation[3];
    /* in units of |S rotation| |Sigma| */
    double scale = 0.0;
    for (int i = 0; i < SQUARE; i++)
        scale += along[i] * along[i];
    out->orthogonality /= sqrt(scale) * (f->s[0] + f->s[3]);
    double off = 0.0;
    double norm = 0.0;
    for (int i = 0; i < SQUARE; i++) {
        off += pow(f->precision[i] - precision[i], 2.0);
        norm += precision[i] * precision[i];
    }
    out->hessian = sqrt(off / norm);
    return RN_OK;
}

/* e of the flow, and of the chain of states an interval apart, per time. */
static rn_status exact_entropy(const onsager_settings *s, double *flow, double *chain)
{
    double a[SQUARE];
    double sigma[SQUARE];
    double b[SQUARE];
    double q[SQUARE];
    double c[SQUARE];
    drift_of(s->rotation, a);
    invert(precision, sigma);
    RNI_TRY(rn_gaussian_circulation(D, a, sigma, c));
    RNI_TRY(rn_gaussian_flow_entropy(D, mobility, sigma, c, flow));
    RNI_TRY(rn_gaussian_exact_step(D, a, sigma, s->interval, b, q));
    RNI_TRY(rn_gaussian_circulation(D, b, sigma, c));
    RNI_TRY(rn_gaussian_step_entropy(D, b, q, c, chain));
    *chain /= s->interval;
    return RN_OK;
}

static rn_status state_number(rn_claim *claim, const char *key, const char *quantity, double theory,
                              double slack, const char *formula, const char *tolerance,
                              const double *values)
{
    return rni_claim_state_mean(claim,
                                &(rni_statement){.key = key,
                                                 .quantity = quantity,
                                                 .theory = theory,
                                                 .formula = formula,
                                                 .at_least = theory - slack,
                                                 .at_most = theory + slack,
                                                 .tolerance = tolerance,
                                                 .method = "mean over seeds"},
                                rn_claim_n_seeds(claim), values);
}

static rn_status state_trajectories(rn_claim *claim, const double *values)
{
    const onsager_settings *s = rni_claim_settings(claim);
    const rn_index n = rn_claim_n_seeds(claim);
    double flow = 0.0;
    double chain = 0.0;
    RNI_TRY(exact_entropy(s, &flow, &chain));
    RNI_TRY(state_number(claim, "entropy_formula", "entropy production from the fitted matrices",
                         flow, 0.05 * flow, "tr(W^T M^-1 W S)", "5 %: length of trajectories",
                         values));
    RNI_TRY(state_number(
        claim, "entropy_sums", "entropy production by Stratonovich sums along the other half", flow,
        0.05 * flow, "tr(W^T M^-1 W S)", "5 %: length of trajectories", values + n));
    RNI_TRY(state_number(claim, "entropy_likelihood",
                         "entropy production by forward against backward likelihood", chain,
                         0.05 * chain, "-2 tr(Q^-1 B C)/dt of the states an interval apart",
                         "5 %: length of trajectories", values + 2 * n));
    RNI_TRY(state_number(claim, "hessian", "Hessian of the fitted potential, off by", 0.0, 0.05,
                         "S", "5 %", values + 3 * n));
    return state_number(claim, "orthogonality", "E[grad V . v_rot - div v_rot], relative", 0.0,
                        0.01, "0: the rotation does not change the density",
                        "1 %: length of trajectories", values + 4 * n);
}

static rn_status examine_trajectories(rn_claim *claim)
{
    const onsager_settings *s = rni_claim_settings(claim);
    const rn_index n = rn_claim_n_seeds(claim);
    double *values = rni_alloc(5 * n, sizeof *values);
    if (!values) return rni_fail(RN_ERR_MEMORY, "onsager: no memory");
    rn_status status = RN_OK;
    for (rn_index i = 0; i < n && status == RN_OK; i++) {
        source from = {0};
        fit f = {0};
        answers found = {0};
        status = rni_claim_advance(claim, i, 2 * n);
        if (status == RN_OK)
            status = open_source(s, rn_claim_is_mutated(claim) ? 0.0 : s->rotation,
                                 rni_claim_seed(claim, i), &from);
        if (status == RN_OK) status = fit_half(s, &from, 0, s->trajectories / 2, &f);
        if (status == RN_OK) status = look_at_half(s, &from, &f, &found);
        values[i] = found.formula;
        values[n + i] = found.sums;
        values[2 * n + i] = found.likelihood;
        values[3 * n + i] = found.hessian;
        values[4 * n + i] = found.orthogonality;
    }
    if (status == RN_OK) status = state_trajectories(claim, values);
    rni_free(values);
    return status;
}

/* ---- Langevin steps with minibatches --------------------------------------------------------- */

typedef struct regression {
    rni_walk_plan plan;
    double *inputs; /* [n x FEATURES] owner of targets and gradients */
    double theta[FEATURES];
    double hessian[WIDE], scatter[WIDE]; /* covariance of the gradients over samples */
} regression;

/* Targets no line can follow; with the mutation their remainder has one size everywhere, +-1/2 by
   turns, which leaves noise about proportional to the Hessian. */
static rn_status make_regression(const onsager_settings *s, bool is_specified, regression *out)
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
                                 .temperature = s->temperature,
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

static rn_status entropy_at(const onsager_settings *s, const regression *r, double batch,
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

static rn_status state_law(rn_claim *claim, const regression *r)
{
    const onsager_settings *s = rni_claim_settings(claim);
    double entropy[16] = {0};
    rni_slope line;
    for (rn_index i = 0; i < s->batches.count && i < 16; i++) {
        double c[WIDE] = {0};
        RNI_CLAIM_TRY(entropy_at(s, r, s->batches.values[i], &entropy[i], c));
    }
    const rn_index n = s->batches.count < 16 ? s->batches.count : 16;
    RNI_TRY(rni_slope_fit_log(n, s->batches.values, entropy, 0.0, (double)INFINITY, &line));
    RNI_TRY(rni_claim_figure(claim, "Entropy production of Langevin steps", "batch size",
                             "nats per step", true, true));
    RNI_TRY(rni_claim_curve(claim, "exact", RN_CLAIM_MEASURED, n, s->batches.values, entropy));
    RNI_TRY(rni_claim_note(claim, "batch law: window %g .. %g, rms residual %.1e", line.low,
                           line.high, line.residual));
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
        line.slope, line.error);
}

/* |C seen along a walk - C|, as the projection on C: <C_seen, C>/<C, C>. */
static rn_status walk_once(const onsager_settings *s, const regression *r, rni_walk *walk,
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

static rn_status examine_walks(rn_claim *claim, const regression *r, const regression *walked)
{
    const onsager_settings *s = rni_claim_settings(claim);
    const rn_index n = rn_claim_n_seeds(claim);
    double c[WIDE] = {0};
    double entropy = 0.0;
    rni_walk walk = {0};
    double *values = rni_alloc(n, sizeof *values);
    if (!values) return rni_fail(RN_ERR_MEMORY, "onsager: no memory");
    rn_status status = entropy_at(s, r, (double)s->walk_batch, &entropy, c);
    if (status == RN_OK) status = rni_walk_open(&walked->plan, &walk);
    for (rn_index i = 0; i < n && status == RN_OK; i++) {
        status = rni_claim_advance(claim, n + i, 2 * n);
        if (status == RN_OK)
            status = walk_once(s, walked, &walk, c, rni_claim_seed(claim, i), &values[i]);
    }
    if (status == RN_OK)
        status = state_number(
            claim, "walked_circulation", "circulation of walked Langevin steps, over the exact one",
            1.0, 0.25, "C = (B S - S B^T)/2",
            "a quarter: the batch's own Hessian scatters too, and the walk's length", values);
    rni_walk_close(&walk);
    rni_free(values);
    return status;
}

static rn_status examine_batches(rn_claim *claim)
{
    const onsager_settings *s = rni_claim_settings(claim);
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

static rn_status examine(rn_claim *claim)
{
    RNI_CLAIM_TRY(examine_trajectories(claim));
    return examine_batches(claim);
}

RNI_SYSTEM_FILE(onsager);
extern const rni_system rni_system_of_onsager;
const rni_system rni_system_of_onsager = {
    .about = {.name = "onsager",
              .title = "I-OnsagerNet, the linear case",
              .paper = "Zhu, Soh, Pavliotis, Li, arXiv 2510.24160",
              .claim = "A drift -(M + W) grad V splits uniquely into a reversible part and a "
                       "rotation, both can be told from trajectories, and so can the entropy they "
                       "make. Langevin steps with minibatches make less of it in larger batches.",
              .mutation = "trajectories have no rotation, and the walked regression is well "
                          "specified, so that its noise commutes with the Hessian"},
    .options = &table,
    .file = rni_system_onsager,
    .file_size = &rni_system_onsager_size,
    .examine = examine};
