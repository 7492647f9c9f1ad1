/*
 * I-OnsagerNet (Zhu, Soh, Pavliotis, Li, arXiv 2510.24160), its linear case:
 *
 *     dZ = -(M + W) S Z dt + sqrt(2 M) dB,    V = Z^T S Z/2,  M positive, W antisymmetric,
 *
 * so exp(-V) is stationary, W is the circulation, and e = tr(W^T M^-1 W S) the entropy production.
 * Trajectories are sampled exactly; the drift is fitted by regression on one half of them, and e is
 * told in three ways: from the fitted matrices, by Stratonovich sums of the fitted force along the
 * other half, and by forward against backward likelihood of its steps.
 */
#include <math.h>
#include <renorm/linear_gaussian.h>
#include <string.h>

#include "core/memory.h"
#include "core/rng.h"
#include "systems/onsager.h"

enum { D = 2, SQUARE = D * D };

static const rni_option options[] = {
    {.key = "trajectories",
     RNI_FIELD(rni_onsager_settings, trajectories),
     .range = RNI_BETWEEN(20, 10000000),
     .initial = "60000",
     .help = "trajectories of each seed, half of them to fit"},
    {.key = "steps",
     RNI_FIELD(rni_onsager_settings, steps),
     .range = RNI_BETWEEN(1, 100000),
     .initial = "100",
     .help = "steps of each"},
    {.key = "interval",
     RNI_FIELD(rni_onsager_settings, interval),
     .range = RNI_ABOVE_TO(0, 0.1),
     .initial = "0.01",
     .unit = "time",
     .help = "time between states"},
    {.key = "rotation",
     RNI_FIELD(rni_onsager_settings, rotation),
     .initial = "0.8",
     .help = "W_21 = -W_12"},
    {.key = "samples",
     RNI_FIELD(rni_onsager_settings, samples),
     .range = RNI_BETWEEN(10, 100000),
     .initial = "200",
     .help = "samples of the misspecified regression"},
    {.key = "learning_rate",
     RNI_FIELD(rni_onsager_settings, learning_rate),
     .range = RNI_ABOVE(0),
     .initial = "0.1",
     .help = "eta of the Langevin steps"},
    {.key = "temperature",
     RNI_FIELD(rni_onsager_settings, temperature),
     .range = RNI_ABOVE(0),
     .initial = "1.0",
     .help = "T of the Langevin steps of the law"},
    {.key = "batches",
     RNI_FIELD(rni_onsager_settings, batches),
     .range = RNI_AT_LEAST(1),
     .initial = "[4.0, 8.0, 16.0, 32.0, 64.0]",
     .help = "batch sizes of the law, with replacement"},
    {.key = "walk_batch",
     RNI_FIELD(rni_onsager_settings, walk_batch),
     .range = RNI_BETWEEN(1, 100000),
     .initial = "1",
     .help = "batch size of the walks"},
    {.key = "walk_temperature",
     RNI_FIELD(rni_onsager_settings, walk_temperature),
     .range = RNI_ABOVE(0),
     .initial = "0.1",
     .help = "their T: the less of it, the more of their noise is that of minibatches"},
    {.key = "walk_steps",
     RNI_FIELD(rni_onsager_settings, walk_steps),
     .range = RNI_BETWEEN(1000, 1000000000),
     .initial = "1200000",
     .help = "steps of each walk"},
};

static const rni_option_table table =
    RNI_TABLE("settings", "linear trajectories, and Langevin steps with minibatches", options,
              rni_onsager_settings);

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

