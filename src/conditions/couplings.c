/*
 * Couplings between shells and their log-shift defects: checks, two grids, one report.
 */
#include <renorm/couplings.h>

#include <math.h>
#include <renorm/spectra.h>

#include "conditions/coupling_floor.h"
#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "shells/shell_grid.h"

#define LN2 0.69314718055994530942

static const char caller[] = "rn_couplings_measure";

rn_coupling_options rn_coupling_options_defaults(void)
{
    return (rn_coupling_options){.width = LN2,
                                 .floor_factor = 1000.0,
                                 .min_modes = 3,
                                 .split_modes = 4,
                                 .min_entries = 3,
                                 .n_draws = 32,
                                 .n_splits = 32,
                                 .n_noise_splits = 32};
}

static rn_status check_options(const rn_coupling_options *options)
{
    if (!(options->width > 0.0) || !isfinite(options->width))
        return rni_fail(RN_ERR_ARGUMENT, "%s: width is %g; expected > 0", caller, options->width);
    if (!(options->floor_factor >= 0.0) || !isfinite(options->floor_factor))
        return rni_fail(RN_ERR_ARGUMENT, "%s: floor_factor is %g; expected >= 0", caller,
                        options->floor_factor);
    if (options->min_modes < 2 || options->split_modes < 4 || options->min_entries < 2)
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: min_modes %" PRId64 ", split_modes %" PRId64 ", min_entries %" PRId64
                        "; expected at least 2, 4, 2",
                        caller, options->min_modes, options->split_modes, options->min_entries);
    const rn_index most = INT32_MAX;
    if (options->n_draws < 0 || options->n_splits < 0 || options->n_noise_splits < 0
        || options->n_draws > most || options->n_splits > most || options->n_noise_splits > most)
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: n_draws %" PRId64 ", n_splits %" PRId64 ", n_noise_splits %" PRId64
                        "; expected 0 .. %" PRId64,
                        caller, options->n_draws, options->n_splits, options->n_noise_splits, most);
    return RN_OK;
}

static rn_status check_input(const rn_coupling_input *input)
{
    if (!rni_size_ok(input->n) || !input->lambda || !input->mt)
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: n is %" PRId64 " (expected >= 1), or lambda or mt is NULL", caller,
                        input->n);
    if (!(input->floor >= 0.0) || !isfinite(input->floor))
        return rni_fail(RN_ERR_ARGUMENT, "%s: floor is %g; expected > 0, or 0 for the solver's own",
                        caller, input->floor);
    RNI_TRY(rni_check_ascending(caller, "lambda", input->n, input->lambda));
    for (rn_index u = 0; u < input->n; u++)
        for (rn_index v = 0; v < u; v++)
            if (!isfinite(input->mt[u * input->n + v]))
                return rni_fail(RN_ERR_NONFINITE, "%s: mt[%" PRId64 "][%" PRId64 "] is %g", caller,
                                u, v, input->mt[u * input->n + v]);
    return RN_OK;
}

/* The first mode above lambda_min (all later ones are too); n where none is. */
static rn_index first_mode(const rn_coupling_input *input, double lambda_min)
{
    rn_index first = 0;
    while (first < input->n && !(input->lambda[first] > fmax(lambda_min, 0.0)))
        first++;
    return first;
}

/* Everything of one grid. */
typedef struct grid_work {
    rni_coupling_shells shells;
    rni_coupling_pairs pairs;       /* for delta */
    rni_coupling_pairs split_pairs; /* for cross */
    rni_coupling_splitter splitter;
    double *sums; /* [n_shells x n_shells]; owns y too */
    double *y;    /* [pairs] */
} grid_work;

static void destroy_work(grid_work *work)
{
    rni_free(work->sums);
    rni_coupling_splitter_destroy(&work->splitter);
    rni_coupling_pairs_destroy(&work->split_pairs);
    rni_coupling_pairs_destroy(&work->pairs);
    rni_coupling_shells_destroy(&work->shells);
}

