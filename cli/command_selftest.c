/*
 * renorm selftest: checks of the whole chain on a tiny network.
 */
#include <renorm/selftest.h>
#include <stdio.h>

#include "commands.h"
#include "json.h"
#include "terminal.h"

static const flag flags[] = {
    {.name = "seed", .value = "N", .help = "of weights, samples and directions (default 1)"},
    {.name = "json", .help = "as JSON"},
};

static void print_json(const rn_check *checks, rn_index n_checks)
{
    json j = {.stream = stdout};
    json_open(&j, NULL, '[');
    for (rn_index i = 0; i < n_checks; i++) {
        json_open(&j, NULL, '{');
        json_text(&j, "name", checks[i].name);
        json_text(&j, "meaning", checks[i].meaning);
        json_real(&j, "value", checks[i].value);
        json_real(&j, "limit", checks[i].limit);
        json_boolean(&j, "passed", checks[i].passed);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    printf("\n");
}

static void print_table(const rn_check *checks, rn_index n_checks)
{
    const terminal t = terminal_look(stdout);
    if (!t.is_terminal) printf("check\tvalue\tlimit\tverdict\tmeaning\n");
    for (rn_index i = 0; i < n_checks; i++) {
        const rn_check *c = &checks[i];
        const char *verdict = c->passed ? "passed" : "FAILED";
        if (!t.is_terminal) {
            printf("%s\t%.3g\t%.3g\t%s\t%s\n", c->name, c->value, c->limit, verdict, c->meaning);
            continue;
        }
        printf("  %s%s%s  %s%-12s%s %8.1e  (at most %.0e)\n",
               style_text(&t, c->passed ? STYLE_GOOD : STYLE_BAD), verdict,
               style_text(&t, STYLE_PLAIN), style_text(&t, STYLE_STRONG), c->name,
               style_text(&t, STYLE_PLAIN), c->value, c->limit);
        printf("          %s%s%s\n", style_text(&t, STYLE_FAINT), c->meaning,
               style_text(&t, STYLE_PLAIN));
    }
}

static exit_status run(const arguments *given)
{
    rn_check checks[RN_SELFTEST_MAX];
    rn_index n_checks = 0;
    long seed = 1;
    if (!parse_number("seed", argument_value(&command_selftest, given, "seed"), 0, 1L << 48, &seed))
        return EXIT_USAGE;
    const rn_status status = rn_selftest((uint64_t)seed, checks, &n_checks);
    if (status < 0) return report_failure(status);
    if (argument_value(&command_selftest, given, "json"))
        print_json(checks, n_checks);
    else
        print_table(checks, n_checks);
    rn_index n_failed = 0;
    for (rn_index i = 0; i < n_checks; i++)
        n_failed += !checks[i].passed;
    if (n_failed == 0) {
        fprintf(stderr, "renorm selftest: all %d checks passed\n", (int)n_checks);
        return EXIT_DONE;
    }
    fprintf(stderr,
            "renorm selftest: %d of %d checks failed; numbers of this build cannot be trusted\n",
            (int)n_failed, (int)n_checks);
    return EXIT_FAILED;
}

const command command_selftest = {
    .name = "selftest",
    .operands = "",
    .help = "check the whole chain on a tiny network, in seconds",
    .flags = flags,
    .n_flags = (int)(sizeof flags / sizeof flags[0]),
    .run = run,
};
