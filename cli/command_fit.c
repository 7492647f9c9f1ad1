/*
 * renorm fit: power laws of a table of losses.
 */
#include <inttypes.h>
#include <math.h>
#include <renorm/fit.h>
#include <renorm/fit_report.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "json.h"

#define LEVEL 0.95

static const flag flags[] = {
    {.name = "output",
     .letter = 'o',
     .value = "PAGE.html",
     .help = "write a page: curves, residuals, intervals, influence"},
    {.name = "x", .value = "NAME", .help = "column of the variable (one-variable law)"},
    {.name = "y", .value = "NAME", .help = "column of the loss (default loss, y or L)"},
    {.name = "norm", .value = "NAME", .help = "fit ln L by squares, huber or absolute"},
    {.name = "delta", .value = "D", .help = "of --norm huber (default 0.001)"},
    {.name = "breaks", .value = "N", .help = "1 or 2 breaks of the exponent (one variable)"},
    {.name = "bootstrap",
     .value = "N",
     .help = "draws behind the 95 % intervals (default 200; 0: none)"},
    {.name = "json", .help = "as JSON on standard output"},
};

/* Everything that is said of one table. */
typedef struct answer {
    rn_fit_table table; /* owned */
    rn_fit_options options;
    bool is_log;       /* options are in use */
    rn_index n_breaks; /* 0: fit; else broken */
    rn_fit_result fit;
    rn_fit_broken broken;
    rn_index n_groups;
    rn_fit_influence groups[RN_FIT_MAX_GROUPS];
    rn_index n_draws; /* of the bootstrap; 0: none */
    void *draws;      /* owned: rn_fit_result or rn_fit_broken [n_draws] */
    rn_fit_ranges ranges;
    rn_fit_broken_ranges broken_ranges;
    bool has_profile;
    rn_fit_range profile[2]; /* of the exponents */
} answer;

typedef struct line {
    const char *name;
    rn_fit_number number;
    rn_fit_range range;
} line;

/* The parameters in order; returns how many. */
static int list_lines(const answer *a, line out[6])
{
    const rn_fit_result *fit = &a->fit;
    const rn_fit_ranges *r = &a->ranges;
    int n = 0;
    out[n++] = (line){"E", fit->floor, r->floor};
    out[n++] = (line){"A", fit->scale[0], r->scale[0]};
    out[n++] = (line){fit->n_variables > 1 ? "alpha" : "a", fit->exponent[0], r->exponent[0]};
    if (fit->n_variables < 2) return n;
    out[n++] = (line){"B", fit->scale[1], r->scale[1]};
    out[n++] = (line){"beta", fit->exponent[1], r->exponent[1]};
    out[n++] = (line){"beta/(alpha+beta)", fit->allocation, r->allocation};
    return n;
}

static void print_fit(const answer *a)
{
    line lines[6];
    const int n = list_lines(a, lines);
    const bool has_ranges = a->n_draws > 0;
    printf("parameter\tvalue\terror%s\n", has_ranges ? "\tlow95\thigh95" : "");
    for (int i = 0; i < n; i++) {
        printf("%s\t%.10g\t%.3g", lines[i].name, lines[i].number.value, lines[i].number.error);
        if (has_ranges) printf("\t%.5g\t%.5g", lines[i].range.low, lines[i].range.high);
        printf("\n");
    }
    for (rn_index k = 0; k < a->fit.n_variables && a->has_profile; k++)
        printf("%s, profile\t%.10g\t%s\t%.5g\t%.5g\n",
               a->fit.n_variables < 2 ? "a"
               : k                    ? "beta"
                                      : "alpha",
               a->fit.exponent[k].value, "", a->profile[k].low, a->profile[k].high);
    printf("rss\t%.10g\t\n", a->fit.rss);
    printf("condition\t%.3g\t\n", a->fit.condition);
}

/* The group that moves its exponent most; NULL: none could be left out. */
static const rn_fit_influence *find_most(const answer *a)
{
    const rn_fit_influence *most = NULL;
    for (rn_index i = 0; i < a->n_groups; i++)
        if (!most || fabs(a->groups[i].errors) > fabs(most->errors)) most = &a->groups[i];
    return most;
}

static void print_influence_json(json *j, const rn_fit_influence *found)
{
    if (!found) return;
    json_open(j, "influence", '{');
    json_open(j, "rows", '[');
    for (rn_index i = 0; i < found->n_left_out; i++)
        json_integer(j, NULL, found->rows[i] + 1);
    json_close(j, ']');
    json_text(j, "exponent", found->exponent ? "beta" : "alpha");
    json_real(j, "errors", found->errors);
    json_real(j, "value_without", found->without.exponent[found->exponent].value);
    json_close(j, '}');
}

