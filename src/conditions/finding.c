#include "conditions/finding.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

rn_finding rni_finding(double threshold, const char *origin)
{
    const double nan = (double)NAN;
    rn_finding f = {.value = nan, .low = nan, .high = nan, .threshold = threshold};
    (void)snprintf(f.origin, sizeof f.origin, "%s", origin);
    return f;
}

void rni_finding_say(rn_finding *finding, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(finding->reason, sizeof finding->reason, format, arguments);
    va_end(arguments);
}

void rni_finding_judge_below(rn_finding *finding, double value, double low, double high)
{
    finding->value = value;
    finding->low = low;
    finding->high = high;
    finding->verdict = high < finding->threshold  ? RN_VERDICT_HOLDS
                       : low > finding->threshold ? RN_VERDICT_FAILS
                                                  : RN_VERDICT_CANNOT_TELL;
}

double rni_student_95(rn_index df)
{
    static const double small[] = {12.7062, 4.3027, 3.1824, 2.7764, 2.5706,
                                   2.4469,  2.3646, 2.3060, 2.2622, 2.2281};
    if (df <= 10) return small[df - 1];
    /* the expansion about the normal quantile z in powers of 1/df */
    const double z = 1.959964;
    const double z3 = z * z * z;
    const double z5 = z3 * z * z;
    const double n = (double)df;
    const double first = (z3 + z) / (4.0 * n);
    const double second = (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * n * n);
    const double third =
        (3.0 * z5 * z * z + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * n * n * n);
    return z + first + second + third;
}

const char *rn_verdict_name(rn_verdict verdict)
{
    switch (verdict) {
    case RN_VERDICT_HOLDS: return "holds";
    case RN_VERDICT_FAILS: return "fails";
    case RN_VERDICT_CANNOT_TELL: break;
    }
    return "cannot tell";
}
