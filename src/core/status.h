/*
 * Inside view of status codes: recording messages and passing errors up.
 */
#ifndef RNI_CORE_STATUS_H
#define RNI_CORE_STATUS_H

#include <assert.h>
#include <inttypes.h>
#include <renorm/status.h>

/** Longest message kept, terminator included. */
#define RNI_MESSAGE_SIZE 4096

#if defined(__GNUC__)
#define RNI_PRINTF(text, args) __attribute__((__format__(__printf__, text, args)))
#else
#define RNI_PRINTF(text, args)
#endif

/** Stores a message for rn_last_message and returns `status`. Never allocates. */
rn_status rni_fail(rn_status status, const char *format, ...) RNI_PRINTF(2, 3);

/** Puts "prefix: " in front of the stored message; returns `status` unchanged. */
rn_status rni_fail_within(rn_status status, const char *format, ...) RNI_PRINTF(2, 3);

/** Passes an error straight up. Only where there is nothing to release, and only around
    calls that never return a positive status: this macro would drop it. */
#define RNI_TRY(call)                                                                              \
    do {                                                                                           \
        const rn_status rni_try_status_ = (call);                                                  \
        if (rni_try_status_ < 0) return rni_try_status_;                                           \
    } while (0)

/** Our own invariants; release builds drop it. */
#define RNI_ASSERT(condition) assert(condition)

#endif
