/*
 * A run's folder, read back. Order: manifest (its format decides whether the rest can be
 * understood), configuration, metrics, snapshots.
 */
#include <renorm/folder.h>

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <renorm/couplings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/yaml.h"
#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "core/text.h"
#include "run/field.h"
#include "store/columns.h"
#include "store/folder.h"
#include "store/image.h"

#define MAX_NOTES     8
#define NOTE_SIZE     160
#define KEY_SIZE      256
#define MAX_SNAPSHOTS 100000

typedef struct entry_list {
    rni_document *document; /* owns the texts */
    rn_entry *entries;      /* [RNI_TREE_MAX_NODES at most], owned */
    rn_index count;
} entry_list;

struct rn_folder {
    char path[RNI_PATH_SIZE];
    char name[RNI_PATH_SIZE];
    entry_list config;
    entry_list manifest;
    rn_record *records;
    rn_index n_records;
    rn_index *steps; /* [n_snapshots] ascending */
    rn_snapshot *snapshots;
    rn_index n_snapshots;
    char notes[MAX_NOTES][NOTE_SIZE];
    rn_index n_notes;
};

static void add_note(rn_folder *folder, const char *text)
{
    if (folder->n_notes == MAX_NOTES) return;
    (void)snprintf(folder->notes[folder->n_notes++], NOTE_SIZE, "%s", text);
}

/* ---- YAML files ------------------------------------------------------------------------------ */

/* Appends the scalars below a node, keys joined by points. Depth is bounded by the parser. */
static rn_status flatten(entry_list *list, const rni_node *node, const char *prefix)
{
    rn_index position = 0;
    for (const rni_node *child = node->first; child; child = child->next, position++) {
        char key[KEY_SIZE];
        char number[32];
        (void)snprintf(number, sizeof number, "%" PRId64, position);
        (void)snprintf(key, sizeof key, "%s%s%s", prefix, prefix[0] ? "." : "",
                       child->key ? child->key : number);
        if (child->type != RNI_NODE_SCALAR) {
            RNI_TRY(flatten(list, child, key));
            continue;
        }
        const char *kept = rni_document_copy(list->document, key, (rn_index)strlen(key));
        if (!kept) return rni_fail(RN_ERR_MEMORY, "rn_folder_open: no memory for settings");
        list->entries[list->count++] = (rn_entry){.key = kept, .value = child->text};
    }
    return RN_OK;
}

static rn_status read_entries(const rn_folder *folder, const char *file, entry_list *list)
{
    char path[RNI_PATH_SIZE];
    RNI_TRY(rni_path_join(folder->path, file, path));
    const rn_status status = rni_yaml_read(path, &list->document);
    /* a mistake in a person's configuration is RN_ERR_CONFIG; a damaged record of a run is not */
    if (status == RN_ERR_CONFIG) return rni_fail_within(RN_ERR_FORMAT, "damaged file");
    if (status < 0) return status;
    const rni_node *root = rni_document_root(list->document);
    if (!root || root->type != RNI_NODE_MAPPING)
        return rni_fail(RN_ERR_FORMAT,
                        "%s: found no keys, expected the lines 'key: value' that renorm writes",
                        path);
    list->entries = rni_alloc(rni_document_size(list->document), sizeof *list->entries);
    if (!list->entries) return rni_fail(RN_ERR_MEMORY, "rn_folder_open: no memory for settings");
    return flatten(list, root, "");
}

static const char *find(const entry_list *list, const char *key)
{
    for (rn_index i = 0; i < list->count; i++)
        if (strcmp(list->entries[i].key, key) == 0) return list->entries[i].value;
    return NULL;
}

static rn_status check_format(const rn_folder *folder)
{
    rn_index format = 0;
    const char *text = find(&folder->manifest, "format");
    const char *version = find(&folder->manifest, "version");
    const char *wrong = text ? rni_integer_parse(text, (rn_index)strlen(text), &format) : "missing";
    if (wrong || format < 1)
        return rni_fail(RN_ERR_FORMAT,
                        "%s/manifest.yaml: found no usable line 'format', expected 'format: %d'",
                        folder->path, RNI_STORE_FORMAT);
    if (format > RNI_STORE_FORMAT)
        return rni_fail(RN_ERR_FORMAT,
                        "%s/manifest.yaml: found format %" PRId64 ", expected at most %d; it was "
                        "written by renorm %s: install that version to read it",
                        folder->path, format, RNI_STORE_FORMAT,
                        version ? rni_quote(version, (rn_index)strlen(version)).chars
                                : "of a newer version");
    return RN_OK;
}

/* ---- metrics --------------------------------------------------------------------------------- */

