/*
 * Checks of a grid that every shell function makes.
 */
#ifndef RNI_SHELLS_SHELL_GRID_H
#define RNI_SHELLS_SHELL_GRID_H

#include <renorm/shells.h>

/** RN_OK, or RN_ERR_ARGUMENT with a message that starts with the public function's name. */
RN_NODISCARD rn_status rni_grid_check(const char *caller, const rn_shell_grid *grid);

/** The smallest b (an integer) with b h >= ln lambda + h; lambda > 0. */
double rni_boundary_above(double width, double lambda);

/** RN_ERR_DOMAIN where part of a mode lambda_max would reach above the top boundary. */
RN_NODISCARD rn_status rni_grid_check_top(const char *caller, const rn_shell_grid *grid,
                                          double lambda_max);

/** Checks that values[0 .. n-1] are finite; `what` names the array in the message. */
RN_NODISCARD rn_status rni_check_finite(const char *caller, const char *what, rn_index n,
                                        const double *values);

/** Checks that lambda[0 .. n-1] are finite and ascending. */
RN_NODISCARD rn_status rni_check_ascending(const char *caller, const char *what, rn_index n,
                                           const double *lambda);

#endif
