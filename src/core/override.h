/*
 * Overrides of a configuration, as written behind --set: "section.key=value" or "key=value".
 */
#ifndef RNI_CORE_OVERRIDE_H
#define RNI_CORE_OVERRIDE_H

#include "core/schema.h"

/** One override, split into zero-terminated words. */
typedef struct rni_override {
    char *words;         /**< what the others point into; owned */
    const char *section; /**< "" without a point */
    const char *key;     /**< "" where there is none */
    const char *value;   /**< NULL: there is no '=' */
    bool is_known;       /**< complete, and its section (at the top: its key) exists */
} rni_override;

/** Splits n texts. @return [n], release with rni_overrides_destroy; NULL when memory is out */
rni_override *rni_overrides_create(const rni_schema *schema, const char *const *texts, rn_index n);

/** Releases the list. NULL is allowed. */
void rni_overrides_destroy(rni_override *overrides, rn_index n);

/** Appends "--set section.key: ", fit for a message. */
void rni_override_name(const rni_override *entry, rni_text *out);

#endif
