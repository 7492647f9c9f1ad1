/*
 * Which few points decide a fit, and how sure it is when points are drawn again.
 */
#include <math.h>
#include <renorm/fit.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/rng.h"
#include "core/size.h"
#include "core/status.h"
#include "fit/columns_qr.h"

enum { MAX_VARIABLES = 2, N_NUMBERS = 6 };

static rn_status fit_again(const rn_fit_input *input, const rn_fit_options *options,
                           rn_fit_result *out)
{
    return options ? rn_fit_log_law(input, options, out) : rn_fit_power_law(input, out);
}

/* E, A, B, a, b and the allocation; what a law lacks stays NaN. */
static void list_numbers(const rn_fit_result *fit, double out[N_NUMBERS])
{
    const bool has_two = fit->n_variables > 1;
    out[0] = fit->floor.value;
    out[1] = fit->scale[0].value;
    out[2] = has_two ? fit->scale[1].value : (double)NAN;
    out[3] = fit->exponent[0].value;
    out[4] = has_two ? fit->exponent[1].value : (double)NAN;
    out[5] = fit->allocation.value;
}

/* Some rows of a table, in a block of [3 n]. */
static rn_fit_input pick(const rn_fit_input *from, rn_index n, const rn_index *rows, double *block)
{
    rn_fit_input out = {
        .n = n, .n_variables = from->n_variables, .x = {block, block + n}, .y = block + 2 * n};
    for (rn_index i = 0; i < n; i++) {
        for (rn_index k = 0; k < from->n_variables && k < MAX_VARIABLES; k++)
            block[k * n + i] = from->x[k][rows[i]];
        block[2 * n + i] = from->y[rows[i]];
    }
    return out;
}

/* ---- influence ------------------------------------------------------------------------------- */

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
                           double *block, rn_fit_influence *out)
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
    const rn_fit_input rest = pick(input, n_kept, rows, block);
    const rn_status status = fit_again(&rest, options, &found.without);
    if (status == RN_ERR_MEMORY) return status;
    if (status < 0) return RN_OK; /* too few are left: no group to speak of */
    const double change = found.without.exponent[k].value - fit->exponent[k].value;
    found.errors = change / fit->exponent[k].error;
    if (out->n_left_out == 0 || fabs(found.errors) > fabs(out->errors)) *out = found;
    return RN_OK;
}

/* Every exponent, both ways. */
static rn_status try_groups(const rn_fit_input *input, const rn_fit_options *options,
                            const rn_fit_result *fit, pull *pulls, rn_index *rows, double *block,
                            rn_fit_influence *found)
{
    for (int j = 0; j < 2 * (int)fit->n_variables; j++) {
        RNI_TRY(measure_pulls(input, options, fit, j / 2, pulls));
        for (rn_index i = 0; i < input->n && j % 2; i++)
            pulls[i].size = -pulls[i].size;
        qsort(pulls, (size_t)input->n, sizeof *pulls, compare_pulls);
        RNI_TRY(leave_out(input, options, fit, j / 2, pulls, rows, block, found));
    }
    return RN_OK;
}

rn_status rn_fit_find_influence(const rn_fit_input *input, const rn_fit_options *options,
                                const rn_fit_result *fit, rn_fit_influence *out)
{
    if (!input || !fit || !out || fit->n != input->n || fit->n_variables != input->n_variables)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_fit_find_influence: an argument is NULL, or the fit is of another "
                        "table");
    const rn_index n = input->n;
    rn_fit_influence found = {0};
    pull *const pulls = rni_alloc(n, sizeof *pulls);
    rn_index *const rows = rni_alloc(n, sizeof *rows);
    double *const block = rni_alloc(3 * n, sizeof *block);
    rn_status status = RN_ERR_MEMORY;
    if (pulls && rows && block)
        status = try_groups(input, options, fit, pulls, rows, block, &found);
    else
        (void)rni_fail(status, "rn_fit_find_influence: no memory for %" PRId64 " points", n);
    rni_free(pulls);
    rni_free(rows);
    rni_free(block);
    if (status == RN_OK) *out = found;
    return status;
}