static const char *const columns[] = {"step",
                                      "time",
                                      "loss",
                                      "learning_rate",
                                      "accuracy",
                                      "held_out_loss",
                                      "held_out_accuracy",
                                      "gradient_norm"};
#define N_COLUMNS  ((rn_index)(sizeof columns / sizeof columns[0]))
#define N_REQUIRED 3

static rn_status keep_records(rn_folder *folder, const char *path, const rni_columns *table)
{
    folder->records = rni_alloc(table->n_rows, sizeof *folder->records);
    if (!folder->records)
        return rni_fail(RN_ERR_MEMORY, "%s: no memory for %" PRId64 " rows", path, table->n_rows);
    for (rn_index i = 0; i < table->n_rows; i++) {
        const double *row = table->values + i * N_COLUMNS;
        const bool is_step = row[0] >= 0.0 && row[0] <= (double)RN_SIZE_MAX;
        if (!is_step || (i > 0 && !(row[0] > row[-N_COLUMNS])))
            return rni_fail(RN_ERR_FORMAT,
                            "%s:%" PRId64
                            ": found step %g, expected one above the line before; the "
                            "file is damaged: restore it from a copy, or repeat the run",
                            path, i + 2, row[0]);
        folder->records[i] = (rn_record){.step = (rn_index)row[0],
                                         .time = row[1],
                                         .loss = row[2],
                                         .learning_rate = row[3],
                                         .accuracy = row[4],
                                         .held_out_loss = row[5],
                                         .held_out_accuracy = row[6],
                                         .gradient_norm = row[7]};
    }
    folder->n_records = table->n_rows;
    return RN_OK;
}

static rn_status read_metrics(rn_folder *folder)
{
    char path[RNI_PATH_SIZE];
    rni_columns table = {0};
    RNI_TRY(rni_path_join(folder->path, "metrics.csv", path));
    RNI_TRY(rni_columns_read(path, N_COLUMNS, columns, N_REQUIRED, &table));
    if (table.is_torn)
        add_note(folder, "the last line of metrics.csv is incomplete and was left out: the run was "
                         "stopped while it was written, or is still running");
    const rn_status status = keep_records(folder, path, &table);
    rni_columns_clear(&table);
    return status;
}

/* ---- snapshots ------------------------------------------------------------------------------- */

/* The step in "000200.h5"; -1: not the name of a snapshot. */
static rn_index step_of(const char *name)
{
    rn_index step = 0;
    const size_t n_digits = strspn(name, "0123456789");
    if (n_digits < 6 || n_digits > 18 || strcmp(name + n_digits, ".h5") != 0) return -1;
    for (size_t i = 0; i < n_digits; i++)
        step = 10 * step + (name[i] - '0');
    return step;
}

static int compare_steps(const void *left, const void *right)
{
    const rn_index a = *(const rn_index *)left;
    const rn_index b = *(const rn_index *)right;
    return (a > b) - (a < b);
}

static rn_status list_entries(rn_folder *folder, const char *path, DIR *entries)
{
    rn_index capacity = 0;
    const struct dirent *entry = NULL;
    /* one folder handle, used by this thread alone */
    while ((entry = readdir(entries))) { /* NOLINT(concurrency-mt-unsafe) */
        const rn_index step = step_of(entry->d_name);
        if (step < 0) continue;
        if (folder->n_snapshots == MAX_SNAPSHOTS)
            return rni_fail(RN_ERR_FORMAT, "%s: found more than %d files, too many to read", path,
                            MAX_SNAPSHOTS);
        if (folder->n_snapshots == capacity) {
            const rn_index wanted = capacity ? 2 * capacity : 64;
            rn_index *grown = rni_resize(folder->steps, capacity, wanted, sizeof *grown);
            if (!grown) return rni_fail(RN_ERR_MEMORY, "%s: no memory for its list", path);
            folder->steps = grown;
            capacity = wanted;
        }
        folder->steps[folder->n_snapshots++] = step;
    }
    return RN_OK;
}

static rn_status list_snapshots(rn_folder *folder)
{
    char path[RNI_PATH_SIZE];
    RNI_TRY(rni_path_join(folder->path, "snapshots", path));
    DIR *entries = opendir(path);
    if (!entries)
        return rni_fail(RN_ERR_IO,
                        "%s: cannot open this folder, expected one with the run's measurements; is "
                        "%s a run's folder?",
                        path, folder->path);
    const rn_status status = list_entries(folder, path, entries);
    (void)closedir(entries);
    if (status == RN_OK && folder->n_snapshots > 0)
        qsort(folder->steps, (size_t)folder->n_snapshots, sizeof *folder->steps, compare_steps);
    return status;
}

