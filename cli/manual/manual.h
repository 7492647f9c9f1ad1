/*
 * renorm_manual writes the manual pages and the shell completions of renorm from the tables the
 * program itself reads: commands.h for commands and their options, <renorm/config.h> for the
 * settings of a configuration. It runs when renorm is built and is not installed.
 */
#ifndef RENORM_CLI_MANUAL_H
#define RENORM_CLI_MANUAL_H

#include <stdio.h>

#include "commands.h"

/** Most settings offered by a completion, and the longest of them. */
#define MAX_WORDS 512
#define WORD_SIZE 96

/** Words to complete, each once, in the order of a configuration. */
typedef struct word_list {
    char words[MAX_WORDS][WORD_SIZE];
    int n_words;
} word_list;

/** What can stand where a value or an operand is asked for, told from its name in help. */
typedef enum value_kind {
    VALUE_ANY,     /**< a number, a text: nothing to offer */
    VALUE_CHOICE,  /**< "csv|npz": one of the words between the bars */
    VALUE_CONFIG,  /**< a configuration file */
    VALUE_FILE,    /**< any file */
    VALUE_FOLDER,  /**< a folder */
    VALUE_SETTING, /**< KEY=VALUE */
    VALUE_TOPIC    /**< a topic of renorm help */
} value_kind;

/* ---- topics.c -------------------------------------------------------------------------------- */

/** The kind behind a name such as "CONFIG.yaml", "[TOPIC]", "DIR" or "csv|npz". */
value_kind value_kind_of(const char *name);

/** All settings: "key=" where anything may follow, "key=value" for every value of a choice. */
rn_status list_settings(word_list *out);

/** All topics of renorm help: "model", "model.mlp", "top". */
rn_status list_help_topics(word_list *out);

/* ---- roff.c ---------------------------------------------------------------------------------- */

/** Writes text with everything escaped that roff would take for its own; no line end is added. */
void put_roff(FILE *file, const char *text);

/** The same in capitals, as in titles. */
void put_roff_capitals(FILE *file, const char *text);

/** Paragraphs: an empty line starts a new one. */
void put_roff_paragraphs(FILE *file, const char *text);

/* ---- pages.c and completions.c: one file each ------------------------------------------------ */

/** renorm(1). */
rn_status put_main_page(FILE *file);

/** renorm-COMMAND(1). */
void put_command_page(FILE *file, const command *c);

/** renorm-config(5): every section, kind and option with default, range and unit. */
rn_status put_config_page(FILE *file);

/** Completions: need nothing but the shell itself. */
rn_status put_bash_completion(FILE *file);
rn_status put_zsh_completion(FILE *file);
rn_status put_fish_completion(FILE *file);

#endif
