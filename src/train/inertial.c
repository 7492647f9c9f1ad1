/*
 * Inertial Langevin dynamics: settings, and the coefficients of a step.
 */
#include "train/inertial.h"

#include <math.h>

#include "train/dynamics.h"

typedef struct inertial_settings {
    int scheme;
    rni_rate rate;
    double friction;
    double temperature;
    double weight_decay;
} inertial_settings;

/* Of scheme k: rni_descent.scheme is k + 1. */
static const char *const schemes[] = {"leapfrog", "symplectic_euler", NULL};

static const rni_option options[] = {
    {.key = "scheme",
     RNI_FIELD(inertial_settings, scheme),
     .choices = schemes,
     .initial = "leapfrog",
     .help = "leapfrog: second order; symplectic_euler: first order, heavy ball with noise"},
    {.key = "learning_rate",
     RNI_FIELD(inertial_settings, rate.learning_rate),
     .range = RNI_ABOVE(0),
     .unit = "time, or 1/lambda_max(0)",
     .initial = "0.1",
     .help = "eta = h^2, the square of the step; stable at the start below 4/lambda_max(0), "
             "symplectic_euler below 2(1 + exp(-gamma h))/lambda_max(0)"},
    {.key = "relative",
     RNI_FIELD(inertial_settings, rate.relative),
     .initial = "true",
     .help = "learning_rate counts in units of 1/lambda_max(0), friction of its root"},
    {.key = "friction",
     RNI_FIELD(inertial_settings, friction),
     .range = RNI_AT_LEAST(0),
     .unit = "time^-1/2, or sqrt(lambda_max(0))",
     .initial = "1",
     .help = "gamma: velocities shrink by exp(-gamma h) a step; 0: Hamiltonian dynamics"},
    {.key = "temperature",
     RNI_FIELD(inertial_settings, temperature),
     .range = RNI_AT_LEAST(0),
     .unit = "loss",
     .initial = "0.0",
     .help = "T: the equation's stationary density is exp(-L/T); 0: no noise"},
    {.key = "weight_decay",
     RNI_FIELD(inertial_settings, weight_decay),
     .range = RNI_AT_LEAST(0),
     .unit = "1/time",
     .initial = "0.0",
     .help = "rate at which weights are drawn to 0, added to the gradient"},
    RNI_RATE_SCHEDULE(inertial_settings),
};

static rn_status check(const void *values)
{
    const inertial_settings *settings = values;
    if (settings->friction > 0.0 || !(settings->temperature > 0.0)) return RN_OK;
    return rni_fail(RN_ERR_CONFIG,
                    "found temperature: %g with friction: 0, expected friction above 0: friction "
                    "and noise come together",
                    settings->temperature);
}

static const rni_option_table table = {
    .name = "inertial",
    .help = "inertial Langevin dynamics: velocities with friction and noise, or Hamiltonian",
    .options = options,
    .n_options = (rn_index)(sizeof options / sizeof *options),
    .size = sizeof(inertial_settings),
    .check = check};

static void describe(const void *values, rni_descent *out)
{
    const inertial_settings *settings = values;
    *out = (rni_descent){.scheme = settings->scheme + 1,
                         .rate = settings->rate,
                         .friction = settings->friction,
                         .decay = settings->weight_decay,
                         .temperature = settings->temperature};
}

const rni_dynamics_kind rni_inertial_langevin = {
    .options = &table, .n_gradients = 1, .describe = describe};

rni_inertial rni_inertial_at(const rni_descent *how, double lambda_max, rn_index n_steps,
                             rn_index step)
{
    const double h = sqrt(rni_rate_at(&how->rate, lambda_max, n_steps, step));
    const double gamma = how->rate.relative ? how->friction * sqrt(lambda_max) : how->friction;
    const double c = exp(-gamma * h);
    const double loss = -expm1(-gamma * h); /* 1 - c */
    const double s = sqrt(-how->temperature * expm1(-2.0 * gamma * h));
    if (how->scheme == RNI_SYMPLECTIC_EULER)
        return (rni_inertial){.reach = h * c,
                              .pull = h * h,
                              .jolt = h * s,
                              .keep = c,
                              .push = h,
                              .kick = s,
                              .tau = gamma > 0.0 ? h * h / loss : h};
    const double last = step > 0 ? sqrt(rni_rate_at(&how->rate, lambda_max, n_steps, step - 1)) : 0;
    const double k = 0.5 * (last + h);
    const double reach = 0.5 * h * (1.0 + c);
    return (rni_inertial){.reach = reach,
                          .pull = reach * k,
                          .jolt = 0.5 * h * s,
                          .keep = c,
                          .push = c * k,
                          .kick = s,
                          .tau = gamma > 0.0 ? reach * h / loss : h};
}
