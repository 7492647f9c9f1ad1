/*
 * A stream of foreign bytes: a file, a compressed file, an archive's entry or a piece of memory,
 * all read the same way, with messages that name file and byte.
 *
 * A reader knows the most bytes it can possibly deliver, so that a parser can refuse a header
 * that promises more before it allocates anything.
 */
#ifndef RNI_CORE_READER_H
#define RNI_CORE_READER_H

#include <renorm/status.h>
#include <stdbool.h>

typedef struct rni_reader rni_reader;

/** What an implementation provides; `self` is its own struct, which starts with rni_reader. */
typedef struct rni_reader_kind {
    /** Reads up to n_wanted (>= 1) bytes; *n_got = 0 only at the end. */
    rn_status (*read)(rni_reader *self, void *bytes, rn_index n_wanted, rn_index *n_got);
    /** Releases what the implementation holds, not the struct itself. */
    void (*close)(rni_reader *self);
} rni_reader_kind;

/** The common head. Fields are read-only outside implementations. */
struct rni_reader {
    const rni_reader_kind *kind;
    char *name;          /**< for messages; owned */
    rn_index offset;     /**< bytes delivered so far */
    rn_index n_possible; /**< the most bytes the whole stream can deliver */
};

/**
 * Opens a regular file; directories, pipes and devices are refused.
 * @return RN_OK; RN_ERR_IO, message with path and reason; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_file_open(const char *path, rni_reader **out);

/** Reads from memory; the bytes are borrowed. @return RN_OK; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_memory_open(const char *name, const void *bytes, rn_index n_bytes,
                                       rni_reader **out);

/** Allocates `size` bytes for an implementation, zeroed, head filled in, name copied. NULL when
    memory is out. */
void *rni_reader_alloc(const rni_reader_kind *kind, const char *name, size_t size);

/** Closes and releases. NULL is allowed. */
void rni_reader_close(rni_reader *reader);

/** Up to n_wanted bytes, fewer only at the end of the stream. */
RN_NODISCARD rn_status rni_read(rni_reader *reader, void *bytes, rn_index n_wanted,
                                rn_index *n_got);

/** Exactly n_wanted bytes of `what` ("the header"). @return as rni_read; RN_ERR_FORMAT with
    file, byte, found and expected when the stream ends before. */
RN_NODISCARD rn_status rni_read_exactly(rni_reader *reader, void *bytes, rn_index n_wanted,
                                        const char *what);

/** RN_OK if the stream is at its end; RN_ERR_FORMAT if bytes are left over. Also lets a
    compressed stream check its checksum. */
RN_NODISCARD rn_status rni_read_end(rni_reader *reader);

/**
 * RN_OK if n_wanted more bytes can still come; else RN_ERR_FORMAT. Ask before allocating:
 * n_wanted may be any promise of a header, `what` says of what.
 */
RN_NODISCARD rn_status rni_reader_check_room(const rni_reader *reader, rn_index n_wanted,
                                             const char *what);

/**
 * The whole of a regular file of at most max_bytes.
 * @param[out] bytes  [*n_bytes + 1], a zero byte behind the last; release with rni_free
 * @return RN_OK; RN_ERR_IO; RN_ERR_FORMAT (too long); RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_file_read(const char *path, rn_index max_bytes, char **bytes,
                                     rn_index *n_bytes);

#endif
