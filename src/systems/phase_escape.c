/*
 * Escape. While s and u are small, w_i' = 4 lambda_i w_i + 8 lambda_i u w*_i, and u grows at the
 * rate rho > 4 lambda_1 that solves
 *
 *     8 sum_i lambda_i^2 w*_i^2/(rho - 4 lambda_i) = 1.
 *
 * A start on the unit sphere has u of order d^(-1/2), so u reaches a given size after
 * ln d/(2 rho) and a time that depends on the draw, not on d.
 */
#include <math.h>

#include "core/memory.h"
#include "stats/slope.h"
#include "systems/phase.h"
#include "systems/phase_flow.h"

enum { MOST_DIMENSIONS = 16 };

static const double steepness = 2.0;
static const double escaped = 0.1; /* u */

static double excess(const rni_phase *p, double rho)
{
    double sum = -1.0;
    for (rn_index i = 0; i < p->d; i++)
        sum += 8.0 * pow(p->lambda[i] * p->target[i], 2.0) / (rho - 4.0 * p->lambda[i]);
    return sum;
}

/* The root above 4 lambda_1; sum_i lambda_i w*_i^2 = 1 puts it below 12 lambda_1. */
static double rate_of(const rni_phase *p)
{
    double low = 4.0 * p->lambda[0];
    double high = 13.0 * p->lambda[0];
    for (int i = 0; i < 60; i++) {
        const double middle = 0.5 * (low + high);
        *(excess(p, middle) > 0.0 ? &low : &high) = middle;
    }
    return low;
}

static double size_of_u(const rni_phase *p)
{
    return fabs(rni_phase_moment(p, 1, p->w, p->target));
}

/* The time at which u reaches `escaped`, ln u straight between looks. */
static rn_status escape(rni_phase *p, double *time)
{
    const double between = 0.05 / p->lambda[0];
    double step = 0.0;
    double before = size_of_u(p);
    *time = 0.0;
    for (int k = 0; k < 10000; k++) {
        RNI_TRY(rni_phase_follow(p, between, &step));
        const double now = size_of_u(p);
        if (now >= escaped) {
            *time = between * (k + log(escaped / before) / log(now / before));
            return RN_OK;
        }
        before = now;
    }
    return rni_fail(RN_ERR_DOMAIN, "phase_retrieval: u has not reached %g at t = %g", escaped,
                    1e4 * between);
}

/* Mean time of escape at each d, [n], of the same draws. */
static rn_status see_seed(const rn_claim *claim, uint64_t seed, double *mean)
{
    const rni_phase_settings *set = rni_claim_settings(claim);
    for (rn_index k = 0; k < set->escape_dimensions.count; k++) {
        mean[k] = 0.0;
        for (rn_index r = 0; r < set->escape_draws; r++) {
            rni_phase p;
            double time = 0.0;
            RNI_TRY(rni_phase_make((rn_index)set->escape_dimensions.values[k], steepness,
                                   seed * (uint64_t)1000003 + (uint64_t)r, false, &p));
            if (rn_claim_is_mutated(claim)) rni_phase_level(&p);
            const rn_status status = escape(&p, &time);
            rni_phase_clear(&p);
            if (status != RN_OK) return status;
            mean[k] += time / (double)set->escape_draws;
        }
    }
    return RN_OK;
}

static rn_status draw(rn_claim *claim, double slope, const double *mean)
{
    const rni_phase_settings *set = rni_claim_settings(claim);
    const rn_index n = set->escape_dimensions.count;
    double line[MOST_DIMENSIONS];
    for (rn_index k = 0; k < n; k++)
        line[k] =
            mean[n - 1]
            + slope * log(set->escape_dimensions.values[k] / set->escape_dimensions.values[n - 1]);
    RNI_TRY(rni_claim_figure(claim, "Escape, mean over draws", "d", "time", true, false));
    RNI_TRY(
        rni_claim_curve(claim, "u = 0.1", RN_CLAIM_POINTS, n, set->escape_dimensions.values, mean));
    return rni_claim_curve(claim, "ln d/(2 rho)", RN_CLAIM_THEORY, n, set->escape_dimensions.values,
                           line);
}