static rn_status open_source(const rni_onsager_settings *s, double rotation, uint64_t seed,
                             source *out)
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
static rn_status fit_half(const rni_onsager_settings *s, const source *from, rn_index first,
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

/* |x - y|/|x|, Frobenius. */
static double off_by(const double *x, const double *y)
{
    double off = 0.0;
    double norm = 0.0;
    for (int i = 0; i < SQUARE; i++) {
        off += (x[i] - y[i]) * (x[i] - y[i]);
        norm += x[i] * x[i];
    }
    return sqrt(off / norm);
}

static double form(const double *m, const double *x, const double *y)
{
    return x[0] * (m[0] * y[0] + m[1] * y[1]) + x[1] * (m[2] * y[0] + m[3] * y[1]);
}

static rn_status look_at_half(const rni_onsager_settings *s, const source *from, const fit *f,
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
    out->hessian = off_by(precision, f->precision);
    return RN_OK;
}

/* How far two fits are apart in V, M and v_rot, the largest. */
static double apart(const fit *f, const fit *g)
{
    double mine[SQUARE]; /* v_rot */
    double other[SQUARE];
    multiply(f->d, f->precision, mine);
    multiply(g->d, g->precision, other);
    for (int i = 0; i < SQUARE; i++) {
        mine[i] -= f->a[i];
        other[i] -= g->a[i];
    }
    return fmax(off_by(mine, other), fmax(off_by(f->precision, g->precision), off_by(f->d, g->d)));
}

/* e of the flow, and of the chain of states an interval apart, per time. */
static rn_status exact_entropy(const rni_onsager_settings *s, double *flow, double *chain)
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

rn_status rni_onsager_state(rn_claim *claim, const char *key, const char *quantity, double theory,
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

/* The mean over seeds in units of its own standard error. */
static rn_status state_orthogonality(rn_claim *claim, const double *values)
{
    const rn_index n = rn_claim_n_seeds(claim);
    double mean = 0.0;
    double square = 0.0;
    for (rn_index i = 0; i < n; i++)
        mean += values[i] / (double)n;
    for (rn_index i = 0; i < n; i++)
        square += (values[i] - mean) * (values[i] - mean);
    const double error = sqrt(square / ((double)n * ((double)n - 1.0)));
    RNI_TRY(rni_claim_note(
        claim, "E[grad V . v_rot - div v_rot]: %.2g +- %.2g of |S v_rot| tr Sigma", mean, error));
    return rni_claim_state(
        claim,
        &(rni_statement){.key = "orthogonality",
                         .quantity = "E[grad V . v_rot - div v_rot], in standard errors",
                         .theory = 0.0,
                         .formula = "0: the rotation does not change the density",
                         .at_least = -2.0,
                         .at_most = 2.0,
                         .tolerance = "two standard errors: by chance one set of eight seeds in "
                                      "twelve lies outside",
                         .method = "mean over seeds over its standard error; not told where that "
                                   "is above 1e-3 of |S v_rot| tr Sigma"},
        /* errors that hide the rotation itself would let anything pass */
        error <= 1e-3 ? mean / error : (double)NAN, 0.0);
}

static rn_status state_trajectories(rn_claim *claim, const double *values)
{
    const rni_onsager_settings *s = rni_claim_settings(claim);
    const rn_index n = rn_claim_n_seeds(claim);
    double flow = 0.0;
    double chain = 0.0;
    RNI_TRY(exact_entropy(s, &flow, &chain));
    RNI_TRY(rni_onsager_state(claim, "entropy_formula",
                              "entropy production from the fitted matrices", flow, 0.05 * flow,
                              "tr(W^T M^-1 W S)", "5 %: length of trajectories", values));
    RNI_TRY(rni_onsager_state(
        claim, "entropy_sums", "entropy production by Stratonovich sums along the other half", flow,
        0.05 * flow, "tr(W^T M^-1 W S)", "5 %: length of trajectories", values + n));
    RNI_TRY(rni_onsager_state(claim, "entropy_likelihood",
                              "entropy production by forward against backward likelihood", chain,
                              0.05 * chain, "-2 tr(Q^-1 B C)/dt of the states an interval apart",
                              "5 %: length of trajectories", values + 2 * n));
    RNI_TRY(rni_onsager_state(claim, "hessian", "Hessian of the fitted potential, off by", 0.0,
                              0.05, "S", "5 %", values + 3 * n));
    RNI_TRY(rni_onsager_state(
        claim, "identified", "V, M and v_rot of fits to either half, apart by", 0.0, 0.05,
        "0: the split is unique", "5 %: length of trajectories", values + 5 * n));
    return state_orthogonality(claim, values + 4 * n);
}

static rn_status work_trajectories(rn_claim *claim, rn_index i, void *user)
{
    double *const values = user; /* [6 x n] */
    const rni_onsager_settings *s = rni_claim_settings(claim);
    const rn_index n = rn_claim_n_seeds(claim);
    const double rotation = rn_claim_is_mutated(claim) ? 0.0 : s->rotation;
    const rn_index half = s->trajectories / 2;
    source from = {0};
    fit f = {0};
    fit other = {0};
    answers found = {0};
    RNI_TRY(open_source(s, rotation, rni_claim_seed(claim, i), &from));
    RNI_CLAIM_TRY(fit_half(s, &from, 0, half, &f));
    RNI_CLAIM_TRY(fit_half(s, &from, half, s->trajectories, &other));
    RNI_CLAIM_TRY(look_at_half(s, &from, &f, &found));
    values[i] = found.formula;
    values[n + i] = found.sums;
    values[2 * n + i] = found.likelihood;
    values[3 * n + i] = found.hessian;
    values[4 * n + i] = found.orthogonality;
    values[5 * n + i] = apart(&f, &other);
    return RN_OK;
}

static rn_status examine_trajectories(rn_claim *claim)
{
    const rn_index n = rn_claim_n_seeds(claim);
    double *values = rni_alloc_zero(6 * n, sizeof *values);
    if (!values) return rni_fail(RN_ERR_MEMORY, "onsager: no memory");
    rn_status status = rni_claim_repeat(claim, &(rni_repeated){.name = "trajectories",
                                                               .n = n,
                                                               .n_parts = 1,
                                                               .parts = &(rni_part){values, 6 * n},
                                                               .total = 2 * n,
                                                               .work = work_trajectories,
                                                               .user = values});
    if (status == RN_OK) status = state_trajectories(claim, values);
    rni_free(values);
    return status;
}

static rn_status examine(rn_claim *claim)
{
    RNI_CLAIM_TRY(examine_trajectories(claim));
    return rni_onsager_langevin(claim);
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
