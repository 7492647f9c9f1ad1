/*
 * Mean-field Langevin dynamics (Suzuki, Wu, Nitanda, NeurIPS 2023): noisy gradient descent on N
 * particles that meet through their mean field only.
 *
 * Exactly solvable. dX_i = -[kappa (Xbar - a) + l X_i] dt + sqrt(2 lambda) dB_i is the engine's
 * descent on a linear net f = (1/N) sum X_i with Langevin noise: with learning rate eta kappa N,
 * weight decay l/(kappa N) and temperature lambda/(kappa N) a step is
 *
 *     X_i <- X_i - eta [kappa (Xbar - a) + l X_i] + sqrt(2 eta lambda) n_i.
 *
 * With k = kappa + l and noise of variance q shared by all particles (minibatches of targets)
 *
 *     Var(Xbar) = (2 eta lambda/N + eta^2 q)/(1 - (1 - eta k)^2),   gap = (kappa/2) Var(Xbar).
 *
 * A two-layer net. f(x) = (1/N) sum a_j tanh(w_j . x), gradients times N: width-N mlp with readout
 * gain 1/sqrt(N). The mean loss at N exceeds that at infinite N by c/N, c known from how single
 * particles vary.
 */
#include <math.h>
#include <stdio.h>

#include "core/memory.h"
#include "core/rng.h"
#include "stats/slope.h"
#include "systems/mean_field.h"
#include "systems/walk.h"

static const rni_option options[] = {
    {.key = "particles",
     RNI_FIELD(rni_field_settings, particles),
     .range = RNI_BETWEEN(2, 4096),
     .initial = "[8, 32, 128]",
     .help = "N of the solvable model"},
    {.key = "kappa",
     RNI_FIELD(rni_field_settings, kappa),
     .range = RNI_ABOVE(0),
     .initial = "2.0",
     .unit = "1/time",
     .help = "strength of the interaction"},
    {.key = "decay",
     RNI_FIELD(rni_field_settings, decay),
     .range = RNI_ABOVE(0),
     .initial = "0.5",
     .unit = "1/time",
     .help = "l, pull of each particle to 0"},
    {.key = "temperature",
     RNI_FIELD(rni_field_settings, temperature),
     .range = RNI_ABOVE(0),
     .initial = "0.3",
     .help = "lambda"},
    {.key = "steps_of_time",
     RNI_FIELD(rni_field_settings, steps_of_time),
     .range = RNI_ABOVE_TO(0, 0.5),
     .initial = "[0.1, 0.025]",
     .unit = "time",
     .help = "eta; the first is that of all lines, the others of a few"},
    {.key = "steps",
     RNI_FIELD(rni_field_settings, steps),
     .range = RNI_BETWEEN(1000, 1000000000),
     .initial = "100000",
     .help = "steps of each walk at the first eta; others last as long"},
    {.key = "targets",
     RNI_FIELD(rni_field_settings, targets),
     .range = RNI_BETWEEN(2, 1024),
     .initial = "16",
     .help = "targets a_j, one of which is drawn in each step with minibatches"},
    {.key = "scatter",
     RNI_FIELD(rni_field_settings, scatter),
     .range = RNI_AT_LEAST(0),
     .initial = "0.3",
     .help = "their standard deviation"},
    {.key = "replicas",
     RNI_FIELD(rni_field_settings, replicas),
     .range = RNI_BETWEEN(1, 100000),
     .initial = "800",
     .help = "walks per seed to time 10; a tenth of them to 100, a hundredth to 1000"},
    {.key = "widths",
     RNI_FIELD(rni_field_settings, widths),
     .range = RNI_BETWEEN(2, 4096),
     .initial = "[8, 16, 32, 64, 256]",
     .help = "N of the net, ascending; the last stands for the infinite one"},
    {.key = "net_samples",
     RNI_FIELD(rni_field_settings, net_samples),
     .range = RNI_BETWEEN(4, 4096),
     .initial = "64",
     .help = "training samples of the net"},
    {.key = "net_decay",
     RNI_FIELD(rni_field_settings, net_decay),
     .range = RNI_ABOVE(0),
     .initial = "0.1",
     .help = "l of the net"},
    {.key = "net_temperature",
     RNI_FIELD(rni_field_settings, net_temperature),
     .range = RNI_ABOVE(0),
     .initial = "0.01",
     .help = "lambda of the net"},
    {.key = "net_rate",
     RNI_FIELD(rni_field_settings, net_rate),
     .range = RNI_ABOVE(0),
     .initial = "0.2",
     .unit = "time",
     .help = "eta of the net"},
    {.key = "net_steps",
     RNI_FIELD(rni_field_settings, net_steps),
     .range = RNI_BETWEEN(200, 100000000),
     .initial = "4000",
     .help = "steps of the net at the largest width; narrower ones take more, 16 times at most"},
    {.key = "net_every",
     RNI_FIELD(rni_field_settings, net_every),
     .range = RNI_BETWEEN(1, 1000),
     .initial = "5",
     .help = "steps from one look at the net's outputs to the next"},
};

