/*
 * Stationary covariances, by Schur form and a triangular Lyapunov equation (Bartels and Stewart
 * 1972), corrected once with the residual of the equation as it was given. A step's equation
 *
 *   B S + S B^T - B S B^T = Q     becomes     A S + S A^T = P Q P^T,
 *
 * P = (1 - B/2)^-1, A = B P = P B: multiply by P from the left and P^T from the right and use
 * P - P B/2 = 1. Nothing cancels for small B, and P is singular only at the edge of stability.
 */
#include <math.h>
#include <renorm/linear_gaussian.h>
#include <string.h>

#include "backends/lapack.h"
#include "core/memory.h"
#include "core/status.h"
#include "gaussian/dense.h"

static const double trusted_residual = 1e-8;

/* An equation: drift A or B with its noise term 2D or Q. */
typedef struct equation {
    const char *caller;
    rn_index n;
    const double *drift;
    const double *noise;
    double noise_factor; /* 2 for D, 1 for Q */
    int is_step;
} equation;

/* Its Schur form, and space. */
typedef struct solver {
    double *block;
    double *a;    /* A, then R */
    double *v;    /* Schur vectors */
    double *p;    /* P, steps only */
    double *work; /* three matrices for whoever needs them */
    double *rest; /* residual, then correction */
    double *s;    /* the solution */
    double *real; /* eigenvalues of A */
    double *imaginary;
} solver;

/* out := noise - (drift S + S drift^T - drift S drift^T), exactly symmetric. */
static void residual(const equation *e, const double *s, double *work, double *out)
{
    const rn_index n = e->n;
    rni_dense_product(n, 1.0, e->drift, s, 0, 0.0, work);
    for (rn_index i = 0; i < n; i++)
        for (rn_index j = 0; j < n; j++)
            out[i * n + j] =
                e->noise_factor * e->noise[i * n + j] - (work[i * n + j] + work[j * n + i]);
    if (e->is_step) rni_dense_product(n, 1.0, work, e->drift, 1, 1.0, out);
    rni_dense_symmetrise(n, out);
}

/* x := solution for the right-hand side in x. */
static rn_status solve(const equation *e, const solver *to, double *x)
{
    const rn_index n = e->n;
    if (e->is_step) rni_dense_congruence(n, 1, to->p, x, to->work, x);
    rni_dense_congruence(n, 1, to->v, x, to->work, x);
    RNI_TRY(rni_lapack_lyapunov(n, to->a, x));
    rni_dense_congruence(n, 0, to->v, x, to->work, x);
    rni_dense_symmetrise(n, x);
    return RN_OK;
}

/* a := A of the equation; for steps P too. */
static rn_status set_drift(const equation *e, const solver *to)
{
    const rn_index n = e->n;
    memcpy(to->a, e->drift, (size_t)(n * n) * sizeof *to->a);
    if (!e->is_step) return RN_OK;
    for (rn_index i = 0; i < n * n; i++) {
        to->work[i] = (i % (n + 1) == 0 ? 1.0 : 0.0) - 0.5 * e->drift[i];
        to->p[i] = i % (n + 1) == 0 ? 1.0 : 0.0;
    }
    const rn_status status = rni_lapack_divide_rows(n, to->work, n, to->p);
    if (status == RN_ERR_DOMAIN)
        return rni_fail(status, "%s: 1 - B has the eigenvalue -1: nothing is stationary",
                        e->caller);
    if (status < 0) return status;
    rni_dense_product(n, 1.0, e->drift, to->p, 0, 0.0, to->a);
    return RN_OK;
}

/* The least decay rate; an error if one is not positive. An eigenvalue m of A = B (1 - B/2)^-1 is
   one of 1 - B through g = (1 - m/2)/(1 + m/2), so 1 - |g|^2 = 2 Re m/|1 + m/2|^2. */
