/**
 * Configurations: what to train, on what, and what to measure.
 *
 * A configuration is a YAML file of sections; model, data, loss, train and measure each choose an
 * entry by `kind:` and give that entry's options, `output` and the keys at the top have one table
 * each. Every option has a type, a range, a default and a line of help, all of which can be
 * listed with the functions below.
 *
 *     rn_config *config = NULL;
 *     const char *const changes[] = {"model.depth=16", "seed=3"};
 *     if (rn_config_load("demo.yaml", 2, changes, &config) < 0)
 *         fprintf(stderr, "%s\n", rn_last_message());       // every mistake, one per line
 *     rn_config_destroy(config);
 */
#ifndef RENORM_CONFIG_H
#define RENORM_CONFIG_H

#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rn_config rn_config;

/**
 * Reads and validates a file.
 *
 * @param path       NULL: defaults and overrides only
 * @param overrides  [n_overrides] texts "section.key=value" or "key=value", applied in order after
 *                   the file
 * @param[out] out   release with rn_config_destroy
 * @return RN_OK
 *         RN_ERR_CONFIG  mistakes; rn_last_message counts them and lists, "FILE:LINE:COLUMN: ..."
 *                        one per line, as many as fit
 *         RN_ERR_IO, RN_ERR_ARGUMENT, RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_config_load(const char *path, rn_index n_overrides,
                                             const char *const *overrides, rn_config **out);

/** Releases a configuration. NULL is allowed. */
RN_API void rn_config_destroy(rn_config *config);

/** The whole configuration as YAML, every default written out; loading this text gives the same
    configuration. Borrowed, valid as long as the configuration. */
RN_API const char *rn_config_text(const rn_config *config);

/** The name of the file without folders and ending, such as "demo"; for DIR/config.yaml, the file
    of a run, the name of its folder; "run" when there was no file. Borrowed. */
RN_API const char *rn_config_name(const rn_config *config);

/* ---- what can be configured ------------------------------------------------------------------ */

/** One section ("output"), or one entry of an axis ("model", kind "mlp"). Texts are constant. */
typedef struct rn_topic {
    const char *command; /**< whose configuration it belongs to: "run" (also of resume and plan)
                              or "transport" */
    const char *section; /**< "" for the keys at the top of the file */
    const char *kind;    /**< NULL where the section has no kinds */
    const char *help;    /**< one line about this entry */
    const char *section_help; /**< one line about the section */
    int is_default;           /**< 1: this kind is used where none is given */
    rn_index n_options;
} rn_topic;

/** One option. Texts are constant except `accepts`. */
typedef struct rn_option {
    const char *key;
    const char *unit;    /**< NULL: dimensionless, or not a number */
    const char *initial; /**< default as a user would write it; NULL: required */
    const char *help;    /**< one line */
    char accepts[256];   /**< such as "an integer >= 1" or "one of: tanh, relu" */
} rn_option;

/** Number of topics, by command, in the order of a configuration file. */
RN_API rn_index rn_topic_count(void);

/** Topic i. @return RN_OK; RN_ERR_ARGUMENT */
RN_API RN_NODISCARD rn_status rn_topic_get(rn_index i, rn_topic *topic);

/** Option j of topic i. @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY */
RN_API RN_NODISCARD rn_status rn_topic_option(rn_index i, rn_index j, rn_option *option);

/** The candidate nearest to a mistyped word, or NULL when none is near. Borrowed from the list. */
RN_API const char *rn_nearest_word(const char *word, rn_index n_candidates,
                                   const char *const *candidates);

#ifdef __cplusplus
}
#endif

#endif
