/*
 * One weight and N targets, loss (1/N) sum (w - b_i)^2/2, one sample a step: where replacement
 * changes the stationary variance by orders of magnitude, and every number is exact. With
 * a = 1 - eta, s^2 = sum (b_i - mean)^2/(N - 1), at the ends of epochs of N steps:
 *
 *   with replacement   eta^2 s^2 (N-1)/N / (1 - a^2)                           ~ eta
 *   reshuffled         eta^2 s^2 sum_k (a_k - mean a)^2/(1 - a^(2N)), a_k = a^(N-1-k),   ~ eta^3
 *   Langevin noise     2 eta T/(1 - a^2), on top of either
 */
#ifndef RNI_SYSTEMS_ONE_WEIGHT_H
#define RNI_SYSTEMS_ONE_WEIGHT_H

#include <renorm/observer.h>
#include <renorm/status.h>

enum { RNI_ONE_WEIGHT_MAX = 64 };

typedef struct rni_one_weight {
    rn_index n;
    double ones[RNI_ONE_WEIGHT_MAX]; /**< inputs */
    double targets[RNI_ONE_WEIGHT_MAX];
    double mean, s2;
} rni_one_weight;

/** n = 2 .. RNI_ONE_WEIGHT_MAX targets from N(0, 1). */
void rni_one_weight_make(rn_index n, uint64_t seed, rni_one_weight *out);

/** The formulas above; `sampler` is "with_replacement" or "reshuffled". */
double rni_one_weight_exact(const rni_one_weight *w, const char *sampler, double eta);
double rni_one_weight_langevin(double eta, double temperature);

/**
 * Walks n_epochs from a stationary draw.
 * @param observer       asked whether to stop; NULL: goes on to the end
 * @param[out] variance  mean of (w - mean b)^2 at the ends of epochs
 * @param[out] excess    NULL, or that less the same of a walk on all samples with the same Langevin
 *                       noise: what minibatches add; temperature > 0 then
 * @return RN_OK; RN_INTERRUPTED: nothing was written; as rn_trainer_advance
 */
RN_NODISCARD rn_status rni_one_weight_walk(const rni_one_weight *w, const char *sampler, double eta,
                                           double temperature, rn_index n_epochs, uint64_t seed,
                                           const rn_observer *observer, double *variance,
                                           double *excess);

#endif
