/*
 * YAML through libyaml's event parser: events come one at a time, so aliases, depth and size are
 * refused before anything grows. The only file that includes yaml.h.
 */
#include "backends/yaml.h"

#include <string.h>
#include <yaml.h>

#include "core/memory.h"
#include "core/reader.h"
#include "core/size.h"
#include "core/status.h"
#include "core/text.h"

/* One parse: the open containers, and the key that waits for its value. */
typedef struct builder {
    const char *name;
    rni_document *document;
    rni_node *open[RNI_TREE_MAX_DEPTH];
    int depth;
    const char *key;
    rni_place key_place;
} builder;

static rni_place place_of(yaml_mark_t mark)
{
    return (rni_place){(int)rni_min((rn_index)mark.line, INT32_MAX - 1) + 1,
                       (int)rni_min((rn_index)mark.column, INT32_MAX - 1) + 1};
}

static rn_status refuse(const builder *build, rni_place place, const char *text)
{
    return rni_fail(RN_ERR_CONFIG, "%s:%d:%d: %s", build->name, place.line, place.column, text);
}

static rn_status no_memory(const builder *build)
{
    return rni_fail(RN_ERR_MEMORY, "%s: no memory for the document", build->name);
}

/* --- bytes ----------------------------------------------------------------------------------- */

/* Zero bytes and malformed UTF-8 are found here, where their place is certain. */
static rn_status check_bytes(const builder *build, const char *bytes, rn_index n_bytes)
{
    const char *zero = n_bytes > 0 ? memchr(bytes, '\0', (size_t)n_bytes) : NULL;
    const rn_index n_valid = rni_utf8_check(bytes, n_bytes);
    const rn_index bad = zero ? rni_min(zero - bytes, n_valid) : n_valid;
    if (bad == n_bytes) return RN_OK;
    rni_place place = {1, 1};
    for (rn_index i = 0; i < bad; i++) {
        place.column += (bytes[i] & 0xC0) != 0x80; /* continuation bytes are no column */
        if (bytes[i] == '\n') place = (rni_place){place.line + 1, 1};
    }
    return rni_fail(RN_ERR_CONFIG, "%s:%d:%d: found the byte %02X, expected UTF-8 text%s",
                    build->name, place.line, place.column, (unsigned)(unsigned char)bytes[bad],
                    bytes[bad] == '\0' ? " without zero bytes" : "");
}

/* --- events ---------------------------------------------------------------------------------- */

static rn_status take_key(builder *build, const rni_node *mapping, const yaml_event_t *event)
{
    const rni_place place = place_of(event->start_mark);
    if (event->type != YAML_SCALAR_EVENT)
        return refuse(build, place, "found a list or mapping as a key, expected a word");
    const char *text = (const char *)event->data.scalar.value;
    const rn_index n_bytes = (rn_index)event->data.scalar.length;
    if (memchr(text, '\0', (size_t)n_bytes))
        return refuse(build, place, "found a zero character, expected text without");
    if (mapping->n_children >= RNI_TREE_MAX_KEYS)
        return refuse(build, place, "found more than 1000 keys in one mapping");
    const char *key = rni_document_copy(build->document, text, n_bytes);
    if (!key) return no_memory(build);
    const rni_node *first = rni_node_find(mapping, key);
    if (first)
        return rni_fail(RN_ERR_CONFIG,
                        "%s:%d:%d: found the key %s a second time, expected it once; the first "
                        "is at line %d",
                        build->name, place.line, place.column, rni_quote(text, n_bytes).chars,
                        first->key_place.line);
    build->key = key;
    build->key_place = place;
    return RN_OK;
}

static rn_status take_value(builder *build, rni_node *parent, const yaml_event_t *event)
{
    const rni_place place = place_of(event->start_mark);
    const bool is_scalar = event->type == YAML_SCALAR_EVENT;
    const char *text = is_scalar ? (const char *)event->data.scalar.value : NULL;
    const rn_index n_text = is_scalar ? (rn_index)event->data.scalar.length : 0;
    if (text && memchr(text, '\0', (size_t)n_text))
        return refuse(build, place, "found a zero character, expected text without");
    if (rni_document_size(build->document) >= RNI_TREE_MAX_NODES)
        return refuse(build, place, "found more than 50000 values in one document");
    if (!is_scalar && build->depth == RNI_TREE_MAX_DEPTH)
        return refuse(build, place, "found values nested more than 32 deep");

    const rni_node_type type = is_scalar                                  ? RNI_NODE_SCALAR
                               : event->type == YAML_SEQUENCE_START_EVENT ? RNI_NODE_SEQUENCE
                                                                          : RNI_NODE_MAPPING;
    rni_node *node = rni_document_add(build->document, parent, type, text, n_text);
    if (!node) return no_memory(build);
    node->place = place;
    node->is_quoted = is_scalar && event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (parent && parent->type == RNI_NODE_MAPPING) {
        node->key = build->key;
        node->key_place = build->key_place;
        build->key = NULL;
    }
    if (!is_scalar) build->open[build->depth++] = node;
    return RN_OK;
}

