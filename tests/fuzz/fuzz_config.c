/*
 * Any bytes as a configuration file: refused with a message, or settings whose resolved text is
 * a configuration that resolves to the same text.
 */
#include <stdlib.h>
#include <string.h>

#include "backends/yaml.h"
#include "core/memory.h"
#include "core/settings.h"
#include "fuzz.h"
#include "sample_schema.h"

/* The resolved text of a configuration; false if it is refused. */
static bool resolve(const char *bytes, rn_index n_bytes, rni_text *out)
{
    rni_document *document = NULL;
    rni_settings *settings = NULL;
    rni_mistakes mistakes = {0};
    rn_status status = rni_yaml_parse("fuzz.yaml", bytes, n_bytes, &document);
    if (status == RN_OK)
        status = rni_settings_create(&sample_schema, document, NULL, 0, &mistakes, &settings);
    if (status < 0 && status != RN_ERR_CONFIG) abort();
    if (status < 0 && document && mistakes.n_found == 0) abort();
    if (status < 0 && strlen(rn_last_message()) < 10) abort();
    if (status == RN_OK) rni_settings_write(settings, out);
    rni_settings_destroy(settings);
    rni_mistakes_clear(&mistakes);
    rni_document_destroy(document);
    return status == RN_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rni_text written = {0};
    rni_text again = {0};
    if (resolve((const char *)data, (rn_index)size, &written)) {
        if (!resolve(rni_text_get(&written), written.length, &again)) abort();
        if (strcmp(rni_text_get(&written), rni_text_get(&again)) != 0) abort();
    }
    rni_text_clear(&written);
    rni_text_clear(&again);
    if (rni_memory_bytes() != 0) abort();
    return 0;
}
