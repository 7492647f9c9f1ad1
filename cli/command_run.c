/*
 * renorm run: train a network, measure its shells, write everything down.
 */
#include <renorm/run.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "progress.h"
#include "summary.h"

static const flag flags[] = {
    {.name = "output",
     .letter = 'o',
     .value = "DIR",
     .help = "new or empty folder for results (default runs/NAME)"},
    {.name = "set",
     .value = "KEY=VALUE",
     .repeats = true,
     .help = "change a setting, as in --set model.depth=16; repeats"},
    {.name = "seed", .value = "N", .help = "the same as --set seed=N"},
    {.name = "threads", .value = "N", .help = "the same as --set threads=N"},
    {.name = "memory",
     .value = "SIZE",
     .help = "stay below this, as in 500M or 2G; see renorm plan"},
    {.name = "json", .help = "all results as JSON on standard output"},
    {.name = "quiet", .letter = 'q', .help = "no progress and no summary; warnings stay"},
};

/* "key=value" for the overrides; false when it does not fit. */
static bool name_setting(const char *key, const char *value, char *text, size_t size)
{
    const int length = snprintf(text, size, "%s=%s", key, value);
    if (length >= 0 && (size_t)length < size) return true;
    fprintf(stderr, "renorm run: --%s: the value is too long\n", key);
    return false;
}

static bool collect_overrides(const arguments *given, char seed[], char threads[], size_t size,
                              const char **overrides, int *n_overrides)
{
    int count = 0;
    for (; count < given->n_repeated; count++)
        overrides[count] = given->repeated[count];
    const char *seed_value = argument_value(&command_run, given, "seed");
    const char *threads_value = argument_value(&command_run, given, "threads");
    if (seed_value) {
        if (!name_setting("seed", seed_value, seed, size)) return false;
        overrides[count++] = seed;
    }
    if (threads_value) {
        if (!name_setting("threads", threads_value, threads, size)) return false;
        overrides[count++] = threads;
    }
    *n_overrides = count;
    return true;
}

/* The mistakes of a configuration, one per line as the library lists them. */
static exit_status report_config(rn_status status, const char *path)
{
    if (status != RN_ERR_CONFIG) return report_failure(status);
    fprintf(stderr, "%s\n", rn_last_message());
    fprintf(stderr,
            "renorm run: nothing was done: %s needs these changes (renorm help lists "
            "every setting)\n",
            path);
    return EXIT_USAGE;
}

static void print_results(const arguments *given, const rn_config *config, const rn_run *run)
{
    const bool wants_json = argument_value(&command_run, given, "json");
    const bool is_quiet = argument_value(&command_run, given, "quiet");
    const terminal out = terminal_look(stdout);
    const terminal err = terminal_look(stderr);
    if (wants_json)
        print_run_json(stdout, run);
    else if (!out.is_terminal)
        print_shell_table(stdout, run);
    if (is_quiet) return;
    /* on a terminal the page is the result; elsewhere results go where programs read them */
    print_summary(out.is_terminal && !wants_json ? &out : &err, config, run);
}

static exit_status execute(const arguments *given, const rn_config *config)
{
    progress display;
    rn_index max_bytes = 0;
    if (!parse_size("memory", argument_value(&command_run, given, "memory"), &max_bytes))
        return EXIT_USAGE;
    progress_start(&display, argument_value(&command_run, given, "quiet") != NULL);
    const rn_observer observer = progress_observer(&display);
    const rn_run_options options = {.folder = argument_value(&command_run, given, "output"),
                                    .parent = "runs",
                                    .max_bytes = max_bytes};
    rn_run *run = NULL;
    const rn_status status = rn_run_execute(config, &options, &observer, &run);
    progress_stop(&display);
    if (status < 0) return report_failure(status);
    print_results(given, config, run);
    const exit_status result = report_end(status, run);
    rn_run_destroy(run);
    return result;
}

static exit_status run(const arguments *given)
{
    const char *overrides[MAX_REPEATS + 2];
    char seed[64];
    char threads[64];
    int n_overrides = 0;
    if (!collect_overrides(given, seed, threads, sizeof seed, overrides, &n_overrides))
        return EXIT_USAGE;
    rn_config *config = NULL;
    const rn_status status = rn_config_load(given->operands[0], n_overrides, overrides, &config);
    if (status < 0) return report_config(status, given->operands[0]);
    const exit_status result = execute(given, config);
    rn_config_destroy(config);
    return result;
}

const command command_run = {
    .name = "run",
    .operands = "CONFIG.yaml",
    .min_operands = 1,
    .max_operands = 1,
    .help = "train a network and measure its spectral shells",
    .more = "Writes config.yaml, manifest.yaml, metrics.csv, shells.csv, budget.csv,\n"
            "checkpoint.h5 and one file snapshots/NNNNNN.h5 per measurement. Nothing is ever\n"
            "overwritten. Ctrl-C finishes the step at hand and says how to go on; after a\n"
            "crash, too, renorm resume DIR goes on as if nothing had happened.\n"
            "\n"
            "Exit status: 0 done, 1 stopped early, 2 wrong usage or configuration, 3 failed.",
    .flags = flags,
    .n_flags = (int)(sizeof flags / sizeof flags[0]),
    .run = run,
};
