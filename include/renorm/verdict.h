/**
 * What is said of a condition: holds, fails, or cannot be told, with the number behind it.
 */
#ifndef RENORM_VERDICT_H
#define RENORM_VERDICT_H

#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Never renumbered. */
typedef enum rn_verdict {
    RN_VERDICT_CANNOT_TELL = 0,
    RN_VERDICT_HOLDS = 1,
    RN_VERDICT_FAILS = 2
} rn_verdict;

/** Longest text of a finding, terminator included. */
#define RN_FINDING_TEXT 192

/**
 * One verdict. The interval covers the true value in 95 of 100 cases of the kind that `origin`
 * names; the condition holds where all of it lies on one side of the threshold and fails where it
 * lies on the other. Numbers that do not exist are NaN.
 */
typedef struct rn_finding {
    rn_verdict verdict;
    double value;
    double low, high; /**< 95 % interval */
    double threshold;
    char origin[RN_FINDING_TEXT]; /**< where the threshold comes from */
    char reason[RN_FINDING_TEXT]; /**< why this verdict; what would suffice where it cannot tell */
} rn_finding;

/** "holds", "fails", "cannot tell". Never NULL. */
RN_API const char *rn_verdict_name(rn_verdict verdict);

#ifdef __cplusplus
}
#endif

#endif
