/*
 * Exponents of the displacement at a minimum: in the window that a and d decide, at its ends, and
 * on the way to the Langevin equation.
 *
 * Modes have one variance and forget at rates eta rho_i/(1 - beta) per step, so
 * <|theta_k - theta_0|^2> = 2 Var Phi_a(x), x = eta k/(1 - beta): an exponent 1/a where
 * 1 << x << d^a. The window is that of renorm/spectral_tail.h, from a and d alone.
 */
#include <math.h>
#include <renorm/heavy_ball.h>
#include <renorm/linear_gaussian.h>
#include <renorm/spectral_tail.h>
#include <stdio.h>

#include "core/memory.h"
#include "stats/slope.h"
#include "systems/limiting.h"

/* ---- exponents ------------------------------------------------------------------------------- */

/* The window of x = eta k/(1 - beta) for rates i^-a: a decade from its lower end on. */
static rn_status window_of(double a, rn_index d, double *low, double *high)
{
    RNI_TRY(rn_spectral_tail_window(a, d, 0.02, low, high));
    *high = fmin(*high, 10.0 * *low);
    return RN_OK;
}

enum { N_EXACT = 24 };

static rn_status exact_exponent(rn_claim *claim, double a, double real_a)
{
    const rni_limit_settings *s = rni_claim_settings(claim);
    const double eta = 1e-3;
    const double beta = 0.9;
    char key[64];
    char quantity[160];
    double lag[N_EXACT];
    double moved[N_EXACT];
    double low = 0.0;
    double high = 0.0;
    rni_slope line;
    RNI_TRY(window_of(a, s->exact_modes, &low, &high));
    for (int k = 0; k < N_EXACT; k++) {
        lag[k] = round(low * pow(high / low, (double)k / (N_EXACT - 1)) * (1.0 - beta) / eta);
        moved[k] = 0.0;
        for (rn_index i = s->exact_modes; i >= 1; i--) {
            const double rho = pow((double)i, -real_a);
            const rn_heavy_ball mode = {.rho = rho, .eta = eta, .beta = beta, .noise = rho};
            moved[k] += 2.0 * rn_heavy_ball_position(&mode)
                        * rn_heavy_ball_relaxation(&mode, (rn_index)lag[k]);
        }
    }
    RNI_TRY(rni_slope_fit_log(N_EXACT, lag, moved, 0.0, (double)INFINITY, &line));
    (void)snprintf(key, sizeof key, "exact_exponent_%g", a);
    (void)snprintf(quantity, sizeof quantity,
                   "exponent of the exact displacement, %d modes, a = %g", (int)s->exact_modes, a);
    RNI_TRY(rni_claim_note(claim,
                           "%s: window x = eta k/(1-beta) = %.4g .. %.4g, rms residual %.1e "
                           "(eta = %g, beta = %g)",
                           quantity, low, high, line.residual, eta, beta));
    return rni_claim_state(
        claim,
        &(rni_statement){.key = key,
                         .quantity = quantity,
                         .theory = 1.0 / a,
                         .formula = "1/a, from Phi_a(x) ~ Gamma(1-1/a) x^(1/a)",
                         .at_least = 1.0 / a - 0.02,
                         .at_most = 1.0 / a + 0.02,
                         .tolerance = "0.02, which also sets the window",
                         .method = "line through 24 points of the window; interval: its error"},
        line.slope, line.error);
}

typedef struct exponent_run {
    double a;
    rn_index d;
    double low, high; /* window, in steps */
    rn_index n_lags, n_levels, n_steps;
    rn_index size;
    double *slope; /* [n_seeds] owner of what follows */
    double *lag, *mean;
    double *variance; /* [d] of the stationary state */
    double residual;
    rni_noisy_regression r;
    rni_walk walk;
} exponent_run;

static rn_status walk_exponent(rn_claim *claim, rn_index seed, void *user)
{
    exponent_run *e = user;
    rn_stream_lags *lags = NULL;
    double *const moved = e->mean + e->n_lags; /* of this seed */
    rni_slope line = {0};
    rn_status status = rni_limit_start(&e->walk, rni_claim_seed(claim, seed), e->variance, 0);
    if (status == RN_OK)
        status = rn_stream_lags_create(e->d, RNI_LIMIT_PER_LEVEL, e->n_levels, &lags);
    if (status == RN_OK)
        status = rni_limit_follow(&e->walk, e->n_steps, &(rni_limit_looks){.lags = lags});
    if (status == RN_OK) {
        for (rn_index i = 0; i < e->n_lags; i++) {
            e->lag[i] = (double)rn_stream_lags_lag(lags, i);
            moved[i] = rn_stream_lags_displacement(lags, i);
            e->mean[i] += moved[i] / (double)rn_claim_n_seeds(claim);
        }
        status = rni_slope_fit_log(e->n_lags, e->lag, moved, e->low, e->high, &line);
    }
    rn_stream_lags_destroy(lags);
    e->slope[seed] = line.slope;
    e->residual += line.residual / (double)rn_claim_n_seeds(claim);
    return status;
}

