/*
 * The roots of z^2 - (1 + beta - eta rho) z + beta decide: a pair sqrt(beta) e^(+-i w), or two real
 * ones of the sign of their sum. The correlation c(k)/c(0) starts with 1 and
 * r = (1 + beta - eta rho)/(1 + beta) and follows the recursion of theta.
 */
#include <math.h>
#include <renorm/heavy_ball.h>
#include <stdbool.h>

static const double missing = (double)NAN;

static bool is_stable(const rn_heavy_ball *m)
{
    return m && m->rho > 0.0 && m->eta > 0.0 && m->beta >= 0.0 && m->beta < 1.0 && m->noise >= 0.0
           && isfinite(m->noise) && m->eta * m->rho < 2.0 * (1.0 + m->beta);
}

/* (1 - beta)(2 (1 + beta) - eta rho) */
static double denominator(const rn_heavy_ball *m)
{
    return (1.0 - m->beta) * (2.0 * (1.0 + m->beta) - m->eta * m->rho);
}

double rn_heavy_ball_position(const rn_heavy_ball *m)
{
    if (!is_stable(m)) return missing;
    return m->eta * m->noise * (1.0 + m->beta) / (m->rho * denominator(m));
}

double rn_heavy_ball_velocity(const rn_heavy_ball *m)
{
    return is_stable(m) ? 2.0 * m->noise / denominator(m) : missing;
}

/* sin(n x)/sin(x) and sinh(n x)/sinh(x) times e^(-(n-1) x), n >= 1: n at x = 0. */
static double sine_ratio(double n, double x)
{
    return fabs(sin(x)) > 0.0 ? sin(n * x) / sin(x) : n;
}

static double damped_sinh_ratio(double n, double x)
{
    return x > 0.0 ? expm1(-2.0 * n * x) / expm1(-2.0 * x) : n;
}

/* 4 beta - (1 + beta - eta rho)^2 over 4 sqrt(beta), by its factors, which are exact: positive for
   a pair of complex roots. Half the angle between the roots of positive sum follows from it. */
static double below_damping(const rn_heavy_ball *m)
{
    const double root = sqrt(m->beta);
    return m->eta * m->rho - (1.0 - root) * (1.0 - root);
}

static double above_ringing(const rn_heavy_ball *m)
{
    const double root = sqrt(m->beta);
    return (1.0 + root) * (1.0 + root) - m->eta * m->rho;
}

/* w with cos w = (1 + beta - eta rho)/(2 sqrt beta): from 1 - cos w = below/(2 sqrt beta). */
static double angle_of(const rn_heavy_ball *m)
{
    const double low = below_damping(m);
    const double high = above_ringing(m);
    return 2.0 * atan2(sqrt(low), sqrt(high));
}

/* Two roots of one sign, q = smaller/larger = e^(-2u). For a positive sum 1 - (larger) follows from
   (1 - r+)(1 - r-) = eta rho. */
static double overdamped(const rn_heavy_ball *m, rn_index k)
{
    const double root = sqrt(m->beta);
    const double sum = 1.0 + m->beta - m->eta * m->rho;
    const double first = sum / (1.0 + m->beta);
    const double n = (double)k;
    const double discriminant = sqrt(fmax(-below_damping(m) * above_ringing(m), 0.0));
    const double sign = sum < 0.0 ? -1.0 : 1.0;
    const double larger = 0.5 * (fabs(sum) + discriminant); /* moduli */
    const double u = m->beta > 0.0 ? log(larger / root) : (double)INFINITY;
    if (sign > 0.0) {
        const double gone = m->eta * m->rho / (1.0 - m->beta / larger); /* 1 - larger */
        const double log_larger = log1p(-gone);
        /* 1 - [larger^k + (first - larger) (larger^k - smaller^k)/(larger - smaller)] */
        const double rest = gone - m->eta * m->rho / (1.0 + m->beta);
        return -expm1(n * log_larger)
               - rest * exp((n - 1.0) * log_larger) * damped_sinh_ratio(n, u);
    }
    const double flip = k % 2 == 0 ? 1.0 : -1.0;
    const double modulus = log(larger);
    const double tail = (first + larger) * exp((n - 1.0) * modulus) * damped_sinh_ratio(n, u);
    return 1.0 - flip * exp(n * modulus) + flip * tail;
}

