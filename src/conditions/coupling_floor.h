/*
 * What the defects would be if nothing but chance made them.
 */
#ifndef RNI_CONDITIONS_COUPLING_FLOOR_H
#define RNI_CONDITIONS_COUPLING_FLOOR_H

#include "conditions/coupling_cross.h"

/**
 * Puts n_draws draws of Gaussian noise in place of the couplings and fills the floors of *out and
 * the noise of its cross defects, from n_noise_splits splits of each. The splitter is left with
 * that many. sums [n_shells x n_shells] and y [pairs] are work space.
 * @return RN_OK; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_coupling_floor(rni_coupling_modes *modes,
                                          const rni_coupling_pairs *pairs,
                                          rni_coupling_splitter *splitter, rn_index n_draws,
                                          rn_index n_noise_splits, double *sums, double *y,
                                          rn_coupling_defect *out);

#endif
