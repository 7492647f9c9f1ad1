/*
 * What is said of the net's walks: covariance, circulation and entropy at one step, the fluctuation
 * theorems at a smaller one.
 */
#include <math.h>
#include <stdio.h>

#include "core/memory.h"
#include "systems/equilibrium_net.h"

/* |mean over seeds - theory|_F/|theory|_F and the norm of the mean's standard errors. */
static void compare(rn_index n_seeds, const double *values, const double *theory, double *off,
                    double *error)
{
    double norm = 0.0;
    double difference = 0.0;
    double scatter = 0.0;
    for (int i = 0; i < RNI_NET_SQUARE; i++) {
        double mean = 0.0;
        double square = 0.0;
        for (rn_index k = 0; k < n_seeds; k++)
            mean += values[k * RNI_NET_SQUARE + i] / (double)n_seeds;
        for (rn_index k = 0; k < n_seeds; k++)
            square += pow(values[k * RNI_NET_SQUARE + i] - mean, 2.0);
        norm += theory[i] * theory[i];
        difference += (mean - theory[i]) * (mean - theory[i]);
        scatter += square / ((double)n_seeds * ((double)n_seeds - 1.0));
    }
    *off = sqrt(difference / norm);
    *error = sqrt(scatter / norm);
}

static rn_status state_matrix(rn_claim *claim, const char *key, const char *quantity,
                              const char *formula, double most, const double *values,
                              const double *theory)
{
    double off = 0.0;
    double error = 0.0;
    compare(rn_claim_n_seeds(claim), values, theory, &off, &error);
    return rni_claim_state(
        claim,
        &(rni_statement){.key = key,
                         .quantity = quantity,
                         .theory = 0.0,
                         .formula = formula,
                         .at_least = -(double)INFINITY,
                         .at_most = most,
                         .tolerance = "a curved landscape about the minimum, and the walk's length",
                         .method = "|mean over seeds - theory|/|theory|, Frobenius; interval: the "
                                   "norm of the mean's standard errors"},
        off, error);
}

static rn_status state_entropy(rn_claim *claim, const rni_net_theory *at, const rni_net_seen *found)
{
    const rn_index n = rn_claim_n_seeds(claim);
    for (int m = 1; m <= RNI_NET_PATHS; m++) {
        char key[32];
        char quantity[96];
        (void)snprintf(key, sizeof key, "entropy_%d", m);
        (void)snprintf(quantity, sizeof quantity, "entropy production, paths of %d steps", m);
        const double theory = m * at->entropy;
        RNI_TRY(rni_claim_state_mean(
            claim,
            &(rni_statement){.key = key,
                             .quantity = quantity,
                             .theory = theory,
                             .formula = "-2 tr(Q^-1 B C) per step",
                             .at_least = 0.95 * theory,
                             .at_most = 1.05 * theory,
                             .tolerance = "5 %: a curved landscape, noise that depends on place",
                             .method = "mean of ln p(path)/p(reversed path); mean over seeds"},
            n, found->sigma + (m - 1) * n));
    }
    return RN_OK;
}

/* (<exp(-sigma)> - 1) over the entropy, the mean of all paths: what the theorem misses. */
static rn_status state_deviation(rn_claim *claim, const rni_net_theory *at,
                                 const rni_net_seen *found)
{
    const rn_index n = rn_claim_n_seeds(claim);
    char key[32];
    char quantity[128];
    double *values = rni_alloc(n, sizeof *values);
    if (!values) return rni_fail(RN_ERR_MEMORY, "equilibrium: no memory");
    for (rn_index i = 0; i < n; i++)
        values[i] =
            (found->weight[(RNI_NET_PATHS - 1) * n + i] - 1.0) / (RNI_NET_PATHS * at->entropy);
    (void)snprintf(key, sizeof key, "deviation_%g", at->rate);
    (void)snprintf(quantity, sizeof quantity,
                   "(<exp(-sigma)> - 1) over the entropy, paths of %d steps, eta = %g",
                   RNI_NET_PATHS, at->rate);
    const rn_status status = rni_claim_state_mean(
        claim,
        &(rni_statement){.key = key,
                         .quantity = quantity,
                         .theory = 0.0,
                         .formula = "integral fluctuation theorem",
                         .at_least = -0.1,
                         .at_most = 0.1,
                         .tolerance = "a tenth: noise that depends on place, of order eta, which a "
                                      "linear theory with one noise matrix does not know",
                         .method = "mean over seeds"},
        n, values);
    rni_free(values);
    return status;
}

