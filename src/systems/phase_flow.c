#include "systems/phase_flow.h"

#include <math.h>

#include "backends/sundials.h"
#include "core/memory.h"
#include "core/rng.h"
#include "core/status.h"

void rni_phase_clear(rni_phase *p)
{
    rni_free(p->lambda);
}

/* w* normal with w*'Qw* = 1, w uniform on the unit sphere. is_apart: w* lives on even modes, w on
   odd ones but for a part of 1e-4, so that u begins near 0 whatever a is. */
rn_status rni_phase_make(rn_index d, double a, uint64_t seed, bool is_apart, rni_phase *p)
{
    *p = (rni_phase){.d = d, .a = a, .lambda = rni_alloc(3 * d, sizeof(double))};
    if (!p->lambda) return rni_fail(RN_ERR_MEMORY, "phase_retrieval: no memory");
    p->target = p->lambda + d;
    p->w = p->target + d;
    const rni_stream truth = {.seed = seed, .purpose = RNI_RNG_DATA, .part = 2};
    const rni_stream start = {.seed = seed, .purpose = RNI_RNG_INIT};
    rni_rng_fill_normal(start, 0, d, p->w);
    double sum = 0.0;
    double square = 0.0;
    for (rn_index i = 0; i < d; i++) {
        p->target[i] = rni_rng_below(truth, (uint64_t)i, 2) == 0 ? 1.0 : -1.0;
        p->h += pow((double)(i + 1), -a);
        if (is_apart) {
            p->target[i] *= i % 2 == 1 ? 1.0 : 0.0;
            p->w[i] *= i % 2 == 0 ? 1.0 : 1e-4;
        }
        square += p->w[i] * p->w[i];
    }
    for (rn_index i = 0; i < d; i++) {
        p->lambda[i] = pow((double)(i + 1), -a) / p->h;
        sum += p->lambda[i] * p->target[i] * p->target[i];
        p->w[i] /= sqrt(square);
    }
    for (rn_index i = 0; i < d; i++)
        p->target[i] /= sqrt(sum);
    return RN_OK;
}

void rni_phase_level(rni_phase *p)
{
    for (rn_index i = 0; i < p->d; i++)
        p->lambda[i] = 1.0 / (double)p->d;
}

/* sum_i lambda_i^k x_i y_i */
double rni_phase_moment(const rni_phase *p, int k, const double *x, const double *y)
{
    double sum = 0.0;
    for (rn_index i = 0; i < p->d; i++) {
        double q = 1.0;
        for (int j = 0; j < k; j++)
            q *= p->lambda[i];
        sum += q * x[i] * y[i];
    }
    return sum;
}

/* L = (s-1)^2 + 2 sum_i (lambda_i (w_i^2 - w*_i^2))^2 + 2 sum_(i != j) ..: near the solution the
   formula in s and u loses all digits, this one none. |vv' - v*v*'|^2 with v -+ v* = D, in terms of
   D: vv' - v*v*' = D v*' + v* D' + D D', v* of norm 1. */
double rni_phase_loss(const rni_phase *p, const double *w)
{
    const double sign = rni_phase_moment(p, 1, w, p->target) < 0.0 ? -1.0 : 1.0;
    double dd = 0.0;
    double dv = 0.0;
    for (rn_index i = 0; i < p->d; i++) {
        const double apart = sign * w[i] - p->target[i];
        dd += p->lambda[i] * apart * apart;
        dv += p->lambda[i] * apart * p->target[i];
    }
    const double excess = 2.0 * dv + dd; /* s - 1 */
    return excess * excess + 2.0 * (2.0 * dd + 2.0 * dv * dv + dd * dd + 4.0 * dv * dd);
}

static rn_status flow(void *user, double t, const double *w, double *out)
{
    const rni_phase *p = user;
    double s = 0.0;
    double u = 0.0;
    (void)t;
    for (rn_index i = 0; i < p->d; i++) {
        s += p->lambda[i] * w[i] * w[i];
        u += p->lambda[i] * w[i] * p->target[i];
    }
    for (rn_index i = 0; i < p->d; i++)
        out[i] = 4.0 * p->lambda[i] * ((1.0 - 3.0 * s) * w[i] + 2.0 * u * p->target[i]);
    return RN_OK;
}

rn_status rni_phase_follow(rni_phase *p, double duration, double *step)
{
    const rni_ode ode = {
        .n = p->d, .rhs = flow, .user = p, .rtol = 1e-8, .atol = 1e-11, .order = 5};
    rni_ode_report report = {0};
    RNI_TRY(rni_ode_integrate(&ode, duration, *step, p->w, &report));
    *step = report.next_step;
    return RN_OK;
}

/* Parameter error (1/d) |w -+ w*|^2, the sign that of u. */
double rni_phase_error(const rni_phase *p)
{
    const double sign = rni_phase_moment(p, 1, p->w, p->target) < 0.0 ? -1.0 : 1.0;
    double sum = 0.0;
    for (rn_index i = 0; i < p->d; i++) {
        const double apart = sign * p->w[i] - p->target[i];
        sum += apart * apart;
    }
    return sum / (double)p->d;
}
