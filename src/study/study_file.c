/*
 * A study file read: its keys, arms and lists, with every mistake in its place. What the settings
 * mean is checked afterwards (study_check.c).
 */
#include <renorm/run.h>
#include <renorm/study.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "backends/yaml.h"
#include "core/memory.h"
#include "core/option.h"
#include "core/size.h"
#include "core/status.h"
#include "store/file.h"
#include "study/study.h"

/* The single values of a study file. */
typedef struct study_settings {
    rn_index seeds;
    rn_index first_seed;
} study_settings;

static const rni_option study_options[] = {
    {.key = "seeds",
     RNI_FIELD(study_settings, seeds),
     .range = RNI_BETWEEN(1, RN_STUDY_MAX_CELLS),
     .initial = "16",
     .help = "repetitions of every arm and point"},
    {.key = "first_seed",
     RNI_FIELD(study_settings, first_seed),
     .range = RNI_BETWEEN(0, 1e15),
     .initial = "1",
     .help = "seed of the first repetition; the others follow"},
};
static const rni_option_table study_table =
    RNI_TABLE("study", "keys of a study", study_options, study_settings);

static const char *const study_keys[] = {"base",       "arms",      "vary",     "seeds",
                                         "first_seed", "reference", "summarise"};
#define N_KEYS ((rn_index)(sizeof study_keys / sizeof study_keys[0]))

typedef struct reading {
    rn_study *study;
    rni_mistakes mistakes;
    bool is_out_of_memory;
} reading;

/* Records "FILE:LINE:COLUMN: where: ...". */
static void add_mistake(reading *r, rni_place place, const char *where, const char *format, ...)
    RNI_PRINTF(4, 5);
static void add_mistake(reading *r, rni_place place, const char *where, const char *format, ...)
{
    char words[1024];
    rni_text text = {0};
    va_list args;
    va_start(args, format);
    (void)vsnprintf(words, sizeof words, format, args);
    va_end(args);
    rni_text_add(&text, "%s:%d:%d: %s: %s", rni_document_name(r->study->document), place.line,
                 place.column, where, words);
    r->is_out_of_memory |= !rni_mistakes_add(&r->mistakes, place, &text);
}

static const char *describe(const rni_node *node)
{
    if (node->type == RNI_NODE_MAPPING) return "a mapping";
    if (node->type == RNI_NODE_SEQUENCE) return "a list";
    return (node->text && node->text[0]) || node->is_quoted ? "a single value" : "nothing";
}

static rni_quoted quote(const char *text)
{
    return rni_quote(text, (rn_index)strlen(text));
}

/* ---- settings -------------------------------------------------------------------------------- */

/* The value of a node as --set would take it; NULL after recording why there is none. */
static const char *value_text(reading *r, const char *where, const rni_node *node)
{
    rni_text text = {0};
    bool is_sound = node->type != RNI_NODE_MAPPING;
    if (node->type == RNI_NODE_SCALAR) {
        is_sound = node->text[0] || node->is_quoted;
        rni_text_add(&text, "%s", node->text);
    } else if (is_sound) {
        rni_text_add(&text, "[");
        for (const rni_node *item = node->first; item; item = item->next) {
            is_sound &= item->type == RNI_NODE_SCALAR;
            if (item->type == RNI_NODE_SCALAR)
                rni_text_add(&text, "%s%s", item == node->first ? "" : ", ", item->text);
        }
        rni_text_add(&text, "]");
    }
    if (!is_sound) add_mistake(r, node->place, where, "found %s, expected a value", describe(node));
    const char *copy = NULL;
    if (is_sound && !text.is_broken)
        copy = rni_document_copy(r->study->document, rni_text_get(&text), text.length);
    r->is_out_of_memory |= is_sound && !copy;
    rni_text_clear(&text);
    return copy;
}

/* Fills one setting. */
static void read_setting(reading *r, const char *where, const char *key, const rni_node *value,
                         rni_place place, rni_study_group *group)
{
    rni_text text = {0};
    const char *written = value_text(r, where, value);
    if (!written) return;
    rni_text_add(&text, "%s=%s", key, written);
    const char *whole =
        text.is_broken ? NULL
                       : rni_document_copy(r->study->document, rni_text_get(&text), text.length);
    rni_text_clear(&text);
    r->is_out_of_memory |= !whole;
    group->settings[group->n_settings++] =
        (rni_study_setting){.key = key, .value = written, .text = whole, .place = place};
}

/* A key that settings may have. */
static bool check_key(reading *r, const char *where, const rni_node *node)
{
    if (strcmp(node->key, "seed") == 0) {
        add_mistake(r, node->key_place, where,
                    "found seed, expected other settings: seeds and first_seed at the top say it");
        return false;
    }
    if (!strchr(node->key, '=')) return true;
    add_mistake(r, node->key_place, where, "found %s, expected section.key or key",
                quote(node->key).chars);
    return false;
}

