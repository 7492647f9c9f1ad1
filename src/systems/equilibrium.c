/*
 * Machine learning in and out of equilibrium (Adhikari et al., arXiv 2306.03521).
 *
 * One weight (systems/one_weight.h): sampling without replacement leaves a variance of order eta^3
 * where sampling with replacement leaves eta, with and without Langevin noise.
 *
 * A net of seven weights, 1-2-1 with tanh, on a noisy bump, walked at its minimum with batches of
 * distinct samples, independent from step to step. With the exact Hessian H and the gradients g_i
 * of all samples there, a step is x <- x - B x + xi, B = eta H, cov xi = Q = eta^2 (N-n)/(n(N-1))
 * times the covariance of the g_i; renorm/linear_gaussian.h gives its stationary state, its
 * current, and the entropy it makes. Noise and Hessian do not commute, so there is a current.
 */
#include <math.h>
#include <stdio.h>

#include "core/memory.h"
#include "stats/slope.h"
#include "systems/equilibrium.h"
#include "systems/one_weight.h"

static const rni_option options[] = {
    {.key = "targets",
     RNI_FIELD(rni_equilibrium_settings, targets),
     .range = RNI_BETWEEN(2, 64),
     .initial = "10",
     .help = "samples, and steps in an epoch, of the one weight"},
    {.key = "epochs",
     RNI_FIELD(rni_equilibrium_settings, epochs),
     .range = RNI_BETWEEN(100, 1000000000),
     .initial = "50000",
     .help = "epochs of each of its walks"},
    {.key = "rates",
     RNI_FIELD(rni_equilibrium_settings, rates),
     .range = RNI_ABOVE_TO(0, 1),
     .initial = "[0.08, 0.04, 0.02, 0.01]",
     .help = "their learning rates; 3 or more"},
    {.key = "temperature",
     RNI_FIELD(rni_equilibrium_settings, temperature),
     .range = RNI_ABOVE(0),
     .initial = "1e-4",
     .help = "T of the Langevin walks, at the first and third rate"},
    {.key = "langevin_epochs",
     RNI_FIELD(rni_equilibrium_settings, langevin_epochs),
     .range = RNI_BETWEEN(100, 1000000000),
     .initial = "20000",
     .help = "epochs of those"},
    {.key = "samples",
     RNI_FIELD(rni_equilibrium_settings, samples),
     .range = RNI_BETWEEN(20, 100000),
     .initial = "200",
     .help = "points of the bump, even in [-3, 3)"},
    {.key = "noise",
     RNI_FIELD(rni_equilibrium_settings, noise),
     .range = RNI_ABOVE(0),
     .initial = "0.1",
     .help = "standard deviation of its targets about exp(-x^2)"},
    {.key = "weight_decay",
     RNI_FIELD(rni_equilibrium_settings, weight_decay),
     .range = RNI_AT_LEAST(0),
     .initial = "1e-3",
     .help = "of the net"},
    {.key = "learning_rate",
     RNI_FIELD(rni_equilibrium_settings, learning_rate),
     .range = RNI_ABOVE(0),
     .initial = "0.02",
     .help = "of the net"},
    {.key = "batch",
     RNI_FIELD(rni_equilibrium_settings, batch),
     .range = RNI_BETWEEN(1, 100000),
     .initial = "10",
     .help = "distinct samples in a batch of the net"},
    {.key = "steps",
     RNI_FIELD(rni_equilibrium_settings, steps),
     .range = RNI_BETWEEN(1000, 1000000000),
     .initial = "2000000",
     .help = "steps of each walk of the net"},
    {.key = "theorem_rate",
     RNI_FIELD(rni_equilibrium_settings, theorem_rate),
     .range = RNI_ABOVE(0),
     .initial = "0.004",
     .help = "learning rate of the walks on which the fluctuation theorems are judged"},
    {.key = "theorem_steps",
     RNI_FIELD(rni_equilibrium_settings, theorem_steps),
     .range = RNI_BETWEEN(1000, 1000000000),
     .initial = "2000000",
     .help = "steps of each of those"},
};

