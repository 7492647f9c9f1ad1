/*
 * What a study consists of: cells by number, their settings, their configurations, and the whole
 * as text.
 */
#include <renorm/study.h>

#include <renorm/run.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/settings.h"
#include "core/status.h"
#include "run/sections.h"
#include "study/study.h"

static void clear_groups(rni_study_group *groups, rn_index n)
{
    for (rn_index i = 0; groups && i < n; i++)
        rni_free(groups[i].settings);
    rni_free(groups);
}

void rn_study_destroy(rn_study *study)
{
    if (!study) return;
    clear_groups(study->arms, study->n_arms);
    clear_groups(study->keys, study->n_keys);
    rni_free(study->quantities);
    rni_document_destroy(study->document);
    rni_document_destroy(study->base);
    rni_text_clear(&study->text);
    rni_free(study);
}

void rn_study_shape_get(const rn_study *study, rn_study_shape *shape)
{
    *shape = (rn_study_shape){.name = study->name,
                              .n_arms = study->n_arms,
                              .reference = study->reference,
                              .n_keys = study->n_keys,
                              .n_points = study->n_points,
                              .n_seeds = study->n_seeds,
                              .n_cells = study->n_seeds * study->n_points * study->n_arms,
                              .n_quantities = study->n_quantities};
}

const char *rn_study_arm(const rn_study *study, rn_index i)
{
    return i >= 0 && i < study->n_arms ? study->arms[i].name : NULL;
}

const char *rn_study_key(const rn_study *study, rn_index i)
{
    return i >= 0 && i < study->n_keys ? study->keys[i].name : NULL;
}

const char *rn_study_quantity(const rn_study *study, rn_index i)
{
    if (i < 0 || i >= study->n_quantities) return NULL;
    return rn_snapshot_field(study->quantities[i])->name;
}

rn_index rni_study_choice(const rn_study *study, rn_index point, rn_index key)
{
    for (rn_index k = study->n_keys - 1; k > key; k--)
        point /= study->keys[k].n_settings;
    return point % study->keys[key].n_settings;
}

const char *rn_study_value(const rn_study *study, rn_index point, rn_index key)
{
    if (point < 0 || point >= study->n_points || key < 0 || key >= study->n_keys) return NULL;
    return study->keys[key].settings[rni_study_choice(study, point, key)].value;
}

const char *rn_study_text(const rn_study *study)
{
    return rni_text_get(&study->text);
}

/* ---- cells ----------------------------------------------------------------------------------- */

rn_index rni_study_max_settings(const rn_study *study)
{
    rn_index most = 0;
    for (rn_index i = 0; i < study->n_arms; i++)
        if (study->arms[i].n_settings > most) most = study->arms[i].n_settings;
    return most + study->n_keys + 1;
}

rn_index rni_study_collect(const rn_study *study, rn_index arm, rn_index point,
                           rni_study_setting *settings)
{
    rn_index n = 0;
    for (rn_index i = 0; i < study->arms[arm].n_settings; i++)
        settings[n++] = study->arms[arm].settings[i];
    for (rn_index k = 0; k < study->n_keys; k++)
        settings[n++] = study->keys[k].settings[rni_study_choice(study, point, k)];
    return n;
}

/* Appends "-depth4" for model.depth = 4 and "-tanh" for a word, fit for a folder's name. */
static void add_to_name(char *name, size_t size, const char *key, const char *value)
{
    char part[48];
    const char *point = strrchr(key, '.');
    const bool is_number = strchr("-.0123456789[", value[0]) != NULL;
    const bool is_flag = strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
    const char *word = is_number || is_flag ? (point ? point + 1 : key) : "";
    (void)snprintf(part, sizeof part, "-%.20s%s%.16s", word, is_flag ? "_" : "", value);
    for (char *c = part; *c; c++) {
        const bool is_plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z')
                              || (*c >= '0' && *c <= '9') || strchr("._-", *c);
        if (!is_plain) *c = '_';
    }
    const size_t used = strlen(name);
    if (used + strlen(part) < size - 24) (void)snprintf(name + used, size - used, "%s", part);
}

