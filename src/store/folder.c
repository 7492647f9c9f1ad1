/*
 * The run folder.
 */
#include "store/folder.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/memory.h"
#include "core/reader.h"
#include "core/status.h"
#include "core/text.h"
#include "store/disk.h"
#include "store/seal.h"

#define LABEL_SIZE 64

/* Attributes of a checkpoint beside the three that every file has. */
#define MAX_ATTRIBUTES 16

struct rni_store {
    char path[RNI_PATH_SIZE];
    rni_lock *lock;
    rni_appender *tables[RNI_STORE_N_TABLES];
    rni_store_mark *marks; /* owned, [n_marks] of capacity_marks */
    rn_index n_marks;
    rn_index capacity_marks;
    char snapshots_label[LABEL_SIZE];
};

static const char *const table_names[RNI_STORE_N_TABLES] = {
    [RNI_STORE_METRICS] = "metrics.csv",
    [RNI_STORE_SHELLS] = "shells.csv",
    [RNI_STORE_BUDGET] = "budget.csv",
};

static rn_status write_inside(const rni_store *store, const char *name, const void *bytes,
                              rn_index n_bytes)
{
    char path[RNI_PATH_SIZE];
    RNI_TRY(rni_path_join(store->path, name, path));
    return rni_file_write(path, bytes, n_bytes);
}

static rn_status keep_path(rni_store *store, const char *path)
{
    const int length = snprintf(store->path, sizeof store->path, "%s", path);
    if (length < 0 || length >= (int)sizeof store->path)
        return rni_fail(RN_ERR_ARGUMENT, "the path %.60s... is longer than %d bytes", path,
                        RNI_PATH_SIZE - 1);
    return RN_OK;
}

/* The folder, new or empty. */
static rn_status choose_folder(rni_store *store, const char *path, const char *parent,
                               const char *stem)
{
    if (!path) return rni_folder_create_free(parent, stem, store->path);
    RNI_TRY(keep_path(store, path));
    return rni_folder_create(store->path);
}

/* Locked and still empty, now that nobody else may fill it. */
static rn_status lock_folder(rni_store *store)
{
    char above[RNI_PATH_SIZE];
    RNI_TRY(rni_lock_take(store->path, &store->lock));
    RNI_TRY(rni_folder_create(store->path));
    RNI_TRY(rni_path_join(store->path, "..", above));
    (void)rni_disk_sync_folder(above); /* its name, in a folder that may not be ours */
    return RN_OK;
}

static rn_status open_tables(rni_store *store, const rni_extent *extents)
{
    char inner[RNI_PATH_SIZE];
    for (int i = 0; i < RNI_STORE_N_TABLES; i++) {
        RNI_TRY(rni_path_join(store->path, table_names[i], inner));
        if (extents)
            RNI_TRY(rni_appender_open(inner, extents[i], &store->tables[i]));
        else
            RNI_TRY(rni_appender_create(inner, &store->tables[i]));
    }
    return RN_OK;
}

static rn_status make_inner_folder(const rni_store *store)
{
    char inner[RNI_PATH_SIZE];
    struct stat found;
    RNI_TRY(rni_path_join(store->path, "snapshots", inner));
    if (stat(inner, &found) == 0 && S_ISDIR(found.st_mode)) return RN_OK;
    return rni_folder_create(inner);
}

static rn_status prepare(rni_store *store, const char *path, const char *parent, const char *stem,
                         const char *config)
{
    RNI_TRY(choose_folder(store, path, parent, stem));
    RNI_TRY(lock_folder(store));
    RNI_TRY(make_inner_folder(store));
    RNI_TRY(write_inside(store, "config.yaml", config, (rn_index)strlen(config)));
    return open_tables(store, NULL);
}

rn_status rni_store_create(const char *path, const char *parent, const char *stem,
                           const char *config, rni_store **out)
{
    rni_store *store = rni_alloc_zero(1, sizeof *store);
    if (!store) return rni_fail(RN_ERR_MEMORY, "rn_run_execute: no memory for the run's folder");
    const rn_status status = prepare(store, path, parent, stem, config);
    if (status < 0) {
        rni_store_destroy(store);
        return status;
    }
    *out = store;
    return RN_OK;
}

