/*
 * A document tree: what a configuration file says, each key and value with its place. Parsers
 * fill it (backends/yaml.h); core/settings.h reads it. Plain data, no behaviour.
 */
#ifndef RNI_CORE_TREE_H
#define RNI_CORE_TREE_H

#include <renorm/status.h>
#include <stdbool.h>

/** Bounds of every document: deeper, larger or wider ones are refused. */
#define RNI_TREE_MAX_DEPTH 32
#define RNI_TREE_MAX_NODES 50000
#define RNI_TREE_MAX_KEYS  1000 /**< of one mapping */

/** Line and column, both from 1; columns count characters. {0, 0}: no place. */
typedef struct rni_place {
    int line;
    int column;
} rni_place;

typedef enum rni_node_type { RNI_NODE_SCALAR, RNI_NODE_SEQUENCE, RNI_NODE_MAPPING } rni_node_type;

/** One value. Children are a linked list in the order of the file. */
typedef struct rni_node {
    rni_node_type type;
    bool is_quoted;         /**< scalars: written between quotes or as a block */
    rni_place place;        /**< where the value starts */
    const char *text;       /**< scalars: UTF-8 without zero bytes; else NULL */
    const char *key;        /**< children of a mapping: their key; else NULL */
    rni_place key_place;    /**< where the key starts */
    struct rni_node *first; /**< first child, NULL if none */
    struct rni_node *last;
    struct rni_node *next; /**< next child of the same parent */
    rn_index n_children;
} rni_node;

/** A document; owns its nodes and texts. */
typedef struct rni_document rni_document;

/** An empty document. name: the file, for messages; copied. NULL when memory is out. */
rni_document *rni_document_create(const char *name);

/** Releases everything. NULL is allowed. */
void rni_document_destroy(rni_document *document);

const char *rni_document_name(const rni_document *document);

/** The outermost node, NULL in an empty document. */
const rni_node *rni_document_root(const rni_document *document);

/**
 * Appends a node to `parent` (NULL: as the root). text, n_text bytes, is copied; NULL where it
 * does not apply. The caller sets places, key and is_quoted.
 * @return the node; NULL when memory is out
 */
rni_node *rni_document_add(rni_document *document, rni_node *parent, rni_node_type type,
                           const char *text, rn_index n_text);

/** Appends a copy of a node, of this or another document, and of what is below it, places
    included; its key is kept where the parent is a mapping. NULL when memory is out. */
rni_node *rni_document_graft(rni_document *to, rni_node *parent, const rni_node *from);

/** A copy of n bytes that lives as long as the document, zero-terminated; NULL when memory is
    out. */
const char *rni_document_copy(rni_document *document, const char *text, rn_index n_bytes);

/** Nodes so far. */
rn_index rni_document_size(const rni_document *document);

/** The child of a mapping with that key, or NULL. */
rni_node *rni_node_find(const rni_node *mapping, const char *key);

#endif
