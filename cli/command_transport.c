/*
 * renorm transport: the shell PDE alone.
 */
#include <inttypes.h>
#include <math.h>
#include <renorm/scenario.h>
#include <stdio.h>

#include "commands.h"
#include "json.h"
#include "progress.h"

static const flag flags[] = {
    {.name = "output",
     .letter = 'o',
     .value = "DIR",
     .help = "new or empty folder for results (default transport/NAME)"},
    {.name = "set",
     .value = "KEY=VALUE",
     .repeats = true,
     .help = "change a setting, as in --set velocity.a=0.5; repeats"},
    {.name = "json", .help = "states as JSON on standard output"},
    {.name = "quiet", .letter = 'q', .help = "no progress and no summary; warnings stay"},
};

static void print_number(double value, const char *end)
{
    if (isnan(value))
        printf("%s", end);
    else
        printf("%.9g%s", value, end);
}

static void print_states(const rn_scenario *scenario)
{
    printf("time\tloss\tinside\tbelow\tabove\terror\texact\n");
    for (rn_index i = 0; i < rn_scenario_n_states(scenario); i++) {
        const rn_scenario_state *at = rn_scenario_state_at(scenario, i);
        print_number(at->time, "\t");
        print_number(at->loss, "\t");
        print_number(at->inside, "\t");
        print_number(at->below, "\t");
        print_number(at->above, "\t");
        print_number(at->error, "\t");
        print_number(at->exact, "\n");
    }
}

static void print_states_json(const rn_scenario *scenario)
{
    json j = {.stream = stdout};
    json_open(&j, NULL, '{');
    json_text(&j, "folder", rn_scenario_folder(scenario));
    json_open(&j, "states", '[');
    for (rn_index i = 0; i < rn_scenario_n_states(scenario); i++) {
        const rn_scenario_state *at = rn_scenario_state_at(scenario, i);
        json_open(&j, NULL, '{');
        json_real(&j, "time", at->time);
        json_real(&j, "loss", at->loss);
        json_real(&j, "inside", at->inside);
        json_real(&j, "below", at->below);
        json_real(&j, "above", at->above);
        json_real(&j, "null_line", at->null_line);
        json_real(&j, "dissipated", at->dissipated);
        json_real(&j, "driven", at->driven);
        json_real(&j, "error", at->error);
        json_real(&j, "exact", at->exact);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_close(&j, '}');
    printf("\n");
}

/* What a person wants to know first. */
static void print_summary(const rn_scenario *scenario)
{
    const rn_transport_solution *found = rn_scenario_solution(scenario);
    const rn_index n = rn_scenario_n_states(scenario);
    const rn_scenario_state *last = rn_scenario_state_at(scenario, n - 1);
    if (!last) return;
    fprintf(stderr,
            "renorm transport: %.4g of %.4g left at time %.4g, +- %.1e (%" PRId64 " cells against "
            "half as many)\n",
            last->loss, found->initial + last->null_line, last->time, last->error, found->n_cells);
    if (!isnan(last->exact))
        fprintf(stderr, "renorm transport: exact %.6g, relative difference %+.1e\n", last->exact,
                last->loss / last->exact - 1.0);
    if (last->above > 1e-6 * found->initial)
        fprintf(stderr,
                "renorm transport: %.2g left through the upper edge and is in no sum; raise "
                "grid.upper\n",
                last->above);
    fprintf(stderr, "renorm transport: see %s/transport.html\n", rn_scenario_folder(scenario));
}

static exit_status solve(const arguments *given, rn_scenario *scenario)
{
    const bool is_quiet = argument_value(&command_transport, given, "quiet") != NULL;
    progress display;
    progress_start(&display, is_quiet);
    const rn_observer observer = progress_observer(&display);
    const rn_status status = rn_scenario_solve(scenario, &observer);
    progress_stop(&display);
    if (status < 0) return report_failure(status);
    exit_status result = EXIT_DONE;
    if (status > 0) result = report_failure(status);
    const rn_status written =
        rn_scenario_write(scenario, argument_value(&command_transport, given, "output"));
    if (written < 0) return report_failure(written);
    if (argument_value(&command_transport, given, "json"))
        print_states_json(scenario);
    else
        print_states(scenario);
    if (!is_quiet) print_summary(scenario);
    return result;
}

static exit_status run(const arguments *given)
{
    rn_scenario *scenario = NULL;
    const rn_status status =
        rn_scenario_load(given->operands[0], given->n_repeated, given->repeated, &scenario);
    if (status < 0) {
        if (status != RN_ERR_CONFIG) return report_failure(status);
        fprintf(stderr, "%s\n", rn_last_message());
        return EXIT_USAGE;
    }
    const exit_status result = solve(given, scenario);
    rn_scenario_destroy(scenario);
    return result;
}

const command command_transport = {
    .name = "transport",
    .operands = "CONFIG.yaml",
    .min_operands = 1,
    .max_operands = 1,
    .help = "the shell PDE alone: how a density of energy moves and decays",
    .more = "Solves d eps/dt + d(w eps)/ds = -2 Lambda eps - dX/ds for any start and velocity:\n"
            "formulas, tables, or what a run measured. Sections of the configuration: grid,\n"
            "time, start, velocity, decay, accuracy (renorm help velocity). Writes config.yaml,\n"
            "energies.csv, density.csv and transport.html; prints a line per state. Where an\n"
            "exact solution is known it stands beside the solved one.\n"
            "\n"
            "Exit status: 0 done, 1 the tolerance was missed or it stopped early, 2 wrong usage\n"
            "or configuration, 3 failed.",
    .flags = flags,
    .n_flags = (int)(sizeof flags / sizeof flags[0]),
    .run = run,
};
