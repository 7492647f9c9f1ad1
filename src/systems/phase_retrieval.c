/*
 * Fast escape, slow convergence (arXiv 2511.18661): y = <x, w*>^2 learned by f = <x, w>^2 on
 * x ~ N(0, Q), Q diagonal with lambda_i = i^-a / H, H = sum j^-a, and w*'Qw* = 1.
 *
 *     s = w'Qw,  u = w'Qw*,  L = E (f - y)^2 = 3 s^2 + 3 - 4 u^2 - 2 s
 *     w_i' = -dL/dw_i = 4 lambda_i (1 - 3 s) w_i + 8 lambda_i u w*_i               (population
 * flow) s_k = w'Q^k w, u_k = w'Q^k w*, S_k = w*'Q^k w*: s_k' = 8 (1 - 3 s) s_(k+1) + 16 u u_(k+1),
 * u_k' = 4 (1 - 3 s) u_(k+1) + 8 u S_(k+1)
 *
 * In the tail a mode forgets as exp(-8 lambda_i t), so the loss falls as t^-((a-1)/a) and the
 * learned share of the parameters grows as x^(1/a), x = 16 t/H, while 1 << x << d^a. The renorm
 * loss (f - y)^2/2 is half of L: its descent with step eta advances t by eta/2.
 */
#include <math.h>

#include "core/memory.h"
#include "stats/slope.h"
#include "systems/phase.h"
#include "systems/phase_flow.h"

static const rni_option options[] = {
    {.key = "exponents",
     RNI_FIELD(rni_phase_settings, exponents),
     .range = RNI_ABOVE(1),
     .initial = "[2.0, 3.0]",
     .help = "a: mode i of the inputs has variance i^-a"},
    {.key = "dimension",
     RNI_FIELD(rni_phase_settings, dimension),
     .range = RNI_BETWEEN(10, 1e5),
     .initial = "1000",
     .help = "numbers per input, d"},
    {.key = "end",
     RNI_FIELD(rni_phase_settings, end),
     .range = RNI_ABOVE(0),
     .unit = "time",
     .initial = "1e4",
     .help = "the flow is followed at most so long"},
    {.key = "slow_dimensions",
     RNI_FIELD(rni_phase_settings, slow_dimensions),
     .range = RNI_BETWEEN(100, 1e6),
     .initial = "[500, 2000, 8000]",
     .help = "d of the flows with a = 1.5, ascending"},
    {.key = "escape_dimensions",
     RNI_FIELD(rni_phase_settings, escape_dimensions),
     .range = RNI_BETWEEN(10, 1e7),
     .initial = "[300, 1000, 3000, 10000, 30000]",
     .help = "d of the times of escape, ascending"},
    {.key = "escape_draws",
     RNI_FIELD(rni_phase_settings, escape_draws),
     .range = RNI_BETWEEN(1, 100000),
     .initial = "4",
     .help = "draws per seed over which times of escape are averaged"},
    {.key = "small",
     RNI_FIELD(rni_phase_settings, small),
     .range = RNI_BETWEEN(10, 2000),
     .initial = "100",
     .help = "numbers per input of identities, of the isotropic case and of descent on samples"},
    {.key = "sgd_batch",
     RNI_FIELD(rni_phase_settings, sgd_batch),
     .range = RNI_BETWEEN(1, 1e5),
     .initial = "64",
     .help = "fresh samples in every step of online descent"},
    {.key = "sgd_step",
     RNI_FIELD(rni_phase_settings, sgd_step),
     .range = RNI_ABOVE(0),
     .unit = "time",
     .initial = "0.01",
     .help = "the finer step of online descent; the coarser is four times as long"},
    {.key = "sgd_end",
     RNI_FIELD(rni_phase_settings, sgd_end),
     .range = RNI_ABOVE(0),
     .unit = "time",
     .initial = "6.0",
     .help = "how long online descent is followed"},
};
static const rni_option_table table =
    RNI_TABLE("settings", "a quadratic neuron on Gaussian inputs", options, rni_phase_settings);

