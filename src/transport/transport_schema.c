/*
 * What a configuration of `renorm transport` may say.
 */
#include "transport/transport_schema.h"

#include <renorm/transport_solve.h>

#include "core/status.h"

#define COUNT(array) ((rn_index)(sizeof(array) / sizeof((array)[0])))

/* ---- grid and time --------------------------------------------------------------------------- */

static const rni_option grid_options[] = {
    {.key = "lower",
     RNI_FIELD(rni_axis_settings, lower),
     .range = RNI_BETWEEN(-600, 600),
     .unit = "nat",
     .initial = "-12.0",
     .help = "lower edge of the axis s = ln lambda; what leaves through it stays in the null line"},
    {.key = "upper",
     RNI_FIELD(rni_axis_settings, upper),
     .range = RNI_BETWEEN(-600, 600),
     .unit = "nat",
     .initial = "2.0",
     .help = "upper edge of the axis"},
    {.key = "cells",
     RNI_FIELD(rni_axis_settings, cells),
     .range = RNI_BETWEEN(RN_TRANSPORT_MIN_CELLS, RN_TRANSPORT_MAX_CELLS),
     .initial = "400",
     .help = "equal cells, an even number; the work grows with its square"},
};

static rn_status check_grid(const void *settings)
{
    const rni_axis_settings *grid = settings;
    if (!(grid->lower < grid->upper))
        return rni_fail(RN_ERR_CONFIG, "found lower = %g and upper = %g, expected lower < upper",
                        grid->lower, grid->upper);
    if (grid->cells % 2 != 0)
        return rni_fail(RN_ERR_CONFIG,
                        "found cells = %" PRId64 ", expected an even number: the error is judged "
                        "on half as many",
                        grid->cells);
    return RN_OK;
}

static const rni_option_table grid_table = {.name = "grid",
                                            .help = "the axis s = ln lambda",
                                            .options = grid_options,
                                            .n_options = COUNT(grid_options),
                                            .size = sizeof(rni_axis_settings),
                                            .check = check_grid};

static const char *const spacings[] = {"linear", "log", NULL};
static const rni_option time_options[] = {
    {.key = "from",
     RNI_FIELD(rni_span_settings, from),
     .range = RNI_AT_LEAST(0),
     .unit = "time",
     .initial = "0.0",
     .help = "time of the start; a start from a run keeps its own time if that is later"},
    {.key = "to",
     RNI_FIELD(rni_span_settings, to),
     .range = RNI_ABOVE(0),
     .unit = "time",
     .initial = "20.0",
     .help = "last time"},
    {.key = "states",
     RNI_FIELD(rni_span_settings, states),
     .range = RNI_BETWEEN(2, 2000),
     .initial = "41",
     .help = "states written down, the start among them"},
    {.key = "spacing",
     RNI_FIELD(rni_span_settings, spacing),
     .choices = spacings,
     .initial = "linear",
     .help = "of their times; log counts from `first` after the start"},
    {.key = "first",
     RNI_FIELD(rni_span_settings, first),
     .range = RNI_ABOVE(0),
     .unit = "time",
     .initial = "0.01",
     .help = "with spacing log: time from the start to the second state"},
};
static const rni_option_table time_table =
    RNI_TABLE("time", "from when to when", time_options, rni_span_settings);

/* ---- start ----------------------------------------------------------------------------------- */

#define ENERGY                                                                                     \
    {                                                                                              \
        .key = "energy", RNI_FIELD(rni_start_settings, energy), .range = RNI_ABOVE(0),             \
        .unit = "energy", .initial = "1.0", .help = "energy of the start, the null line apart"     \
    }
#define NULL_ENERGY                                                                                \
    {                                                                                              \
        .key = "null_energy", RNI_FIELD(rni_start_settings, null_energy),                          \
        .range = RNI_AT_LEAST(0), .unit = "energy", .initial = "0.0",                              \
        .help = "energy at lambda = 0, which never decays: the floor of the loss"                  \
    }

