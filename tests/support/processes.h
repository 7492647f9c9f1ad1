/*
 * Test support: ranks of a communicator as processes of one machine.
 */
#ifndef RENORM_TESTS_PROCESSES_H
#define RENORM_TESTS_PROCESSES_H

#include <renorm/ranks.h>
#include <renorm/status.h>

/** What one rank does. Runs in a process of its own. out [n_out] is its own and starts as NaN. */
typedef rn_status (*rank_fn)(const rn_communicator *ranks, void *user, double *out);

/** What came of one rank. */
typedef struct rank_end {
    rn_status status;
    int n_sums; /**< calls of ordered_sum */
    char message[256];
} rank_end;

/**
 * Runs fn as `size` processes and waits for all; the caller's process must have no threads.
 * @param capacity      most numbers in one sum
 * @param fails_at      ordered_sum fails on all ranks at its call of this number; -1: never
 * @param[out] ends     [size]
 * @param[out] results  [size x n_out]
 */
void processes_run(int size, rn_index capacity, int fails_at, rank_fn fn, void *user,
                   rn_index n_out, rank_end *ends, double *results);

#endif
