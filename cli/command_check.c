/*
 * renorm check: conditions, velocity law and verdict of runs.
 */
#include <math.h>
#include <renorm/check.h>
#include <string.h>

#include "commands.h"
#include "json.h"
#include "terminal.h"

static const flag flags[] = {
    {.name = "json", .help = "the same as JSON on standard output"},
};

/* ---- for programs ---------------------------------------------------------------------------- */

static bool is_number(double value)
{
    return value > -HUGE_VAL && value < HUGE_VAL;
}

/* An empty cell where nothing is known. */
static void print_cell(double value)
{
    if (is_number(value))
        printf("\t%.10g", value);
    else
        printf("\t");
}

static void print_table(const rn_check *check)
{
    printf("subject\tkind\tcondition\tquantity\tvalue\tlow\thigh\tunit\tthreshold\tanswer\treason\t"
           "would_suffice\torigin\n");
    for (rn_index i = 0; i < rn_check_count(check); i++) {
        const rn_check_subject *s = rn_check_get(check, i);
        const char *kind = s->is_family ? "family" : "run";
        for (rn_index k = 0; k < s->n_lines; k++) {
            const rn_check_line *line = &s->lines[k];
            printf("%s\t%s\t%s\t%s", s->name, kind, line->condition, line->quantity);
            print_cell(line->value);
            print_cell(line->low);
            print_cell(line->high);
            printf("\t%s", line->unit);
            print_cell(line->threshold);
            printf("\t%s\t%s\t%s\t%s\n", line->decides ? rn_verdict_name(line->verdict) : "-",
                   line->reason, line->remedy, line->origin);
        }
        printf("%s\t%s\tverdict\t\t\t\t\t\t\t%s\t%s\t\t\n", s->name, kind,
               rn_conclusion_text(s->conclusion), s->sentence);
    }
}

