/*
 * A small JSON writer.
 */
#include "json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static void put_quoted(FILE *stream, const char *text)
{
    (void)fputc('"', stream);
    for (const char *c = text; *c; c++) {
        const unsigned char byte = (unsigned char)*c;
        if (byte == '"' || byte == '\\')
            fprintf(stream, "\\%c", byte);
        else if (byte < 0x20)
            fprintf(stream, "\\u%04x", byte);
        else if (byte == '/' && c > text && c[-1] == '<')
            (void)fputs("\\/", stream); /* "</" must not end a script element */
        else
            (void)fputc(byte, stream);
    }
    (void)fputc('"', stream);
}

static void put_key(json *j, const char *key)
{
    if (j->needs_comma) (void)fputc(',', j->stream);
    j->needs_comma = 1;
    if (key) {
        put_quoted(j->stream, key);
        (void)fputc(':', j->stream);
    }
}

static void put_real(FILE *stream, double value)
{
    char digits[32];
    if (!isfinite(value)) {
        (void)fputs("null", stream);
        return;
    }
    for (int n_digits = 15; n_digits <= 17; n_digits++) {
        (void)snprintf(digits, sizeof digits, "%.*g", n_digits, value);
        const double back = strtod(digits, NULL);
        if (!(back < value) && !(back > value)) break;
    }
    (void)fputs(digits, stream);
}

void json_text(json *j, const char *key, const char *text)
{
    put_key(j, key);
    if (text)
        put_quoted(j->stream, text);
    else
        (void)fputs("null", j->stream);
}

void json_real(json *j, const char *key, double value)
{
    put_key(j, key);
    put_real(j->stream, value);
}

void json_integer(json *j, const char *key, rn_index value)
{
    put_key(j, key);
    fprintf(j->stream, "%" PRId64, value);
}

void json_boolean(json *j, const char *key, int value)
{
    put_key(j, key);
    (void)fputs(value ? "true" : "false", j->stream);
}

void json_reals(json *j, const char *key, rn_index count, const double *values)
{
    put_key(j, key);
    (void)fputc('[', j->stream);
    for (rn_index i = 0; i < count; i++) {
        if (i) (void)fputc(',', j->stream);
        put_real(j->stream, values[i]);
    }
    (void)fputc(']', j->stream);
}

void json_open(json *j, const char *key, char bracket)
{
    put_key(j, key);
    (void)fputc(bracket, j->stream);
    j->needs_comma = 0;
}

void json_close(json *j, char bracket)
{
    (void)fputc(bracket == '{' || bracket == '}' ? '}' : ']', j->stream);
    j->needs_comma = 1;
}
