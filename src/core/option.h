/*
 * Option tables: every setting of renorm is one line of one table, and everything that has to
 * know settings is made from it: the validator of configuration files, the resolved config.yaml,
 * --set, help and manual pages.
 *
 * An entry of an axis (a model, a data source, a loss, a dynamics) keeps its settings in a plain
 * struct and describes the struct once:
 *
 *     typedef struct mlp_settings {
 *         rn_index depth;
 *         double gain;
 *         int activation; // index into activations
 *     } mlp_settings;
 *
 *     static const char *const activations[] = {"tanh", "relu", NULL};
 *     static const rni_option options[] = {
 *         {.key = "depth", RNI_FIELD(mlp_settings, depth), .range = RNI_AT_LEAST(1),
 *          .initial = "8", .help = "number of hidden layers"},
 *         {.key = "gain", RNI_FIELD(mlp_settings, gain), .range = RNI_ABOVE(0),
 *          .initial = "1.0", .help = "scale of every hidden layer's output"},
 *         {.key = "activation", RNI_FIELD(mlp_settings, activation), .choices = activations,
 *          .initial = "tanh", .help = "nonlinearity"},
 *     };
 *     const rni_option_table mlp_options = RNI_TABLE("mlp", "plain network", options,
 * mlp_settings);
 *
 * The type of an option is the type of its field, so a table cannot disagree with its struct.
 */
#ifndef RNI_CORE_OPTION_H
#define RNI_CORE_OPTION_H

#include <renorm/setting.h>
#include <renorm/types.h>
#include <stdbool.h>

#include "core/status.h"
#include "core/text.h"

/** What a field holds. */
typedef enum rni_option_type {
    RNI_OPTION_INTEGER, /**< rn_index */
    RNI_OPTION_REAL,    /**< double, finite */
    RNI_OPTION_BOOLEAN, /**< bool, written true or false */
    RNI_OPTION_TEXT,    /**< char *, UTF-8, never NULL once initialised; owned */
    RNI_OPTION_CHOICE,  /**< int, index into the option's choices */
    RNI_OPTION_REALS    /**< rni_reals, written [1.0, 2.0]; owned */
} rni_option_type;

/** A list of finite numbers. */
typedef struct rni_reals {
    double *values; /**< [count], owned; NULL if count is 0 */
    rn_index count;
} rni_reals;

/** Longest text and longest list a setting may have. */
#define RNI_OPTION_MAX_TEXT  4096
#define RNI_OPTION_MAX_REALS 4096

/** Allowed values of an integer, a real, or each number of a list; all zero: any finite value. */
typedef struct rni_range {
    bool has_min, has_max;
    bool is_open_min, is_open_max; /**< the bound itself is excluded */
    double min, max;
} rni_range;

#define RNI_AT_LEAST(low)                                                                          \
    {                                                                                              \
        .has_min = true, .min = (low)                                                              \
    }
#define RNI_ABOVE(low)                                                                             \
    {                                                                                              \
        .has_min = true, .is_open_min = true, .min = (low)                                         \
    }
#define RNI_AT_MOST(high)                                                                          \
    {                                                                                              \
        .has_max = true, .max = (high)                                                             \
    }
#define RNI_BETWEEN(low, high)                                                                     \
    {                                                                                              \
        .has_min = true, .min = (low), .has_max = true, .max = (high)                              \
    }
#define RNI_FROM_BELOW(low, high)                                                                  \
    {                                                                                              \
        .has_min = true, .min = (low), .has_max = true, .is_open_max = true, .max = (high)         \
    }
#define RNI_ABOVE_TO(low, high)                                                                    \
    {                                                                                              \
        .has_min = true, .is_open_min = true, .min = (low), .has_max = true, .max = (high)         \
    }

/** One setting. */
typedef struct rni_option {
    const char *key;            /**< lower_case word */
    rni_option_type type;       /**< set by RNI_FIELD */
    bool is_path;               /**< a text that names a file or folder: see rni_settings_anchor */
    size_t offset;              /**< set by RNI_FIELD: place in the settings struct */
    rni_range range;            /**< integers, reals, lists of reals */
    const char *const *choices; /**< for a choice: the words, NULL-terminated */
    const char *unit;           /**< such as "1/time"; NULL: dimensionless or not a number */
    const char *initial;        /**< default, as a user would write it; NULL: required */
    const char *help;           /**< one line, no full stop */
} rni_option;

