/*
 * What data must have before a law is fitted to them, and parts of a table fitted again.
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

/** rn_fit_power_law, or rn_fit_log_law where there are options. */
RN_NODISCARD rn_status rni_fit_again(const rn_fit_input *input, const rn_fit_options *options,
                                     rn_fit_result *out);

/** The table of n rows [n] of another; block [3 n] holds its columns. */
rn_fit_input rni_fit_pick(const rn_fit_input *from, rn_index n, const rn_index *rows,
                          double *block);

/** n rows of n, drawn with replacement: rows [n]. Depends on the number of the draw and n alone. */
void rni_fit_draw_rows(rn_index draw, rn_index n, rn_index *rows);

#endif
