/*
 * Streams of foreign bytes from files and memory.
 */
#include "core/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"

/* --- common ---------------------------------------------------------------------------------- */

void *rni_reader_alloc(const rni_reader_kind *kind, const char *name, size_t size)
{
    rni_reader *reader = rni_alloc_zero(1, size);
    char *copy = rni_copy_text(name);
    if (!reader || !copy) {
        rni_free(reader);
        rni_free(copy);
        return NULL;
    }
    reader->kind = kind;
    reader->name = copy;
    return reader;
}

void rni_reader_close(rni_reader *reader)
{
    if (!reader) return;
    reader->kind->close(reader);
    rni_free(reader->name);
    rni_free(reader);
}

rn_status rni_read(rni_reader *reader, void *bytes, rn_index n_wanted, rn_index *n_got)
{
    rn_index n_read = 0;
    while (n_read < n_wanted) {
        rn_index n_more = 0;
        RNI_TRY(reader->kind->read(reader, (char *)bytes + n_read, n_wanted - n_read, &n_more));
        if (n_more == 0) break;
        n_read += n_more;
        reader->offset += n_more;
    }
    *n_got = n_read;
    return RN_OK;
}

rn_status rni_read_exactly(rni_reader *reader, void *bytes, rn_index n_wanted, const char *what)
{
    rn_index n_got = 0;
    RNI_TRY(rni_read(reader, bytes, n_wanted, &n_got));
    if (n_got == n_wanted) return RN_OK;
    return rni_fail(RN_ERR_FORMAT,
                    "%s: byte %" PRId64 ": found the end of the file, expected %" PRId64
                    " more bytes of %s; the file is truncated, fetch or write it again",
                    reader->name, reader->offset, n_wanted - n_got, what);
}

rn_status rni_read_end(rni_reader *reader)
{
    const rn_index end = reader->offset;
    char byte = 0;
    rn_index n_got = 0;
    RNI_TRY(rni_read(reader, &byte, 1, &n_got));
    if (n_got == 0) return RN_OK;
    return rni_fail(RN_ERR_FORMAT,
                    "%s: byte %" PRId64 ": found more bytes, expected the end of the file; the "
                    "header and the length disagree, fetch or write it again",
                    reader->name, end);
}

rn_status rni_reader_check_room(const rni_reader *reader, rn_index n_wanted, const char *what)
{
    const rn_index n_left = rni_max(0, reader->n_possible - reader->offset);
    if (n_wanted <= n_left) return RN_OK;
    return rni_fail(RN_ERR_FORMAT,
                    "%s: byte %" PRId64 ": found room for %" PRId64 " more bytes, expected %" PRId64
                    " bytes of %s; the header is wrong or the file is truncated",
                    reader->name, reader->offset, n_left, n_wanted, what);
}

/* --- memory ---------------------------------------------------------------------------------- */

typedef struct memory_reader {
    rni_reader head;
    const char *bytes; /* borrowed */
} memory_reader;

static rn_status memory_read(rni_reader *self, void *bytes, rn_index n_wanted, rn_index *n_got)
{
    const memory_reader *reader = (const memory_reader *)self;
    const rn_index n_copied = rni_min(n_wanted, self->n_possible - self->offset);
    if (n_copied > 0) memcpy(bytes, reader->bytes + self->offset, (size_t)n_copied);
    *n_got = n_copied;
    return RN_OK;
}

static void memory_close(rni_reader *self)
{
    (void)self;
}

static const rni_reader_kind memory_kind = {memory_read, memory_close};

rn_status rni_memory_open(const char *name, const void *bytes, rn_index n_bytes, rni_reader **out)
{
    memory_reader *reader = rni_reader_alloc(&memory_kind, name, sizeof *reader);
    if (!reader) return rni_fail(RN_ERR_MEMORY, "%s: no memory to read it", name);
    reader->bytes = bytes;
    reader->head.n_possible = n_bytes;
    *out = &reader->head;
    return RN_OK;
}

