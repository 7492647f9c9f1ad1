/*
 * Unhinged loss (arXiv 2312.07841): L = -<A, W H>, A = ((g1+g2) Y - g2 1 1')/N, on free features.
 * Then W' = A H', H' = W'A, and for every singular pair (sigma, a, b) of A with x = W'a and h = H b
 *
 *     x(t) = x0 cosh(sigma t) + h0 sinh(sigma t),  h(t) = h0 cosh(sigma t) + x0 sinh(sigma t)
 *
 * while what is orthogonal to the b rests. sigma = (g1+g2) sqrt(n)/N for a orthogonal to 1 (C-1
 * times) and |g1-(C-1)g2| sqrt(n)/N for a = 1/sqrt(C), n samples per class. Hence, in time: scatter
 * within classes is constant, that of means grows: NC1 ~ e^(-2 sigma t); decay on both factors
 * takes its rate from sigma: growth or death; W fixed: H grows linearly, NC1 ~ t^-2; features on
 * spheres: NC1 ~ e^(-2 |W'A_n| t) again. The engine's gradients come from its graph; no formula of
 * the closed form enters them.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "stats/slope.h"
#include "systems/free_features.h"
#include "systems/system.h"

typedef struct unhinged_settings {
    rn_index classes;
    rn_index per_class;
    rn_index width;
    double g1, g2;
} unhinged_settings;

static const rni_option options[] = {
    {.key = "classes",
     RNI_FIELD(unhinged_settings, classes),
     .range = RNI_BETWEEN(2, 64),
     .initial = "5",
     .help = "C"},
    {.key = "per_class",
     RNI_FIELD(unhinged_settings, per_class),
     .range = RNI_BETWEEN(2, 1000),
     .initial = "20",
     .help = "samples of every class"},
    {.key = "width",
     RNI_FIELD(unhinged_settings, width),
     .range = RNI_BETWEEN(2, 256),
     .initial = "8",
     .help = "numbers per feature, d"},
    {.key = "g1",
     RNI_FIELD(unhinged_settings, g1),
     .range = RNI_ABOVE(0),
     .initial = "1.0",
     .help = "weight of the right logit"},
    {.key = "g2",
     RNI_FIELD(unhinged_settings, g2),
     .range = RNI_ABOVE(0),
     .initial = "0.5",
     .help = "weight of every wrong logit"},
};
static const rni_option_table table =
    RNI_TABLE("settings", "free features under a linear loss", options, unhinged_settings);

enum { N_TIMES = 13 };

typedef enum quantity {
    TRAJECTORY,
    STEP_RATIO,
    WITHIN,
    NC1_RATE,
    GROWTH,
    DEATH,
    FIXED_SLOPE,
    SPHERE_RATE,
    N_QUANTITIES
} quantity;

static double sigma_of(const unhinged_settings *s)
{
    const double n = (double)s->per_class;
    return (s->g1 + s->g2) * sqrt(n) / (n * (double)s->classes);
}

/* ---- the closed form ------------------------------------------------------------------------- */

/* Sums over the samples of class k of row r of H, over sqrt(n). */
static double class_sum(const rni_free_features *x, const double *h, rn_index r, rn_index k)
{
    const rn_index n = x->n / x->c;
    double sum = 0.0;
    for (rn_index i = 0; i < n; i++)
        sum += h[r * x->n + k * n + i];
    return sum / sqrt((double)n);
}

/*
 * State at t from x->state. For every number r of the width: u_k = W_(k,r) and v_k = class sums of
 * H over sqrt(n) (H b for a = e_k, b = Y'e_k/sqrt(n)); both split into their mean over k and the
 * rest, which obey u' = s v, v' = s u with s = sigma, and s0 = (g1-(C-1)g2) sqrt(n)/N for the
 * means.
 */