static rn_status check(const void *settings)
{
    const rni_field_settings *s = settings;
    bool ascends = s->widths.count >= 3 && s->widths.count <= 16;
    for (rn_index i = 1; i < s->widths.count; i++)
        ascends = ascends && s->widths.values[i] > s->widths.values[i - 1];
    if (ascends && s->particles.count >= 2 && s->particles.count <= 16
        && s->steps_of_time.count > 0)
        return RN_OK;
    return rni_fail(RN_ERR_CONFIG, "found particles, widths or steps of time that do not do: "
                                   "expected 2 to 16 particle numbers, 3 to 16 widths, ascending, "
                                   "and a step of time");
}

static const rni_option_table table = {.name = "settings",
                                       .help = "particles that meet in their mean",
                                       .options = options,
                                       .n_options = (rn_index)(sizeof options / sizeof options[0]),
                                       .size = sizeof(rni_field_settings),
                                       .check = check};

static const uint64_t data_seed = 1;

/* ---- the solvable model ---------------------------------------------------------------------- */

rn_status rni_field_make(const rni_field_settings *s, rn_index n, bool is_apart, rni_field *out)
{
    const rn_index m = s->targets;
    const rni_stream stream = {.seed = data_seed, .purpose = RNI_RNG_DATA};
    *out = (rni_field){.n = n, .inputs = rni_alloc(m * n + m, sizeof(double))};
    if (!out->inputs) return rni_fail(RN_ERR_MEMORY, "mean_field: no memory");
    out->targets = out->inputs + m * n;
    for (rn_index i = 0; i < m * n; i++)
        out->inputs[i] = is_apart ? 0.0 : 1.0 / (double)n;
    for (rn_index i = 0; i < m; i++) {
        out->targets[i] = 1.0 + s->scatter * rni_rng_normal(stream, (uint64_t)i);
        out->mean += out->targets[i] / (double)m;
    }
    for (rn_index i = 0; i < m; i++)
        out->square += pow(out->targets[i] - out->mean, 2.0) / (double)m;
    return RN_OK;
}

rn_status rni_field_open(const rni_field_settings *s, const rni_field *f, double eta,
                         rni_field_noise noise, rni_walk *walk)
{
    const double scale = s->kappa * (double)f->n;
    const rni_walk_plan plan = {.model = "linear",
                                .n_features = f->n,
                                .dynamics = noise == RNI_FIELD_REDUCED ? "svrg" : "sgd",
                                .learning_rate = eta * scale,
                                .weight_decay = s->decay / scale,
                                .temperature = s->temperature / scale,
                                .anchor_every = noise == RNI_FIELD_REDUCED ? 50 : 0,
                                .sampler = noise == RNI_FIELD_FULL ? NULL : "with_replacement",
                                .batch_size = 1,
                                .n_samples = s->targets,
                                .inputs = f->inputs,
                                .targets = f->targets};
    return rni_walk_open(&plan, walk);
}

double rni_field_variance(const rni_field_settings *s, const rni_field *f, double eta,
                          rni_field_noise noise)
{
    const double k = s->kappa + s->decay;
    const double q = noise == RNI_FIELD_MINIBATCH ? s->kappa * s->kappa * f->square : 0.0;
    return (2.0 * eta * s->temperature / (double)f->n + eta * eta * q)
           / (eta * k * (2.0 - eta * k));
}

double rni_field_mean(const rni_walk *walk)
{
    double sum = 0.0;
    for (rn_index i = 0; i < walk->n; i++)
        sum += rni_walk_theta(walk)[i];
    return sum / (double)walk->n;
}