/* --- files ----------------------------------------------------------------------------------- */

typedef struct file_reader {
    rni_reader head;
    int descriptor;
} file_reader;

/* Reports the current errno. */
static rn_status fail_system(const char *path, const char *action)
{
    char reason[128] = "unknown reason";
    const int code = errno;
    (void)strerror_r(code, reason, sizeof reason);
    return rni_fail(RN_ERR_IO, "%s: cannot be %s: %s (errno %d)", path, action, reason, code);
}

static rn_status file_read(rni_reader *self, void *bytes, rn_index n_wanted, rn_index *n_got)
{
    const file_reader *reader = (const file_reader *)self;
    const rn_index most = (rn_index)1 << 30; /* what one read call takes on every system */
    const rn_index n_asked = rni_min(rni_min(n_wanted, most), self->n_possible - self->offset);
    *n_got = 0;
    if (n_asked <= 0) return RN_OK;
    ssize_t n_read = 0;
    do {
        n_read = read(reader->descriptor, bytes, (size_t)n_asked);
    } while (n_read < 0 && errno == EINTR);
    if (n_read < 0) return fail_system(self->name, "read");
    *n_got = (rn_index)n_read;
    return RN_OK;
}

static void file_close(rni_reader *self)
{
    (void)close(((file_reader *)self)->descriptor);
}

static const rni_reader_kind file_kind = {file_read, file_close};

/* The size of an open regular file; -1, with a message, if it is none. */
static rn_index regular_size(const char *path, int descriptor)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0) {
        (void)fail_system(path, "examined");
        return -1;
    }
    if (S_ISREG(status.st_mode)) return (rn_index)status.st_size;
    (void)rni_fail(RN_ERR_IO, "%s: found %s, expected a regular file", path,
                   S_ISDIR(status.st_mode) ? "a directory" : "a pipe or device");
    return -1;
}

rn_status rni_file_open(const char *path, rni_reader **out)
{
    /* without O_NONBLOCK, opening a pipe would wait for its other end */
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0) {
        (void)fail_system(path, "opened");
        return RN_ERR_IO;
    }
    const rn_index n_bytes = regular_size(path, descriptor);
    if (n_bytes < 0) {
        (void)close(descriptor);
        return RN_ERR_IO;
    }
    file_reader *reader = rni_reader_alloc(&file_kind, path, sizeof *reader);
    if (!reader) {
        (void)close(descriptor);
        (void)rni_fail(RN_ERR_MEMORY, "%s: no memory to read it", path);
        return RN_ERR_MEMORY;
    }
    reader->descriptor = descriptor;
    reader->head.n_possible = n_bytes;
    *out = &reader->head;
    return RN_OK;
}

/* All bytes of an open file, a zero byte behind them. */
static rn_status read_all(rni_reader *reader, rn_index max_bytes, char **bytes, rn_index *n_bytes)
{
    const rn_index n_wanted = reader->n_possible;
    if (n_wanted > max_bytes)
        return rni_fail(RN_ERR_FORMAT, "%s: found %" PRId64 " bytes, expected at most %" PRId64,
                        reader->name, n_wanted, max_bytes);
    char *content = rni_alloc(n_wanted + 1, 1);
    if (!content) return rni_fail(RN_ERR_MEMORY, "%s: no memory to read it", reader->name);
    rn_index n_got = 0;
    const rn_status status = rni_read(reader, content, n_wanted, &n_got);
    if (status < 0) {
        rni_free(content);
        return status;
    }
    content[n_got] = '\0';
    *bytes = content;
    *n_bytes = n_got;
    return RN_OK;
}

rn_status rni_file_read(const char *path, rn_index max_bytes, char **bytes, rn_index *n_bytes)
{
    rni_reader *reader = NULL;
    RNI_TRY(rni_file_open(path, &reader));
    const rn_status status = read_all(reader, max_bytes, bytes, n_bytes);
    rni_reader_close(reader);
    return status;
}