double rn_heavy_ball_relaxation(const rn_heavy_ball *m, rn_index k)
{
    if (!is_stable(m) || k < 0) return missing;
    if (k == 0) return 0.0;
    if (k == 1) return m->eta * m->rho / (1.0 + m->beta);
    const double sum = 1.0 + m->beta - m->eta * m->rho;
    if (!(m->beta > 0.0) && !(fabs(sum) > 0.0)) return 1.0;
    if (below_damping(m) <= 0.0 || above_ringing(m) <= 0.0) return overdamped(m, k);
    /* c(k)/c(0) = beta^(k/2) [cos k w + (first/sqrt(beta) - cos w) sin k w/sin w] */
    const double root = sqrt(m->beta);
    const double w = angle_of(m);
    const double n = (double)k;
    const double side = sum / (1.0 + m->beta) / root - cos(w);
    return 1.0 - exp(0.5 * n * log(m->beta)) * (cos(n * w) + side * sine_ratio(n, w));
}

double rn_heavy_ball_oscillation(const rn_heavy_ball *m)
{
    if (!is_stable(m) || !(below_damping(m) > 0.0) || !(above_ringing(m) > 0.0)) return missing;
    return angle_of(m);
}

double rn_heavy_ball_peak(const rn_heavy_ball *m)
{
    if (!is_stable(m) || !(m->beta > 0.0)) return missing;
    const double cosine = (1.0 + m->beta - m->eta * m->rho) * (1.0 + m->beta) / (4.0 * m->beta);
    return fabs(cosine) < 1.0 ? acos(cosine) : missing;
}

/* ---- the flow -------------------------------------------------------------------------------- */

static double gamma_of(const rn_heavy_ball *m)
{
    return (1.0 - m->beta) / (m->eta * (1.0 + m->beta));
}

static double omega_squared(const rn_heavy_ball *m)
{
    return 2.0 * m->rho / (m->eta * (1.0 + m->beta));
}

double rn_heavy_ball_flow_position(const rn_heavy_ball *m)
{
    return is_stable(m) ? m->eta * m->noise / (2.0 * m->rho * (1.0 - m->beta)) : missing;
}

double rn_heavy_ball_flow_velocity(const rn_heavy_ball *m)
{
    return is_stable(m) ? m->noise / (1.0 - m->beta * m->beta) : missing;
}

double rn_heavy_ball_flow_relaxation(const rn_heavy_ball *m, double k)
{
    if (!is_stable(m) || !(k >= 0.0)) return missing;
    const double t = m->eta * k;
    const double damping = gamma_of(m);
    const double square = omega_squared(m) - damping * damping;
    const double w = sqrt(fabs(square));
    const double x = w * t;
    if (square > 0.0)
        return 1.0 - exp(-damping * t) * (cos(x) + damping * t * (x > 0.0 ? sin(x) / x : 1.0));
    /* cosh x + damping sinh x/w with slow = damping - w = omega^2/(damping + w) */
    const double slow = omega_squared(m) / (damping + w);
    const double ratio = x > 0.0 ? -expm1(-2.0 * x) / (2.0 * x) : 1.0;
    return -expm1(-slow * t) - exp(-slow * t) * slow * t * ratio;
}

double rn_heavy_ball_flow_oscillation(const rn_heavy_ball *m)
{
    if (!is_stable(m)) return missing;
    const double square = omega_squared(m) - gamma_of(m) * gamma_of(m);
    return square > 0.0 ? m->eta * sqrt(square) : missing;
}

double rn_heavy_ball_flow_peak(const rn_heavy_ball *m)
{
    if (!is_stable(m)) return missing;
    const double square = omega_squared(m) - 2.0 * gamma_of(m) * gamma_of(m);
    return square > 0.0 ? m->eta * sqrt(square) : missing;
}
