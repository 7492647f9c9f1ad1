/*
 * Memory of this process, read from /proc/self/status, and the monotonic clock.
 */
/* O_TMPFILE is of Linux, not of POSIX. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl*,readability-identifier-naming) */
#define _GNU_SOURCE

#include "run/process.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STATUS_SIZE 8192

/* The number of kB behind a name, in bytes; 0 where the system does not say. */
static rn_index read_entry(const char *name)
{
    char text[STATUS_SIZE];
    size_t used = 0;
    const int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    while (used < sizeof text - 1) {
        const ssize_t n_read = read(fd, text + used, sizeof text - 1 - used);
        if (n_read <= 0) break;
        used += (size_t)n_read;
    }
    (void)close(fd);
    text[used] = 0;
    const char *line = strstr(text, name);
    return line ? 1024 * (rn_index)strtoll(line + strlen(name), NULL, 10) : 0;
}

rn_index rni_process_bytes(void)
{
    return read_entry("\nVmRSS:");
}

rn_index rni_process_peak_bytes(void)
{
    return read_entry("\nVmHWM:");
}

double rni_process_seconds(void)
{
    struct timespec time = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

double rni_process_disk_seconds(void)
{
#ifdef O_TMPFILE
    static const char bytes[16384];
    const double start = rni_process_seconds();
    const int fd = open(".", O_TMPFILE | O_WRONLY | O_CLOEXEC, (mode_t)0600);
    if (fd < 0) return 0.0;
    const bool is_done = write(fd, bytes, sizeof bytes) == (ssize_t)sizeof bytes && fsync(fd) == 0;
    (void)close(fd);
    return is_done ? rni_process_seconds() - start : 0.0;
#else
    return 0.0;
#endif
}
