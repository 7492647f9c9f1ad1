/*
 * The words a completion offers, gathered from the option tables.
 */
#include <renorm/config.h>
#include <string.h>

#include "manual/manual.h"

static const char choice_mark[] = "one of: ";

value_kind value_kind_of(const char *name)
{
    static const struct {
        const char *part;
        value_kind kind;
    } parts[] = {
        {"|", VALUE_CHOICE},     {"KEY=VALUE", VALUE_SETTING}, {"TOPIC", VALUE_TOPIC},
        {".yaml", VALUE_CONFIG}, {"DIR", VALUE_FOLDER},        {"RUN", VALUE_FOLDER},
        {"FILE", VALUE_FILE},    {".html", VALUE_FILE},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strstr(name, parts[i].part)) return parts[i].kind;
    return VALUE_ANY;
}

/* Adds "key=value" unless it is there; a list that is full takes no more. */
static void add_word(word_list *list, const char *start, const char *middle, const char *end,
                     int end_length)
{
    char word[WORD_SIZE];
    const int length = snprintf(word, sizeof word, "%s%s%.*s", start, middle, end_length, end);
    if (length < 0 || length >= WORD_SIZE || list->n_words >= MAX_WORDS) return;
    for (int i = 0; i < list->n_words; i++)
        if (strcmp(list->words[i], word) == 0) return;
    memcpy(list->words[list->n_words++], word, (size_t)length + 1);
}

/* Every value of a choice, or the bare "key=". */
static void add_setting(word_list *list, const char *key, const char *accepts)
{
    if (strcmp(accepts, "true or false") == 0) {
        add_word(list, key, "=", "true", 4);
        add_word(list, key, "=", "false", 5);
        return;
    }
    if (strncmp(accepts, choice_mark, sizeof choice_mark - 1) != 0) {
        add_word(list, key, "=", "", 0);
        return;
    }
    const char *at = accepts + sizeof choice_mark - 1;
    while (*at) {
        const int length = (int)strcspn(at, ", ");
        add_word(list, key, "=", at, length);
        at += length;
        at += strspn(at, ", ");
    }
}

rn_status list_settings(word_list *out)
{
    out->n_words = 0;
    for (rn_index i = 0; i < rn_topic_count(); i++) {
        rn_topic topic;
        char key[WORD_SIZE];
        rn_status status = rn_topic_get(i, &topic);
        if (status < 0) return status;
        if (topic.kind) add_word(out, topic.section, ".kind=", topic.kind, WORD_SIZE);
        for (rn_index j = 0; j < topic.n_options; j++) {
            rn_option option;
            status = rn_topic_option(i, j, &option);
            if (status < 0) return status;
            (void)snprintf(key, sizeof key, "%s%s%s", topic.section, topic.section[0] ? "." : "",
                           option.key);
            add_setting(out, key, option.accepts);
        }
    }
    return RN_OK;
}

rn_status list_help_topics(word_list *out)
{
    out->n_words = 0;
    for (rn_index i = 0; i < rn_topic_count(); i++) {
        rn_topic topic;
        const rn_status status = rn_topic_get(i, &topic);
        if (status < 0) return status;
        const char *section = topic.section[0] ? topic.section : "top";
        add_word(out, section, "", "", 0);
        if (topic.kind) add_word(out, section, ".", topic.kind, WORD_SIZE);
    }
    return RN_OK;
}
