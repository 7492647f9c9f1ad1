#include "systems/noisy_regression.h"

#include <math.h>
#include <renorm/linear_gaussian.h>
#include <string.h>

#include "backends/blas.h"
#include "core/memory.h"
#include "core/rng.h"
#include "core/status.h"

/* Columns of x to +-sigma e and to each other, twice for rounding; then lengths sqrt(N rho). */
static void orthogonalise(const rni_noisy_regression *r, double *columns)
{
    const rn_index n = r->n_samples;
    const double e_square = rni_dot(n, r->e, r->e);
    for (rn_index j = 0; j < r->n_features; j++) {
        double *const column = columns + j * n;
        for (int pass = 0; pass < 2; pass++) {
            rni_axpy(n, -rni_dot(n, r->e, column) / e_square, r->e, column);
            for (rn_index k = 0; k < j; k++) {
                const double *const other = columns + k * n;
                const double part = rni_dot(n, other, column) / ((double)n * r->rho[k]);
                rni_axpy(n, -part, other, column);
            }
        }
        const double scale = sqrt((double)n * r->rho[j]) / rni_nrm2(n, column);
        for (rn_index i = 0; i < n; i++) {
            column[i] *= scale;
            r->x[i * r->n_features + j] = column[i];
        }
    }
}

rn_status rni_noisy_regression_make(rn_index n_samples, rn_index n_features, double a, double sigma,
                                    uint64_t seed, rni_noisy_regression *out)
{
    if (n_features < 1 || n_samples <= n_features || !(sigma > 0.0))
        return rni_fail(RN_ERR_ARGUMENT,
                        "noisy regression: found %" PRId64 " samples, %" PRId64
                        " features, sigma %g; expected more samples than features, sigma > 0",
                        n_samples, n_features, sigma);
    const rn_index size = n_samples * n_features;
    double *const block = rni_alloc(size + n_samples + n_features, sizeof *block);
    double *const columns = rni_alloc(size, sizeof *columns);
    if (!block || !columns) {
        rni_free(block);
        rni_free(columns);
        return rni_fail(RN_ERR_MEMORY, "noisy regression: no memory");
    }
    rni_noisy_regression r = {.n_samples = n_samples,
                              .n_features = n_features,
                              .sigma = sigma,
                              .rho = block,
                              .x = block + n_features,
                              .e = block + n_features + size};
    const rni_stream draws = {.seed = seed, .purpose = RNI_RNG_DATA};
    const rni_stream signs = {.seed = seed, .purpose = RNI_RNG_LABEL_NOISE};
    rni_rng_fill_normal(draws, 0, size, columns);
    for (rn_index i = 0; i < n_samples; i++)
        r.e[i] = rni_rng_uniform(signs, (uint64_t)i) < 0.5 ? -sigma : sigma;
    for (rn_index j = 0; j < n_features; j++)
        r.rho[j] = pow((double)(j + 1), -a);
    orthogonalise(&r, columns);
    rni_free(columns);
    *out = r;
    return RN_OK;
}

void rni_noisy_regression_clear(rni_noisy_regression *r)
{
    rni_free(r->rho);
    *r = (rni_noisy_regression){0};
}

/* noise [d x d] := cov xi for S = <theta theta^T>, the leading block of s [2d x 2d]. */
static void noise_of(const rni_noisy_regression *r, rn_index batch, const double *s, double *noise)
{
    const rn_index d = r->n_features;
    const double share = 1.0 / ((double)r->n_samples * (double)batch);
    for (rn_index i = 0; i < d; i++)
        for (rn_index j = 0; j < d; j++)
            noise[i * d + j] = ((i == j ? r->sigma * r->sigma * r->rho[i] : 0.0)
                                - r->rho[i] * s[i * 2 * d + j] * r->rho[j])
                               / (double)batch;
    for (rn_index k = 0; k < r->n_samples; k++) {
        const double *const x = r->x + k * d;
        double form = 0.0;
        for (rn_index i = 0; i < d; i++)
            form += x[i] * rni_dot(d, s + i * 2 * d, x);
        for (rn_index i = 0; i < d; i++)
            rni_axpy(d, share * form * x[i], x, noise + i * d);
    }
}

rn_status rni_noisy_regression_moments(const rni_noisy_regression *r, rn_index batch, double eta,
                                       double beta, double *s)
{
    enum { MOST_ROUNDS = 200 };
    const rn_index d = r->n_features;
    const rn_index wide = 4 * d * d;
    double *const block = rni_alloc_zero(2 * d * d + 4 * wide, sizeof *block);
    if (!block) return rni_fail(RN_ERR_MEMORY, "noisy regression: no memory for moments");
    double *const hessian = block;
    double *const noise = hessian + d * d;
    double *const b = noise + d * d;
    double *const q = b + wide;
    double *const now = q + wide; /* zero at first: the additive noise alone */
    double *const next = now + wide;
    for (rn_index i = 0; i < d; i++)
        hessian[i * d + i] = r->rho[i];
    rn_status status = RN_OK;
    double change = 1.0;
    for (int round = 0; round < MOST_ROUNDS && status == RN_OK && change > 1e-13; round++) {
        double most = 0.0;
        change = 0.0;
        noise_of(r, batch, now, noise);
        status = rn_gaussian_heavy_ball(d, hessian, noise, eta, beta, 0.0, b, q);
        if (status == RN_OK) status = rn_gaussian_step_covariance(2 * d, b, q, next, NULL);
        for (rn_index i = 0; i < wide && status == RN_OK; i++) {
            most = fmax(most, fabs(next[i]));
            change = fmax(change, fabs(next[i] - now[i]));
        }
        change /= most;
        memcpy(now, next, (size_t)wide * sizeof *now);
    }
    if (status == RN_OK) memcpy(s, now, (size_t)wide * sizeof *s);
    if (status == RN_OK && change > 1e-13)
        status = rni_fail(RN_NOT_CONVERGED,
                          "noisy regression: second moments still change by %g after %d rounds: "
                          "take smaller steps or larger batches",
                          change, MOST_ROUNDS);
    rni_free(block);
    return status;
}