enum { N_ORDERS = 3, N_SEEN = 24 };

/* ---- identities ------------------------------------------------------------------------------ */

static double loss_of(double s, double u)
{
    return 3.0 * s * s + 3.0 - 4.0 * u * u - 2.0 * s;
}

typedef struct identities {
    double loss;      /* moments against the sum over pairs of modes, relative */
    double hierarchy; /* equations of moments against differences along the flow */
    double symmetry;  /* w* against -w*, relative */
} identities;

/* E (f-y)^2 from all pairs of modes: (s-1)^2 + 2 |vv' - v*v*'|^2, v = Q^(1/2) w. */
static double loss_by_pairs(const rni_phase *p)
{
    double sum = 0.0;
    double trace = 0.0;
    for (rn_index i = 0; i < p->d; i++) {
        trace += p->lambda[i] * (p->w[i] * p->w[i] - p->target[i] * p->target[i]);
        for (rn_index j = 0; j < p->d; j++) {
            const double apart = sqrt(p->lambda[i] * p->lambda[j])
                                 * (p->w[i] * p->w[j] - p->target[i] * p->target[j]);
            sum += apart * apart;
        }
    }
    return trace * trace + 2.0 * sum;
}

/* s_1 .. s_N_ORDERS, then u_1 .. */
static void moments_of(const rni_phase *p, double *out)
{
    for (int k = 1; k <= N_ORDERS; k++) {
        out[k - 1] = rni_phase_moment(p, k, p->w, p->w);
        out[N_ORDERS + k - 1] = rni_phase_moment(p, k, p->w, p->target);
    }
}

static double rate_of(const rni_phase *p, int which)
{
    const int k = which % N_ORDERS + 2; /* order + 1 */
    const double s = rni_phase_moment(p, 1, p->w, p->w);
    const double u = rni_phase_moment(p, 1, p->w, p->target);
    if (which < N_ORDERS)
        return 8.0 * (1.0 - 3.0 * s) * rni_phase_moment(p, k, p->w, p->w)
               + 16.0 * u * rni_phase_moment(p, k, p->w, p->target);
    return 4.0 * (1.0 - 3.0 * s) * rni_phase_moment(p, k, p->w, p->target)
           + 8.0 * u * rni_phase_moment(p, k, p->target, p->target);
}

/* At t = 3: central differences over 2e-3, error (1e-3)^2/6 times a third derivative of the size of
   (8 lambda_1)^3. */
static rn_status check_hierarchy(rni_phase *p, identities *out)
{
    double before[2 * N_ORDERS];
    double after[2 * N_ORDERS];
    double rate[2 * N_ORDERS];
    double step = 0.0;
    const double dt = 1e-4;
    RNI_TRY(rni_phase_follow(p, 3.0 - dt, &step));
    moments_of(p, before);
    RNI_TRY(rni_phase_follow(p, dt, &step));
    for (int k = 0; k < 2 * N_ORDERS; k++)
        rate[k] = rate_of(p, k);
    const double loss = loss_by_pairs(p);
    out->loss =
        fabs(loss_of(rni_phase_moment(p, 1, p->w, p->w), rni_phase_moment(p, 1, p->w, p->target))
             - loss)
        / loss;
    RNI_TRY(rni_phase_follow(p, dt, &step));
    moments_of(p, after);
    for (int k = 0; k < 2 * N_ORDERS; k++)
        out->hierarchy = fmax(out->hierarchy, fabs((after[k] - before[k]) / (2.0 * dt) - rate[k]));
    return RN_OK;
}

