/*
 * Compressed files, unpacked while they are read. zlib stays behind this header.
 */
#ifndef RNI_BACKENDS_GZIP_H
#define RNI_BACKENDS_GZIP_H

#include "core/reader.h"

/**
 * Wraps a stream: bytes that start with the gzip magic are unpacked, others pass unchanged.
 * Several gzip members behind each other count as one stream; anything else behind the last
 * member, a wrong checksum and a missing end are RN_ERR_FORMAT, found while reading (call
 * rni_read_end to be told). n_possible is 1032 times the packed size, the most deflate can do.
 *
 * @param inner     owned on success (closed with the result), the caller's on failure
 * @return RN_OK; RN_ERR_MEMORY; what reading the first bytes returns
 */
RN_NODISCARD rn_status rni_gzip_wrap(rni_reader *inner, rni_reader **out);

/** rni_file_open followed by rni_gzip_wrap. */
RN_NODISCARD rn_status rni_gzip_open(const char *path, rni_reader **out);

#endif