static rn_status state_exponent(rn_claim *claim, const exponent_run *e)
{
    const rni_limit_settings *s = rni_claim_settings(claim);
    const double rate = s->exponent_rate;
    const double noise = RNI_LIMIT_SIGMA * RNI_LIMIT_SIGMA / (double)s->exponent_batch;
    char name[32];
    char key[64];
    char quantity[160];
    (void)snprintf(key, sizeof key, "exponent_%g", e->a);
    (void)snprintf(quantity, sizeof quantity, "exponent of the walked displacement, a = %g", e->a);
    RNI_TRY(rni_claim_note(claim,
                           "%s: %d modes, %d steps, window %.0f .. %.0f steps, rms residual %.1e",
                           quantity, (int)e->d, (int)e->n_steps, e->low, e->high, e->residual));
    (void)snprintf(name, sizeof name, "a = %g", e->a);
    RNI_TRY(rni_claim_curve(claim, name, RN_CLAIM_POINTS, e->n_lags, e->lag, e->mean));
    /* of one variance for all modes, as the flow has it */
    const rn_heavy_ball first = {.rho = 1.0, .eta = rate, .noise = noise};
    for (rn_index i = 0; i < e->n_lags; i++)
        e->mean[i] = 2.0 * rn_heavy_ball_flow_position(&first)
                     * rn_spectral_tail_learned(e->a, e->d, rate * e->lag[i]);
    RNI_TRY(rni_claim_curve(claim, "2 Var Phi_a(x)", RN_CLAIM_THEORY, e->n_lags, e->lag, e->mean));
    return rni_claim_state_median(
        claim,
        &(rni_statement){.key = key,
                         .quantity = quantity,
                         .theory = 1.0 / e->a,
                         .formula = "1/a",
                         .at_least = 1.0 / e->a - 0.02,
                         .at_most = 1.0 / e->a + 0.02,
                         .tolerance = "0.02, which also sets the window",
                         .method = "line in the window computed from a and d; median over seeds"},
        rn_claim_n_seeds(claim), e->slope);
}

/* Window, length and arrays. */
static rn_status open_exponent(const rni_limit_settings *s, rn_index n_seeds, exponent_run *e)
{
    RNI_TRY(window_of(e->a, e->d, &e->low, &e->high));
    e->low /= s->exponent_rate;
    e->high /= s->exponent_rate;
    e->n_steps = (rn_index)(40.0 * e->high);
    e->n_levels = 1;
    while (RNI_LIMIT_PER_LEVEL << (e->n_levels - 1) < (rn_index)e->high)
        e->n_levels++;
    e->n_lags = RNI_LIMIT_PER_LEVEL + (e->n_levels - 1) * (RNI_LIMIT_PER_LEVEL / 2);
    e->size = n_seeds + 3 * e->n_lags + e->d;
    e->slope = rni_alloc_zero(e->size, sizeof *e->slope);
    if (!e->slope) return rni_fail(RN_ERR_MEMORY, "limiting_dynamics: no memory");
    e->lag = e->slope + n_seeds;
    e->mean = e->lag + e->n_lags;
    e->variance = e->mean + 2 * e->n_lags;
    return RN_OK;
}

static rn_status work_exponent(rn_claim *claim, exponent_run *e, rn_index number, rn_index before,
                               rn_index total)
{
    const rni_limit_settings *s = rni_claim_settings(claim);
    const double more = rn_claim_is_mutated(claim) ? 1.0 : 0.0;
    const rni_part parts[] = {{e->slope, e->size}, {&e->residual, 1}};
    char name[RNI_KEPT_NAME];
    RNI_TRY(rni_noisy_regression_make(4 * e->d, e->d, e->a + more, RNI_LIMIT_SIGMA,
                                      RNI_LIMIT_DATA_SEED, &e->r));
    for (rn_index i = 0; i < e->d; i++) {
        const rn_heavy_ball mode = {.rho = e->r.rho[i],
                                    .eta = s->exponent_rate,
                                    .noise = RNI_LIMIT_SIGMA * RNI_LIMIT_SIGMA * e->r.rho[i]
                                             / (double)s->exponent_batch};
        e->variance[i] = rn_heavy_ball_position(&mode);
    }
    const rni_walk_plan plan = rni_limit_plan(&e->r, s->exponent_batch, s->exponent_rate, 0.0);
    RNI_TRY(rni_walk_open(&plan, &e->walk));
    (void)snprintf(name, sizeof name, "exponent_%d", (int)number);
    RNI_CLAIM_TRY(rni_claim_repeat(claim, &(rni_repeated){.name = name,
                                                          .n = rn_claim_n_seeds(claim),
                                                          .n_parts = 2,
                                                          .parts = parts,
                                                          .before = before,
                                                          .total = total,
                                                          .work = walk_exponent,
                                                          .user = e}));
    return state_exponent(claim, e);
}