/** All settings of one thing. */
typedef struct rni_option_table {
    const char *name; /**< what `kind:` says; for a section without kinds, the section's name */
    const char *help; /**< one line */
    const rni_option *options;
    rn_index n_options;
    size_t size; /**< bytes of the settings struct */
    /** Optional: rules that involve several settings. Returns RN_OK, or RN_ERR_CONFIG with a
        message of the form "found .., expected ..". Called with settings in range. */
    rn_status (*check)(const void *settings);
} rni_option_table;

/** The type and offset of a field; a field of any other type does not compile. */
#define RNI_FIELD(struct_type, field)                                                              \
    .type = _Generic(((struct_type *)0)->field,                                                    \
        rn_index: RNI_OPTION_INTEGER,                                                              \
        double: RNI_OPTION_REAL,                                                                   \
        bool: RNI_OPTION_BOOLEAN,                                                                  \
        char *: RNI_OPTION_TEXT,                                                                   \
        int: RNI_OPTION_CHOICE,                                                                    \
        rni_reals: RNI_OPTION_REALS),                                                              \
    .offset = offsetof(struct_type, field)

/** Initialiser of a table from an array of options. */
#define RNI_TABLE(table_name, table_help, array, struct_type)                                      \
    {                                                                                              \
        .name = (table_name), .help = (table_help), .options = (array),                            \
        .n_options = (rn_index)(sizeof(array) / sizeof((array)[0])), .size = sizeof(struct_type)   \
    }

/** The option with that key, or NULL. */
const rni_option *rni_option_find(const rni_option_table *table, const char *key);

/**
 * Fills a settings struct with defaults. What it held before is not read, so call
 * rni_options_clear first on a struct in use. Required options are left zero (an empty text).
 * @return RN_OK; RN_ERR_MEMORY, the struct then all zero
 */
RN_NODISCARD rn_status rni_options_init(const rni_option_table *table, void *settings);

/** Releases owned texts and lists and fills the struct with zeros. NULL is allowed. */
void rni_options_clear(const rni_option_table *table, void *settings);

/**
 * Sets one field from text, as written in a configuration file or behind --set. A number must
 * consume its whole token; a list is written [1, 2.5] and may be empty only where the default is;
 * a text is taken as it is.
 * @param settings  initialised struct; the old value is released
 * @return RN_OK; RN_ERR_CONFIG, message "found '4.5', expected an integer >= 1: it is not a
 *         whole number"; RN_ERR_MEMORY. On failure the field keeps its value.
 */
RN_NODISCARD rn_status rni_option_set(const rni_option *option, void *settings, const char *text);

/** As rni_option_set for a list whose numbers were parsed one by one with
    rni_option_parse_real; the values are copied. */
RN_NODISCARD rn_status rni_option_set_reals(const rni_option *option, void *settings,
                                            const double *values, rn_index count);

/** Parses one number of a list option and checks its range; messages as rni_option_set. */
RN_NODISCARD rn_status rni_option_parse_real(const rni_option *option, const char *text,
                                             double *out);

/**
 * Sets several fields by name, checks that every required one is among them and applies the
 * table's own rules: what a function that takes rn_setting does with them.
 * @param settings  initialised struct
 * @param pairs     [n_pairs], borrowed for the call
 * @return RN_OK; RN_ERR_CONFIG, message "TABLE.key: found .., expected .."; RN_ERR_ARGUMENT (a
 *         pair with NULL); RN_ERR_MEMORY. On failure some fields may have been set.
 */
RN_NODISCARD rn_status rni_options_apply(const rni_option_table *table, void *settings,
                                         const rn_setting *pairs, rn_index n_pairs);

/** Appends the value of a field as text that rni_option_set reads back to the same value (a text
    as it is, unquoted). */
void rni_option_format(const rni_option *option, const void *settings, rni_text *out);

/** Appends what the option accepts: "an integer >= 1", "a number in (0, 1]", "one of: a, b". */
void rni_option_describe(const rni_option *option, rni_text *out);

/**
 * Checks a table itself: keys are distinct lower_case words, help is there, defaults parse and
 * are in range, fields lie inside the struct, choices go with choices. For tests, which walk
 * every table of the library.
 * @return RN_OK; RN_ERR_INTERNAL with a message; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_option_table_check(const rni_option_table *table);

#endif
