/*
 * A run's folder: config.yaml, manifest.yaml, tables that grow, and one HDF5 file per
 * measurement. Nothing outside the folder is ever touched.
 */
#ifndef RNI_STORE_FOLDER_H
#define RNI_STORE_FOLDER_H

#include <renorm/status.h>

#include "backends/hdf5.h"
#include "store/file.h"

/** Most bytes of one HDF5 file of a folder. */
#define RNI_STORE_MAX_BYTES ((rn_index)1 << 36)

/** Version of all file formats of a folder; stands in the manifest and in every HDF5 file. */
#define RNI_STORE_FORMAT 1

/** Where a run goes on from. */
#define RNI_CHECKPOINT_NAME "checkpoint.h5"

/** The tables of a folder. */
typedef enum rni_store_table {
    RNI_STORE_METRICS, /**< metrics.csv: one row per recorded step */
    RNI_STORE_SHELLS,  /**< shells.csv: one row per measurement and shell */
    RNI_STORE_BUDGET,  /**< budget.csv: one row per measurement and boundary */
    RNI_STORE_N_TABLES
} rni_store_table;

typedef struct rni_store rni_store;

/** A measurement's file: its step and the checksum in its seal. */
typedef struct rni_store_mark {
    rn_index step;
    uint64_t crc;
} rni_store_mark;

/** What a folder holds for certain: the tables up to here, and these measurements. */
typedef struct rni_store_extent {
    rni_extent tables[RNI_STORE_N_TABLES];
    rn_index n_marks;
    const rni_store_mark *marks; /**< [n_marks] in order of steps, borrowed */
} rni_store_extent;

/**
 * Prepares a folder: creates it (or a free name beside taken ones, when `path` is NULL), locks it
 * until rni_store_destroy, and writes the folder snapshots/, config.yaml and the empty tables.
 *
 * @param path    new or empty folder; NULL: a free name parent/stem
 * @param config  text of config.yaml
 * @return RN_OK; RN_ERR_IO, RN_ERR_ARGUMENT, RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_store_create(const char *path, const char *parent, const char *stem,
                                        const char *config, rni_store **out);

/**
 * Locks a folder that is there and changes nothing in it; only rni_store_continue may follow.
 * @return RN_OK; RN_ERR_IO (no folder, in use, not allowed), RN_ERR_ARGUMENT, RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_store_open(const char *path, rni_store **out);

/** Cuts the tables of an opened folder back to an extent and goes on from there. What `at` says
    of them is not checked here. @return RN_OK; RN_ERR_IO; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_store_continue(rni_store *store, const rni_store_extent *at);

/** How far the folder has come. */
rni_store_extent rni_store_reached(const rni_store *store);

/** Closes all files and unlocks the folder. NULL is allowed. */
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

/** Writes checkpoint.h5 whole, with the attributes format, step and writer before those given.
    @return RN_OK; RN_ERR_IO; as rni_hdf5_build */
RN_NODISCARD rn_status rni_store_checkpoint(rni_store *store, rn_index step, rn_index n_attributes,
                                            const rni_hdf5_attribute *attributes, rn_index n_arrays,
                                            const rni_hdf5_array *arrays);

/** Writes a file of the folder whole, like a snapshot, that is of use for a while only.
    @return RN_OK; RN_ERR_IO; as rni_hdf5_build */
RN_NODISCARD rn_status rni_store_keep(rni_store *store, const char *name, rn_index step,
                                      rn_index n_arrays, const rni_hdf5_array *arrays);

/** Whether there is such a file. */
bool rni_store_has(const rni_store *store, const char *name);

/** Removes it. @return RN_OK; RN_ERR_IO */
RN_NODISCARD rn_status rni_store_drop(rni_store *store, const char *name);

/** Name of a measurement's file, "snapshots/NNNNNN.h5"; name[RNI_STORE_NAME_SIZE]. */
#define RNI_STORE_NAME_SIZE 64
void rni_store_snapshot_name(rn_index step, char *name);

/** Name of a table's file. Constant. */
const char *rni_store_table_name(rni_store_table table);

/**
 * Reads a sealed HDF5 file of the folder: the checksum is verified before HDF5 sees the bytes, and
 * a newer format is refused with the version to install.
 * @param name        such as "checkpoint.h5"
 * @param[out] image  release with rni_hdf5_close
 * @param[out] crc    of the file, or NULL
 * @return RN_OK; RN_ERR_IO; RN_ERR_FORMAT; RN_ERR_UNSUPPORTED (newer); RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_store_read(const rni_store *store, const char *name,
                                      rni_hdf5_image **image, uint64_t *crc);

/** Writes manifest.yaml whole; called at the start and again at the end.
    @return RN_OK; RN_ERR_IO */
RN_NODISCARD rn_status rni_store_manifest(rni_store *store, const char *text, rn_index n_bytes);

/** Name of file i inside the folder, for showing ("snapshots/ (21 files)"); NULL beyond the last.
    Borrowed. */
const char *rni_store_file(const rni_store *store, rn_index i);

#endif
