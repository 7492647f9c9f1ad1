/*
 * Time for benchmarks: the least of several repetitions, since noise only adds.
 */
#ifndef RENORM_BENCH_TIMING_H
#define RENORM_BENCH_TIMING_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/** Seconds of one call, the least of n_rounds rounds of n_calls calls each. */
static inline double least_s(int n_rounds, int n_calls, void (*call)(void *), void *user)
{
    double least = 1e300;
    for (int round = 0; round < n_rounds; round++) {
        const double start = now_s();
        for (int i = 0; i < n_calls; i++)
            call(user);
        const double elapsed = (now_s() - start) / n_calls;
        if (elapsed < least) least = elapsed;
    }
    return least;
}

/** Ends the program when a call failed. */
static inline void must(int status, const char *what)
{
    if (status == 0) return;
    (void)fprintf(stderr, "%s failed: status %d\n", what, status);
    exit(3);
}

#endif
