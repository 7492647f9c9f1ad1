/*
 * renorm export: a run's folder as one file for other programs.
 */
#include <renorm/export.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"

#define PATH_SIZE 4096

static const flag flags[] = {
    {.name = "format", .value = "csv|npz", .help = "one long table (default), or arrays for numpy"},
    {.name = "output",
     .letter = 'o',
     .value = "FILE",
     .help = "new file (default DIR/export.csv or DIR/export.npz)"},
};

static bool is_format(const char *word)
{
    for (rn_index i = 0; word && rn_export_format(i); i++)
        if (strcmp(word, rn_export_format(i)) == 0) return true;
    return false;
}

static exit_status run(const arguments *given)
{
    const char *asked = argument_value(&command_export, given, "format");
    const char *format = asked ? asked : "csv";
    const char *path = argument_value(&command_export, given, "output");
    char usual[PATH_SIZE];
    if (!is_format(format)) {
        fprintf(stderr, "renorm export: --format: found '%s', expected csv or npz\n", format);
        return EXIT_USAGE;
    }
    const int length = snprintf(usual, sizeof usual, "%s/export.%s", given->operands[0], format);
    if (!path && (length < 0 || (size_t)length >= sizeof usual)) {
        fprintf(stderr, "renorm export: the path is too long; name a file with -o\n");
        return EXIT_USAGE;
    }
    const rn_status status = rn_export_write(given->operands[0], format, path ? path : usual);
    if (status < 0) return report_failure(status);
    fprintf(stderr, "renorm export: wrote %s\n", path ? path : usual);
    return EXIT_DONE;
}

const command command_export = {
    .name = "export",
    .operands = "DIR",
    .min_operands = 1,
    .max_operands = 1,
    .help = "a run's folder as one file for other programs",
    .more = "csv: one row per number of every measurement: step, time, quantity, axis, index,\n"
            "value, unit. npz: arrays for numpy.load, records/NAME for the recorded steps,\n"
            "snapshots/NAME and snapshots/NNNNNN/NAME for the measurements. The same folder\n"
            "gives the same bytes. Nothing is overwritten.\n"
            "\n"
            "Exit status: 0 done, 2 wrong usage, 3 failed.",
    .flags = flags,
    .n_flags = (int)(sizeof flags / sizeof flags[0]),
    .run = run,
};
