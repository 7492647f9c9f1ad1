/*
 * renorm fit: power laws of a table of losses.
 */
#include <inttypes.h>
#include <math.h>
#include <renorm/fit.h>
#include <stdio.h>

#include "commands.h"
#include "json.h"

static const flag flags[] = {
    {.name = "x", .value = "NAME", .help = "column of the variable (one-variable law)"},
    {.name = "y", .value = "NAME", .help = "column of the loss (default loss, y or L)"},
    {.name = "json", .help = "as JSON on standard output"},
};

typedef struct line {
    const char *name;
    rn_fit_number number;
} line;

/* The parameters in order; returns how many. */
static int list_lines(const rn_fit_result *fit, line out[6])
{
    int n = 0;
    out[n++] = (line){"E", fit->floor};
    out[n++] = (line){"A", fit->scale[0]};
    out[n++] = (line){fit->n_variables > 1 ? "alpha" : "a", fit->exponent[0]};
    if (fit->n_variables < 2) return n;
    out[n++] = (line){"B", fit->scale[1]};
    out[n++] = (line){"beta", fit->exponent[1]};
    out[n++] = (line){"beta/(alpha+beta)", fit->allocation};
    return n;
}

static void print_fit(const rn_fit_result *fit)
{
    line lines[6];
    const int n = list_lines(fit, lines);
    printf("parameter\tvalue\terror\n");
    for (int i = 0; i < n; i++)
        printf("%s\t%.10g\t%.3g\n", lines[i].name, lines[i].number.value, lines[i].number.error);
    printf("rss\t%.10g\t\n", fit->rss);
    printf("condition\t%.3g\t\n", fit->condition);
}

static void print_fit_json(const rn_fit_result *fit)
{
    line lines[6];
    const int n = list_lines(fit, lines);
    json j = {.stream = stdout};
    json_open(&j, NULL, '{');
    json_integer(&j, "points", fit->n);
    for (int i = 0; i < n; i++) {
        json_open(&j, lines[i].name, '{');
        json_real(&j, "value", lines[i].number.value);
        json_real(&j, "error", lines[i].number.error);
        json_close(&j, '}');
    }
    json_real(&j, "rss", fit->rss);
    json_real(&j, "condition", fit->condition);
    json_integer(&j, "starts", fit->n_starts);
    json_integer(&j, "agreeing", fit->n_agreeing);
    json_close(&j, '}');
    printf("\n");
}

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

static exit_status run(const arguments *given)
{
    rn_fit_table table = {0};
    rn_fit_result fit;
    rn_status status =
        rn_fit_table_read(given->operands[0], argument_value(&command_fit, given, "x"),
                          argument_value(&command_fit, given, "y"), &table);
    if (status < 0) return report_failure(status);
    status = rn_fit_power_law(&table.input, &fit);
    if (status >= 0) {
        print_law(&table, &fit);
        if (argument_value(&command_fit, given, "json"))
            print_fit_json(&fit);
        else
            print_fit(&fit);
    }
    rn_fit_table_clear(&table);
    if (status == RN_OK) return EXIT_DONE;
    const exit_status result = report_failure(status);
    return status == RN_ERR_DOMAIN ? EXIT_WEAKER : result; /* the data cannot tell */
}

const command command_fit = {
    .name = "fit",
    .operands = "TABLE.csv",
    .min_operands = 1,
    .max_operands = 1,
    .help = "power laws of a table of losses",
    .more = "With columns N (or \"Model Size\") and D (or FLOP, \"Training FLOP\": then D =\n"
            "FLOP/(6 N)) it fits loss = E + A/N^alpha + B/D^beta, else loss = E + A/x^a with x\n"
            "from the column x, step or time. Least squares by variable projection from many\n"
            "starts. Errors are standard errors of independent residuals of equal size.\n"
            "\n"
            "Exit status: 0 done, 1 the data cannot support the law, or the fit cannot be\n"
            "trusted; the message says why, 2 wrong usage, 3 failed.",
    .flags = flags,
    .n_flags = (int)(sizeof flags / sizeof flags[0]),
    .run = run,
};
