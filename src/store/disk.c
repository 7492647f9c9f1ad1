/*
 * System calls behind a door; see the header.
 */
#include "store/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static rni_disk_watch_fn watching;
static void *watching_user;

void rni_disk_watch(rni_disk_watch_fn watch, void *user)
{
    watching = watch;
    watching_user = user;
}

static int ask(rni_disk_act act, const char *path)
{
    return watching ? watching(watching_user, act, path) : 0;
}

int rni_disk_open(const char *path, int flags, int *fd)
{
    const int error = ask(RNI_DISK_OPEN, path);
    if (error) return error;
    *fd = open(path, flags | O_CLOEXEC, (mode_t)0666);
    return *fd < 0 ? errno : 0;
}

static int write_all(int fd, const void *bytes, rn_index n_bytes)
{
    const unsigned char *next = bytes;
    while (n_bytes > 0) {
        const ssize_t n_written = write(fd, next, (size_t)n_bytes);
        if (n_written < 0 && errno == EINTR) continue;
        if (n_written < 0) return errno;
        next += n_written;
        n_bytes -= n_written;
    }
    return 0;
}

int rni_disk_write(const char *path, int fd, const void *bytes, rn_index n_bytes)
{
    const rn_index n_first = watching ? n_bytes / 2 : n_bytes;
    int error = ask(RNI_DISK_WRITE, path);
    if (!error) error = write_all(fd, bytes, n_first);
    if (error || !watching) return error;
    error = ask(RNI_DISK_WRITE_REST, path);
    return error ? error : write_all(fd, (const unsigned char *)bytes + n_first, n_bytes - n_first);
}

static int sync_fd(int fd)
{
    if (fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP) return 0;
    return errno;
}

int rni_disk_sync(const char *path, int fd)
{
    const int error = ask(RNI_DISK_SYNC, path);
    return error ? error : sync_fd(fd);
}

int rni_disk_rename(const char *from, const char *path)
{
    const int error = ask(RNI_DISK_RENAME, path);
    if (error) return error;
    return rename(from, path) == 0 ? 0 : errno;
}

int rni_disk_sync_folder(const char *folder)
{
    int error = ask(RNI_DISK_SYNC_FOLDER, folder);
    if (error) return error;
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return errno;
    error = sync_fd(fd);
    (void)close(fd);
    return error;
}

int rni_disk_cut(const char *path, int fd, rn_index n_bytes)
{
    const int error = ask(RNI_DISK_CUT, path);
    if (error) return error;
    return ftruncate(fd, (off_t)n_bytes) == 0 ? 0 : errno;
}

int rni_disk_remove(const char *path)
{
    const int error = ask(RNI_DISK_REMOVE, path);
    if (error) return error;
    return unlink(path) == 0 ? 0 : errno;
}
