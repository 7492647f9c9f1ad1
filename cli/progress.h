/*
 * Progress of long work on standard error: one line that redraws itself on a terminal, plain
 * lines elsewhere. Also turns Ctrl-C into the library's request to stop.
 */
#ifndef RENORM_CLI_PROGRESS_H
#define RENORM_CLI_PROGRESS_H

#include <renorm/observer.h>
#include <stdbool.h>
#include <time.h>

#include "terminal.h"

/** State of one display. */
typedef struct progress {
    terminal terminal;
    bool is_quiet;
    bool is_drawn; /**< a line is on the screen that must be cleared */
    struct timespec start;
    struct timespec last; /**< of the last drawing */
    int last_tenth;       /**< plain lines: last tenth reported, -1: none */
    bool has_told;        /**< that it will stop */
} progress;

/** Starts a display and takes over SIGINT: the first one asks to stop, the second ends the
    process at once. */
void progress_start(progress *progress, bool is_quiet);

/** Clears the line and gives SIGINT back. */
void progress_stop(progress *progress);

/** Callbacks for the library; `progress` is borrowed. */
rn_observer progress_observer(progress *progress);

#endif
