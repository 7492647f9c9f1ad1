/**
 * Outcome codes shared by every renorm function that can fail.
 *
 *   status == 0   the contract in the documentation was met in full
 *   status  > 0   an answer was written, but it is weaker than what was asked for
 *   status  < 0   no answer; every output argument is left as it was
 *
 * The returned code is what programs act on. The message is commentary for people.
 */
#ifndef RENORM_STATUS_H
#define RENORM_STATUS_H

#include <renorm/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One row per code: name, pinned value, default text. Values never change meaning. */
#define RN_STATUS_LIST(X)                                                                          \
    X(RN_OK, 0, "success")                                                                         \
    X(RN_NOT_CONVERGED, 1, "stopped before reaching the requested tolerance")                      \
    X(RN_INTERRUPTED, 2, "stopped early because the caller asked for it")                          \
    X(RN_ERR_ARGUMENT, -1, "an argument is missing or out of range")                               \
    X(RN_ERR_SHAPE, -2, "array or operator dimensions do not agree")                               \
    X(RN_ERR_DOMAIN, -3, "the requested quantity is not defined for this input")                   \
    X(RN_ERR_NONFINITE, -4, "a NaN or infinity appeared in the computation")                       \
    X(RN_ERR_MEMORY, -5, "memory could not be allocated")                                          \
    X(RN_ERR_CALLBACK, -6, "a user-supplied function reported failure")                            \
    X(RN_ERR_IO, -7, "a file could not be read or written")                                        \
    X(RN_ERR_FORMAT, -8, "a file's contents are malformed")                                        \
    X(RN_ERR_UNSUPPORTED, -9, "this build does not include the requested feature")                 \
    X(RN_ERR_INTERNAL, -10, "a renorm invariant was violated; please report this")                 \
    X(RN_ERR_CONFIG, -11, "the configuration contains mistakes")

typedef enum rn_status {
#define RN_STATUS_ENUM(name, value, text) name = (value),
    RN_STATUS_LIST(RN_STATUS_ENUM)
#undef RN_STATUS_ENUM
} rn_status;

/** Fixed text for a code. Never NULL, never freed; unknown codes get a generic text. */
RN_API const char *rn_status_text(rn_status status);

/** The code's name as written in this header, such as "RN_ERR_SHAPE". Never NULL, never freed. */
RN_API const char *rn_status_name(rn_status status);

/**
 * Details of the most recent non-zero status on the calling thread, for example
 * "rn_graph_matmul: node 'h2': ...". Never NULL. Valid until the next failing renorm call
 * on this thread. At most 4095 bytes; longer messages end in "...".
 */
RN_API const char *rn_last_message(void);

#ifdef __cplusplus
}
#endif

#endif
