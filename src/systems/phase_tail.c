/*
 * The tail of phase retrieval: modes are learned one after the other.
 */
#include <math.h>
#include <renorm/spectral_tail.h>
#include <stdio.h>

#include "core/memory.h"
#include "stats/slope.h"
#include "systems/phase.h"
#include "systems/phase_flow.h"

enum { N_TIMES = 121, N_LEARNED = 20 };
static const double first_time = 0.01;

/* ---- what a flow shows ----------------------------------------------------------------------- */

typedef struct course {
    double time[N_TIMES], s[N_TIMES], u[N_TIMES], loss[N_TIMES], error[N_TIMES];
} course;

/* Log-spaced times from first_time to end. */
static rn_status run_course(rni_phase *p, double end, const rn_observer *observer, course *out)
{
    double now = 0.0;
    double step = 0.0;
    for (int i = 0; i < N_TIMES; i++) {
        const double t = first_time * pow(end / first_time, (double)i / (N_TIMES - 1));
        if (observer->should_stop && observer->should_stop(observer->user)) return RN_INTERRUPTED;
        RNI_TRY(rni_phase_follow(p, t - now, &step));
        now = t;
        out->time[i] = t;
        out->s[i] = rni_phase_moment(p, 1, p->w, p->w);
        out->u[i] = fabs(rni_phase_moment(p, 1, p->w, p->target));
        out->loss[i] = rni_phase_loss(p, p->w);
        out->error[i] = rni_phase_error(p);
    }
    return RN_OK;
}

/* T2: u first reaches 1/2. */
static int escape_of(const course *c)
{
    int k = 0;
    while (k < N_TIMES - 1 && c->u[k] < 0.5)
        k++;
    return k;
}

static void since(const course *c, double *out)
{
    for (int i = 0; i < N_TIMES; i++)
        out[i] = c->time[i] - c->time[escape_of(c)];
}

/* A slope, NaN where no line can be drawn (all is learned, say). */
static double slope_or_nothing(const double *x, const double *y, double low, double high,
                               rni_slope *fit)
{
    *fit = (rni_slope){0};
    return rni_slope_fit_log(N_TIMES, x, y, low, high, fit) == RN_OK ? fit->slope : (double)NAN;
}

/* The time at which N_LEARNED modes are learned, Gamma(1-1/a) x^(1/a), x = 16 t/H. */
static double first_of_tail(const rni_phase *p, double a)
{
    return pow(N_LEARNED / tgamma(1.0 - 1.0 / a), a) * p->h / 16.0;
}

/*
 * The tail's window in t: from where N_LEARNED modes are learned, so that random w* averages, to
 * where the sum over d modes leaves its exponent by 2 %, or the end.
 */
static rn_status tail_window(const rni_phase *p, double a, double end, double *low, double *high)
{
    double first = 0.0;
    RNI_TRY(rn_spectral_tail_window(a, p->d, 0.02, &first, high));
    *low = first_of_tail(p, a);
    *high = fmin(*high * p->h / 16.0, end);
    return RN_OK;
}

/* Numbers only: they are kept as such. */
typedef struct tail {
    double loss_slope, low, high, n_points, intercept, residual;
    double learned_slope, learned_low, learned_high, learned_residual;
    double escape;
} tail;

/* Share of the parameters learned since T2 against the time since then. */
static void measure_tail(const course *c, double low, double high, tail *out)
{
    double after[N_TIMES];
    double learned[N_TIMES];
    rni_slope fit;
    const int k = escape_of(c);
    since(c, after);
    out->escape = c->time[k];
    for (int i = 0; i < N_TIMES; i++)
        learned[i] = 1.0 - c->error[i] / c->error[k];
    out->loss_slope = slope_or_nothing(c->time, c->loss, low, high, &fit);
    out->low = fit.low;
    out->high = fit.high;
    out->n_points = (double)fit.n;
    out->intercept = fit.intercept;
    out->residual = fit.residual;
    out->learned_slope = slope_or_nothing(after, learned, low, high, &fit);
    out->learned_low = fit.low;
    out->learned_high = fit.high;
    out->learned_residual = fit.residual;
}