static const rni_option power_law_options[] = {
    {.key = "exponent",
     RNI_FIELD(rni_start_settings, exponent),
     .range = RNI_BETWEEN(-50, 50),
     .initial = "0.5",
     .help = "p of eps ~ lambda^p; lambda_k = k^-b with energies k^-q have p = (q - 1)/b"},
    {.key = "lower",
     RNI_FIELD(rni_start_settings, lower),
     .range = RNI_BETWEEN(-600, 600),
     .unit = "nat",
     .initial = "-10.0",
     .help = "ln of the smallest eigenvalue"},
    {.key = "upper",
     RNI_FIELD(rni_start_settings, upper),
     .range = RNI_BETWEEN(-600, 600),
     .unit = "nat",
     .initial = "0.0",
     .help = "ln of the largest eigenvalue"},
    ENERGY,
    NULL_ENERGY,
};

static rn_status check_power_law(const void *settings)
{
    const rni_start_settings *start = settings;
    if (start->lower < start->upper) return RN_OK;
    return rni_fail(RN_ERR_CONFIG, "found lower = %g and upper = %g, expected lower < upper",
                    start->lower, start->upper);
}

static const rni_option bump_options[] = {
    {.key = "middle",
     RNI_FIELD(rni_start_settings, middle),
     .range = RNI_BETWEEN(-600, 600),
     .unit = "nat",
     .initial = "-1.0",
     .help = "ln lambda of its top"},
    {.key = "radius",
     RNI_FIELD(rni_start_settings, radius),
     .range = RNI_ABOVE_TO(0, 100),
     .unit = "nat",
     .initial = "2.0",
     .help = "eps ~ (1 - x^2)^3 with x = (s - middle)/radius"},
    ENERGY,
    NULL_ENERGY,
};

static const rni_option start_table_options[] = {
    {.key = "path",
     RNI_FIELD(rni_start_settings, path),
     .is_path = true,
     .help = "CSV file with the columns s and density; linear between its lines, 0 outside"},
    NULL_ENERGY,
};

static const rni_option start_run_options[] = {
    {.key = "path",
     RNI_FIELD(rni_start_settings, path),
     .is_path = true,
     .help = "folder of a run; its shells become the start"},
    {.key = "measurement",
     RNI_FIELD(rni_start_settings, measurement),
     .range = RNI_AT_LEAST(-1),
     .initial = "0",
     .help = "number of the measurement, from 0; -1: the last"},
};

static const rni_option_table start_tables[] = {
    {.name = "power_law",
     .help = "a power of lambda between two ends",
     .options = power_law_options,
     .n_options = COUNT(power_law_options),
     .size = sizeof(rni_start_settings),
     .check = check_power_law},
    RNI_TABLE("bump", "a smooth hill", bump_options, rni_start_settings),
    RNI_TABLE("table", "a density from a file", start_table_options, rni_start_settings),
    RNI_TABLE("run", "a measurement of a run", start_run_options, rni_start_settings),
};

/* ---- velocity and decay ---------------------------------------------------------------------- */

static const rni_option law_options[] = {
    {.key = "a",
     RNI_FIELD(rni_wind_settings, a),
     .range = RNI_BETWEEN(-20, 20),
     .initial = "1.0",
     .help = "exponent of lambda"},
    {.key = "c",
     RNI_FIELD(rni_wind_settings, c),
     .initial = "0.7",
     .help = "strength; positive moves energy to smaller lambda"},
};
static const rni_option wind_table_options[] = {
    {.key = "path",
     RNI_FIELD(rni_wind_settings, path),
     .is_path = true,
     .help = "CSV file with the columns s and w, and t if w changes: then every t has the same s; "
             "linear in between, constant outside"},
};
static const rni_option wind_run_options[] = {
    {.key = "path",
     RNI_FIELD(rni_wind_settings, path),
     .is_path = true,
     .help = "folder of a run; its velocity, linear between shells and measurements"},
    {.key = "least",
     RNI_FIELD(rni_wind_settings, least),
     .range = RNI_BETWEEN(0, 1),
     .initial = "0.0001",
     .help = "boundaries with less than this share of the largest density take the velocity of the "
             "nearest other one"},
};
static const rni_option decay_run_options[] = {
    {.key = "path",
     RNI_FIELD(rni_decay_settings, path),
     .is_path = true,
     .help = "folder of a run; its loss rate Lambda and its drive X"},
};

