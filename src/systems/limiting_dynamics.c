/*
 * Limiting dynamics of stochastic gradient descent (Kunin et al., arXiv 2107.09133), on linear
 * regression whose Hessian has rates i^-a and whose gradient noise is proportional to it
 * (systems/noisy_regression.h), walked by the engine's own descent with momentum and minibatches.
 */
#include <math.h>

#include "core/memory.h"
#include "core/rng.h"
#include "systems/limiting.h"

static const rni_option options[] = {
    {.key = "features",
     RNI_FIELD(rni_limit_settings, features),
     .range = RNI_BETWEEN(2, 32),
     .initial = "6",
     .help = "modes of the runs whose moments are compared, rho_i = 1/i"},
    {.key = "samples",
     RNI_FIELD(rni_limit_settings, samples),
     .range = RNI_BETWEEN(8, 100000),
     .initial = "512",
     .help = "training samples of those runs"},
    {.key = "batch",
     RNI_FIELD(rni_limit_settings, batch),
     .range = RNI_BETWEEN(1, 100000),
     .initial = "64",
     .help = "samples in a batch, drawn with replacement"},
    {.key = "steps",
     RNI_FIELD(rni_limit_settings, steps),
     .range = RNI_BETWEEN(10000, 100000000),
     .initial = "200000",
     .help = "steps of each of those runs"},
    {.key = "rates",
     RNI_FIELD(rni_limit_settings, rates),
     .range = RNI_ABOVE_TO(0, 4),
     .initial = "[0.5, 1.0, 1.0, 0.1]",
     .help = "learning rates of those runs; the last one's displacement and spectrum are looked "
             "at"},
    {.key = "momenta",
     RNI_FIELD(rni_limit_settings, momenta),
     .range = RNI_FROM_BELOW(0, 1),
     .initial = "[0.0, 0.5, 0.9, 0.9]",
     .help = "their momenta, one for each rate; the last one above 0"},
    {.key = "exponents",
     RNI_FIELD(rni_limit_settings, exponents),
     .range = RNI_ABOVE(1),
     .initial = "[2.0, 3.0]",
     .help = "a of the runs whose displacement is fitted"},
    {.key = "modes",
     RNI_FIELD(rni_limit_settings, modes),
     .range = RNI_BETWEEN(16, 2000),
     .initial = "[256, 64]",
     .help = "their numbers of modes, one for each exponent"},
    {.key = "exact_modes",
     RNI_FIELD(rni_limit_settings, exact_modes),
     .range = RNI_BETWEEN(1000, 10000000),
     .initial = "10000",
     .help = "modes of the exact displacement"},
    {.key = "exponent_rate",
     RNI_FIELD(rni_limit_settings, exponent_rate),
     .range = RNI_ABOVE_TO(0, 1),
     .initial = "0.25",
     .help = "learning rate of the fitted runs, without momentum"},
    {.key = "exponent_batch",
     RNI_FIELD(rni_limit_settings, exponent_batch),
     .range = RNI_BETWEEN(1, 100000),
     .initial = "16",
     .help = "samples in a batch of the fitted runs"},
    {.key = "net_samples",
     RNI_FIELD(rni_limit_settings, net_samples),
     .range = RNI_BETWEEN(32, 100000),
     .initial = "128",
     .help = "training samples of the small net"},
    {.key = "net_rate",
     RNI_FIELD(rni_limit_settings, net_rate),
     .range = RNI_ABOVE_TO(0, 1),
     .initial = "0.0025",
     .help = "its learning rate"},
    {.key = "net_steps",
     RNI_FIELD(rni_limit_settings, net_steps),
     .range = RNI_BETWEEN(20000, 1000000000),
     .initial = "300000",
     .help = "steps of each of its walks"},
};

static rn_status check(const void *settings)
{
    const rni_limit_settings *s = settings;
    if (s->rates.count >= 1 && s->rates.count == s->momenta.count
        && s->momenta.values[s->momenta.count - 1] > 0.0 && s->exponents.count == s->modes.count
        && s->samples > s->features)
        return RN_OK;
    return rni_fail(RN_ERR_CONFIG,
                    "found %" PRId64 " rates, %" PRId64 " momenta, %" PRId64 " exponents, %" PRId64
                    " modes; expected as many momenta as rates with the last above 0, as many "
                    "modes as exponents, and more samples than features",
                    s->rates.count, s->momenta.count, s->exponents.count, s->modes.count);
}