/* Anchors, aliases and tags let a small text mean something large or something else. */
static rn_status check_plain(const builder *build, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;
    switch (event->type) {
    case YAML_ALIAS_EVENT: anchor = event->data.alias.anchor; break;
    case YAML_SCALAR_EVENT:
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
        break;
    default: break;
    }
    const rni_place place = place_of(event->start_mark);
    if (anchor) return refuse(build, place, "found an anchor or alias (& or *), expected a value");
    if (tag) return refuse(build, place, "found a tag (!), expected a value");
    return RN_OK;
}

static rn_status take_event(builder *build, const yaml_event_t *event)
{
    RNI_TRY(check_plain(build, event));
    rni_node *parent = build->depth > 0 ? build->open[build->depth - 1] : NULL;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        if (parent && parent->type == RNI_NODE_MAPPING && !build->key)
            return take_key(build, parent, event);
        return take_value(build, parent, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: build->depth--; return RN_OK;
    case YAML_DOCUMENT_START_EVENT:
        if (rni_document_root(build->document))
            return refuse(build, place_of(event->start_mark),
                          "found a second document, expected one");
        return RN_OK;
    default: return RN_OK;
    }
}

/* --- parsing --------------------------------------------------------------------------------- */

static rn_status report(const builder *build, const yaml_parser_t *parser)
{
    if (parser->error == YAML_MEMORY_ERROR) return no_memory(build);
    const rni_place place = place_of(parser->problem_mark);
    const char *problem = parser->problem ? parser->problem : "unknown mistake";
    if (parser->error == YAML_READER_ERROR) /* knows its byte only */
        return rni_fail(RN_ERR_CONFIG, "%s: byte %zu: not YAML: %s", build->name,
                        parser->problem_offset, problem);
    return rni_fail(RN_ERR_CONFIG, "%s:%d:%d: not YAML: %s%s%s", build->name, place.line,
                    place.column, problem, parser->context ? " " : "",
                    parser->context ? parser->context : "");
}

static rn_status parse_events(builder *build, yaml_parser_t *parser)
{
    for (;;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) return report(build, parser);
        const bool is_end = event.type == YAML_STREAM_END_EVENT;
        const rn_status status = take_event(build, &event);
        yaml_event_delete(&event);
        if (status < 0 || is_end) return status;
    }
}

rn_status rni_yaml_parse(const char *name, const char *bytes, rn_index n_bytes, rni_document **out)
{
    builder build = {.name = name};
    if (n_bytes > RNI_YAML_MAX_BYTES)
        return rni_fail(RN_ERR_CONFIG, "%s: found %" PRId64 " bytes, expected at most %" PRId64,
                        name, n_bytes, RNI_YAML_MAX_BYTES);
    RNI_TRY(check_bytes(&build, bytes, n_bytes));
    build.document = rni_document_create(name);
    if (!build.document) return no_memory(&build);

    rn_status status = RN_OK;
    yaml_parser_t parser;
    if (yaml_parser_initialize(&parser)) {
        yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, (size_t)n_bytes);
        status = parse_events(&build, &parser);
        yaml_parser_delete(&parser);
    } else {
        status = no_memory(&build);
    }
    if (status < 0) {
        rni_document_destroy(build.document);
        return status;
    }
    *out = build.document;
    return RN_OK;
}

rn_status rni_yaml_read(const char *path, rni_document **out)
{
    char *bytes = NULL;
    rn_index n_bytes = 0;
    const rn_status read = rni_file_read(path, RNI_YAML_MAX_BYTES, &bytes, &n_bytes);
    if (read == RN_ERR_FORMAT) return rni_fail(RN_ERR_CONFIG, "%s", rn_last_message());
    RNI_TRY(read);
    const rn_status status = rni_yaml_parse(path, bytes, n_bytes, out);
    rni_free(bytes);
    return status;
}
