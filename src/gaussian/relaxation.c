/*
 * How stationary linear dynamics forgets. Everything is carried as K = 1 - G^k rather than as the
 * power itself: K_{a+b} = K_a + K_b - K_a K_b keeps small changes to full relative accuracy.
 */
#include <math.h>
#include <renorm/linear_gaussian.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "gaussian/dense.h"

enum { SERIES_TERMS = 18 }; /* |A h| <= 1/2: the next term is 2^-19/19! = 2e-23 */

/* out := x + y - x y; out is neither. */
static void combine(rn_index n, const double *x, const double *y, double *out)
{
    for (rn_index i = 0; i < n * n; i++)
        out[i] = x[i] + y[i];
    rni_dense_product(n, -1.0, x, y, 0, 1.0, out);
}

static rn_status finish(const char *caller, rn_index n, const double *from, double *k)
{
    const double *const found[] = {from};
    const rn_status status = rni_dense_check(caller, n, RN_GAUSSIAN_MAX_N, 1, found, 0, NULL);
    if (status < 0) return rni_fail_within(status, "the relaxation grows without bound");
    memcpy(k, from, (size_t)(n * n) * sizeof *k);
    return RN_OK;
}

rn_status rn_gaussian_flow_relaxation(rn_index n, const double *a, double t, double *k)
{
    const char *const caller = "rn_gaussian_flow_relaxation";
    const double *const inputs[] = {a};
    void *const outputs[] = {k};
    RNI_TRY(rni_dense_check(caller, n, RN_GAUSSIAN_MAX_N, 1, inputs, 1, outputs));
    if (!(t >= 0.0) || !isfinite(t))
        return rni_fail(RN_ERR_ARGUMENT, "%s: found t = %g, expected a finite time >= 0", caller,
                        t);
    const double size = rni_dense_norm(n, a) * t;
    if (!isfinite(size))
        return rni_fail(RN_ERR_NONFINITE, "%s: A t leaves the range of doubles", caller);
    int n_doublings = 0;
    if (size > 0.5) (void)frexp(2.0 * size, &n_doublings);
    double *const work = rni_dense_alloc(caller, n, 2);
    if (!work) return RN_ERR_MEMORY;
    double *at = work;
    double *next = work + n * n;
    /* 1 - exp(-X) = X (1 - X/2 (1 - X/3 (..))) by Horner's rule, X = A t 2^-m */
    const double h = ldexp(t, -n_doublings);
    memset(at, 0, (size_t)(n * n) * sizeof *at);
    for (int term = SERIES_TERMS; term >= 1; term--) {
        for (rn_index i = 0; i < n * n; i++)
            next[i] = h / term * a[i];
        rni_dense_product(n, -h / term, a, at, 0, 1.0, next);
        double *const swap = at;
        at = next;
        next = swap;
    }
    for (int i = 0; i < n_doublings; i++) {
        combine(n, at, at, next);
        double *const swap = at;
        at = next;
        next = swap;
    }
    const rn_status status = finish(caller, n, at, k);
    rni_free(work);
    return status;
}

rn_status rn_gaussian_step_relaxation(rn_index n, const double *b, rn_index n_steps, double *k)
{
    const char *const caller = "rn_gaussian_step_relaxation";
    const double *const inputs[] = {b};
    void *const outputs[] = {k};
    RNI_TRY(rni_dense_check(caller, n, RN_GAUSSIAN_MAX_N, 1, inputs, 1, outputs));
    if (n_steps < 0)
        return rni_fail(RN_ERR_ARGUMENT, "%s: found %" PRId64 " steps, expected 0 or more", caller,
                        n_steps);
    double *const work = rni_dense_alloc(caller, n, 3);
    if (!work) return RN_ERR_MEMORY;
    double *done = work; /* K of the steps counted so far */
    double *power = work + n * n;
    double *next = work + 2 * n * n;
    memset(done, 0, (size_t)(n * n) * sizeof *done);
    memcpy(power, b, (size_t)(n * n) * sizeof *power);
    for (rn_index left = n_steps; left > 0; left /= 2) {
        if (left % 2 == 1) {
            combine(n, done, power, next);
            double *const swap = done;
            done = next;
            next = swap;
        }
        if (left == 1) break;
        combine(n, power, power, next);
        double *const swap = power;
        power = next;
        next = swap;
    }
    const rn_status status = finish(caller, n, done, k);
    rni_free(work);
    return status;
}