rn_status rn_study_cell_get(const rn_study *study, rn_index i, rn_study_cell *cell)
{
    const rn_index per_seed = study->n_points * study->n_arms;
    if (i < 0 || i >= per_seed * study->n_seeds || !cell)
        return rni_fail(RN_ERR_ARGUMENT, "rn_study_cell_get: cell %" PRId64 " does not exist", i);
    rn_study_cell made = {.arm = i % study->n_arms,
                          .point = i % per_seed / study->n_arms,
                          .seed = study->first_seed + i / per_seed};
    (void)snprintf(made.name, sizeof made.name, "%04" PRId64 "-%s", i + 1,
                   study->arms[made.arm].name);
    for (rn_index k = 0; k < study->n_keys; k++)
        add_to_name(made.name, sizeof made.name, study->keys[k].name,
                    rn_study_value(study, made.point, k));
    const size_t used = strlen(made.name);
    (void)snprintf(made.name + used, sizeof made.name - used, "-s%" PRId64, made.seed);
    *cell = made;
    return RN_OK;
}

rn_status rn_study_config(const rn_study *study, rn_index i, rn_config **out)
{
    rn_study_cell cell = {0};
    char seed[32];
    if (!out) return rni_fail(RN_ERR_ARGUMENT, "rn_study_config: out is NULL");
    RNI_TRY(rn_study_cell_get(study, i, &cell));
    const rn_index most = rni_study_max_settings(study);
    rni_study_setting *settings = rni_alloc_zero(most, sizeof *settings);
    const char **texts = rni_alloc_zero(most, sizeof *texts);
    rn_status status = RN_ERR_MEMORY;
    if (settings && texts) {
        rn_index n = rni_study_collect(study, cell.arm, cell.point, settings);
        for (rn_index k = 0; k < n; k++)
            texts[k] = settings[k].text;
        (void)snprintf(seed, sizeof seed, "seed=%" PRId64, cell.seed);
        texts[n++] = seed;
        status = rni_config_create(study->base, cell.name, n, texts, out);
    } else {
        status = rni_fail(status, "rn_study_config: no memory");
    }
    rni_free(settings);
    rni_free(texts);
    return status;
}

/* ---- as text --------------------------------------------------------------------------------- */

/* Lists of numbers and plain words stand as they are. */
static void add_value(rni_text *out, const char *value)
{
    const size_t n_plain = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                         "0123456789_.+-/");
    if (value[0] && value[n_plain] == '\0')
        rni_text_add(out, "%s", value);
    else
        rni_settings_quote(value, out);
}

static void add_base(const char *config, rni_text *out)
{
    rni_text_add(out, "base:\n");
    while (*config) {
        const int length = (int)strcspn(config, "\n");
        rni_text_add(out, "  %.*s\n", length, config);
        config += length + (config[length] == '\n');
    }
}

static void add_groups(const rn_study *study, rni_text *out)
{
    rni_text_add(out, "arms:\n");
    for (rn_index a = 0; a < study->n_arms; a++) {
        const rni_study_group *arm = &study->arms[a];
        rni_text_add(out, "  %s:\n", arm->name);
        for (rn_index i = 0; i < arm->n_settings; i++) {
            rni_text_add(out, "    %s: ", arm->settings[i].key);
            add_value(out, arm->settings[i].value);
            rni_text_add(out, "\n");
        }
    }
    if (study->n_keys > 0) rni_text_add(out, "vary:\n");
    for (rn_index k = 0; k < study->n_keys; k++) {
        const rni_study_group *key = &study->keys[k];
        rni_text_add(out, "  %s: [", key->name);
        for (rn_index i = 0; i < key->n_settings; i++) {
            if (i > 0) rni_text_add(out, ", ");
            add_value(out, key->settings[i].value);
        }
        rni_text_add(out, "]\n");
    }
}

rn_status rni_study_resolve(rn_study *study)
{
    rn_config *config = NULL;
    rni_text *out = &study->text;
    RNI_TRY(rni_config_create(study->base, study->name, 0, NULL, &config));
    add_base(rn_config_text(config), out);
    rn_config_destroy(config);
    add_groups(study, out);
    rni_text_add(out, "seeds: %" PRId64 "\nfirst_seed: %" PRId64 "\nreference: %s\nsummarise:\n",
                 study->n_seeds, study->first_seed, study->arms[study->reference].name);
    for (rn_index i = 0; i < study->n_quantities; i++)
        rni_text_add(out, "  - %s\n", rn_study_quantity(study, i));
    return out->is_broken ? rni_fail(RN_ERR_MEMORY, "rn_study_load: no memory") : RN_OK;
}
