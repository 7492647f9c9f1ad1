/*
 * Which few points decide a fit.
 */
#include <math.h>
#include <renorm/fit.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "fit/columns_qr.h"
#include "fit/support.h"

enum { MAX_VARIABLES = 2 };

typedef struct pull {
    double size;
    rn_index row;
} pull;

static int compare_pulls(const void *left, const void *right)
{
    const pull *a = left;
    const pull *b = right;
    if (a->size > b->size || a->size < b->size) return a->size > b->size ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

/* Residual of a point and its row of the Jacobian in E, ln A, a, ln B, b; in y, or in ln y. */
static double row_of(const rn_fit_input *input, const rn_fit_result *fit, bool is_log, rn_index i,
                     double *row)
{
    double model = fit->floor.value;
    row[0] = 1.0;
    for (rn_index k = 0; k < fit->n_variables && k < MAX_VARIABLES; k++) {
        const double term = fit->scale[k].value * pow(input->x[k][i], -fit->exponent[k].value);
        model += term;
        row[1 + 2 * k] = term;
        row[2 + 2 * k] = -term * log(input->x[k][i]);
    }
    if (!is_log) return input->y[i] - model;
    for (rn_index p = 0; p < 1 + 2 * fit->n_variables; p++)
        row[p] /= model;
    return log(input->y[i] / model);
}

/* What leaving out a point would change in exponent k, to first order: (J^T J)^-1 J_i r_i. A
   robust norm sees r_i cut at delta. */
static rn_status measure_pulls(const rn_fit_input *input, const rn_fit_options *options,
                               const rn_fit_result *fit, rn_index k, pull *pulls)
{
    const rn_index n = input->n;
    const rn_index m = 1 + 2 * fit->n_variables;
    double r[RNI_QR_MAX * RNI_QR_MAX] = {0};
    double row[RNI_QR_MAX] = {0};
    double *const block = rni_alloc((m + 1) * n, sizeof *block);
    if (!block) return rni_fail(RN_ERR_MEMORY, "rn_fit_find_influence: no memory");
    double *const residuals = block + m * n;
    for (rn_index i = 0; i < n; i++) {
        residuals[i] = row_of(input, fit, options != NULL, i, row);
        for (rn_index p = 0; p < m; p++)
            block[p * n + i] = row[p];
    }
    rni_orthogonalise(n, m, block, r);
    for (rn_index i = 0; i < n; i++) {
        double c[RNI_QR_MAX] = {0};
        double residual = residuals[i];
        if (options && options->norm != RN_FIT_SQUARES && fabs(residual) > options->delta)
            residual = copysign(options->delta, residual);
        for (rn_index p = 0; p < m; p++)
            c[p] = block[p * n + i] * residual;
        rni_solve_upper(m, r, c);
        pulls[i] = (pull){.size = c[2 + 2 * k], .row = i};
    }
    rni_free(block);
    return RN_OK;
}

/* Leaves the points out that pull exponent k one way and fits again. work: rows [n], block [3 n].
 */
static rn_status leave_out(const rn_fit_input *input, const rn_fit_options *options,
                           const rn_fit_result *fit, rn_index k, const pull *pulls, rn_index *rows,
                           double *block, rn_fit_influence *out, rn_index *n_out)
{
    rn_fit_influence found = {.exponent = k, .n_left_out = rni_max(2, rni_ceil_div(input->n, 50))};
    rn_index n_kept = 0;
    if (found.n_left_out > RN_FIT_MAX_LEFT_OUT) found.n_left_out = RN_FIT_MAX_LEFT_OUT;
    for (rn_index i = 0; i < found.n_left_out; i++)
        found.rows[i] = pulls[i].row;
    for (rn_index i = 0; i < input->n; i++) {
        bool is_out = false;
        for (rn_index j = 0; j < found.n_left_out; j++)
            is_out |= found.rows[j] == i;
        if (!is_out) rows[n_kept++] = i;
    }
    const rn_fit_input rest = rni_fit_pick(input, n_kept, rows, block);
    const rn_status status = rni_fit_again(&rest, options, &found.without);
    if (status == RN_ERR_MEMORY) return status;
    if (status < 0) return RN_OK; /* too few are left: no group to speak of */
    const double change = found.without.exponent[k].value - fit->exponent[k].value;
    found.errors = change / fit->exponent[k].error;
    out[(*n_out)++] = found;
    return RN_OK;
}

/* Every exponent, both ways. */
static rn_status try_groups(const rn_fit_input *input, const rn_fit_options *options,
                            const rn_fit_result *fit, pull *pulls, rn_index *rows, double *block,
                            rn_fit_influence *groups, rn_index *n_groups)
{
    for (int j = 0; j < 2 * (int)fit->n_variables; j++) {
        RNI_TRY(measure_pulls(input, options, fit, j / 2, pulls));
        for (rn_index i = 0; i < input->n && j % 2; i++)
            pulls[i].size = -pulls[i].size;
        qsort(pulls, (size_t)input->n, sizeof *pulls, compare_pulls);
        RNI_TRY(leave_out(input, options, fit, j / 2, pulls, rows, block, groups, n_groups));
    }
    return RN_OK;
}

rn_status rn_fit_leave_out(const rn_fit_input *input, const rn_fit_options *options,
                           const rn_fit_result *fit, rn_fit_influence groups[RN_FIT_MAX_GROUPS],
                           rn_index *n_groups)
{
    if (!input || !fit || !groups || !n_groups || fit->n != input->n
        || fit->n_variables != input->n_variables)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_fit_leave_out: an argument is NULL, or the fit is of another table");
    const rn_index n = input->n;
    rn_fit_influence found[RN_FIT_MAX_GROUPS];
    rn_index n_found = 0;
    pull *const pulls = rni_alloc(n, sizeof *pulls);
    rn_index *const rows = rni_alloc(n, sizeof *rows);
    double *const block = rni_alloc(3 * n, sizeof *block);
    rn_status status = RN_ERR_MEMORY;
    if (pulls && rows && block)
        status = try_groups(input, options, fit, pulls, rows, block, found, &n_found);
    else
        (void)rni_fail(status, "rn_fit_leave_out: no memory for %" PRId64 " points", n);
    rni_free(pulls);
    rni_free(rows);
    rni_free(block);
    if (status != RN_OK) return status;
    memcpy(groups, found, (size_t)n_found * sizeof *found);
    *n_groups = n_found;
    return RN_OK;
}

rn_status rn_fit_find_influence(const rn_fit_input *input, const rn_fit_options *options,
                                const rn_fit_result *fit, rn_fit_influence *out)
{
    rn_fit_influence groups[RN_FIT_MAX_GROUPS];
    rn_fit_influence most = {0};
    rn_index n = 0;
    if (!out) return rni_fail(RN_ERR_ARGUMENT, "rn_fit_find_influence: an argument is NULL");
    RNI_TRY(rn_fit_leave_out(input, options, fit, groups, &n));
    for (rn_index i = 0; i < n; i++)
        if (i == 0 || fabs(groups[i].errors) > fabs(most.errors)) most = groups[i];
    *out = most;
    return RN_OK;
}
