#include "systems/kato_modes.h"

#include <math.h>
#include <string.h>

#include "backends/blas.h"
#include "backends/sundials.h"
#include "core/memory.h"
#include "core/rng.h"
#include "core/status.h"

enum { N_TIMES = 20 };

static const double ln2 = 0.69314718055994530942;

/* ---- the moving kernel ----------------------------------------------------------------------- */

/* Everything of [n x n] or [n], in one block. */
typedef struct kernel {
    rn_index n;
    bool is_diagonal; /* the mutation: W = 0 */
    double origin;    /* time at which an integration began */
    double *rows;     /* Q^T: eigenvectors at t = 0 */
    double *lambda;   /* [n] at t = 0, ascending */
    double *fall;     /* [n] rates at which they fall */
    double *turn;     /* [n/2] rates of rotation */
    double *work[4];  /* [n x n] */
    double *vector;   /* [n] */
    double *block;
} kernel;

static rn_status make_kernel(rn_index n, uint64_t seed, bool is_diagonal, kernel *k)
{
    *k = (kernel){.n = n, .is_diagonal = is_diagonal};
    k->block = rni_alloc_zero(5 * n * n + 4 * n, sizeof *k->block);
    if (!k->block) return rni_fail(RN_ERR_MEMORY, "rni_kato_modes: no memory");
    double *next = k->block;
    k->rows = next;
    for (int i = 0; i < 4; i++)
        k->work[i] = next += n * n;
    k->lambda = next += n * n;
    k->fall = next += n;
    k->turn = next += n;
    k->vector = next + n;
    const rni_stream stream = {.seed = seed, .purpose = RNI_RNG_DATA};
    rni_rng_fill_normal(stream, 0, n * n, k->rows);
    for (rn_index u = 0; u < n; u++) { /* Gram-Schmidt, twice */
        double *row = k->rows + u * n;
        for (int pass = 0; pass < 2; pass++)
            for (rn_index v = 0; v < u; v++)
                rni_axpy(n, -rni_dot(n, row, k->rows + v * n), k->rows + v * n, row);
        const double norm = rni_nrm2(n, row);
        for (rn_index i = 0; i < n; i++)
            row[i] /= norm;
        k->lambda[u] = exp(-7.0 * ln2 * (1.0 - ((double)u + 0.5) / (double)n));
        k->fall[u] = 0.05 * (1.0 - (double)u / (double)n); /* gaps grow: no crossing */
    }
    for (rn_index p = 0; p < n / 2; p++)
        k->turn[p] = 0.02 * (double)(p % 5 - 2);
    return RN_OK;
}

/* y := R(t) x, or R(t)^T x with -t, stride 1 or n. */
static void rotate(const kernel *k, double t, double *x, rn_index stride)
{
    for (rn_index p = 0; p < k->n / 2; p++) {
        const double c = cos(k->turn[p] * t);
        const double s = sin(k->turn[p] * t);
        double *a = x + 2 * p * stride;
        double *b = a + stride;
        const double old = *a;
        *a = c * old - s * *b;
        *b = s * old + c * *b;
    }
}

static double lambda_at(const kernel *k, rn_index u, double t)
{
    return k->lambda[u] * exp(-k->fall[u] * t);
}

/* out := -M(t) e */
static rn_status decay(void *user, double t, const double *e, double *out)
{
    kernel *k = user;
    const rn_index n = k->n;
    t += k->origin;
    memcpy(k->vector, e, (size_t)n * sizeof *e);
    rotate(k, -t, k->vector, 1);
    RNI_TRY(rni_gemv(false, n, n, 1.0, k->rows, n, k->vector, 0.0, out));
    for (rn_index u = 0; u < n; u++)
        k->vector[u] = -lambda_at(k, u, t) * out[u];
    RNI_TRY(rni_gemv(true, n, n, 1.0, k->rows, n, k->vector, 0.0, out));
    rotate(k, t, out, 1);
    return RN_OK;
}