/* Room for the groups of a mapping; NULL when there is nothing, or after recording why. */
static rni_study_group *make_groups(reading *r, const rni_node *node, const char *where)
{
    if (!node) return NULL;
    if (node->type != RNI_NODE_MAPPING || node->n_children == 0) {
        add_mistake(r, node->place, where, "found %s, expected a mapping%s", describe(node),
                    node->type == RNI_NODE_MAPPING ? " that is not empty" : "");
        return NULL;
    }
    rni_study_group *groups = rni_alloc_zero(node->n_children, sizeof *groups);
    r->is_out_of_memory |= !groups;
    return groups;
}

static bool start_group(reading *r, rni_study_group *group, const rni_node *node)
{
    *group = (rni_study_group){.name = node->key, .place = node->key_place};
    group->settings = rni_alloc_zero(node->n_children, sizeof *group->settings);
    r->is_out_of_memory |= !group->settings;
    return group->settings != NULL;
}

/* ---- the parts ------------------------------------------------------------------------------- */

/* A name that can stand in the name of a folder. */
static bool is_plain_name(const char *name)
{
    const size_t length = strlen(name);
    const size_t n_plain = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                        "0123456789_.-");
    return length >= 1 && length <= 32 && n_plain == length && name[0] != '.' && name[0] != '-';
}

static void read_arm(reading *r, const rni_node *node)
{
    rn_study *study = r->study;
    char where[80];
    if (!is_plain_name(node->key)) {
        add_mistake(r, node->key_place, "arms",
                    "found %s, expected a name of 1 to 32 letters, digits, '_', '-' or '.'",
                    quote(node->key).chars);
        return;
    }
    (void)snprintf(where, sizeof where, "arms.%s", node->key);
    const bool is_empty = node->type == RNI_NODE_SCALAR && !node->is_quoted && !node->text[0];
    if (node->type != RNI_NODE_MAPPING && !is_empty) {
        add_mistake(r, node->place, where, "found %s, expected a mapping of settings",
                    describe(node));
        return;
    }
    rni_study_group *arm = &study->arms[study->n_arms];
    if (!start_group(r, arm, node)) return;
    study->n_arms++;
    for (const rni_node *child = node->first; child; child = child->next)
        if (check_key(r, where, child))
            read_setting(r, where, child->key, child, child->key_place, arm);
}

static void read_values(reading *r, const rni_node *node)
{
    rn_study *study = r->study;
    char where[80];
    (void)snprintf(where, sizeof where, "vary.%.64s", node->key);
    if (!check_key(r, "vary", node)) return;
    if (node->type != RNI_NODE_SEQUENCE || node->n_children == 0) {
        add_mistake(r, node->place, where, "found %s, expected a list of values%s", describe(node),
                    node->type == RNI_NODE_SEQUENCE ? " that is not empty" : "");
        return;
    }
    rni_study_group *key = &study->keys[study->n_keys];
    if (!start_group(r, key, node)) return;
    study->n_keys++;
    for (const rni_node *item = node->first; item; item = item->next) {
        const rn_index before = key->n_settings;
        read_setting(r, where, key->name, item, item->place, key);
        for (rn_index i = 0; i < before && key->n_settings > before; i++)
            if (strcmp(key->settings[i].value, key->settings[before].value) == 0)
                add_mistake(r, item->place, where, "found %s twice, expected different values",
                            quote(key->settings[i].value).chars);
    }
}

static void read_groups(reading *r, const rni_node *root)
{
    static const rni_node nothing = {.type = RNI_NODE_MAPPING, .key = "base"};
    rn_study *study = r->study;
    const rni_node *arms = rni_node_find(root, "arms");
    const rni_node *vary = rni_node_find(root, "vary");
    study->arms = make_groups(r, arms, "arms");
    for (const rni_node *child = study->arms ? arms->first : NULL; child; child = child->next)
        read_arm(r, child);
    if (!arms) {
        study->arms = rni_alloc_zero(1, sizeof *study->arms);
        r->is_out_of_memory |= !study->arms;
        if (study->arms) read_arm(r, &nothing);
    }
    study->keys = make_groups(r, vary, "vary");
    for (const rni_node *child = study->keys ? vary->first : NULL; child; child = child->next)
        read_values(r, child);
}

/* A setting cannot be made by an arm and vary as well. */
static void check_overlap(reading *r)
{
    const rn_study *study = r->study;
    for (rn_index a = 0; a < study->n_arms; a++)
        for (rn_index i = 0; i < study->arms[a].n_settings; i++)
            for (rn_index k = 0; k < study->n_keys; k++)
                if (strcmp(study->arms[a].settings[i].key, study->keys[k].name) == 0)
                    add_mistake(r, study->arms[a].settings[i].place, study->arms[a].name,
                                "found %s, which vary sets too; expected one of them to set it",
                                quote(study->keys[k].name).chars);
}

