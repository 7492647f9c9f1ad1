/**
 * Checks of the whole chain on a tiny network, in seconds: does this copy of renorm, on this
 * machine, compute what it says?
 */
#ifndef RENORM_SELFTEST_H
#define RENORM_SELFTEST_H

#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most checks. */
#define RN_SELFTEST_MAX 16

/** One check: passed means value <= limit. Texts are constant. */
typedef struct rn_check {
    const char *name;
    const char *meaning; /**< one line: what is compared with what */
    double value;        /**< what was found, dimensionless */
    double limit;        /**< largest value that passes */
    int passed;
} rn_check;

/**
 * Runs all checks.
 * @param seed      of weights, samples and directions
 * @param checks    [RN_SELFTEST_MAX] out
 * @param n_checks  out
 * @return RN_OK: all were made (look at `passed`); what a computation returned
 */
RN_API RN_NODISCARD rn_status rn_selftest(uint64_t seed, rn_check *checks, rn_index *n_checks);

#ifdef __cplusplus
}
#endif

#endif
