/*
 * T4, the lazy limit: a kernel at rest with eigenvalues lambda_i = i^-alpha and energies i^-beta
 * gives a loss ~ t^-((beta-1)/alpha).
 */
#include <math.h>
#include <renorm/train.h>
#include <stdio.h>

#include "core/memory.h"
#include "stats/slope.h"
#include "systems/grsd.h"

enum { N_LAZY = 33 };

/* Samples sqrt(N) i^(-alpha/2) along axis i, targets i^(-beta/2): M = diag(i^-alpha), g_i = -y_i.
 */
static rn_status lazy_data(const rni_grsd_settings *s, double **out)
{
    const rn_index n = s->lazy_modes;
    double *x = rni_alloc_zero(n * n + n, sizeof *x);
    if (!x) return rni_fail(RN_ERR_MEMORY, "grsd: no memory");
    for (rn_index i = 0; i < n; i++) {
        const double k = (double)(i + 1);
        x[i * n + i] = sqrt((double)n) * pow(k, -0.5 * s->lazy_alpha);
        x[n * n + i] = pow(k, -0.5 * s->lazy_beta);
    }
    *out = x;
    return RN_OK;
}

static rn_status follow_lazy(rn_trainer *trainer, rn_index n_steps, double interval, double *time,
                             double *loss)
{
    for (int i = 0; i < N_LAZY; i++) {
        const rn_index k = (rn_index)llround(pow((double)n_steps, (double)i / (N_LAZY - 1)));
        RNI_TRY(rn_trainer_advance(trainer, k, NULL));
        RNI_TRY(rn_trainer_gradient(trainer, &loss[i], NULL, NULL));
        time[i] = interval * (double)k;
    }
    return RN_OK;
}

/* 2 t from 10 to d^alpha/100. */
static rn_status train_lazy(const rni_grsd_settings *s, const double *data, double *time,
                            double *loss)
{
    const rn_index n = s->lazy_modes;
    const double last = 0.5 * pow((double)n, s->lazy_alpha) / 100.0;
    const double interval = 0.5;
    char text[32];
    rn_model *model = NULL;
    rn_loss *error = NULL;
    rn_dynamics *flow = NULL;
    rn_trainer *trainer = NULL;
    (void)snprintf(text, sizeof text, "%.17g", interval);
    const rn_setting settings[] = {{"interval", text}, {"relative", "false"}};
    rn_status status = rn_model_create("linear", NULL, 0, RN_SHAPE(n), 1, &model);
    if (status == RN_OK) status = rn_loss_create("squared_error", NULL, 0, &error);
    if (status == RN_OK) status = rn_dynamics_create("gradient_flow", settings, 2, &flow);
    const rn_trainer_desc desc = {
        .model = model,
        .loss = error,
        .dynamics = flow,
        .train = {.n_samples = n, .inputs = data, .targets = data + n * n},
        .n_threads = 1};
    if (status == RN_OK) status = rn_trainer_create(&desc, &trainer);
    if (status == RN_OK) status = rn_trainer_start(trainer, 1);
    if (status == RN_OK)
        status = follow_lazy(trainer, (rn_index)ceil(last / interval), interval, time, loss);
    rn_trainer_destroy(trainer);
    rn_dynamics_destroy(flow);
    rn_loss_destroy(error);
    rn_model_destroy(model);
    return status;
}

static rn_status state_lazy(rn_claim *claim, const double *time, const double *loss)
{
    const rni_grsd_settings *s = rni_claim_settings(claim);
    const double theory = -(s->lazy_beta - 1.0) / s->lazy_alpha;
    double line[N_LAZY];
    rni_slope fit;
    RNI_TRY(rni_slope_fit_log(N_LAZY, time, loss, 5.0, time[N_LAZY - 1], &fit));
    RNI_TRY(
        rni_claim_note(claim,
                       "lazy limit: window 2t = 10 .. d^alpha/100, t = %.3g .. %.3g, %d points, "
                       "rms residual of ln L %.1e",
                       fit.low, fit.high, (int)fit.n, fit.residual));
    for (int i = 0; i < N_LAZY; i++)
        line[i] = exp(fit.intercept + fit.slope * log(20.0)) * pow(time[i] / 20.0, theory);
    RNI_TRY(rni_claim_figure(claim, "The lazy limit", "time", "loss", true, true));
    RNI_TRY(rni_claim_curve(claim, "frozen kernel", RN_CLAIM_MEASURED, N_LAZY, time, loss));
    RNI_TRY(rni_claim_curve(claim, "t^-((beta-1)/alpha)", RN_CLAIM_THEORY, N_LAZY, time, line));
    return rni_claim_state(
        claim,
        &(rni_statement){.key = "lazy_slope",
                         .quantity = "lazy limit: exponent of the loss",
                         .theory = theory,
                         .formula = "-(beta-1)/alpha",
                         .at_least = theory - 0.03,
                         .at_most = theory + 0.03,
                         .tolerance = "0.03: the ends of the spectrum at the ends of the window",
                         .method = "gradient flow of model linear; slope of ln L against ln t; "
                                   "interval: 2 standard errors"},
        fit.slope, 2.0 * fit.error);
}

rn_status rni_grsd_lazy(rn_claim *claim)
{
    const rni_grsd_settings *s = rni_claim_settings(claim);
    double time[N_LAZY];
    double loss[N_LAZY];
    double *data = NULL;
    RNI_TRY(lazy_data(s, &data));
    rn_status status = train_lazy(s, data, time, loss);
    rni_free(data);
    if (status == RN_OK) status = state_lazy(claim, time, loss);
    return status;
}