/* out := R Q diag(d) Q^T R^T */
static rn_status compose(kernel *k, double t, const double *d, double *out)
{
    const rn_index n = k->n;
    for (rn_index u = 0; u < n; u++)
        for (rn_index i = 0; i < n; i++)
            k->work[3][u * n + i] = d[u] * k->rows[u * n + i];
    RNI_TRY(rni_gemm(true, false, n, n, n, 1.0, k->rows, n, k->work[3], n, 0.0, out, n));
    for (rn_index i = 0; i < n; i++)
        rotate(k, t, out + i * n, 1); /* rows: out R^T */
    for (rn_index j = 0; j < n; j++)
        rotate(k, t, out + j, n); /* columns: R out */
    return RN_OK;
}

/* work[1] := M'(t) = A M - M A + R Q L' Q^T R^T with A = R' R^T */
static rn_status make_tangent(kernel *k, double t)
{
    const rn_index n = k->n;
    double *m = k->work[0];
    double *out = k->work[1];
    for (rn_index u = 0; u < n; u++)
        k->vector[u] = -k->fall[u] * lambda_at(k, u, t);
    RNI_TRY(compose(k, t, k->vector, out));
    for (rn_index u = 0; u < n; u++)
        k->vector[u] = lambda_at(k, u, t);
    RNI_TRY(compose(k, t, k->vector, m));
    for (rn_index p = 0; p < n / 2; p++) {
        const double rate = k->turn[p];
        for (rn_index j = 0; j < n; j++) {
            out[2 * p * n + j] -= rate * m[(2 * p + 1) * n + j];
            out[(2 * p + 1) * n + j] += rate * m[2 * p * n + j];
            out[j * n + 2 * p] -= rate * m[j * n + 2 * p + 1];
            out[j * n + 2 * p + 1] += rate * m[j * n + 2 * p];
        }
    }
    return RN_OK;
}

/* work[2] := Mt of eigenvectors in rows */
static rn_status project_tangent(kernel *k, double t, const double *phi)
{
    const rn_index n = k->n;
    RNI_TRY(make_tangent(k, t));
    RNI_TRY(rni_gemm(false, false, n, n, n, 1.0, phi, n, k->work[1], n, 0.0, k->work[3], n));
    return rni_gemm(false, true, n, n, n, 1.0, k->work[3], n, phi, n, 0.0, k->work[2], n);
}

/* State: phi [n x n] in rows, lambda [n], g [n]. */
static rn_status move_modes(void *user, double t, const double *y, double *dydt)
{
    kernel *k = user;
    const rn_index n = k->n;
    const double *lambda = y + n * n;
    const double *g = lambda + n;
    RNI_TRY(project_tangent(k, k->origin + t, y));
    double *w = k->work[2];
    for (rn_index u = 0; u < n; u++) {
        dydt[n * n + u] = w[u * n + u];
        w[u * n + u] = 0.0;
        for (rn_index v = 0; v < n; v++)
            if (v != u) w[u * n + v] *= k->is_diagonal ? 0.0 : 1.0 / (lambda[u] - lambda[v]);
        dydt[n * n + n + u] = -lambda[u] * g[u] + rni_dot(n, w + u * n, g);
    }
    return rni_gemm(false, false, n, n, n, 1.0, w, n, y, n, 0.0, dydt, n);
}

/* ---- what it shows ------------------------------------------------------------------- */

static int shell_of(double lambda)
{
    return (int)floor(log(lambda) / ln2);
}

/* Sum of W_uv g_u g_v over u, v in one shell, against the magnitudes of all pairs. */
static rn_status check_shells(kernel *k, double t, const double *y, rni_kato_modes *out)
{
    const rn_index n = k->n;
    const double *lambda = y + n * n;
    const double *g = lambda + n;
    double sums[64] = {0.0}; /* by shell, modulo 64: eigenvalues span less */
    double magnitude = 0.0;
    RNI_TRY(project_tangent(k, t, y));
    for (rn_index u = 0; u < n; u++)
        for (rn_index v = 0; v < n; v++) {
            if (u == v) continue;
            const double part = k->work[2][u * n + v] / (lambda[u] - lambda[v]) * g[u] * g[v];
            magnitude += fabs(part);
            if (shell_of(lambda[u]) == shell_of(lambda[v])) sums[shell_of(lambda[u]) & 63] += part;
        }
    for (int shell = 0; shell < 64 && magnitude > 0.0; shell++)
        out->inside = fmax(out->inside, fabs(sums[shell]) / magnitude);
    return RN_OK;
}

