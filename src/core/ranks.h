/*
 * Work divided among the ranks of a communicator. NULL, and a communicator of size 1, are one
 * process on its own: everything below then costs nothing.
 *
 * A result is divided by ownership: a number is computed by one rank, the others hold -0.0 for it,
 * the one number that added to any other leaves its bits alone. The ordered sum is thus an
 * exchange, and the result that of one process.
 */
#ifndef RNI_CORE_RANKS_H
#define RNI_CORE_RANKS_H

#include <renorm/ranks.h>
#include <stdbool.h>

#include "core/pool.h"

/** True where several ranks work together. */
bool rni_ranks_share(const rn_communicator *ranks);

/** @return RN_OK; RN_ERR_ARGUMENT (rank outside 0 .. size - 1, size < 1, no sum for size > 1) */
RN_NODISCARD rn_status rni_ranks_check(const rn_communicator *ranks, const char *function);

/** rni_pool_run over the tasks of this rank: those of number rank, rank + size, .. */
RN_NODISCARD rn_status rni_ranks_run(const rn_communicator *ranks, rni_pool *pool, rn_index n_tasks,
                                     rni_task_fn task, void *user);

/** x [count] := -0.0 where several ranks work together; before tasks write what they own. */
void rni_ranks_clear(const rn_communicator *ranks, rn_index count, double *x);

/**
 * Exchanges x [count]; NULL or 0: nothing to exchange. To be called by every rank whatever its
 * `status`: if one failed, all return, none is left waiting.
 * @return status where it is negative; RN_ERR_CALLBACK (another rank failed, or the sum did);
 * status
 */
RN_NODISCARD rn_status rni_ranks_exchange(const rn_communicator *ranks, rn_status status,
                                          rn_index count, double *x);

#endif
