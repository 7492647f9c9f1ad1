/*
 * Linear regression whose Hessian and gradient noise are known: N samples, d features,
 *
 *     H = X^T X/N = diag(rho_1 .. rho_d),   targets e_i = +-sigma with X^T e = 0,
 *
 * so the minimum is 0 and (1/N) sum g_i g_i^T = sigma^2 H exactly there. With batches of B drawn
 * with replacement the gradient is H theta + xi; away from the minimum its noise also contains the
 * scatter of the batch's own Hessian,
 *
 *     cov xi = (1/B) [sigma^2 H + <x x^T S x x^T> - H S H],   S = <theta theta^T>,
 *
 * the mean over samples. Batches of different steps are independent, so the second moments of
 * descent with momentum obey a closed linear equation: the exact moments of a run at any step size.
 */
#ifndef RNI_SYSTEMS_NOISY_REGRESSION_H
#define RNI_SYSTEMS_NOISY_REGRESSION_H

#include <renorm/status.h>

typedef struct rni_noisy_regression {
    rn_index n_samples, n_features;
    double sigma;
    double *rho; /**< [d] owner of all */
    double *x;   /**< [N x d] */
    double *e;   /**< [N] */
} rni_noisy_regression;

/**
 * @param n_features  d < N; rho_i = i^-a
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_noisy_regression_make(rn_index n_samples, rn_index n_features, double a,
                                                 double sigma, uint64_t seed,
                                                 rni_noisy_regression *out);
void rni_noisy_regression_clear(rni_noisy_regression *r);

/**
 * Stationary second moments s [2d x 2d] of (theta, v) under heavy ball with batches of B drawn with
 * replacement. Cost: some ten Lyapunov equations of 2d rows.
 * @return RN_OK; RN_NOT_CONVERGED (the batch's own scatter is too large: it need not have
 *         stationary moments); RN_ERR_DOMAIN; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_noisy_regression_moments(const rni_noisy_regression *r, rn_index batch,
                                                    double eta, double beta, double *s);

#endif
