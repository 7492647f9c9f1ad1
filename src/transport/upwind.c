/*
 * Face values by Koren's limiter: y + phi(r) (next - y)/2 with phi(r) = max(0, min(2r, (1 + 2r)/3,
 * 2)) and r = (y - previous)/(next - y), seen along the wind; written without the quotient.
 */
#include "transport/upwind.h"

#include <math.h>

/* Value at the face between y and next, the wind blowing from y to next. */
static double face_value(double previous, double y, double next)
{
    const double behind = y - previous;
    const double ahead = next - y;
    if (!(behind * ahead > 0.0)) return y; /* an extremum */
    const double size =
        fmin(fmin(2.0 * fabs(behind), (fabs(ahead) + 2.0 * fabs(behind)) / 3.0), 2.0 * fabs(ahead));
    return y + 0.5 * copysign(size, ahead);
}

/* What a line through the last two cells gives beyond the edge, not below zero. */
static double beyond(double edge, double inner)
{
    const double line = 2.0 * edge - inner;
    return edge >= 0.0 ? fmax(line, 0.0) : line;
}

void rni_upwind_flux(rn_index n, const double *density, const double *w, double *flux)
{
    const double before = beyond(density[0], density[1]);
    const double after = beyond(density[n - 1], density[n - 2]);
    flux[0] = w[0] < 0.0 ? w[0] * face_value(density[1], density[0], before) : 0.0;
    flux[n] = w[n] > 0.0 ? w[n] * face_value(density[n - 2], density[n - 1], after) : 0.0;
    for (rn_index i = 1; i < n; i++) {
        const double left = density[i - 1];
        const double right = density[i];
        const double value = w[i] > 0.0
                                 ? face_value(i > 1 ? density[i - 2] : before, left, right)
                                 : face_value(i < n - 1 ? density[i + 1] : after, right, left);
        flux[i] = w[i] * value;
    }
}

void rni_limited_slopes(rn_index n, const double *density, double *slope)
{
    slope[0] = 0.0;
    slope[n - 1] = 0.0;
    for (rn_index i = 1; i < n - 1; i++) {
        const double behind = density[i] - density[i - 1];
        const double ahead = density[i + 1] - density[i];
        const double size = fmin(2.0 * fmin(fabs(behind), fabs(ahead)), 0.5 * fabs(behind + ahead));
        slope[i] = behind * ahead > 0.0 ? copysign(size, ahead) : 0.0;
    }
}