static rn_status check(const void *settings)
{
    const rni_equilibrium_settings *s = settings;
    if (s->rates.count >= 3 && s->rates.count <= 16 && s->batch < s->samples) return RN_OK;
    return rni_fail(RN_ERR_CONFIG,
                    "found %" PRId64 " rates, batch %" PRId64 " of %" PRId64
                    " samples; expected 3 to 16 rates and a smaller batch",
                    s->rates.count, s->batch, s->samples);
}

static const rni_option_table table = {.name = "settings",
                                       .help = "one weight, and a net of seven",
                                       .options = options,
                                       .n_options = (rn_index)(sizeof options / sizeof options[0]),
                                       .size = sizeof(rni_equilibrium_settings),
                                       .check = check};

/* ---- one weight ------------------------------------------------------------------------------ */

static const char *const samplers[] = {"with_replacement", "reshuffled"};
static const char *const short_names[] = {"wr", "wor"};

/* The sampler that is really used. */
static const char *used(const rn_claim *claim, int which)
{
    return samplers[rn_claim_is_mutated(claim) ? 0 : which];
}

static rn_status state_variance(rn_claim *claim, const rni_one_weight *w, int which, double eta,
                                const double *values)
{
    char key[64];
    char quantity[160];
    (void)snprintf(key, sizeof key, "%s_%g", short_names[which], eta);
    (void)snprintf(quantity, sizeof quantity, "variance, %s, eta = %g", samplers[which], eta);
    const double exact = rni_one_weight_exact(w, samplers[which], eta);
    return rni_claim_state_mean(
        claim,
        &(rni_statement){.key = key,
                         .quantity = quantity,
                         .theory = exact,
                         .formula = which == 0 ? "eta^2 s^2 (N-1)/N/(1 - a^2), a = 1 - eta"
                                               : "eta^2 s^2 sum (a_k - mean)^2/(1 - a^(2N))",
                         .at_least = 0.96 * exact,
                         .at_most = 1.04 * exact,
                         .tolerance = "4 %: the formula is exact, the rest is the walk's length",
                         .method = "(w - mean b)^2 at ends of epochs; mean over seeds"},
        rn_claim_n_seeds(claim), values);
}

static rn_status state_order(rn_claim *claim, const char *key, const char *quantity, double theory,
                             double tolerance, const double *slopes)
{
    return rni_claim_state_mean(
        claim,
        &(rni_statement){.key = key,
                         .quantity = quantity,
                         .theory = theory,
                         .formula = "small eta: eta s^2 (N-1)/(2N) and eta^3 s^2 (N^2-1)/24",
                         .at_least = theory - tolerance,
                         .at_most = theory + tolerance,
                         .tolerance = "the next order at the largest eta, and the walks' length",
                         .method = "slope of ln variance against ln eta; mean over seeds"},
        rn_claim_n_seeds(claim), slopes);
}

/* Walks at all rates with one sampler. */
typedef struct rates_walk {
    const rni_one_weight *w;
    int which;
    double *variances; /* [n_rates x n_seeds] */
} rates_walk;

static rn_status work_rates(rn_claim *claim, rn_index i, void *user)
{
    const rates_walk *at = user;
    const rni_equilibrium_settings *s = rni_claim_settings(claim);
    const rn_index seed = i / s->rates.count;
    const rn_index k = i % s->rates.count;
    return rni_one_weight_walk(at->w, used(claim, at->which), s->rates.values[k], 0.0, s->epochs,
                               rni_claim_seed(claim, seed), rni_claim_observer(claim),
                               &at->variances[k * rn_claim_n_seeds(claim) + seed], NULL);
}

/* Shares of the work, of 8 a seed: the rates take 4, Langevin walks 2, the net 2. */
static rn_status walk_rates(rn_claim *claim, const rni_one_weight *w, int which,
                            double *variances) /* NOLINT(readability-non-const-parameter) */
{
    const rni_equilibrium_settings *s = rni_claim_settings(claim);
    const rn_index n = s->rates.count * rn_claim_n_seeds(claim);
    rates_walk at = {.w = w, .which = which, .variances = variances};
    char name[RNI_KEPT_NAME];
    (void)snprintf(name, sizeof name, "rates_%s", short_names[which]);
    return rni_claim_repeat(claim, &(rni_repeated){.name = name,
                                                   .n = n,
                                                   .n_parts = 1,
                                                   .parts = &(rni_part){variances, n},
                                                   .before = (rn_index)which * n,
                                                   .total = 4 * n,
                                                   .work = work_rates,
                                                   .user = &at});
}

