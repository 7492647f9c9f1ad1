/*
 * renorm measure: kernels and residuals that another program measured.
 */
#include <inttypes.h>
#include <renorm/measure.h>
#include <stdio.h>

#include "commands.h"
#include "progress.h"
#include "summary.h"

static const flag flags[] = {
    {.name = "output",
     .letter = 'o',
     .value = "DIR",
     .help = "new or empty folder for results (default runs/NAME)"},
    {.name = "json", .help = "all results as JSON on standard output"},
    {.name = "quiet", .letter = 'q', .help = "no progress; warnings stay"},
};

static void tell_end(const rn_run *run)
{
    rn_summary summary;
    rn_run_summary(run, &summary);
    fprintf(stderr,
            "renorm measure: %s: %" PRId64 " states in %.2g s; renorm check and renorm report "
            "read the folder\n",
            summary.folder, rn_run_n_snapshots(run), summary.measure_s);
}

static exit_status run(const arguments *given)
{
    progress display;
    const bool is_quiet = argument_value(&command_measure, given, "quiet") != NULL;
    const rn_run_options options = {.folder = argument_value(&command_measure, given, "output"),
                                    .parent = "runs"};
    rn_run *run = NULL;
    progress_start(&display, is_quiet);
    const rn_observer observer = progress_observer(&display);
    const rn_status status = rn_measure_file(given->operands[0], &options, &observer, &run);
    progress_stop(&display);
    if (status < 0) return report_failure(status);
    if (argument_value(&command_measure, given, "json"))
        print_run_json(stdout, run);
    else
        print_shell_table(stdout, run);
    if (!is_quiet) tell_end(run);
    const exit_status result = report_end(status, run);
    rn_run_destroy(run);
    return result;
}

const command command_measure = {
    .name = "measure",
    .operands = "FILE",
    .min_operands = 1,
    .max_operands = 1,
    .help = "measure kernels and residuals of another program",
    .more =
        "FILE, an npz archive or HDF5, holds time [T], residual [T, n], and kernel [T, n, n] or\n"
        "jacobian [T, n, P]; also, where they are known, samples [1], kernel_rate [T, n, n] and\n"
        "residual_rate [T, n]. Without kernel_rate the change of the kernel is a difference of\n"
        "states, which networks with kinks make unreliable. The result is a folder like that of\n"
        "a run: check, report and export read it.\n"
        "\n"
        "Exit status: 0 done, 1 stopped early, 2 wrong usage, 3 failed.",
    .flags = flags,
    .n_flags = (int)(sizeof flags / sizeof flags[0]),
    .run = run,
};
