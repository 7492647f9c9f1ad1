/*
 * Curves of a fit as JSON: the law with its bootstrap band, and the allocation of least loss.
 */
#ifndef RNI_REPORT_FIT_CURVES_H
#define RNI_REPORT_FIT_CURVES_H

#include <renorm/fit_report.h>

#include "backends/json_tree.h"
#include "core/status.h"

/** Every page of a fit starts with this. */
#define RNI_FIT_PAGE_MARK "<!DOCTYPE html>\n<!-- renorm fit"

/** The page without its data, embedded by the build from fit_page/. */
extern const unsigned char rni_fit_page_head[];
extern const size_t rni_fit_page_head_size;
extern const unsigned char rni_fit_page_tail[];
extern const size_t rni_fit_page_tail_size;

/** Most curves along one variable: values at which the other is held. */
#define RNI_FIT_LEVELS 5

/**
 * Adds the list "curves": along each variable, from its least to ten times its largest value; of
 * two variables with the other held at up to RNI_FIT_LEVELS values between the 5th and 95th of a
 * hundred of its points. Then the object "allocation" where there are two variables.
 * @return RN_OK; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_fit_curves(rni_json *json, const rn_fit_report *report);

/** The fitted law at x (and d). */
double rni_fit_law(const rn_fit_report *report, double x, double d);

#endif