/* On failure the parts made so far stay in *work for destroy_work. */
static rn_status create_work(const rni_coupling_modes *modes, const rn_coupling_options *options,
                             double shift, grid_work *work)
{
    RNI_TRY(rni_coupling_shells_create(modes->n, modes->s, options->width, shift, &work->shells));
    RNI_TRY(rni_coupling_pairs_create(&work->shells, options->min_modes, options->min_entries,
                                      &work->pairs));
    RNI_TRY(rni_coupling_pairs_create(&work->shells, options->split_modes, options->min_entries,
                                      &work->split_pairs));
    RNI_TRY(rni_coupling_splitter_create(&work->shells, &work->split_pairs, options->n_splits,
                                         options->seed, &work->splitter));
    const rn_index n_blocks = work->shells.n_shells * work->shells.n_shells;
    work->sums = rni_alloc(n_blocks + work->pairs.n, sizeof *work->sums);
    if (!work->sums)
        return rni_fail(RN_ERR_MEMORY, "%s: no memory for the couplings of %" PRId64 " shells",
                        caller, work->shells.n_shells);
    work->y = work->sums + n_blocks;
    rni_coupling_sum_blocks(modes->n, modes->squares, work->shells.shell, work->shells.n_shells,
                            work->sums);
    return RN_OK;
}

/* A block of exactly zero has no logarithm. */
static rn_status check_blocks(const grid_work *work)
{
    for (rn_index i = 0; i < work->pairs.n; i++) {
        const rn_index a = work->pairs.a[i];
        const rn_index b = work->pairs.b[i];
        if (!(work->sums[a * work->shells.n_shells + b] > 0.0))
            return rni_fail(RN_ERR_DOMAIN,
                            "%s: all couplings between shells %" PRId64 " and %" PRId64
                            " are 0 and have no logarithm; is the kernel frozen there?",
                            caller, a, b);
    }
    return RN_OK;
}

static rn_coupling_defect undefined_defect(void)
{
    const double nan = (double)NAN;
    const rn_coupling_cross cross = {
        .value = nan, .square = nan, .error = nan, .split_error = nan, .noise = nan};
    return (rn_coupling_defect){.delta = nan,
                                .delta_tilt = nan,
                                .kappa = nan,
                                .floor = nan,
                                .floor_tilt = nan,
                                .cross = cross,
                                .cross_tilt = cross};
}

/* The defects of one grid; work->sums is lost. */
static rn_status measure_defect(rni_coupling_modes *modes, const rn_coupling_options *options,
                                grid_work *work, rn_coupling_defect *out)
{
    const rni_coupling_pairs *pairs = &work->pairs;
    *out = undefined_defect();
    if (pairs->n == 0) return RN_OK;
    RNI_TRY(check_blocks(work));
    out->n_entries = pairs->n;
    out->n_offsets = pairs->n_offsets;
    out->n_split_entries = work->split_pairs.n;
    rni_coupling_log_k(&work->shells, pairs, work->sums, work->y);
    (void)rni_coupling_residuals(pairs, false, work->y, work->y);
    out->delta = rni_coupling_rms(pairs->n, work->y);
    out->kappa = rni_coupling_residuals(pairs, true, work->y, work->y);
    out->delta_tilt = rni_coupling_rms(pairs->n, work->y);
    rn_coupling_cross cross[2];
    rni_coupling_split(&work->splitter, modes->squares, cross);
    out->cross = cross[0];
    out->cross_tilt = cross[1];
    return rni_coupling_floor(modes, pairs, &work->splitter, options->n_draws,
                              options->n_noise_splits, work->sums, work->y, out);
}

