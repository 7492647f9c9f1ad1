/*
 * Exact intervals for a share of successes.
 */
#ifndef RENORM_TESTS_CLOPPER_PEARSON_H
#define RENORM_TESTS_CLOPPER_PEARSON_H

/** The 95 % interval of Clopper and Pearson (Biometrika 26, 404, 1934) for k of n, 0 <= k <= n. */
void clopper_pearson(int k, int n, double *low, double *high);

#endif