static void compare(kernel *k, double t, const double *e, const double *y, double norm,
                    rni_kato_modes *out)
{
    const rn_index n = k->n;
    const double *g = y + n * n + n;
    memcpy(k->vector, e, (size_t)n * sizeof *e);
    rotate(k, -t, k->vector, 1);
    for (rn_index u = 0; u < n; u++) {
        const double exact = rni_dot(n, k->rows + u * n, k->vector);
        out->mismatch = fmax(out->mismatch, fabs(g[u] - exact) / norm);
        for (rn_index v = 0; v <= u; v++)
            out->skewness =
                fmax(out->skewness, fabs(rni_dot(n, y + u * n, y + v * n) - (u == v ? 1.0 : 0.0)));
    }
}

/* Energy that modes have beyond what decay alone would leave them. */
static double share_turned(const kernel *k, double t, const double *g, const double *start)
{
    double moved = 0.0;
    double whole = 0.0;
    for (rn_index u = 0; u < k->n; u++) {
        const double integral = k->lambda[u] * -expm1(-k->fall[u] * t) / k->fall[u];
        const double alone = start[u] * start[u] * exp(-2.0 * integral);
        moved += fabs(g[u] * g[u] - alone);
        whole += g[u] * g[u];
    }
    return moved / whole;
}

/* Follows error and modes from t = 0 to `end` and compares them on the way; e [n], y [n n + 2 n]
   and start [n] are work space. */
static rn_status follow(kernel *k, double end, double *e, double *y, double *start,
                        rni_kato_modes *out)
{
    const rn_index n = k->n;
    const rni_ode direct = {
        .n = n, .rhs = decay, .user = k, .rtol = 1e-13, .atol = 1e-14, .order = 8};
    const rni_ode modes = {
        .n = n * n + 2 * n, .rhs = move_modes, .user = k, .rtol = 1e-12, .atol = 1e-13, .order = 8};
    memcpy(y, k->rows, (size_t)(n * n) * sizeof *y);
    memcpy(y + n * n, k->lambda, (size_t)n * sizeof *y);
    RNI_TRY(rni_gemv(false, n, n, 1.0, k->rows, n, e, 0.0, start));
    memcpy(y + n * n + n, start, (size_t)n * sizeof *y);
    const double norm = rni_nrm2(n, e);
    for (int i = 0; i < N_TIMES; i++) {
        k->origin = end * i / N_TIMES;
        RNI_TRY(rni_ode_integrate(&direct, end / N_TIMES, 0.0, e, NULL));
        RNI_TRY(rni_ode_integrate(&modes, end / N_TIMES, 0.0, y, NULL));
        const double t = end * (i + 1) / N_TIMES;
        compare(k, t, e, y, norm, out);
        if (!k->is_diagonal) RNI_TRY(check_shells(k, t, y, out));
    }
    out->turned = share_turned(k, end, y + n * n + n, start);
    return RN_OK;
}

rn_status rni_kato_modes_see(rn_index n, double folds, uint64_t seed, bool is_diagonal,
                             rni_kato_modes *out)
{
    kernel k = {0};
    *out = (rni_kato_modes){0};
    RNI_TRY(make_kernel(n, seed, is_diagonal, &k));
    double *block = rni_alloc(n * n + 4 * n, sizeof *block);
    rn_status status = RN_OK;
    if (block && k.lambda) {
        const rni_stream stream = {.seed = seed, .purpose = RNI_RNG_DATA, .part = 1};
        rni_rng_fill_normal(stream, 0, n, block);
        status = follow(&k, folds / k.lambda[n - 1], block, block + 2 * n, block + n, out);
    } else {
        status = rni_fail(RN_ERR_MEMORY, "rni_kato_modes: no memory");
    }
    rni_free(block);
    rni_free(k.block);
    return status;
}
