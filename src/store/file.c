/*
 * Whole-file writes, appends and folders, on POSIX calls.
 *
 * Order of a whole write: open ".NAME.part", write, fsync, close, rename, fsync of the folder. A
 * crash leaves the old file or the new one, and at most a ".part" that the next write reuses.
 */
#include "store/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/status.h"
#include "store/disk.h"
#include "store/seal.h"

#define REASON_SIZE 256

/* Names tried by rni_folder_create_free before giving up. */
#define MAX_NAMES 100000

/* What a person can do about an error of the system; "" where there is nothing to add. */
static const char *advice(int error)
{
    switch (error) {
    case ENOSPC: return "; free some space or choose a folder on another disk";
    case EDQUOT: return "; your quota is used up: free some space or choose another disk";
    case EACCES:
    case EPERM: return "; choose a folder you may write to";
    case EROFS: return "; this disk is read-only: choose another folder";
    case ENOENT: return "; check the name";
    case ENOTDIR: return "; a part of this name is a file, not a folder";
    case EIO: return "; the disk reports a fault";
    default: return "";
    }
}

static rn_status fail_io(const char *what, const char *path, int error)
{
    char reason[REASON_SIZE] = "unknown reason";
    (void)strerror_r(error, reason, sizeof reason);
    return rni_fail(RN_ERR_IO, "cannot %s %s: %s%s", what, path, reason, advice(error));
}

rn_status rni_path_join(const char *folder, const char *name, char *path)
{
    const int length = snprintf(path, RNI_PATH_SIZE, "%s/%s", folder, name);
    if (length < 0 || length >= RNI_PATH_SIZE)
        return rni_fail(RN_ERR_ARGUMENT, "the path %.60s.../%.60s is longer than %d bytes", folder,
                        name, RNI_PATH_SIZE - 1);
    return RN_OK;
}

/* Splits at the last '/': folder "." when there is none. */
static rn_status split_path(const char *path, char *folder, const char **name)
{
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    const int n_folder = slash ? (int)(slash - path) : 0;
    if (n_folder >= RNI_PATH_SIZE || !**name)
        return rni_fail(RN_ERR_ARGUMENT, "'%.60s' is not the name of a file", path);
    if (!slash)
        (void)snprintf(folder, RNI_PATH_SIZE, ".");
    else if (n_folder == 0)
        (void)snprintf(folder, RNI_PATH_SIZE, "/");
    else
        (void)snprintf(folder, RNI_PATH_SIZE, "%.*s", n_folder, path);
    return RN_OK;
}

/* Creates `part` with the bytes, on the disk when this returns 0; otherwise errno. */
static int write_part(const char *part, const void *bytes, rn_index n_bytes)
{
    int fd = -1;
    int error = rni_disk_open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, &fd);
    if (error) return error;
    error = rni_disk_write(part, fd, bytes, n_bytes);
    if (!error) error = rni_disk_sync(part, fd);
    if (close(fd) != 0 && !error) error = errno;
    return error;
}

rn_status rni_file_write(const char *path, const void *bytes, rn_index n_bytes)
{
    char folder[RNI_PATH_SIZE];
    char part[RNI_PATH_SIZE];
    const char *name = NULL;
    RNI_TRY(split_path(path, folder, &name));
    const int length = snprintf(part, sizeof part, "%s/.%s.part", folder, name);
    if (length < 0 || length >= (int)sizeof part)
        return rni_fail(RN_ERR_ARGUMENT, "the path %.60s... is longer than %d bytes", path,
                        RNI_PATH_SIZE - 1);

    int error = write_part(part, bytes, n_bytes);
    if (!error) error = rni_disk_rename(part, path);
    if (error) {
        (void)unlink(part);
        return fail_io("write", path, error);
    }
    error = rni_disk_sync_folder(folder);
    return error ? fail_io("write", path, error) : RN_OK;
}

rn_status rni_file_remove(const char *path)
{
    char folder[RNI_PATH_SIZE];
    const char *name = NULL;
    RNI_TRY(split_path(path, folder, &name));
    int error = rni_disk_remove(path);
    if (error == ENOENT) return RN_OK;
    if (!error) error = rni_disk_sync_folder(folder);
    return error ? fail_io("remove", path, error) : RN_OK;
}