rn_status rn_gaussian_autocovariance(rn_index n, const double *k, const double *s, double *out)
{
    const char *const caller = "rn_gaussian_autocovariance";
    const double *const inputs[] = {k, s};
    void *const outputs[] = {out};
    RNI_TRY(rni_dense_check(caller, n, RN_GAUSSIAN_MAX_N, 2, inputs, 1, outputs));
    memcpy(out, s, (size_t)(n * n) * sizeof *out);
    rni_dense_product(n, -1.0, k, s, 0, 1.0, out);
    return RN_OK;
}

rn_status rn_gaussian_displacement(rn_index n, rn_index n_kept, const double *k, const double *s,
                                   double *displacement)
{
    const char *const caller = "rn_gaussian_displacement";
    const double *const inputs[] = {k, s};
    void *const outputs[] = {displacement};
    RNI_TRY(rni_dense_check(caller, n, RN_GAUSSIAN_MAX_N, 2, inputs, 1, outputs));
    if (n_kept < 1 || n_kept > n)
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: found %" PRId64 " coordinates to keep, expected 1 .. %" PRId64, caller,
                        n_kept, n);
    double trace = 0.0;
    for (rn_index i = 0; i < n_kept; i++)
        for (rn_index j = 0; j < n; j++)
            trace += k[i * n + j] * s[j * n + i];
    *displacement = 2.0 * trace;
    return RN_OK;
}

rn_status rn_gaussian_exact_step(rn_index n, const double *a, const double *s, double tau,
                                 double *b, double *q)
{
    const char *const caller = "rn_gaussian_exact_step";
    const double *const inputs[] = {s};
    void *const outputs[] = {b, q};
    RNI_TRY(rni_dense_check(caller, n, RN_GAUSSIAN_MAX_N, 1, inputs, 2, outputs));
    if (!(tau > 0.0))
        return rni_fail(RN_ERR_ARGUMENT, "%s: found tau = %g, expected a time > 0", caller, tau);
    double *const work = rni_dense_alloc(caller, n, 2);
    if (!work) return RN_ERR_MEMORY;
    double *const drift = work;
    double *const product = work + n * n;
    const rn_status status = rn_gaussian_flow_relaxation(n, a, tau, drift);
    if (status == RN_OK) {
        rni_dense_product(n, 1.0, drift, s, 0, 0.0, product);
        for (rn_index i = 0; i < n; i++)
            for (rn_index j = 0; j < n; j++)
                q[i * n + j] = product[i * n + j] + product[j * n + i];
        rni_dense_product(n, -1.0, product, drift, 1, 1.0, q);
        rni_dense_symmetrise(n, q);
        memcpy(b, drift, (size_t)(n * n) * sizeof *b);
    }
    rni_free(work);
    return status;
}

rn_status rn_gaussian_heavy_ball(rn_index n, const double *hessian, const double *noise, double eta,
                                 double beta, double decay, double *b, double *q)
{
    const char *const caller = "rn_gaussian_heavy_ball";
    const double *const inputs[] = {hessian, noise};
    void *const outputs[] = {b, q};
    RNI_TRY(rni_dense_check(caller, n, RN_GAUSSIAN_MAX_N / 2, 2, inputs, 2, outputs));
    if (!(eta > 0.0) || !isfinite(eta) || !(beta >= 0.0 && beta < 1.0) || !(decay >= 0.0)
        || !isfinite(decay))
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: found eta = %g, beta = %g, decay = %g; expected eta > 0, beta in "
                        "[0, 1), decay >= 0",
                        caller, eta, beta, decay);
    const rn_index wide = 2 * n;
    for (rn_index i = 0; i < n; i++)
        for (rn_index j = 0; j < n; j++) {
            const double one = i == j ? 1.0 : 0.0;
            const double pull = hessian[i * n + j] + decay * one;
            const double xi = noise[i * n + j];
            b[i * wide + j] = eta * pull;
            b[i * wide + n + j] = eta * beta * one;
            b[(n + i) * wide + j] = -pull;
            b[(n + i) * wide + n + j] = (1.0 - beta) * one;
            q[i * wide + j] = eta * eta * xi;
            q[i * wide + n + j] = -eta * xi;
            q[(n + i) * wide + j] = -eta * xi;
            q[(n + i) * wide + n + j] = xi;
        }
    return RN_OK;
}
