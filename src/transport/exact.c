/*
 * Modes under a velocity that is a power of lambda.
 *
 * With drift = c T lambda0^a and z = a drift, ln(lambda0/lambda) = x = ln(1 + z)/a. Written through
 * ln(1 + z)/z and (e^y - 1)/y, which are 1 at 0, this and the decay
 *
 *   int lambda dt = (lambda0^(1-a) - lambda^(1-a))/(c (1-a))
 *                 = T lambda0 ln(1 + z)/z (e^y - 1)/y,   y = -(1-a) x          stationary
 *
 * hold for a = 0, a = 1 and c = 0 as they stand. The covariant law's decay is an integral: over
 * ln t while lambda^-a has not halved, over x beyond, where the end of the way is regular.
 */
#include <math.h>
#include <renorm/transport.h>
#include <stdbool.h>

#include "core/status.h"
#include "transport/quadrature.h"

/* e^(a s) and e^s must be doubles. */
static const double max_exponent = 700.0;
/* Relative, of the decay of a covariant law: what its quadrature aims at, and what it must meet. */
static const double decay_aim = 1e-14;
static const double decay_tolerance = 1e-12;
/* Integrands fall as e^-x at the open end: what lies beyond this is 3e-20 of the whole. */
static const double open_end = 45.0;

/* ln(1 + z)/z and (e^y - 1)/y */
static double log_ratio(double z)
{
    return !(fabs(z) > 0.0) ? 1.0 : log1p(z) / z;
}

static double exp_ratio(double y)
{
    return !(fabs(y) > 0.0) ? 1.0 : expm1(y) / y;
}

/* T(t), the integral of 1 or of t^(a-1) from t0 to t. */
static double effective_time(const rn_transport_law *law, double t0, double t)
{
    if (!law->is_covariant) return t - t0;
    if (!(t0 > 0.0)) return pow(t, law->a) / law->a; /* a > 0 */
    const double log_time = log(t / t0);
    return pow(t0, law->a) * log_time * exp_ratio(law->a * log_time);
}

/* The time at which T is reached; covariant, a != 0. */
static double time_of(const rn_transport_law *law, double t0, double effective)
{
    return pow((t0 > 0.0 ? pow(t0, law->a) : 0.0) + law->a * effective, 1.0 / law->a);
}

double rn_transport_velocity(const rn_transport_law *law, double s, double t)
{
    const double power = law->is_covariant ? pow(t, law->a - 1.0) : 1.0;
    return -law->c * power * exp(law->a * s);
}

static rn_status check(const char *caller, const rn_transport_law *law, double t0, double t,
                       double s)
{
    if (!law || !isfinite(law->a) || !isfinite(law->c))
        return rni_fail(RN_ERR_ARGUMENT, "%s: the law is NULL or a or c is not finite", caller);
    if (!isfinite(t0) || !isfinite(t) || !(t0 <= t))
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: found times %g to %g, expected finite ones in this order", caller, t0,
                        t);
    if (law->is_covariant && (!(t0 >= 0.0) || (!(t0 > 0.0) && !(law->a > 0.0))))
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: w = -c t^(a-1) e^(as) with a = %g cannot start at t0 = %g; choose t0 "
                        "> 0%s",
                        caller, law->a, t0, law->a > 0.0 ? " or 0" : "");
    if (!(fabs(s) <= max_exponent) || !(fabs(law->a * s) <= max_exponent)
        || !isfinite(law->a * law->c * effective_time(law, t0, t) * exp(law->a * s)))
        return rni_fail(RN_ERR_DOMAIN,
                        "%s: e^s, e^(as) or a c T e^(as) leaves the range of doubles at s = %g, "
                        "a = %g",
                        caller, s, law->a);
    return RN_OK;
}

/* ---- decay of a covariant law ---------------------------------------------------------------- */

typedef struct way {
    const rn_transport_law *law;
    double t0;
    double s0;
} way;

/* t lambda(t) at t = e^l, for int lambda dt = int t lambda dl */
static rn_status rate_in_time(void *user, double l, double *value)
{
    const way *w = user;
    const double drift = w->law->c * effective_time(w->law, w->t0, exp(l)) * exp(w->law->a * w->s0);
    *value = exp(l + w->s0 - drift * log_ratio(w->law->a * drift));
    return RN_OK;
}

/* lambda dt/d|x| = (lambda t)^(1-a) / |c| at lambda = lambda0 e^-x */
static rn_status rate_in_depth(void *user, double x, double *value)
{
    const way *w = user;
    const double a = w->law->a;
    const double effective = exp(-a * w->s0) * expm1(a * x) / (a * w->law->c);
    const double t = time_of(w->law, w->t0, effective);
    *value = exp((1.0 - a) * (w->s0 - x + log(t))) / fabs(w->law->c);
    return RN_OK;
}

