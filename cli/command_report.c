/*
 * renorm report: one page about one or several runs.
 */
#include <renorm/report.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"

#define PATH_SIZE 4096
#define PAGE_NAME "report.html"

static const flag flags[] = {
    {.name = "output",
     .letter = 'o',
     .value = "FILE",
     .help = "the page (default DIR/report.html; report.html here for several runs)"},
};

static void print_log(void *user, rn_log_level level, const char *text)
{
    (void)user;
    fprintf(stderr, "renorm report: %s%s\n", level == RN_LOG_WARNING ? "left out: " : "", text);
}

static bool choose_path(const arguments *given, char path[PATH_SIZE])
{
    const char *output = argument_value(&command_report, given, "output");
    const char *folder = given->operands[0];
    const size_t n = strlen(folder);
    const char *slash = n > 0 && folder[n - 1] == '/' ? "" : "/";
    int length = 0;
    if (output)
        length = snprintf(path, PATH_SIZE, "%s", output);
    else if (given->n_operands == 1)
        length = snprintf(path, PATH_SIZE, "%s%s%s", folder, slash, PAGE_NAME);
    else
        length = snprintf(path, PATH_SIZE, "%s", PAGE_NAME);
    if (length > 0 && length < PATH_SIZE) return true;
    fprintf(stderr, "renorm report: a path of 1 .. %d bytes is needed for the page\n",
            PATH_SIZE - 1);
    return false;
}

static exit_status run(const arguments *given)
{
    char path[PATH_SIZE];
    const rn_observer observer = {.log = print_log};
    rn_index n_left_out = 0;
    if (!choose_path(given, path)) return EXIT_USAGE;
    const rn_status status =
        rn_report_write(given->n_operands, (const char *const *)given->operands, path,
                        given->n_operands > 1 ? &observer : NULL, &n_left_out);
    if (status < 0) return report_failure(status);
    printf("%s\n", path);
    return n_left_out > 0 ? EXIT_WEAKER : EXIT_DONE;
}

const command command_report = {
    .name = "report",
    .operands = "DIR...",
    .min_operands = 1,
    .max_operands = RN_REPORT_MAX_RUNS,
    .help = "one self-contained page about one or several runs",
    .more = "DIR is the folder of a run. The page opens in a browser without a network; its path\n"
            "is printed. Only a page written by this command is ever replaced.\n"
            "\n"
            "Exit status: 0 done, 1 a folder could not be read and was left out, 2 wrong usage,\n"
            "3 no folder could be read, or the page not written.",
    .flags = flags,
    .n_flags = (int)(sizeof flags / sizeof flags[0]),
    .run = run,
};
