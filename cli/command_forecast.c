/*
 * renorm forecast: what will the loss be.
 */
#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <renorm/forecast.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"
#include "json.h"
#include "outlook.h"

enum { MOST_RUNS = 4096, PATH_SIZE = 4096 };

static const flag flags[] = {
    {.name = "from", .value = "T", .help = "start from the last measurement up to this time"},
    {.name = "to", .value = "T", .help = "how far (default: 10 times the time of the start)"},
    {.name = "backtest", .help = "forecasts from earlier times, held against what came"},
    {.name = "drift",
     .value = "NATS",
     .help = "with --backtest: least move of the kernel in the second table (0.1)"},
    {.name = "json", .help = "as JSON on standard output"},
};

static const char *value_of(const arguments *given, const char *name)
{
    return argument_value(&command_forecast, given, name);
}

/* A real number of an option; false: a message was printed. */
static bool parse_real(const arguments *given, const char *name, double *out)
{
    const char *text = value_of(given, name);
    char *end = NULL;
    if (!text) return true;
    const double value = strtod(text, &end);
    if (end != text && !*end && value > -HUGE_VAL && value < HUGE_VAL) {
        *out = value;
        return true;
    }
    fprintf(stderr, "renorm forecast: --%s: found '%s', expected a number\n", name, text);
    return false;
}

static void print_cell(double value)
{
    if (isfinite(value))
        printf("\t%.6g", value);
    else
        printf("\t");
}

/* ---- one run --------------------------------------------------------------------------------- */

static void print_answer(const rn_forecast_answer *a)
{
    printf("time\tfactor\tmeasured\tmethod\tloss\tlow50\thigh50\tlow90\thigh90\n");
    for (rn_index k = 0; k < a->n_lines; k++)
        for (int m = 0; m < RN_FORECAST_METHODS; m++) {
            const rn_forecast_line *line = &a->lines[k];
            const rn_forecast_value *v = &line->by[m];
            if (!isfinite(v->loss)) continue;
            printf("%.9g", line->time);
            print_cell(line->factor);
            print_cell(line->measured);
            printf("\t%s", rn_forecast_method_name((rn_forecast_method)m));
            print_cell(v->loss);
            print_cell(v->low50);
            print_cell(v->high50);
            print_cell(v->low90);
            print_cell(v->high90);
            printf("\n");
        }
}

static void print_value_json(json *j, const char *name, const rn_forecast_value *v)
{
    json_open(j, name, '{');
    json_real(j, "loss", v->loss);
    json_real(j, "low50", v->low50);
    json_real(j, "high50", v->high50);
    json_real(j, "low90", v->low90);
    json_real(j, "high90", v->high90);
    json_close(j, '}');
}

static void print_slope_json(json *j, const char *name, const rn_spectrum_slope *slope)
{
    json_open(j, name, '{');
    json_real(j, "value", slope->value);
    json_real(j, "low90", slope->low);
    json_real(j, "high90", slope->high);
    json_close(j, '}');
}

static void print_exponents_json(json *j, const rn_spectrum_exponents *e)
{
    json_open(j, "exponents", '{');
    json_integer(j, "first_rank", e->first);
    json_integer(j, "last_rank", e->last);
    json_real(j, "from", e->from);
    json_real(j, "to", e->to);
    print_slope_json(j, "capacity", &e->capacity);
    print_slope_json(j, "source", &e->source);
    print_slope_json(j, "implied", &e->implied);
    json_close(j, '}');
}

static void print_held_out_json(json *j, const rn_forecast_answer *a)
{
    json_open(j, "held_out", '{');
    json_real(j, "loss", a->held_out_loss);
    json_open(j, "lines", '[');
    for (int k = 0; k < RN_BACKTEST_FACTORS; k++) {
        json_open(j, NULL, '{');
        json_real(j, "time", a->held_out[k].time);
        json_real(j, "factor", a->held_out[k].factor);
        json_real(j, "measured", a->held_out[k].measured);
        print_value_json(j, "frozen", &a->held_out[k].value);
        json_close(j, '}');
    }
    json_close(j, ']');
    json_close(j, '}');
}