rn_status rni_store_open(const char *path, rni_store **out)
{
    struct stat found;
    if (stat(path, &found) != 0 || !S_ISDIR(found.st_mode))
        return rni_fail(RN_ERR_IO, "%s: found no such folder, expected the folder of a run", path);
    rni_store *store = rni_alloc_zero(1, sizeof *store);
    if (!store) return rni_fail(RN_ERR_MEMORY, "rn_run_resume: no memory for the run's folder");
    rn_status status = keep_path(store, path);
    if (status == RN_OK) status = rni_lock_take(path, &store->lock);
    if (status < 0) {
        rni_store_destroy(store);
        return status;
    }
    *out = store;
    return RN_OK;
}

/* Room for one more mark. */
static rn_status reserve_mark(rni_store *store)
{
    if (store->n_marks < store->capacity_marks) return RN_OK;
    const rn_index wanted = store->capacity_marks ? 2 * store->capacity_marks : 32;
    rni_store_mark *grown =
        rni_resize(store->marks, store->capacity_marks, wanted, sizeof *store->marks);
    if (!grown) return rni_fail(RN_ERR_MEMORY, "rn_run_execute: no memory for a snapshot");
    store->marks = grown;
    store->capacity_marks = wanted;
    return RN_OK;
}

static void add_mark(rni_store *store, rni_store_mark mark)
{
    store->marks[store->n_marks++] = mark;
    (void)snprintf(store->snapshots_label, sizeof store->snapshots_label,
                   "snapshots/ (%" PRId64 " files)", store->n_marks);
}

rn_status rni_store_continue(rni_store *store, const rni_store_extent *at)
{
    RNI_TRY(make_inner_folder(store));
    RNI_TRY(open_tables(store, at->tables));
    for (rn_index i = 0; i < at->n_marks; i++) {
        RNI_TRY(reserve_mark(store));
        add_mark(store, at->marks[i]);
    }
    return RN_OK;
}

rni_store_extent rni_store_reached(const rni_store *store)
{
    rni_store_extent reached = {.n_marks = store->n_marks, .marks = store->marks};
    for (int i = 0; i < RNI_STORE_N_TABLES; i++)
        reached.tables[i] = rni_appender_extent(store->tables[i]);
    return reached;
}

void rni_store_destroy(rni_store *store)
{
    if (!store) return;
    for (int i = 0; i < RNI_STORE_N_TABLES; i++)
        rni_appender_destroy(store->tables[i]);
    rni_lock_release(store->lock);
    rni_free(store->marks);
    rni_free(store);
}

const char *rni_store_path(const rni_store *store)
{
    return store->path;
}

rn_status rni_store_append(rni_store *store, rni_store_table table, const char *lines,
                           rn_index n_bytes)
{
    return rni_appender_add(store->tables[table], lines, n_bytes);
}

rn_status rni_store_sync(rni_store *store)
{
    for (int i = 0; i < RNI_STORE_N_TABLES; i++)
        RNI_TRY(rni_appender_sync(store->tables[i]));
    return RN_OK;
}

/* An HDF5 file with its seal. */
static rn_status write_sealed(const rni_store *store, const char *name, rn_index n_attributes,
                              const rni_hdf5_attribute *attributes, rn_index n_arrays,
                              const rni_hdf5_array *arrays, uint64_t *crc)
{
    unsigned char *bytes = NULL;
    rn_index n_bytes = 0;
    RNI_TRY(rni_hdf5_build(n_attributes, attributes, n_arrays, arrays, &bytes, &n_bytes));
    unsigned char *sealed = rni_resize(bytes, n_bytes, n_bytes + RNI_SEAL_SIZE, 1);
    if (!sealed) {
        rni_free(bytes);
        return rni_fail(RN_ERR_MEMORY, "%s/%s: no memory for %" PRId64 " bytes", store->path, name,
                        n_bytes);
    }
    *crc = rni_crc(0, sealed, n_bytes);
    rni_seal_make(*crc, sealed + n_bytes);
    const rn_status status = write_inside(store, name, sealed, n_bytes + RNI_SEAL_SIZE);
    rni_free(sealed);
    return status;
}

void rni_store_snapshot_name(rn_index step, char *name)
{
    (void)snprintf(name, RNI_STORE_NAME_SIZE, "snapshots/%06" PRId64 ".h5", step);
}

const char *rni_store_table_name(rni_store_table table)
{
    return table_names[table];
}

static rn_status write_at_step(const rni_store *store, const char *name, rn_index step,
                               rn_index n_arrays, const rni_hdf5_array *arrays, uint64_t *crc)
{
    const rni_hdf5_attribute attributes[] = {
        {.name = "format", .integer = RNI_STORE_FORMAT},
        {.name = "step", .integer = step},
        {.name = "writer", .text = "renorm " RENORM_VERSION},
    };
    return write_sealed(store, name, 3, attributes, n_arrays, arrays, crc);
}