static rn_status see_tail(const rn_claim *claim, double a, uint64_t seed, course *c, tail *out)
{
    const rni_phase_settings *set = rni_claim_settings(claim);
    rni_phase p;
    double low = 0.0;
    double high = 0.0;
    RNI_TRY(rni_phase_make(set->dimension, a, seed, false, &p));
    rn_status status = tail_window(&p, a, set->end, &low, &high);
    if (rn_claim_is_mutated(claim)) rni_phase_level(&p);
    if (status == RN_OK) status = run_course(&p, high, rni_claim_observer(claim), c);
    if (status == RN_OK) measure_tail(c, low, high, out);
    rni_phase_clear(&p);
    return status;
}

static rn_status state_slopes(rn_claim *claim, double a, rn_index n, const double *slopes,
                              const tail *last)
{
    char key[48];
    char quantity[96];
    const double of_loss = -(a - 1.0) / a;
    (void)snprintf(key, sizeof key, "loss_slope_a%g", a);
    (void)snprintf(quantity, sizeof quantity, "exponent of the loss, a = %g", a);
    RNI_TRY(
        rni_claim_note(claim,
                       "%s: window t = %.3g .. %.3g (%d points), from 20 modes learned to "
                       "where the sum over d modes leaves its exponent by 2 %%; rms residual of "
                       "ln L %.1e",
                       quantity, last->low, last->high, (int)last->n_points, last->residual));
    RNI_TRY(rni_claim_state_median(
        claim,
        &(rni_statement){.key = key,
                         .quantity = quantity,
                         .theory = of_loss,
                         .formula = "-(a-1)/a, from sum_i lambda_i w*_i^2 exp(-16 lambda_i t)",
                         .at_least = of_loss - 0.04,
                         .at_most = of_loss + 0.04,
                         .tolerance =
                             "0.04: modes learned before the tail, and the end of the spectrum",
                         .method = "slope of ln L against ln t; median over seeds"},
        n, slopes));
    (void)snprintf(key, sizeof key, "learned_slope_a%g", a);
    (void)snprintf(quantity, sizeof quantity, "exponent of the learned share, a = %g", a);
    RNI_TRY(rni_claim_note(claim, "%s: window %.3g .. %.3g after T2 = %.3g; rms residual %.1e",
                           quantity, last->learned_low, last->learned_high, last->escape,
                           last->learned_residual));
    return rni_claim_state_median(
        claim,
        &(rni_statement){.key = key,
                         .quantity = quantity,
                         .theory = 1.0 / a,
                         .formula = "1/a, from Gamma(1-1/a) x^(1/a)/d",
                         .at_least = 1.0 / a - 0.03,
                         .at_most = 1.0 / a + 0.03,
                         .tolerance = "0.03: modes learned before T2, and the end of the spectrum",
                         .method = "slope of ln(1 - MSE/MSE(T2)) against ln(t - T2), T2 where u "
                                   "reaches 1/2; median over seeds"},
        n, slopes + n);
}

/* The curve of theory through the middle of the window. */
static rn_status draw_tail(rn_claim *claim, double a, const course *c, const tail *last)
{
    char name[48];
    double line[N_TIMES];
    const double middle = sqrt(last->low * last->high);
    for (int i = 0; i < N_TIMES; i++)
        line[i] = c->time[i] >= last->low ? exp(last->intercept + last->loss_slope * log(middle))
                                                * pow(c->time[i] / middle, -(a - 1.0) / a)
                                          : (double)NAN;
    (void)snprintf(name, sizeof name, "a = %g, one seed", a);
    RNI_TRY(rni_claim_curve(claim, name, RN_CLAIM_MEASURED, N_TIMES, c->time, c->loss));
    return rni_claim_curve(claim, "t^-((a-1)/a)", RN_CLAIM_THEORY, N_TIMES, c->time, line);
}

/* One exponent over all seeds; course and tail are the last one's. */
typedef struct tails {
    double a;
    double *slopes; /* [2 x n_seeds] */
    course *c;
    tail last;
} tails;

