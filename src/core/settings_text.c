/*
 * Settings as text: the resolved configuration.
 */
#include <string.h>

#include "core/settings.h"

/* Characters that YAML would not read back as they are, apart from quote and backslash. */
static bool needs_escape(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code <= 0xA0) || code == 0x2028 || code == 0x2029
           || code == 0xFEFF || code == 0xFFFE || code == 0xFFFF;
}

void rni_settings_quote(const char *text, rni_text *out)
{
    const rn_index n_bytes = (rn_index)strlen(text);
    rni_text_add(out, "\"");
    for (rn_index at = 0; at < n_bytes;) {
        uint32_t code = 0;
        const int length = rni_utf8_next(text + at, n_bytes - at, &code);
        if (length == 0) break; /* texts were checked when they were set */
        if (code == '"' || code == '\\')
            rni_text_add(out, "\\%c", (int)code);
        else if (needs_escape(code))
            rni_text_add(out, "\\u%04X", (unsigned)code);
        else
            rni_text_add(out, "%.*s", length, text + at);
        at += length;
    }
    rni_text_add(out, "\"");
}

static void write_section(const rni_section *section, const rni_option_table *table,
                          const void *values, rni_text *out)
{
    const bool is_nested = section->name[0] != '\0';
    const char *indent = is_nested ? "  " : "";
    if (is_nested && (section->kinds || table->n_options > 0))
        rni_text_add(out, "%s:\n", section->name);
    if (section->kinds) rni_text_add(out, "  kind: %s\n", table->name);
    for (rn_index i = 0; i < table->n_options; i++) {
        const rni_option *option = &table->options[i];
        rni_text_add(out, "%s%s: ", indent, option->key);
        if (option->type == RNI_OPTION_TEXT) {
            rni_text value = {0};
            rni_option_format(option, values, &value);
            rni_settings_quote(rni_text_get(&value), out);
            out->is_broken |= value.is_broken;
            rni_text_clear(&value);
        } else {
            rni_option_format(option, values, out);
        }
        rni_text_add(out, "\n");
    }
}

void rni_settings_write(const rni_settings *settings, rni_text *out)
{
    const rni_schema *schema = rni_settings_schema(settings);
    for (rn_index i = 0; i < schema->n_sections; i++) {
        const rni_section *section = &schema->sections[i];
        write_section(section, rni_settings_table(settings, section->name),
                      rni_settings_get(settings, section->name), out);
    }
}
