/*
 * Gradient flow theta' = -grad L, and short accurate stretches of it from any state.
 *
 * Each call of rn_trainer_advance is one integration that starts with the step size stored in the
 * state and keeps nothing else, so a run that is stopped and resumed where it would have stopped
 * anyway has the same bits.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "backends/sundials.h"
#include "core/memory.h"
#include "train/trainer.h"

typedef struct gradient_flow_settings {
    double interval;
    bool relative;
    double rtol;
    double atol;
    rn_index order;
} gradient_flow_settings;

static const rni_option options[] = {
    {.key = "interval",
     RNI_FIELD(gradient_flow_settings, interval),
     .range = RNI_ABOVE(0),
     .unit = "time, or 1/lambda_max(0)",
     .initial = "1",
     .help = "stretch of time counted as one step"},
    {.key = "relative",
     RNI_FIELD(gradient_flow_settings, relative),
     .initial = "true",
     .help = "interval counts in units of 1/lambda_max(0), the kernel's largest eigenvalue"},
    {.key = "rtol",
     RNI_FIELD(gradient_flow_settings, rtol),
     .range = RNI_BETWEEN(0, 0.1),
     .initial = "1e-8",
     .help = "local error of a weight relative to its size"},
    {.key = "atol",
     RNI_FIELD(gradient_flow_settings, atol),
     .range = RNI_ABOVE(0),
     .initial = "1e-10",
     .help = "local error of a weight beside that"},
    {.key = "order",
     RNI_FIELD(gradient_flow_settings, order),
     .range = RNI_BETWEEN(3, 8),
     .initial = "5",
     .help = "order of the Runge-Kutta method: 3, 4, 5, 6 or 8"},
};

static rn_status check(const void *values)
{
    const gradient_flow_settings *settings = values;
    if (settings->order != 7) return RN_OK;
    return rni_fail(RN_ERR_CONFIG, "found order: 7, expected 3, 4, 5, 6 or 8");
}

static const rni_option_table table = {.name = "gradient_flow",
                                       .help = "gradient flow, error-controlled integration",
                                       .options = options,
                                       .n_options = (rn_index)(sizeof options / sizeof *options),
                                       .size = sizeof(gradient_flow_settings),
                                       .check = check};

static bool needs_scale(const void *values)
{
    const gradient_flow_settings *settings = values;
    return settings->relative;
}

static double step_size(const void *values, double lambda_max)
{
    const gradient_flow_settings *settings = values;
    return settings->relative ? settings->interval / lambda_max : settings->interval;
}

/* The flow forwards (direction 1) or backwards (-1). */
typedef struct flow {
    rn_trainer *trainer;
    const rn_observer *observer;
    double direction;
} flow;

static rn_status evaluate(void *user, double t, const double *theta, double *rate)
{
    (void)t;
    const flow *f = user;
    const rn_observer *observer = f->observer;
    if (observer && observer->should_stop && observer->should_stop(observer->user))
        return rni_fail(RN_INTERRUPTED, "rn_trainer_advance: stopped at step %" PRId64,
                        f->trainer->state.step);
    double loss = 0.0;
    double norm = 0.0;
    RNI_TRY(rni_trainer_gradient_at(f->trainer, theta, &loss, rate, &norm));
    for (rn_index i = 0; i < f->trainer->n_weights; i++)
        rate[i] *= -f->direction;
    return RN_OK;
}

static rn_status advance(rn_trainer *t, const void *values, rn_index to_step,
                         const rn_observer *observer)
{
    const gradient_flow_settings *settings = values;
    const double duration = (double)(to_step - t->state.step) * step_size(settings, t->scale);
    flow f = {.trainer = t, .observer = observer, .direction = 1.0};
    const rni_ode ode = {.n = t->n_weights,
                         .rhs = evaluate,
                         .user = &f,
                         .rtol = settings->rtol,
                         .atol = settings->atol,
                         .order = (int)settings->order};
    rni_ode_report report = {0};
    const rn_status status =
        rni_ode_integrate(&ode, duration, t->state.integrator_step, t->theta, &report);
    if (status == RN_INTERRUPTED) return status;
    if (status != RN_OK)
        return rni_fail_within(status,
                               "rn_trainer_advance: gradient flow from step %" PRId64 " (time %g)",
                               t->state.step, t->state.time);
    t->has_gradient = false;
    t->state.step = to_step;
    t->state.time += duration;
    t->state.integrator_step = report.next_step;
    return RN_OK;
}

const rni_dynamics_kind rni_gradient_flow = {
    .options = &table,
    .is_flow = true,
    .n_gradients = 20, /* one or two steps of 13 stages; late in a run one */
    .needs_scale = needs_scale,
    .step_size = step_size,
    .advance = advance};

static double rms(rn_index n, const double *values)
{
    double sum = 0.0;
    for (rn_index i = 0; i < n; i++)
        sum += values[i] * values[i];
    return sqrt(sum / (double)n);
}

/* Local error 1e-13 of the size of theta, or of how far it moves if it starts at 0. */
static rn_status choose_tolerance(rn_trainer *t, const double *theta, double dt, double *work,
                                  double *tolerance)
{
    double loss = 0.0;
    double norm = 0.0;
    RNI_TRY(rni_trainer_gradient_at(t, theta, &loss, work, &norm));
    const double size = rms(t->n_weights, theta) + fabs(dt) * norm / sqrt((double)t->n_weights);
    *tolerance = fmax(1e-13 * size, DBL_MIN);
    return RN_OK;
}

rn_status rn_flow_step(rn_trainer *trainer, const double *theta, double dt, double *out)
{
    if (!trainer || !out || !isfinite(dt))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_flow_step: found a NULL argument or dt %g, expected a finite dt", dt);
    if (!theta) theta = trainer->theta;
    const rn_index n = trainer->n_weights;
    double *work = rni_alloc(n, sizeof *work);
    if (!work) return rni_fail(RN_ERR_MEMORY, "rn_flow_step: no memory for %" PRId64 " weights", n);
    double tolerance = 0.0;
    rn_status status = choose_tolerance(trainer, theta, dt, work, &tolerance);
    flow f = {.trainer = trainer, .direction = dt < 0.0 ? -1.0 : 1.0};
    const rni_ode ode = {
        .n = n, .rhs = evaluate, .user = &f, .rtol = 0.0, .atol = tolerance, .order = 8};
    memcpy(work, theta, (size_t)n * sizeof *work);
    if (status == RN_OK && fabs(dt) > 0.0)
        status = rni_ode_integrate(&ode, fabs(dt), fabs(dt), work, NULL);
    if (status == RN_OK)
        memcpy(out, work, (size_t)n * sizeof *out);
    else
        status = rni_fail_within(status, "rn_flow_step: dt %g", dt);
    rni_free(work);
    return status;
}
