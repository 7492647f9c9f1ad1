/*
 * All commands, one file each.
 */
#ifndef RENORM_CLI_COMMANDS_H
#define RENORM_CLI_COMMANDS_H

#include <renorm/run.h>

#include "arguments.h"

/* One line per command, in the order of help. */
#define COMMAND_LIST(X)                                                                            \
    X(run)                                                                                         \
    X(resume)                                                                                      \
    X(check)                                                                                       \
    X(report)                                                                                      \
    X(plan)                                                                                        \
    X(study)                                                                                       \
    X(claims)                                                                                      \
    X(transport)                                                                                   \
    X(fit)                                                                                         \
    X(forecast)                                                                                    \
    X(export)                                                                                      \
    X(measure)                                                                                     \
    X(info)                                                                                        \
    X(selftest)                                                                                    \
    X(help)

#define COMMAND_DECLARE(name) extern const command command_##name;
COMMAND_LIST(COMMAND_DECLARE)
#undef COMMAND_DECLARE

#define COMMAND_NUMBER(name) COMMAND_##name,
enum { COMMAND_LIST(COMMAND_NUMBER) N_COMMANDS };
#undef COMMAND_NUMBER

/** All of them, in that order. */
extern const command *const commands[N_COMMANDS];

/** Prints the library's message about a failure and returns the exit status for it. */
exit_status report_failure(rn_status status);

/** Says how to go on with a run that stopped early; returns the exit status of a run. */
exit_status report_end(rn_status status, const rn_run *run);

/** The page of `renorm --help`. */
void print_commands(void);

#endif