/* ---- bootstrap ------------------------------------------------------------------------------- */

static int compare_numbers(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

static void set_interval(rn_index n, double *values, double level, rn_fit_range *out)
{
    qsort(values, (size_t)n, sizeof *values, compare_numbers);
    const double tail = 0.5 * (1.0 - level) * (double)(n - 1);
    out->low = values[(rn_index)floor(tail)];
    out->high = values[n - 1 - (rn_index)floor(tail)];
}

/* Draws, fits; numbers [N_NUMBERS x n_draws]. */
static rn_status draw(const rn_fit_input *input, const rn_fit_options *options, rn_index n_draws,
                      rn_index *rows, double *block, double *numbers, rn_index *n_done)
{
    const rn_index n = input->n;
    for (rn_index d = 0; d < n_draws; d++) {
        const rni_stream stream = {.purpose = RNI_RNG_BOOTSTRAP, .part = (uint32_t)d};
        rn_fit_result fit;
        double found[N_NUMBERS];
        for (rn_index i = 0; i < n; i++)
            rows[i] = (rn_index)rni_rng_below(stream, (uint64_t)i, (uint64_t)n);
        const rn_fit_input drawn = pick(input, n, rows, block);
        const rn_status status = fit_again(&drawn, options, &fit);
        if (status == RN_ERR_MEMORY) return status;
        if (status < 0) continue; /* a draw of too few different points */
        list_numbers(&fit, found);
        for (int k = 0; k < N_NUMBERS; k++)
            numbers[k * n_draws + *n_done] = found[k];
        ++*n_done;
    }
    return RN_OK;
}

static rn_status set_ranges(rn_index n_draws, double *numbers, rn_fit_ranges *out)
{
    rn_fit_range *const ranges[N_NUMBERS] = {&out->floor,       &out->scale[0],
                                             &out->scale[1],    &out->exponent[0],
                                             &out->exponent[1], &out->allocation};
    if (out->n_draws < n_draws / 2)
        return rni_fail(RN_ERR_DOMAIN,
                        "the data cannot support a bootstrap: %" PRId64 " of %" PRId64
                        " draws could be fitted",
                        out->n_draws, n_draws);
    for (int k = 0; k < N_NUMBERS; k++)
        set_interval(out->n_draws, numbers + k * n_draws, out->level, ranges[k]);
    return RN_OK;
}

rn_status rn_fit_bootstrap(const rn_fit_input *input, const rn_fit_options *options,
                           rn_index n_draws, double level, rn_fit_ranges *out)
{
    if (!input || !out || n_draws < RN_FIT_MIN_DRAWS || n_draws > 100000 || !(level > 0.0)
        || !(level < 1.0))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_fit_bootstrap: an argument is NULL, %" PRId64
                        " draws, expected %d .. 100000, or level %g, expected 0 .. 1",
                        n_draws, RN_FIT_MIN_DRAWS, level);
    rn_fit_result whole;
    const rn_status told = fit_again(input, options, &whole);
    if (told < 0) return told;
    rn_index *const rows = rni_alloc(input->n, sizeof *rows);
    double *const block = rni_alloc(3 * input->n + N_NUMBERS * n_draws, sizeof *block);
    double *const numbers = block ? block + 3 * input->n : NULL;
    rn_fit_ranges found = {.level = level};
    rn_status status = RN_ERR_MEMORY;
    if (rows && block) {
        status = draw(input, options, n_draws, rows, block, numbers, &found.n_draws);
        if (status == RN_OK) status = set_ranges(n_draws, numbers, &found);
    } else {
        (void)rni_fail(status, "rn_fit_bootstrap: no memory for %" PRId64 " points", input->n);
    }
    if (status == RN_OK) *out = found;
    rni_free(rows);
    rni_free(block);
    return status;
}
