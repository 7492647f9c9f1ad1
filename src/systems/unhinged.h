/*
 * The unhinged loss: what the parts of the claim share.
 */
#ifndef RNI_SYSTEMS_UNHINGED_H
#define RNI_SYSTEMS_UNHINGED_H

#include "systems/free_features.h"

typedef struct rni_unhinged_settings {
    rn_index classes;
    rn_index per_class;
    rn_index width;
    double g1, g2;
} rni_unhinged_settings;

enum { RNI_UNHINGED_TIMES = 13 };

/** The kernel that does not change. */
extern const rni_feature_kernel rni_unhinged_kernel;

typedef enum rni_unhinged_quantity {
    RNI_UNHINGED_SPECTRUM,
    RNI_UNHINGED_TRAJECTORY,
    RNI_UNHINGED_STEP_RATIO,
    RNI_UNHINGED_SCHEDULE_EXACT,
    RNI_UNHINGED_SCHEDULE_RATIO,
    RNI_UNHINGED_WITHIN,
    RNI_UNHINGED_NC1_RATE,
    RNI_UNHINGED_GROWTH,
    RNI_UNHINGED_DEATH,
    RNI_UNHINGED_FIXED_SLOPE,
    RNI_UNHINGED_SPHERE_RATE,
    RNI_UNHINGED_KERNEL_TRAJECTORY,
    RNI_UNHINGED_KERNEL_WITHIN,
    RNI_UNHINGED_KERNEL_NC1_RATE,
    RNI_UNHINGED_QUANTITIES
} rni_unhinged_quantity;

/** A course: a state is moved through evenly spaced times and scatters are kept. */
typedef struct rni_unhinged_course {
    double time[RNI_UNHINGED_TIMES], within[RNI_UNHINGED_TIMES], between[RNI_UNHINGED_TIMES],
        nc1[RNI_UNHINGED_TIMES];
} rni_unhinged_course;

/** (g1+g2) sqrt(n)/N, n samples per class. */
double rni_unhinged_sigma(const rni_unhinged_settings *settings);

/**
 * Everything one seed shows.
 * @param courses  out: of free features and of those with a kernel at rest
 * @param found    [RNI_UNHINGED_QUANTITIES] 0 before
 * @return RN_OK; RN_ERR_MEMORY; what the integrator and LAPACK return
 */
RN_NODISCARD rn_status rni_unhinged_see(const rni_unhinged_settings *settings, uint64_t seed,
                                        bool is_mutated, rni_unhinged_course courses[2],
                                        double *found);

#endif
