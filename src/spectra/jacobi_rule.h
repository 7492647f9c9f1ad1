/*
 * Bounds from a Jacobi matrix on the threads of a pool.
 */
#ifndef RNI_SPECTRA_JACOBI_RULE_H
#define RNI_SPECTRA_JACOBI_RULE_H

#include <renorm/lanczos.h>

#include "core/pool.h"

/** rn_jacobi_above on the threads of `pool` (NULL: the calling one), with the same bits. */
RN_NODISCARD rn_status rni_jacobi_above(rni_pool *pool, const rn_jacobi *rule, rn_index n_cuts,
                                        const double *cuts, double *low, double *high);

#endif
