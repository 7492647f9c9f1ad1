/*
 * How sure a fit is when points are drawn again.
 */
#include <math.h>
#include <renorm/fit.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/memory.h"
#include "core/status.h"
#include "fit/support.h"

/* Most numbers of a law: E, A, B, a, b and the allocation; with breaks E, A, a and 3 for each. */
enum { MOST_NUMBERS = 3 + 3 * RN_FIT_MAX_BREAKS };

/* What is drawn: a law with or without breaks. */
typedef struct bootstrap {
    const rn_fit_input *input;
    const rn_fit_options *options;
    const rn_fit_broken *from; /* NULL: no breaks */
    rn_fit_result *fits;
    rn_fit_broken *broken;
    rn_index *rows; /* [n] */
    double *block;  /* [3 n] */
} bootstrap;

static rn_status draw(const bootstrap *b, rn_index n_draws, rn_index *n_done)
{
    *n_done = 0;
    for (rn_index d = 0; d < n_draws; d++) {
        rni_fit_draw_rows(d, b->input->n, b->rows);
        const rn_fit_input drawn = rni_fit_pick(b->input, b->input->n, b->rows, b->block);
        const rn_status status = b->from
                                     ? rn_fit_broken_law_from(&drawn, b->from, &b->broken[*n_done])
                                     : rni_fit_again(&drawn, b->options, &b->fits[*n_done]);
        if (status == RN_ERR_MEMORY) return status;
        *n_done += status >= 0; /* else a draw of too few different points */
    }
    if (*n_done > 0 && *n_done >= n_draws / 2) return RN_OK;
    return rni_fail(RN_ERR_DOMAIN,
                    "the data cannot support a bootstrap: %" PRId64 " of %" PRId64
                    " draws could be fitted",
                    *n_done, n_draws);
}

static rn_status run(bootstrap b, rn_index n_draws, rn_index *n_done)
{
    b.rows = rni_alloc(b.input->n, sizeof *b.rows);
    b.block = rni_alloc(3 * b.input->n, sizeof *b.block);
    rn_status status = RN_ERR_MEMORY;
    if (b.rows && b.block)
        status = draw(&b, n_draws, n_done);
    else
        (void)rni_fail(status, "rn_fit_draw: no memory for %" PRId64 " points", b.input->n);
    rni_free(b.rows);
    rni_free(b.block);
    return status;
}

static bool is_allowed(rn_index n_draws)
{
    return n_draws >= RN_FIT_MIN_DRAWS && n_draws <= RN_FIT_MAX_DRAWS;
}

static rn_status refuse(const char *caller, rn_index n_draws)
{
    return rni_fail(RN_ERR_ARGUMENT,
                    "%s: an argument is NULL, or %" PRId64 " draws, expected %d .. %d", caller,
                    n_draws, RN_FIT_MIN_DRAWS, RN_FIT_MAX_DRAWS);
}

rn_status rn_fit_draw(const rn_fit_input *input, const rn_fit_options *options, rn_index n_draws,
                      rn_fit_result *fits, rn_index *n_done)
{
    rn_fit_result whole;
    if (!input || !fits || !n_done || !is_allowed(n_draws)) return refuse("rn_fit_draw", n_draws);
    const rn_status told = rni_fit_again(input, options, &whole);
    if (told < 0) return told;
    const bootstrap b = {.input = input, .options = options, .fits = fits};
    return run(b, n_draws, n_done);
}

rn_status rn_fit_draw_broken(const rn_fit_input *input, const rn_fit_broken *fit, rn_index n_draws,
                             rn_fit_broken *fits, rn_index *n_done)
{
    if (!input || !fit || !fits || !n_done || !is_allowed(n_draws))
        return refuse("rn_fit_draw_broken", n_draws);
    const bootstrap b = {.input = input, .from = fit, .broken = fits};
    return run(b, n_draws, n_done);
}

/* ---- intervals ------------------------------------------------------------------------------- */

