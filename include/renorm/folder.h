/**
 * The folder of a finished, stopped or still running run, read back: the same records and
 * snapshots that rn_run_execute made, its configuration and its manifest.
 *
 *     rn_folder *folder = NULL;
 *     rn_status status = rn_folder_open("runs/demo", &folder);
 *     if (status == RN_OK) {
 *         const rn_snapshot *last = rn_folder_snapshot(folder, rn_folder_n_snapshots(folder) - 1);
 *         ...
 *     }
 *     rn_folder_close(folder);
 *
 * Nothing in the folder is trusted or changed. Snapshots are HDF5 files; they are looked at in a
 * child process (fork) that can open no file and write nothing.
 */
#ifndef RENORM_FOLDER_H
#define RENORM_FOLDER_H

#include <renorm/run.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rn_folder rn_folder;

/** One line of config.yaml or manifest.yaml. Texts are UTF-8, borrowed from the folder. */
typedef struct rn_entry {
    const char *key;   /**< such as "model.depth"; elements of lists are "key.0", "key.1", ... */
    const char *value; /**< as written, without quotes */
} rn_entry;

/**
 * Reads a folder whole: config.yaml, manifest.yaml, metrics.csv and snapshots/NNNNNN.h5. Memory:
 * about what the files hold.
 *
 * @param[out] out  release with rn_folder_close
 * @return RN_OK
 *         RN_ERR_IO      a file is missing or cannot be read
 *         RN_ERR_FORMAT  no folder of a run, a damaged file, or one of a newer version; the message
 *                        names file, place, found, expected and what to do
 *         RN_ERR_MEMORY, RN_ERR_ARGUMENT
 */
RN_API RN_NODISCARD rn_status rn_folder_open(const char *path, rn_folder **out);

/** Releases a folder and everything borrowed from it. NULL is allowed. */
RN_API void rn_folder_close(rn_folder *folder);

/** The path it was opened with, and its last part ("demo" for "runs/demo/"). Borrowed. */
RN_API const char *rn_folder_path(const rn_folder *folder);
RN_API const char *rn_folder_name(const rn_folder *folder);

/** Recorded steps, in order; record i, NULL beyond the last. */
RN_API rn_index rn_folder_n_records(const rn_folder *folder);
RN_API const rn_record *rn_folder_record(const rn_folder *folder, rn_index i);

/** Measurements by ascending step; measurement i, NULL beyond the last. */
RN_API rn_index rn_folder_n_snapshots(const rn_folder *folder);
RN_API const rn_snapshot *rn_folder_snapshot(const rn_folder *folder, rn_index i);

/** Line i of the configuration and of the manifest, NULL beyond the last. */
RN_API const rn_entry *rn_folder_setting(const rn_folder *folder, rn_index i);
RN_API const rn_entry *rn_folder_fact(const rn_folder *folder, rn_index i);

/** The value of a line by its key; NULL: none. Borrowed. */
RN_API const char *rn_folder_find_setting(const rn_folder *folder, const char *key);
RN_API const char *rn_folder_find_fact(const rn_folder *folder, const char *key);

/** What a reader of the numbers should know ("the last line of metrics.csv is incomplete"); NULL
    beyond the last. Borrowed. */
RN_API const char *rn_folder_note(const rn_folder *folder, rn_index i);

#ifdef __cplusplus
}
#endif

#endif
