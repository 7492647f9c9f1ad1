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
 *
 * Features of a network whose kernel K does not change: h' = k x with K's eigenvalue k, so sigma
 * becomes sigma sqrt(k) and h/sqrt(k) takes the place of h. Steps eta_j, however they change: x + h
 * grows by prod (1 + eta_j sigma) and x - h by prod (1 - eta_j sigma), exactly.
 */
#include <math.h>
#include <string.h>

#include "backends/blas.h"
#include "backends/lapack.h"
#include "core/memory.h"
#include "stats/slope.h"
#include "systems/unhinged.h"
#include "train/rate.h"

enum { MOST_CLASSES = 64 };

const rni_feature_kernel rni_unhinged_kernel = {.within = 0.25, .class_means = 4.0, .mean = 0.5};

double rni_unhinged_sigma(const rni_unhinged_settings *s)
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

/* How far x + h and x - h have grown, for the parts of class means and of the mean of all. */
typedef struct growth {
    double plus, minus;
} growth;

static growth after_time(double rate, double t)
{
    return (growth){exp(rate * t), exp(-rate * t)};
}

static growth after_steps(double rate, rn_index n_steps, const double *eta)
{
    growth g = {1.0, 1.0};
    for (rn_index k = 0; k < n_steps; k++) {
        g.plus *= 1.0 + eta[k] * rate;
        g.minus *= 1.0 - eta[k] * rate;
    }
    return g;
}

static double sigma_of_mean(const rni_unhinged_settings *s)
{
    const double n = (double)s->per_class;
    const double c = (double)s->classes;
    return (s->g1 - (c - 1.0) * s->g2) * sqrt(n) / (n * c);
}

/*
 * W and H after a growth of class means and one of the mean, from x->state. For every number r of
 * the width: u_k = W_(k,r) and v_k = class sums of H over sqrt(n) (H b for a = e_k,
 * b = Y'e_k/sqrt(n)); both split into their mean over k and the rest, which obey u' = s v,
 * v' = s k u with s = sigma, and s0 = (g1-(C-1)g2) sqrt(n)/N for the means; k is 1 or the kernel's.
 */
static void closed_form(const rni_free_features *x, growth rest, growth means, double *out)
{
    const rn_index n = x->n / x->c;
    const double root = sqrt((double)n);
    const double root_rest = x->phi ? sqrt(rni_unhinged_kernel.class_means) : 1.0;
    const double root_mean = x->phi ? sqrt(rni_unhinged_kernel.mean) : 1.0;
    const double ch = 0.5 * (rest.plus + rest.minus);
    const double sh = 0.5 * (rest.plus - rest.minus);
    const double ch_mean = 0.5 * (means.plus + means.minus);
    const double sh_mean = 0.5 * (means.plus - means.minus);
    double *const h = out + x->c * x->d;
    memcpy(out, x->state, (size_t)(x->c * x->d) * sizeof *out);
    rni_free_features_see(x, x->state, h);
    for (rn_index r = 0; r < x->d; r++) {
        double v[MOST_CLASSES];
        double mean_u = 0.0;
        double mean_v = 0.0;
        for (rn_index k = 0; k < x->c; k++) {
            v[k] = class_sum(x, h, r, k);
            mean_u += x->state[k * x->d + r] / (double)x->c;
            mean_v += v[k] / (double)x->c;
        }
        for (rn_index k = 0; k < x->c; k++) {
            const double u = x->state[k * x->d + r] - mean_u;
            const double w = v[k] - mean_v;
            out[k * x->d + r] =
                u * ch + w / root_rest * sh + mean_u * ch_mean + mean_v / root_mean * sh_mean;
            const double moved = w * (ch - 1.0) + u * root_rest * sh + mean_v * (ch_mean - 1.0)
                                 + mean_u * root_mean * sh_mean;
            for (rn_index i = 0; i < n; i++)
                h[r * x->n + k * n + i] += moved / root;
        }
    }
}

