/*
 * Choices by name go through the validator of configurations, as overrides of an empty document:
 * one set of rules and messages for files, command lines and programs.
 */
#include "core/choice.h"

#include <string.h>

#include "core/memory.h"

static rn_status find_kind(const rni_section *section, const char *caller, const char *kind)
{
    rni_nearest nearest = {.word = kind};
    for (rn_index i = 0; section->kinds(i); i++) {
        rni_nearest_offer(&nearest, section->kinds(i)->name);
        if (strcmp(section->kinds(i)->name, kind) == 0) return RN_OK;
    }
    return rni_fail(RN_ERR_ARGUMENT, "%s: found no kind of %s called %s%s%s%s", caller,
                    section->name, rni_quote(kind, (rn_index)strlen(kind)).chars,
                    nearest.best ? "; did you mean '" : "", nearest.best ? nearest.best : "",
                    nearest.best ? "'?" : "");
}

/* texts[i] := "section.key=value"; the last one chooses the kind. */
static rn_status write_overrides(const rni_section *section, const char *kind,
                                 const rn_setting *settings, rn_index n_settings, rni_text *texts,
                                 const char **overrides)
{
    for (rn_index i = 0; i < n_settings; i++)
        rni_text_add(&texts[i], "%s.%s=%s", section->name, settings[i].key, settings[i].value);
    rni_text_add(&texts[n_settings], "%s.kind=%s", section->name, kind);
    for (rn_index i = 0; i <= n_settings; i++) {
        if (texts[i].is_broken) return RN_ERR_MEMORY;
        overrides[i] = rni_text_get(&texts[i]);
    }
    return RN_OK;
}

rn_status rni_choice_make(const rni_schema *schema, const char *caller, const char *kind,
                          const rn_setting *settings, rn_index n_settings, rni_choice *out)
{
    const rni_section *section = &schema->sections[0];
    if (!kind || n_settings < 0 || (n_settings > 0 && !settings))
        return rni_fail(RN_ERR_ARGUMENT, "%s: kind or settings are NULL, or their number negative",
                        caller);
    for (rn_index i = 0; i < n_settings; i++)
        if (!settings[i].key || !settings[i].value)
            return rni_fail(RN_ERR_ARGUMENT, "%s: setting %" PRId64 " is NULL", caller, i);
    RNI_TRY(find_kind(section, caller, kind));

    rni_text *texts = rni_alloc_zero(n_settings + 1, sizeof *texts);
    const char **overrides = rni_alloc(n_settings + 1, sizeof *overrides);
    rni_settings *owner = NULL;
    rn_status status = RN_ERR_MEMORY;
    if (texts && overrides)
        status = write_overrides(section, kind, settings, n_settings, texts, overrides);
    if (status == RN_OK)
        status = rni_settings_create(schema, NULL, overrides, n_settings + 1, NULL, &owner);
    if (status == RN_ERR_MEMORY) status = rni_fail(RN_ERR_MEMORY, "%s: no memory", caller);
    for (rn_index i = 0; texts && i <= n_settings; i++)
        rni_text_clear(&texts[i]);
    rni_free(texts);
    rni_free(overrides);
    if (status < 0) return status == RN_ERR_MEMORY ? status : rni_fail_within(status, "%s", caller);
    *out = (rni_choice){.table = rni_settings_table(owner, section->name),
                        .settings = rni_settings_get(owner, section->name),
                        .owner = owner};
    return RN_OK;
}

void rni_choice_clear(rni_choice *choice)
{
    rni_settings_destroy(choice->owner);
    *choice = (rni_choice){0};
}
