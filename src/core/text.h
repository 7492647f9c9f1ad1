/*
 * Text: a growing buffer, quoting of hostile bytes for messages, numbers to and from text, and
 * the nearest word. Numbers always use a point, whatever locale the host program has set.
 */
#ifndef RNI_CORE_TEXT_H
#define RNI_CORE_TEXT_H

#include <renorm/types.h>
#include <stdbool.h>

#include "core/status.h"

/** A text that grows. Zero-initialise; release with rni_text_clear. */
typedef struct rni_text {
    char *chars;       /**< zero-terminated, owned; NULL while empty */
    rn_index length;   /**< bytes, terminator not counted */
    rn_index capacity; /**< bytes allocated */
    bool is_broken;    /**< memory ran out: the text is incomplete and stays so */
} rni_text;

/** Appends formatted text. After a failure the text is marked broken and nothing more is added. */
void rni_text_add(rni_text *text, const char *format, ...) RNI_PRINTF(2, 3);

/** The characters; "" while empty. Valid until the next change. */
const char *rni_text_get(const rni_text *text);

/** Releases the buffer and makes the text empty. */
void rni_text_clear(rni_text *text);

/** Most bytes rni_quote writes, terminator included. */
#define RNI_QUOTE_SIZE 80

/** Bytes of a foreign text made fit for one line of a message; holds no pointer. */
typedef struct rni_quoted {
    char chars[RNI_QUOTE_SIZE];
} rni_quoted;

/**
 * n_bytes of a foreign text between single quotes: control characters and bytes that are not
 * UTF-8 become \xNN, a long text ends in "...'". Use: rni_quote(text, n).chars
 */
rni_quoted rni_quote(const char *text, rn_index n_bytes);

/** The length of the UTF-8 sequence at text (1..4), or 0: malformed, overlong, a surrogate or
    beyond U+10FFFF. n_bytes >= 1 are readable. *code receives the code point if not NULL. */
int rni_utf8_next(const char *text, rn_index n_bytes, uint32_t *code);

/** Offset of the first byte that is not UTF-8; n_bytes if all of it is. */
rn_index rni_utf8_check(const char *text, rn_index n_bytes);

/**
 * Strict numbers. The whole text must be one number: no spaces, no leading '+' or zeros, no
 * hexadecimal, no inf or nan.
 *     integer  -?(0|[1-9][0-9]*)                                     that fits 64 bits
 *     real     -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?         finite; not rounded to zero
 * @return NULL and *out set; or a fixed phrase such as "it has a leading zero", *out untouched.
 */
const char *rni_integer_parse(const char *text, rn_index n_bytes, rn_index *out);
const char *rni_real_parse(const char *text, rn_index n_bytes, double *out);

/** Most bytes rni_real_format writes, terminator included. */
#define RNI_REAL_SIZE 32

/** The shortest decimal that reads back as exactly the same finite double, always with a point
    ("1.0", "1.0e-05"), so that every YAML reader sees a real. out: [RNI_REAL_SIZE]. */
void rni_real_format(double value, char *out);

/** Edits (insert, delete, replace, swap of neighbours: the optimal string alignment form of the
    Damerau-Levenshtein distance) between two words; letter case and '-' against '_' are free.
    Words longer than 64 bytes count as infinitely far (64). */
int rni_text_distance(const char *left, const char *right);

/** Search for the word somebody meant: set `word`, offer candidates, read `best`. */
typedef struct rni_nearest {
    const char *word; /**< borrowed */
    const char *best; /**< borrowed candidate, NULL while none is near enough */
    int distance;     /**< of best */
} rni_nearest;

/** Keeps the candidate if it is the nearest so far (the first of equals) and no further than a
    third of the longer word's length, at least 1. */
void rni_nearest_offer(rni_nearest *search, const char *candidate);

#endif
