/*
 * What data must have before a law is fitted to them.
 */
#ifndef RNI_FIT_SUPPORT_H
#define RNI_FIT_SUPPORT_H

#include <renorm/fit.h>

/**
 * Arguments and data: finite, x > 0, more points than parameters, 4 different values of each
 * variable over more than a decade, two variables that are not one.
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_DOMAIN with the reason
 */
RN_NODISCARD rn_status rni_fit_check(const char *caller, const rn_fit_input *input,
                                     const rn_fit_result *result);

#endif