static rn_status examine_rates(rn_claim *claim, const rni_one_weight *w, int which)
{
    const rni_equilibrium_settings *s = rni_claim_settings(claim);
    const rn_index n_rates = s->rates.count;
    const rn_index n_seeds = rn_claim_n_seeds(claim);
    double *block = rni_alloc_zero((n_rates + 1) * n_seeds + 2 * n_rates, sizeof *block);
    if (!block) return rni_fail(RN_ERR_MEMORY, "equilibrium: no memory");
    double *const slopes = block + n_rates * n_seeds;
    double *const means = slopes + n_seeds;
    double *const theory = means + n_rates;
    rn_status status = walk_rates(claim, w, which, block);
    for (rn_index i = 0; i < n_seeds && status == RN_OK; i++) {
        double variance[16] = {0};
        rni_slope line = {0};
        for (rn_index k = 0; k < n_rates; k++)
            variance[k] = block[k * n_seeds + i];
        status =
            rni_slope_fit_log(n_rates, s->rates.values, variance, 0.0, (double)INFINITY, &line);
        slopes[i] = line.slope;
    }
    for (rn_index k = 0; k < n_rates && status == RN_OK; k++) {
        status = state_variance(claim, w, which, s->rates.values[k], block + k * n_seeds);
        means[k] = 0.0;
        for (rn_index i = 0; i < n_seeds; i++)
            means[k] += block[k * n_seeds + i] / (double)n_seeds;
        theory[k] = rni_one_weight_exact(w, samplers[which], s->rates.values[k]);
    }
    if (status == RN_OK)
        status = which == 0 ? state_order(claim, "wr_order",
                                          "order of the variance in eta, with "
                                          "replacement",
                                          1.0, 0.03, slopes)
                            : state_order(claim, "wor_order",
                                          "order of the variance in eta, "
                                          "without replacement",
                                          3.0, 0.05, slopes);
    if (status == RN_OK)
        status = rni_claim_curve(claim, samplers[which], RN_CLAIM_POINTS, n_rates, s->rates.values,
                                 means);
    if (status == RN_OK)
        status = rni_claim_curve(claim, "exact", RN_CLAIM_THEORY, n_rates, s->rates.values, theory);
    rni_free(block);
    return status;
}

/* What minibatches add to the variance of Langevin walks at two rates, over seeds. */
typedef struct excess {
    const rni_one_weight *w;
    int which;
    double rates[2];
    double mean[2];
    double square[2];
} excess;

static rn_status work_langevin(rn_claim *claim, rn_index i, void *user)
{
    excess *e = user;
    const rni_equilibrium_settings *s = rni_claim_settings(claim);
    const double share = 1.0 / (double)rn_claim_n_seeds(claim);
    const rn_index k = i % 2;
    double variance = 0.0;
    double more = 0.0;
    RNI_CLAIM_TRY(rni_one_weight_walk(e->w, used(claim, e->which), e->rates[k], s->temperature,
                                      s->langevin_epochs, rni_claim_seed(claim, i / 2),
                                      rni_claim_observer(claim), &variance, &more));
    e->mean[k] += more * share;
    e->square[k] += more * more * share;
    return RN_OK;
}

static rn_status walk_langevin(rn_claim *claim, excess *e)
{
    const rn_index n = 2 * rn_claim_n_seeds(claim);
    const rni_part parts[] = {{e->mean, 2}, {e->square, 2}};
    char name[RNI_KEPT_NAME];
    (void)snprintf(name, sizeof name, "langevin_%s", short_names[e->which]);
    return rni_claim_repeat(claim, &(rni_repeated){.name = name,
                                                   .n = n,
                                                   .n_parts = 2,
                                                   .parts = parts,
                                                   .before = (4 + (rn_index)e->which) * n,
                                                   .total = 8 * n,
                                                   .work = work_langevin,
                                                   .user = e});
}