static void closed_form(const unhinged_settings *s, const rni_free_features *x, double t,
                        double *out)
{
    const rn_index n = x->n / x->c;
    const double root = sqrt((double)n);
    const double sigma = sigma_of(s);
    const double sigma0 = (s->g1 - (double)(x->c - 1) * s->g2) * root / (double)x->n;
    const double *h = x->state + x->c * x->d;
    memcpy(out, x->state, (size_t)(x->c * x->d + x->d * x->n) * sizeof *out);
    for (rn_index r = 0; r < x->d; r++) {
        double mean_u = 0.0;
        double mean_v = 0.0;
        for (rn_index k = 0; k < x->c; k++) {
            mean_u += x->state[k * x->d + r] / (double)x->c;
            mean_v += class_sum(x, h, r, k) / (double)x->c;
        }
        for (rn_index k = 0; k < x->c; k++) {
            const double u = x->state[k * x->d + r] - mean_u;
            const double v = class_sum(x, h, r, k) - mean_v;
            out[k * x->d + r] = u * cosh(sigma * t) + v * sinh(sigma * t)
                                + mean_u * cosh(sigma0 * t) + mean_v * sinh(sigma0 * t);
            const double moved = v * (cosh(sigma * t) - 1.0) + u * sinh(sigma * t)
                                 + mean_v * (cosh(sigma0 * t) - 1.0) + mean_u * sinh(sigma0 * t);
            for (rn_index i = 0; i < n; i++)
                out[x->c * x->d + r * x->n + k * n + i] += moved / root;
        }
    }
}

static double distance(rn_index n, const double *a, const double *b)
{
    double apart = 0.0;
    double size = 0.0;
    for (rn_index i = 0; i < n; i++) {
        apart += (a[i] - b[i]) * (a[i] - b[i]);
        size += b[i] * b[i];
    }
    return sqrt(apart / size);
}

/* ---- what is seen ---------------------------------------------------------------------------- */

/* A course: state is moved through N_TIMES times and scatters are kept. */
typedef struct course {
    double time[N_TIMES], within[N_TIMES], between[N_TIMES], nc1[N_TIMES];
} course;

static rn_status run_course(rni_free_features *x, double end, double *state, course *out)
{
    memcpy(state, x->state, (size_t)(x->c * x->d + x->d * x->n) * sizeof *state);
    for (int i = 0; i < N_TIMES; i++) {
        if (i > 0) RNI_TRY(rni_free_features_follow(x, end / (N_TIMES - 1), state));
        out->time[i] = end * i / (N_TIMES - 1);
        rni_free_features_scatter(x, state, &out->within[i], &out->between[i]);
        out->nc1[i] = out->within[i] / out->between[i];
    }
    return RN_OK;
}

/* Slope of ln y against t (or ln t) in the later half. */
static double late_slope(const course *c, const double *y, bool is_log_time)
{
    double log_y[N_TIMES];
    rni_slope fit = {0};
    for (int i = 0; i < N_TIMES; i++)
        log_y[i] = log(y[i]);
    const double from = c->time[N_TIMES / 2];
    const double to = c->time[N_TIMES - 1];
    const rn_status status = is_log_time ? rni_slope_fit_log(N_TIMES, c->time, y, from, to, &fit)
                                         : rni_slope_fit(N_TIMES, c->time, log_y, from, to, &fit);
    return status == RN_OK ? fit.slope : (double)NAN;
}

/* Trajectory, steps of descent, constant scatter, NC1. state, exact: work space of one state each.
 */
static rn_status see_free(const unhinged_settings *s, rni_free_features *x, double *state,
                          double *exact, course *c, double *found)
{
    const double sigma = sigma_of(s);
    const rn_index size = x->c * x->d + x->d * x->n;
    double apart[2];
    RNI_TRY(run_course(x, 3.0 / sigma, state, c));
    closed_form(s, x, 3.0 / sigma, exact);
    found[TRAJECTORY] = distance(size, state, exact);
    closed_form(s, x, 1.0 / sigma, exact);
    for (int k = 0; k < 2; k++) {
        memcpy(state, x->state, (size_t)size * sizeof *state);
        RNI_TRY(
            rni_free_features_descend(x, 0.01 / sigma / (k + 1), (rn_index)100 * (k + 1), state));
        apart[k] = distance(size, state, exact);
    }
    found[STEP_RATIO] = apart[0] / apart[1];
    RNI_TRY(run_course(x, 10.0 / sigma, state, c));
    found[WITHIN] = fabs(c->within[N_TIMES / 2] / c->within[0] - 1.0);
    found[NC1_RATE] = -late_slope(c, c->nc1, false) / (2.0 * sigma);
    return RN_OK;
}

/* Decay below and above sigma. */
static rn_status see_decay(const unhinged_settings *s, rni_free_features *x, double *state,
                           course *c, double *found)
{
    const double sigma = sigma_of(s);
    x->decay = 0.5 * sigma;
    RNI_TRY(run_course(x, 10.0 / sigma, state, c));
    found[GROWTH] = 0.5 * late_slope(c, c->between, false) / sigma;
    x->decay = 2.0 * sigma;
    RNI_TRY(run_course(x, 10.0 / sigma, state, c));
    found[DEATH] = 0.5 * late_slope(c, c->between, false) / sigma;
    x->decay = 0.0;
    return RN_OK;
}

