/*
 * Entries of zip archives as streams. libzip stays behind this header.
 */
#ifndef RNI_BACKENDS_ZIP_H
#define RNI_BACKENDS_ZIP_H

#include "core/reader.h"

/**
 * Opens one entry of an archive. Entries that are encrypted, or packed with anything but
 * deflate, are refused. n_possible is the size the archive declares, if the packed bytes can
 * unpack to that much at all; a stream that is longer, shorter or has a wrong checksum is
 * RN_ERR_FORMAT, found while reading (call rni_read_end to be told).
 *
 * @param entry  exact name, "inputs.npy"
 * @return RN_OK; RN_ERR_IO; RN_ERR_FORMAT: not an archive, no such entry (message with the ones
 *         there are); RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_zip_open(const char *path, const char *entry, rni_reader **out);

/** The same for an archive in memory; the bytes are borrowed until the reader is closed. */
RN_NODISCARD rn_status rni_zip_open_memory(const char *name, const void *bytes, rn_index n_bytes,
                                           const char *entry, rni_reader **out);

#endif