static rn_status state_detailed(rn_claim *claim, const rni_net_theory *at, bool is_beside,
                                const rni_net_seen *found)
{
    const double slack = 0.03 + 5.0 * at->rate;
    char key[32];
    char quantity[96];
    (void)snprintf(key, sizeof key, "detailed_%g", at->rate);
    (void)snprintf(quantity, sizeof quantity,
                   "slope of ln P(sigma)/P(-sigma), paths of %d steps, eta = %g", RNI_NET_PATHS,
                   at->rate);
    return rni_claim_state_mean(
        claim,
        &(rni_statement){.key = key,
                         .quantity = quantity,
                         .theory = 1.0,
                         .formula = "detailed fluctuation theorem",
                         .at_least = 1.0 - slack,
                         .at_most = 1.0 + slack,
                         .tolerance = "0.03 + 5 eta: noise that grows away from the minimum "
                                      "flattens it by order eta",
                         .is_beside = is_beside,
                         .method =
                             "weighted line through the origin over 40 bins; mean over seeds"},
        rn_claim_n_seeds(claim), found->slope);
}

/* <exp(-sigma)> in units of its own standard error, that of all walks together. */
static rn_status state_integral(rn_claim *claim, const rni_net_theory *at,
                                const rni_net_seen *found)
{
    const rn_index n = rn_claim_n_seeds(claim);
    for (int m = 1; m <= RNI_NET_PATHS; m++) {
        char key[32];
        char quantity[128];
        double mean = 0.0;
        double square = 0.0;
        for (rn_index i = 0; i < n; i++) {
            mean += (found->weight[(m - 1) * n + i] - 1.0) / (double)n;
            square += pow(found->error[(m - 1) * n + i] / (double)n, 2.0);
        }
        const double error = sqrt(square);
        const double theory = m * at->entropy;
        /* errors that hide the entropy itself would let anything pass */
        const bool is_sharp = theory > 10.0 * error;
        (void)snprintf(key, sizeof key, "integral_%d", m);
        (void)snprintf(quantity, sizeof quantity,
                       "<exp(-sigma)> - 1, paths of %d steps, eta = %g, in standard errors", m,
                       at->rate);
        RNI_TRY(rni_claim_note(claim,
                               "%s: %.3g +- %.2g, where the entropy, %.3g, is %.0f standard errors",
                               quantity, mean, error, theory, theory / error));
        RNI_TRY(rni_claim_state(
            claim,
            &(rni_statement){.key = key,
                             .quantity = quantity,
                             .theory = 0.0,
                             .formula = "integral fluctuation theorem",
                             .at_least = -3.0,
                             .at_most = 3.0,
                             .tolerance = "three standard errors; what the theorem misses at this "
                                          "step, of order eta of the entropy, is below them",
                             .method = "all walks; errors from blocks of each; not told where the "
                                       "entropy is less than ten of them"},
            is_sharp ? mean / error : (double)NAN, 0.0));
    }
    return RN_OK;
}

/* The step at which currents are measured. */
rn_status rni_net_state_currents(rn_claim *claim, const rni_net_theory *at,
                                 const rni_net_seen *found)
{
    RNI_TRY(rni_claim_note(claim,
                           "net: loss %.6f at the minimum, %.3g entropy a step; the flow's formula "
                           "would give the same to order eta H",
                           at->loss, at->entropy));
    RNI_TRY(state_matrix(claim, "net_covariance", "covariance of the net's weights, off by",
                         "B S + S B^T - B S B^T = Q", 0.05, found->covariance, at->s));
    RNI_TRY(state_matrix(claim, "net_circulation", "area swept per step, off by",
                         "C = (B S - S B^T)/2", 0.1, found->circulation, at->c));
    RNI_TRY(state_entropy(claim, at, found));
    RNI_TRY(state_deviation(claim, at, found));
    return state_detailed(claim, at, true, found);
}

/* The smaller step at which the theorems are. */
rn_status rni_net_state_theorems(rn_claim *claim, const rni_net_theory *at,
                                 const rni_net_seen *found)
{
    RNI_TRY(state_integral(claim, at, found));
    RNI_TRY(state_deviation(claim, at, found));
    return state_detailed(claim, at, false, found);
}