/* ---- appending ----------------------------------------------------------------------------- */

struct rni_appender {
    int fd;
    rni_extent extent; /* after the last whole append */
    char *path;        /* owned */
};

/* Opens with the flags; *out on success. */
static rn_status open_appender(const char *path, int flags, rni_extent at, rni_appender **out)
{
    rni_appender *appender = rni_alloc_zero(1, sizeof *appender);
    char *copy = rni_copy_text(path);
    int fd = -1;
    if (!appender || !copy) {
        rni_free(copy);
        rni_free(appender);
        return rni_fail(RN_ERR_MEMORY, "%s: no memory", path);
    }
    const int error = rni_disk_open(path, flags | O_WRONLY | O_APPEND | O_NOFOLLOW, &fd);
    if (error) {
        rni_free(copy);
        rni_free(appender);
        return fail_io(flags & O_EXCL ? "create" : "open", path, error);
    }
    *appender = (rni_appender){.fd = fd, .extent = at, .path = copy};
    *out = appender;
    return RN_OK;
}

rn_status rni_appender_create(const char *path, rni_appender **out)
{
    return open_appender(path, O_CREAT | O_EXCL, (rni_extent){0}, out);
}

/* Cuts the file to its extent; 0 or errno. */
static int cut(const rni_appender *appender)
{
    struct stat now;
    if (fstat(appender->fd, &now) != 0) return errno;
    if ((rn_index)now.st_size == appender->extent.n_bytes) return 0;
    if ((rn_index)now.st_size < appender->extent.n_bytes) return EIO;
    const int error = rni_disk_cut(appender->path, appender->fd, appender->extent.n_bytes);
    return error ? error : rni_disk_sync(appender->path, appender->fd);
}

rn_status rni_appender_open(const char *path, rni_extent at, rni_appender **out)
{
    rni_appender *appender = NULL;
    RNI_TRY(open_appender(path, at.n_bytes == 0 ? O_CREAT : 0, at, &appender));
    const int error = appender ? cut(appender) : EIO; /* never NULL here */
    if (error) {
        rni_appender_destroy(appender);
        return fail_io("cut back", path, error);
    }
    *out = appender;
    return RN_OK;
}

rni_extent rni_appender_extent(const rni_appender *appender)
{
    return appender->extent;
}

rn_status rni_appender_add(rni_appender *appender, const void *bytes, rn_index n_bytes)
{
    const int error = rni_disk_write(appender->path, appender->fd, bytes, n_bytes);
    if (error) {
        /* if even this fails, the last line is torn: a resumed run cuts it off */
        if (ftruncate(appender->fd, (off_t)appender->extent.n_bytes) != 0)
            return fail_io("write or repair", appender->path, error);
        return fail_io("write", appender->path, error);
    }
    appender->extent.n_bytes += n_bytes;
    appender->extent.crc = rni_crc(appender->extent.crc, bytes, n_bytes);
    return RN_OK;
}

rn_status rni_appender_sync(rni_appender *appender)
{
    const int error = rni_disk_sync(appender->path, appender->fd);
    return error ? fail_io("write", appender->path, error) : RN_OK;
}

void rni_appender_destroy(rni_appender *appender)
{
    if (!appender) return;
    (void)close(appender->fd);
    rni_free(appender->path);
    rni_free(appender);
}

/* ---- locks --------------------------------------------------------------------------------- */

struct rni_lock {
    int fd;
};

/* The refusal, with the process named in the lock file if it can be read. */
static rn_status fail_locked(const char *folder, int fd)
{
    char text[32] = "";
    const ssize_t n_read = pread(fd, text, sizeof text - 1, 0);
    const size_t n_digits = n_read > 0 ? strspn(text, "0123456789") : 0;
    text[n_digits] = 0;
    return rni_fail(RN_ERR_IO,
                    "the folder %s is in use by another renorm (process %s); wait until it ends or "
                    "stop it with Ctrl-C",
                    folder, n_digits ? text : "unknown");
}

/* Writes the process id; a number that cannot be written is only missing from a message. */
static void sign(int fd)
{
    char text[32];
    const int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)length, 0) != length) return;
}

