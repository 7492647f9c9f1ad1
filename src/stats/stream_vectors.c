/*
 * Moments and circulation of vectors. The state is one array: the count first, then the sums.
 */
#include <math.h>
#include <renorm/streaming.h>

#include "core/memory.h"
#include "core/status.h"

struct rn_stream_moments {
    rn_index n;
    double *state; /* count, mean [n], sums of products [n x n], lower triangle; owned */
    double *off;   /* [n] space */
};

struct rn_stream_circulation {
    rn_index n;
    double *state; /* count, sums [n x n], lower triangle: x_i d_j - d_i x_j; owned */
    double *d;     /* [n] the step */
};

static rn_status check(const char *caller, rn_index n, const void *out)
{
    if (n >= 1 && n <= RN_STREAM_MAX_N && out) return RN_OK;
    return rni_fail(RN_ERR_ARGUMENT,
                    "%s: found %" PRId64 " dimensions, expected 1 .. %d, and an output", caller, n,
                    RN_STREAM_MAX_N);
}

/* ---- moments --------------------------------------------------------------------------------- */

static rn_index moments_size(rn_index n)
{
    return 1 + n + n * n;
}

rn_status rn_stream_moments_create(rn_index n, rn_stream_moments **out)
{
    RNI_TRY(check("rn_stream_moments_create", n, out));
    rn_stream_moments *m = rni_alloc_zero(1, sizeof *m);
    double *state = rni_alloc_zero(moments_size(n) + n, sizeof *state);
    if (!m || !state) {
        rni_free(m);
        rni_free(state);
        return rni_fail(RN_ERR_MEMORY, "rn_stream_moments_create: no memory");
    }
    *m = (rn_stream_moments){.n = n, .state = state, .off = state + moments_size(n)};
    *out = m;
    return RN_OK;
}

void rn_stream_moments_destroy(rn_stream_moments *m)
{
    if (!m) return;
    rni_free(m->state);
    rni_free(m);
}

void rn_stream_moments_add(rn_stream_moments *m, const double *x)
{
    const rn_index n = m->n;
    const double count = m->state[0] + 1.0;
    const double share = 1.0 / count;
    double *const mean = m->state + 1;
    double *const sums = mean + n;
    m->state[0] = count;
    for (rn_index i = 0; i < n; i++) {
        m->off[i] = x[i] - mean[i];
        mean[i] += share * m->off[i];
    }
    /* off times (1 - 1/count) off: the difference from the new mean */
    for (rn_index i = 0; i < n; i++) {
        const double after = m->off[i] * (1.0 - share);
        for (rn_index j = 0; j <= i; j++)
            sums[i * n + j] += after * m->off[j];
    }
}

void rn_stream_moments_get(const rn_stream_moments *m, double *mean, double *covariance)
{
    const rn_index n = m->n;
    const double count = m->state[0];
    const double *const sums = m->state + 1 + n;
    for (rn_index i = 0; i < n && mean; i++)
        mean[i] = count > 0.0 ? m->state[1 + i] : (double)NAN;
    for (rn_index i = 0; i < n && covariance; i++)
        for (rn_index j = 0; j <= i; j++) {
            const double value = count > 1.0 ? sums[i * n + j] / (count - 1.0) : (double)NAN;
            covariance[i * n + j] = value;
            covariance[j * n + i] = value;
        }
}

rn_index rn_stream_moments_count(const rn_stream_moments *m)
{
    return (rn_index)m->state[0];
}

double *rn_stream_moments_state(rn_stream_moments *m, rn_index *n_doubles)
{
    if (n_doubles) *n_doubles = moments_size(m->n);
    return m->state;
}

/* ---- circulation ----------------------------------------------------------------------------- */

static rn_index circulation_size(rn_index n)
{
    return 1 + n * n;
}

rn_status rn_stream_circulation_create(rn_index n, rn_stream_circulation **out)
{
    RNI_TRY(check("rn_stream_circulation_create", n, out));
    rn_stream_circulation *c = rni_alloc_zero(1, sizeof *c);
    double *state = rni_alloc_zero(circulation_size(n) + n, sizeof *state);
    if (!c || !state) {
        rni_free(c);
        rni_free(state);
        return rni_fail(RN_ERR_MEMORY, "rn_stream_circulation_create: no memory");
    }
    *c = (rn_stream_circulation){.n = n, .state = state, .d = state + circulation_size(n)};
    *out = c;
    return RN_OK;
}

void rn_stream_circulation_destroy(rn_stream_circulation *c)
{
    if (!c) return;
    rni_free(c->state);
    rni_free(c);
}

/* x x'^T - x' x^T = x d^T - d x^T with d = x' - x: nothing cancels for small steps. */
void rn_stream_circulation_add(rn_stream_circulation *c, const double *x, const double *next)
{
    const rn_index n = c->n;
    double *const sums = c->state + 1;
    c->state[0] += 1.0;
    for (rn_index i = 0; i < n; i++)
        c->d[i] = next[i] - x[i];
    for (rn_index i = 1; i < n; i++)
        for (rn_index j = 0; j < i; j++)
            sums[i * n + j] += x[i] * c->d[j] - c->d[i] * x[j];
}

void rn_stream_circulation_get(const rn_stream_circulation *c, double *out)
{
    const rn_index n = c->n;
    const double count = c->state[0];
    for (rn_index i = 0; i < n; i++) {
        out[i * n + i] = 0.0;
        for (rn_index j = 0; j < i; j++) {
            const double value = count > 0.0 ? 0.5 * c->state[1 + i * n + j] / count : (double)NAN;
            out[i * n + j] = value;
            out[j * n + i] = -value;
        }
    }
}

rn_index rn_stream_circulation_count(const rn_stream_circulation *c)
{
    return (rn_index)c->state[0];
}

double *rn_stream_circulation_state(rn_stream_circulation *c, rn_index *n_doubles)
{
    if (n_doubles) *n_doubles = circulation_size(c->n);
    return c->state;
}
