/*
 * A kernel that moves smoothly in a known way, and the error that follows it.
 *
 *     M(t) = Q(t) L(t) Q(t)^T,   Q(t) = R(t) P R(2t),   L_u(t) = l_u exp(c_u sin t)
 *
 * R(t) turns neighbouring coordinates pairwise at given rates, P is a fixed orthogonal matrix; the
 * derivative of every factor is known in closed form. The error obeys e' = -M(t) e + b cos t.
 */
#ifndef RENORM_TESTS_MOVING_KERNEL_H
#define RENORM_TESTS_MOVING_KERNEL_H

#include <stdint.h>

/** Number of modes; the kernel is MOVING_N x MOVING_N, row-major. */
enum { MOVING_N = 12 };

typedef struct moving_kernel {
    double base[MOVING_N];             /* l */
    double growth[MOVING_N];           /* c */
    double rates[MOVING_N / 2];        /* angular velocities of R */
    double fixed[MOVING_N * MOVING_N]; /* P */
    double drive[MOVING_N];            /* b */
} moving_kernel;

/** Eigenvalues over four decades, everything else random; drive is scaled by drive_size. */
void moving_kernel_make(uint64_t seed, double drive_size, moving_kernel *out);

/** M(t) and dM/dt; either may be NULL. */
void moving_kernel_at(const moving_kernel *kernel, double t, double *m, double *rate);

/** e := the error at t1 that starts as e at t0, by n_steps classical Runge-Kutta steps. */
void moving_kernel_follow(const moving_kernel *kernel, double t0, double t1, int n_steps,
                          double *e);

#endif
