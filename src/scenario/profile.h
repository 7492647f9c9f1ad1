/*
 * A quantity given at some s and some times: linear in between, constant outside.
 */
#ifndef RNI_SCENARIO_PROFILE_H
#define RNI_SCENARIO_PROFILE_H

#include <renorm/folder.h>

/** One block, owned. Zero-initialise; release with rni_profile_clear. */
typedef struct rni_profile {
    rn_index n_times; /**< >= 1 */
    rn_index n_s;     /**< >= 1 */
    double *times;    /**< [n_times] ascending; owns the block */
    double *s;        /**< [n_s] ascending */
    double *values;   /**< [n_times x n_s] */
} rni_profile;

/** An array of a measurement, one number per boundary. */
typedef const double *(*rni_boundaries_fn)(const rn_snapshot *snapshot);

/** @return RN_OK; RN_ERR_MEMORY. Everything is zero */
RN_NODISCARD rn_status rni_profile_create(rn_index n_times, rn_index n_s, rni_profile *out);
void rni_profile_clear(rni_profile *profile);

/** values[i] := at (s[i], t); s ascending. */
void rni_profile_at(const rni_profile *profile, double t, rn_index n, const double *s,
                    double *values);

/**
 * Reads columns of a CSV file with a line of names: s and `name`, and t if it is there; lines by
 * ascending t, then s, every t with the same s.
 * @return RN_OK; RN_ERR_FORMAT; RN_ERR_IO; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_profile_read(const char *path, const char *name, rni_profile *out);

/**
 * A quantity of all measurements of a run on the union of their boundaries. Where it is not finite,
 * or the density below `least` times its largest, the nearest boundary's value stands in (the lower
 * of equals); measurements without any value are left out.
 * @return RN_OK; RN_ERR_DOMAIN (no measurement has a value); RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_profile_of_run(const rn_folder *folder, const char *name,
                                          rni_boundaries_fn quantity, double least,
                                          rni_profile *out);

#endif