static void print_line_json(json *j, const answer *a, const line *l)
{
    json_open(j, l->name, '{');
    json_real(j, "value", l->number.value);
    json_real(j, "error", l->number.error);
    if (a->n_draws > 0) {
        json_real(j, "low95", l->range.low);
        json_real(j, "high95", l->range.high);
    }
    json_close(j, '}');
}

static void print_fit_json(const answer *a)
{
    line lines[6];
    const int n = list_lines(a, lines);
    json j = {.stream = stdout};
    json_open(&j, NULL, '{');
    json_integer(&j, "points", a->fit.n);
    for (int i = 0; i < n; i++)
        print_line_json(&j, a, &lines[i]);
    json_real(&j, "rss", a->fit.rss);
    json_real(&j, "condition", a->fit.condition);
    json_integer(&j, "starts", a->fit.n_starts);
    json_integer(&j, "agreeing", a->fit.n_agreeing);
    print_influence_json(&j, find_most(a));
    json_open(&j, "profile95", '[');
    for (rn_index k = 0; k < a->fit.n_variables && a->has_profile; k++) {
        json_open(&j, NULL, '{');
        json_real(&j, "low95", a->profile[k].low);
        json_real(&j, "high95", a->profile[k].high);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_close(&j, '}');
    printf("\n");
}

/* ---- broken laws ----------------------------------------------------------------------------- */

/* "a", "c1", "d1", ..; returns how many. */
static int list_broken(const answer *a, line out[9])
{
    static const char *const names[RN_FIT_MAX_BREAKS][3] = {{"c1", "d1", "f1"}, {"c2", "d2", "f2"}};
    const rn_fit_broken *fit = &a->broken;
    const rn_fit_broken_ranges *r = &a->broken_ranges;
    int n = 0;
    out[n++] = (line){"E", fit->floor, r->floor};
    out[n++] = (line){"A", fit->scale, r->scale};
    out[n++] = (line){"a", fit->exponent, r->exponent};
    for (rn_index b = 0; b < fit->n_breaks; b++) {
        out[n++] = (line){names[b][0], fit->change[b], r->change[b]};
        out[n++] = (line){names[b][1], fit->at[b], r->at[b]};
        out[n++] = (line){names[b][2], fit->width[b], r->width[b]};
    }
    return n;
}

static void print_broken(const answer *a)
{
    line lines[9];
    const int n = list_broken(a, lines);
    const bool has_ranges = a->n_draws > 0;
    printf("parameter\tvalue\terror%s\n", has_ranges ? "\tlow95\thigh95" : "");
    for (int i = 0; i < n; i++) {
        printf("%s\t%.10g\t%.3g", lines[i].name, lines[i].number.value, lines[i].number.error);
        if (has_ranges) printf("\t%.5g\t%.5g", lines[i].range.low, lines[i].range.high);
        printf("\n");
    }
    printf("rss\t%.10g\t\ncondition\t%.3g\t\n", a->broken.rss, a->broken.condition);
}

static void print_broken_json(const answer *a)
{
    line lines[9];
    const int n = list_broken(a, lines);
    json j = {.stream = stdout};
    json_open(&j, NULL, '{');
    json_integer(&j, "points", a->broken.n);
    for (int i = 0; i < n; i++)
        print_line_json(&j, a, &lines[i]);
    json_real(&j, "rss", a->broken.rss);
    json_real(&j, "condition", a->broken.condition);
    json_close(&j, '}');
    printf("\n");
}

/* ---- words ----------------------------------------------------------------------------------- */

static void print_law(const rn_fit_table *table, const rn_fit_result *fit)
{
    if (fit->n_variables > 1)
        fprintf(stderr,
                "renorm fit: %s = E + A/N^alpha + B/D^beta, N = %s, D = %s%s, %" PRId64
                " points, %" PRId64 " of %" PRId64 " starts agree\n",
                table->names[2], table->names[0], table->names[1],
                table->from_compute ? "/(6 N)" : "", fit->n, fit->n_agreeing, fit->n_starts);
    else
        fprintf(stderr,
                "renorm fit: %s = E + A/%s^a, %" PRId64 " points, %" PRId64 " of %" PRId64
                " starts agree\n",
                table->names[2], table->names[0], fit->n, fit->n_agreeing, fit->n_starts);
}

/* How much a few points matter: shown unasked. */
static void print_influence(const answer *a)
{
    const rn_fit_influence *found = find_most(a);
    const char *const names[2] = {a->fit.n_variables > 1 ? "alpha" : "a", "beta"};
    if (!found) return;
    const rn_index k = found->exponent;
    fprintf(stderr, "renorm fit: without the %" PRId64 " points of most pull (rows",
            found->n_left_out);
    for (rn_index i = 0; i < found->n_left_out && i < 8; i++)
        fprintf(stderr, " %" PRId64, found->rows[i] + 1);
    fprintf(stderr, "%s) %s goes from %.4g to %.4g, %.1f of its errors\n",
            found->n_left_out > 8 ? " .." : "", names[k], a->fit.exponent[k].value,
            found->without.exponent[k].value, found->errors);
}

/* At the least loss for a compute C = 6 N D: N = G (C/6)^(beta/(alpha+beta)). */
static void print_allocation(const rn_fit_result *fit)
{
    const double sum = fit->exponent[0].value + fit->exponent[1].value;
    if (fit->n_variables < 2) return;
    const double ratio = fit->exponent[0].value * fit->scale[0].value
                         / (fit->exponent[1].value * fit->scale[1].value);
    fprintf(stderr,
            "renorm fit: least loss for a compute C = 6 N D at N = %.4g (C/6)^%.4g, D = %.4g "
            "(C/6)^%.4g\n",
            pow(ratio, 1.0 / sum), fit->allocation.value, pow(ratio, -1.0 / sum),
            1.0 - fit->allocation.value);
}

/* ---- the command ----------------------------------------------------------------------------- */

/* False: a message was printed. */
static bool read_norm(const arguments *given, answer *a)
{
    static const char *const names[] = {"squares", "huber", "absolute"};
    const char *name = argument_value(&command_fit, given, "norm");
    const char *delta = argument_value(&command_fit, given, "delta");
    char *end = NULL;
    a->options = rn_fit_options_defaults();
    if (delta) a->options.delta = strtod(delta, &end);
    if (delta && (end == delta || *end || !(a->options.delta > 0.0))) {
        fprintf(stderr, "renorm fit: --delta: found '%s', expected a number > 0\n", delta);
        return false;
    }
    if (!name) return true;
    for (int i = 0; i < 3; i++)
        if (strcmp(name, names[i]) == 0) {
            a->options.norm = (rn_fit_norm)i;
            a->is_log = true;
            return true;
        }
    fprintf(stderr, "renorm fit: --norm: found '%s', expected squares, huber or absolute\n", name);
    return false;
}

static rn_status fit_once(answer *a)
{
    const rn_fit_input *input = &a->table.input;
    if (a->n_breaks > 0) return rn_fit_broken_law(input, a->n_breaks, &a->broken);
    return a->is_log ? rn_fit_log_law(input, &a->options, &a->fit)
                     : rn_fit_power_law(input, &a->fit);
}

static rn_status draw(answer *a, long n_draws)
{
    const rn_fit_input *input = &a->table.input;
    rn_index n_done = 0;
    rn_status status = RN_OK;
    a->draws = calloc((size_t)n_draws, a->n_breaks > 0 ? sizeof a->broken : sizeof a->fit);
    if (!a->draws) return RN_ERR_MEMORY;
    if (a->n_breaks > 0) {
        status = rn_fit_draw_broken(input, &a->broken, n_draws, a->draws, &n_done);
        if (status == RN_OK)
            status = rn_fit_ranges_of_broken(n_done, a->draws, LEVEL, &a->broken_ranges);
    } else {
        status = rn_fit_draw(input, a->is_log ? &a->options : NULL, n_draws, a->draws, &n_done);
        if (status == RN_OK) status = rn_fit_ranges_of(n_done, a->draws, LEVEL, &a->ranges);
    }
    if (status == RN_OK) a->n_draws = n_done;
    return status;
}

/* What is said beside the fit. */
static rn_status look_around(answer *a, long n_draws)
{
    const rn_fit_input *input = &a->table.input;
    rn_status status = RN_OK;
    if (a->n_breaks == 0)
        status = rn_fit_leave_out(input, a->is_log ? &a->options : NULL, &a->fit, a->groups,
                                  &a->n_groups);
    if (status < 0) return status;
    if (n_draws > 0 && draw(a, n_draws) < 0)
        fprintf(stderr, "renorm fit: no intervals: %s\n", rn_last_message());
    if (a->n_breaks == 0 && !a->is_log)
        a->has_profile = rn_fit_profile(input, 1.96, a->profile) >= 0;
    return RN_OK;
}

static void print_all(const answer *a, bool is_json)
{
    if (a->n_breaks > 0) {
        fprintf(stderr,
                "renorm fit: %s = E + A %s^-a prod (1 + (%s/d)^(1/f))^(-c f), %" PRId64
                " points, %" PRId64 " of %" PRId64 " starts agree\n",
                a->table.names[2], a->table.names[0], a->table.names[0], a->broken.n,
                a->broken.n_agreeing, a->broken.n_starts);
        if (is_json)
            print_broken_json(a);
        else
            print_broken(a);
        return;
    }
    print_law(&a->table, &a->fit);
    print_influence(a);
    print_allocation(&a->fit);
    if (is_json)
        print_fit_json(a);
    else
        print_fit(a);
}

static rn_status write_page(const answer *a, const char *source, const char *warning,
                            const char *path)
{
    const char *slash = strrchr(source, '/');
    const bool is_broken = a->n_breaks > 0;
    const rn_fit_report report = {.name = slash && slash[1] ? slash + 1 : source,
                                  .table = &a->table,
                                  .options = a->is_log ? &a->options : NULL,
                                  .fit = is_broken ? NULL : &a->fit,
                                  .broken = is_broken ? &a->broken : NULL,
                                  .n_groups = a->n_groups,
                                  .groups = a->groups,
                                  .level = LEVEL,
                                  .n_draws = a->n_draws,
                                  .draws = is_broken ? NULL : a->draws,
                                  .broken_draws = is_broken ? a->draws : NULL,
                                  .profile = a->has_profile ? a->profile : NULL,
                                  .warning = warning};
    const rn_status status = rn_fit_report_write(&report, path);
    if (status == RN_OK) fprintf(stderr, "renorm fit: see %s\n", path);
    return status;
}

static exit_status end(rn_status status)
{
    if (status == RN_OK) return EXIT_DONE;
    const exit_status result = report_failure(status);
    return status == RN_ERR_DOMAIN ? EXIT_WEAKER : result; /* the data cannot tell */
}

/* Fits, looks around, prints, writes the page where one is wanted. */
static exit_status fit_table(answer *a, const arguments *given, long n_draws)
{
    char warning[512] = "";
    const char *page = argument_value(&command_fit, given, "output");
    const rn_status status = fit_once(a);
    if (status < 0) return end(status);
    if (status > 0) (void)snprintf(warning, sizeof warning, "%s", rn_last_message());
    const rn_status beside = look_around(a, n_draws);
    if (beside < 0) return end(beside);
    print_all(a, argument_value(&command_fit, given, "json") != NULL);
    if (page) {
        const rn_status written =
            write_page(a, given->operands[0], status > 0 ? warning : NULL, page);
        if (written < 0) return report_failure(written);
    }
    if (status > 0) fprintf(stderr, "renorm: %s\n", warning);
    return status > 0 ? EXIT_WEAKER : EXIT_DONE;
}

static exit_status run(const arguments *given)
{
    answer a = {0};
    long n_draws = 200;
    long n_breaks = 0;
    const char *draws = argument_value(&command_fit, given, "bootstrap");
    if (!read_norm(given, &a) || !parse_number("bootstrap", draws, 0, RN_FIT_MAX_DRAWS, &n_draws)
        || !parse_number("breaks", argument_value(&command_fit, given, "breaks"), 1,
                         RN_FIT_MAX_BREAKS, &n_breaks))
        return EXIT_USAGE;
    a.n_breaks = n_breaks;
    if (n_draws > 0 && n_draws < RN_FIT_MIN_DRAWS) n_draws = RN_FIT_MIN_DRAWS;
    const rn_status status =
        rn_fit_table_read(given->operands[0], argument_value(&command_fit, given, "x"),
                          argument_value(&command_fit, given, "y"), &a.table);
    if (status < 0) return report_failure(status);
    const exit_status result = fit_table(&a, given, n_draws);
    rn_fit_table_clear(&a.table);
    free(a.draws);
    return result;
}

const command command_fit = {
    .name = "fit",
    .operands = "TABLE.csv",
    .min_operands = 1,
    .max_operands = 1,
    .help = "power laws of a table of losses",
    .more = "With columns N (or \"Model Size\") and D (or FLOP, \"Training FLOP\": then D =\n"
            "FLOP/(6 N)) it fits loss = E + A/N^alpha + B/D^beta, else loss = E + A/x^a with\n"
            "x from the column x, step or time. Least squares by variable projection from\n"
            "many starts; with --norm ln L instead, and outliers count less. Errors are\n"
            "standard errors of independent residuals of equal size; intervals come from\n"
            "points drawn again and, for exponents, from profiles. The few points that move\n"
            "an exponent most are named. --breaks fits an exponent that changes. -o writes all of\n"
            "it as a page that opens in a browser without a network; only a page written by\n"
            "this command is ever replaced.\n"
            "\n"
            "Exit status: 0 done, 1 the data cannot support the law, or the fit cannot be\n"
            "trusted; the message says why, 2 wrong usage, 3 failed.",
    .flags = flags,
    .n_flags = (int)(sizeof flags / sizeof flags[0]),
    .run = run,
};