static const rni_option_table wind_tables[] = {
    {.name = "none", .help = "nothing moves: the lazy limit", .size = sizeof(rni_wind_settings)},
    RNI_TABLE("power_law", "w = -c e^(as)", law_options, rni_wind_settings),
    RNI_TABLE("covariant", "w = -c t^(a-1) e^(as): t w depends on lambda t alone", law_options,
              rni_wind_settings),
    RNI_TABLE("table", "a velocity from a file", wind_table_options, rni_wind_settings),
    RNI_TABLE("run", "the measured velocity of a run", wind_run_options, rni_wind_settings),
};
static const rni_option_table decay_tables[] = {
    {.name = "exact", .help = "-2 e^s eps", .size = sizeof(rni_decay_settings)},
    {.name = "none",
     .help = "no dissipation: energy only moves",
     .size = sizeof(rni_decay_settings)},
    RNI_TABLE("run", "-2 Lambda eps - dX/ds, Lambda and X measured by a run", decay_run_options,
              rni_decay_settings),
};

/* ---- accuracy -------------------------------------------------------------------------------- */

static const rni_option accuracy_options[] = {
    {.key = "tolerance",
     RNI_FIELD(rni_precision_settings, tolerance),
     .range = RNI_ABOVE(0),
     .initial = "0.001",
     .help =
         "of the energy inside, relative to the initial one: what half as many cells may change"},
    {.key = "rtol",
     RNI_FIELD(rni_precision_settings, rtol),
     .range = RNI_ABOVE_TO(0, 1),
     .initial = "1e-7",
     .help = "of the integration in time, relative to each density"},
    {.key = "atol",
     RNI_FIELD(rni_precision_settings, atol),
     .range = RNI_ABOVE_TO(0, 1),
     .initial = "1e-10",
     .help = "the same, relative to the initial energy per nat"},
    {.key = "max_evaluations",
     RNI_FIELD(rni_precision_settings, max_evaluations),
     .range = RNI_AT_LEAST(1),
     .initial = "10000000",
     .help = "of the equation, on one grid, before the solution stops early"},
};
static const rni_option_table accuracy_table = RNI_TABLE(
    "accuracy", "when the solution is good enough", accuracy_options, rni_precision_settings);

/* ---- all ------------------------------------------------------------------------------------- */

static const rni_option_table *start_kind(rn_index i)
{
    return i < COUNT(start_tables) ? &start_tables[i] : NULL;
}

static const rni_option_table *wind_kind(rn_index i)
{
    return i < COUNT(wind_tables) ? &wind_tables[i] : NULL;
}

static const rni_option_table *decay_kind(rn_index i)
{
    return i < COUNT(decay_tables) ? &decay_tables[i] : NULL;
}

static const rni_section sections[] = {
    {.name = "grid", .help = "the axis s = ln lambda", .table = &grid_table},
    {.name = "time", .help = "from when to when", .table = &time_table},
    {.name = "start",
     .help = "the density of energy at first",
     .kinds = start_kind,
     .initial_kind = "power_law"},
    {.name = "velocity",
     .help = "how energy moves along the axis",
     .kinds = wind_kind,
     .initial_kind = "power_law"},
    {.name = "decay", .help = "how energy is lost", .kinds = decay_kind, .initial_kind = "exact"},
    {.name = "accuracy", .help = "when the solution is good enough", .table = &accuracy_table},
};
static const rni_schema schema = {.sections = sections, .n_sections = COUNT(sections)};

const rni_schema *rni_transport_schema(void)
{
    return &schema;
}
