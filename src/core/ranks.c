/*
 * Work divided among ranks.
 */
#include "core/ranks.h"

#include "core/status.h"

bool rni_ranks_share(const rn_communicator *ranks)
{
    return ranks && ranks->size > 1;
}

rn_status rni_ranks_check(const rn_communicator *ranks, const char *function)
{
    if (!ranks) return RN_OK;
    if (ranks->size < 1 || ranks->rank < 0 || ranks->rank >= ranks->size)
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: rank %" PRId64 " of %" PRId64 ", expected 0 <= rank < size", function,
                        ranks->rank, ranks->size);
    if (ranks->size > 1 && !ranks->ordered_sum)
        return rni_fail(RN_ERR_ARGUMENT, "%s: several ranks need an ordered_sum", function);
    return RN_OK;
}

/* Tasks of one rank, renumbered. */
typedef struct share {
    const rn_communicator *ranks;
    rni_task_fn task;
    void *user;
} share;

static rn_status run_own(void *user, rn_index i, int thread)
{
    const share *s = user;
    return s->task(s->user, s->ranks->rank + i * s->ranks->size, thread);
}

rn_status rni_ranks_run(const rn_communicator *ranks, rni_pool *pool, rn_index n_tasks,
                        rni_task_fn task, void *user)
{
    if (!rni_ranks_share(ranks)) return rni_pool_run(pool, n_tasks, task, user);
    share s = {.ranks = ranks, .task = task, .user = user};
    const rn_index beyond = n_tasks - ranks->rank;
    const rn_index n_own = beyond > 0 ? (beyond + ranks->size - 1) / ranks->size : 0;
    return rni_pool_run(pool, n_own, run_own, &s);
}

void rni_ranks_clear(const rn_communicator *ranks, rn_index count, double *x)
{
    if (!rni_ranks_share(ranks)) return;
    for (rn_index i = 0; i < count; i++)
        x[i] = -0.0;
}

rn_status rni_ranks_exchange(const rn_communicator *ranks, rn_status status, rn_index count,
                             double *x)
{
    if (!rni_ranks_share(ranks)) return status;
    double n_failed = status < 0 ? 1.0 : 0.0;
    const bool reached = ranks->ordered_sum(ranks->user, 1, &n_failed) == 0;
    if (status < 0) return status;
    if (!reached) return rni_fail(RN_ERR_CALLBACK, "renorm: ordered_sum failed");
    if (n_failed > 0.0)
        return rni_fail(RN_ERR_CALLBACK, "renorm: %.0f other ranks failed; see their messages",
                        n_failed);
    if (!x || count < 1) return status;
    if (ranks->ordered_sum(ranks->user, count, x) != 0)
        return rni_fail(RN_ERR_CALLBACK, "renorm: ordered_sum failed");
    return status;
}
