/*
 * renorm study: a grid of settings and seeds.
 */
#include <inttypes.h>
#include <math.h>
#include <renorm/cost.h>
#include <renorm/study.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "progress.h"

#define MIB 1048576.0

/* Points whose time is measured for a plan; the others are counted as their mean. */
#define MAX_TIMED 8

static const flag flags[] = {
    {.name = "output",
     .letter = 'o',
     .value = "DIR",
     .help = "folder of the study (default runs/NAME); one that is there is gone on with"},
    {.name = "jobs",
     .letter = 'j',
     .value = "N",
     .help = "cells at a time (default: one per processor)"},
    {.name = "memory",
     .value = "SIZE",
     .help = "all cells together stay below this, as in 500M or 2G"},
    {.name = "dry-run", .letter = 'n', .help = "print cells, memory and time, and do nothing"},
    {.name = "quiet", .letter = 'q', .help = "no progress; warnings stay"},
};

static const char *value_of(const arguments *given, const char *name)
{
    return argument_value(&command_study, given, name);
}

/* ---- the plan -------------------------------------------------------------------------------- */

static exit_status print_cells(const rn_study *study)
{
    rn_study_shape shape;
    rn_study_cell cell;
    rn_study_shape_get(study, &shape);
    printf("cell\tfolder\tarm");
    for (rn_index k = 0; k < shape.n_keys; k++)
        printf("\t%s", rn_study_key(study, k));
    printf("\tseed\n");
    for (rn_index i = 0; i < shape.n_cells; i++) {
        const rn_status status = rn_study_cell_get(study, i, &cell);
        if (status < 0) return report_failure(status);
        printf("%" PRId64 "\tcells/%s\t%s", i + 1, cell.name, rn_study_arm(study, cell.arm));
        for (rn_index k = 0; k < shape.n_keys; k++)
            printf("\t%s", rn_study_value(study, cell.point, k));
        printf("\t%" PRId64 "\n", cell.seed);
    }
    return EXIT_DONE;
}

/* What the cells of one seed take: most memory of one, and the time of the few that are timed. */
typedef struct estimate {
    rn_index peak_bytes;
    double seconds;
    rn_index n_timed;
} estimate;

static rn_status estimate_cell(const rn_study *study, rn_index i, bool is_timed, estimate *sum)
{
    rn_config *config = NULL;
    rn_cost *cost = NULL;
    rn_cost_summary s;
    const rn_cost_options options = {.n_threads = 1, .only_memory = !is_timed};
    rn_status status = rn_study_config(study, i, &config);
    if (status == RN_OK) status = rn_cost_create(config, &options, NULL, &cost);
    if (status == RN_OK) {
        rn_cost_get(cost, &s);
        if (s.peak_bytes > sum->peak_bytes) sum->peak_bytes = s.peak_bytes;
        if (is_timed) {
            sum->seconds += s.total_s;
            sum->n_timed++;
        }
    }
    rn_cost_destroy(cost);
    rn_config_destroy(config);
    return status;
}

static exit_status print_plan(const arguments *given, const rn_study *study)
{
    rn_study_shape shape;
    rn_study_shape_get(study, &shape);
    const rn_index per_seed = shape.n_points * shape.n_arms;
    const rn_index stride = (per_seed + MAX_TIMED - 1) / MAX_TIMED;
    long jobs = 1;
    estimate sum = {0};
    if (!parse_number("jobs", value_of(given, "jobs"), 1, 256, &jobs)) return EXIT_USAGE;
    const exit_status printed = print_cells(study);
    if (printed != EXIT_DONE) return printed;
    for (rn_index i = 0; i < per_seed; i++) {
        const rn_status status = estimate_cell(study, i, i % stride == 0, &sum);
        if (status < 0) return report_failure(status);
    }
    const double one = sum.seconds / (double)sum.n_timed;
    fprintf(stderr,
            "renorm study: %" PRId64 " cells: %" PRId64 " arms, %" PRId64 " points, %" PRId64
            " seeds\n"
            "renorm study: at most %.0f MiB for each cell at a time\n"
            "renorm study: about %.2g s a cell on one thread (%" PRId64
            " timed), %.2g min in all with --jobs %ld\n",
            shape.n_cells, shape.n_arms, shape.n_points, shape.n_seeds,
            ceil((double)sum.peak_bytes / MIB), one, sum.n_timed,
            one * (double)shape.n_cells / (60.0 * (double)jobs), jobs);
    return EXIT_DONE;
}

