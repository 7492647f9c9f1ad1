/*
 * Size arithmetic that cannot wrap around. Dimensions are bounded by RN_SIZE_MAX where they
 * enter, so sums and small multiples are safe; products go through here.
 */
#ifndef RNI_CORE_SIZE_H
#define RNI_CORE_SIZE_H

#include <renorm/types.h>
#include <stdbool.h>

/** *out := a * b; false (out untouched) on overflow or a negative factor. */
static inline bool rni_size_mul(rn_index a, rn_index b, rn_index *out)
{
    rn_index product = 0;
    if (a < 0 || b < 0 || __builtin_mul_overflow(a, b, &product)) return false;
    *out = product;
    return true;
}

/** *out := a + b; false (out untouched) on overflow or a negative term. */
static inline bool rni_size_add(rn_index a, rn_index b, rn_index *out)
{
    rn_index sum = 0;
    if (a < 0 || b < 0 || __builtin_add_overflow(a, b, &sum)) return false;
    *out = sum;
    return true;
}

/** True when n is a usable dimension: 1 .. RN_SIZE_MAX. */
static inline bool rni_size_ok(rn_index n)
{
    return n >= 1 && n <= RN_SIZE_MAX;
}

static inline rn_index rni_min(rn_index a, rn_index b)
{
    return a < b ? a : b;
}

static inline rn_index rni_max(rn_index a, rn_index b)
{
    return a > b ? a : b;
}

/** a / b rounded up; a >= 0, b >= 1. */
static inline rn_index rni_ceil_div(rn_index a, rn_index b)
{
    return a / b + (a % b != 0);
}

#endif
