/*
 * One measurement: energies, dissipation, drive, density, flux and velocity at every boundary.
 *
 * Noise floor. Eigenvalues below floor = floor_factor n eps lambda_max are rounding, so boundaries
 * within one width of it are not measured (NaN) and everything below the first measured boundary
 * stands in the null line. A grid that was chosen with the right margin has none of these until
 * lambda_max has grown.
 *
 * The density is that of the smooth cut, eps(s) = sum_u k_u E_u with k_u = -d chi_s/ds, so that it
 * carries the same smoothing as the flux it divides; -(1/2) dD/ds over eps is then the k-weighted
 * mean of lambda.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "shells/shell_cut.h"
#include "shells/shell_flux.h"
#include "shells/shell_grid.h"

/* Arrays of n_boundaries doubles in a report, without and with mt (shells leave one unused). */
enum { ARRAYS_PLAIN = 11, ARRAYS_FLUX = 17 };

/* chi of a mode at position x = (ln lambda - s)/h. */
static double cut_at(double x)
{
    return rni_step_value(0.5 * (x + 1.0));
}

/* The report's arrays carved from one block; false when memory is out. */
static bool report_create(const rn_shell_grid *grid, bool has_flux, rn_shell_report *report)
{
    const rn_index m = rn_shell_grid_size(grid);
    const rn_index n_doubles = (has_flux ? ARRAYS_FLUX : ARRAYS_PLAIN) * m;
    double *block = rni_alloc(n_doubles * (rn_index)sizeof(double) + m, 1);
    if (!block) return false;
    *report = (rn_shell_report){.grid = *grid, .n_boundaries = m, .s = block};
    report->above = block + m;
    report->dissipation = block + 2 * m;
    report->drive = block + 3 * m;
    report->density = block + 4 * m;
    report->n_eff = block + 5 * m;
    report->loss_rate = block + 6 * m;
    report->energy = block + 7 * m;
    report->energy_sharp = block + 8 * m;
    report->density_sharp = block + 9 * m;
    report->count = block + 10 * m;
    if (!has_flux) return true;
    report->flux = block + 11 * m;
    report->migration = block + 12 * m;
    report->transfer = block + 13 * m;
    report->flux_error = block + 14 * m;
    report->velocity = block + 15 * m;
    report->velocity_lambda = block + 16 * m;
    report->inertial = (unsigned char *)(block + n_doubles);
    return true;
}

/* Everything at boundary i that is a single sum over modes. places[u] = ln lambda_u/h. */
static void sum_at(const rn_shell_input *input, const double *places, rn_index i,
                   rn_shell_report *report)
{
    const double b = (double)(report->grid.low + i);
    double count = 0.0;
    double above = 0.0;
    double dissipation = 0.0;
    double drive = 0.0;
    double density = 0.0;
    double density_lambda = 0.0;
    double density_squared = 0.0;
    for (rn_index u = 0; u < input->n; u++) {
        const double x = places[u] - b;
        if (!(x > -1.0)) continue;
        const double chi = cut_at(x);
        const double slope = rni_step_slope(0.5 * (x + 1.0)); /* 2 h k_u */
        const double square = input->g[u] * input->g[u];
        count += chi;
        above += chi * square;
        dissipation += chi * square * input->lambda[u];
        if (input->xi) drive += chi * input->g[u] * input->xi[u];
        density += slope * square;
        density_lambda += slope * square * input->lambda[u];
        density_squared += slope * square * square * slope;
    }
    const double scale = 0.5 / (double)input->n_samples;
    report->count[i] = count; /* above the boundary; of shells once all are there */
    report->above[i] = scale * above;
    report->dissipation[i] = 2.0 * scale * dissipation;
    report->drive[i] = 2.0 * scale * drive;
    report->density[i] = scale * density / (2.0 * report->grid.width);
    report->n_eff[i] = density_squared > 0.0 ? density * density / density_squared : 0.0;
    report->loss_rate[i] = density > 0.0 ? density_lambda / density : (double)NAN;
}