static rn_status work_tail(rn_claim *claim, rn_index i, void *user)
{
    tails *all = user;
    RNI_CLAIM_TRY(see_tail(claim, all->a, rni_claim_seed(claim, i), all->c, &all->last));
    all->slopes[i] = all->last.loss_slope;
    all->slopes[rn_claim_n_seeds(claim) + i] = all->last.learned_slope;
    return RN_OK;
}

static rn_status examine_exponent(rn_claim *claim, double a, course *c, double *slopes)
{
    const rn_index n = rn_claim_n_seeds(claim);
    tails all = {.a = a, .slopes = slopes, .c = c};
    const rni_part parts[] = {{slopes, 2 * n},
                              {(double *)(void *)c, sizeof *c / sizeof(double)},
                              {(double *)(void *)&all.last, sizeof all.last / sizeof(double)}};
    char name[RNI_KEPT_NAME];
    (void)snprintf(name, sizeof name, "tail_a%g", a);
    RNI_CLAIM_TRY(rni_claim_repeat(
        claim,
        &(rni_repeated){
            .name = name, .n = n, .n_parts = 3, .parts = parts, .work = work_tail, .user = &all}));
    RNI_TRY(state_slopes(claim, a, n, slopes, &all.last));
    return draw_tail(claim, a, c, &all.last);
}

static rn_status examine_exponents(rn_claim *claim, course *c, double *slopes)
{
    const rni_phase_settings *set = rni_claim_settings(claim);
    RNI_TRY(rni_claim_figure(claim, "The loss in the tail", "time", "L", true, true));
    for (rn_index k = 0; k < set->exponents.count; k++)
        RNI_CLAIM_TRY(examine_exponent(claim, set->exponents.values[k], c, slopes));
    return RN_OK;
}

rn_status rni_phase_tails(rn_claim *claim)
{
    double *slopes = rni_alloc_zero(2 * rn_claim_n_seeds(claim), sizeof *slopes);
    course *c = rni_alloc_zero(1, sizeof *c);
    const rn_status status = slopes && c ? examine_exponents(claim, c, slopes)
                                         : rni_fail(RN_ERR_MEMORY, "phase_retrieval: no memory");
    rni_free(slopes);
    rni_free(c);
    return status;
}

/* ---- a slow spectrum, whose end bends the exponent ------------------------------------------- */

static const double slow = 1.5;

/* That of ln sum_i lambda_i exp(-16 lambda_i t) over d modes. */
static double slope_of_sum(const rni_phase *p, double low, double high)
{
    double time[N_TIMES];
    double sum[N_TIMES];
    rni_slope fit;
    for (int i = 0; i < N_TIMES; i++) {
        time[i] = low * pow(high / low, (double)i / (N_TIMES - 1));
        sum[i] = rn_spectral_tail_left(slow, slow, p->d, 16.0 * time[i] / p->h);
    }
    return slope_or_nothing(time, sum, 0.0, (double)INFINITY, &fit);
}

/* Slope of ln L against ln(t - T2) over the decade that begins with the tail, and that of the sum.
 */
static rn_status see_slow(const rn_claim *claim, rn_index d, uint64_t seed, course *c,
                          double *slope, double *of_sum)
{
    double after[N_TIMES];
    rni_slope fit;
    rni_phase p;
    RNI_TRY(rni_phase_make(d, slow, seed, false, &p));
    const double low = first_of_tail(&p, slow);
    const double high = 10.0 * low;
    if (rn_claim_is_mutated(claim)) rni_phase_level(&p);
    const rn_status status = run_course(&p, 2.0 * high, rni_claim_observer(claim), c);
    if (status == RN_OK) {
        since(c, after);
        *slope = slope_or_nothing(after, c->loss, low, high, &fit);
        *of_sum = slope_of_sum(&p, low, high);
    }
    rni_phase_clear(&p);
    return status;
}

