/*
 * Limiting dynamics of stochastic gradient descent: what the parts of the claim share.
 */
#ifndef RNI_SYSTEMS_LIMITING_H
#define RNI_SYSTEMS_LIMITING_H

#include <renorm/streaming.h>

#include "core/option.h"
#include "systems/noisy_regression.h"
#include "systems/periodogram.h"
#include "systems/system.h"
#include "systems/walk.h"

typedef struct rni_limit_settings {
    rn_index features;
    rn_index samples;
    rn_index batch;
    rn_index steps;
    rni_reals rates;
    rni_reals momenta;
    rni_reals exponents;
    rni_reals modes;
    rn_index exact_modes;
    double exponent_rate;
    rn_index exponent_batch;
    rn_index net_samples;
    double net_rate;
    rn_index net_steps;
} rni_limit_settings;

/** Of the labels; scales every variance alike. */
#define RNI_LIMIT_SIGMA 0.5

/** Seeds move batches only: the theory depends on the data. */
#define RNI_LIMIT_DATA_SEED 1

/** Lags in each octave of a displacement, twice. */
#define RNI_LIMIT_PER_LEVEL 8

/** What is gathered along one walk; NULL: nothing of it. */
typedef struct rni_limit_looks {
    rn_stream_moments *moments;
    rn_stream_moments *speeds; /**< of v; with momentum only */
    rn_stream_lags *lags;
    rni_periodogram *spectrum; /**< of the first coordinate */
} rni_limit_looks;

/** Descent on r with batches drawn with replacement. */
rni_walk_plan rni_limit_plan(const rni_noisy_regression *r, rn_index batch, double eta,
                             double beta);

/** Starts at a draw with the variances of a stationary state and lets momenta settle. */
RN_NODISCARD rn_status rni_limit_start(rni_walk *walk, uint64_t seed, const double *variance,
                                       rn_index settle);

RN_NODISCARD rn_status rni_limit_follow(rni_walk *walk, rn_index n_steps,
                                        const rni_limit_looks *at);

/** Moments at all rates and momenta; `done` of `total` walks counts on. @return RN_OK, or what
    stopped it */
RN_NODISCARD rn_status rni_limit_moments(rn_claim *claim, rn_index *done, rn_index total);

/** A small network at its minimum against its own linear theory; `done` of `total` walks counts on.
    @return RN_OK, or what stopped it */
RN_NODISCARD rn_status rni_limit_net(rn_claim *claim, rn_index *done, rn_index total);

/** Exponents of the displacement: exact for many modes, and walked; `done` of `total` walks counts
    on. @return RN_OK, or what stopped it */
RN_NODISCARD rn_status rni_limit_exponents(rn_claim *claim, rn_index *done, rn_index total);

/** The Langevin equation of descent with momentum, walked beside it; `done` of `total` walks counts
    on. @return RN_OK, or what stopped it */
RN_NODISCARD rn_status rni_limit_inertial(rn_claim *claim, rn_index *done, rn_index total);

/** The displacement's first and last exponents, and the order of the way to the flow. */
RN_NODISCARD rn_status rni_limit_ends(rn_claim *claim);

#endif
