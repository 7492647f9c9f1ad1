/*
 * A forecast as a page for people.
 */
#ifndef RENORM_CLI_OUTLOOK_H
#define RENORM_CLI_OUTLOOK_H

#include <renorm/forecast.h>

#include "terminal.h"

/** The answer, the losses at 2, 4 and 10 times the time by every method, and why a method cannot
    tell. */
void print_outlook(const terminal *terminal, const rn_forecast_answer *answer);

#endif
