/*
 * Sums over modes with rates i^-a. Both series have terms that fall with i or are all of one sign,
 * so the plain sum from the far end is accurate; no acceleration is needed for d that fits a run.
 */
#include <renorm/spectral_tail.h>

#include <math.h>
#include <stdbool.h>

#include "core/status.h"

static const double missing = (double)NAN;

/* of ln x, in the search for a window */
static const double scan_step = 0.1;

static bool is_sum(double a, rn_index d, double x)
{
    return a > 0.0 && isfinite(a) && d >= 1 && d <= RN_SPECTRAL_TAIL_MAX_MODES && x >= 0.0
           && isfinite(x);
}

double rn_spectral_tail_learned(double a, rn_index d, double x)
{
    if (!is_sum(a, d, x)) return missing;
    double sum = 0.0;
    for (rn_index i = d; i >= 1; i--)
        sum -= expm1(-x * pow((double)i, -a));
    return sum;
}

double rn_spectral_tail_asymptote(double a, double x)
{
    if (!(a > 1.0) || !isfinite(a) || !(x > 0.0)) return missing;
    return tgamma(1.0 - 1.0 / a) * pow(x, 1.0 / a);
}

double rn_spectral_tail_exponent(double a, rn_index d, double x)
{
    if (!is_sum(a, d, x) || !(x > 0.0)) return missing;
    double sum = 0.0;
    double slope = 0.0; /* x dPhi/dx */
    for (rn_index i = d; i >= 1; i--) {
        const double y = x * pow((double)i, -a);
        sum -= expm1(-y);
        slope += y * exp(-y);
    }
    return slope / sum;
}

typedef struct search {
    double a;
    rn_index d;
    double tolerance;
} search;

static bool is_inside(const search *s, double log_x)
{
    return fabs(rn_spectral_tail_exponent(s->a, s->d, exp(log_x)) - 1.0 / s->a) <= s->tolerance;
}

/* The end of the window between ln x = `inside`, where the exponent is close, and `outside`. */
static double end_between(const search *s, double inside, double outside)
{
    while (fabs(outside - inside) > 1e-6) {
        const double middle = 0.5 * (inside + outside);
        if (is_inside(s, middle))
            inside = middle;
        else
            outside = middle;
    }
    return inside;
}

rn_status rn_spectral_tail_window(double a, rn_index d, double tolerance, double *low, double *high)
{
    if (!(a > 1.0) || !isfinite(a) || d < 2 || d > RN_SPECTRAL_TAIL_MAX_MODES || !low || !high
        || !(tolerance > 0.0) || !(tolerance < fmin(1.0 / a, 1.0 - 1.0 / a)))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_spectral_tail_window: found a = %g, d = %" PRId64
                        ", tolerance %g; expected a > 1, d from 2 to %" PRId64
                        ", a tolerance between 0 and the smaller of 1/a and 1 - 1/a",
                        a, d, tolerance, RN_SPECTRAL_TAIL_MAX_MODES);
    /* Below 1e-2 nothing has bent yet, beyond 50 d^a every mode is learned. In between the exponent
       falls, but with steps where a is large and modes come singly: the longest run counts. */
    const search s = {.a = a, .d = d, .tolerance = tolerance};
    const double first = log(1e-2);
    const double last = a * log((double)d) + log(50.0);
    if (last > 700.0)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_spectral_tail_window: d^a = %" PRId64 "^%g leaves the range of doubles",
                        d, a);
    const rn_index n_steps = (rn_index)ceil((last - first) / scan_step);
    rn_index from = 0; /* of the run now open, length 0: none */
    rn_index best = 0;
    rn_index length = 0;
    rn_index longest = 0;
    for (rn_index i = 0; i <= n_steps; i++) {
        length = is_inside(&s, first + scan_step * (double)i) ? length + 1 : 0;
        if (length == 1) from = i;
        if (length > longest) {
            longest = length;
            best = from;
        }
    }
    if (longest == 0)
        return rni_fail(RN_ERR_DOMAIN,
                        "rn_spectral_tail_window: %" PRId64
                        " modes with a = %g show an exponent within %g of 1/a over less than a "
                        "factor e^%g; take more modes or a larger tolerance",
                        d, a, tolerance, scan_step);
    const double left = first + scan_step * (double)best;
    const double right = left + scan_step * (double)(longest - 1);
    *low = exp(end_between(&s, left, left - scan_step));
    *high = exp(end_between(&s, right, right + scan_step));
    return RN_OK;
}

double rn_spectral_tail_left(double a, double q, rn_index d, double x)
{
    if (!is_sum(a, d, x) || !isfinite(q)) return missing;
    double sum = 0.0;
    for (rn_index i = d; i >= 1; i--)
        sum += pow((double)i, -q) * exp(-x * pow((double)i, -a));
    return sum;
}

double rn_spectral_tail_left_asymptote(double a, double q, double x)
{
    if (!(a > 0.0) || !isfinite(a) || !(q > 1.0) || !isfinite(q) || !(x > 0.0)) return missing;
    return tgamma((q - 1.0) / a) / a * pow(x, -(q - 1.0) / a);
}
