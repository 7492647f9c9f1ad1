/*
 * From a configuration to states, with the exact ones beside them where they are known.
 */
#include "scenario/scenario.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backends/yaml.h"
#include "core/memory.h"
#include "core/status.h"

/* ---- loading --------------------------------------------------------------------------------- */

/* "configs/bump.yaml" -> "bump" */
static void name_scenario(const char *path, char name[64])
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    (void)snprintf(name, 64, "%s", !path ? "transport" : slash ? slash + 1 : path);
    char *dot = strrchr(name, '.');
    if (dot && dot > name) *dot = 0;
}

static rn_status read_settings(const char *path, rn_index n_overrides, const char *const *overrides,
                               rn_scenario *x)
{
    char folder[PATH_MAX];
    rni_document *document = NULL;
    if (path) RNI_TRY(rni_yaml_read(path, &document));
    const rn_status status = rni_settings_create(rni_transport_schema(), document, overrides,
                                                 n_overrides, NULL, &x->settings);
    rni_document_destroy(document);
    if (status < 0) return status;
    if (!getcwd(folder, sizeof folder))
        return rni_fail(RN_ERR_IO, "rn_scenario_load: the current folder cannot be told: %s",
                        strerror(errno));
    RNI_TRY(rni_settings_anchor(x->settings, folder));
    rni_settings_write(x->settings, &x->text);
    if (x->text.is_broken) return rni_fail(RN_ERR_MEMORY, "rn_scenario_load: no memory");
    name_scenario(path, x->name);
    return RN_OK;
}

/* times[i] of n, the first at t0. */
static void set_times(const rni_span_settings *span, double t0, rn_index n, double *times)
{
    const double length = span->to - t0;
    const double last = (double)(n - 1);
    const double first = fmin(span->first, length);
    for (rn_index i = 1; i < n; i++) {
        const double k = (double)i;
        times[i] = span->spacing == RNI_SPACING_LOG && n > 2
                       ? t0 + first * pow(length / first, (k - 1.0) / (last - 1.0))
                       : t0 + length * k / last;
    }
    times[0] = t0;
    times[n - 1] = span->to;
}

static rn_status check_span(const rn_scenario *x, const rni_span_settings *span, double t0)
{
    if (!(t0 < span->to))
        return rni_fail(RN_ERR_CONFIG,
                        "time.to: found %g, expected more than the time of the start, %g", span->to,
                        t0);
    if (x->wind.has_law && x->wind.law.is_covariant && !(t0 > 0.0))
        return rni_fail(RN_ERR_CONFIG,
                        "time.from: found 0, expected a number > 0: w = -c t^(a-1) e^(as) has no "
                        "start at 0 on a grid");
    return RN_OK;
}

/* Energy below the grid rests in the null line; energy above it has no place. */
static rn_status split_start(rn_scenario *x)
{
    const rn_transport_law lazy = {.a = 1.0, .c = 0.0};
    rn_transport_energy e = {0};
    const rn_status status = rn_transport_energies(&lazy, 0.0, 0.0, &x->start.start,
                                                   x->problem.lower, x->problem.upper, &e);
    if (status < 0) return status;
    if (e.above > 1e-12 * e.initial)
        return rni_fail(RN_ERR_CONFIG,
                        "grid.upper: found %g, but the start reaches up to s = %g; expected at "
                        "least that",
                        x->problem.upper, x->start.start.upper);
    if (!(e.inside > 0.0))
        return rni_fail(
            RN_ERR_CONFIG, "grid: found %g .. %g, where the start, from %g to %g, has no energy",
            x->problem.lower, x->problem.upper, x->start.start.lower, x->start.start.upper);
    x->start.null_energy += e.below;
    x->start.start.lower = fmax(x->start.start.lower, x->problem.lower);
    return RN_OK;
}

static rn_status set_problem(rn_scenario *x)
{
    const rni_axis_settings *grid = rni_settings_get(x->settings, "grid");
    const rni_span_settings *span = rni_settings_get(x->settings, "time");
    const double t0 = fmax(span->from, x->start.time);
    RNI_TRY(check_span(x, span, t0));
    double *const block = rni_alloc_zero(grid->cells + span->states, sizeof *block);
    if (!block) return rni_fail(RN_ERR_MEMORY, "rn_scenario_load: no memory");
    set_times(span, t0, span->states, block + grid->cells);
    x->problem = (rn_transport_problem){.lower = grid->lower,
                                        .upper = grid->upper,
                                        .n_cells = grid->cells,
                                        .initial = block,
                                        .t0 = t0,
                                        .n_times = span->states,
                                        .times = block + grid->cells};
    rni_wind_attach(&x->wind, &x->problem);
    RNI_TRY(split_start(x));
    return rn_transport_cells(&x->start.start, grid->lower, grid->upper, grid->cells, block);
}

