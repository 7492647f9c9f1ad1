/*
 * What stands behind the name of a command: options and operands, described by one table from
 * which parsing, --help and suggestions are made.
 */
#ifndef RENORM_CLI_ARGUMENTS_H
#define RENORM_CLI_ARGUMENTS_H

#include <renorm/types.h>
#include <stdbool.h>

/** Most options of one command, and most uses of one that repeats. */
#define MAX_FLAGS   16
#define MAX_REPEATS 256

/** Exit status of every command. */
typedef enum exit_status {
    EXIT_DONE = 0,   /**< as asked */
    EXIT_WEAKER = 1, /**< an answer, weaker than asked: stopped early, a check failed */
    EXIT_USAGE = 2,  /**< wrong usage or wrong configuration */
    EXIT_FAILED = 3  /**< files, data, memory, numbers */
} exit_status;

/** One option. */
typedef struct flag {
    const char *name;  /**< without the dashes */
    const char *value; /**< name of its value in help; NULL: a switch */
    const char *help;  /**< one line */
    char letter;       /**< short form, 0: none */
    bool repeats;      /**< may be given several times; all are kept */
} flag;

/** What was given. All texts are borrowed from argv. */
typedef struct arguments {
    const char *values[MAX_FLAGS]; /**< last value of each flag; "" for a switch; NULL: not given */
    const char *repeated[MAX_REPEATS];
    int n_repeated;
    char **operands; /**< [n_operands] */
    int n_operands;
} arguments;

/** A command. */
typedef struct command {
    const char *name;
    const char *operands; /**< as in help, such as "CONFIG.yaml"; "" for none */
    int min_operands;
    int max_operands;
    const char *help;  /**< one line */
    const char *more;  /**< paragraphs of --help, or NULL */
    const flag *flags; /**< [n_flags]; --help is added to every command */
    int n_flags;
    exit_status (*run)(const arguments *arguments);
} command;

/**
 * Parses argv[0 .. argc-1], what follows the command's name. Operands are moved to the front of
 * argv. Mistakes are printed to standard error with the nearest option.
 * @return true when the command can run; else *status is what to exit with (--help: EXIT_DONE)
 */
bool parse_arguments(const command *c, int argc, char **argv, arguments *out, exit_status *status);

/** The value of an option by name, NULL when it was not given. */
const char *argument_value(const command *c, const arguments *given, const char *name);

/** Parses a whole number in low .. high; prints a message naming the option and returns false
    otherwise. NULL text leaves *out as it is. */
bool parse_number(const char *option, const char *text, long low, long high, long *out);

/** Parses a size in bytes, a positive number with an optional unit K, M, G or T (powers of 1024),
    into at least 1; prints a message naming the option and returns false otherwise. NULL text
    leaves *out as it is. */
bool parse_size(const char *option, const char *text, rn_index *out);

#endif
