/*
 * What callers hand in, checked once at the door, and the options.
 */
#include <float.h>
#include <math.h>

#include "core/size.h"
#include "core/status.h"
#include "shells/shell_flux.h"
#include "shells/shell_grid.h"

rn_shell_options rn_shell_options_defaults(void)
{
    return (rn_shell_options){.floor_factor = 1.0,
                              .cluster_factor = 1000.0,
                              .error_factor = 1.0,
                              .mt_error = 0.0,
                              .n_eff_min = 5.0,
                              .flux_ratio = 3.0};
}

static bool usable(double value)
{
    return value >= 0.0 && value <= DBL_MAX;
}

rn_status rni_shell_options_check(const char *caller, const rn_shell_options *options,
                                  rn_shell_options *out)
{
    const rn_shell_options chosen = options ? *options : rn_shell_options_defaults();
    if (!usable(chosen.floor_factor) || !usable(chosen.cluster_factor)
        || !usable(chosen.error_factor) || !usable(chosen.mt_error) || !usable(chosen.n_eff_min)
        || !usable(chosen.flux_ratio))
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: options floor_factor %g, cluster_factor %g, error_factor %g, mt_error "
                        "%g, n_eff_min %g, flux_ratio %g; expected finite numbers >= 0 (start from "
                        "rn_shell_options_defaults)",
                        caller, chosen.floor_factor, chosen.cluster_factor, chosen.error_factor,
                        chosen.mt_error, chosen.n_eff_min, chosen.flux_ratio);
    *out = chosen;
    return RN_OK;
}

rn_status rni_shell_input_check(const char *caller, const rn_shell_input *input)
{
    if (!input || !input->lambda || !input->g)
        return rni_fail(RN_ERR_ARGUMENT, "%s: input, its lambda or its g is NULL", caller);
    if (!rni_size_ok(input->n) || !rni_size_ok(input->n_samples))
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: n is %" PRId64 ", n_samples %" PRId64 "; expected 1 .. 2^48", caller,
                        input->n, input->n_samples);
    RNI_TRY(rni_check_ascending(caller, "lambda", input->n, input->lambda));
    RNI_TRY(rni_check_finite(caller, "g", input->n, input->g));
    if (input->xi) RNI_TRY(rni_check_finite(caller, "xi", input->n, input->xi));
    return RN_OK;
}