/* times [n_seeds x n] */
static rn_status state(rn_claim *claim, const double *times, double *slopes)
{
    const rni_phase_settings *set = rni_claim_settings(claim);
    const rn_index n = set->escape_dimensions.count;
    const rn_index n_seeds = rn_claim_n_seeds(claim);
    double log_d[MOST_DIMENSIONS];
    double mean[MOST_DIMENSIONS] = {0};
    rni_slope line;
    rni_phase p;
    RNI_TRY(
        rni_phase_make((rn_index)set->escape_dimensions.values[n - 1], steepness, 1, false, &p));
    const double rho = rate_of(&p);
    rni_phase_clear(&p);
    for (rn_index k = 0; k < n; k++)
        log_d[k] = log(set->escape_dimensions.values[k]);
    for (rn_index i = 0; i < n_seeds; i++) {
        RNI_TRY(rni_slope_fit(n, log_d, times + i * n, 0.0, (double)INFINITY, &line));
        slopes[i] = 2.0 * rho * line.slope;
        for (rn_index k = 0; k < n; k++)
            mean[k] += times[i * n + k] / (double)n_seeds;
    }
    RNI_TRY(rni_claim_note(claim,
                           "escape, a = %g: u reaches %g after %.3g at d = %g and %.3g at d = %g; "
                           "rho = %.4g",
                           steepness, escaped, mean[0], set->escape_dimensions.values[0],
                           mean[n - 1], set->escape_dimensions.values[n - 1], rho));
    RNI_TRY(draw(claim, 0.5 / rho, mean));
    return rni_claim_state_mean(
        claim,
        &(rni_statement){.key = "escape",
                         .quantity = "time of escape: growth with ln d, times 2 rho",
                         .theory = 1.0,
                         .formula = "T1 = ln d/(2 rho) + .., 8 sum lambda_i^2 w*_i^2/(rho - 4 "
                                    "lambda_i) = 1",
                         .at_least = 0.95,
                         .at_most = 1.05,
                         .tolerance = "5 %: directions that grow more slowly are lost as d^-0.3",
                         .method = "slope over d of the mean over draws of the time at which u "
                                   "reaches 0.1, a = 2; mean over seeds"},
        n_seeds, slopes);
}

static rn_status work(rn_claim *claim, rn_index i, void *user)
{
    const rni_phase_settings *set = rni_claim_settings(claim);
    return see_seed(claim, rni_claim_seed(claim, i),
                    (double *)user + i * set->escape_dimensions.count);
}

static rn_status see(rn_claim *claim, double *times, double *slopes)
{
    const rni_phase_settings *set = rni_claim_settings(claim);
    const rn_index n = rn_claim_n_seeds(claim);
    const rni_part part = {times, n * set->escape_dimensions.count};
    RNI_CLAIM_TRY(rni_claim_repeat(
        claim,
        &(rni_repeated){
            .name = "escape", .n = n, .n_parts = 1, .parts = &part, .work = work, .user = times}));
    return state(claim, times, slopes);
}

rn_status rni_phase_escape(rn_claim *claim)
{
    const rni_phase_settings *set = rni_claim_settings(claim);
    const rn_index n_seeds = rn_claim_n_seeds(claim);
    if (set->escape_dimensions.count > MOST_DIMENSIONS)
        return rni_fail(RN_ERR_CONFIG,
                        "settings.escape_dimensions: found %" PRId64
                        " numbers, expected %d at most",
                        set->escape_dimensions.count, MOST_DIMENSIONS);
    double *block = rni_alloc_zero(n_seeds * (set->escape_dimensions.count + 1), sizeof *block);
    if (!block) return rni_fail(RN_ERR_MEMORY, "phase_retrieval: no memory");
    const rn_status status = see(claim, block + n_seeds, block);
    rni_free(block);
    return status;
}
