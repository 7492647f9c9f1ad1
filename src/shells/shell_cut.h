/*
 * The quintic smoothstep q(t) = t^3 (10 - 15 t + 6 t^2) on 0 <= t <= 1, its slope and its divided
 * difference. A cut at s is chi_s(lambda) = q(t), t = ((ln lambda - s)/h + 1)/2, clipped.
 */
#ifndef RNI_SHELLS_SHELL_CUT_H
#define RNI_SHELLS_SHELL_CUT_H

#include <math.h>

/** q(t); t outside [0, 1] is clipped. 1 - q(t) without cancellation is q(1 - t). */
static inline double rni_step_value(double t)
{
    if (t <= 0.0) return 0.0;
    if (t >= 1.0) return 1.0;
    return t * t * t * (10.0 + t * (6.0 * t - 15.0));
}

/** q'(t) = 30 t^2 (1 - t)^2, 0 outside. */
static inline double rni_step_slope(double t)
{
    if (t <= 0.0 || t >= 1.0) return 0.0;
    return 30.0 * t * t * (1.0 - t) * (1.0 - t);
}

/**
 * (q(t) - q(v))/(t - v) for t, v in [0, 1] as a polynomial, so that t == v needs no case of its
 * own. q(1-t) = 1 - q(t) folds the arguments into t + v <= 1, where the terms do not cancel.
 */
static inline double rni_step_divided(double t, double v)
{
    const int folded = t + v > 1.0;
    const double a = folded ? 1.0 - t : t;
    const double b = folded ? 1.0 - v : v;
    const double sum = a + b;
    const double product = a * b;
    const double square = sum * sum;
    /* [t^3] = square - product, [t^4] = sum (square - 2 product), [t^5] likewise */
    return 10.0 * (square - product) - 15.0 * sum * (square - 2.0 * product)
           + 6.0 * (square * (square - 3.0 * product) + product * product);
}

/** (ln high - ln low)/(high - low) for high >= low > 0; 1/low where they are equal. */
static inline double rni_log_divided(double high, double low)
{
    const double gap = high - low;
    return gap > 0.0 ? log1p(gap / low) / gap : 1.0 / low;
}

#endif
