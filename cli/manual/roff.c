/*
 * Text for roff, the language of manual pages.
 */
#include <ctype.h>
#include <stdbool.h>

#include "manual/manual.h"

/* A dash is escaped to stay a dash that can be copied; a dot or quote in front of a line would
   make a request of it. */
static void put_character(FILE *file, char character, bool starts_line)
{
    if (starts_line && (character == '.' || character == '\'')) (void)fputs("\\&", file);
    if (character == '\\')
        (void)fputs("\\e", file);
    else if (character == '-')
        (void)fputs("\\-", file);
    else
        (void)fputc(character, file);
}

void put_roff(FILE *file, const char *text)
{
    for (const char *at = text; *at; at++)
        put_character(file, *at, at == text || at[-1] == '\n');
}

void put_roff_capitals(FILE *file, const char *text)
{
    for (const char *at = text; *at; at++)
        put_character(file, (char)toupper((unsigned char)*at), at == text);
}

void put_roff_paragraphs(FILE *file, const char *text)
{
    (void)fputs(".PP\n", file);
    for (const char *at = text; *at; at++) {
        if (*at == '\n' && at[1] == '\n')
            (void)fputs("\n.PP", file);
        else
            put_character(file, *at, at == text || at[-1] == '\n');
    }
    (void)fputc('\n', file);
}
