/*
 * Configurations: files and overrides through the validator, and the schema laid open.
 */
#include <renorm/config.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backends/yaml.h"
#include "core/memory.h"
#include "core/settings.h"
#include "core/status.h"
#include "run/sections.h"
#include "transport/transport_schema.h"

/* Longest name of a configuration kept for a folder's name. */
#define NAME_SIZE 64

struct rn_config {
    rni_settings *settings;
    rni_text text; /* the resolved configuration */
    char name[NAME_SIZE];
};

/* "configs/demo.yaml" -> "demo"; a run's own file, "runs/demo-2/config.yaml" -> "demo-2". */
static void name_config(const char *path, char *name)
{
    const char *whole = path && *path ? path : "run";
    const char *slash = strrchr(whole, '/');
    if (slash > whole && strcmp(slash, "/config.yaml") == 0) {
        const char *start = slash;
        while (start > whole && start[-1] != '/')
            start--;
        (void)snprintf(name, NAME_SIZE, "%.*s", (int)(slash - start), start);
        if (name[0] && strcmp(name, ".") != 0 && strcmp(name, "..") != 0) return;
    }
    (void)snprintf(name, NAME_SIZE, "%s", slash && slash[1] ? slash + 1 : whole);
    char *dot = strrchr(name, '.');
    if (dot && dot > name) *dot = 0;
}

/* The run must find its data when it is continued from another folder. */
static rn_status anchor_paths(rni_settings *settings)
{
    char folder[PATH_MAX];
    if (!getcwd(folder, sizeof folder))
        return rni_fail(RN_ERR_IO, "rn_config_load: the current folder cannot be told: %s",
                        strerror(errno));
    return rni_settings_anchor(settings, folder);
}

/* Fills a zeroed configuration; the caller releases it on failure. */
static rn_status fill(const rni_document *document, rn_index n_overrides,
                      const char *const *overrides, rn_config *config)
{
    RNI_TRY(rni_settings_create(rni_run_schema(), document, overrides, n_overrides, NULL,
                                &config->settings));
    RNI_TRY(anchor_paths(config->settings));
    rni_settings_write(config->settings, &config->text);
    if (config->text.is_broken) return rni_fail(RN_ERR_MEMORY, "rn_config_load: no memory");
    return RN_OK;
}

rn_status rni_config_create(const rni_document *document, const char *path, rn_index n_overrides,
                            const char *const *overrides, rn_config **out)
{
    rn_config *config = rni_alloc_zero(1, sizeof *config);
    if (!config) return rni_fail(RN_ERR_MEMORY, "rn_config_load: no memory");
    const rn_status status = fill(document, n_overrides, overrides, config);
    if (status < 0) {
        rn_config_destroy(config);
        return status;
    }
    name_config(path, config->name);
    *out = config;
    return RN_OK;
}

rn_status rn_config_load(const char *path, rn_index n_overrides, const char *const *overrides,
                         rn_config **out)
{
    if (!out || n_overrides < 0 || (n_overrides > 0 && !overrides))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_config_load: out is NULL, or %" PRId64 " overrides without an array",
                        n_overrides);
    rni_document *document = NULL;
    if (path) RNI_TRY(rni_yaml_read(path, &document));
    const rn_status status = rni_config_create(document, path, n_overrides, overrides, out);
    rni_document_destroy(document);
    return status;
}

void rn_config_destroy(rn_config *config)
{
    if (!config) return;
    rni_settings_destroy(config->settings);
    rni_text_clear(&config->text);
    rni_free(config);
}

const char *rn_config_text(const rn_config *config)
{
    return rni_text_get(&config->text);
}

const char *rn_config_name(const rn_config *config)
{
    return config->name;
}

const rni_settings *rni_config_settings(const rn_config *config)
{
    return config->settings;
}

/* ---- the schema laid open ------------------------------------------------------------------ */

/* The table of topic i of one schema and its section; NULL beyond the last, *i then less by the
   number of its topics. */
static const rni_option_table *find_within(const rni_schema *schema, rn_index *i,
                                           const rni_section **section)
{
    for (rn_index k = 0; k < schema->n_sections && *i >= 0; k++) {
        *section = &schema->sections[k];
        if ((*section)->table) {
            if ((*i)-- == 0) return (*section)->table;
            continue;
        }
        for (rn_index kind = 0; (*section)->kinds(kind); kind++)
            if ((*i)-- == 0) return (*section)->kinds(kind);
    }
    return NULL;
}

/* The same over all schemas, those of runs first; *command is whose configuration it is. */
static const rni_option_table *find_topic(rn_index i, const rni_section **section,
                                          const char **command)
{
    *command = "run";
    const rni_option_table *table = find_within(rni_run_schema(), &i, section);
    if (table) return table;
    *command = "transport";
    return find_within(rni_transport_schema(), &i, section);
}

rn_index rn_topic_count(void)
{
    rn_index count = 0;
    const rni_section *section = NULL;
    const char *command = NULL;
    while (find_topic(count, &section, &command))
        count++;
    return count;
}

rn_status rn_topic_get(rn_index i, rn_topic *topic)
{
    const rni_section *section = NULL;
    const char *command = NULL;
    const rni_option_table *table = find_topic(i, &section, &command);
    if (!table || !topic)
        return rni_fail(RN_ERR_ARGUMENT, "rn_topic_get: topic %" PRId64 " does not exist", i);
    *topic = (rn_topic){.command = command,
                        .section = section->name,
                        .kind = section->table ? NULL : table->name,
                        .help = table->help,
                        .section_help = section->help ? section->help : table->help,
                        .is_default = section->initial_kind
                                      && strcmp(section->initial_kind, table->name) == 0,
                        .n_options = table->n_options};
    return RN_OK;
}

rn_status rn_topic_option(rn_index i, rn_index j, rn_option *option)
{
    const rni_section *section = NULL;
    const char *command = NULL;
    const rni_option_table *table = find_topic(i, &section, &command);
    if (!table || !option || j < 0 || j >= table->n_options)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_topic_option: topic %" PRId64 " has no option %" PRId64, i, j);
    const rni_option *found = &table->options[j];
    rni_text accepts = {0};
    rni_option_describe(found, &accepts);
    if (accepts.is_broken) {
        rni_text_clear(&accepts);
        return rni_fail(RN_ERR_MEMORY, "rn_topic_option: no memory");
    }
    *option = (rn_option){
        .key = found->key, .unit = found->unit, .initial = found->initial, .help = found->help};
    (void)snprintf(option->accepts, sizeof option->accepts, "%s", rni_text_get(&accepts));
    rni_text_clear(&accepts);
    return RN_OK;
}

const char *rn_nearest_word(const char *word, rn_index n_candidates, const char *const *candidates)
{
    rni_nearest search = {.word = word};
    for (rn_index i = 0; i < n_candidates; i++)
        rni_nearest_offer(&search, candidates[i]);
    return search.best;
}
