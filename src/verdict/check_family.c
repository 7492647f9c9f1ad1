/*
 * Families of runs.
 */
#include <stdio.h>
#include <string.h>

#include "verdict/verdict.h"

/* Settings in which the runs of a family may differ: what it is a family over, and what decides no
   number of the network's dynamics. */
static bool is_free(const char *key)
{
    static const char *const keys[] = {"seed", "threads", "steps", "model.depth", "model.width"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(key, keys[i]) == 0) return true;
    return strncmp(key, "output.", 7) == 0 || strncmp(key, "measure.", 8) == 0;
}

/* Every setting of one that is not free has the same value in the other. */
static bool agrees(const rn_folder *one, const rn_folder *other)
{
    for (rn_index i = 0; rn_folder_setting(one, i); i++) {
        const rn_entry *entry = rn_folder_setting(one, i);
        if (is_free(entry->key)) continue;
        const char *value = rn_folder_find_setting(other, entry->key);
        if (!value || strcmp(value, entry->value) != 0) return false;
    }
    return true;
}

void rni_check_families(rn_index n, const rn_folder *const *folders, rn_index *family)
{
    rn_index count = 0;
    for (rn_index i = 0; i < n; i++) {
        rn_index same = 0;
        while (same < i
               && !(agrees(folders[i], folders[same]) && agrees(folders[same], folders[i])))
            same++;
        family[i] = same < i ? family[same] : count++;
    }
}

static void add_word(char text[RN_CHECK_TEXT], const char *word)
{
    const size_t used = strlen(text);
    (void)snprintf(text + used, RN_CHECK_TEXT - used, "%s%s", used ? ", " : "", word);
}

/* Whether some run of another family has another value. */
static bool tells_apart(rn_index n, const rn_folder *const *folders, const rn_index *family,
                        rn_index which, const rn_entry *entry)
{
    for (rn_index i = 0; i < n; i++) {
        const char *value = rn_folder_find_setting(folders[i], entry->key);
        if (family[i] != which && (!value || strcmp(value, entry->value) != 0)) return true;
    }
    return false;
}

void rni_check_family_name(rn_index n, const rn_folder *const *folders, const rn_index *family,
                           rn_index which, char name[RN_CHECK_TEXT])
{
    rn_index first = 0;
    rn_index count = 0;
    for (rn_index i = 0; i < n; i++) {
        if (family[i] != which) continue;
        if (count++ == 0) first = i;
    }
    name[0] = 0;
    for (rn_index i = 0; rn_folder_setting(folders[first], i); i++) {
        const rn_entry *entry = rn_folder_setting(folders[first], i);
        char word[128];
        if (is_free(entry->key) || !tells_apart(n, folders, family, which, entry)) continue;
        (void)snprintf(word, sizeof word, "%s=%s", entry->key, entry->value);
        add_word(name, word);
    }
    if (!name[0]) add_word(name, "all runs");
}