static rn_status see_identities(const rni_phase_settings *set, uint64_t seed, identities *out)
{
    rni_phase p;
    rni_phase other;
    double step = 0.0;
    *out = (identities){0};
    RNI_TRY(rni_phase_make(set->small, 2.0, seed, false, &p));
    rn_status status = rni_phase_make(set->small, 2.0, seed, false, &other);
    if (status < 0) {
        rni_phase_clear(&p);
        return status;
    }
    for (rn_index i = 0; i < other.d; i++)
        other.target[i] = -other.target[i];
    status = check_hierarchy(&p, out);
    if (status == RN_OK) status = rni_phase_follow(&other, 3.0 + 1e-4, &step);
    if (status == RN_OK) {
        const double a = rni_phase_loss(&p, p.w);
        out->symmetry = fabs(rni_phase_loss(&other, other.w) / a - 1.0);
    }
    rni_phase_clear(&p);
    rni_phase_clear(&other);
    return status;
}

/* ---- the plateau, and modes that are all alike ----------------------------------------------- */

/* s when u first reaches 0.01, from a start far from w*. */
static rn_status see_plateau(const rni_phase_settings *set, uint64_t seed, double *s)
{
    rni_phase p;
    double step = 0.0;
    RNI_TRY(rni_phase_make(set->small, 2.0, seed, true, &p));
    rn_status status = RN_OK;
    for (int i = 0; i < 4000 && status == RN_OK; i++) {
        if (fabs(rni_phase_moment(&p, 1, p.w, p.target)) >= 0.01) break;
        status = rni_phase_follow(&p, 0.02, &step);
    }
    *s = rni_phase_moment(&p, 1, p.w, p.w);
    rni_phase_clear(&p);
    return status;
}

/* Decay rate of the loss over 16 lambda, all lambda = 1/d, between losses of 1e-3 and 1e-9. */
static rn_status see_isotropic(const rni_phase_settings *set, uint64_t seed, double *rate,
                               double *residual)
{
    rni_phase p;
    double time[400];
    double log_loss[400];
    double step = 0.0;
    rni_slope fit;
    RNI_TRY(rni_phase_make(set->small, 0.0, seed, false, &p));
    const double lambda = p.lambda[0];
    const double dt = 0.05 / lambda / 4.0;
    rn_status status = RN_OK;
    rn_index n = 0;
    for (int i = 0; i < 4000 && n < 400 && status == RN_OK; i++) {
        status = rni_phase_follow(&p, dt, &step);
        const double loss = rni_phase_loss(&p, p.w);
        if (loss < 1e-9) break;
        if (loss > 1e-3) continue;
        time[n] = (i + 1) * dt;
        log_loss[n++] = log(loss);
    }
    if (status == RN_OK) status = rni_slope_fit(n, time, log_loss, 0.0, (double)INFINITY, &fit);
    if (status == RN_OK) {
        *rate = -fit.slope / (16.0 * lambda);
        *residual = fit.residual;
    }
    rni_phase_clear(&p);
    return status;
}

/* ---- online descent -------------------------------------------------------------------------- */

static rn_status draw_descent(rn_claim *claim, double end, const double *s, const double *u)
{
    double time[N_SEEN];
    for (int i = 0; i < N_SEEN; i++)
        time[i] = end * (i + 1) / N_SEEN;
    RNI_TRY(rni_claim_figure(claim, "Online descent and the flow, one seed", "time", "s, u", false,
                             false));
    RNI_TRY(rni_claim_curve(claim, "s, descent", RN_CLAIM_POINTS, N_SEEN, time, s + N_SEEN));
    RNI_TRY(rni_claim_curve(claim, "s, flow", RN_CLAIM_THEORY, N_SEEN, time, s));
    RNI_TRY(rni_claim_curve(claim, "u, descent", RN_CLAIM_POINTS, N_SEEN, time, u + N_SEEN));
    return rni_claim_curve(claim, "u, flow", RN_CLAIM_THEORY, N_SEEN, time, u);
}

/* s and u as rni_phase_descend gives them. */
typedef struct descent {
    double s[2 * N_SEEN], u[2 * N_SEEN];
} descent;

