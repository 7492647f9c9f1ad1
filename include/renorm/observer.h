/**
 * How a long computation talks to its caller: progress, log lines and a request to stop.
 * The library itself never prints.
 */
#ifndef RENORM_OBSERVER_H
#define RENORM_OBSERVER_H

#include <renorm/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum rn_log_level { RN_LOG_INFO = 0, RN_LOG_WARNING = 1 } rn_log_level;

/** Where the work stands. */
typedef struct rn_progress {
    const char *phase; /**< "training", "measuring", ...; borrowed for the call */
    double done;       /**< work done, in units of total */
    double total;      /**< > 0 */
    const char *note;  /**< short text such as "loss 0.123", or NULL; borrowed for the call */
} rn_progress;

/** Callbacks of the caller. Any may be NULL. Called from the thread that called into renorm. */
typedef struct rn_observer {
    void (*progress)(void *user, const rn_progress *progress);
    void (*log)(void *user, rn_log_level level, const char *text);
    int (*should_stop)(void *user); /**< non-zero: finish the step at hand and return */
    void *user;                     /**< borrowed */
} rn_observer;

#ifdef __cplusplus
}
#endif

#endif
