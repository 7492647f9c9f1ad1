/*
 * The solvable model in time: the same gap whenever one looks, and an exponential approach to it.
 */
#include <math.h>
#include <stdio.h>

#include "core/memory.h"
#include "core/size.h"
#include "stats/slope.h"
#include "systems/mean_field.h"

enum { N_TIMES = 3 };
static const double times[N_TIMES] = {10.0, 100.0, 1000.0};

/* Walks to time t: each is looked at as long as it took to get there, so that all times cost and
   know the same. */
static rn_index walks_to(const rni_field_settings *s, double t)
{
    return rni_max((rn_index)((double)s->replicas * times[0] / t), 1);
}

/* (kappa/2)(Xbar - mean)^2 averaged over [t, 2t] of one walk, added to gap. */
static rn_status watch_once(const rni_field_settings *s, const rni_field *f, rni_walk *walk,
                            double t, double share, double *gap)
{
    const double centre = s->kappa * f->mean / (s->kappa + s->decay);
    const rn_index window = (rn_index)(t / s->steps_of_time.values[0]);
    RNI_TRY(rni_walk_on(walk, window));
    for (rn_index j = 0; j < window; j++) {
        RNI_TRY(rni_walk_on(walk, 1));
        const double off = rni_field_mean(walk) - centre;
        *gap += share * 0.5 * s->kappa * off * off / (double)window;
    }
    return RN_OK;
}

/* gap [N_TIMES], 0 before. */
static rn_status watch(const rni_field_settings *s, const rni_field *f, rni_walk *walk,
                       uint64_t seed, double *gap)
{
    uint64_t number = seed * (uint64_t)1000003;
    for (int k = 0; k < N_TIMES; k++) {
        const rn_index n = walks_to(s, times[k]);
        for (rn_index r = 0; r < n; r++) {
            RNI_TRY(rni_field_place(s, f, 0.0, number++, walk));
            RNI_TRY(watch_once(s, f, walk, times[k], 1.0 / (double)n, &gap[k]));
        }
    }
    return RN_OK;
}

/* Walks to the three times, and the approach from far off. */
typedef struct field_course {
    rni_field f;
    rni_walk walk;
    double *gaps;  /* [N_TIMES x n_seeds] */
    double *rates; /* [n_seeds] */
} field_course;

enum { N_APPROACH = 8 };

/* Rate at which the mean over replicas of Xbar comes back from 2 off. */
static rn_status watch_approach(const rni_field_settings *s, field_course *at, uint64_t seed,
                                double *rate)
{
    const double eta = s->steps_of_time.values[0];
    const double centre = s->kappa * at->f.mean / (s->kappa + s->decay);
    double time[N_APPROACH];
    double off[N_APPROACH] = {0};
    rni_slope line;
    for (rn_index r = 0; r < s->replicas; r++) {
        RNI_TRY(rni_field_place(s, &at->f, 2.0, seed * (uint64_t)1000003 + (uint64_t)r, &at->walk));
        for (int k = 0; k < N_APPROACH; k++) {
            time[k] = eta * k;
            off[k] += (rni_field_mean(&at->walk) - centre) / (double)s->replicas;
            RNI_TRY(rni_walk_on(&at->walk, 1));
        }
    }
    for (int k = 0; k < N_APPROACH; k++)
        off[k] = log(fmax(off[k], 1e-300)); /* only where nothing comes back */
    RNI_TRY(rni_slope_fit(N_APPROACH, time, off, 0.0, (double)INFINITY, &line));
    *rate = -line.slope;
    return RN_OK;
}

static rn_status work_times(rn_claim *claim, rn_index i, void *user)
{
    field_course *at = user;
    const rni_field_settings *s = rni_claim_settings(claim);
    double here[N_TIMES] = {0};
    RNI_CLAIM_TRY(watch(s, &at->f, &at->walk, rni_claim_seed(claim, i), here));
    for (int k = 0; k < N_TIMES; k++)
        at->gaps[k * rn_claim_n_seeds(claim) + i] = here[k];
    return watch_approach(s, at, rni_claim_seed(claim, i), &at->rates[i]);
}

static rn_status state_times(rn_claim *claim, const field_course *at)
{
    const rni_field_settings *s = rni_claim_settings(claim);
    const rn_index n_seeds = rn_claim_n_seeds(claim);
    const double eta = s->steps_of_time.values[0];
    const double exact = 0.5 * s->kappa * rni_field_variance(s, &at->f, eta, RNI_FIELD_FULL);
    for (int k = 0; k < N_TIMES; k++) {
        char key[32];
        char quantity[96];
        (void)snprintf(key, sizeof key, "time_%g", times[k]);
        (void)snprintf(quantity, sizeof quantity, "objective gap, N = %d, at t = %g .. %g",
                       (int)at->f.n, times[k], 2.0 * times[k]);
        RNI_TRY(rni_claim_state_mean(
            claim,
            &(rni_statement){.key = key,
                             .quantity = quantity,
                             .theory = exact,
                             .formula = "uniform in time: the stationary value",
                             .at_least = 0.97 * exact,
                             .at_most = 1.03 * exact,
                             .tolerance = "the formula is exact, the rest is the number of walks",
                             .method = "mean over walks and seeds"},
            n_seeds, at->gaps + k * n_seeds));
    }
    const double rate = -log(1.0 - eta * (s->kappa + s->decay)) / eta;
    return rni_claim_state_mean(
        claim,
        &(rni_statement){
            .key = "approach",
            .quantity = "rate at which the mean over particles comes back from far off",
            .unit = "1/time",
            .theory = rate,
            .formula = "-ln(1 - eta k)/eta: exponential",
            .at_least = 0.97 * rate,
            .at_most = 1.03 * rate,
            .tolerance = "3 %: the formula is exact, the rest is the number of walks",
            .method = "slope of ln of the mean over replicas, 8 steps from 2 off; mean "
                      "over seeds"},
        n_seeds, at->rates);
}

rn_status rni_field_times(rn_claim *claim)
{
    const rni_field_settings *s = rni_claim_settings(claim);
    const rn_index n_seeds = rn_claim_n_seeds(claim);
    double *block = rni_alloc_zero((N_TIMES + 1) * n_seeds, sizeof *block);
    if (!block) return rni_fail(RN_ERR_MEMORY, "mean_field: no memory");
    field_course at = {.gaps = block, .rates = block + N_TIMES * n_seeds};
    rn_status status =
        rni_field_make(s, (rn_index)s->particles.values[0], rn_claim_is_mutated(claim), &at.f);
    if (status == RN_OK)
        status = rni_field_open(s, &at.f, s->steps_of_time.values[0], RNI_FIELD_FULL, &at.walk);
    if (status == RN_OK)
        status = rni_claim_repeat(
            claim, &(rni_repeated){.name = "times",
                                   .n = n_seeds,
                                   .n_parts = 1,
                                   .parts = &(rni_part){block, (N_TIMES + 1) * n_seeds},
                                   .before = 8 * n_seeds,
                                   .total = 16 * n_seeds,
                                   .work = work_times,
                                   .user = &at});
    if (status == RN_OK) status = state_times(claim, &at);
    rni_walk_close(&at.walk);
    rni_free(at.f.inputs);
    rni_free(block);
    return status;
}
