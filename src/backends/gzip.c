/*
 * gzip streams through zlib's inflate. The only file that includes zlib.h.
 */
#include "backends/gzip.h"

#include <string.h>
#include <zlib.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"

enum { BUFFER_BYTES = 32768, DEFLATE_MOST = 1032 };

typedef struct gzip_reader {
    rni_reader head;
    rni_reader *inner; /* owned */
    z_stream stream;
    bool is_gzip;
    bool is_done;                       /* the last member is complete */
    unsigned char buffer[BUFFER_BYTES]; /* packed bytes; next_in points into it */
} gzip_reader;

static void *zlib_alloc(void *user, uInt count, uInt size)
{
    (void)user;
    return rni_alloc((rn_index)count, size);
}

static void zlib_free(void *user, void *block)
{
    (void)user;
    rni_free(block);
}

/* Fills the empty buffer; leaves it empty at the end of the file. */
static rn_status refill(gzip_reader *reader)
{
    rn_index n_got = 0;
    RNI_TRY(rni_read(reader->inner, reader->buffer, BUFFER_BYTES, &n_got));
    reader->stream.next_in = reader->buffer;
    reader->stream.avail_in = (uInt)n_got;
    return RN_OK;
}

static bool has_magic(const gzip_reader *reader)
{
    const unsigned char *bytes = reader->stream.next_in;
    return reader->stream.avail_in >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B;
}

static rn_status refuse(const gzip_reader *reader, const char *found)
{
    const rn_index at = reader->inner->offset - (rn_index)reader->stream.avail_in;
    return rni_fail(RN_ERR_FORMAT,
                    "%s: byte %" PRId64 " of the compressed file: found %s, expected gzip data; "
                    "the file is damaged, fetch or write it again",
                    reader->head.name, at, found);
}

/* Behind a member: another one, the end, or rubbish. */
static rn_status next_member(gzip_reader *reader)
{
    if (reader->stream.avail_in == 0) RNI_TRY(refill(reader));
    if (reader->stream.avail_in == 0) {
        reader->is_done = true;
        return RN_OK;
    }
    if (reader->stream.avail_in == 1) { /* the magic may be cut by the buffer's end */
        const unsigned char byte = reader->stream.next_in[0];
        rn_index n_got = 0;
        reader->buffer[0] = byte;
        RNI_TRY(rni_read(reader->inner, reader->buffer + 1, BUFFER_BYTES - 1, &n_got));
        reader->stream.next_in = reader->buffer;
        reader->stream.avail_in = (uInt)(n_got + 1);
    }
    if (!has_magic(reader)) return refuse(reader, "other bytes behind the end of the data");
    return inflateReset(&reader->stream) == Z_OK ? RN_OK : refuse(reader, "a broken state");
}

static rn_status inflate_some(gzip_reader *reader, void *bytes, rn_index n_wanted, rn_index *n_got)
{
    const uInt n_room = (uInt)rni_min(n_wanted, (rn_index)1 << 30);
    reader->stream.next_out = bytes;
    reader->stream.avail_out = n_room;
    while (!reader->is_done && reader->stream.avail_out == n_room) {
        if (reader->stream.avail_in == 0) RNI_TRY(refill(reader));
        if (reader->stream.avail_in == 0) return refuse(reader, "the end of the file");
        const int code = inflate(&reader->stream, Z_NO_FLUSH);
        if (code == Z_STREAM_END)
            RNI_TRY(next_member(reader));
        else if (code == Z_MEM_ERROR)
            return rni_fail(RN_ERR_MEMORY, "%s: no memory to unpack it", reader->head.name);
        else if (code != Z_OK && code != Z_BUF_ERROR)
            return refuse(reader, reader->stream.msg ? reader->stream.msg : "malformed bytes");
    }
    *n_got = (rn_index)(n_room - reader->stream.avail_out);
    return RN_OK;
}

static rn_status gzip_read(rni_reader *self, void *bytes, rn_index n_wanted, rn_index *n_got)
{
    gzip_reader *reader = (gzip_reader *)self;
    if (reader->is_gzip) return inflate_some(reader, bytes, n_wanted, n_got);
    if (reader->stream.avail_in == 0) return rni_read(reader->inner, bytes, n_wanted, n_got);
    const rn_index n_copied = rni_min(n_wanted, (rn_index)reader->stream.avail_in);
    memcpy(bytes, reader->stream.next_in, (size_t)n_copied);
    reader->stream.next_in += n_copied;
    reader->stream.avail_in -= (uInt)n_copied;
    *n_got = n_copied;
    return RN_OK;
}

static void gzip_close(rni_reader *self)
{
    gzip_reader *reader = (gzip_reader *)self;
    if (reader->is_gzip) (void)inflateEnd(&reader->stream);
    rni_reader_close(reader->inner);
}

static const rni_reader_kind gzip_kind = {gzip_read, gzip_close};

/* Looks at the first bytes and prepares zlib where they are packed. */
static rn_status start(gzip_reader *reader)
{
    enum { GZIP_WINDOW = 15 + 16 }; /* largest window, gzip header and checksum */
    RNI_TRY(refill(reader));
    const rn_index n_bytes = reader->inner->n_possible;
    reader->head.n_possible = n_bytes;
    if (!has_magic(reader)) return RN_OK;
    if (!rni_size_mul(n_bytes, DEFLATE_MOST, &reader->head.n_possible))
        reader->head.n_possible = INT64_MAX;
    reader->stream.zalloc = zlib_alloc;
    reader->stream.zfree = zlib_free;
    if (inflateInit2(&reader->stream, GZIP_WINDOW) != Z_OK)
        return rni_fail(RN_ERR_MEMORY, "%s: no memory to unpack it", reader->head.name);
    reader->is_gzip = true;
    return RN_OK;
}

rn_status rni_gzip_wrap(rni_reader *inner, rni_reader **out)
{
    gzip_reader *reader = rni_reader_alloc(&gzip_kind, inner->name, sizeof *reader);
    if (!reader) return rni_fail(RN_ERR_MEMORY, "%s: no memory to read it", inner->name);
    reader->inner = inner;
    const rn_status status = start(reader);
    if (status < 0) {
        reader->inner = NULL; /* stays the caller's */
        rni_reader_close(&reader->head);
        return status;
    }
    *out = &reader->head;
    return RN_OK;
}

rn_status rni_gzip_open(const char *path, rni_reader **out)
{
    rni_reader *file = NULL;
    RNI_TRY(rni_file_open(path, &file));
    const rn_status status = rni_gzip_wrap(file, out);
    if (status < 0) rni_reader_close(file);
    return status;
}
