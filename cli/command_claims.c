/*
 * renorm claims: published dynamics, reproduced and judged.
 */
#include <inttypes.h>
#include <math.h>
#include <renorm/claims.h>
#include <renorm/config.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "json.h"
#include "progress.h"
#include "terminal.h"

#define MAX_SYSTEMS 64

static const flag flags[] = {
    {.name = "list", .letter = 'l', .help = "print the systems and do nothing"},
    {.name = "scale", .value = "SCALE", .help = "quick (default) or full: larger, narrower"},
    {.name = "seeds", .value = "N", .help = "repetitions (default: what the system's file says)"},
    {.name = "mutate", .help = "with the change that must break the claim"},
    {.name = "config", .value = "FILE", .help = "another file than the system's own; one NAME"},
    {.name = "set",
     .value = "KEY=VALUE",
     .repeats = true,
     .help = "change a setting, as in --set settings.dimension=500; one NAME; repeats"},
    {.name = "output",
     .letter = 'o',
     .value = "DIR",
     .help = "new or empty folder, or one to go on with (default claims/NAME)"},
    {.name = "jobs", .letter = 'j', .value = "N", .help = "several: claims at a time (default 2)"},
    {.name = "json", .help = "the same as JSON on standard output"},
    {.name = "quiet", .letter = 'q', .help = "no progress and no summary; warnings stay"},
};

static const char *value_of(const arguments *given, const char *name)
{
    return argument_value(&command_claims, given, name);
}

/* ---- tables ---------------------------------------------------------------------------------- */

/* An empty cell where there is no number. */
static void print_cell(double value)
{
    if (isnan(value))
        printf("\t");
    else
        printf("\t%.9g", value);
}

static void print_lines(const rn_claim *claim)
{
    printf("key\tquantity\ttheory\tmeasured\tlow\thigh\tat_least\tat_most\tverdict\n");
    for (rn_index i = 0; i < rn_claim_n_lines(claim); i++) {
        const rn_claim_line *line = rn_claim_line_at(claim, i);
        printf("%s\t%s", line->key, line->quantity);
        print_cell(line->theory);
        print_cell(line->measured);
        print_cell(line->low);
        print_cell(line->high);
        print_cell(line->at_least);
        print_cell(line->at_most);
        printf("\t%s\n", line->decides ? rn_verdict_name(line->verdict) : "-");
    }
}