/* W at rest; then spheres. */
static rn_status see_fixed(const unhinged_settings *s, rni_free_features *x, double *state,
                           course *c, double *found)
{
    /* W: orthonormal rows about their mean would be an ETF; here the first C axes about theirs */
    for (rn_index k = 0; k < x->c; k++)
        for (rn_index r = 0; r < x->d; r++)
            x->state[k * x->d + r] = (r == k ? 1.0 : 0.0) - (r < x->c ? 1.0 / (double)x->c : 0.0);
    x->is_fixed = true;
    RNI_TRY(run_course(x, 2e4 / sigma_of(s), state, c));
    found[FIXED_SLOPE] = late_slope(c, c->nc1, true);
    /* |W'A_n| is the same for all samples: (g1+g2)/N times the length of a row */
    const double rate = (s->g1 + s->g2) / (double)x->n * sqrt(1.0 - 1.0 / (double)x->c);
    rni_free_features_normalise(x, x->state);
    x->is_spherical = true;
    RNI_TRY(run_course(x, 10.0 / rate, state, c));
    found[SPHERE_RATE] = -late_slope(c, c->nc1, false) / (2.0 * rate);
    return RN_OK;
}

static rn_status see_all(const unhinged_settings *s, rni_free_features *x, course *c, double *found)
{
    const rn_index size = x->c * x->d + x->d * x->n;
    course other = {.time = {0.0}};
    double *states = rni_alloc(2 * size, sizeof *states);
    if (!states) return rni_fail(RN_ERR_MEMORY, "unhinged: no memory for two states");
    rn_status status = see_free(s, x, states, states + size, c, found);
    if (status == RN_OK) status = see_decay(s, x, states, &other, found);
    if (status == RN_OK) status = see_fixed(s, x, states, &other, found);
    rni_free(states);
    return status;
}

static rn_status see(const unhinged_settings *s, uint64_t seed, bool is_mutated, course *c,
                     double *found)
{
    rni_free_features x = {0};
    RNI_TRY(rni_free_features_make(s->classes, s->per_class, s->width, s->g1, s->g2, is_mutated,
                                   seed, &x));
    const rn_status status = see_all(s, &x, c, found);
    rni_free_features_clear(&x);
    return status;
}

/* ---- the claim ------------------------------------------------------------------------------- */

static const rni_statement statements[N_QUANTITIES] = {
    [TRAJECTORY] = {.key = "trajectory",
                    .quantity = "flow against the closed form at sigma t = 3, relative",
                    .formula = "x0 cosh(sigma t) + h0 sinh(sigma t)",
                    .at_most = 1e-8,
                    .tolerance = "local errors of 1e-12",
                    .method = "gradients from the graph; distance of states; median over seeds"},
    [STEP_RATIO] = {.key = "step_ratio",
                    .quantity = "descent: error over that of half the step, sigma t = 1",
                    .theory = 2.0,
                    .formula = "first order in eta",
                    .at_least = 1.9,
                    .at_most = 2.1,
                    .tolerance = "next order of eta sigma = 0.01",
                    .method = "100 and 200 steps against the closed form; median over seeds"},
    [WITHIN] = {.key = "within",
                .quantity = "scatter within classes: relative change to sigma t = 5",
                .formula = "constant",
                .at_most = 1e-6,
                .tolerance = "local errors of 1e-12 times the growth e^5 of the rest, squared",
                .method = "trace of the covariance within classes; median over seeds"},
    [NC1_RATE] = {.key = "nc1_rate",
                  .quantity = "rate at which NC1 falls, over 2 sigma",
                  .theory = 1.0,
                  .formula = "NC1 ~ e^(-2 sigma t)",
                  .at_least = 0.99,
                  .at_most = 1.01,
                  .tolerance = "1 %: what is left of e^(-sigma t) at sigma t = 5",
                  .method = "slope of ln NC1, sigma t = 5 .. 10; median over seeds"},
    [GROWTH] = {.key = "decay_growth",
                .quantity = "decay sigma/2: rate of class means over sigma",
                .theory = 0.5,
                .formula = "sigma - decay",
                .at_least = 0.495,
                .at_most = 0.505,
                .tolerance = "1 %, as above",
                .method = "half the slope of ln of the scatter of means; median over seeds"},
    [DEATH] = {.key = "decay_death",
               .quantity = "decay 2 sigma: rate of class means over sigma",
               .theory = -1.0,
               .formula = "sigma - decay",
               .at_least = -1.01,
               .at_most = -0.99,
               .tolerance = "1 %, as above",
               .method = "half the slope of ln of the scatter of means; median over seeds"},
    [FIXED_SLOPE] = {.key = "fixed_slope",
                     .quantity = "W fixed: exponent of NC1 in t",
                     .theory = -2.0,
                     .formula = "H grows linearly",
                     .at_least = -2.02,
                     .at_most = -1.98,
                     .tolerance = "1 %: the start over what has grown at sigma t = 1e4",
                     .method = "slope of ln NC1 against ln t, sigma t = 1e4 .. 2e4; median over "
                               "seeds"},
    [SPHERE_RATE] = {.key = "sphere_rate",
                     .quantity = "features on the unit sphere, W fixed: rate of NC1 over 2 |W'A_n|",
                     .theory = 1.0,
                     .formula = "angle' = -|W'A_n| sin(angle)",
                     .at_least = 0.99,
                     .at_most = 1.01,
                     .tolerance = "1 %: angles that begin near pi",
                     .method = "slope of ln NC1, |W'A_n| t = 5 .. 10; median over seeds"},
};

