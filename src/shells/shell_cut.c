/*
 * Cuts of the spectrum at one boundary, evaluated mode by mode. This is the plain definition; the
 * fast sums in shell_pairs.c are tested against it.
 *
 * The divided difference is a product of two divided differences, q[1](t_a, t_b) (a polynomial)
 * and dt/dlambda[1] = ln[1](a, b)/(2h). Nothing is subtracted that nearly cancels, so no switch to
 * a midpoint slope is needed for close arguments.
 */
#include "shells/shell_cut.h"

#include <renorm/shells.h>

/* Position of lambda > 0 in the window of the cut: 0 at s - h, 1 at s + h, not clipped. */
static double position(double s, double width, double lambda)
{
    return 0.5 * ((log(lambda) - s) / width + 1.0);
}

double rn_shell_cut(double s, double width, double lambda)
{
    return lambda > 0.0 ? rni_step_value(position(s, width, lambda)) : 0.0;
}

double rn_shell_cut_sharp(double s, double width, double lambda)
{
    return lambda > 0.0 && log(lambda) / width >= s / width ? 1.0 : 0.0;
}

double rn_shell_cut_slope(double s, double width, double lambda)
{
    if (lambda <= 0.0) return 0.0;
    return rni_step_slope(position(s, width, lambda)) / (2.0 * width * lambda);
}

double rn_shell_cut_divided(double s, double width, double a, double b)
{
    const double high = a > b ? a : b;
    const double low = a > b ? b : a;
    if (high <= 0.0) return 0.0;
    const double t_high = position(s, width, high);
    if (t_high <= 0.0) return 0.0;
    const double t_low = low > 0.0 ? position(s, width, low) : -1.0;
    if (t_low >= 1.0) return 0.0;
    if (t_low <= 0.0) return rni_step_value(t_high) / (high - low);
    if (t_high >= 1.0) return rni_step_value(1.0 - t_low) / (high - low);
    return rni_step_divided(t_high, t_low) * rni_log_divided(high, low) / (2.0 * width);
}
