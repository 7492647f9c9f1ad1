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

/** Bytes of the text below, with its end. */
#define OUTLOOK_TEXT 384

/** What every method leaves as time grows without end; false: none tells. */
bool limits_text(const rn_forecast_answer *answer, char *text, size_t size);

/** Guaranteed bounds of frozen modes at the last time; false: there are none. */
bool bounds_text(const rn_forecast_answer *answer, char *text, size_t size);

/** The held-out loss at 2, 4 and 10 times the time; false: it was not foretold. */
bool held_out_text(const rn_forecast_answer *answer, char *text, size_t size);

/** The exponents of the spectrum at the start and the loss exponent they imply, beside the fitted
    one; false: there are none. */
bool exponents_text(const rn_forecast_answer *answer, char *text, size_t size);

#endif
