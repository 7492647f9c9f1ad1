/**
 * Words used by every public header: export markers and the index type.
 */
#ifndef RENORM_TYPES_H
#define RENORM_TYPES_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define RN_API       __attribute__((visibility("default")))
#define RN_NODISCARD __attribute__((warn_unused_result))
#else
#define RN_API
#define RN_NODISCARD
#endif

/** Every count, size, stride and index. */
typedef int64_t rn_index;

/** No single dimension may exceed this (2^48): checked where a dimension enters. */
#define RN_SIZE_MAX ((rn_index)1 << 48)

#endif
