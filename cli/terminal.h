/*
 * What the terminal can show: width, colours, block characters.
 */
#ifndef RENORM_CLI_TERMINAL_H
#define RENORM_CLI_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/** Properties of a stream. */
typedef struct terminal {
    FILE *stream;
    bool is_terminal;
    bool has_colour;  /**< a terminal, and NO_COLOR is not set */
    bool has_unicode; /**< the locale's text is UTF-8 */
    int width;        /**< columns; 80 where unknown */
} terminal;

/** Looks at a stream and at the environment. */
terminal terminal_look(FILE *stream);

typedef enum style {
    STYLE_PLAIN,
    STYLE_STRONG,
    STYLE_FAINT,
    STYLE_GOOD,
    STYLE_BAD,
    STYLE_ACCENT
} style;

/** Escape sequence that starts a style; "" without colours. STYLE_PLAIN ends one. */
const char *style_text(const terminal *t, style wanted);

/** Most bytes bar_text writes: three per column and the terminator. */
#define BAR_SIZE (3 * 64 + 1)

/**
 * A bar of `columns` (<= 64) columns filled to share (0 .. 1), in eighths of a column where
 * Unicode can be shown; padded with spaces. A positive share shows at least the thinnest mark.
 */
void bar_text(const terminal *t, double share, int columns, char *text);

/** Words of a text from column `indent` on, broken at the terminal's width, and the line's end. */
void terminal_words(const terminal *t, int indent, const char *text);

#endif
