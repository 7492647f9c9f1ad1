/**
 * Shell transport: how the density of error energy over s = ln lambda moves and decays,
 *
 *   d eps/dt + d(w eps)/ds = -2 e^s eps        eps energy/nat, w nat/time
 *
 * Exact solutions for velocities that are powers of lambda. With T(t) = t - t0 (stationary law) or
 * the integral of t^(a-1) from t0 to t (covariant law),
 *
 *   w = -c e^(as)           stationary
 *   w = -c t^(a-1) e^(as)   covariant: t w is a function of lambda t alone
 *
 *   lambda(t)^-a = lambda0^-a + a c T          a = 0: lambda = lambda0 e^(-c T)
 *   eps(s, t)    = eps0(s0) (lambda0/lambda)^a G,    G = exp(-2 int lambda dt along the way)
 *
 * a, c are any finite numbers; c = 0 is the lazy limit, where nothing moves. Modes can leave the
 * axis in finite time: at lambda = 0 for a < 0 < c (they rest in the null line) and at lambda =
 * infinity for c < 0 < a. For a, c > 0 nothing is found above the frontier (a c T)^(-1/a).
 *
 *   const rn_transport_law law = {.a = 0.5, .c = 0.7};
 *   rn_transport_mode mode;
 *   rn_status status = rn_transport_move(&law, 0.0, 20.0, s0, &mode);  // a mode that starts at s0
 *
 * Theory: docs/theory/transport.md.
 */
#ifndef RENORM_TRANSPORT_H
#define RENORM_TRANSPORT_H

#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A velocity that is a power of lambda. Zero-initialise. */
typedef struct rn_transport_law {
    double a; /**< exponent of lambda */
    double c; /**< > 0 moves energy to smaller lambda; 1/(time lambda^a), covariant: lambda^-a
                   time^-a */
    int is_covariant; /**< 0: w = -c e^(as); 1: w = -c t^(a-1) e^(as) */
} rn_transport_law;

/** w(s, t), nat/time. t > 0 for a covariant law. */
RN_API double rn_transport_velocity(const rn_transport_law *law, double s, double t);

/** Where a mode is. */
typedef enum rn_transport_place {
    RN_TRANSPORT_ON_AXIS = 0,
    RN_TRANSPORT_AT_ZERO = 1,     /**< lambda = 0: its energy stays in the null line */
    RN_TRANSPORT_AT_INFINITY = 2, /**< lambda grew beyond all bounds */
} rn_transport_place;

/** One mode, or all that start close to it. */
typedef struct rn_transport_mode {
    double s;       /**< ln lambda at t; -inf at zero, +inf at infinity */
    double factor;  /**< G, in [0, 1]: share of its energy that is left */
    double stretch; /**< ds/ds0 = (lambda/lambda0)^a, inf for a mode that left the axis;
                         eps = eps0 G / stretch */
    rn_transport_place place;
} rn_transport_mode;

/**
 * Moves one mode from t0 to t.
 *
 * Accuracy: about 16 eps relative in lambda^a and in ln G for a stationary law, times the
 * condition of a c T lambda0^a near -1; 1e-12 in ln G for a covariant one (quadrature).
 *
 * @param t0, t  finite, t0 <= t; a covariant law: t0 >= 0, and t0 > 0 unless a > 0
 * @param s0     ln lambda0, finite
 * @param[out] mode
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_DOMAIN (e^(a s0) or e^s0 out of the range of doubles)
 *         RN_NOT_CONVERGED: covariant law, the quadrature of ln G missed 1e-12
 * Cost: a few exponentials; a covariant law some hundred to some thousand.
 */
RN_API RN_NODISCARD rn_status rn_transport_move(const rn_transport_law *law, double t0, double t,
                                                double s0, rn_transport_mode *mode);

/**
 * Where the mode that is at s at time t was at t0.
 * @param[out] s0  NaN where no mode arrives (above the frontier)
 * @return as rn_transport_move
 */
RN_API RN_NODISCARD rn_status rn_transport_origin(const rn_transport_law *law, double t0, double t,
                                                  double s, double *s0);

/**
 * ln of the frontier, (a c T)^(-1/a): for a, c > 0 no energy is above it, for a, c < 0 none below.
 * @return NaN where there is none (other signs, T = 0, arguments refused by rn_transport_move)
 */
RN_API double rn_transport_frontier(const rn_transport_law *law, double t0, double t);

/** A density at t0. Callbacks and arrays are borrowed for the call. Zero-initialise. */
typedef struct rn_transport_start {
    double (*density)(void *user, double s); /**< eps0 >= 0, energy/nat; only asked inside lower ..
                                                  upper, outside it is 0 */
    void *user;
    double lower, upper;  /**< finite, lower < upper, nats */
    const double *breaks; /**< [n_breaks] ascending: where eps0 or its slope jumps */
    rn_index n_breaks;
} rn_transport_start;

/**
 * eps(s, t) of the exact solution, energy/nat; 0 where no mode arrives.
 * @return as rn_transport_move; RN_ERR_NONFINITE (density is not finite)
 */
RN_API RN_NODISCARD rn_status rn_transport_density(const rn_transport_law *law, double t0, double t,
                                                   const rn_transport_start *start, double s,
                                                   double *density);

/** Where the energy of a start is. Energies; null_line and at_infinity hold modes that left the
    axis. */
typedef struct rn_transport_energy {
    double initial;     /**< at t0 */
    double inside;      /**< window_lower <= s <= window_upper */
    double below;       /**< 0 < lambda < e^window_lower */
    double above;       /**< e^window_upper < lambda < infinity */
    double null_line;   /**< lambda = 0 */
    double at_infinity; /**< lambda = infinity; only for a > 1, else it decays on the way */
    double error;       /**< estimate of the largest error of the lines above */
} rn_transport_energy;

/**
 * The energies at t: eps0 G integrated over s0 along the characteristics.
 *
 * @param window_lower, window_upper  -INFINITY and INFINITY are allowed; lower < upper
 * @return RN_OK; RN_NOT_CONVERGED (error above 1e-10 of the initial energy); else as
 *         rn_transport_density
 */
RN_API RN_NODISCARD rn_status rn_transport_energies(const rn_transport_law *law, double t0,
                                                    double t, const rn_transport_start *start,
                                                    double window_lower, double window_upper,
                                                    rn_transport_energy *energy);

/**
 * The lazy limit's loss for lambda_k = k^-b and energies k^-q, k = 1, 2, ..:
 *
 *   L(t) = sum_k k^-q exp(-2 k^-b t)  ->  (1/b) Gamma((q-1)/b) (2t)^(-(q-1)/b)     1 << 2t
 *
 * Bordelon, Atanasov and Pehlevan, arXiv 2402.01092, give the exponent; the constant is the Mellin
 * transform of the sum. With finitely many modes it holds for 2t << k_max^b.
 * @param b > 0, q > 1, t > 0  else NaN
 */
RN_API double rn_transport_lazy_loss(double b, double q, double t);

#ifdef __cplusplus
}
#endif

#endif
