/*
 * Adam, with weight decay inside the gradient or beside it (AdamW).
 */
#include "train/dynamics.h"

typedef struct adam_settings {
    rni_rate rate;
    double beta1;
    double beta2;
    double epsilon;
    double weight_decay;
    bool decoupled;
    double clip;
} adam_settings;

static const rni_option options[] = {
    {.key = "learning_rate",
     RNI_FIELD(adam_settings, rate.learning_rate),
     .range = RNI_ABOVE(0),
     .unit = "time",
     .initial = "0.001",
     .help = "step size eta: about what each weight moves in a step at first"},
    {.key = "beta1",
     RNI_FIELD(adam_settings, beta1),
     .range = RNI_FROM_BELOW(0, 1),
     .initial = "0.9",
     .help = "memory of the averaged gradient"},
    {.key = "beta2",
     RNI_FIELD(adam_settings, beta2),
     .range = RNI_FROM_BELOW(0, 1),
     .initial = "0.999",
     .help = "memory of the averaged squared gradient"},
    {.key = "epsilon",
     RNI_FIELD(adam_settings, epsilon),
     .range = RNI_ABOVE(0),
     .unit = "loss/weight",
     .initial = "1e-08",
     .help = "added to the root of the averaged square"},
    {.key = "weight_decay",
     RNI_FIELD(adam_settings, weight_decay),
     .range = RNI_AT_LEAST(0),
     .initial = "0.0",
     .help = "weights are drawn to 0 by it times learning_rate a step (decoupled), or it times the "
             "weight joins the gradient"},
    {.key = "decoupled",
     RNI_FIELD(adam_settings, decoupled),
     .initial = "true",
     .help = "weight decay beside the gradient (AdamW), not inside it"},
    {.key = "clip",
     RNI_FIELD(adam_settings, clip),
     .range = RNI_AT_LEAST(0),
     .unit = "loss/weight",
     .initial = "0.0",
     .help = "largest norm of a gradient, longer ones are shortened; 0: any"},
    RNI_RATE_SCHEDULE(adam_settings),
};

static const rni_option_table table =
    RNI_TABLE("adam", "Adam and AdamW: a step size for every weight", options, adam_settings);

static void describe(const void *values, rni_descent *out)
{
    const adam_settings *settings = values;
    *out = (rni_descent){.rate = settings->rate,
                         .momentum = settings->beta1,
                         .is_adam = true,
                         .beta2 = settings->beta2,
                         .epsilon = settings->epsilon,
                         .decay = settings->weight_decay,
                         .is_decoupled = settings->decoupled,
                         .clip = settings->clip};
}

const rni_dynamics_kind rni_adam = {.options = &table, .n_gradients = 1, .describe = describe};
