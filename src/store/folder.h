/*
 * A run's folder: config.yaml, manifest.yaml, tables that grow, and one HDF5 file per
 * measurement. Nothing outside the folder is ever touched.
 */
#ifndef RNI_STORE_FOLDER_H
#define RNI_STORE_FOLDER_H

#include <renorm/status.h>

#include "backends/hdf5.h"
#include "store/file.h"

/** Version of all file formats of a folder; stands in the manifest and in every HDF5 file. */
#define RNI_STORE_FORMAT 1

/** The tables of a folder. */
typedef enum rni_store_table {
    RNI_STORE_METRICS, /**< metrics.csv: one row per recorded step */
    RNI_STORE_SHELLS,  /**< shells.csv: one row per measurement and shell */
    RNI_STORE_BUDGET,  /**< budget.csv: one row per measurement and boundary */
    RNI_STORE_N_TABLES
} rni_store_table;

typedef struct rni_store rni_store;

/**
 * Prepares a folder: creates it (or a free name beside taken ones, when `path` is NULL), the
 * folder snapshots/, config.yaml and the empty tables.
 *
 * @param path    new or empty folder; NULL: a free name parent/stem
 * @param config  text of config.yaml
 * @return RN_OK; RN_ERR_IO, RN_ERR_ARGUMENT, RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_store_create(const char *path, const char *parent, const char *stem,
                                        const char *config, rni_store **out);

/** Closes all files. NULL is allowed. */
void rni_store_destroy(rni_store *store);

/** The folder's path, borrowed. */
const char *rni_store_path(const rni_store *store);

/** Appends whole lines to a table. @return RN_OK; RN_ERR_IO */
RN_NODISCARD rn_status rni_store_append(rni_store *store, rni_store_table table, const char *lines,
                                        rn_index n_bytes);

/** Waits until the tables are on the disk. @return RN_OK; RN_ERR_IO */
RN_NODISCARD rn_status rni_store_sync(rni_store *store);

/** Writes snapshots/NNNNNN.h5 whole, with the attributes format, step and writer.
    @return RN_OK; RN_ERR_IO; as rni_hdf5_build */
RN_NODISCARD rn_status rni_store_snapshot(rni_store *store, rn_index step, rn_index n_arrays,
                                          const rni_hdf5_array *arrays);

/** Writes manifest.yaml whole; called at the start and again at the end. @return RN_OK; RN_ERR_IO
 */
RN_NODISCARD rn_status rni_store_manifest(rni_store *store, const char *text, rn_index n_bytes);

/** Name of file i inside the folder, for showing ("snapshots/ (21 files)"); NULL beyond the last.
    Borrowed. */
const char *rni_store_file(const rni_store *store, rn_index i);

#endif
