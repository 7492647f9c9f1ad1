/*
 * A run's results for people (summary) and for programs (table, JSON).
 */
#ifndef RENORM_CLI_SUMMARY_H
#define RENORM_CLI_SUMMARY_H

#include <renorm/run.h>

#include "terminal.h"

/** The readable page. Fits 80 columns. */
void print_summary(const terminal *terminal, const rn_config *config, const rn_run *run);

/** One tab-separated line per snapshot and shell, with a header. */
void print_shell_table(FILE *stream, const rn_run *run);

/** Everything as JSON: summary, records, snapshots with every quantity. */
void print_run_json(FILE *stream, const rn_run *run);

#endif