rn_status rni_field_place(const rni_field_settings *s, const rni_field *f, double off,
                          uint64_t seed, rni_walk *walk)
{
    const double centre = off + s->kappa * f->mean / (s->kappa + s->decay);
    const rni_stream stream = {.seed = seed, .purpose = RNI_RNG_INIT};
    double *x = rni_alloc(f->n, sizeof *x);
    if (!x) return rni_fail(RN_ERR_MEMORY, "mean_field: no memory");
    for (rn_index i = 0; i < f->n; i++)
        x[i] = centre + sqrt(s->temperature / s->decay) * rni_rng_normal(stream, (uint64_t)i);
    const rn_status status = rni_walk_place(walk, seed, x, NULL);
    rni_free(x);
    return status;
}

/* Mean of (Xbar - its mean)^2 along one walk, past the start. */
static rn_status walk_field(const rni_field_settings *s, const rni_field *f, double eta,
                            rni_field_noise noise, uint64_t seed, double *variance)
{
    const double centre = s->kappa * f->mean / (s->kappa + s->decay);
    const rn_index settle = (rn_index)(20.0 / (eta * (s->kappa + s->decay)));
    const rn_index n_steps = (rn_index)ceil((double)s->steps * s->steps_of_time.values[0] / eta);
    rni_walk walk = {0};
    double sum = 0.0;
    rn_status status = rni_field_open(s, f, eta, noise, &walk);
    if (status == RN_OK) status = rni_field_place(s, f, 0.0, seed, &walk);
    if (status == RN_OK) status = rni_walk_on(&walk, settle);
    for (rn_index k = 0; k < n_steps && status == RN_OK; k++) {
        status = rni_walk_on(&walk, 1);
        const double off = rni_field_mean(&walk) - centre;
        sum += off * off / (double)n_steps;
    }
    rni_walk_close(&walk);
    *variance = sum;
    return status;
}

static rn_status state_field(rn_claim *claim, const rni_field_settings *s, const rni_field *f,
                             double eta, rni_field_noise noise, double tolerance,
                             const double *values)
{
    static const char *const names[] = {"gap", "minibatch", "svrg"};
    static const char *const words[] = {"all targets", "one target a step",
                                        "one target a step, variance reduced"};
    char key[64];
    char quantity[160];
    (void)snprintf(key, sizeof key, "%s_%d_%g", names[noise], (int)f->n, eta);
    (void)snprintf(quantity, sizeof quantity, "objective gap, N = %d, eta = %g, %s", (int)f->n, eta,
                   words[noise]);
    const double exact = 0.5 * s->kappa * rni_field_variance(s, f, eta, noise);
    return rni_claim_state_mean(
        claim,
        &(rni_statement){.key = key,
                         .quantity = quantity,
                         .theory = exact,
                         .formula = "(kappa/2)(2 eta lambda/N + eta^2 q)/(1 - (1 - eta k)^2)",
                         .at_least = (1.0 - tolerance) * exact,
                         .at_most = (1.0 + tolerance) * exact,
                         .tolerance = "the formula is exact, the rest is the walk's length",
                         .method = "(kappa/2) mean of (Xbar - mean)^2; mean over seeds"},
        rn_claim_n_seeds(claim), values);
}

/* One number of particles, one noise, one step: values [n_seeds] of the gap. */
typedef struct field_walk {
    rni_field f;
    double eta;
    rni_field_noise noise;
    double *values;
} field_walk;

static rn_status work_field(rn_claim *claim, rn_index i, void *user)
{
    const field_walk *at = user;
    const rni_field_settings *s = rni_claim_settings(claim);
    double variance = 0.0;
    RNI_CLAIM_TRY(walk_field(s, &at->f, at->eta, at->noise, rni_claim_seed(claim, i), &variance));
    at->values[i] = 0.5 * s->kappa * variance;
    return RN_OK;
}

static rn_status see_field(rn_claim *claim, field_walk *at, rn_index p)
{
    const rni_field_settings *s = rni_claim_settings(claim);
    const rn_index n_seeds = rn_claim_n_seeds(claim);
    const rni_part part = {at->values, n_seeds};
    char name[RNI_KEPT_NAME];
    RNI_TRY(
        rni_field_make(s, (rn_index)s->particles.values[p], rn_claim_is_mutated(claim), &at->f));
    (void)snprintf(name, sizeof name, "field_%d_%d_%.9g", (int)at->noise, (int)p, at->eta);
    const rn_index before = ((rn_index)at->noise + p) * n_seeds;
    rn_status status = rni_claim_repeat(claim, &(rni_repeated){.name = name,
                                                               .n = n_seeds,
                                                               .n_parts = 1,
                                                               .parts = &part,
                                                               .before = before,
                                                               .total = 16 * n_seeds,
                                                               .work = work_field,
                                                               .user = at});
    if (status == RN_OK)
        status = state_field(claim, s, &at->f, at->eta, at->noise, 0.03, at->values);
    rni_free(at->f.inputs);
    return status;
}

