/*
 * A library to preload, under which memory runs out for everybody, foreign libraries included.
 *
 *     RN_FAIL_AT=k         allocation number k of the process fails, counted from 1
 *     RN_FAIL_BYTES=n      allocations fail that would take what is held beyond n bytes
 *     RN_FAIL_LOG=path     writes, when the program ends, how many allocations there were and the
 *                          most bytes held
 */
/* NOLINTBEGIN: names and parameters are those of the C library */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
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
extern void __libc_free(void *block);

static atomic_long n_asked;
static atomic_long n_held; /* bytes */
static atomic_long n_most;
static long fail_at;
static long most_bytes;

__attribute__((constructor)) static void start(void)
{
    const char *text = getenv("RN_FAIL_AT");
    fail_at = text ? strtol(text, NULL, 10) : 0;
    text = getenv("RN_FAIL_BYTES");
    most_bytes = text ? strtol(text, NULL, 10) : 0;
    atomic_store(&n_asked, 0);
}

__attribute__((destructor)) static void end(void)
{
    char line[64];
    const char *path = getenv("RN_FAIL_LOG");
    const int file = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
    if (file < 0) return;
    const int length =
        snprintf(line, sizeof line, "%ld %ld\n", atomic_load(&n_asked), atomic_load(&n_most));
    if (write(file, line, (size_t)length) != length) _exit(99);
    (void)close(file);
}

static int fails(size_t size)
{
    const int is_chosen = atomic_fetch_add(&n_asked, 1) + 1 == fail_at;
    const int is_full = most_bytes > 0 && atomic_load(&n_held) + (long)size > most_bytes;
    if (is_chosen || is_full) errno = ENOMEM;
    return is_chosen || is_full;
}

static void *count(void *block)
{
    if (!block) return NULL;
    const long held = atomic_fetch_add(&n_held, (long)malloc_usable_size(block))
                      + (long)malloc_usable_size(block);
    long most = atomic_load(&n_most);
    while (held > most && !atomic_compare_exchange_weak(&n_most, &most, held)) {
    }
    return block;
}

static void forget(void *block)
{
    if (block) atomic_fetch_sub(&n_held, (long)malloc_usable_size(block));
}

void *malloc(size_t size)
{
    return fails(size) ? NULL : count(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
    return fails(n * size) ? NULL : count(__libc_calloc(n, size));
}

void *realloc(void *block, size_t size)
{
    if (fails(size)) return NULL;
    forget(block);
    return count(__libc_realloc(block, size));
}

void *memalign(size_t alignment, size_t size)
{
    return fails(size) ? NULL : count(__libc_memalign(alignment, size));
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

void free(void *block)
{
    forget(block);
    __libc_free(block);
}
/* NOLINTEND */
