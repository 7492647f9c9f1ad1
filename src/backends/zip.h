/*
 * Entries of zip archives as streams. libzip stays behind this header.
 */
#ifndef RNI_BACKENDS_ZIP_H
#define RNI_BACKENDS_ZIP_H

#include <stdbool.h>

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

/** Whether an archive has that entry. @return RN_OK; RN_ERR_IO; RN_ERR_FORMAT; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_zip_has(const char *path, const char *entry, bool *found);

/** One entry of an archive to be. Borrowed. */
typedef struct rni_zip_entry {
    const char *name; /**< unique, "lambda.npy"; slashes make folders */
    const void *bytes;
    rn_index n_bytes;
} rni_zip_entry;

/**
 * Builds an archive: entries as they are, not packed, all dated 1980-01-01 00:00. The same entries
 * give the same bytes. Memory: the archive once more.
 * @param[out] bytes  the archive, owned by the caller, release with rni_free
 * @return RN_OK; RN_ERR_ARGUMENT (libzip refuses a name; its own words are in the message);
 *         RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_zip_build(rn_index n_entries, const rni_zip_entry *entries,
                                     unsigned char **bytes, rn_index *n_bytes);

#endif