static rn_status examine_exponent(rn_claim *claim, rn_index number, rn_index *done, rn_index total)
{
    const rni_limit_settings *s = rni_claim_settings(claim);
    exponent_run e = {.a = s->exponents.values[number], .d = (rn_index)s->modes.values[number]};
    rn_status status = open_exponent(s, rn_claim_n_seeds(claim), &e);
    if (status == RN_OK) status = work_exponent(claim, &e, number, *done, total);
    *done += rn_claim_n_seeds(claim);
    rni_walk_close(&e.walk);
    rni_noisy_regression_clear(&e.r);
    rni_free(e.slope);
    return status;
}

/* ---- ends of the displacement, and the way to the flow ----------------------------------------
 */

/* Local exponent of one mode's exact displacement between k and 2 k steps. */
static double doubling(const rn_heavy_ball *mode, rn_index k)
{
    return log2(rn_heavy_ball_relaxation(mode, 2 * k) / rn_heavy_ball_relaxation(mode, k));
}

static rn_status state_ends(rn_claim *claim)
{
    const rn_heavy_ball slow = {.rho = 1.0, .eta = 1e-6, .beta = 0.99, .noise = 1.0};
    const struct {
        const char *key;
        const char *quantity;
        rn_index k;
        double theory;
        const char *formula;
    } ends[] = {
        {"ballistic", "exponent at once, k << 1/(1-beta)", 1, 2.0, "velocities persist"},
        {"diffusive", "exponent for 1/(1-beta) << k << (1-beta)/(eta rho)", 1000, 1.0,
         "velocities forgotten, no pull yet"},
        {"saturated", "exponent for k >> (1-beta)/(eta rho)", 200000, 0.0, "2 <theta^2>"},
    };
    for (int i = 0; i < 3; i++)
        RNI_TRY(rni_claim_state(
            claim,
            &(rni_statement){.key = ends[i].key,
                             .quantity = ends[i].quantity,
                             .theory = ends[i].theory,
                             .formula = ends[i].formula,
                             .at_least = ends[i].theory - 0.1,
                             .at_most = ends[i].theory + 0.1,
                             .tolerance = "corrections of a tenth at a tenth of each bound",
                             .method = "exact displacement of one mode, eta rho = 1e-6, beta = "
                                       "0.99, between k and 2 k steps"},
            doubling(&slow, ends[i].k), 0.0));
    return RN_OK;
}

static rn_status state_approach(rn_claim *claim)
{
    enum { N_STEPS = 5 };
    double eta[N_STEPS];
    double off[N_STEPS];
    rni_slope line;
    for (int i = 0; i < N_STEPS; i++) {
        const double one = 1.0;
        double b[4];
        double q[4];
        double s[4];
        eta[i] = 0.1 * pow(0.5, i);
        const rn_heavy_ball mode = {.rho = 1.0, .eta = eta[i], .beta = 0.9, .noise = 1.0};
        RNI_TRY(rn_gaussian_heavy_ball(1, &one, &one, eta[i], 0.9, 0.0, b, q));
        RNI_CLAIM_TRY(rn_gaussian_step_covariance(2, b, q, s, NULL));
        off[i] = s[0] / rn_heavy_ball_flow_position(&mode) - 1.0;
    }
    RNI_TRY(rni_slope_fit_log(N_STEPS, eta, off, 0.0, (double)INFINITY, &line));
    return rni_claim_state(
        claim,
        &(rni_statement){.key = "approach",
                         .quantity = "order in eta at which the step's variance tends to the "
                                     "Langevin equation's",
                         .theory = 1.0,
                         .formula = "eta rho/(2(1+beta))",
                         .at_least = 0.95,
                         .at_most = 1.05,
                         .tolerance = "the next order at eta = 0.1 is 0.026",
                         .method = "slope of ln(S/S_flow - 1), eta = 0.1 .. 0.00625; interval: "
                                   "its error"},
        line.slope, line.error);
}

rn_status rni_limit_exponents(rn_claim *claim, rn_index *done, rn_index total)
{
    const rni_limit_settings *s = rni_claim_settings(claim);
    const double more = rn_claim_is_mutated(claim) ? 1.0 : 0.0;
    const double exact[] = {1.5, 2.0, 3.0};
    for (int i = 0; i < 3; i++)
        RNI_TRY(exact_exponent(claim, exact[i], exact[i] + more));
    RNI_TRY(rni_claim_figure(claim, "Anomalous diffusion", "steps", "mean squared displacement",
                             true, true));
    for (rn_index i = 0; i < s->exponents.count; i++)
        RNI_CLAIM_TRY(examine_exponent(claim, i, done, total));
    return RN_OK;
}

rn_status rni_limit_ends(rn_claim *claim)
{
    RNI_TRY(state_ends(claim));
    return state_approach(claim);
}
