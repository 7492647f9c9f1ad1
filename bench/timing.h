/*
 * Time for benchmarks: the least of several repetitions, since noise only adds; ratios as the
 * median over rounds in which both ran one after the other, since noise then hits both.
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

/** Two programs side by side: least seconds of each, median of second / first. */
typedef struct comparison {
    double first_s, second_s, ratio;
} comparison;

static inline int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return a < b ? -1 : a > b;
}

enum { COMPARISON_ROUNDS = 31 };

static inline comparison compare(void (*first)(void *), void *first_user, void (*second)(void *),
                                 void *second_user)
{
    comparison c = {1e300, 1e300, 0.0};
    double ratios[COMPARISON_ROUNDS];
    for (int round = 0; round < COMPARISON_ROUNDS; round++) {
        const double a = least_s(1, 1, first, first_user);
        const double b = least_s(1, 1, second, second_user);
        c.first_s = a < c.first_s ? a : c.first_s;
        c.second_s = b < c.second_s ? b : c.second_s;
        ratios[round] = b / a;
    }
    qsort(ratios, COMPARISON_ROUNDS, sizeof ratios[0], by_value);
    c.ratio = ratios[COMPARISON_ROUNDS / 2];
    return c;
}

/** Ends the program when a call failed. */
static inline void must(int status, const char *what)
{
    if (status == 0) return;
    (void)fprintf(stderr, "%s failed: status %d\n", what, status);
    exit(3);
}

#endif