static void read_single(reading *r, const rni_node *root)
{
    study_settings values;
    if (rni_options_init(&study_table, &values) < 0) {
        r->is_out_of_memory = true;
        return;
    }
    for (rn_index i = 0; i < study_table.n_options; i++) {
        const rni_node *node = rni_node_find(root, study_options[i].key);
        if (!node) continue;
        if (node->type != RNI_NODE_SCALAR || node->is_quoted)
            add_mistake(r, node->place, node->key, "found %s, expected a whole number",
                        node->type == RNI_NODE_SCALAR ? "a text in quotes" : describe(node));
        else if (rni_option_set(&study_options[i], &values, node->text) < 0)
            add_mistake(r, node->place, node->key, "%s", rn_last_message());
    }
    r->study->n_seeds = values.seeds;
    r->study->first_seed = values.first_seed;
}

static void read_reference(reading *r, const rni_node *node)
{
    if (!node) return;
    rni_nearest nearest = {.word = node->text ? node->text : ""};
    for (rn_index i = 0; i < r->study->n_arms; i++) {
        rni_nearest_offer(&nearest, r->study->arms[i].name);
        if (strcmp(nearest.word, r->study->arms[i].name) != 0) continue;
        r->study->reference = i;
        return;
    }
    add_mistake(r, node->place, "reference", "found %s, expected the name of an arm%s%s%s",
                node->text ? quote(node->text).chars : describe(node),
                nearest.best ? "; did you mean '" : "", nearest.best ? nearest.best : "",
                nearest.best ? "'?" : "");
}

/* ---- quantities ------------------------------------------------------------------------------ */

static void read_quantity(reading *r, const rni_node *item)
{
    rn_study *study = r->study;
    rni_nearest nearest = {.word = item->text ? item->text : ""};
    const rn_field *field = NULL;
    for (rn_index i = 0; (field = rn_snapshot_field(i)) != NULL; i++) {
        if (field->axis[0]) continue;
        rni_nearest_offer(&nearest, field->name);
        if (strcmp(field->name, nearest.word) != 0) continue;
        for (rn_index k = 0; k < study->n_quantities; k++)
            if (study->quantities[k] == i) return;
        study->quantities[study->n_quantities++] = i;
        return;
    }
    add_mistake(r, item->place, "summarise",
                "found %s, expected a number of a measurement, such as loss%s%s%s",
                item->text ? quote(item->text).chars : describe(item),
                nearest.best ? "; did you mean '" : "", nearest.best ? nearest.best : "",
                nearest.best ? "'?" : "");
}

static void read_quantities(reading *r, const rni_node *node)
{
    rn_study *study = r->study;
    rn_index n_fields = 0;
    while (rn_snapshot_field(n_fields))
        n_fields++;
    study->quantities = rni_alloc(n_fields, sizeof *study->quantities);
    r->is_out_of_memory |= !study->quantities;
    if (!study->quantities) return;
    if (!node) {
        for (rn_index i = 0; i < n_fields; i++)
            if (!rn_snapshot_field(i)->axis[0]) study->quantities[study->n_quantities++] = i;
        return;
    }
    if (node->type != RNI_NODE_SEQUENCE || node->n_children == 0) {
        add_mistake(r, node->place, "summarise", "found %s, expected a list of names",
                    describe(node));
        return;
    }
    for (const rni_node *item = node->first; item; item = item->next)
        read_quantity(r, item);
}

/* ---- the base -------------------------------------------------------------------------------- */

/* path[RNI_PATH_SIZE] := name as seen from the folder of the study file. */
static rn_status path_beside(const char *file, const char *name, char *path)
{
    const char *slash = strrchr(file, '/');
    if (name[0] == '/' || !slash)
        return snprintf(path, RNI_PATH_SIZE, "%s", name) < RNI_PATH_SIZE ? RN_OK : RN_ERR_ARGUMENT;
    char folder[RNI_PATH_SIZE];
    (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - file + 1), file);
    return rni_path_join(folder, name, path);
}

