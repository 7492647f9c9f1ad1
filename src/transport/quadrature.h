/*
 * Integrals of functions of one variable, adaptively.
 */
#ifndef RNI_TRANSPORT_QUADRATURE_H
#define RNI_TRANSPORT_QUADRATURE_H

#include <renorm/status.h>

/** f(x); anything but RN_OK ends the integration. */
typedef rn_status (*rni_integrand_fn)(void *user, double x, double *value);

/** An integral and what is known of its error. */
typedef struct rni_integral {
    double value;
    double size;  /**< integral of |f| */
    double error; /**< estimate, >= 0 */
} rni_integral;

/**
 * Adds the integral of f from `from` to `to` (finite, from <= to) to *sum: Gauss-Kronrod 7/15,
 * halving intervals whose error estimate exceeds `tolerance` times the larger of `scale` and the
 * integral of |f| so far, left to right, at most 60 times. What halving cannot reach stands in
 * sum->error. No memory.
 * @return RN_OK, or what f returned
 */
RN_NODISCARD rn_status rni_integrate(rni_integrand_fn f, void *user, double from, double to,
                                     double scale, double tolerance, rni_integral *sum);

#endif
