/*
 * Full-batch gradient descent with a fixed learning rate.
 */
#include "train/trainer.h"

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

/* A loss so many times the first one will not come back. */
static const double hopeless_growth = 1e10;

static bool needs_scale(const void *values)
{
    const gradient_descent_settings *settings = values;
    return settings->relative;
}

static double step_size(const void *values, double lambda_max)
{
    const gradient_descent_settings *settings = values;
    return settings->relative ? settings->learning_rate / lambda_max : settings->learning_rate;
}

static rn_status report_divergence(const rn_trainer *t, double eta)
{
    return rni_fail(RN_ERR_NONFINITE,
                    "rn_trainer_advance: at step %" PRId64 " (time %g) the loss is %g and its "
                    "gradient has norm %g, at the start the loss was %g: gradient descent "
                    "with learning rate %g diverges; choose a smaller one (below 2/lambda_max)",
                    t->state.step, t->state.time, t->loss, t->gradient_norm, t->state.first_loss,
                    eta);
}

static rn_status advance(rn_trainer *t, const void *settings, rn_index to_step,
                         const rn_observer *observer)
{
    const double eta = step_size(settings, t->scale);
    while (t->state.step < to_step) {
        if (observer && observer->should_stop && observer->should_stop(observer->user))
            return rni_fail(RN_INTERRUPTED, "rn_trainer_advance: stopped at step %" PRId64,
                            t->state.step);
        const rn_status status = rni_trainer_refresh(t);
        if (status == RN_ERR_NONFINITE) return report_divergence(t, eta);
        if (status < 0) return status;
        if (!(t->state.first_loss > 0.0)) t->state.first_loss = t->loss;
        if (t->loss > hopeless_growth * t->state.first_loss) return report_divergence(t, eta);
        for (rn_index i = 0; i < t->n_weights; i++)
            t->theta[i] -= eta * t->gradient[i];
        t->has_gradient = false;
        t->state.step++;
        t->state.time += eta;
    }
    return RN_OK;
}

const rni_dynamics_kind rni_gradient_descent = {.options = &table,
                                                .n_gradients = 1,
                                                .needs_scale = needs_scale,
                                                .step_size = step_size,
                                                .advance = advance};