/* Error of the posterior's variance T beyond what the Langevin step itself makes. */
static rn_status examine_langevin(rn_claim *claim, const rni_one_weight *w, int which)
{
    const rni_equilibrium_settings *s = rni_claim_settings(claim);
    const double n_seeds = (double)rn_claim_n_seeds(claim);
    excess e = {.w = w, .which = which, .rates = {s->rates.values[0], s->rates.values[2]}};
    RNI_CLAIM_TRY(walk_langevin(claim, &e));
    double error = 0.0;
    double raw[2];
    const double span = log(e.rates[0] / e.rates[1]);
    for (int k = 0; k < 2; k++) {
        error += (e.square[k] - e.mean[k] * e.mean[k]) / (n_seeds - 1.0) / (e.mean[k] * e.mean[k]);
        raw[k] = e.mean[k] + rni_one_weight_langevin(e.rates[k], s->temperature) - s->temperature;
    }
    const double slope = log(e.mean[0] / e.mean[1]) / span;
    RNI_TRY(rni_claim_note(claim,
                           "Langevin, %s: order of the posterior variance's error %.3f with the "
                           "Langevin step's own bias, %.3f without it",
                           samplers[which], log(raw[0] / raw[1]) / span, slope));
    const rni_statement said[2] = {
        {.key = "langevin_wr",
         .quantity = "order of the posterior's error in eta, Langevin steps with replacement",
         .theory = 1.0,
         .formula = "minibatch and Langevin noise add up",
         .at_least = 0.9,
         .at_most = 1.1,
         .tolerance = "a tenth: two rates, and noise shared with a walk on all samples",
         .method = "excess variance over a walk on all samples with the same noise, between two "
                   "rates; interval: two standard errors over seeds"},
        {.key = "langevin_wor",
         .quantity = "order of the posterior's error in eta, Langevin steps without replacement, "
                     "their own bias removed",
         .theory = 3.0,
         .formula = "minibatch and Langevin noise add up",
         .at_least = 2.7,
         .at_most = 3.3,
         .tolerance = "a tenth: two rates, and noise shared with a walk on all samples",
         .method = "excess variance over a walk on all samples with the same noise, between two "
                   "rates; interval: two standard errors over seeds"}};
    return rni_claim_state(claim, &said[which], slope, 2.0 * sqrt(error) / span);
}

static rn_status examine(rn_claim *claim)
{
    const rni_equilibrium_settings *s = rni_claim_settings(claim);
    rni_one_weight weight;
    rni_one_weight_make(s->targets, RNI_EQUILIBRIUM_DATA_SEED, &weight);
    RNI_TRY(rni_claim_figure(claim, "Stationary variance of one weight", "learning rate",
                             "variance", true, true));
    for (int which = 0; which < 2; which++)
        RNI_CLAIM_TRY(examine_rates(claim, &weight, which));
    for (int which = 0; which < 2; which++)
        RNI_CLAIM_TRY(examine_langevin(claim, &weight, which));
    return rni_equilibrium_net(claim);
}

RNI_SYSTEM_FILE(equilibrium);
extern const rni_system rni_system_of_equilibrium;
const rni_system rni_system_of_equilibrium = {
    .about = {.name = "equilibrium",
              .title = "Machine learning in and out of equilibrium",
              .paper = "Adhikari, Kabakcioglu, Strang, Yuret, Hinczewski, arXiv 2306.03521",
              .claim = "Minibatches keep the weights in a stationary state with persistent "
                       "currents, whose entropy production obeys the integral and the detailed "
                       "fluctuation theorem. Sampling without replacement leaves far less variance "
                       "and brings Langevin sampling to its posterior faster in the step size.",
              .mutation = "reshuffled batches are drawn with replacement, and the net's minibatch "
                          "noise is replaced by Langevin noise of the same strength, equal in all "
                          "directions"},
    .options = &table,
    .file = rni_system_equilibrium,
    .file_size = &rni_system_equilibrium_size,
    .examine = examine};