static rn_status slowest_of(const equation *e, const solver *to, double *slowest)
{
    double least = (double)INFINITY;
    rn_index at = 0;
    for (rn_index i = 0; i < e->n; i++) {
        double rate = to->real[i];
        if (e->is_step) {
            const double one = 1.0 + 0.5 * to->real[i];
            const double other = 0.5 * to->imaginary[i];
            rate = -0.5 * log1p(-fmin(2.0 * rate / (one * one + other * other), 1.0));
        }
        if (rate < least) {
            least = rate;
            at = i;
        }
    }
    *slowest = least;
    if (least > 0.0) return RN_OK;
    return rni_fail(RN_ERR_DOMAIN,
                    e->is_step ? "%s: 1 - B has an eigenvalue of modulus 1 or more (that of its "
                                 "flow is %g + %gi): nothing is stationary"
                               : "%s: A has the eigenvalue %g + %gi, expected positive real parts: "
                                 "nothing is stationary",
                    e->caller, to->real[at], to->imaginary[at]);
}

static rn_status run(const equation *e, const solver *to, rn_gaussian_report *report)
{
    const rn_index n = e->n;
    RNI_TRY(set_drift(e, to));
    RNI_TRY(rni_lapack_schur(n, to->a, to->v, to->real, to->imaginary));
    RNI_TRY(slowest_of(e, to, &report->slowest));
    memset(to->s, 0, (size_t)(n * n) * sizeof *to->s);
    for (int pass = 0; pass < 2; pass++) {
        residual(e, to->s, to->work, to->rest);
        RNI_TRY(solve(e, to, to->rest));
        for (rn_index i = 0; i < n * n; i++)
            to->s[i] += to->rest[i];
    }
    residual(e, to->s, to->work, to->rest);
    const double scale = e->noise_factor * rni_dense_norm(n, e->noise);
    const double rest = rni_dense_norm(n, to->rest);
    report->residual = scale > 0.0 ? rest / scale : rest;
    return RN_OK;
}

static rn_status covariance(const equation *e, double *s, rn_gaussian_report *report)
{
    const rn_index n = e->n;
    const double *const inputs[] = {e->drift, e->noise};
    void *const outputs[] = {s};
    RNI_TRY(rni_dense_check(e->caller, n, RN_GAUSSIAN_MAX_N, 2, inputs, 1, outputs));
    solver to = {.block = rni_dense_alloc(e->caller, n, 6)};
    to.real = rni_alloc(2 * n, sizeof *to.real);
    if (!to.block || !to.real) {
        rni_free(to.block);
        rni_free(to.real);
        return rni_fail(RN_ERR_MEMORY, "%s: no memory for %" PRId64 " dimensions", e->caller, n);
    }
    to.imaginary = to.real + n;
    double **const parts[] = {&to.a, &to.v, &to.p, &to.work, &to.rest, &to.s};
    for (rn_index k = 0; k < 6; k++)
        *parts[k] = to.block + k * n * n;
    rn_gaussian_report found = {0};
    rn_status status = run(e, &to, &found);
    if (status == RN_OK) {
        memcpy(s, to.s, (size_t)(n * n) * sizeof *s);
        if (report) *report = found;
        if (!(found.residual <= trusted_residual))
            status = rni_fail(RN_NOT_CONVERGED,
                              "%s: the equation is met to %g only; its slowest mode decays at %g",
                              e->caller, found.residual, found.slowest);
    }
    rni_free(to.real);
    rni_free(to.block);
    return status;
}

rn_status rn_gaussian_flow_covariance(rn_index n, const double *a, const double *d, double *s,
                                      rn_gaussian_report *report)
{
    const equation e = {.caller = "rn_gaussian_flow_covariance",
                        .n = n,
                        .drift = a,
                        .noise = d,
                        .noise_factor = 2.0};
    return covariance(&e, s, report);
}

rn_status rn_gaussian_step_covariance(rn_index n, const double *b, const double *q, double *s,
                                      rn_gaussian_report *report)
{
    const equation e = {.caller = "rn_gaussian_step_covariance",
                        .n = n,
                        .drift = b,
                        .noise = q,
                        .noise_factor = 1.0,
                        .is_step = 1};
    return covariance(&e, s, report);
}
