/*
 * YAML files as document trees.
 *
 * Accepted: one document of nested mappings, sequences and scalars. Refused, each with its place:
 * aliases and anchors, tags, keys that are not scalars, a key twice, more than one document,
 * text that is not UTF-8, zero bytes, and whatever exceeds RNI_YAML_MAX_BYTES or the bounds of
 * core/tree.h. Nothing is interpreted: every scalar stays text. Cost: linear in the text, except
 * for keys of one mapping (quadratic, at most RNI_TREE_MAX_KEYS).
 */
#ifndef RNI_BACKENDS_YAML_H
#define RNI_BACKENDS_YAML_H

#include <renorm/status.h>

#include "core/tree.h"

#define RNI_YAML_MAX_BYTES ((rn_index)1 << 20)

/**
 * Parses n_bytes of text. name stands for the file in messages ("NAME:LINE:COLUMN: found ..").
 * An empty text gives a document without root.
 *
 * @param[out] out  release with rni_document_destroy
 * @return RN_OK; RN_ERR_CONFIG, message with place, found and expected; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_yaml_parse(const char *name, const char *bytes, rn_index n_bytes,
                                      rni_document **out);

/** As rni_yaml_parse, from a regular file. @return also RN_ERR_IO */
RN_NODISCARD rn_status rni_yaml_read(const char *path, rni_document **out);

#endif