/* The deviation of steps `factor` times the finer one. */
static rn_status see_descent(const rn_claim *claim, uint64_t seed, double factor, descent *seen,
                             double *deviation)
{
    const rni_phase_settings *set = rni_claim_settings(claim);
    rni_phase p;
    const rni_phase_descent how = {.batch = set->sgd_batch,
                                   .step = set->sgd_step * factor,
                                   .end = set->sgd_end,
                                   .n_seen = N_SEEN};
    RNI_TRY(rni_phase_make(set->small, 2.0, seed, false, &p));
    const rn_status status = rni_phase_descend(&p, &how, seed, seen->s, seen->u, deviation);
    rni_phase_clear(&p);
    return status;
}

/* ---- the claim ------------------------------------------------------------------------------- */

/* Quantities that need no tail, [n] each. */
typedef enum small_quantity {
    IDENTITY,
    HIERARCHY,
    SYMMETRY,
    PLATEAU,
    ISOTROPIC_RATE,
    ISOTROPIC_RESIDUAL,
    DEVIATION,
    RATIO,
    N_QUANTITIES
} small_quantity;

static const rni_statement statements[N_QUANTITIES] = {
    [IDENTITY] = {.key = "loss_identity",
                  .quantity = "L from s and u against the sum over pairs of modes, relative",
                  .formula = "E (f-y)^2 = 3 s^2 + 3 - 4 u^2 - 2 s",
                  .at_most = 1e-12,
                  .tolerance = "rounding of sums over d^2 terms",
                  .method = "at t = 3; median over seeds"},
    [HIERARCHY] = {.key = "hierarchy",
                   .quantity = "equations of s_k, u_k against differences, k = 1, 2, 3",
                   .formula = "s_k' = 8(1-3s) s_(k+1) + 16 u u_(k+1), and for u_k",
                   .at_most = 1e-6,
                   .tolerance = "central difference over 2e-4 and local errors of 1e-8",
                   .method = "largest difference at t = 3; median over seeds"},
    [SYMMETRY] = {.key = "sign_symmetry",
                  .quantity = "w* against -w*: relative difference of L",
                  .formula = "the flow is odd in w*",
                  .at_most = 1e-12,
                  .tolerance = "rounding",
                  .method = "at t = 3; median over seeds"},
    [PLATEAU] = {.key = "plateau",
                 .quantity = "s where it waits before u escapes",
                 .theory = 1.0 / 3.0,
                 .formula = "4 lambda (1-3s) = 0",
                 .at_least = 1.0 / 3.0 - 0.01,
                 .at_most = 1.0 / 3.0 + 0.01,
                 .tolerance = "0.01: u is 0.01 there, and s moves by u^2",
                 .method =
                     "s when |u| reaches 0.01, from a start with u near 0; median over seeds"},
    [ISOTROPIC_RATE] = {.key = "isotropic_rate",
                        .quantity = "all modes alike: rate of the loss over 16 lambda",
                        .theory = 1.0,
                        .formula = "exp(-16 lambda t), no power law",
                        .at_least = 0.99,
                        .at_most = 1.01,
                        .tolerance = "1 %: the component along w* decays faster",
                        .method = "slope of ln L against t, L = 1e-3 .. 1e-9; median over seeds"},
    [ISOTROPIC_RESIDUAL] = {.key = "isotropic_residual",
                            .quantity = "all modes alike: rms of ln L about the exponential",
                            .formula = "a pure exponential",
                            .at_most = 0.01,
                            .tolerance = "1 % of L, over six decades of it",
                            .method = "of that fit; median over seeds"},
    [DEVIATION] = {.key = "descent_deviation",
                   .quantity = "online descent on fresh samples against the flow: rms of s and u",
                   .formula = "the flow is the limit of small steps",
                   .at_most = 0.1,
                   .tolerance = "our choice, a tenth of the range of s and u; see the ratio",
                   .method = "engine's model, loss and sgd, one pass over its samples; median over "
                             "seeds"},
    [RATIO] = {.key = "descent_ratio",
               .quantity = "the same, steps four times as long, over it",
               .theory = 2.0,
               .formula = "sqrt(4): noise of samples",
               .at_least = 1.2,
               .at_most = 5.0,
               .tolerance = "between noise (2) and step size (4), with scatter over seeds",
               .method = "ratio of both deviations; median over seeds"},
};

