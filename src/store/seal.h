/*
 * Checksums. A file that is written whole ends in a seal of 32 bytes,
 *
 *     renorm-checksum-0123456789abcdef
 *
 * the last 16 characters being the CRC-64/XZ (ECMA-182, reflected) of all bytes before it in
 * hexadecimal digits. HDF5 ignores what follows its own end, so every reader of HDF5 still opens
 * such a file. Any flipped bit, any run of up to 64 flipped bits and any truncation is found.
 */
#ifndef RNI_STORE_SEAL_H
#define RNI_STORE_SEAL_H

#include <renorm/status.h>
#include <renorm/types.h>

/** Bytes of a seal; no terminator. */
#define RNI_SEAL_SIZE 32

/** The CRC of bytes that follow others: crc is that of the earlier ones, 0 at the start. */
uint64_t rni_crc(uint64_t crc, const void *bytes, rn_index n_bytes);

/** The seal of bytes with that CRC. */
void rni_seal_make(uint64_t crc, unsigned char seal[RNI_SEAL_SIZE]);

/**
 * Checks the seal at the end of a file's bytes.
 * @param[out] n_inside  bytes before the seal
 * @param[out] crc       of those bytes, or NULL
 * @return RN_OK; RN_ERR_FORMAT: no seal, or another checksum; message with the path
 */
RN_NODISCARD rn_status rni_seal_check(const char *path, const void *bytes, rn_index n_bytes,
                                      rn_index *n_inside, uint64_t *crc);

#endif