static void print_answer_json(const rn_forecast_answer *a)
{
    json j = {.stream = stdout};
    json_open(&j, NULL, '{');
    json_integer(&j, "format", 1);
    json_text(&j, "name", a->name);
    json_text(&j, "sentence", a->sentence);
    json_text(&j, "chosen", rn_forecast_method_name((rn_forecast_method)a->chosen));
    json_integer(&j, "step", a->step);
    json_real(&j, "from", a->from);
    json_real(&j, "loss", a->loss);
    json_real(&j, "stability", a->stability);
    json_real(&j, "slope", a->slope);
    if (a->has_held_out) print_held_out_json(&j, a);
    if (a->has_exponents) print_exponents_json(&j, &a->exponents);
    json_open(&j, "cannot_tell", '{');
    for (int m = 0; m < RN_FORECAST_METHODS; m++)
        if (a->reason[m][0])
            json_text(&j, rn_forecast_method_name((rn_forecast_method)m), a->reason[m]);
    json_close(&j, '}');
    json_open(&j, "limit", '{');
    for (int m = 0; m < RN_FORECAST_METHODS; m++)
        json_real(&j, rn_forecast_method_name((rn_forecast_method)m), a->limit[m]);
    json_close(&j, '}');
    json_open(&j, "lines", '[');
    for (rn_index k = 0; k < a->n_lines; k++) {
        json_open(&j, NULL, '{');
        json_real(&j, "time", a->lines[k].time);
        json_real(&j, "factor", a->lines[k].factor);
        json_real(&j, "measured", a->lines[k].measured);
        if (isfinite(a->lines[k].frozen_most)) {
            json_real(&j, "frozen_least", a->lines[k].frozen_least);
            json_real(&j, "frozen_most", a->lines[k].frozen_most);
        }
        for (int m = 0; m < RN_FORECAST_METHODS; m++)
            print_value_json(&j, rn_forecast_method_name((rn_forecast_method)m),
                             &a->lines[k].by[m]);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_close(&j, '}');
    printf("\n");
}

/* Elsewhere than on a terminal: the table, and the sentence beside it. */
static void print_plain(const rn_forecast_answer *a)
{
    char words[OUTLOOK_TEXT];
    fprintf(stderr, "%s: from step %" PRId64 ", time %.4g. %s\n", a->name, a->step, a->from,
            a->sentence);
    if (limits_text(a, words, sizeof words)) fprintf(stderr, "  %s\n", words);
    if (bounds_text(a, words, sizeof words)) fprintf(stderr, "  %s\n", words);
    if (held_out_text(a, words, sizeof words)) fprintf(stderr, "  %s\n", words);
    if (exponents_text(a, words, sizeof words)) fprintf(stderr, "  %s\n", words);
    for (int m = 0; m < RN_FORECAST_METHODS; m++)
        if (a->reason[m][0])
            fprintf(stderr, "  %s: %s\n", rn_forecast_method_name((rn_forecast_method)m),
                    a->reason[m]);
    print_answer(a);
}

static exit_status forecast_one(const arguments *given, const rn_forecast_options *options)
{
    rn_folder *folder = NULL;
    rn_forecast *forecast = NULL;
    rn_status status = rn_folder_open(given->operands[0], &folder);
    if (status == RN_OK) status = rn_forecast_create(folder, options, &forecast);
    exit_status result = EXIT_DONE;
    if (forecast) {
        const rn_forecast_answer *a = rn_forecast_answer_of(forecast);
        const terminal out = terminal_look(stdout);
        if (value_of(given, "json"))
            print_answer_json(a);
        else if (out.is_terminal)
            print_outlook(&out, a);
        else
            print_plain(a);
        if (a->chosen < 0) result = EXIT_WEAKER;
    } else {
        result = report_failure(status);
        if (status == RN_ERR_DOMAIN) result = EXIT_WEAKER; /* the run cannot tell */
    }
    rn_forecast_destroy(forecast);
    rn_folder_close(folder);
    return result;
}

/* ---- back-tests ------------------------------------------------------------------------------ */

typedef struct collection {
    rn_index n;
    rn_backtest tests[MOST_RUNS];
    char names[MOST_RUNS][64];
    rn_index n_short;
} collection;

static exit_status add_run(const char *path, collection *c)
{
    rn_folder *folder = NULL;
    rn_status status = rn_folder_open(path, &folder);
    if (status == RN_OK && c->n == MOST_RUNS) {
        rn_folder_close(folder);
        fprintf(stderr, "renorm forecast: more than %d runs\n", MOST_RUNS);
        return EXIT_USAGE;
    }
    if (status == RN_OK) {
        status = rn_backtest_run(folder, &c->tests[c->n]);
        (void)snprintf(c->names[c->n], sizeof c->names[0], "%s", rn_folder_name(folder));
    }
    rn_folder_close(folder);
    if (status == RN_OK) {
        c->n++;
        return EXIT_DONE;
    }
    if (status != RN_ERR_DOMAIN) return report_failure(status);
    c->n_short++;
    (void)report_failure(status);
    return EXIT_DONE;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* The cells of a study; false: not a study. */
static bool add_study(const char *path, collection *c, exit_status *result)
{
    char cells[PATH_SIZE];
    char one[PATH_SIZE];
    struct dirent **entries = NULL;
    struct stat found;
    (void)snprintf(cells, sizeof cells, "%s/cells", path);
    if (stat(cells, &found) != 0 || !S_ISDIR(found.st_mode)) return false;
    const int n = scandir(cells, &entries, is_shown, compare_names);
    for (int i = 0; i < n; i++) {
        const int length =
            snprintf(one, sizeof one, "%s/%s/manifest.yaml", cells, entries[i]->d_name);
        if (*result == EXIT_DONE && length > 0 && length < PATH_SIZE && stat(one, &found) == 0) {
            *strrchr(one, '/') = 0;
            *result = add_run(one, c);
        }
        free(entries[i]);
    }
    free(entries);
    return true;
}

static void print_backtest_row(const collection *c, rn_index i, const rn_backtest_line *line,
                               const char *method, double measured, const rn_forecast_value *v)
{
    printf("%s\t%d\t%" PRId64 "\t%.6g\t%.3g", c->names[i], c->tests[i].half, line->step, line->from,
           line->factor);
    print_cell(measured);
    print_cell(line->drift);
    printf("\t%s", method);
    print_cell(v->loss);
    print_cell(log(v->loss / measured));
    print_cell(v->low50);
    print_cell(v->high50);
    print_cell(v->low90);
    print_cell(v->high90);
    print_cell(v->sigma);
    printf("\n");
}

/* Held-out losses have rows of their own, where the run measured them. */
static void print_lines(const collection *c)
{
    printf("run\thalf\tstep\tfrom\tfactor\tmeasured\tdrift\tmethod\tloss\tln_error\tlow50\thigh50\t"
           "low90\thigh90\tsigma\n");
    for (rn_index i = 0; i < c->n; i++)
        for (rn_index k = 0; k < c->tests[i].n_lines; k++) {
            const rn_backtest_line *line = &c->tests[i].lines[k];
            for (int m = 0; m < RN_FORECAST_METHODS; m++)
                print_backtest_row(c, i, line, rn_forecast_method_name((rn_forecast_method)m),
                                   line->measured, &line->by[m]);
            if (isfinite(line->held_out_measured))
                print_backtest_row(c, i, line, "held_out", line->held_out_measured,
                                   &line->held_out);
        }
}

/* Which lines are judged, and how. */
typedef struct view {
    int half;     /* -1: both */
    double drift; /* 0: all lines */
} view;

static void print_group(const collection *c, view v, const char *title)
{
    rn_backtest_score s;
    fprintf(stderr, "\n%s%s\n", title, v.drift > 0.0 ? ", only where the kernel moved" : "");
    fprintf(stderr,
            "  method       at  lines median |ln error|, quartiles     bias   50 %%    90 %%\n");
    for (int k = 0; k < RN_BACKTEST_FACTORS * RN_FORECAST_METHODS; k++) {
        const rn_forecast_method method = (rn_forecast_method)(k % RN_FORECAST_METHODS);
        const double factor = rn_backtest_factor(k / RN_FORECAST_METHODS);
        const rn_status status =
            rn_backtest_judge(c->n, c->tests, method, factor, v.half, v.drift, &s);
        if (status < 0 || s.n_lines == 0) continue;
        fprintf(stderr,
                "  %-10s %4.3gx %6" PRId64 " %9.3f  [%.3f, %.3f] %+8.3f %5.0f %% %5.0f %%\n",
                rn_forecast_method_name(method), factor, s.n_lines, s.median, s.low, s.high, s.bias,
                100.0 * s.covered50, 100.0 * s.covered90);
    }
}

static void print_held_out_group(const collection *c, view v)
{
    rn_backtest_score s;
    for (int k = 0; k < RN_BACKTEST_FACTORS; k++) {
        const double factor = rn_backtest_factor(k);
        const rn_status status =
            rn_backtest_judge_held_out(c->n, c->tests, factor, v.half, v.drift, &s);
        if (status < 0 || s.n_told == 0) continue;
        fprintf(stderr,
                "  %-10s %4.3gx %6" PRId64 " %9.3f  [%.3f, %.3f] %+8.3f %5.0f %% %5.0f %%\n",
                "held_out", factor, s.n_lines, s.median, s.low, s.high, s.bias, 100.0 * s.covered50,
                100.0 * s.covered90);
    }
}

static void print_scores(const collection *c, double drift)
{
    static const char *const titles[] = {"Half 0 (calibrated on)", "Half 1 (reported)"};
    for (int moved = 0; moved < 2; moved++) {
        const double least = moved ? drift : 0.0;
        if (c->n == 1) {
            print_group(c, (view){-1, least}, "This run");
            print_held_out_group(c, (view){-1, least});
        }
        for (int half = 0; half < 2 && c->n > 1; half++) {
            print_group(c, (view){half, least}, titles[half]);
            print_held_out_group(c, (view){half, least});
        }
    }
}

/* k counts methods, and after them held-out losses, at every factor. */
static void print_score_json(json *j, const collection *c, view v, int k)
{
    rn_backtest_score s;
    const int m = k % (RN_FORECAST_METHODS + 1);
    const bool is_held_out = m == RN_FORECAST_METHODS;
    const double factor = rn_backtest_factor(k / (RN_FORECAST_METHODS + 1));
    const rn_status status =
        is_held_out
            ? rn_backtest_judge_held_out(c->n, c->tests, factor, v.half, v.drift, &s)
            : rn_backtest_judge(c->n, c->tests, (rn_forecast_method)m, factor, v.half, v.drift, &s);
    if (status < 0 || (is_held_out && s.n_told == 0)) return;
    json_open(j, NULL, '{');
    json_text(j, "half", v.half < 0 ? "both" : v.half ? "1" : "0");
    json_boolean(j, "only_drifting", v.drift > 0.0);
    json_real(j, "factor", factor);
    json_text(j, "method",
              is_held_out ? "held_out" : rn_forecast_method_name((rn_forecast_method)m));
    json_integer(j, "lines", s.n_lines);
    json_integer(j, "told", s.n_told);
    json_real(j, "median", s.median);
    json_real(j, "low", s.low);
    json_real(j, "high", s.high);
    json_real(j, "bias", s.bias);
    json_real(j, "covered50", s.covered50);
    json_real(j, "covered90", s.covered90);
    json_close(j, '}');
}

static void print_scores_json(const collection *c, double drift)
{
    json j = {.stream = stdout};
    json_open(&j, NULL, '{');
    json_integer(&j, "format", 1);
    json_integer(&j, "runs", c->n);
    json_real(&j, "drift", drift);
    json_open(&j, "scores", '[');
    for (int half = -1; half < 2; half++)
        for (int k = 0; k < RN_BACKTEST_FACTORS * (RN_FORECAST_METHODS + 1); k++) {
            print_score_json(&j, c, (view){half, 0.0}, k);
            if (drift > 0.0) print_score_json(&j, c, (view){half, drift}, k);
        }
    json_close(&j, ']');
    json_close(&j, '}');
    printf("\n");
}

static exit_status backtest_all(const arguments *given, double drift)
{
    collection *c = calloc(1, sizeof *c);
    exit_status result = EXIT_DONE;
    if (!c) {
        fprintf(stderr, "renorm forecast: no memory\n");
        return EXIT_FAILED;
    }
    for (int i = 0; i < given->n_operands && result == EXIT_DONE; i++)
        if (!add_study(given->operands[i], c, &result)) result = add_run(given->operands[i], c);
    if (result == EXIT_DONE && c->n == 0) result = EXIT_WEAKER;
    if (result == EXIT_DONE) {
        if (value_of(given, "json"))
            print_scores_json(c, drift);
        else if (!terminal_look(stdout).is_terminal)
            print_lines(c);
        fprintf(stderr, "Back-test of %" PRId64 " run%s", c->n, c->n == 1 ? "" : "s");
        if (c->n_short) fprintf(stderr, "; %" PRId64 " too short", c->n_short);
        fprintf(stderr, ": forecasts from every earlier measurement, held against what came.\n");
        print_scores(c, drift);
    }
    for (rn_index i = 0; i < c->n; i++)
        rn_backtest_clear(&c->tests[i]);
    free(c);
    return result;
}

static exit_status run(const arguments *given)
{
    rn_forecast_options options = rn_forecast_options_defaults();
    double drift = 0.1;
    if (!parse_real(given, "from", &options.from) || !parse_real(given, "to", &options.to)
        || !parse_real(given, "drift", &drift))
        return EXIT_USAGE;
    if (value_of(given, "backtest")) return backtest_all(given, drift);
    if (given->n_operands == 1) return forecast_one(given, &options);
    fprintf(stderr, "renorm forecast: several runs need --backtest\n");
    return EXIT_USAGE;
}

const command command_forecast = {
    .name = "forecast",
    .operands = "DIR...",
    .min_operands = 1,
    .max_operands = 256,
    .help = "what will the loss be: from the modes of a run, beside curve fits",
    .more = "DIR is the folder of a run, with --backtest also of a study. Four methods: frozen\n"
            "(the modes of a measurement decay), transport (they also move with the measured\n"
            "velocity), power (curve fit L = E + A t^-a) and line (L = A t^-a on the last half\n"
            "decade). Prints a line per time and method with "
            "50 and 90 % intervals, and the\n"
            "answer in words.\n"
            "\n"
            "--backtest makes the same forecasts from every earlier measurement, with what was\n"
            "known then, and holds them against what came at 2, 4 and 10 times the time. Runs\n"
            "fall into two halves by a hash of their configuration without the seed.\n"
            "\n"
            "The held-out loss, where a measurement foretold it (frozen modes), stands on\n"
            "standard error and in the JSON, and is judged likewise.\n"
            "\n"
            "Exit status: 0 done, 1 it cannot be told, or the history is too short; the\n"
            "message says why, 2 wrong usage, 3 a folder could not be read.",
    .flags = flags,
    .n_flags = (int)(sizeof flags / sizeof flags[0]),
    .run = run,
};
