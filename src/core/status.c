/*
 * Status texts and the per-thread message.
 *
 * The message lives in a fixed thread-local buffer so that reporting an error never allocates.
 */
#include "core/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char message[RNI_MESSAGE_SIZE];

const char *rn_status_text(rn_status status)
{
    switch (status) {
#define RNI_STATUS_TEXT(name, value, text)                                                         \
    case name: return text;
        RN_STATUS_LIST(RNI_STATUS_TEXT)
#undef RNI_STATUS_TEXT
    }
    return "unknown status code";
}

const char *rn_status_name(rn_status status)
{
    switch (status) {
#define RNI_STATUS_NAME(name, value, text)                                                         \
    case name: return #name;
        RN_STATUS_LIST(RNI_STATUS_NAME)
#undef RNI_STATUS_NAME
    }
    return "RN_UNKNOWN";
}

const char *rn_last_message(void)
{
    return message;
}

/* Ends a text that did not fit in "...". */
static void mark_truncation(int n_written, size_t capacity)
{
    if (n_written >= 0 && (size_t)n_written < capacity) return;
    memcpy(message + RNI_MESSAGE_SIZE - 4, "...", 4);
}

rn_status rni_fail(rn_status status, const char *format, ...)
{
    /* Formatted aside first: an argument may be the stored message itself. */
    static _Thread_local char text[RNI_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    const int n_written = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    memcpy(message, text, sizeof message);
    mark_truncation(n_written, sizeof message);
    return status;
}

rn_status rni_fail_within(rn_status status, const char *format, ...)
{
    static _Thread_local char old[RNI_MESSAGE_SIZE];
    memcpy(old, message, sizeof old);
    va_list args;
    va_start(args, format);
    const int n_prefix = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (n_prefix < 0 || (size_t)n_prefix >= sizeof message) {
        mark_truncation(n_prefix, sizeof message);
        return status;
    }
    const size_t room = sizeof message - (size_t)n_prefix;
    const int n_rest = snprintf(message + n_prefix, room, ": %s", old);
    mark_truncation(n_rest, room);
    return status;
}
