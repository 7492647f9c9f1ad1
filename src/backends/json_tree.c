/*
 * JSON through Jansson. Its allocator is left alone: it is shared with the host program.
 */
#include "backends/json_tree.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "core/memory.h"

typedef enum fault { FAULT_NONE, FAULT_MEMORY, FAULT_NESTING } fault;

struct rni_json {
    json_t *open[RNI_JSON_MAX_DEPTH]; /* [depth] borrowed from the parent; [0] owned */
    int depth;
    fault fault;
};

rni_json *rni_json_create(void)
{
    rni_json *json = rni_alloc_zero(1, sizeof *json);
    if (!json) return NULL;
    json->open[0] = json_object();
    json->depth = 1;
    if (!json->open[0]) {
        rni_free(json);
        return NULL;
    }
    return json;
}

void rni_json_destroy(rni_json *json)
{
    if (!json) return;
    json_decref(json->open[0]);
    rni_free(json);
}

/* Hands `value` (owned, may be NULL) to the innermost open value. */
static void add(rni_json *json, const char *key, json_t *value)
{
    json_t *parent = json->open[json->depth - 1];
    if (!value) {
        json->fault = FAULT_MEMORY;
        return;
    }
    if (json_is_object(parent) != (key != NULL)) {
        json_decref(value);
        json->fault = FAULT_NESTING;
        return;
    }
    /* both take the value over, on failure too */
    const int failed =
        key ? json_object_set_new(parent, key, value) : json_array_append_new(parent, value);
    if (failed) json->fault = FAULT_MEMORY;
}

static void add_open(rni_json *json, const char *key, json_t *value)
{
    if (json->depth == RNI_JSON_MAX_DEPTH) {
        json_decref(value);
        json->fault = FAULT_NESTING;
        return;
    }
    add(json, key, value);
    if (json->fault == FAULT_NONE) json->open[json->depth++] = value;
}

void rni_json_object(rni_json *json, const char *key)
{
    if (json->fault == FAULT_NONE) add_open(json, key, json_object());
}

void rni_json_list(rni_json *json, const char *key)
{
    if (json->fault == FAULT_NONE) add_open(json, key, json_array());
}

void rni_json_close(rni_json *json)
{
    if (json->fault != FAULT_NONE) return;
    if (json->depth > 1)
        json->depth--;
    else
        json->fault = FAULT_NESTING;
}

/* A text as valid UTF-8; NULL when memory is out. */
static json_t *make_text(const char *text)
{
    const rn_index n = (rn_index)strlen(text);
    rni_text fixed = {0};
    if (rni_utf8_check(text, n) == n) return json_stringn(text, (size_t)n);
    for (rn_index at = 0; at < n;) {
        const int length = rni_utf8_next(text + at, n - at, NULL);
        rni_text_add(&fixed, "%.*s", length ? length : 3, length ? text + at : "\xef\xbf\xbd");
        at += length ? length : 1;
    }
    json_t *made = fixed.is_broken ? NULL : json_string(rni_text_get(&fixed));
    rni_text_clear(&fixed);
    return made;
}

void rni_json_text(rni_json *json, const char *key, const char *text)
{
    if (json->fault == FAULT_NONE) add(json, key, text ? make_text(text) : json_null());
}

static json_t *make_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

void rni_json_real(rni_json *json, const char *key, double value)
{
    if (json->fault == FAULT_NONE) add(json, key, make_real(value));
}

void rni_json_integer(rni_json *json, const char *key, rn_index value)
{
    if (json->fault == FAULT_NONE) add(json, key, json_integer(value));
}

void rni_json_reals(rni_json *json, const char *key, rn_index count, const double *values)
{
    rni_json_list(json, key);
    for (rn_index i = 0; i < count; i++)
        rni_json_real(json, NULL, values[i]);
    rni_json_close(json);
}

/* Jansson's sink. Quotes keep every '<' inside a text, where \u003c means the same. */
static int append(const char *bytes, size_t n_bytes, void *user)
{
    rni_text *out = user;
    size_t at = 0;
    while (at < n_bytes) {
        const char *mark = memchr(bytes + at, '<', n_bytes - at);
        const size_t n_plain = mark ? (size_t)(mark - bytes) - at : n_bytes - at;
        rni_text_add(out, "%.*s%s", (int)n_plain, bytes + at, mark ? "\\u003c" : "");
        at += n_plain + (mark ? 1 : 0);
    }
    return out->is_broken ? -1 : 0;
}

rn_status rni_json_write(const rni_json *json, rni_text *out)
{
    if (json->fault == FAULT_NESTING || (json->fault == FAULT_NONE && json->depth != 1))
        return rni_fail(RN_ERR_INTERNAL, "rni_json_write: objects and lists do not nest");
    const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(RNI_JSON_DIGITS);
    if (json->fault == FAULT_MEMORY || json_dump_callback(json->open[0], append, out, flags) != 0)
        return rni_fail(RN_ERR_MEMORY, "rni_json_write: no memory for the document");
    return RN_OK;
}