/* Adds int lambda dt from t0 to t while z >= -1/2. */
static rn_status add_early(way *w, double t, rni_integral *sum)
{
    double from = log(w->t0);
    if (!(w->t0 > 0.0)) {
        /* lambda is lambda0 until about t lambda0 = |c|^(-1/a) */
        const double turn =
            fabs(w->law->c) > 0.0 ? -w->s0 - log(fabs(w->law->c)) / w->law->a : log(t);
        from = fmin(log(t), turn) - open_end;
        sum->error += exp(from + w->s0);
    }
    return rni_integrate(rate_in_time, w, from, log(t), 0.0, decay_aim, sum);
}

/* Adds int lambda dt between the depths near and far, signed as c. */
static rn_status add_late(way *w, double near, double far, rni_integral *sum)
{
    return rni_integrate(rate_in_depth, w, fmin(near, far), fmax(near, far), 0.0, decay_aim, sum);
}

/* *decay := int lambda dt from t0 to t, or to the end of the way where z <= -1. */
static rn_status covariant_decay(const rn_transport_law *law, double t0, double t, double s0,
                                 double z, double *decay)
{
    const double a = law->a;
    way w = {.law = law, .t0 = t0, .s0 = s0};
    rni_integral sum = {0};
    if (z <= -1.0 && a > 0.0 && a <= 1.0) {
        *decay = (double)INFINITY;
        return RN_OK;
    }
    if (!(t > t0)) {
        *decay = 0.0;
        return RN_OK;
    }
    if (z >= -0.5)
        RNI_TRY(add_early(&w, t, &sum));
    else {
        const double half = -0.5 / (a * law->c * exp(a * s0)); /* T where z = -1/2 */
        const double near = -log(2.0) / a;                     /* x there */
        const double far =
            z > -1.0 ? log1p(z) / a : near + copysign(open_end, law->c) / fabs(1.0 - a);
        RNI_TRY(add_early(&w, time_of(law, t0, half), &sum));
        RNI_TRY(add_late(&w, near, far, &sum));
    }
    *decay = sum.value;
    if (sum.error <= decay_tolerance * sum.size) return RN_OK;
    return rni_fail(RN_NOT_CONVERGED,
                    "rn_transport_move: ln G has the error %.1e instead of %.0e at s0 = %g, t = %g",
                    sum.error / sum.size, decay_tolerance, s0, t);
}

/* ---- public ---------------------------------------------------------------------------------- */

rn_status rn_transport_move(const rn_transport_law *law, double t0, double t, double s0,
                            rn_transport_mode *mode)
{
    if (!mode) return rni_fail(RN_ERR_ARGUMENT, "rn_transport_move: mode is NULL");
    RNI_TRY(check("rn_transport_move", law, t0, t, s0));
    const double a = law->a;
    const double effective = effective_time(law, t0, t);
    const double drift = law->c * effective * exp(a * s0);
    const double z = a * drift;
    const bool has_left = z <= -1.0;
    rn_status status = RN_OK;
    rn_transport_mode m;
    double decay;
    if (has_left) {
        m.place = a < 0.0 ? RN_TRANSPORT_AT_ZERO : RN_TRANSPORT_AT_INFINITY;
        m.s = a < 0.0 ? -(double)INFINITY : (double)INFINITY;
        m.stretch =
            (double)INFINITY; /* (lambda/lambda0)^a, a < 0 at lambda = 0, a > 0 at infinity */
    } else {
        m.place = RN_TRANSPORT_ON_AXIS;
        m.s = s0 - drift * log_ratio(z);
        m.stretch = 1.0 / (1.0 + z);
    }
    if (law->is_covariant)
        status = covariant_decay(law, t0, t, s0, z, &decay);
    else if (has_left)
        decay = law->c * (1.0 - a) > 0.0 ? exp((1.0 - a) * s0) / (law->c * (1.0 - a))
                                         : (double)INFINITY;
    else
        decay = effective * exp(s0) * log_ratio(z) * exp_ratio(-(1.0 - a) * (s0 - m.s));
    if (status < 0) return status;
    m.factor = exp(-2.0 * decay);
    *mode = m;
    return status;
}

rn_status rn_transport_origin(const rn_transport_law *law, double t0, double t, double s,
                              double *s0)
{
    if (!s0) return rni_fail(RN_ERR_ARGUMENT, "rn_transport_origin: s0 is NULL");
    RNI_TRY(check("rn_transport_origin", law, t0, t, s));
    const double drift = law->c * effective_time(law, t0, t) * exp(law->a * s);
    const double z = -law->a * drift;
    *s0 = z > -1.0 ? s + drift * log_ratio(z) : (double)NAN;
    return RN_OK;
}

double rn_transport_frontier(const rn_transport_law *law, double t0, double t)
{
    if (check("rn_transport_frontier", law, t0, t, 0.0) != RN_OK) return (double)NAN;
    const double z = law->a * law->c * effective_time(law, t0, t);
    return z > 0.0 ? -log(z) / law->a : (double)NAN;
}

double rn_transport_lazy_loss(double b, double q, double t)
{
    if (!(b > 0.0) || !(q > 1.0) || !(t > 0.0)) return (double)NAN;
    const double exponent = (q - 1.0) / b;
    return tgamma(exponent) / b * pow(2.0 * t, -exponent);
}
