/*
 * JSON to a stream: commas and quoting are kept right, numbers read back to the same double,
 * NaN and infinities become null.
 */
#ifndef RENORM_CLI_JSON_H
#define RENORM_CLI_JSON_H

#include <renorm/types.h>
#include <stdio.h>

/** Zero-initialise with the stream. */
typedef struct json {
    FILE *stream;
    int needs_comma;
} json;

/** Values. key: NULL inside an array and at the top. */
void json_text(json *json, const char *key, const char *text); /**< NULL text: null */
void json_real(json *json, const char *key, double value);
void json_integer(json *json, const char *key, rn_index value);
void json_boolean(json *json, const char *key, int value);
void json_reals(json *json, const char *key, rn_index count, const double *values);

/** '{' or '[' and its end. */
void json_open(json *json, const char *key, char bracket);
void json_close(json *json, char bracket);

#endif
