/*
 * The grid of boundaries and the checks of its users.
 *
 * A mode reaches h to either side of its own s, so the top boundary must be at least one width
 * above the largest eigenvalue (else part of the top mode belongs to no shell) and the bottom one
 * at least one width above the noise floor (else unresolved modes leak in).
 */
#include "shells/shell_grid.h"

#include <math.h>

#include "core/size.h"
#include "core/status.h"

#define LN2 0.69314718055994530942

/* Boundaries beyond this b lose the integer's exactness long after they lost meaning. */
#define LARGEST_B 1e9

/* Slack of a boundary against rounding in b h and ln lambda, in widths: a mode that oversteps a
   cut's window by x has chi of about 1.25 x^3, here 1e-27. */
#define EDGE_SLACK 1e-9

double rni_boundary_above(double width, double lambda)
{
    return ceil(log(lambda) / width + 1.0 - EDGE_SLACK);
}

rn_index rn_shell_grid_size(const rn_shell_grid *grid)
{
    return grid->high - grid->low + 1;
}

double rn_shell_grid_boundary(const rn_shell_grid *grid, rn_index i)
{
    return (double)(grid->low + i) * grid->width;
}

/* Fills *grid from checked numbers. */
static rn_status set_range(const char *caller, double width, double low, double high,
                           rn_shell_grid *grid)
{
    if (fabs(low) > LARGEST_B || fabs(high) > LARGEST_B
        || high - low + 1.0 > (double)RN_SHELL_MAX_BOUNDARIES)
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: width %g would need boundaries %.0f .. %.0f; at most %d are allowed, "
                        "choose a larger width or floor",
                        caller, width, low, high, RN_SHELL_MAX_BOUNDARIES);
    if (high <= low)
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: floor and lambda_max lie within one width %g; choose a smaller floor "
                        "or width",
                        caller, width);
    *grid = (rn_shell_grid){.width = width, .low = (rn_index)low, .high = (rn_index)high};
    return RN_OK;
}

rn_status rn_shell_grid_choose(double width, double lambda_max, double floor, rn_shell_grid *grid)
{
    if (!grid) return rni_fail(RN_ERR_ARGUMENT, "rn_shell_grid_choose: grid is NULL");
    if (!(width >= 0.0) || !isfinite(width))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_shell_grid_choose: width is %g; expected > 0, or 0 for ln 2", width);
    if (!(lambda_max > 0.0) || !isfinite(lambda_max) || !(floor > 0.0) || !(floor < lambda_max))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_shell_grid_choose: lambda_max %g, floor %g; expected 0 < floor < "
                        "lambda_max",
                        lambda_max, floor);
    const double h = width > 0.0 ? width : LN2;
    return set_range("rn_shell_grid_choose", h, rni_boundary_above(h, floor),
                     rni_boundary_above(h, lambda_max), grid);
}

rn_status rn_shell_grid_extend(rn_shell_grid *grid, double lambda_max, double floor)
{
    RNI_TRY(rni_grid_check("rn_shell_grid_extend", grid));
    if (!(lambda_max > 0.0) || !isfinite(lambda_max) || !(floor >= 0.0) || !(floor < lambda_max))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_shell_grid_extend: lambda_max %g, floor %g; expected 0 <= floor < "
                        "lambda_max",
                        lambda_max, floor);
    const double high = fmax((double)grid->high, rni_boundary_above(grid->width, lambda_max));
    const double low = floor > 0.0 ? fmin((double)grid->low, rni_boundary_above(grid->width, floor))
                                   : (double)grid->low;
    return set_range("rn_shell_grid_extend", grid->width, low, high, grid);
}

rn_status rni_grid_check(const char *caller, const rn_shell_grid *grid)
{
    if (!grid) return rni_fail(RN_ERR_ARGUMENT, "%s: grid is NULL", caller);
    if (!(grid->width > 0.0) || !isfinite(grid->width))
        return rni_fail(RN_ERR_ARGUMENT, "%s: grid width is %g; expected > 0", caller, grid->width);
    const rn_index largest = (rn_index)LARGEST_B;
    if (grid->low < -largest || grid->high > largest || grid->high <= grid->low
        || grid->high - grid->low >= RN_SHELL_MAX_BOUNDARIES)
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: grid boundaries are %" PRId64 " .. %" PRId64
                        "; expected low < high and at most %d of them",
                        caller, grid->low, grid->high, RN_SHELL_MAX_BOUNDARIES);
    return RN_OK;
}

rn_status rni_grid_check_top(const char *caller, const rn_shell_grid *grid, double lambda_max)
{
    if (lambda_max <= 0.0 || rni_boundary_above(grid->width, lambda_max) <= (double)grid->high)
        return RN_OK;
    return rni_fail(RN_ERR_DOMAIN,
                    "%s: the top boundary is at ln lambda = %g but the largest eigenvalue %g needs "
                    "one at %g or above; call rn_shell_grid_extend first",
                    caller, (double)grid->high * grid->width, lambda_max,
                    log(lambda_max) + grid->width);
}

rn_status rni_check_finite(const char *caller, const char *what, rn_index n, const double *values)
{
    for (rn_index u = 0; u < n; u++)
        if (!isfinite(values[u]))
            return rni_fail(RN_ERR_NONFINITE, "%s: %s[%" PRId64 "] is %g", caller, what, u,
                            values[u]);
    return RN_OK;
}

rn_status rni_check_ascending(const char *caller, const char *what, rn_index n,
                              const double *lambda)
{
    RNI_TRY(rni_check_finite(caller, what, n, lambda));
    for (rn_index u = 1; u < n; u++)
        if (lambda[u] < lambda[u - 1])
            return rni_fail(RN_ERR_ARGUMENT,
                            "%s: %s[%" PRId64 "] = %g follows %g; eigenvalues must ascend "
                            "(sort them together with g, mt and xi)",
                            caller, what, u, lambda[u], lambda[u - 1]);
    return RN_OK;
}
