#include "fit/support.h"

#include <math.h>
#include <stdbool.h>

#include "core/rng.h"
#include "core/status.h"

enum { MIN_VALUES = 4 };

static rn_status check_values(const char *caller, const rn_fit_input *input)
{
    for (rn_index i = 0; i < input->n; i++) {
        if (!isfinite(input->y[i]))
            return rni_fail(RN_ERR_ARGUMENT, "%s: y is %g at point %" PRId64, caller, input->y[i],
                            i);
        for (rn_index k = 0; k < input->n_variables; k++)
            if (!isfinite(input->x[k][i]) || !(input->x[k][i] > 0.0))
                return rni_fail(RN_ERR_ARGUMENT,
                                "%s: variable %" PRId64 " is %g at point %" PRId64
                                ", expected a finite number > 0",
                                caller, k + 1, input->x[k][i], i);
    }
    return RN_OK;
}

/* Whether x has at least MIN_VALUES different values. */
static bool has_values(rn_index n, const double *x)
{
    double seen[MIN_VALUES];
    int n_seen = 0;
    for (rn_index i = 0; i < n && n_seen < MIN_VALUES; i++) {
        bool is_new = true;
        for (int j = 0; j < n_seen; j++)
            is_new &= fabs(x[i] - seen[j]) > 1e-9 * fabs(x[i]);
        if (is_new) seen[n_seen++] = x[i];
    }
    return n_seen == MIN_VALUES;
}

static rn_status check_support(const rn_fit_input *input)
{
    const rn_index n_parameters = 1 + 2 * input->n_variables;
    if (input->n < n_parameters + 1)
        return rni_fail(RN_ERR_DOMAIN,
                        "the data cannot support a fit: found %" PRId64 " points, expected at "
                        "least %" PRId64 " for %" PRId64 " parameters",
                        input->n, n_parameters + 1, n_parameters);
    for (rn_index k = 0; k < input->n_variables; k++) {
        double low = input->x[k][0];
        double high = low;
        for (rn_index i = 0; i < input->n; i++) {
            low = fmin(low, input->x[k][i]);
            high = fmax(high, input->x[k][i]);
        }
        if (!has_values(input->n, input->x[k]))
            return rni_fail(RN_ERR_DOMAIN,
                            "the data cannot support a fit: variable %" PRId64 " has fewer than %d "
                            "different values; an exponent and a floor need that many",
                            k + 1, MIN_VALUES);
        if (!(high > 10.0 * low))
            return rni_fail(RN_ERR_DOMAIN,
                            "the data cannot support a fit: variable %" PRId64 " runs from %g to "
                            "%g, less than a decade; a floor cannot be told from a small exponent "
                            "there",
                            k + 1, low, high);
    }
    return RN_OK;
}

/* Two variables that are powers of each other are one. */
static rn_status check_apart(const rn_fit_input *input)
{
    double mean[2] = {0.0, 0.0};
    double uu = 0.0;
    double vv = 0.0;
    double uv = 0.0;
    if (input->n_variables < 2) return RN_OK;
    for (rn_index i = 0; i < input->n; i++)
        for (int k = 0; k < 2; k++)
            mean[k] += log(input->x[k][i]) / (double)input->n;
    for (rn_index i = 0; i < input->n; i++) {
        const double u = log(input->x[0][i]) - mean[0];
        const double v = log(input->x[1][i]) - mean[1];
        uu += u * u;
        vv += v * v;
        uv += u * v;
    }
    if (uu * vv - uv * uv > 1e-4 * uu * vv) return RN_OK;
    return rni_fail(RN_ERR_DOMAIN,
                    "the data cannot support a fit: ln N and ln D are correlated to %.6f, so their "
                    "powers cannot be told apart",
                    uv / sqrt(uu * vv));
}

rn_status rni_fit_check(const char *caller, const rn_fit_input *input, const rn_fit_result *result)
{
    if (!input || !result || !input->y || input->n_variables < 1 || input->n_variables > 2
        || !input->x[0] || (input->n_variables == 2 && !input->x[1]) || input->n < 0
        || input->n > RN_FIT_MAX_POINTS)
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: an argument is NULL, or not 1 or 2 variables, or more than %d points",
                        caller, RN_FIT_MAX_POINTS);
    RNI_TRY(check_values(caller, input));
    RNI_TRY(check_support(input));
    return check_apart(input);
}

rn_status rni_fit_again(const rn_fit_input *input, const rn_fit_options *options,
                        rn_fit_result *out)
{
    return options ? rn_fit_log_law(input, options, out) : rn_fit_power_law(input, out);
}

rn_fit_input rni_fit_pick(const rn_fit_input *from, rn_index n, const rn_index *rows, double *block)
{
    rn_fit_input out = {
        .n = n, .n_variables = from->n_variables, .x = {block, block + n}, .y = block + 2 * n};
    for (rn_index i = 0; i < n; i++) {
        for (rn_index k = 0; k < from->n_variables && k < 2; k++)
            block[k * n + i] = from->x[k][rows[i]];
        block[2 * n + i] = from->y[rows[i]];
    }
    return out;
}

void rni_fit_draw_rows(rn_index draw, rn_index n, rn_index *rows)
{
    const rni_stream stream = {.purpose = RNI_RNG_BOOTSTRAP, .part = (uint32_t)draw};
    for (rn_index i = 0; i < n; i++)
        rows[i] = (rn_index)rni_rng_below(stream, (uint64_t)i, (uint64_t)n);
}