/* The same at time t of the flow. */
static void closed_flow(const rni_unhinged_settings *s, const rni_free_features *x, double t,
                        double *out)
{
    const double rest =
        rni_unhinged_sigma(s) * (x->phi ? sqrt(rni_unhinged_kernel.class_means) : 1.0);
    const double mean = sigma_of_mean(s) * (x->phi ? sqrt(rni_unhinged_kernel.mean) : 1.0);
    closed_form(x, after_time(rest, t), after_time(mean, t), out);
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

/* Work space of a state each; `seen` is W and H, whatever the state is made of. */
typedef struct space {
    double *state, *seen, *exact;
} space;

static rn_index size_of(const rni_free_features *x)
{
    return x->c * x->d + x->d * x->n;
}

/* W and H of the present state. */
static double *look(const rni_free_features *x, const space *at)
{
    memcpy(at->seen, at->state, (size_t)(x->c * x->d) * sizeof *at->seen);
    rni_free_features_see(x, at->state, at->seen + x->c * x->d);
    return at->seen;
}

static void restart(const rni_free_features *x, const space *at)
{
    memcpy(at->state, x->state, (size_t)size_of(x) * sizeof *at->state);
}

static rn_status run_course(rni_free_features *x, double end, const space *at,
                            rni_unhinged_course *out)
{
    restart(x, at);
    for (int i = 0; i < RNI_UNHINGED_TIMES; i++) {
        if (i > 0) RNI_TRY(rni_free_features_follow(x, end / (RNI_UNHINGED_TIMES - 1), at->state));
        out->time[i] = end * i / (RNI_UNHINGED_TIMES - 1);
        rni_free_features_scatter(x, look(x, at) + x->c * x->d, &out->within[i], &out->between[i]);
        out->nc1[i] = out->within[i] / out->between[i];
    }
    return RN_OK;
}

/* Slope of ln y against t (or ln t) in the later half. */
static double late_slope(const rni_unhinged_course *c, const double *y, bool is_log_time)
{
    double log_y[RNI_UNHINGED_TIMES];
    rni_slope fit = {0};
    for (int i = 0; i < RNI_UNHINGED_TIMES; i++)
        log_y[i] = log(y[i]);
    const double from = c->time[RNI_UNHINGED_TIMES / 2];
    const double to = c->time[RNI_UNHINGED_TIMES - 1];
    const rn_status status =
        is_log_time ? rni_slope_fit_log(RNI_UNHINGED_TIMES, c->time, y, from, to, &fit)
                    : rni_slope_fit(RNI_UNHINGED_TIMES, c->time, log_y, from, to, &fit);
    return status == RN_OK ? fit.slope : (double)NAN;
}

/* Largest relative distance of A's singular values from theory. */
static rn_status see_spectrum(const rni_unhinged_settings *s, const rni_free_features *x,
                              double *found)
{
    const rn_index c = x->c;
    const double sigma = rni_unhinged_sigma(s);
    const double mean = fabs(sigma_of_mean(s));
    double gram[MOST_CLASSES * MOST_CLASSES];
    double values[MOST_CLASSES] = {0};
    for (rn_index i = 0; i < c; i++)
        for (rn_index j = 0; j < c; j++)
            gram[i * c + j] = rni_dot(x->n, x->a + i * x->n, x->a + j * x->n);
    RNI_TRY(rni_lapack_syevd(c, gram, c, values));
    /* squares, ascending: the mean's is first or last */
    const rn_index place = mean <= sigma ? 0 : c - 1;
    for (rn_index i = 0; i < c; i++) {
        const double theory = i == place ? mean : sigma;
        *found = fmax(*found, fabs(values[i] - theory * theory) / (sigma * sigma));
    }
    return RN_OK;
}

/* Constant scatter, NC1 and the trajectory: the first of three neighbours in `found`. */
typedef struct flow_places {
    rni_unhinged_quantity trajectory, within, rate;
} flow_places;

static rn_status see_flow(const rni_unhinged_settings *s, rni_free_features *x, const space *at,
                          flow_places to, rni_unhinged_course *c, double *found)
{
    const double rate =
        rni_unhinged_sigma(s) * (x->phi ? sqrt(rni_unhinged_kernel.class_means) : 1.0);
    RNI_TRY(run_course(x, 3.0 / rate, at, c));
    closed_flow(s, x, 3.0 / rate, at->exact);
    found[to.trajectory] = distance(size_of(x), look(x, at), at->exact);
    RNI_TRY(run_course(x, 10.0 / rate, at, c));
    found[to.within] = fabs(c->within[RNI_UNHINGED_TIMES / 2] / c->within[0] - 1.0);
    found[to.rate] = -late_slope(c, c->nc1, false) / (2.0 * rate);
    return RN_OK;
}

enum { N_SCHEDULES = 4, N_STEPS = 100 };

/* Rates of `n` steps whose sum is `integral`, by the engine's schedules. */
static void fill_rates(int schedule, rn_index n, double integral, double *eta)
{
    double sum = 0.0;
    double drops[] = {0.3 * (double)n, 0.6 * (double)n};
    const rni_rate rate = {.learning_rate = 1.0,
                           .schedule = schedule,
                           .warmup = schedule == 0 ? 0 : n / 10,
                           .length = n,
                           .milestones = {.values = drops, .count = 2},
                           .drop = 0.3};
    for (rn_index k = 0; k < n; k++) {
        eta[k] = rni_rate_at(&rate, 1.0, n, k);
        sum += eta[k];
    }
    for (rn_index k = 0; k < n; k++)
        eta[k] *= integral / sum;
}

/* Descent to sigma t = 1 in N_STEPS and twice as many steps: how far it is from the flow, and from
   what the product over its own steps says. The first schedule is constant. */
static rn_status see_steps(const rni_unhinged_settings *s, rni_free_features *x, const space *at,
                           double *found)
{
    const double sigma = rni_unhinged_sigma(s);
    double eta[2 * N_STEPS];
    double most[2] = {0.0, 0.0};
    for (int schedule = 0; schedule < N_SCHEDULES; schedule++) {
        double apart[2];
        for (int k = 0; k < 2; k++) {
            const rn_index n = (rn_index)N_STEPS * (k + 1);
            fill_rates(schedule, n, 1.0 / sigma, eta);
            restart(x, at);
            RNI_TRY(rni_free_features_descend(x, n, eta, at->state));
            closed_form(x, after_steps(sigma, n, eta), after_steps(sigma_of_mean(s), n, eta),
                        at->exact);
            found[RNI_UNHINGED_SCHEDULE_EXACT] = fmax(found[RNI_UNHINGED_SCHEDULE_EXACT],
                                                      distance(size_of(x), at->state, at->exact));
            closed_flow(s, x, 1.0 / sigma, at->exact);
            apart[k] = distance(size_of(x), at->state, at->exact);
            most[k] = fmax(most[k], apart[k]);
        }
        if (schedule == 0) found[RNI_UNHINGED_STEP_RATIO] = apart[0] / apart[1];
    }
    found[RNI_UNHINGED_SCHEDULE_RATIO] = most[0] / most[1];
    return RN_OK;
}

/* Decay below and above sigma. */
static rn_status see_decay(const rni_unhinged_settings *s, rni_free_features *x, const space *at,
                           rni_unhinged_course *c, double *found)
{
    const double sigma = rni_unhinged_sigma(s);
    x->decay = 0.5 * sigma;
    RNI_TRY(run_course(x, 10.0 / sigma, at, c));
    found[RNI_UNHINGED_GROWTH] = 0.5 * late_slope(c, c->between, false) / sigma;
    x->decay = 2.0 * sigma;
    RNI_TRY(run_course(x, 10.0 / sigma, at, c));
    found[RNI_UNHINGED_DEATH] = 0.5 * late_slope(c, c->between, false) / sigma;
    x->decay = 0.0;
    return RN_OK;
}

/* W at rest; then spheres. */
static rn_status see_fixed(const rni_unhinged_settings *s, rni_free_features *x, const space *at,
                           rni_unhinged_course *c, double *found)
{
    /* W: orthonormal rows about their mean would be an ETF; here the first C axes about theirs */
    for (rn_index k = 0; k < x->c; k++)
        for (rn_index r = 0; r < x->d; r++)
            x->state[k * x->d + r] = (r == k ? 1.0 : 0.0) - (r < x->c ? 1.0 / (double)x->c : 0.0);
    x->is_fixed = true;
    RNI_TRY(run_course(x, 2e4 / rni_unhinged_sigma(s), at, c));
    found[RNI_UNHINGED_FIXED_SLOPE] = late_slope(c, c->nc1, true);
    /* |W'A_n| is the same for all samples: (g1+g2)/N times the length of a row */
    const double rate = (s->g1 + s->g2) / (double)x->n * sqrt(1.0 - 1.0 / (double)x->c);
    rni_free_features_normalise(x, x->state);
    x->is_spherical = true;
    RNI_TRY(run_course(x, 10.0 / rate, at, c));
    found[RNI_UNHINGED_SPHERE_RATE] = -late_slope(c, c->nc1, false) / (2.0 * rate);
    return RN_OK;
}

static rn_status see_free(const rni_unhinged_settings *s, rni_free_features *x, const space *at,
                          rni_unhinged_course *c, double *found)
{
    rni_unhinged_course other = {.time = {0.0}};
    RNI_TRY(see_spectrum(s, x, &found[RNI_UNHINGED_SPECTRUM]));
    RNI_TRY(see_steps(s, x, at, found));
    RNI_TRY(
        see_flow(s, x, at,
                 (flow_places){RNI_UNHINGED_TRAJECTORY, RNI_UNHINGED_WITHIN, RNI_UNHINGED_NC1_RATE},
                 c, found));
    RNI_TRY(see_decay(s, x, at, &other, found));
    return see_fixed(s, x, at, &other, found);
}

static rn_status see_kernel(const rni_unhinged_settings *s, rni_free_features *x, const space *at,
                            rni_unhinged_course *c, double *found)
{
    return see_flow(s, x, at,
                    (flow_places){RNI_UNHINGED_KERNEL_TRAJECTORY, RNI_UNHINGED_KERNEL_WITHIN,
                                  RNI_UNHINGED_KERNEL_NC1_RATE},
                    c, found);
}

/* Free features, or those of a kernel at rest. */
static rn_status see_kind(const rni_unhinged_settings *s, uint64_t seed, bool is_mutated,
                          bool has_kernel, rni_unhinged_course *c, double *found)
{
    rni_free_features x = {0};
    const rni_free_features_plan plan = {.c = s->classes,
                                         .per_class = s->per_class,
                                         .d = s->width,
                                         .g1 = s->g1,
                                         .g2 = s->g2,
                                         .is_cross_entropy = is_mutated,
                                         .kernel = has_kernel ? &rni_unhinged_kernel : NULL};
    RNI_TRY(rni_free_features_make(&plan, seed, &x));
    const rn_index size = size_of(&x);
    double *states = rni_alloc(3 * size, sizeof *states);
    const space at = {.state = states, .seen = states + size, .exact = states + 2 * size};
    const rn_status status = !states ? rni_fail(RN_ERR_MEMORY, "unhinged: no memory for states")
                                     : (has_kernel ? see_kernel : see_free)(s, &x, &at, c, found);
    rni_free(states);
    rni_free_features_clear(&x);
    return status;
}

rn_status rni_unhinged_see(const rni_unhinged_settings *s, uint64_t seed, bool is_mutated,
                           rni_unhinged_course courses[2], double *found)
{
    for (int kind = 0; kind < 2; kind++)
        RNI_TRY(see_kind(s, seed, is_mutated, kind == 1, &courses[kind], found));
    return RN_OK;
}
