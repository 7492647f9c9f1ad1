/*
 * The run folder.
 */
#include "store/folder.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"

#define LABEL_SIZE 64

struct rni_store {
    char path[RNI_PATH_SIZE];
    rni_appender *tables[RNI_STORE_N_TABLES];
    rn_index n_snapshots;
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

static rn_status make_folder(rni_store *store, const char *path, const char *parent,
                             const char *stem)
{
    if (!path) return rni_folder_create_free(parent, stem, store->path);
    const int length = snprintf(store->path, sizeof store->path, "%s", path);
    if (length < 0 || length >= (int)sizeof store->path)
        return rni_fail(RN_ERR_ARGUMENT, "the path %.60s... is longer than %d bytes", path,
                        RNI_PATH_SIZE - 1);
    return rni_folder_create(store->path);
}

static rn_status make_tables(rni_store *store)
{
    char inner[RNI_PATH_SIZE];
    for (int i = 0; i < RNI_STORE_N_TABLES; i++) {
        RNI_TRY(rni_path_join(store->path, table_names[i], inner));
        RNI_TRY(rni_appender_create(inner, &store->tables[i]));
    }
    return RN_OK;
}

static rn_status prepare(rni_store *store, const char *path, const char *parent, const char *stem,
                         const char *config)
{
    char inner[RNI_PATH_SIZE];
    RNI_TRY(make_folder(store, path, parent, stem));
    RNI_TRY(rni_path_join(store->path, "snapshots", inner));
    RNI_TRY(rni_folder_create(inner));
    RNI_TRY(write_inside(store, "config.yaml", config, (rn_index)strlen(config)));
    return make_tables(store);
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

void rni_store_destroy(rni_store *store)
{
    if (!store) return;
    for (int i = 0; i < RNI_STORE_N_TABLES; i++)
        rni_appender_destroy(store->tables[i]);
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

rn_status rni_store_snapshot(rni_store *store, rn_index step, rn_index n_arrays,
                             const rni_hdf5_array *arrays)
{
    const rni_hdf5_attribute attributes[] = {
        {.name = "format", .integer = RNI_STORE_FORMAT},
        {.name = "step", .integer = step},
        {.name = "writer", .text = "renorm " RENORM_VERSION},
    };
    char name[LABEL_SIZE];
    unsigned char *bytes = NULL;
    rn_index n_bytes = 0;
    RNI_TRY(rni_hdf5_build(3, attributes, n_arrays, arrays, &bytes, &n_bytes));
    (void)snprintf(name, sizeof name, "snapshots/%06" PRId64 ".h5", step);
    const rn_status status = write_inside(store, name, bytes, n_bytes);
    rni_free(bytes);
    if (status == RN_OK) store->n_snapshots++;
    (void)snprintf(store->snapshots_label, sizeof store->snapshots_label,
                   "snapshots/ (%" PRId64 " files)", store->n_snapshots);
    return status;
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
    if (i == 2 + RNI_STORE_N_TABLES && store->n_snapshots > 0) return store->snapshots_label;
    return NULL;
}
