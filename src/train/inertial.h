/*
 * Inertial (underdamped) Langevin dynamics with unit mass,
 *
 *     dtheta = v dt,   dv = -grad L dt - gamma v dt + sqrt(2 gamma T) dB,
 *
 * in steps of h = sqrt(eta) that look at one gradient g, by splitting into a kick B by the force, a
 * drift A, and the friction with its noise, O, which is solved exactly: v <- c v + s n with
 * c = exp(-gamma h), s^2 = T (1 - c^2).
 *
 *     symplectic Euler, O B A: v <- c v + s n - h g;  theta <- theta + h v
 *     leapfrog, B A O A B:     v <- v - k g;  theta <- theta + h v/2;  v <- c v + s n;
 *                              theta <- theta + h v/2
 *
 * Leapfrog's half kicks on either side of theta look at the same gradient and are one,
 * k = (h(step - 1) + h(step))/2, and h/2 in the first step; so v is remembered before the half kick
 * that ends its step: the velocity there is v - h g/2. Both maps shrink phase space by exactly c
 * and are of order 1 and 2. For L = rho theta^2/2 the stationary <theta^2> is T/rho with leapfrog,
 * at any h < 2/sqrt(rho), and T (1 + c)^2/(rho (2 (1 + c) - h^2 rho)) with symplectic Euler.
 *
 * Without noise both are heavy ball with beta = c and eta (symplectic Euler) or eta (1 + c)/2
 * (leapfrog), which is what a step is credited by: tau = h^2/(1 - c), times (1 + c)/2 for leapfrog,
 * that is h/gamma and what is of order h^2. With gamma = 0 theta never follows the gradient; time
 * is that of the equation then, tau = h.
 *
 * Sources: Leimkuhler and Matthews, Appl. Math. Res. Express 2013 (B A O A B and its exactness for
 * quadratic L); Groenbech-Jensen and Farago, Molecular Physics 2013 (the same map with
 * c = (1 - gamma h/2)/(1 + gamma h/2)); Chen, Fox and Guestrin, ICML 2014 (eta = h^2, batches,
 * heavy ball). O B A is theirs with the friction solved exactly; the merged kick and the credit are
 * ours.
 */
#ifndef RNI_TRAIN_INERTIAL_H
#define RNI_TRAIN_INERTIAL_H

#include "train/descent.h"

/** rni_descent.scheme. */
enum { RNI_NOT_INERTIAL, RNI_LEAPFROG, RNI_SYMPLECTIC_EULER };

/** A step: theta <- theta + reach v - pull g + jolt n,  v <- keep v - push g + kick n. */
typedef struct rni_inertial {
    double reach, pull, jolt;
    double keep, push, kick;
    double tau;
} rni_inertial;

/** The step of that number. lambda_max and n_steps as rni_rate_at. */
rni_inertial rni_inertial_at(const rni_descent *how, double lambda_max, rn_index n_steps,
                             rn_index step);

#endif
