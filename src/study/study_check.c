/*
 * Every arm at every point of a study against the option tables of a configuration. The validator
 * speaks of an override as "--set model.depth: ..."; here it gets its place in the study file.
 */
#include <string.h>

#include "core/memory.h"
#include "core/settings.h"
#include "core/status.h"
#include "run/sections.h"
#include "study/study.h"

static const char override_mark[] = "--set ";

typedef struct checking {
    const rn_study *study;
    rni_mistakes *mistakes;
    rni_study_setting *settings; /* of the point at hand */
    const char **texts;
} checking;

static bool is_listed(const rni_mistakes *mistakes, const char *text)
{
    for (rn_index i = 0; i < mistakes->n_kept; i++)
        if (strcmp(mistakes->items[i].text, text) == 0) return true;
    return false;
}

/* The setting that a line "--set KEY: ..." is about; NULL: none of ours. */
static const rni_study_setting *find_setting(const checking *c, rn_index n, const char *line)
{
    const size_t mark = sizeof override_mark - 1;
    if (strncmp(line, override_mark, mark) != 0) return NULL;
    for (rn_index i = 0; i < n; i++) {
        const size_t length = strlen(c->settings[i].key);
        if (strncmp(line + mark, c->settings[i].key, length) == 0 && line[mark + length] == ':')
            return &c->settings[i];
    }
    return NULL;
}

/* Adds a mistake of the validator, in its place, once. */
static rn_status take(const checking *c, rn_index n, rn_index arm, const rni_mistake *mistake)
{
    const rni_study_setting *setting = find_setting(c, n, mistake->text);
    const bool is_of_place = setting || mistake->place.line > 0;
    rni_place place = mistake->place;
    rni_text text = {0};
    if (setting) {
        place = setting->place;
        rni_text_add(&text, "%s:%d:%d: %s", rni_document_name(c->study->document), place.line,
                     place.column, mistake->text + sizeof override_mark - 1);
    } else {
        rni_text_add(&text, "%s", mistake->text);
        if (!is_of_place) rni_text_add(&text, " (arm %s)", c->study->arms[arm].name);
    }
    if (!text.is_broken && is_listed(c->mistakes, rni_text_get(&text))) {
        rni_text_clear(&text);
        return RN_OK;
    }
    if (rni_mistakes_add(c->mistakes, place, &text)) return RN_OK;
    return rni_fail(RN_ERR_MEMORY, "%s: no memory to check it",
                    rni_document_name(c->study->document));
}

static rn_status check_point(const checking *c, rn_index arm, rn_index point)
{
    rni_mistakes found = {0};
    rni_settings *settings = NULL;
    const rn_index n = rni_study_collect(c->study, arm, point, c->settings);
    for (rn_index i = 0; i < n; i++)
        c->texts[i] = c->settings[i].text;
    rn_status status =
        rni_settings_create(rni_run_schema(), c->study->base, c->texts, n, &found, &settings);
    rni_settings_destroy(settings);
    if (status == RN_ERR_CONFIG) status = RN_OK;
    for (rn_index i = 0; i < found.n_kept && status == RN_OK; i++)
        status = take(c, n, arm, &found.items[i]);
    rni_mistakes_clear(&found);
    return status;
}

rn_status rni_study_check(const rn_study *study, rni_mistakes *mistakes)
{
    const rn_index most = rni_study_max_settings(study);
    checking c = {.study = study, .mistakes = mistakes};
    c.settings = rni_alloc(most, sizeof *c.settings);
    c.texts = rni_alloc(most, sizeof *c.texts);
    rn_status status = RN_OK;
    if (!c.settings || !c.texts)
        status = rni_fail(RN_ERR_MEMORY, "%s: no memory to check it",
                          rni_document_name(study->document));
    /* a full list of mistakes needs no more */
    for (rn_index p = 0; p < study->n_points; p++)
        for (rn_index a = 0; a < study->n_arms; a++)
            if (status == RN_OK && mistakes->n_kept < RNI_MAX_MISTAKES)
                status = check_point(&c, a, p);
    rni_free(c.settings);
    rni_free(c.texts);
    return status;
}
