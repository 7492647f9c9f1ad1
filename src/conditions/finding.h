/*
 * Filling in findings.
 */
#ifndef RNI_CONDITIONS_FINDING_H
#define RNI_CONDITIONS_FINDING_H

#include <renorm/verdict.h>

#include "core/status.h"

/** A finding that cannot tell: numbers NaN but the threshold, texts copied (cut where too long). */
rn_finding rni_finding(double threshold, const char *origin);

/** Sets the reason. */
void rni_finding_say(rn_finding *finding, const char *format, ...) RNI_PRINTF(2, 3);

/** Sets value and interval, and the verdict: holds where high < threshold, fails where
    low > threshold, else cannot tell. */
void rni_finding_judge_below(rn_finding *finding, double value, double low, double high);

/** The factor t with P(|T| <= t) = 0.95, T Student with df >= 1 degrees of freedom; below 1e-3 off
    relative. */
double rni_student_95(rn_index df);

#endif