static void print_json(const rn_claim *claim)
{
    json j = {.stream = stdout};
    json_open(&j, NULL, '{');
    json_integer(&j, "format", 1);
    json_text(&j, "name", rn_claim_system_of(claim)->name);
    json_text(&j, "scale", rn_claim_scale_name(rn_claim_scale_of(claim)));
    json_integer(&j, "seeds", rn_claim_n_seeds(claim));
    json_boolean(&j, "is_mutated", rn_claim_is_mutated(claim));
    json_text(&j, "verdict", rn_verdict_name(rn_claim_verdict(claim)));
    json_text(&j, "folder", rn_claim_folder(claim));
    json_open(&j, "lines", '[');
    for (rn_index i = 0; i < rn_claim_n_lines(claim); i++) {
        const rn_claim_line *line = rn_claim_line_at(claim, i);
        json_open(&j, NULL, '{');
        json_text(&j, "key", line->key);
        json_text(&j, "quantity", line->quantity);
        json_text(&j, "unit", line->unit);
        json_real(&j, "theory", line->theory);
        json_text(&j, "formula", line->formula);
        json_real(&j, "measured", line->measured);
        json_real(&j, "low", line->low);
        json_real(&j, "high", line->high);
        json_text(&j, "method", line->method);
        json_real(&j, "at_least", line->at_least);
        json_real(&j, "at_most", line->at_most);
        json_text(&j, "tolerance", line->tolerance);
        json_text(&j, "verdict", line->decides ? rn_verdict_name(line->verdict) : NULL);
        json_reals(&j, "values", line->n_values, line->values);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_open(&j, "notes", '[');
    for (rn_index i = 0; rn_claim_note_at(claim, i); i++)
        json_text(&j, NULL, rn_claim_note_at(claim, i));
    json_close(&j, ']');
    json_close(&j, '}');
    printf("\n");
}

/* ---- for people ------------------------------------------------------------------------------ */

static style style_of(rn_verdict verdict)
{
    return verdict == RN_VERDICT_HOLDS   ? STYLE_GOOD
           : verdict == RN_VERDICT_FAILS ? STYLE_BAD
                                         : STYLE_STRONG;
}

static void number_text(double value, char text[16])
{
    text[0] = 0;
    if (!isnan(value)) (void)snprintf(text, 16, "%.4g", value);
}

static void print_row(const terminal *t, const rn_claim_line *line, int width)
{
    char theory[16];
    char measured[16];
    char low[16];
    char high[16];
    number_text(line->theory, theory);
    number_text(line->measured, measured);
    number_text(line->low, low);
    number_text(line->high, high);
    printf("  %-*.*s %11s %11s %11s %-11s %s%s%s\n", width, width, line->quantity, theory, measured,
           line->low < line->high ? low : "", line->low < line->high ? high : "",
           style_text(t, line->decides ? style_of(line->verdict) : STYLE_FAINT),
           line->decides ? rn_verdict_name(line->verdict) : "shown", style_text(t, STYLE_PLAIN));
}

static void print_page(const terminal *t, const rn_claim *claim)
{
    const rn_claim_system *about = rn_claim_system_of(claim);
    int width = 20;
    for (rn_index i = 0; i < rn_claim_n_lines(claim); i++) {
        const int length = (int)strlen(rn_claim_line_at(claim, i)->quantity);
        width = length > width ? length : width;
    }
    const int room = (t->width > 0 ? t->width : 80) - 64;
    width = width > room && room > 20 ? room : width;
    printf("\n%s%s%s (%s)\n\n", style_text(t, STYLE_STRONG), about->title,
           style_text(t, STYLE_PLAIN), about->paper);
    printf("%s  %-*s %11s %11s %11s %-11s %s%s\n", style_text(t, STYLE_FAINT), width, "quantity",
           "theory", "measured", "interval", "", "verdict", style_text(t, STYLE_PLAIN));
    for (rn_index i = 0; i < rn_claim_n_lines(claim); i++)
        print_row(t, rn_claim_line_at(claim, i), width);
    printf("\n");
}

/* What a person wants to know last. */
static void print_summary(const rn_claim *claim)
{
    const char *name = rn_claim_system_of(claim)->name;
    const rn_verdict verdict = rn_claim_verdict(claim);
    for (rn_index i = 0; rn_claim_note_at(claim, i); i++)
        fprintf(stderr, "renorm claims: %s\n", rn_claim_note_at(claim, i));
    if (!rn_claim_is_mutated(claim))
        fprintf(stderr, "renorm claims: %s: %s\n", name, rn_verdict_name(verdict));
    else
        fprintf(stderr, "renorm claims: %s with its mutation (%s): %s\n", name,
                rn_claim_system_of(claim)->mutation,
                verdict == RN_VERDICT_HOLDS ? "STILL HOLDS: the claim cannot fail and is worth "
                                              "nothing"
                                            : "broken, as it must be");
    fprintf(stderr, "renorm claims: see %s/claim.html\n", rn_claim_folder(claim));
}

static exit_status exit_of(rn_verdict verdict)
{
    return verdict == RN_VERDICT_HOLDS ? EXIT_DONE : EXIT_WEAKER;
}

/* ---- the work -------------------------------------------------------------------------------- */

static exit_status print_list(const arguments *given)
{
    const terminal out = terminal_look(stdout);
    json j = {.stream = stdout};
    const bool is_json = value_of(given, "json") != NULL;
    if (is_json) json_open(&j, NULL, '[');
    for (rn_index i = 0; rn_claim_system_at(i); i++) {
        const rn_claim_system *about = rn_claim_system_at(i);
        if (is_json) {
            json_open(&j, NULL, '{');
            json_text(&j, "name", about->name);
            json_text(&j, "title", about->title);
            json_text(&j, "paper", about->paper);
            json_text(&j, "claim", about->claim);
            json_text(&j, "mutation", about->mutation);
            json_close(&j, '}');
        } else {
            printf("%s%s%s\t%s\t%s\n", style_text(&out, STYLE_STRONG), about->name,
                   style_text(&out, STYLE_PLAIN), about->title, about->paper);
        }
    }
    if (is_json) {
        json_close(&j, ']');
        printf("\n");
    }
    return EXIT_DONE;
}

static exit_status work_out_one(const arguments *given, const char *name,
                                const rn_claim_options *options, const rn_observer *observer,
                                progress *display)
{
    rn_claim *claim = NULL;
    const rn_status status = rn_claim_execute(name, options, observer, &claim);
    progress_stop(display);
    if (status == RN_ERR_CONFIG) {
        fprintf(stderr, "%s\n", rn_last_message());
        return EXIT_USAGE;
    }
    if (status != RN_OK) return report_failure(status);
    const terminal out = terminal_look(stdout);
    if (value_of(given, "json"))
        print_json(claim);
    else if (out.is_terminal)
        print_page(&out, claim);
    else
        print_lines(claim);
    if (!value_of(given, "quiet")) print_summary(claim);
    const exit_status result = exit_of(rn_claim_verdict(claim));
    rn_claim_destroy(claim);
    return result;
}

static void print_outcomes(const arguments *given, rn_index n, const rn_claim_outcome *outcomes)
{
    json j = {.stream = stdout};
    const bool is_json = value_of(given, "json") != NULL;
    if (is_json)
        json_open(&j, NULL, '[');
    else
        printf("name\tverdict\tholding\tdeciding\tseconds\tmessage\n");
    for (rn_index i = 0; i < n; i++) {
        const rn_claim_outcome *o = &outcomes[i];
        const char *verdict = o->status == RN_OK ? rn_verdict_name(o->verdict) : "not worked out";
        if (!is_json) {
            printf("%s\t%s\t%" PRId64 "\t%" PRId64 "\t%.1f\t%s\n", o->name, verdict, o->n_holding,
                   o->n_deciding, o->seconds, o->status == RN_OK ? "" : o->words);
            continue;
        }
        json_open(&j, NULL, '{');
        json_text(&j, "name", o->name);
        json_text(&j, "verdict", verdict);
        json_integer(&j, "holding", o->n_holding);
        json_integer(&j, "deciding", o->n_deciding);
        json_real(&j, "seconds", o->seconds);
        json_text(&j, "message", o->status == RN_OK ? NULL : o->words);
        json_close(&j, '}');
    }
    if (!is_json) return;
    json_close(&j, ']');
    printf("\n");
}

static exit_status work_out_several(const arguments *given, const rn_claim_options *options,
                                    const rn_observer *observer, progress *display)
{
    rn_claim_outcome outcomes[MAX_SYSTEMS];
    const char *names[MAX_SYSTEMS];
    long n_jobs = 2;
    rn_index n = given->n_operands;
    exit_status result = EXIT_DONE;
    const bool is_sound = parse_number("jobs", value_of(given, "jobs"), 1, 64, &n_jobs);
    for (int i = 0; i < given->n_operands; i++)
        names[i] = given->operands[i];
    rn_claim_options with_folder = *options;
    if (!with_folder.folder) with_folder.folder = "claims/all";
    const rn_status status =
        is_sound ? rn_claims_execute(n, names, &with_folder, (int)n_jobs, observer, outcomes)
                 : RN_OK;
    progress_stop(display);
    if (!is_sound) return EXIT_USAGE;
    if (status < 0) return report_failure(status);
    while (given->n_operands == 0 && rn_claim_system_at(n))
        n++;
    print_outcomes(given, n, outcomes);
    for (rn_index i = 0; i < n; i++) {
        if (outcomes[i].status != RN_OK) result = outcomes[i].status < 0 ? EXIT_FAILED : result;
        if (result == EXIT_DONE && outcomes[i].status != RN_OK) result = EXIT_WEAKER;
        if (result == EXIT_DONE) result = exit_of(outcomes[i].verdict);
    }
    if (status > 0) (void)report_failure(status);
    if (!value_of(given, "quiet"))
        fprintf(stderr, "renorm claims: see %s/NAME/claim.html\n", with_folder.folder);
    return result;
}

static bool check_names(const arguments *given)
{
    const char *candidates[MAX_SYSTEMS];
    rn_index n = 0;
    while (n < MAX_SYSTEMS && rn_claim_system_at(n)) {
        candidates[n] = rn_claim_system_at(n)->name;
        n++;
    }
    for (int i = 0; i < given->n_operands; i++) {
        if (rn_claim_system_find(given->operands[i])) continue;
        const char *near = rn_nearest_word(given->operands[i], n, candidates);
        fprintf(stderr, "renorm claims: no system is called '%s'%s%s%s; renorm claims --list\n",
                given->operands[i], near ? "; did you mean '" : "", near ? near : "",
                near ? "'?" : "");
        return false;
    }
    return true;
}

static exit_status run(const arguments *given)
{
    const char *scale = value_of(given, "scale");
    long n_seeds = 0;
    if (value_of(given, "list")) return print_list(given);
    if (scale && strcmp(scale, "quick") != 0 && strcmp(scale, "full") != 0) {
        fprintf(stderr, "renorm claims: --scale: found '%s', expected quick or full\n", scale);
        return EXIT_USAGE;
    }
    if (!check_names(given)
        || !parse_number("seeds", value_of(given, "seeds"), 1, 100000, &n_seeds))
        return EXIT_USAGE;
    if (given->n_operands != 1 && (value_of(given, "config") || given->n_repeated > 0)) {
        fprintf(stderr, "renorm claims: --config and --set go with one NAME\n");
        return EXIT_USAGE;
    }
    const rn_claim_options options = {.scale = scale && strcmp(scale, "full") == 0 ? RN_CLAIM_FULL
                                                                                   : RN_CLAIM_QUICK,
                                      .n_seeds = n_seeds,
                                      .is_mutated = value_of(given, "mutate") != NULL,
                                      .config = value_of(given, "config"),
                                      .n_overrides = given->n_repeated,
                                      .overrides = given->repeated,
                                      .folder = value_of(given, "output"),
                                      .parent = "claims"};
    progress display;
    progress_start(&display, value_of(given, "quiet") != NULL);
    const rn_observer observer = progress_observer(&display);
    if (given->n_operands == 1)
        return work_out_one(given, given->operands[0], &options, &observer, &display);
    return work_out_several(given, &options, &observer, &display);
}

const command command_claims = {
    .name = "claims",
    .operands = "[NAME...]",
    .min_operands = 0,
    .max_operands = MAX_SYSTEMS,
    .help = "published learning dynamics, reproduced and judged",
    .more =
        "NAME is a system of --list; without one, all are worked out, two at a time, each in\n"
        "a process of its own. Prints a line per quantity: theory, measured, interval,\n"
        "verdict. A quantity holds where all of its interval lies in what is accepted.\n"
        "Writes claim.csv, values.csv, curves.csv, notes.txt, config.yaml and claim.html, and\n"
        "the run behind it, seen through the shells, in lens/.\n"
        "\n"
        "Every claim has a mutation, one change that must break it: --mutate.\n"
        "\n"
        "A system whose work is long keeps what it has worked out in its folder. After Ctrl-C, a\n"
        "kill or a crash, NAME with the same options and -o DIR goes on from there and ends with\n"
        "the same numbers. Several systems go to claims/all, a folder each.\n"
        "\n"
        "Exit status: 0 holds, 1 does not or cannot be told, 2 wrong usage or configuration,\n"
        "3 failed.",
    .flags = flags,
    .n_flags = (int)(sizeof flags / sizeof flags[0]),
    .run = run,
};