static void mark_unmeasured(rn_shell_report *report, rn_index i)
{
    double *const arrays[] = {report->above,         report->dissipation, report->drive,
                              report->density,       report->n_eff,       report->loss_rate,
                              report->density_sharp, report->count};
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++)
        arrays[k][i] = (double)NAN;
    if (!report->flux) return;
    double *const fluxes[] = {report->flux,       report->migration, report->transfer,
                              report->flux_error, report->velocity,  report->velocity_lambda};
    for (size_t k = 0; k < sizeof fluxes / sizeof *fluxes; k++)
        fluxes[k][i] = (double)NAN;
    report->inertial[i] = 0;
}

/* Shell energies and null lines, smooth and sharp, and the loss. */
static void share_energies(const rn_shell_input *input, const double *places,
                           rn_shell_report *report)
{
    const rn_index n_shells = report->n_boundaries - 1;
    const double scale = 0.5 / (double)input->n_samples;
    const double bottom = (double)(report->grid.low + report->first);
    double loss = 0.0;
    double null_energy = 0.0;
    double null_sharp = 0.0;
    memset(report->energy_sharp, 0, (size_t)n_shells * sizeof(double));
    for (rn_index u = 0; u < input->n; u++) {
        const double x = places[u] - bottom;
        const double energy = scale * input->g[u] * input->g[u];
        loss += energy;
        null_energy += cut_at(-x) * energy; /* 1 - chi without cancellation */
        if (x < 0.0)
            null_sharp += energy;
        else
            report->energy_sharp[report->first + (rn_index)floor(x)] += energy;
    }
    report->loss = loss;
    report->null_energy = null_energy;
    report->null_energy_sharp = null_sharp;
    for (rn_index i = 0; i < n_shells; i++)
        report->count[i] -= report->count[i + 1];
    for (rn_index i = 0; i < n_shells; i++)
        report->energy[i] = i < report->first ? 0.0 : report->above[i] - report->above[i + 1];
    report->density_sharp[report->first] = (double)NAN; /* its lower shell is not split */
    for (rn_index i = report->first + 1; i <= n_shells; i++) {
        const double right = i < n_shells ? report->energy_sharp[i] : 0.0;
        report->density_sharp[i] =
            (report->energy_sharp[i - 1] + right) / (2.0 * report->grid.width);
    }
}

static void divide_velocities(const rn_shell_options *options, rn_shell_report *report)
{
    for (rn_index i = report->first; i < report->n_boundaries; i++) {
        const double flux = report->flux[i];
        report->transfer[i] = flux - report->migration[i];
        report->velocity[i] = report->density[i] > 0.0 ? flux / report->density[i] : (double)NAN;
        report->velocity_lambda[i] = exp(report->s[i]) * report->velocity[i];
        report->inertial[i] = report->n_eff[i] >= options->n_eff_min
                              && fabs(flux) > options->flux_ratio * report->flux_error[i];
    }
}

/* NaN in a report says "not measured": a sum that overflows must not look like it. */
static rn_status check_sums(const char *caller, const rn_shell_report *report)
{
    const double *const arrays[] = {report->above, report->dissipation, report->drive,
                                    report->density, report->n_eff};
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++)
        for (rn_index i = report->first; i < report->n_boundaries; i++)
            if (!isfinite(arrays[k][i]))
                return rni_fail(RN_ERR_NONFINITE,
                                "%s: a sum over modes overflows at boundary %" PRId64
                                "; measure in larger units of energy or time",
                                caller, i);
    if (isfinite(report->loss)) return RN_OK;
    return rni_fail(RN_ERR_NONFINITE, "%s: the energy overflows; measure in larger units", caller);
}

/* First boundary at least one width above the floor; the last one if there is none. */
static rn_index first_resolved(const rn_shell_grid *grid, double floor_lambda)
{
    if (floor_lambda <= 0.0) return 0;
    const double b = rni_boundary_above(grid->width, floor_lambda) - (double)grid->low;
    return (rn_index)fmin(fmax(b, 0.0), (double)(rn_shell_grid_size(grid) - 1));
}

