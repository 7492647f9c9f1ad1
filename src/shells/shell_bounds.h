/*
 * Intervals of shells on the threads of a pool.
 */
#ifndef RNI_SHELLS_SHELL_BOUNDS_H
#define RNI_SHELLS_SHELL_BOUNDS_H

#include <renorm/shell_bounds.h>

#include "core/pool.h"

/** rn_shell_bounds_measure on the threads of `pool` (NULL: the calling one), with the same bits. */
RN_NODISCARD rn_status rni_shell_bounds(rni_pool *pool, const rn_shell_grid *grid,
                                        const rn_jacobi *rule, rn_index n_samples,
                                        rn_shell_bounds *out);

#endif
