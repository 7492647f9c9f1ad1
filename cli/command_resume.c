/*
 * renorm resume: go on with a run that was stopped, killed or failed.
 */
#include <renorm/run.h>
#include <stdio.h>

#include "commands.h"
#include "progress.h"
#include "summary.h"

static const flag flags[] = {
    {.name = "memory",
     .value = "SIZE",
     .help = "stay below this, as in 500M or 2G; see renorm plan"},
    {.name = "json", .help = "all results as JSON on standard output"},
    {.name = "quiet", .letter = 'q', .help = "no progress and no summary; warnings stay"},
};

static void print_results(const arguments *given, const rn_run *run)
{
    const bool is_quiet = argument_value(&command_resume, given, "quiet");
    const terminal out = terminal_look(stdout);
    const terminal err = terminal_look(stderr);
    rn_config *config = NULL;
    char path[4096];
    rn_summary summary;
    rn_run_summary(run, &summary);
    if (argument_value(&command_resume, given, "json"))
        print_run_json(stdout, run);
    else if (!out.is_terminal)
        print_shell_table(stdout, run);
    const int length = snprintf(path, sizeof path, "%s/config.yaml", summary.folder);
    if (is_quiet || length < 0 || (size_t)length >= sizeof path) return;
    if (rn_config_load(path, 0, NULL, &config) < 0) return; /* it was there a moment ago */
    print_summary(out.is_terminal && !argument_value(&command_resume, given, "json") ? &out : &err,
                  config, run);
    rn_config_destroy(config);
}

static exit_status run(const arguments *given)
{
    progress display;
    rn_resume_options options = {0};
    if (!parse_size("memory", argument_value(&command_resume, given, "memory"), &options.max_bytes))
        return EXIT_USAGE;
    progress_start(&display, argument_value(&command_resume, given, "quiet") != NULL);
    const rn_observer observer = progress_observer(&display);
    rn_run *run = NULL;
    rn_summary summary;
    const rn_status status = rn_run_resume(given->operands[0], &options, &observer, &run);
    progress_stop(&display);
    if (status < 0) return report_failure(status);
    rn_run_summary(run, &summary);
    print_results(given, run);
    if (summary.was_done)
        fprintf(stderr, "renorm resume: %s was finished already; nothing was changed\n",
                summary.folder);
    const exit_status result = report_end(status, run);
    rn_run_destroy(run);
    return result;
}

const command command_resume = {
    .name = "resume",
    .operands = "DIR",
    .min_operands = 1,
    .max_operands = 1,
    .help = "go on with a run that was stopped or killed",
    .more = "Goes on from the last checkpoint in DIR. Settings are those of DIR/config.yaml; the\n"
            "files end up byte for byte as if the run had never stopped, wall times in\n"
            "manifest.yaml apart. Every file is checked before anything is changed. A finished\n"
            "run is shown again.\n"
            "\n"
            "Exit status: 0 done, 1 stopped early, 2 wrong usage, 3 failed.",
    .flags = flags,
    .n_flags = (int)(sizeof flags / sizeof flags[0]),
    .run = run,
};