/* One noise and step at all particle numbers; slopes [n_seeds] of ln gap against ln N, or NULL. */
static rn_status examine_field(rn_claim *claim, double eta, rni_field_noise noise, rn_index first,
                               rn_index last, double *slopes)
{
    const rni_field_settings *s = rni_claim_settings(claim);
    const rn_index n_seeds = rn_claim_n_seeds(claim);
    double *values = rni_alloc_zero(n_seeds * (last - first), sizeof *values);
    if (!values) return rni_fail(RN_ERR_MEMORY, "mean_field: no memory");
    rn_status status = RN_OK;
    for (rn_index p = first; p < last && status == RN_OK; p++)
        status = see_field(
            claim,
            &(field_walk){.eta = eta, .noise = noise, .values = values + (p - first) * n_seeds}, p);
    for (rn_index i = 0; i < n_seeds && slopes && status == RN_OK; i++) {
        double gap[16];
        rni_slope line = {0};
        for (rn_index p = first; p < last; p++)
            gap[p - first] = values[(p - first) * n_seeds + i];
        status = rni_slope_fit_log(last - first, s->particles.values + first, gap, 0.0,
                                   (double)INFINITY, &line);
        slopes[i] = line.slope;
    }
    rni_free(values);
    return status;
}

static rn_status state_slope(rn_claim *claim, const double *slopes)
{
    return rni_claim_state_mean(
        claim,
        &(rni_statement){.key = "particle_order",
                         .quantity = "order of the gap in the number of particles",
                         .theory = -1.0,
                         .formula = "propagation of chaos: 1/N, exactly here",
                         .at_least = -1.03,
                         .at_most = -0.97,
                         .tolerance = "the walks' length",
                         .method = "slope of ln gap against ln N; mean over seeds"},
        rn_claim_n_seeds(claim), slopes);
}

static rn_status examine(rn_claim *claim)
{
    const rni_field_settings *s = rni_claim_settings(claim);
    double *slopes = rni_alloc(rn_claim_n_seeds(claim), sizeof *slopes);
    if (!slopes) return rni_fail(RN_ERR_MEMORY, "mean_field: no memory");
    const double eta = s->steps_of_time.values[0];
    rn_status status = RN_OK;
    for (rn_index e = 0; e < s->steps_of_time.count && status == RN_OK; e++)
        status = examine_field(claim, s->steps_of_time.values[e], RNI_FIELD_FULL, 0,
                               e == 0 ? s->particles.count : 1, e == 0 ? slopes : NULL);
    if (status == RN_OK) status = state_slope(claim, slopes);
    /* the floor in N is linear in eta: at the largest N for the other steps */
    for (rn_index e = 0; e < s->steps_of_time.count && status == RN_OK; e++)
        status = examine_field(claim, s->steps_of_time.values[e], RNI_FIELD_MINIBATCH,
                               e == 0 ? 0 : s->particles.count - 1, s->particles.count, NULL);
    if (status == RN_OK) status = examine_field(claim, eta, RNI_FIELD_REDUCED, 0, 1, NULL);
    if (status == RN_OK) status = rni_field_times(claim);
    if (status == RN_OK) status = rni_field_net(claim);
    rni_free(slopes);
    return status;
}

RNI_SYSTEM_FILE(mean_field);
extern const rni_system rni_system_of_mean_field;
const rni_system rni_system_of_mean_field = {
    .about = {.name = "mean_field",
              .title = "Mean-field Langevin dynamics",
              .paper =
                  "Suzuki, Wu, Nitanda, Convergence of mean-field Langevin dynamics: time-space "
                  "discretization, stochastic gradient, and variance reduction, NeurIPS 2023",
              .claim =
                  "Noisy gradient descent on N interacting particles approaches its mean-field "
                  "limit like 1/N, uniformly in time, with errors of the step and of the "
                  "stochastic gradient that add up; variance reduction takes the last away.",
              .mutation = "particles do not interact: each sees inputs of 0"},
    .options = &table,
    .file = rni_system_mean_field,
    .file_size = &rni_system_mean_field_size,
    .examine = examine};