static rn_status check_boundaries(const char *path, const rni_image_array *s)
{
    if (!s->is_found || s->rank != 1 || s->count < 1)
        return rni_fail(
            RN_ERR_FORMAT,
            "%s: found no array 's', expected the shell boundaries; the file is damaged", path);
    for (rn_index i = 0; i < s->count; i++)
        if (!isfinite(s->values[i]) || (i > 0 && !(s->values[i] > s->values[i - 1])))
            return rni_fail(RN_ERR_FORMAT,
                            "%s: found %g as s[%" PRId64
                            "], expected ascending shell boundaries; the file is damaged",
                            path, s->values[i], i);
    return RN_OK;
}

static const rni_image_array *find_array(const rni_image_array *arrays, const char *name)
{
    const rni_image_array *found = arrays;
    while (strcmp(found->name, name) != 0)
        found++; /* every quantity of the table is in the list */
    return found;
}

static rn_status fill_quantity(const char *path, const rni_image_array *array, rn_index i,
                               rn_snapshot *snapshot)
{
    rn_index count = 0;
    const double *numbers = rn_snapshot_values(snapshot, i, &count);
    const int rank = rn_snapshot_field(i)->axis[0] != 0;
    if (!array->is_found) return RN_OK;
    if (array->count != count || array->rank != rank)
        return rni_fail(RN_ERR_FORMAT,
                        "%s: found %" PRId64 " numbers in '%s', expected %" PRId64
                        "; the file is damaged",
                        path, array->count, array->name, count);
    if (count > 0) memcpy(rni_writable(&numbers), array->values, (size_t)count * sizeof *numbers);
    return RN_OK;
}

/* Networks of more layers are not measured in any memory we know of. */
#define MAX_BLOCKS 10000

/* Shells of the couplings; 0 where there are none, and in folders of earlier versions. */
static rn_status count_scales(const char *path, const rni_image_array *arrays, rn_index *n_scales)
{
    const rni_image_array *modes = find_array(arrays, "coupling_modes");
    *n_scales = modes->is_found ? modes->count : 0;
    if (*n_scales <= RN_COUPLING_MAX_SHELLS) return RN_OK;
    return rni_fail(RN_ERR_FORMAT,
                    "%s: found %" PRId64 " numbers in 'coupling_modes', expected at most %d; the "
                    "file is damaged",
                    path, *n_scales, RN_COUPLING_MAX_SHELLS);
}

static rn_status fill_snapshot(const char *path, const rni_image_array *arrays,
                               rn_snapshot *snapshot)
{
    const rni_image_array *lambda = find_array(arrays, "lambda");
    const rni_image_array *s = find_array(arrays, "s");
    rn_index n_scales = 0;
    RNI_TRY(check_boundaries(path, s));
    RNI_TRY(count_scales(path, arrays, &n_scales));
    const rni_image_array *blocks = find_array(arrays, "overlap_row");
    const rn_index n_blocks = blocks->is_found ? blocks->count : 0;
    if (n_blocks > MAX_BLOCKS)
        return rni_fail(RN_ERR_FORMAT,
                        "%s: found %" PRId64 " numbers in 'overlap_row', expected at most %d; the "
                        "file is damaged",
                        path, n_blocks, MAX_BLOCKS);
    RNI_TRY(rni_snapshot_init(snapshot, lambda->is_found ? lambda->count : 0, s->count, n_scales,
                              n_blocks));
    for (rn_index i = 0; i < rni_field_count(); i++)
        RNI_TRY(fill_quantity(path, &arrays[i], i, snapshot));
    return RN_OK;
}

static rn_status read_snapshot(const rn_folder *folder, rn_index step, rn_snapshot *snapshot)
{
    char name[64];
    char path[RNI_PATH_SIZE];
    rni_image image = {0};
    rni_image_array arrays[RNI_IMAGE_MAX_ARRAYS] = {{0}};
    RNI_ASSERT(rni_field_count() <= RNI_IMAGE_MAX_ARRAYS);
    (void)snprintf(name, sizeof name, "snapshots/%06" PRId64 ".h5", step);
    RNI_TRY(rni_path_join(folder->path, name, path));
    for (rn_index i = 0; i < rni_field_count(); i++)
        arrays[i].name = rn_snapshot_field(i)->name;
    RNI_TRY(rni_image_read(path, rni_field_count(), arrays, &image));
    rn_status status = RN_OK;
    if (image.step != step)
        status = rni_fail(RN_ERR_FORMAT,
                          "%s: found the measurement of step %" PRId64
                          ", expected that of step %" PRId64 "; the file was renamed or mixed up",
                          path, image.step, step);
    if (status == RN_OK) status = fill_snapshot(path, arrays, snapshot);
    if (status == RN_OK) snapshot->record.step = step;
    rni_image_clear(&image);
    return status;
}