/* What all seeds show, and the first one's descent. */
typedef struct small {
    double *values; /* [N_QUANTITIES x n_seeds] */
    descent first;
} small;

static rn_status see_small(rn_claim *claim, rn_index i, void *user)
{
    small *all = user;
    double *const values = all->values;
    const rni_phase_settings *set = rni_claim_settings(claim);
    const rn_index n = rn_claim_n_seeds(claim);
    const uint64_t seed = rni_claim_seed(claim, i);
    identities at;
    descent other;
    double coarse = 0.0;
    RNI_TRY(see_identities(set, seed, &at));
    values[IDENTITY * n + i] = at.loss;
    values[HIERARCHY * n + i] = at.hierarchy;
    values[SYMMETRY * n + i] = at.symmetry;
    RNI_TRY(see_plateau(set, seed, &values[PLATEAU * n + i]));
    RNI_TRY(see_isotropic(set, seed, &values[ISOTROPIC_RATE * n + i],
                          &values[ISOTROPIC_RESIDUAL * n + i]));
    RNI_TRY(
        see_descent(claim, seed, 1.0, i == 0 ? &all->first : &other, &values[DEVIATION * n + i]));
    RNI_TRY(see_descent(claim, seed, 4.0, &other, &coarse));
    values[RATIO * n + i] = coarse / values[DEVIATION * n + i];
    return RN_OK;
}

static rn_status examine_small(rn_claim *claim, double *values)
{
    const rni_phase_settings *set = rni_claim_settings(claim);
    const rn_index n = rn_claim_n_seeds(claim);
    small all = {.values = values};
    const rni_part parts[] = {{values, N_QUANTITIES * n},
                              {all.first.s, 2 * (rn_index)N_SEEN},
                              {all.first.u, 2 * (rn_index)N_SEEN}};
    RNI_CLAIM_TRY(rni_claim_repeat(claim, &(rni_repeated){.name = "small",
                                                          .n = n,
                                                          .n_parts = 3,
                                                          .parts = parts,
                                                          .work = see_small,
                                                          .user = &all}));
    for (int k = 0; k < N_QUANTITIES; k++)
        RNI_TRY(rni_claim_state_median(claim, &statements[k], n, values + k * n));
    return draw_descent(claim, set->sgd_end, all.first.s, all.first.u);
}

static rn_status examine(rn_claim *claim)
{
    RNI_CLAIM_TRY(rni_phase_tails(claim));
    RNI_CLAIM_TRY(rni_phase_slow(claim));
    RNI_CLAIM_TRY(rni_phase_escape(claim));
    double *values = rni_alloc_zero(N_QUANTITIES * rn_claim_n_seeds(claim), sizeof *values);
    if (!values) return rni_fail(RN_ERR_MEMORY, "phase_retrieval: no memory");
    const rn_status status = examine_small(claim, values);
    rni_free(values);
    return status;
}

RNI_SYSTEM_FILE(phase_retrieval);
extern const rni_system rni_system_of_phase_retrieval;
const rni_system rni_system_of_phase_retrieval = {
    .about = {.name = "phase_retrieval",
              .title = "Fast escape, slow convergence: phase retrieval",
              .paper = "G. Braun, B. Loureiro, H. Q. Minh, M. Imaizumi, arXiv 2511.18661",
              .claim =
                  "A quadratic neuron on Gaussian inputs with covariance i^-a escapes fast and "
                  "then learns mode by mode: the loss falls as t^-((a-1)/a), the learned share "
                  "of the parameters grows as t^(1/a).",
              .mutation = "all modes of the inputs have the same variance"},
    .options = &table,
    .file = rni_system_phase_retrieval,
    .file_size = &rni_system_phase_retrieval_size,
    .examine = examine};
