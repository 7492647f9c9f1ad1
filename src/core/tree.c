/*
 * Document trees, carved from blocks that are released together.
 */
#include "core/tree.h"

#include <string.h>

#include "core/memory.h"
#include "core/size.h"

enum { BLOCK_BYTES = 16384 };

typedef struct block {
    struct block *next;
    rn_index n_used;
    rn_index n_bytes;
    char bytes[];
} block;

struct rni_document {
    block *blocks; /* the newest first */
    const char *name;
    rni_node *root;
    rn_index n_nodes;
};

/* n zeroed bytes that live as long as the document; NULL when memory is out. */
static void *carve(rni_document *document, rn_index n_bytes)
{
    const rn_index unit = (rn_index)sizeof(max_align_t);
    const rn_index n_whole = rni_ceil_div(n_bytes, unit) * unit;
    block *newest = document->blocks;
    if (!newest || newest->n_bytes - newest->n_used < n_whole) {
        const rn_index capacity = rni_max(BLOCK_BYTES, n_whole);
        newest = rni_alloc_zero((rn_index)sizeof(block) + unit + capacity, 1);
        if (!newest) return NULL;
        newest->n_bytes = capacity;
        newest->next = document->blocks;
        document->blocks = newest;
    }
    const rn_index head = (rn_index)offsetof(block, bytes);
    const rn_index start = rni_ceil_div(head, unit) * unit - head; /* blocks are aligned */
    char *place = newest->bytes + start + newest->n_used;
    newest->n_used += n_whole;
    return place;
}

rni_document *rni_document_create(const char *name)
{
    rni_document *document = rni_alloc_zero(1, sizeof *document);
    if (!document) return NULL;
    document->name = rni_document_copy(document, name, (rn_index)strlen(name));
    if (document->name) return document;
    rni_document_destroy(document);
    return NULL;
}

void rni_document_destroy(rni_document *document)
{
    if (!document) return;
    for (block *next = NULL, *old = document->blocks; old; old = next) {
        next = old->next;
        rni_free(old);
    }
    rni_free(document);
}

const char *rni_document_name(const rni_document *document)
{
    return document->name;
}

const rni_node *rni_document_root(const rni_document *document)
{
    return document->root;
}

rn_index rni_document_size(const rni_document *document)
{
    return document->n_nodes;
}

const char *rni_document_copy(rni_document *document, const char *text, rn_index n_bytes)
{
    char *copy = carve(document, n_bytes + 1);
    if (copy && n_bytes > 0) memcpy(copy, text, (size_t)n_bytes);
    return copy;
}

rni_node *rni_document_add(rni_document *document, rni_node *parent, rni_node_type type,
                           const char *text, rn_index n_text)
{
    rni_node *node = carve(document, (rn_index)sizeof *node);
    if (!node) return NULL;
    node->type = type;
    if (text) {
        node->text = rni_document_copy(document, text, n_text);
        if (!node->text) return NULL;
    }
    if (!parent) {
        document->root = node;
    } else {
        if (parent->last) parent->last->next = node;
        if (!parent->first) parent->first = node;
        parent->last = node;
        parent->n_children++;
    }
    document->n_nodes++;
    return node;
}

rni_node *rni_node_find(const rni_node *mapping, const char *key)
{
    for (rni_node *child = mapping->first; child; child = child->next)
        if (child->key && strcmp(child->key, key) == 0) return child;
    return NULL;
}

/* Depth: that of a document. */
rni_node *rni_document_graft(rni_document *to, rni_node *parent, const rni_node *from)
{
    rni_node *made = rni_document_add(to, parent, from->type, from->text,
                                      from->text ? (rn_index)strlen(from->text) : 0);
    if (!made) return NULL;
    made->is_quoted = from->is_quoted;
    made->place = from->place;
    made->key_place = from->key_place;
    if (parent && parent->type == RNI_NODE_MAPPING) {
        made->key = rni_document_copy(to, from->key, (rn_index)strlen(from->key));
        if (!made->key) return NULL;
    }
    for (const rni_node *child = from->first; child; child = child->next)
        if (!rni_document_graft(to, made, child)) return NULL;
    return made;
}