static rn_status state_slow(rn_claim *claim, rn_index n, const double *slopes, const double *sums)
{
    const rni_phase_settings *set = rni_claim_settings(claim);
    const double limit = -(slow - 1.0) / slow;
    const rn_index n_dimensions = set->slow_dimensions.count;
    double *nearer = rni_alloc(n, sizeof *nearer);
    if (!nearer) return rni_fail(RN_ERR_MEMORY, "phase_retrieval: no memory");
    rn_status status = RN_OK;
    for (rn_index k = 0; k < n_dimensions && status == RN_OK; k++) {
        char key[48];
        char quantity[96];
        (void)snprintf(key, sizeof key, "slow_%g", set->slow_dimensions.values[k]);
        (void)snprintf(quantity, sizeof quantity, "exponent of the loss, a = %g, d = %g", slow,
                       set->slow_dimensions.values[k]);
        status = rni_claim_state_median(
            claim,
            &(rni_statement){.key = key,
                             .quantity = quantity,
                             .theory = sums[k],
                             .formula = "that of sum_i lambda_i exp(-16 lambda_i (t-T2)), i <= d; "
                                        "-(a-1)/a = -1/3 for d = infinity",
                             .at_least = sums[k] - 0.02,
                             .at_most = sums[k] + 0.02,
                             .tolerance = "0.02: modes learned before T2",
                             .method = "slope of ln L against ln(t - T2) over the decade that "
                                       "begins with 20 modes learned; median over seeds"},
            n, slopes + k * n);
    }
    for (rn_index i = 0; i < n; i++) {
        nearer[i] = (double)INFINITY;
        for (rn_index k = 1; k < n_dimensions; k++) {
            const double fall =
                fabs(slopes[(k - 1) * n + i] - limit) - fabs(slopes[k * n + i] - limit);
            if (!(fall > nearer[i])) nearer[i] = fall; /* NaN, where there is no slope, stays */
        }
    }
    if (status == RN_OK)
        status = rni_claim_state_median(
            claim,
            &(rni_statement){.key = "slow_approach",
                             .quantity = "how much nearer to -1/3 each larger d comes, the least",
                             .theory = (double)NAN,
                             .formula = "monotone approach",
                             .at_least = 0.0,
                             .at_most = (double)INFINITY,
                             .tolerance = "its sign alone: the limit is out of reach",
                             .method = "least fall of |exponent + 1/3| from one d to the next, the "
                                       "same draws; median over seeds"},
            n, nearer);
    rni_free(nearer);
    return status;
}

typedef struct slows {
    double *slopes; /* [n_dimensions x n_seeds] */
    double *sums;   /* [n_dimensions] */
    course *c;
} slows;

static rn_status work_slow(rn_claim *claim, rn_index i, void *user)
{
    const slows *all = user;
    const rni_phase_settings *set = rni_claim_settings(claim);
    const rn_index n = rn_claim_n_seeds(claim);
    return see_slow(claim, (rn_index)set->slow_dimensions.values[i / n],
                    rni_claim_seed(claim, i % n), all->c, &all->slopes[i], &all->sums[i / n]);
}

static rn_status walk_slow(rn_claim *claim,
                           double *block, /* NOLINT(readability-non-const-parameter) */
                           course *c)
{
    const rni_phase_settings *set = rni_claim_settings(claim);
    const rn_index n = rn_claim_n_seeds(claim);
    const rn_index n_dimensions = set->slow_dimensions.count;
    slows all = {.slopes = block, .sums = block + n * n_dimensions, .c = c};
    RNI_CLAIM_TRY(
        rni_claim_repeat(claim, &(rni_repeated){.name = "slow",
                                                .n = n * n_dimensions,
                                                .n_parts = 1,
                                                .parts = &(rni_part){block, (n + 1) * n_dimensions},
                                                .work = work_slow,
                                                .user = &all}));
    return state_slow(claim, n, all.slopes, all.sums);
}

rn_status rni_phase_slow(rn_claim *claim)
{
    const rni_phase_settings *set = rni_claim_settings(claim);
    double *block =
        rni_alloc_zero((rn_claim_n_seeds(claim) + 1) * set->slow_dimensions.count, sizeof *block);
    course *c = rni_alloc_zero(1, sizeof *c);
    const rn_status status = block && c ? walk_slow(claim, block, c)
                                        : rni_fail(RN_ERR_MEMORY, "phase_retrieval: no memory");
    rni_free(block);
    rni_free(c);
    return status;
}