/* Fills a report whose arrays exist. */
static rn_status fill(const char *caller, rni_pool *pool, const rn_shell_input *input,
                      const rn_shell_options *options, const double *places,
                      rn_shell_report *report)
{
    report->lambda_max = rni_lambda_max(input);
    report->floor = options->floor_factor * (double)input->n * DBL_EPSILON * report->lambda_max;
    report->first = first_resolved(&report->grid, report->floor);
    if (input->mt)
        RNI_TRY(rni_flux(caller, pool, &report->grid, input, options, report->flux,
                         report->migration, report->flux_error));
    for (rn_index i = 0; i < report->n_boundaries; i++) {
        report->s[i] = rn_shell_grid_boundary(&report->grid, i);
        if (i < report->first)
            mark_unmeasured(report, i);
        else
            sum_at(input, places, i, report);
    }
    share_energies(input, places, report);
    RNI_TRY(check_sums(caller, report));
    if (input->mt) divide_velocities(options, report);
    return RN_OK;
}

rn_status rni_shell_measure(rni_pool *pool, const rn_shell_grid *grid, const rn_shell_input *input,
                            const rn_shell_options *options, rn_shell_report *report)
{
    static const char caller[] = "rn_shell_measure";
    rn_shell_options chosen;
    RNI_TRY(rni_grid_check(caller, grid));
    RNI_TRY(rni_shell_input_check(caller, input));
    RNI_TRY(rni_shell_options_check(caller, options, &chosen));
    if (!report) return rni_fail(RN_ERR_ARGUMENT, "%s: report is NULL", caller);
    RNI_TRY(rni_grid_check_top(caller, grid, rni_lambda_max(input)));

    rn_shell_report fresh = {0};
    double *places = rni_alloc(input->n, sizeof *places);
    if (!places || !report_create(grid, input->mt != NULL, &fresh)) {
        rni_free(places);
        return rni_fail(RN_ERR_MEMORY, "%s: no memory for %" PRId64 " boundaries", caller,
                        rn_shell_grid_size(grid));
    }
    for (rn_index u = 0; u < input->n; u++)
        places[u] =
            input->lambda[u] > 0.0 ? log(input->lambda[u]) / grid->width : -(double)INFINITY;
    const rn_status status = fill(caller, pool, input, &chosen, places, &fresh);
    rni_free(places);
    if (status == RN_OK)
        *report = fresh;
    else
        rn_shell_report_clear(&fresh);
    return status;
}

rn_status rn_shell_measure(const rn_shell_grid *grid, const rn_shell_input *input,
                           const rn_shell_options *options, rn_shell_report *report)
{
    return rni_shell_measure(NULL, grid, input, options, report);
}

void rn_shell_report_clear(rn_shell_report *report)
{
    if (!report) return;
    rni_free(report->s); /* the start of the one block */
    *report = (rn_shell_report){0};
}

rn_status rn_shell_sum_above(const rn_shell_grid *grid, rn_index n, const double *lambda,
                             const double *weight, double *sums)
{
    static const char caller[] = "rn_shell_sum_above";
    RNI_TRY(rni_grid_check(caller, grid));
    if (!rni_size_ok(n) || !lambda || !weight || !sums)
        return rni_fail(RN_ERR_ARGUMENT, "%s: an array is NULL or n = %" PRId64 " < 1", caller, n);
    RNI_TRY(rni_check_finite(caller, "lambda", n, lambda));
    RNI_TRY(rni_check_finite(caller, "weight", n, weight));
    for (rn_index i = 0; i < rn_shell_grid_size(grid); i++) {
        const double s = rn_shell_grid_boundary(grid, i);
        double sum = 0.0;
        for (rn_index u = 0; u < n; u++)
            sum += rn_shell_cut(s, grid->width, lambda[u]) * weight[u];
        sums[i] = sum;
    }
    return RN_OK;
}
