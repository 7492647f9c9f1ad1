/*
 * Full-batch gradient descent with a fixed learning rate.
 */
#include "train/dynamics.h"

typedef struct gradient_descent_settings {
    double learning_rate;
    bool relative;
} gradient_descent_settings;

static const rni_option options[] = {
    {.key = "learning_rate",
     RNI_FIELD(gradient_descent_settings, learning_rate),
     .range = RNI_ABOVE(0),
     .unit = "time, or 1/lambda_max(0)",
     .initial = "1",
     .help = "step size eta; stable at the start below 2/lambda_max(0)"},
    {.key = "relative",
     RNI_FIELD(gradient_descent_settings, relative),
     .initial = "true",
     .help = "learning_rate counts in units of 1/lambda_max(0), the kernel's largest eigenvalue"},
};

static const rni_option_table table =
    RNI_TABLE("gradient_descent", "full-batch gradient descent, fixed learning rate", options,
              gradient_descent_settings);

static void describe(const void *values, rni_descent *out)
{
    const gradient_descent_settings *settings = values;
    *out = (rni_descent){
        .rate = {.learning_rate = settings->learning_rate, .relative = settings->relative},
        .needs_all = true};
}

const rni_dynamics_kind rni_gradient_descent = {
    .options = &table, .n_gradients = 1, .describe = describe};
