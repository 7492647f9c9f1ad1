/*
 * JSON documents: built as a tree, written as one text that may stand inside a page's <script>.
 *
 * Not-a-number and the infinities become null. Texts are made valid UTF-8 (what is malformed
 * becomes U+FFFD). '<' is written as \u003c, so that no text can end the script or open a comment
 * there. Reals keep RNI_JSON_DIGITS significant digits.
 *
 * Errors are sticky: after a failure the document is broken, every call does nothing, and
 * rni_json_write says so.
 */
#ifndef RNI_BACKENDS_JSON_TREE_H
#define RNI_BACKENDS_JSON_TREE_H

#include <renorm/status.h>
#include <renorm/types.h>

#include "core/text.h"

#define RNI_JSON_DIGITS 9

/** Deepest nesting. */
#define RNI_JSON_MAX_DEPTH 16

typedef struct rni_json rni_json;

/** An empty document, an object open for members. NULL when memory is out. */
rni_json *rni_json_create(void);

/** Releases a document. NULL is allowed. */
void rni_json_destroy(rni_json *json);

/* Members. key: NULL inside a list, a text inside an object; UTF-8. */

/** Opens an object or a list; what follows belongs to it until rni_json_close. */
void rni_json_object(rni_json *json, const char *key);
void rni_json_list(rni_json *json, const char *key);
void rni_json_close(rni_json *json);

void rni_json_text(rni_json *json, const char *key, const char *text); /**< NULL text: null */
void rni_json_real(rni_json *json, const char *key, double value);
void rni_json_integer(rni_json *json, const char *key, rn_index value);

/** A list of reals. */
void rni_json_reals(rni_json *json, const char *key, rn_index count, const double *values);

/** Appends the document to `out`. @return RN_OK; RN_ERR_MEMORY; RN_ERR_INTERNAL (objects and lists
    not closed in order, a key where none belongs) */
RN_NODISCARD rn_status rni_json_write(const rni_json *json, rni_text *out);

#endif