static rn_status draw(rn_claim *claim, const course *c)
{
    const unhinged_settings *s = rni_claim_settings(claim);
    double line[N_TIMES];
    for (int i = 0; i < N_TIMES; i++)
        line[i] =
            c->nc1[N_TIMES - 1] * exp(2.0 * sigma_of(s) * (c->time[N_TIMES - 1] - c->time[i]));
    RNI_TRY(rni_claim_figure(claim, "Collapse of features", "time", "NC1", false, true));
    RNI_TRY(rni_claim_curve(claim, "NC1, one seed", RN_CLAIM_POINTS, N_TIMES, c->time, c->nc1));
    return rni_claim_curve(claim, "e^(-2 sigma t)", RN_CLAIM_THEORY, N_TIMES, c->time, line);
}

static rn_status examine_seeds(rn_claim *claim, rn_index n, double *values)
{
    const unhinged_settings *s = rni_claim_settings(claim);
    course c = {.time = {0.0}};
    for (rn_index i = 0; i < n; i++) {
        double found[N_QUANTITIES] = {0.0};
        RNI_CLAIM_TRY(rni_claim_advance(claim, i, n));
        RNI_TRY(see(s, rni_claim_seed(claim, i), rn_claim_is_mutated(claim), &c, found));
        for (int k = 0; k < N_QUANTITIES; k++)
            values[k * n + i] = found[k];
    }
    for (int k = 0; k < N_QUANTITIES; k++)
        RNI_TRY(rni_claim_state_median(claim, &statements[k], n, values + k * n));
    return draw(claim, &c);
}

static rn_status examine(rn_claim *claim)
{
    const unhinged_settings *s = rni_claim_settings(claim);
    const rn_index n = rn_claim_n_seeds(claim);
    if (s->width < s->classes)
        return rni_fail(RN_ERR_CONFIG,
                        "settings.width: found %" PRId64 ", expected at least the "
                        "%" PRId64 " classes",
                        s->width, s->classes);
    double *values = rni_alloc(N_QUANTITIES * n, sizeof *values);
    const rn_status status =
        values ? examine_seeds(claim, n, values) : rni_fail(RN_ERR_MEMORY, "unhinged: no memory");
    rni_free(values);
    return status;
}

RNI_SYSTEM_FILE(unhinged);
extern const rni_system rni_system_of_unhinged;
const rni_system rni_system_of_unhinged = {
    .about = {.name = "unhinged",
              .title = "Unhinged loss: last-layer dynamics in closed form",
              .paper = "X. Zhou, X. Liu, W. Wang, D. Zhai, J. Jiang, X. Ji, arXiv 2312.07841",
              .claim =
                  "With a loss linear in the logits the dynamics of classifier and features is "
                  "linear: class means grow exponentially, scatter within classes stays, and "
                  "features collapse exponentially, with a fixed classifier as t^-2 and on "
                  "spheres exponentially again.",
              .mutation = "cross-entropy in place of the unhinged loss"},
    .options = &table,
    .file = rni_system_unhinged,
    .file_size = &rni_system_unhinged_size,
    .examine = examine};
