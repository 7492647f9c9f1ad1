/*
 * The system calls that change a disk, each behind a door where a test can look on: it can make
 * any of them fail (a full disk at the nth write) or end the process just before it.
 *
 * All functions return 0 or errno.
 */
#ifndef RNI_STORE_DISK_H
#define RNI_STORE_DISK_H

#include <renorm/types.h>

/** What is about to be done to a file. */
typedef enum rni_disk_act {
    RNI_DISK_OPEN,        /**< create or open for writing */
    RNI_DISK_WRITE,       /**< the first half of the bytes */
    RNI_DISK_WRITE_REST,  /**< the second half; asked only while a watch is set */
    RNI_DISK_SYNC,        /**< fsync */
    RNI_DISK_RENAME,      /**< onto the path given */
    RNI_DISK_SYNC_FOLDER, /**< fsync of the folder given */
    RNI_DISK_CUT,         /**< truncate */
    RNI_DISK_REMOVE,      /**< unlink */
    RNI_DISK_N_ACTS
} rni_disk_act;

/** Called before every act. @return 0 to go on, or the errno the act shall fail with */
typedef int (*rni_disk_watch_fn)(void *user, rni_disk_act act, const char *path);

/** Sets the watch of the process; NULL: none. Test use only, while nothing is written. */
void rni_disk_watch(rni_disk_watch_fn watch, void *user);

/** open(2) with mode 0666 and O_CLOEXEC. */
int rni_disk_open(const char *path, int flags, int *fd);

/** Writes all bytes. After a failure some of them may have been written. */
int rni_disk_write(const char *path, int fd, const void *bytes, rn_index n_bytes);

/** fsync; that this kind of file cannot be synchronised is no failure. */
int rni_disk_sync(const char *path, int fd);

/** rename(2). */
int rni_disk_rename(const char *from, const char *path);

/** fsync of a folder, after which new names in it stay. */
int rni_disk_sync_folder(const char *folder);

/** ftruncate(2). */
int rni_disk_cut(const char *path, int fd, rn_index n_bytes);

/** unlink(2). */
int rni_disk_remove(const char *path);

#endif