static const rni_option_table table = {.name = "settings",
                                       .help = "descent on linear regression at its minimum",
                                       .options = options,
                                       .n_options = (rn_index)(sizeof options / sizeof options[0]),
                                       .size = sizeof(rni_limit_settings),
                                       .check = check};

rn_status rni_limit_start(rni_walk *walk, uint64_t seed, const double *variance, rn_index settle)
{
    const rni_stream stream = {.seed = seed, .purpose = RNI_RNG_INIT};
    double *theta = rni_alloc(walk->n, sizeof *theta);
    if (!theta) return rni_fail(RN_ERR_MEMORY, "limiting_dynamics: no memory");
    for (rn_index i = 0; i < walk->n; i++)
        theta[i] = sqrt(variance[i]) * rni_rng_normal(stream, (uint64_t)i);
    rn_status status = rni_walk_place(walk, seed, theta, NULL);
    rni_free(theta);
    if (status == RN_OK) status = rni_walk_on(walk, settle);
    return status;
}

rn_status rni_limit_follow(rni_walk *walk, rn_index n_steps, const rni_limit_looks *at)
{
    for (rn_index k = 0; k < n_steps; k++) {
        RNI_CLAIM_TRY(rni_walk_on(walk, 1));
        const double *const theta = rni_walk_theta(walk);
        if (at->moments) rn_stream_moments_add(at->moments, theta);
        if (at->speeds) rn_stream_moments_add(at->speeds, rni_walk_velocity(walk));
        if (at->lags) rn_stream_lags_add(at->lags, theta);
        if (at->spectrum) rni_periodogram_add(at->spectrum, theta[0]);
    }
    return RN_OK;
}

rni_walk_plan rni_limit_plan(const rni_noisy_regression *r, rn_index batch, double eta, double beta)
{
    return (rni_walk_plan){.model = "linear",
                           .n_features = r->n_features,
                           .dynamics = "sgd",
                           .learning_rate = eta,
                           .momentum = beta,
                           .sampler = "with_replacement",
                           .batch_size = batch,
                           .n_samples = r->n_samples,
                           .inputs = r->x,
                           .targets = r->e};
}

static rn_status examine(rn_claim *claim)
{
    const rni_limit_settings *s = rni_claim_settings(claim);
    const rn_index total = (s->rates.count + s->exponents.count + 2) * rn_claim_n_seeds(claim);
    rn_index done = 0;
    rn_status status = rni_limit_moments(claim, &done, total);
    if (status == RN_OK) status = rni_limit_inertial(claim, &done, total);
    if (status == RN_OK) status = rni_limit_exponents(claim, &done, total);
    if (status == RN_OK) status = rni_limit_net(claim, &done, total);
    return status == RN_OK ? rni_limit_ends(claim) : status;
}

RNI_SYSTEM_FILE(limiting_dynamics);
extern const rni_system rni_system_of_limiting_dynamics;
const rni_system rni_system_of_limiting_dynamics = {
    .about = {.name = "limiting_dynamics",
              .title = "Limiting dynamics of stochastic gradient descent",
              .paper = "Kunin, Sagastuy-Brena, Gillespie, Margalit, Tanaka, Ganguli, Yamins, "
                       "arXiv 2107.09133",
              .claim =
                  "Long after the loss has settled weights keep moving. At a minimum of linear "
                  "regression descent with momentum wanders equally far in every direction, "
                  "and its squared displacement grows as a power of the steps below 1, which "
                  "the spectrum decides: 1/a for rates i^-a.",
              .mutation =
                  "the data's rates fall as i^-(a+1) and the net's batches are twice as large; "
                  "the theory keeps both"},
    .options = &table,
    .file = rni_system_limiting_dynamics,
    .file_size = &rni_system_limiting_dynamics_size,
    .examine = examine};