/* The shells and K of the main grid, in one block that report->s owns. */
static rn_status fill_shells(const rni_coupling_modes *modes, const grid_work *work,
                             rn_coupling_report *report)
{
    const rni_coupling_shells *shells = &work->shells;
    const rn_index m = shells->n_shells;
    double *const block = rni_alloc(m + 1 + m * m + m + m * m, sizeof *block);
    if (!block)
        return rni_fail(RN_ERR_MEMORY, "%s: no memory for a report of %" PRId64 " shells", caller,
                        m);
    report->n_modes = modes->n;
    report->n_shells = m;
    report->s = block;
    report->k = block + m + 1;
    report->modes = (rn_index *)(void *)(report->k + m * m); /* both are 8 bytes wide */
    report->pairs = report->modes + m;
    for (rn_index i = 0; i <= m; i++)
        report->s[i] = shells->low + (double)i * shells->width;
    for (rn_index a = 0; a < m; a++) {
        report->modes[a] = shells->modes[a];
        for (rn_index b = a; b < m; b++) {
            const rn_index count = rni_coupling_count(a == b, shells->modes[a], shells->modes[b]);
            const double k = count > 0 ? modes->scale * sqrt(work->sums[a * m + b] / (double)count)
                                       : (double)NAN;
            report->k[a * m + b] = report->k[b * m + a] = k;
            report->pairs[a * m + b] = report->pairs[b * m + a] = count;
        }
    }
    return RN_OK;
}

static rn_status fail_too_few(const rni_coupling_shells *shells, const rn_coupling_options *options,
                              double lambda_min)
{
    rn_index n_large = 0;
    for (rn_index a = 0; a < shells->n_shells; a++)
        n_large += shells->modes[a] >= options->min_modes;
    return rni_fail(RN_ERR_DOMAIN,
                    "%s: found %" PRId64 " shells with at least %" PRId64 " of the %" PRId64
                    " modes above %g; expected %" PRId64
                    " or more: take more samples, a smaller floor or another width",
                    caller, n_large, options->min_modes, shells->n, lambda_min,
                    options->min_entries);
}

/* Both grids. On failure what was allocated stays in *report. */
static rn_status measure(rni_coupling_modes *modes, const rn_coupling_options *options,
                         rn_coupling_report *report)
{
    rn_coupling_defect *const defects[] = {&report->grid, &report->shifted};
    rn_status status = RN_OK;
    for (int g = 0; g < 2 && status == RN_OK; g++) {
        grid_work work = {0};
        status = create_work(modes, options, 0.5 * g, &work);
        if (status == RN_OK && g == 0) {
            status = work.pairs.n == 0 ? fail_too_few(&work.shells, options, report->lambda_min)
                                       : fill_shells(modes, &work, report);
        }
        if (status == RN_OK) status = measure_defect(modes, options, &work, defects[g]);
        destroy_work(&work);
    }
    return status;
}

rn_status rn_couplings_measure(const rn_coupling_input *input, const rn_coupling_options *options,
                               rn_coupling_report *report)
{
    if (!input || !report)
        return rni_fail(RN_ERR_ARGUMENT, "%s: %s is NULL", caller, input ? "report" : "input");
    const rn_coupling_options chosen = options ? *options : rn_coupling_options_defaults();
    RNI_TRY(check_options(&chosen));
    RNI_TRY(check_input(input));
    rn_coupling_report made = {.lambda_max = input->lambda[input->n - 1]};
    const double floor = input->floor > 0.0
                             ? input->floor
                             : rn_spectra_noise_floor(input->n, fmax(made.lambda_max, 0.0));
    made.lambda_min = chosen.floor_factor * floor;
    const rn_index first = first_mode(input, made.lambda_min);
    if (first == input->n)
        return rni_fail(RN_ERR_DOMAIN, "%s: no mode lies above %g, %g times the floor; largest %g",
                        caller, made.lambda_min, chosen.floor_factor, made.lambda_max);
    rni_coupling_modes modes;
    RNI_TRY(rni_coupling_modes_create(input, first, &modes));
    const rn_status status = measure(&modes, &chosen, &made);
    rni_coupling_modes_destroy(&modes);
    if (status < 0) {
        rn_coupling_report_clear(&made);
        return status;
    }
    *report = made;
    return RN_OK;
}

void rn_coupling_report_clear(rn_coupling_report *report)
{
    if (!report) return;
    rni_free(report->s);
    *report = (rn_coupling_report){0};
}