rn_status rni_lock_take(const char *folder, rni_lock **out)
{
    char path[RNI_PATH_SIZE];
    int fd = -1;
    RNI_TRY(rni_path_join(folder, RNI_LOCK_NAME, path));
    rni_lock *lock = rni_alloc_zero(1, sizeof *lock);
    if (!lock) return rni_fail(RN_ERR_MEMORY, "%s: no memory", path);
    int error = rni_disk_open(path, O_RDWR | O_CREAT | O_NOFOLLOW, &fd);
    if (!error && flock(fd, LOCK_EX | LOCK_NB) != 0) error = errno;
    if (error) {
        const rn_status status =
            error == EWOULDBLOCK ? fail_locked(folder, fd) : fail_io("lock", path, error);
        if (fd >= 0) (void)close(fd);
        rni_free(lock);
        return status;
    }
    sign(fd);
    lock->fd = fd;
    *out = lock;
    return RN_OK;
}

void rni_lock_release(rni_lock *lock)
{
    if (!lock) return;
    (void)close(lock->fd);
    rni_free(lock);
}

/* ---- folders ------------------------------------------------------------------------------- */

/* Makes every missing folder above the last part of the path. */
static rn_status make_parents(const char *path)
{
    char parent[RNI_PATH_SIZE];
    if (strlen(path) >= sizeof parent)
        return rni_fail(RN_ERR_ARGUMENT, "the path %.60s... is longer than %d bytes", path,
                        RNI_PATH_SIZE - 1);
    for (size_t i = 1; path[i]; i++) {
        if (path[i] != '/') continue;
        (void)snprintf(parent, sizeof parent, "%.*s", (int)i, path);
        if (mkdir(parent, (mode_t)0777) != 0 && errno != EEXIST)
            return fail_io("create the folder", parent, errno);
    }
    return RN_OK;
}

/* Whether an existing folder holds anything. */
static rn_status check_empty(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder) {
        if (errno == ENOTDIR)
            return rni_fail(RN_ERR_IO, "%s is a file, expected a folder or a new name", path);
        return fail_io("open the folder", path, errno);
    }
    bool is_empty = true;
    const struct dirent *entry = NULL;
    /* one folder handle, used by this thread alone */
    while (is_empty && (entry = readdir(folder))) /* NOLINT(concurrency-mt-unsafe) */
        is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0
                   || strcmp(entry->d_name, RNI_LOCK_NAME) == 0;
    (void)closedir(folder);
    if (!is_empty)
        return rni_fail(RN_ERR_IO,
                        "the folder %s is not empty, and a run never overwrites anything; choose "
                        "another name or remove the folder (to go on with a run that is in it: "
                        "renorm resume %s)",
                        path, path);
    return RN_OK;
}

rn_status rni_folder_create(const char *path)
{
    RNI_TRY(make_parents(path));
    if (mkdir(path, (mode_t)0777) == 0) return RN_OK;
    if (errno != EEXIST) return fail_io("create the folder", path, errno);
    return check_empty(path);
}

/* path := parent/stem for number 1, parent/stem-number above. */
static rn_status number_path(const char *parent, const char *stem, int number, char *path)
{
    char name[RNI_PATH_SIZE];
    if (number == 1) return rni_path_join(parent, stem, path);
    const int length = snprintf(name, sizeof name, "%s-%d", stem, number);
    if (length < 0 || length >= (int)sizeof name)
        return rni_fail(RN_ERR_ARGUMENT, "the name %.60s... is longer than %d bytes", stem,
                        RNI_PATH_SIZE - 1);
    return rni_path_join(parent, name, path);
}

rn_status rni_folder_create_free(const char *parent, const char *stem, char *path)
{
    char tried[RNI_PATH_SIZE];
    for (int number = 1; number <= MAX_NAMES; number++) {
        RNI_TRY(number_path(parent, stem, number, tried));
        if (number == 1) RNI_TRY(make_parents(tried));
        if (mkdir(tried, (mode_t)0777) == 0) {
            (void)snprintf(path, RNI_PATH_SIZE, "%s", tried);
            return RN_OK;
        }
        if (errno != EEXIST) return fail_io("create the folder", tried, errno);
    }
    return rni_fail(RN_ERR_IO, "no free name %s/%s-N up to %d; remove old runs", parent, stem,
                    MAX_NAMES);
}
