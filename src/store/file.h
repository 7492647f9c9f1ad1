/*
 * The one door to disk. A file is written whole or not at all: temporary name in the same
 * folder, fsync, rename, fsync of the folder; a table that grows is only ever appended to, whole
 * lines at a time. Whatever happens in between, what was recorded before stays readable.
 */
#ifndef RNI_STORE_FILE_H
#define RNI_STORE_FILE_H

#include <renorm/status.h>
#include <renorm/types.h>

/** Longest path handled, terminator included. */
#define RNI_PATH_SIZE 4096

/**
 * Replaces or creates a file with n_bytes bytes. The temporary name is ".NAME.part".
 * @return RN_OK; RN_ERR_IO, message with the path, the system's reason and what to do; the old
 *         file, if any, is then untouched
 */
RN_NODISCARD rn_status rni_file_write(const char *path, const void *bytes, rn_index n_bytes);

/** Removes a file, on the disk when this returns; one that is not there is fine.
    @return RN_OK; RN_ERR_IO */
RN_NODISCARD rn_status rni_file_remove(const char *path);

/** A file that only grows. */
typedef struct rni_appender rni_appender;

/** How far a growing file has come. */
typedef struct rni_extent {
    rn_index n_bytes;
    uint64_t crc; /**< rni_crc of those bytes */
} rni_extent;

/** Creates an empty file; one of that name must not exist. @return RN_OK; RN_ERR_IO; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_appender_create(const char *path, rni_appender **out);

/**
 * Opens a file that was appended to before and cuts it back to `at`, on the disk when this
 * returns; creates it where it is missing and `at` is empty. That the first bytes have the CRC
 * of `at` is the caller's business.
 * @return RN_OK; RN_ERR_IO; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_appender_open(const char *path, rni_extent at, rni_appender **out);

/** How far it has come, appends that failed not counted. */
rni_extent rni_appender_extent(const rni_appender *appender);

/** Appends bytes (whole lines). A write that fails half-way is cut off again, so that no torn
    line stays. @return RN_OK; RN_ERR_IO */
RN_NODISCARD rn_status rni_appender_add(rni_appender *appender, const void *bytes,
                                        rn_index n_bytes);

/** Waits until everything appended is on the disk. @return RN_OK; RN_ERR_IO */
RN_NODISCARD rn_status rni_appender_sync(rni_appender *appender);

/** Closes the file. NULL is allowed. */
void rni_appender_destroy(rni_appender *appender);

/** A folder in use by this process. */
typedef struct rni_lock rni_lock;

/** Name of the file that is locked; it stays behind, which means nothing. */
#define RNI_LOCK_NAME ".lock"

/**
 * Locks a folder until rni_lock_release or the end of the process, however it ends: no lock is
 * ever stale. The lock is the system's (flock) on FOLDER/.lock, which also holds the process id for
 * the message.
 * @return RN_OK; RN_ERR_IO: in use by another process, whose id the message gives, or the file
 *         cannot be written; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_lock_take(const char *folder, rni_lock **out);

/** Gives the folder free. NULL is allowed. */
void rni_lock_release(rni_lock *lock);

/**
 * Creates a folder, and the folders above it where they are missing. An existing folder is fine
 * as long as it is empty (a lock file apart); files are never overwritten.
 * @return RN_OK; RN_ERR_IO (not empty, not a folder, not allowed, ...)
 */
RN_NODISCARD rn_status rni_folder_create(const char *path);

/**
 * Creates parent/stem, or parent/stem-2, parent/stem-3, ... whichever is the first that does not
 * exist (two programs never get the same one).
 * @param path  [RNI_PATH_SIZE] out
 */
RN_NODISCARD rn_status rni_folder_create_free(const char *parent, const char *stem, char *path);

/** path[RNI_PATH_SIZE] := folder/name. @return RN_OK; RN_ERR_ARGUMENT (too long) */
RN_NODISCARD rn_status rni_path_join(const char *folder, const char *name, char *path);

#endif