/* ---- the work -------------------------------------------------------------------------------- */

/* The folder: as given, that of the operand, or runs/NAME. */
static bool choose_folder(const arguments *given, const rn_study *study, char *folder, size_t size)
{
    rn_study_shape shape;
    rn_study_shape_get(study, &shape);
    const char *path = given->operands[0];
    const char *chosen = value_of(given, "output");
    char inside[4096];
    int length = snprintf(inside, sizeof inside, "%s/study.yaml", path);
    FILE *file =
        !chosen && length > 0 && (size_t)length < sizeof inside ? fopen(inside, "re") : NULL;
    if (file) (void)fclose(file);
    if (chosen || file)
        length = snprintf(folder, size, "%s", chosen ? chosen : path);
    else
        length = snprintf(folder, size, "runs/%s", shape.name);
    if (length >= 0 && (size_t)length < size) return true;
    fprintf(stderr, "renorm study: the folder's name is too long\n");
    return false;
}

static exit_status execute(const arguments *given, const rn_study *study)
{
    char folder[4096];
    long jobs = 0;
    progress display;
    rn_study_result result;
    rn_study_options options = {.folder = folder};
    if (!parse_number("jobs", value_of(given, "jobs"), 1, 256, &jobs)
        || !parse_size("memory", value_of(given, "memory"), &options.max_bytes)
        || !choose_folder(given, study, folder, sizeof folder))
        return EXIT_USAGE;
    options.n_jobs = (int)jobs;
    progress_start(&display, value_of(given, "quiet") != NULL);
    const rn_observer observer = progress_observer(&display);
    const rn_status status = rn_study_execute(study, &options, &observer, &result);
    progress_stop(&display);
    if (status < 0) return report_failure(status);
    fprintf(stderr,
            "renorm study: %" PRId64 " of %" PRId64 " cells done, %" PRId64
            " failed; tables in %s\n",
            result.n_finished, result.n_cells, result.n_failed, folder);
    if (result.n_failed > 0) fprintf(stderr, "renorm study: %s/cells.csv says why\n", folder);
    if (status > 0) fprintf(stderr, "renorm study: to go on: renorm study %s\n", folder);
    printf("%s/report.html\n", folder);
    return status > 0 || result.n_failed > 0 ? EXIT_WEAKER : EXIT_DONE;
}

static exit_status run(const arguments *given)
{
    rn_study *study = NULL;
    const rn_status status = rn_study_load(given->operands[0], &study);
    if (status < 0) {
        if (status != RN_ERR_CONFIG) return report_failure(status);
        fprintf(stderr, "%s\n", rn_last_message());
        fprintf(stderr, "renorm study: nothing was done: %s needs these changes\n",
                given->operands[0]);
        return EXIT_USAGE;
    }
    const exit_status result =
        value_of(given, "dry-run") ? print_plan(given, study) : execute(given, study);
    rn_study_destroy(study);
    return result;
}

const command command_study = {
    .name = "study",
    .operands = "STUDY.yaml",
    .min_operands = 1,
    .max_operands = 1,
    .help = "a grid of settings and seeds: many runs, one summary",
    .more = "The file names a base configuration and what varies:\n"
            "\n"
            "  base: configs/tiny.yaml\n"
            "  arms:\n"
            "    residual: {model.residual: true}\n"
            "    plain: {model.residual: false}\n"
            "  vary:\n"
            "    model.depth: [4, 8, 16]\n"
            "  seeds: 16\n"
            "\n"
            "Every combination is a run in DIR/cells. Arms see the same samples and the same\n"
            "initial draws seed by seed. It ends with report.html, one page with medians, gaps\n"
            "between arms with 95 % intervals, and the verdict of renorm check for each arm;\n"
            "table.csv holds every measurement, summary.csv and verdicts.csv what the page says.\n"
            "Ctrl-C stops after the steps at hand; the same command, or renorm study DIR, goes on\n"
            "with what is missing.\n"
            "\n"
            "Exit status: 0 done, 1 stopped early or some cells failed, 2 wrong usage, 3 failed.",
    .flags = flags,
    .n_flags = (int)(sizeof flags / sizeof flags[0]),
    .run = run,
};
