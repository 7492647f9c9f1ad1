/*
 * CRC-64/XZ by half bytes: a table of 16 entries made at compile time needs no set-up and no lock.
 */
#include "store/seal.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/status.h"
#include "core/text.h"

#define MARK      "renorm-checksum-"
#define MARK_SIZE 16

/* Entry k: k run through four steps of the reflected polynomial 0xc96c5795d7870f42. */
static const uint64_t steps[16] = {
    0x0000000000000000, 0x7d9ba13851336649, 0xfb374270a266cc92, 0x86ace348f355aadb,
    0x64b62bcaebc387a1, 0x192d8af2baf0e1e8, 0x9f8169ba49a54b33, 0xe21ac88218962d7a,
    0xc96c5795d7870f42, 0xb4f7f6ad86b4690b, 0x325b15e575e1c3d0, 0x4fc0b4dd24d2a599,
    0xadda7c5f3c4488e3, 0xd041dd676d77eeaa, 0x56ed3e2f9e224471, 0x2b769f17cf112238};

uint64_t rni_crc(uint64_t crc, const void *bytes, rn_index n_bytes)
{
    const unsigned char *next = bytes;
    crc = ~crc;
    for (rn_index i = 0; i < n_bytes; i++) {
        crc ^= next[i];
        crc = steps[crc & 15] ^ (crc >> 4);
        crc = steps[crc & 15] ^ (crc >> 4);
    }
    return ~crc;
}

void rni_seal_make(uint64_t crc, unsigned char seal[RNI_SEAL_SIZE])
{
    char text[RNI_SEAL_SIZE + 1];
    (void)snprintf(text, sizeof text, MARK "%016" PRIx64, crc);
    memcpy(seal, text, RNI_SEAL_SIZE);
}

static bool is_there(const void *bytes, rn_index n_bytes)
{
    if (n_bytes < RNI_SEAL_SIZE) return false;
    return memcmp((const unsigned char *)bytes + n_bytes - RNI_SEAL_SIZE, MARK, MARK_SIZE) == 0;
}

rn_status rni_seal_check(const char *path, const void *bytes, rn_index n_bytes, rn_index *n_inside,
                         uint64_t *crc)
{
    unsigned char expected[RNI_SEAL_SIZE];
    const rn_index n_before = n_bytes - RNI_SEAL_SIZE;
    if (!is_there(bytes, n_bytes))
        return rni_fail(RN_ERR_FORMAT,
                        "%s: found no checksum at the end of its %" PRId64 " bytes, expected the "
                        "one renorm writes: the file is truncated or was changed; "
                        "restore it from a copy",
                        path, n_bytes);
    const unsigned char *found = (const unsigned char *)bytes + n_before;
    const uint64_t sum = rni_crc(0, bytes, n_before);
    rni_seal_make(sum, expected);
    if (memcmp(found, expected, RNI_SEAL_SIZE) != 0)
        return rni_fail(
            RN_ERR_FORMAT,
            "%s: found checksum %.16s, but its bytes give %.16s: the file is damaged "
            "or was changed",
            path, rni_quote((const char *)found + MARK_SIZE, RNI_SEAL_SIZE - MARK_SIZE).chars + 1,
            (const char *)expected + MARK_SIZE);
    *n_inside = n_before;
    if (crc) *crc = sum;
    return RN_OK;
}
