/*
 * A list of mistakes, kept in the order of the file.
 */
#include "core/mistakes.h"

#include <string.h>

#include "core/memory.h"

void rni_mistakes_clear(rni_mistakes *mistakes)
{
    for (rn_index i = 0; i < mistakes->n_kept; i++)
        rni_free(mistakes->items[i].text);
    rni_free(mistakes->items);
    *mistakes = (rni_mistakes){0};
}

static bool is_before(rni_place left, rni_place right)
{
    if (left.line == 0) return false;
    if (right.line == 0) return true;
    return left.line != right.line ? left.line < right.line : left.column < right.column;
}

bool rni_mistakes_add(rni_mistakes *mistakes, rni_place place, rni_text *text)
{
    mistakes->n_found++;
    const bool is_full = mistakes->n_kept == RNI_MAX_MISTAKES;
    if (!mistakes->items)
        mistakes->items = rni_alloc_zero(RNI_MAX_MISTAKES, sizeof *mistakes->items);
    if (!mistakes->items || text->is_broken || is_full) {
        const bool is_lost = !is_full;
        rni_text_clear(text);
        return !is_lost;
    }
    rn_index at = mistakes->n_kept++;
    for (; at > 0 && is_before(place, mistakes->items[at - 1].place); at--)
        mistakes->items[at] = mistakes->items[at - 1];
    mistakes->items[at] = (rni_mistake){.place = place, .text = text->chars};
    *text = (rni_text){0};
    return true;
}

rn_status rni_mistakes_report(const rni_mistakes *mistakes)
{
    const rn_index most = RNI_MESSAGE_SIZE - 64; /* room for the last line */
    rni_text text = {0};
    rni_text_add(&text, "%" PRId64 " mistake%s in the configuration", mistakes->n_found,
                 mistakes->n_found == 1 ? "" : "s");
    rn_index n_shown = 0;
    for (; n_shown < mistakes->n_kept; n_shown++) {
        const char *line = mistakes->items[n_shown].text;
        if (text.length + (rn_index)strlen(line) + 1 > most) break;
        rni_text_add(&text, "\n%s", line);
    }
    if (n_shown < mistakes->n_found)
        rni_text_add(&text, "\nand %" PRId64 " more", mistakes->n_found - n_shown);
    const rn_status status = rni_fail(RN_ERR_CONFIG, "%s", rni_text_get(&text));
    rni_text_clear(&text);
    return status;
}
