/*
 * Parsing of options and operands.
 */
#include "arguments.h"

#include <ctype.h>
#include <errno.h>
#include <renorm/config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Width of the first column of help. */
#define HELP_COLUMN 24

static void print_flag(const flag *f)
{
    char name[64];
    const int length = f->letter ? snprintf(name, sizeof name, "-%c, --%s%s%s", f->letter, f->name,
                                            f->value ? " " : "", f->value ? f->value : "")
                                 : snprintf(name, sizeof name, "--%s%s%s", f->name,
                                            f->value ? " " : "", f->value ? f->value : "");
    (void)length;
    printf("  %-*s %s\n", HELP_COLUMN, name, f->help);
}

static void print_help(const command *c)
{
    printf("renorm %s%s%s%s\n\n%c%s.\n", c->name, c->operands[0] ? " " : "", c->operands,
           c->n_flags ? " [options]" : "", toupper((unsigned char)c->help[0]), c->help + 1);
    if (c->more) printf("\n%s\n", c->more);
    printf("\nOptions:\n");
    for (int i = 0; i < c->n_flags; i++)
        print_flag(&c->flags[i]);
    print_flag(&(flag){.name = "help", .letter = 'h', .help = "this text"});
}

/* A mistake in the usage; always false, for the caller to return. */
static bool wrong_usage(const command *c, exit_status *status, const char *what, const char *word)
{
    fprintf(stderr, "renorm %s: %s '%s'; see renorm %s --help\n", c->name, what, word, c->name);
    *status = EXIT_USAGE;
    return false;
}

static bool unknown_option(const command *c, exit_status *status, const char *name)
{
    const char *names[MAX_FLAGS + 1] = {0};
    for (int i = 0; i < c->n_flags; i++)
        names[i] = c->flags[i].name;
    names[c->n_flags] = "help";
    const char *nearest = rn_nearest_word(name, c->n_flags + 1, names);
    fprintf(stderr, "renorm %s: unknown option '--%s'", c->name, name);
    if (nearest) fprintf(stderr, "; did you mean '--%s'?", nearest);
    fprintf(stderr, " (renorm %s --help lists all)\n", c->name);
    *status = EXIT_USAGE;
    return false;
}

/* The flag that a word such as "--set", "--set=a" or "-o" names; -1: none. */
static int find_flag(const command *c, const char *word)
{
    for (int i = 0; i < c->n_flags; i++) {
        const flag *f = &c->flags[i];
        if (word[1] != '-') {
            if (f->letter && word[1] == f->letter) return i;
            continue;
        }
        const size_t length = strcspn(word + 2, "=");
        if (strlen(f->name) == length && strncmp(f->name, word + 2, length) == 0) return i;
    }
    return -1;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* One word that starts with a dash; *next is the index of the following word. */
static bool take_option(const command *c, int argc, char **argv, int *next, arguments *out,
                        exit_status *status)
{
    const char *word = argv[*next - 1];
    const int index = find_flag(c, word);
    if (index < 0) {
        if (word[1] != '-') return wrong_usage(c, status, "unknown option", word);
        char name[64];
        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
        return unknown_option(c, status, name);
    }
    const flag *f = &c->flags[index];
    const char *attached = word[1] == '-' ? strchr(word, '=') : (word[2] ? word + 1 : NULL);
    if (!f->value) {
        if (attached) return wrong_usage(c, status, "this option takes no value:", word);
        out->values[index] = "";
        return true;
    }
    if (!attached && *next >= argc) return wrong_usage(c, status, "a value is missing after", word);
    const char *value = attached ? attached + 1 : argv[(*next)++];
    out->values[index] = value;
    if (f->repeats) {
        if (out->n_repeated >= MAX_REPEATS) return wrong_usage(c, status, "given too often:", word);
        out->repeated[out->n_repeated++] = value;
    }
    return true;
}

bool parse_arguments(const command *c, int argc, char **argv, arguments *out, exit_status *status)
{
    *out = (arguments){.operands = argv};
    bool only_operands = false;
    for (int next = 0; next < argc;) {
        char *word = argv[next++];
        if (!only_operands && strcmp(word, "--") == 0) {
            only_operands = true;
        } else if (!only_operands && is_help(word)) {
            print_help(c);
            *status = EXIT_DONE;
            return false;
        } else if (!only_operands && word[0] == '-' && word[1]) {
            if (!take_option(c, argc, argv, &next, out, status)) return false;
        } else {
            out->operands[out->n_operands++] = word;
        }
    }
    if (out->n_operands < c->min_operands) return wrong_usage(c, status, "missing:", c->operands);
    if (out->n_operands > c->max_operands)
        return wrong_usage(c, status, "unexpected:", out->operands[c->max_operands]);
    return true;
}

const char *argument_value(const command *c, const arguments *given, const char *name)
{
    for (int i = 0; i < c->n_flags; i++)
        if (strcmp(c->flags[i].name, name) == 0) return given->values[i];
    return NULL;
}

bool parse_number(const char *option, const char *text, long low, long high, long *out)
{
    if (!text) return true;
    char *end = NULL;
    errno = 0;
    const long value = strtol(text, &end, 10);
    const bool is_plain = text[0] == '-' || isdigit((unsigned char)text[0]);
    if (!is_plain || errno || end == text || *end || value < low || value > high) {
        fprintf(stderr, "renorm: --%s: found '%s', expected a whole number from %ld to %ld\n",
                option, text, low, high);
        return false;
    }
    *out = value;
    return true;
}

/* Digits with at most one point; where the number ends, or NULL. */
static const char *read_plain_number(const char *text, double *value)
{
    char *end = NULL;
    if (!isdigit((unsigned char)text[0])) return NULL;
    *value = strtod(text, &end);
    return strspn(text, "0123456789.") == (size_t)(end - text) ? end : NULL;
}

/* K, M, G or T, upper or lower case, with or without iB; nothing is bytes. */
static const char *read_unit(const char *text, double *value)
{
    static const char units[] = "KMGT";
    const char *unit = *text ? strchr(units, toupper((unsigned char)*text)) : NULL;
    if (!unit) return text;
    for (const char *u = units; u <= unit; u++)
        *value *= 1024.0;
    return strcmp(text + 1, "iB") == 0 ? text + 3 : text + 1;
}

bool parse_size(const char *option, const char *text, rn_index *out)
{
    if (!text) return true;
    double value = 0.0;
    const char *end = read_plain_number(text, &value);
    if (end) end = read_unit(end, &value);
    if (!end || *end || !(value >= 1.0) || !(value < 9e18)) {
        fprintf(stderr, "renorm: --%s: found '%s', expected a size such as 500M or 2G\n", option,
                text);
        return false;
    }
    *out = (rn_index)value;
    return true;
}