static rn_status read_snapshots(rn_folder *folder)
{
    RNI_TRY(list_snapshots(folder));
    folder->snapshots = rni_alloc_zero(folder->n_snapshots, sizeof *folder->snapshots);
    if (!folder->snapshots)
        return rni_fail(RN_ERR_MEMORY, "%s: no memory for %" PRId64 " measurements", folder->path,
                        folder->n_snapshots);
    for (rn_index i = 0; i < folder->n_snapshots; i++)
        RNI_TRY(read_snapshot(folder, folder->steps[i], &folder->snapshots[i]));
    return RN_OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static rn_status set_path(rn_folder *folder, const char *path)
{
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof folder->path)
        return rni_fail(RN_ERR_ARGUMENT, "rn_folder_open: a path of %zu bytes, expected 1 .. %d", n,
                        RNI_PATH_SIZE - 1);
    memcpy(folder->path, path, n + 1);
    while (n > 1 && folder->path[n - 1] == '/')
        folder->path[--n] = 0;
    const char *slash = strrchr(folder->path, '/');
    (void)snprintf(folder->name, sizeof folder->name, "%s", slash ? slash + 1 : folder->path);
    return RN_OK;
}

static rn_status read_all(rn_folder *folder, const char *path)
{
    RNI_TRY(set_path(folder, path));
    RNI_TRY(read_entries(folder, "manifest.yaml", &folder->manifest));
    RNI_TRY(check_format(folder));
    RNI_TRY(read_entries(folder, "config.yaml", &folder->config));
    RNI_TRY(read_metrics(folder));
    RNI_TRY(read_snapshots(folder));
    const char *outcome = find(&folder->manifest, "outcome");
    if (outcome && strcmp(outcome, "done") != 0) {
        char text[NOTE_SIZE];
        (void)snprintf(text, sizeof text, "the run's outcome is %s, not 'done'",
                       rni_quote(outcome, (rn_index)strlen(outcome)).chars);
        add_note(folder, text);
    }
    return RN_OK;
}

rn_status rn_folder_open(const char *path, rn_folder **out)
{
    if (!path || !out) return rni_fail(RN_ERR_ARGUMENT, "rn_folder_open: a NULL argument");
    rn_folder *folder = rni_alloc_zero(1, sizeof *folder);
    if (!folder) return rni_fail(RN_ERR_MEMORY, "rn_folder_open: no memory");
    const rn_status status = read_all(folder, path);
    if (status < 0) {
        rn_folder_close(folder);
        return status;
    }
    *out = folder;
    return RN_OK;
}

static void clear_entries(entry_list *list)
{
    rni_free(list->entries);
    rni_document_destroy(list->document);
}

void rn_folder_close(rn_folder *folder)
{
    if (!folder) return;
    for (rn_index i = 0; folder->snapshots && i < folder->n_snapshots; i++)
        rni_snapshot_clear(&folder->snapshots[i]);
    rni_free(folder->snapshots);
    rni_free(folder->steps);
    rni_free(folder->records);
    clear_entries(&folder->config);
    clear_entries(&folder->manifest);
    rni_free(folder);
}

const char *rn_folder_path(const rn_folder *folder)
{
    return folder->path;
}

const char *rn_folder_name(const rn_folder *folder)
{
    return folder->name;
}

rn_index rn_folder_n_records(const rn_folder *folder)
{
    return folder->n_records;
}

const rn_record *rn_folder_record(const rn_folder *folder, rn_index i)
{
    return i >= 0 && i < folder->n_records ? &folder->records[i] : NULL;
}

rn_index rn_folder_n_snapshots(const rn_folder *folder)
{
    return folder->n_snapshots;
}

const rn_snapshot *rn_folder_snapshot(const rn_folder *folder, rn_index i)
{
    return i >= 0 && i < folder->n_snapshots ? &folder->snapshots[i] : NULL;
}

static const rn_entry *entry_at(const entry_list *list, rn_index i)
{
    return i >= 0 && i < list->count ? &list->entries[i] : NULL;
}

const rn_entry *rn_folder_setting(const rn_folder *folder, rn_index i)
{
    return entry_at(&folder->config, i);
}

const rn_entry *rn_folder_fact(const rn_folder *folder, rn_index i)
{
    return entry_at(&folder->manifest, i);
}

const char *rn_folder_find_setting(const rn_folder *folder, const char *key)
{
    return key ? find(&folder->config, key) : NULL;
}

const char *rn_folder_find_fact(const rn_folder *folder, const char *key)
{
    return key ? find(&folder->manifest, key) : NULL;
}

const char *rn_folder_note(const rn_folder *folder, rn_index i)
{
    return i >= 0 && i < folder->n_notes ? folder->notes[i] : NULL;
}