static int compare_numbers(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

rn_fit_range rn_fit_percentiles(rn_index n, double *values, double level)
{
    rn_index n_known = 0;
    for (rn_index i = 0; i < n; i++)
        if (!isnan(values[i])) values[n_known++] = values[i];
    if (n_known == 0) return (rn_fit_range){(double)NAN, (double)NAN};
    qsort(values, (size_t)n_known, sizeof *values, compare_numbers);
    /* 1e-9: a share that is a whole number of values up to rounding */
    const rn_index tail = (rn_index)floor(0.5 * (1.0 - level) * (double)(n_known - 1) + 1e-9);
    return (rn_fit_range){values[tail], values[n_known - 1 - tail]};
}

/* What a law lacks is NaN. */
static void list_numbers(const rn_fit_result *fit, double out[MOST_NUMBERS])
{
    const bool has_two = fit->n_variables > 1;
    out[0] = fit->floor.value;
    out[1] = fit->scale[0].value;
    out[2] = has_two ? fit->scale[1].value : (double)NAN;
    out[3] = fit->exponent[0].value;
    out[4] = has_two ? fit->exponent[1].value : (double)NAN;
    out[5] = fit->allocation.value;
}

static void list_broken(const rn_fit_broken *fit, double out[MOST_NUMBERS])
{
    out[0] = fit->floor.value;
    out[1] = fit->scale.value;
    out[2] = fit->exponent.value;
    for (rn_index b = 0; b < RN_FIT_MAX_BREAKS; b++) {
        const bool has_it = b < fit->n_breaks;
        out[3 + 3 * b] = has_it ? fit->change[b].value : (double)NAN;
        out[4 + 3 * b] = has_it ? fit->at[b].value : (double)NAN;
        out[5 + 3 * b] = has_it ? fit->width[b].value : (double)NAN;
    }
}

/* Percentiles of each number over the draws. */
static rn_status set_ranges(rn_index n_done, const rn_fit_result *fits, const rn_fit_broken *broken,
                            double level, rn_fit_range ranges[MOST_NUMBERS])
{
    double numbers[MOST_NUMBERS] = {0};
    if ((!fits && !broken) || n_done < 1 || !(level > 0.0) || !(level < 1.0))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_fit_ranges_of: an argument is NULL, %" PRId64
                        " draws, or level %g, expected 0 .. 1",
                        n_done, level);
    double *const values = rni_alloc(n_done, sizeof *values);
    if (!values)
        return rni_fail(RN_ERR_MEMORY, "rn_fit_ranges_of: no memory for %" PRId64 " draws", n_done);
    for (int k = 0; k < MOST_NUMBERS; k++) {
        for (rn_index d = 0; d < n_done; d++) {
            if (fits)
                list_numbers(&fits[d], numbers);
            else
                list_broken(&broken[d], numbers);
            values[d] = numbers[k];
        }
        ranges[k] = rn_fit_percentiles(n_done, values, level);
    }
    rni_free(values);
    return RN_OK;
}

rn_status rn_fit_ranges_of(rn_index n_done, const rn_fit_result *fits, double level,
                           rn_fit_ranges *out)
{
    rn_fit_range r[MOST_NUMBERS];
    if (!fits || !out) return rni_fail(RN_ERR_ARGUMENT, "rn_fit_ranges_of: an argument is NULL");
    RNI_TRY(set_ranges(n_done, fits, NULL, level, r));
    *out = (rn_fit_ranges){.level = level,
                           .n_draws = n_done,
                           .floor = r[0],
                           .scale = {r[1], r[2]},
                           .exponent = {r[3], r[4]},
                           .allocation = r[5]};
    return RN_OK;
}

rn_status rn_fit_ranges_of_broken(rn_index n_done, const rn_fit_broken *fits, double level,
                                  rn_fit_broken_ranges *out)
{
    rn_fit_range r[MOST_NUMBERS];
    if (!fits || !out)
        return rni_fail(RN_ERR_ARGUMENT, "rn_fit_ranges_of_broken: an argument is NULL");
    RNI_TRY(set_ranges(n_done, NULL, fits, level, r));
    *out = (rn_fit_broken_ranges){.level = level,
                                  .n_draws = n_done,
                                  .floor = r[0],
                                  .scale = r[1],
                                  .exponent = r[2],
                                  .change = {r[3], r[6]},
                                  .at = {r[4], r[7]},
                                  .width = {r[5], r[8]}};
    return RN_OK;
}

rn_status rn_fit_bootstrap(const rn_fit_input *input, const rn_fit_options *options,
                           rn_index n_draws, double level, rn_fit_ranges *out)
{
    rn_index n_done = 0;
    if (!input || !out || !is_allowed(n_draws)) return refuse("rn_fit_bootstrap", n_draws);
    rn_fit_result *const fits = rni_alloc(n_draws, sizeof *fits);
    if (!fits)
        return rni_fail(RN_ERR_MEMORY, "rn_fit_bootstrap: no memory for %" PRId64 " draws",
                        n_draws);
    rn_status status = rn_fit_draw(input, options, n_draws, fits, &n_done);
    if (status == RN_OK) status = rn_fit_ranges_of(n_done, fits, level, out);
    rni_free(fits);
    return status;
}
