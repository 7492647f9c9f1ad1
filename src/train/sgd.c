/*
 * Stochastic gradient descent: any sampler, heavy ball or Nesterov, weight decay, clipping, and
 * Langevin noise. With `sampler.kind=full` it is deterministic descent with momentum.
 */
#include "train/dynamics.h"

typedef struct sgd_settings {
    rni_rate rate;
    double momentum;
    bool nesterov;
    double weight_decay;
    double clip;
    double temperature;
} sgd_settings;

static const rni_option options[] = {
    {.key = "learning_rate",
     RNI_FIELD(sgd_settings, rate.learning_rate),
     .range = RNI_ABOVE(0),
     .unit = "time, or 1/lambda_max(0)",
     .initial = "0.1",
     .help = "step size eta; stable at the start below 2(1 + momentum)/lambda_max(0)"},
    {.key = "relative",
     RNI_FIELD(sgd_settings, rate.relative),
     .initial = "true",
     .help = "learning_rate counts in units of 1/lambda_max(0), the kernel's largest eigenvalue"},
    {.key = "momentum",
     RNI_FIELD(sgd_settings, momentum),
     .range = RNI_FROM_BELOW(0, 1),
     .initial = "0.0",
     .help = "beta of the heavy ball v <- beta v + g; a step counts as time eta/(1 - beta)"},
    {.key = "nesterov",
     RNI_FIELD(sgd_settings, nesterov),
     .initial = "false",
     .help = "move along g + beta v instead of v"},
    {.key = "weight_decay",
     RNI_FIELD(sgd_settings, weight_decay),
     .range = RNI_AT_LEAST(0),
     .unit = "1/time",
     .initial = "0.0",
     .help = "rate at which weights are drawn to 0, added to the gradient"},
    {.key = "clip",
     RNI_FIELD(sgd_settings, clip),
     .range = RNI_AT_LEAST(0),
     .unit = "loss/weight",
     .initial = "0.0",
     .help = "largest norm of a gradient, longer ones are shortened; 0: any"},
    {.key = "temperature",
     RNI_FIELD(sgd_settings, temperature),
     .range = RNI_AT_LEAST(0),
     .unit = "loss",
     .initial = "0.0",
     .help = "T of Langevin noise sqrt(2 eta T) per step (SGLD); 0: none"},
    RNI_RATE_SCHEDULE(sgd_settings),
};

static rn_status check(const void *values)
{
    const sgd_settings *settings = values;
    if (settings->nesterov && !(settings->momentum > 0.0))
        return rni_fail(RN_ERR_CONFIG, "found nesterov: true with momentum: 0, expected momentum "
                                       "in (0, 1)");
    if (settings->temperature > 0.0 && settings->momentum > 0.0)
        return rni_fail(RN_ERR_CONFIG,
                        "found temperature: %g with momentum: %g, expected one of them 0: the "
                        "noise of this Langevin step has no memory",
                        settings->temperature, settings->momentum);
    return RN_OK;
}

static const rni_option_table table = {
    .name = "sgd",
    .help = "stochastic gradient descent: momentum, weight decay, clipping, noise, schedules",
    .options = options,
    .n_options = (rn_index)(sizeof options / sizeof *options),
    .size = sizeof(sgd_settings),
    .check = check};

static void describe(const void *values, rni_descent *out)
{
    const sgd_settings *settings = values;
    *out = (rni_descent){.rate = settings->rate,
                         .momentum = settings->momentum,
                         .is_nesterov = settings->nesterov,
                         .decay = settings->weight_decay,
                         .clip = settings->clip,
                         .temperature = settings->temperature};
}

const rni_dynamics_kind rni_sgd = {.options = &table, .n_gradients = 1, .describe = describe};
