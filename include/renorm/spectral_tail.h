/**
 * Sums over modes whose rates fall as a power, lambda_i = i^-a, i = 1 .. d: what such modes have
 * learned after a "time" x, and what is left. They give the learned fraction of phase retrieval
 * (x = 16 tau/H), the squared displacement of stochastic gradient descent, and the lazy loss.
 *
 *   learned   Phi_a(x)  = sum_i (1 - exp(-x i^-a))       ~ Gamma(1 - 1/a) x^(1/a) - 1/2,    a > 1
 *   left      R_aq(x)   = sum_i i^-q exp(-x i^-a)        ~ (1/a) Gamma((q-1)/a) x^(-(q-1)/a), q > 1
 *
 * for 1 << x << d^a. The powers are the poles of the sums' Mellin transforms, Gamma(s) zeta(-a s)
 * and Gamma(s) zeta(q - a s): with d = infinity, Phi's asymptote is off by less than any power of
 * 1/x once its -1/2 = zeta(0) is there, which is why that constant, and not a finite x, is what
 * bends a measured exponent at the small end. At the large end the modes run out.
 *
 *     double low, high;      where the exponent 1/a can be measured to 0.02
 *     rn_status status = rn_spectral_tail_window(2.0, 1000000, 0.02, &low, &high);
 *
 * Functions that return a double return NaN for arguments out of range.
 */
#ifndef RENORM_SPECTRAL_TAIL_H
#define RENORM_SPECTRAL_TAIL_H

#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most modes of one sum; it costs some 20 ns each. */
#define RN_SPECTRAL_TAIL_MAX_MODES ((rn_index)1 << 30)

/**
 * Phi_a(x), to a few eps relative: terms by expm1, added from the smallest.
 * @param a  > 0
 * @param d  modes, 1 .. RN_SPECTRAL_TAIL_MAX_MODES
 * @param x  >= 0
 */
RN_API double rn_spectral_tail_learned(double a, rn_index d, double x);

/** Gamma(1 - 1/a) x^(1/a), the leading power alone; a > 1, x > 0. */
RN_API double rn_spectral_tail_asymptote(double a, double x);

/**
 * The exact local exponent d ln Phi_a / d ln x of d modes: 1 for x << 1, about 1/a in between, 0
 * for x >> d^a. Arguments as rn_spectral_tail_learned, x > 0.
 */
RN_API double rn_spectral_tail_exponent(double a, rn_index d, double x);

/**
 * Where the exponent can be seen: the range of x in which the local exponent of d modes is within
 * `tolerance` of 1/a; of several ranges the longest in ln x. It depends on a and d alone, never on
 * data.
 *
 * @param a          > 1
 * @param d          2 .. RN_SPECTRAL_TAIL_MAX_MODES
 * @param tolerance  of the exponent, > 0 and below 1/a and 1 - 1/a
 * @param low, high  out: ends of the range, to 1e-6 relative
 * @return RN_OK; RN_ERR_DOMAIN (no range longer than a factor e^0.1: d is too small for this a and
 *         tolerance); RN_ERR_ARGUMENT. Cost: 10 a ln d + 80 sums.
 */
RN_API RN_NODISCARD rn_status rn_spectral_tail_window(double a, rn_index d, double tolerance,
                                                      double *low, double *high);

/**
 * R_aq(x), what is left of energies i^-q: with x = 2t the loss of frozen modes after a time t.
 * @param a  > 0; @param q  finite; d, x as rn_spectral_tail_learned
 */
RN_API double rn_spectral_tail_left(double a, double q, rn_index d, double x);

/** (1/a) Gamma((q-1)/a) x^(-(q-1)/a); a > 0, q > 1, x > 0. */
RN_API double rn_spectral_tail_left_asymptote(double a, double q, double x);

#ifdef __cplusplus
}
#endif

#endif
