/*
 * renorm help: what a configuration may say, from the option tables themselves.
 */
#include <renorm/config.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "terminal.h"

#define MAX_TOPICS 256
#define NAME_SIZE  64

/* Width of the names in the list. */
#define NAME_COLUMN 22

/* "model.mlp", "output", or "top" for the keys at the top of the file. */
static void name_topic(const rn_topic *topic, char *name)
{
    const char *section = topic->section[0] ? topic->section : "top";
    (void)snprintf(name, NAME_SIZE, "%s%s%s", section, topic->kind ? "." : "",
                   topic->kind ? topic->kind : "");
}

/* Whether a topic is what was asked for: "model" shows all of its kinds. */
static bool suits(const rn_topic *topic, const char *asked)
{
    char name[NAME_SIZE];
    name_topic(topic, name);
    const char *section = topic->section[0] ? topic->section : "top";
    return strcmp(name, asked) == 0 || strcmp(section, asked) == 0;
}

/* Text folded at word ends to `width` columns; lines after the first behind `indent` spaces, and
   the first one too unless the cursor stands there already. */
static void print_folded(const char *text, int indent, int width, bool is_there)
{
    const int room = width - 1 - indent;
    while (*text) {
        int length = (int)strlen(text);
        if (length > room) {
            length = room;
            while (length > 0 && text[length] != ' ')
                length--;
            if (length == 0) length = (int)strcspn(text, " ");
        }
        printf("%*s%.*s\n", is_there ? 0 : indent, "", length, text);
        is_there = false;
        text += length;
        while (*text == ' ')
            text++;
    }
}

static rn_status print_topic(rn_index index, const rn_topic *topic, const terminal *t)
{
    char name[NAME_SIZE];
    name_topic(topic, name);
    printf("%s%s%s%s\n", style_text(t, STYLE_STRONG), name, style_text(t, STYLE_PLAIN),
           topic->is_default ? " (default)" : "");
    print_folded(topic->help, 2, t->width, false);
    printf("\n");
    for (rn_index j = 0; j < topic->n_options; j++) {
        rn_option option;
        const rn_status status = rn_topic_option(index, j, &option);
        if (status < 0) return status;
        printf("  %s%s%s: ", style_text(t, STYLE_ACCENT), option.key, style_text(t, STYLE_PLAIN));
        if (option.initial)
            printf("%s\n", option.initial[0] ? option.initial : "\"\"");
        else
            printf("(required)\n");
        print_folded(option.help, 6, t->width, false);
        char accepts[320];
        (void)snprintf(accepts, sizeof accepts, "%s%s%s%s", option.accepts, option.unit ? " [" : "",
                       option.unit ? option.unit : "", option.unit ? "]" : "");
        printf("%s", style_text(t, STYLE_FAINT));
        print_folded(accepts, 6, t->width, false);
        printf("%s", style_text(t, STYLE_PLAIN));
    }
    printf("\n");
    return RN_OK;
}

static rn_status list_topics(const terminal *t)
{
    print_commands();
    printf("\nTopics, for renorm help TOPIC:\n");
    for (rn_index i = 0; i < rn_topic_count(); i++) {
        rn_topic topic;
        char name[NAME_SIZE];
        const rn_status status = rn_topic_get(i, &topic);
        if (status < 0) return status;
        name_topic(&topic, name);
        printf("  %-*s ", NAME_COLUMN, name);
        print_folded(topic.help, NAME_COLUMN + 3, t->width, true);
    }
    return RN_OK;
}

static exit_status unknown_topic(const char *asked)
{
    static char names[MAX_TOPICS][NAME_SIZE];
    const char *candidates[2 * MAX_TOPICS];
    rn_index n_candidates = 0;
    for (rn_index i = 0; i < rn_topic_count() && i < MAX_TOPICS; i++) {
        rn_topic topic;
        if (rn_topic_get(i, &topic) < 0) break;
        name_topic(&topic, names[i]);
        candidates[n_candidates++] = names[i];
        candidates[n_candidates++] = topic.section;
    }
    const char *nearest = rn_nearest_word(asked, n_candidates, candidates);
    fprintf(stderr, "renorm help: unknown topic '%s'", asked);
    if (nearest) fprintf(stderr, "; did you mean '%s'?", nearest);
    fprintf(stderr, " (renorm help lists all)\n");
    return EXIT_USAGE;
}

static exit_status run(const arguments *given)
{
    const terminal t = terminal_look(stdout);
    rn_status status = RN_OK;
    if (given->n_operands == 0) {
        status = list_topics(&t);
        return status < 0 ? report_failure(status) : EXIT_DONE;
    }
    bool is_known = false;
    for (rn_index i = 0; i < rn_topic_count() && status == RN_OK; i++) {
        rn_topic topic;
        status = rn_topic_get(i, &topic);
        if (status < 0 || !suits(&topic, given->operands[0])) continue;
        is_known = true;
        status = print_topic(i, &topic, &t);
    }
    if (status < 0) return report_failure(status);
    return is_known ? EXIT_DONE : unknown_topic(given->operands[0]);
}

const command command_help = {
    .name = "help",
    .operands = "[TOPIC]",
    .max_operands = 1,
    .help = "what a configuration may say: sections, kinds, options, defaults",
    .more = "TOPIC is a section of the configuration (model) or one of its kinds (model.mlp).\n"
            "Without a topic: the list.",
    .run = run,
};