static void print_json(const rn_check *check)
{
    json j = {.stream = stdout};
    json_open(&j, NULL, '{');
    json_integer(&j, "format", 1);
    json_open(&j, "subjects", '[');
    for (rn_index i = 0; i < rn_check_count(check); i++) {
        const rn_check_subject *s = rn_check_get(check, i);
        json_open(&j, NULL, '{');
        json_text(&j, "name", s->name);
        json_text(&j, "folder", s->is_family ? NULL : s->path);
        json_boolean(&j, "is_family", s->is_family);
        json_integer(&j, "runs", s->n_runs);
        json_text(&j, "verdict", rn_conclusion_text(s->conclusion));
        json_text(&j, "sentence", s->sentence);
        json_open(&j, "conditions", '[');
        for (rn_index k = 0; k < s->n_lines; k++) {
            const rn_check_line *line = &s->lines[k];
            json_open(&j, NULL, '{');
            json_text(&j, "condition", line->condition);
            json_text(&j, "name", line->name);
            json_text(&j, "quantity", line->quantity);
            json_text(&j, "unit", line->unit);
            json_real(&j, "value", line->value);
            json_real(&j, "low", line->low);
            json_real(&j, "high", line->high);
            json_real(&j, "threshold", line->threshold);
            json_text(&j, "answer", line->decides ? rn_verdict_name(line->verdict) : NULL);
            json_text(&j, "reason", line->reason);
            json_text(&j, "would_suffice", line->remedy[0] ? line->remedy : NULL);
            json_text(&j, "origin", line->origin[0] ? line->origin : NULL);
            json_close(&j, '}');
        }
        json_close(&j, ']');
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_close(&j, '}');
    printf("\n");
}

/* ---- for people ------------------------------------------------------------------------------ */

static style style_of_conclusion(rn_conclusion conclusion)
{
    return conclusion == RN_CONCLUSION_CANNOT_TELL ? STYLE_STRONG
           : conclusion == RN_CONCLUSION_DOES_NOT  ? STYLE_BAD
                                                   : STYLE_GOOD;
}

static style style_of_verdict(rn_verdict verdict)
{
    return verdict == RN_VERDICT_HOLDS   ? STYLE_GOOD
           : verdict == RN_VERDICT_FAILS ? STYLE_BAD
                                         : STYLE_STRONG;
}

/* "Delta_x = 0.2 nat, from 0.1 to 0.3; threshold 0.15" */
static void print_numbers(const terminal *t, const rn_check_line *line)
{
    char unit[32] = "";
    char text[256];
    if (strcmp(line->unit, "1") != 0) (void)snprintf(unit, sizeof unit, " %s", line->unit);
    int n = snprintf(text, sizeof text, "%s", line->quantity);
    if (is_number(line->value))
        n += snprintf(text + n, sizeof text - (size_t)n, " = %.3g%s", line->value, unit);
    else
        n += snprintf(text + n, sizeof text - (size_t)n, ": no number");
    if (is_number(line->value) && line->low <= line->high)
        n += snprintf(text + n, sizeof text - (size_t)n, ", from %.3g to %.3g", line->low,
                      line->high);
    if (is_number(line->threshold))
        (void)snprintf(text + n, sizeof text - (size_t)n, "; threshold %.3g%s", line->threshold,
                       unit);
    terminal_words(t, 6, text);
}

static void print_line(const terminal *t, const rn_check_line *line)
{
    char words[RN_CHECK_TEXT + 32];
    const char *start = style_text(t, line->decides ? STYLE_PLAIN : STYLE_FAINT);
    if (line->decides)
        fprintf(t->stream, "\n  %s%-4s%s%s  %s%s%s\n", style_text(t, STYLE_STRONG), line->condition,
                line->name, style_text(t, STYLE_PLAIN),
                style_text(t, style_of_verdict(line->verdict)), rn_verdict_name(line->verdict),
                style_text(t, STYLE_PLAIN));
    fprintf(t->stream, "%s", start);
    print_numbers(t, line);
    if (line->reason[0]) terminal_words(t, line->decides ? 6 : 8, line->reason);
    (void)snprintf(words, sizeof words, "would suffice: %s", line->remedy);
    if (line->remedy[0]) terminal_words(t, 6, words);
    fprintf(t->stream, "%s", style_text(t, STYLE_PLAIN));
}

static void print_page(const terminal *t, const rn_check *check)
{
    for (rn_index i = 0; i < rn_check_count(check); i++) {
        const rn_check_subject *s = rn_check_get(check, i);
        const char *verdict = rn_conclusion_text(s->conclusion);
        fprintf(t->stream, "\n%s%s%s", style_text(t, STYLE_STRONG), s->name,
                style_text(t, STYLE_PLAIN));
        if (s->is_family) fprintf(t->stream, " (%d runs)", (int)s->n_runs);
        fprintf(t->stream, ": %s%s%s\n", style_text(t, style_of_conclusion(s->conclusion)), verdict,
                style_text(t, STYLE_PLAIN));
        const char *why = s->sentence + strlen(verdict);
        terminal_words(t, 2, why + strspn(why, ": "));
        for (rn_index k = 0; k < s->n_lines; k++)
            print_line(t, &s->lines[k]);
    }
    fprintf(t->stream, "\n");
}

/* ---- the command ----------------------------------------------------------------------------- */

static exit_status print_check(const arguments *given, const rn_check *check)
{
    const terminal out = terminal_look(stdout);
    exit_status result = EXIT_DONE;
    if (argument_value(&command_check, given, "json"))
        print_json(check);
    else if (out.is_terminal)
        print_page(&out, check);
    else
        print_table(check);
    for (rn_index i = 0; i < rn_check_count(check); i++)
        if (rn_check_get(check, i)->conclusion == RN_CONCLUSION_CANNOT_TELL) result = EXIT_WEAKER;
    return result;
}

static exit_status run(const arguments *given)
{
    const rn_index n = given->n_operands;
    rn_folder *folders[RN_CHECK_MAX_RUNS] = {NULL};
    rn_check *check = NULL;
    rn_status status = RN_OK;
    exit_status result = EXIT_DONE;
    for (rn_index i = 0; i < n && status == RN_OK; i++)
        status = rn_folder_open(given->operands[i], &folders[i]);
    if (status == RN_OK) status = rn_check_create(n, (const rn_folder *const *)folders, &check);
    if (status < 0)
        result = report_failure(status);
    else
        result = print_check(given, check);
    rn_check_destroy(check);
    for (rn_index i = 0; i < n; i++)
        rn_folder_close(folders[i]);
    return result;
}

const command command_check = {
    .name = "check",
    .operands = "DIR...",
    .min_operands = 1,
    .max_operands = RN_CHECK_MAX_RUNS,
    .help = "conditions, velocity law and verdict of runs",
    .more = "DIR is the folder of a run. Several runs that differ in depth, width and seed alone\n"
            "are also judged as a family. Each number comes with its interval, the threshold it\n"
            "is held against and where both come from. The conditions are sufficient, not\n"
            "necessary: one that fails never shows that there is no law.\n"
            "\n"
            "Exit status: 0 every verdict told, 1 one cannot be told, 2 wrong usage, 3 a folder\n"
            "could not be read.",
    .flags = flags,
    .n_flags = (int)(sizeof flags / sizeof flags[0]),
    .run = run,
};