rn_status rn_scenario_load(const char *path, rn_index n_overrides, const char *const *overrides,
                           rn_scenario **out)
{
    if (!out || n_overrides < 0 || (n_overrides > 0 && !overrides))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_scenario_load: out is NULL, or %" PRId64 " overrides without an array",
                        n_overrides);
    rn_scenario *x = rni_alloc_zero(1, sizeof *x);
    if (!x) return rni_fail(RN_ERR_MEMORY, "rn_scenario_load: no memory");
    rn_status status = read_settings(path, n_overrides, overrides, x);
    if (status == RN_OK) status = rni_start_load(x->settings, &x->start);
    if (status == RN_OK) status = rni_wind_load(x->settings, &x->wind);
    if (status == RN_OK) status = set_problem(x);
    if (status < 0) {
        rn_scenario_destroy(x);
        return status;
    }
    *out = x;
    return RN_OK;
}

static double *writable(const double *array)
{
    double *address;
    memcpy(&address, &array, sizeof address);
    return address;
}

void rn_scenario_destroy(rn_scenario *x)
{
    if (!x) return;
    rni_start_clear(&x->start);
    rni_wind_clear(&x->wind);
    rn_transport_solution_clear(&x->solution);
    rni_free(writable(x->problem.initial));
    rni_free(x->exact_density);
    rni_free(x->states);
    rni_free(x->folder);
    rni_text_clear(&x->text);
    rni_settings_destroy(x->settings);
    rni_free(x);
}

/* ---- solving --------------------------------------------------------------------------------- */

static bool has_exact(const rn_scenario *x)
{
    return x->wind.has_law && !x->wind.is_lossless && !x->wind.is_measured_decay;
}

/* The exact loss and densities of one state; weak ones are kept, their message is dropped. */
static rn_status add_exact(rn_scenario *x, rn_index k)
{
    const rn_transport_solution *found = &x->solution;
    const double t = found->times[k];
    rn_transport_energy e = {0};
    rn_status status = rn_transport_energies(&x->wind.law, x->problem.t0, t, &x->start.start,
                                             x->problem.lower, x->problem.upper, &e);
    if (status < 0) return status;
    x->states[k].exact = e.inside + e.below + e.null_line + x->states[k].null_line;
    for (rn_index i = 0; i < found->n_cells; i++) {
        status = rn_transport_density(&x->wind.law, x->problem.t0, t, &x->start.start, found->s[i],
                                      &x->exact_density[k * found->n_cells + i]);
        if (status < 0) return status;
    }
    return RN_OK;
}

static rn_status add_states(rn_scenario *x)
{
    const rn_transport_solution *found = &x->solution;
    const rn_index n = found->n_times;
    x->states = rni_alloc_zero(n, sizeof *x->states);
    if (x->states && has_exact(x))
        x->exact_density = rni_alloc_zero(n * found->n_cells, sizeof *x->exact_density);
    if (!x->states || (has_exact(x) && !x->exact_density))
        return rni_fail(RN_ERR_MEMORY, "rn_scenario_solve: no memory for %" PRId64 " states", n);
    for (rn_index k = 0; k < n; k++) {
        x->states[k] = (rn_scenario_state){.time = found->times[k],
                                           .inside = found->inside[k],
                                           .below = found->below[k],
                                           .above = found->above[k],
                                           .null_line = x->start.null_energy,
                                           .dissipated = found->dissipated[k],
                                           .driven = found->driven[k],
                                           .error = found->error[k],
                                           .exact = (double)NAN};
        x->states[k].loss = found->inside[k] + found->below[k] + x->start.null_energy;
        if (x->exact_density) RNI_TRY(add_exact(x, k));
    }
    return RN_OK;
}

rn_status rn_scenario_solve(rn_scenario *x, const rn_observer *observer)
{
    if (!x || x->is_solved)
        return rni_fail(RN_ERR_ARGUMENT, "rn_scenario_solve: the scenario is NULL or solved");
    const rni_precision_settings *asked = rni_settings_get(x->settings, "accuracy");
    const rn_transport_accuracy accuracy = {.tolerance = asked->tolerance,
                                            .rtol = asked->rtol,
                                            .atol = asked->atol,
                                            .max_evaluations = asked->max_evaluations};
    const rn_status status = rn_transport_solve(&x->problem, &accuracy, observer, &x->solution);
    if (status < 0) return status;
    x->is_solved = true;
    char message[512]; /* the exact solution may put another one in its place */
    (void)snprintf(message, sizeof message, "%s", rn_last_message());
    RNI_TRY(add_states(x));
    return status == RN_OK ? RN_OK : rni_fail(status, "%s", message);
}

/* ---- access ---------------------------------------------------------------------------------- */

const char *rn_scenario_text(const rn_scenario *x)
{
    return rni_text_get(&x->text);
}

const char *rn_scenario_name(const rn_scenario *x)
{
    return x->name;
}

rn_index rn_scenario_n_states(const rn_scenario *x)
{
    return x->states ? x->solution.n_times : 0;
}

const rn_scenario_state *rn_scenario_state_at(const rn_scenario *x, rn_index i)
{
    return i >= 0 && i < rn_scenario_n_states(x) ? &x->states[i] : NULL;
}

const rn_transport_solution *rn_scenario_solution(const rn_scenario *x)
{
    return x->is_solved ? &x->solution : NULL;
}

const double *rn_scenario_exact_density(const rn_scenario *x)
{
    return x->exact_density;
}

const char *rn_scenario_folder(const rn_scenario *x)
{
    return x->folder;
}
