/*
 * Stochastic variance-reduced gradients: batches corrected by a full gradient now and then.
 */
#include "train/dynamics.h"

typedef struct svrg_settings {
    rni_rate rate;
    rn_index anchor_every;
    double weight_decay;
    double temperature;
} svrg_settings;

static const rni_option options[] = {
    {.key = "learning_rate",
     RNI_FIELD(svrg_settings, rate.learning_rate),
     .range = RNI_ABOVE(0),
     .unit = "time, or 1/lambda_max(0)",
     .initial = "0.1",
     .help = "step size eta"},
    {.key = "relative",
     RNI_FIELD(svrg_settings, rate.relative),
     .initial = "true",
     .help = "learning_rate counts in units of 1/lambda_max(0), the kernel's largest eigenvalue"},
    {.key = "anchor_every",
     RNI_FIELD(svrg_settings, anchor_every),
     .range = RNI_AT_LEAST(1),
     .unit = "steps",
     .initial = "100",
     .help = "steps between full gradients"},
    {.key = "weight_decay",
     RNI_FIELD(svrg_settings, weight_decay),
     .range = RNI_AT_LEAST(0),
     .unit = "1/time",
     .initial = "0.0",
     .help = "rate at which weights are drawn to 0, added to the gradient"},
    {.key = "temperature",
     RNI_FIELD(svrg_settings, temperature),
     .range = RNI_AT_LEAST(0),
     .unit = "loss",
     .initial = "0.0",
     .help = "T of Langevin noise sqrt(2 eta T) per step; 0: none"},
    RNI_RATE_SCHEDULE(svrg_settings),
};

static const rni_option_table table = RNI_TABLE(
    "svrg", "variance-reduced stochastic gradients, with noise if wanted", options, svrg_settings);

static void describe(const void *values, rni_descent *out)
{
    const svrg_settings *settings = values;
    *out = (rni_descent){.rate = settings->rate,
                         .decay = settings->weight_decay,
                         .temperature = settings->temperature,
                         .anchor_every = settings->anchor_every};
}

/* a batch here and one at the anchor */
const rni_dynamics_kind rni_svrg = {.options = &table, .n_gradients = 2, .describe = describe};
