/*
 * Width by ioctl or COLUMNS, colours by the NO_COLOR convention (no-color.org).
 */
/* struct winsize */
#define _DEFAULT_SOURCE    /* NOLINT(bugprone-reserved-identifier,cert-dcl*,readability-identifier-naming): \
                              the system's own switch */
#include "terminal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define USUAL_WIDTH 80
#define LEAST_WIDTH 40

static int find_width(FILE *stream)
{
    struct winsize size = {0};
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col >= LEAST_WIDTH)
        return size.ws_col;
    return USUAL_WIDTH;
}

/* The command is single-threaded where it reads its environment. */
static const char *environment(const char *name)
{
    const char *value = getenv(name); /* NOLINT(concurrency-mt-unsafe) */
    return value ? value : "";
}

/* The locale's text encoding by its name, such as en_GB.UTF-8: first of the three that is set. */
static bool locale_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = environment(names[i]);
        if (value[0]) return strstr(value, "UTF-8") || strstr(value, "utf8");
    }
    return false;
}

terminal terminal_look(FILE *stream)
{
    terminal t = {.stream = stream, .width = USUAL_WIDTH};
    t.is_terminal = isatty(fileno(stream)) == 1;
    if (t.is_terminal) t.width = find_width(stream);
    t.has_colour =
        t.is_terminal && !environment("NO_COLOR")[0] && strcmp(environment("TERM"), "dumb") != 0;
    t.has_unicode = locale_is_utf8();
    return t;
}

const char *style_text(const terminal *t, style wanted)
{
    static const char *const texts[] = {
        [STYLE_PLAIN] = "\033[0m", [STYLE_STRONG] = "\033[1m", [STYLE_FAINT] = "\033[2m",
        [STYLE_GOOD] = "\033[32m", [STYLE_BAD] = "\033[31m",   [STYLE_ACCENT] = "\033[36m"};
    return t->has_colour ? texts[wanted] : "";
}

void bar_text(const terminal *t, double share, int columns, char *text)
{
    /* U+2588 is a full block, U+2589 .. U+258F are 7/8 .. 1/8 of one */
    static const char *const parts[] = {"",       "\u258f", "\u258e", "\u258d",
                                        "\u258c", "\u258b", "\u258a", "\u2589"};
    if (!(share > 0.0)) share = 0.0;
    if (share > 1.0) share = 1.0;
    long eighths = lround(share * 8.0 * columns);
    if (eighths == 0 && share > 0.0) eighths = 1;
    if (!t->has_unicode && eighths > 0) eighths = ((eighths + 7) / 8) * 8;
    char *next = text;
    int used = 0;
    for (; used < eighths / 8; used++) {
        const char *full = t->has_unicode ? "\u2588" : "#";
        next = stpcpy(next, full);
    }
    if (eighths % 8) {
        next = stpcpy(next, parts[eighths % 8]);
        used++;
    }
    for (; used < columns; used++)
        *next++ = ' ';
    *next = 0;
}

/* Bytes up to a place where a line may break: a number and its % stay together. */
static int unit_of(const char *text)
{
    size_t length = strcspn(text, " ");
    while (text[length] == ' ' && text[length + 1] == '%')
        length += 1 + strcspn(text + length + 1, " ");
    return (int)length;
}

void terminal_words(const terminal *t, int indent, const char *text)
{
    int column = 0;
    while (*text) {
        const int length = unit_of(text);
        /* the last column stays free: some terminals go to the next line behind it */
        if (column == 0 || column + 1 + length >= t->width) {
            fprintf(t->stream, "%s%*s", column ? "\n" : "", indent, "");
            column = indent;
        } else {
            fputc(' ', t->stream);
            column++;
        }
        fprintf(t->stream, "%.*s", length, text);
        column += length;
        text += length;
        while (*text == ' ')
            text++;
    }
    fprintf(t->stream, "\n");
}
