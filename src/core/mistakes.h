/*
 * The list of everything that is wrong with a configuration.
 */
#ifndef RNI_CORE_MISTAKES_H
#define RNI_CORE_MISTAKES_H

#include "core/text.h"
#include "core/tree.h"

/** One mistake. */
typedef struct rni_mistake {
    rni_place place; /**< {0, 0}: in an override, or something that is not there */
    char *text;      /**< the whole line, place included; owned */
} rni_mistake;

/** Most mistakes kept; the rest is counted. */
#define RNI_MAX_MISTAKES 100

/** All mistakes in the order of the file, then those without a place. Zero-initialise. */
typedef struct rni_mistakes {
    rni_mistake *items; /**< [n_kept], owned */
    rn_index n_kept;
    rn_index n_found; /**< >= n_kept */
} rni_mistakes;

/** Adds a mistake and takes the text over (it is empty afterwards). @return false: memory is out */
bool rni_mistakes_add(rni_mistakes *mistakes, rni_place place, rni_text *text);

/** Puts "N mistakes in the configuration" and as many lines as fit into the message.
    @return RN_ERR_CONFIG */
rn_status rni_mistakes_report(const rni_mistakes *mistakes);

/** Releases the list and makes it empty. */
void rni_mistakes_clear(rni_mistakes *mistakes);

#endif
