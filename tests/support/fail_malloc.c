/*
 * A library to preload: the k-th allocation of the process fails, whoever asks for it. Tests of the
 * command use it for allocations that do not come from core/memory.c: those of foreign libraries.
 *
 *     RN_FAIL_AT=k     fails allocation number k, counted from 1 as the program starts; 0: none
 *     RN_FAIL_LOG=path writes how many allocations there were, when the program ends
 */
#define _GNU_SOURCE /* NOLINT: dlsym's RTLD_NEXT is not enough: see below */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* glibc's own allocators by the names it keeps for this purpose: dlsym would allocate itself. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_long n_asked;
static long fail_at;

__attribute__((constructor)) static void start(void)
{
    const char *text = getenv("RN_FAIL_AT");
    fail_at = text ? strtol(text, NULL, 10) : 0;
    atomic_store(&n_asked, 0);
}

__attribute__((destructor)) static void end(void)
{
    char line[32];
    const char *path = getenv("RN_FAIL_LOG");
    const int file = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
    if (file < 0) return;
    const int length = snprintf(line, sizeof line, "%ld\n", atomic_load(&n_asked));
    if (write(file, line, (size_t)length) != length) _exit(99);
    (void)close(file);
}

static int fails(void)
{
    if (atomic_fetch_add(&n_asked, 1) + 1 != fail_at) return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    return fails() ? NULL : __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    void *found = memalign(alignment, size);
    if (!found) return ENOMEM;
    *block = found;
    return 0;
}