static rn_status read_base(reading *r, const char *file, const rni_node *root)
{
    const rni_node *node = rni_node_find(root, "base");
    if (!node) {
        add_mistake(r, root->place, "base",
                    "found nothing, expected a configuration or the path of one");
        return RN_OK;
    }
    if (node->type == RNI_NODE_MAPPING) {
        r->study->base = rni_document_create(rni_document_name(r->study->document));
        r->is_out_of_memory |= !r->study->base || !rni_document_graft(r->study->base, NULL, node);
        return RN_OK;
    }
    char path[RNI_PATH_SIZE];
    if (node->type != RNI_NODE_SCALAR || !node->text[0]
        || path_beside(file, node->text, path) < 0) {
        add_mistake(r, node->place, "base", "found %s, expected a configuration or the path of one",
                    describe(node));
        return RN_OK;
    }
    const rn_status status = rni_yaml_read(path, &r->study->base);
    if (status == RN_ERR_MEMORY) return status;
    if (status < 0) add_mistake(r, node->place, "base", "%s", rn_last_message());
    return RN_OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void check_keys(reading *r, const rni_node *root)
{
    for (const rni_node *child = root->first; child; child = child->next) {
        rni_nearest nearest = {.word = child->key};
        bool is_known = false;
        for (rn_index i = 0; i < N_KEYS; i++) {
            is_known |= strcmp(child->key, study_keys[i]) == 0;
            rni_nearest_offer(&nearest, study_keys[i]);
        }
        if (is_known) continue;
        add_mistake(r, child->key_place, quote(child->key).chars,
                    "found an unknown key, expected one of: base, arms, vary, seeds, first_seed, "
                    "reference, summarise%s%s%s",
                    nearest.best ? "; did you mean '" : "", nearest.best ? nearest.best : "",
                    nearest.best ? "'?" : "");
    }
}

/* Points and cells, counted before any of them is looked at. */
static bool count_cells(reading *r, const rni_node *root)
{
    rn_study *study = r->study;
    rn_index n_cells = 0;
    bool fits = true;
    study->n_points = 1;
    for (rn_index k = 0; k < study->n_keys; k++)
        fits &= rni_size_mul(study->n_points, study->keys[k].n_settings, &study->n_points);
    fits = fits && rni_size_mul(study->n_points, study->n_arms, &n_cells)
           && rni_size_mul(n_cells, study->n_seeds, &n_cells) && n_cells <= RN_STUDY_MAX_CELLS;
    if (!fits)
        add_mistake(r, root->place, "vary", "found more than %d cells, expected at most that",
                    RN_STUDY_MAX_CELLS);
    return fits;
}

static rn_status read_root(reading *r, const char *file, const rni_node *root)
{
    if (!root || root->type != RNI_NODE_MAPPING)
        return rni_fail(RN_ERR_CONFIG,
                        "%s: found %s, expected the keys of a study: base, arms, vary", file,
                        root ? describe(root) : "nothing");
    check_keys(r, root);
    read_single(r, root);
    read_groups(r, root);
    read_reference(r, rni_node_find(root, "reference"));
    read_quantities(r, rni_node_find(root, "summarise"));
    if (r->study->arms) check_overlap(r);
    RNI_TRY(read_base(r, file, root));
    if (r->is_out_of_memory) return rni_fail(RN_ERR_MEMORY, "%s: no memory to read it", file);
    if (count_cells(r, root) && r->study->base) RNI_TRY(rni_study_check(r->study, &r->mistakes));
    return r->mistakes.n_found > 0 ? rni_mistakes_report(&r->mistakes) : RN_OK;
}

/* "configs/study_x.yaml" -> "study_x"; "runs/x/study.yaml", in a study's folder, -> "x". */
static void name_study(rn_study *study, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    int length = (int)strlen(name);
    if (slash && strcmp(name, "study.yaml") == 0) {
        const char *start = slash;
        while (start > path && start[-1] != '/')
            start--;
        name = start;
        length = (int)(slash - start);
    } else {
        const char *dot = strrchr(name, '.');
        if (dot && dot > name) length = (int)(dot - name);
    }
    (void)snprintf(study->name, sizeof study->name, "%.*s", length, name);
    if (!study->name[0] || strcmp(study->name, ".") == 0 || strcmp(study->name, "..") == 0)
        (void)snprintf(study->name, sizeof study->name, "study");
}

static rn_status load(const char *path, reading *r)
{
    RNI_TRY(rni_yaml_read(path, &r->study->document));
    RNI_TRY(read_root(r, path, rni_document_root(r->study->document)));
    name_study(r->study, path);
    return rni_study_resolve(r->study);
}

rn_status rn_study_load(const char *path, rn_study **out)
{
    char inside[RNI_PATH_SIZE];
    struct stat found;
    if (!path || !out) return rni_fail(RN_ERR_ARGUMENT, "rn_study_load: a NULL argument");
    if (stat(path, &found) == 0 && S_ISDIR(found.st_mode)) {
        RNI_TRY(rni_path_join(path, "study.yaml", inside));
        path = inside;
    }
    reading r = {.study = rni_alloc_zero(1, sizeof *r.study)};
    if (!r.study) return rni_fail(RN_ERR_MEMORY, "rn_study_load: no memory");
    const rn_status status = load(path, &r);
    rni_mistakes_clear(&r.mistakes);
    if (status < 0) {
        rn_study_destroy(r.study);
        return status;
    }
    *out = r.study;
    return RN_OK;
}