rn_status rni_store_keep(rni_store *store, const char *name, rn_index step, rn_index n_arrays,
                         const rni_hdf5_array *arrays)
{
    uint64_t crc = 0;
    return write_at_step(store, name, step, n_arrays, arrays, &crc);
}

bool rni_store_has(const rni_store *store, const char *name)
{
    char path[RNI_PATH_SIZE];
    struct stat found;
    return rni_path_join(store->path, name, path) == RN_OK && stat(path, &found) == 0;
}

rn_status rni_store_drop(rni_store *store, const char *name)
{
    char path[RNI_PATH_SIZE];
    RNI_TRY(rni_path_join(store->path, name, path));
    return rni_file_remove(path);
}

rn_status rni_store_snapshot(rni_store *store, rn_index step, rn_index n_arrays,
                             const rni_hdf5_array *arrays)
{
    char name[RNI_STORE_NAME_SIZE];
    rni_store_mark mark = {.step = step};
    RNI_TRY(reserve_mark(store));
    rni_store_snapshot_name(step, name);
    RNI_TRY(write_at_step(store, name, step, n_arrays, arrays, &mark.crc));
    add_mark(store, mark);
    return RN_OK;
}

rn_status rni_store_checkpoint(rni_store *store, rn_index step, rn_index n_attributes,
                               const rni_hdf5_attribute *attributes, rn_index n_arrays,
                               const rni_hdf5_array *arrays)
{
    rni_hdf5_attribute all[3 + MAX_ATTRIBUTES] = {
        {.name = "format", .integer = RNI_STORE_FORMAT},
        {.name = "step", .integer = step},
        {.name = "writer", .text = "renorm " RENORM_VERSION},
    };
    uint64_t crc = 0;
    RNI_ASSERT(n_attributes <= MAX_ATTRIBUTES);
    memcpy(all + 3, attributes, (size_t)n_attributes * sizeof *attributes);
    return write_sealed(store, RNI_CHECKPOINT_NAME, 3 + n_attributes, all, n_arrays, arrays, &crc);
}

/* ---- reading ------------------------------------------------------------------------------- */

static rn_status check_format(const char *path, rni_hdf5_image *image)
{
    rn_index format = 0;
    char writer[64] = "a newer renorm";
    RNI_TRY(rni_hdf5_read_integer(image, "format", &format));
    if (format == RNI_STORE_FORMAT) return RN_OK;
    if (rni_hdf5_read_text(image, NULL, "writer", sizeof writer, writer) < 0)
        (void)snprintf(writer, sizeof writer, "a newer renorm");
    return rni_fail(RN_ERR_UNSUPPORTED,
                    "%s: found format %" PRId64 ", this is renorm " RENORM_VERSION
                    " and reads format 1 to %d; the file was written by %s: install that version",
                    path, format, RNI_STORE_FORMAT,
                    rni_quote(writer, (rn_index)strlen(writer)).chars);
}

rn_status rni_store_read(const rni_store *store, const char *name, rni_hdf5_image **image,
                         uint64_t *crc)
{
    char path[RNI_PATH_SIZE];
    char *bytes = NULL;
    rn_index n_bytes = 0;
    rni_hdf5_image *opened = NULL;
    RNI_TRY(rni_path_join(store->path, name, path));
    RNI_TRY(rni_file_read(path, RNI_STORE_MAX_BYTES, &bytes, &n_bytes));
    rn_status status = rni_seal_check(path, bytes, n_bytes, &n_bytes, crc);
    if (status == RN_OK) status = rni_hdf5_open((const unsigned char *)bytes, n_bytes, &opened);
    rni_free(bytes);
    if (status == RN_OK) status = check_format(path, opened);
    if (status < 0) {
        rni_hdf5_close(opened);
        return status;
    }
    *image = opened;
    return RN_OK;
}

rn_status rni_store_manifest(rni_store *store, const char *text, rn_index n_bytes)
{
    return write_inside(store, "manifest.yaml", text, n_bytes);
}

const char *rni_store_file(const rni_store *store, rn_index i)
{
    if (i == 0) return "config.yaml";
    if (i == 1) return "manifest.yaml";
    if (i >= 2 && i < 2 + RNI_STORE_N_TABLES) return table_names[i - 2];
    if (i == 2 + RNI_STORE_N_TABLES) return RNI_CHECKPOINT_NAME;
    if (i == 3 + RNI_STORE_N_TABLES && store->n_marks > 0) return store->snapshots_label;
    return NULL;
}
