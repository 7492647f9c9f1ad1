#include "stats/slope.h"

#include <math.h>
#include <stdbool.h>

#include "core/status.h"

/* What of point i enters; false: it is left out. */
typedef bool (*point_fn)(double x, double y, double *u, double *v);

static bool as_it_is(double x, double y, double *u, double *v)
{
    *u = x;
    *v = y;
    return isfinite(x) && isfinite(y);
}

static bool as_logarithm(double x, double y, double *u, double *v)
{
    if (!(x > 0.0) || !(y > 0.0)) return false;
    return as_it_is(log(x), log(y), u, v);
}

/* Two passes about the mean: no cancellation of squares. */
static rn_status fit(rn_index n, const double *x, const double *y, double low, double high,
                     point_fn point, rni_slope *out)
{
    rni_slope f = {.low = (double)INFINITY, .high = -(double)INFINITY};
    double u = 0.0;
    double v = 0.0;
    double mean_u = 0.0;
    double mean_v = 0.0;
    double uu = 0.0;
    double uv = 0.0;
    double square = 0.0;
    for (rn_index i = 0; i < n; i++) {
        if (!(x[i] >= low && x[i] <= high) || !point(x[i], y[i], &u, &v)) continue;
        f.n++;
        mean_u += (u - mean_u) / (double)f.n;
        mean_v += (v - mean_v) / (double)f.n;
        f.low = fmin(f.low, x[i]);
        f.high = fmax(f.high, x[i]);
    }
    for (rn_index i = 0; i < n; i++) {
        if (!(x[i] >= low && x[i] <= high) || !point(x[i], y[i], &u, &v)) continue;
        uu += (u - mean_u) * (u - mean_u);
        uv += (u - mean_u) * (v - mean_v);
    }
    if (f.n < 2 || !(uu > 0.0))
        return rni_fail(RN_ERR_DOMAIN,
                        "a line was to be fitted from x = %g to %g, where %" PRId64
                        " points lie, expected two or more with different x",
                        low, high, f.n);
    f.slope = uv / uu;
    f.intercept = mean_v - f.slope * mean_u;
    for (rn_index i = 0; i < n; i++) {
        if (!(x[i] >= low && x[i] <= high) || !point(x[i], y[i], &u, &v)) continue;
        const double r = v - f.intercept - f.slope * u;
        square += r * r;
    }
    f.residual = sqrt(square / (double)f.n);
    f.error = f.n > 2 ? sqrt(square / (double)(f.n - 2) / uu) : 0.0;
    *out = f;
    return RN_OK;
}

rn_status rni_slope_fit(rn_index n, const double *x, const double *y, double low, double high,
                        rni_slope *out)
{
    return fit(n, x, y, low, high, as_it_is, out);
}

rn_status rni_slope_fit_log(rn_index n, const double *x, const double *y, double low, double high,
                            rni_slope *out)
{
    return fit(n, x, y, low, high, as_logarithm, out);
}
