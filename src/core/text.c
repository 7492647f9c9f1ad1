/*
 * Growing text, quoting, strict numbers, nearest word.
 */
#include "core/text.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"

/* --- growing text --------------------------------------------------------------------------- */

static bool reserve(rni_text *text, rn_index n_more)
{
    if (text->length + n_more < text->capacity) return true;
    const rn_index capacity = rni_max(2 * text->capacity, text->length + n_more + 1);
    char *grown = rni_resize(text->chars, text->length, capacity, 1);
    if (!grown) return false;
    text->chars = grown;
    text->capacity = capacity;
    return true;
}

void rni_text_add(rni_text *text, const char *format, ...)
{
    if (text->is_broken) return;
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    const int n_more = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n_more < 0 || !reserve(text, n_more)) {
        text->is_broken = true;
    } else {
        (void)vsnprintf(text->chars + text->length, (size_t)n_more + 1, format, again);
        text->length += n_more;
    }
    va_end(again);
}

const char *rni_text_get(const rni_text *text)
{
    return text->length > 0 ? text->chars : "";
}

void rni_text_clear(rni_text *text)
{
    rni_free(text->chars);
    *text = (rni_text){0};
}

/* --- foreign bytes -------------------------------------------------------------------------- */

int rni_utf8_next(const char *text, rn_index n_bytes, uint32_t *code)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *byte = (const unsigned char *)text;
    uint32_t value = byte[0];
    int length = 1;
    if (value >= 0xF8 || (value >= 0x80 && value < 0xC0)) return 0;
    if (value >= 0xC0) length = value >= 0xF0 ? 4 : value >= 0xE0 ? 3 : 2;
    if (length > n_bytes) return 0;
    if (length > 1) value &= 0x7FU >> length;
    for (int i = 1; i < length; i++) {
        if ((byte[i] & 0xC0) != 0x80) return 0;
        value = value << 6 | (byte[i] & 0x3FU);
    }
    if (length > 1 && value < least[length]) return 0;
    if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return 0;
    if (code) *code = value;
    return length;
}

rn_index rni_utf8_check(const char *text, rn_index n_bytes)
{
    rn_index at = 0;
    while (at < n_bytes) {
        const int length = rni_utf8_next(text + at, n_bytes - at, NULL);
        if (length == 0) break;
        at += length;
    }
    return at;
}

rni_quoted rni_quote(const char *text, rn_index n_bytes)
{
    rni_quoted quoted;
    const rn_index room = RNI_QUOTE_SIZE - 5; /* for "...'" and the terminator */
    rn_index used = 0;
    rn_index at = 0;
    quoted.chars[used++] = '\'';
    while (at < n_bytes) {
        uint32_t code = 0;
        const int length = rni_utf8_next(text + at, n_bytes - at, &code);
        /* C0 and C1 controls could steer a terminal */
        const bool is_shown = length > 0 && code >= 0x20 && !(code >= 0x7F && code <= 0x9F);
        const rn_index n_needed = is_shown ? length : 4;
        if (used + n_needed > room) break;
        if (is_shown) {
            memcpy(quoted.chars + used, text + at, (size_t)length);
            at += length;
        } else {
            (void)snprintf(quoted.chars + used, 5, "\\x%02X", (unsigned)(unsigned char)text[at]);
            at += 1;
        }
        used += n_needed;
    }
    (void)snprintf(quoted.chars + used, 5, "%s", at < n_bytes ? "...'" : "'");
    return quoted;
}

/* --- numbers -------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static rn_index skip_digits(const char *text, rn_index n_bytes, rn_index at)
{
    while (at < n_bytes && is_digit(text[at]))
        at++;
    return at;
}

/* The phrases shared by integers and reals; NULL if the start looks like a number. *at is set
   behind the integer digits. */
static const char *scan_integer_part(const char *text, rn_index n_bytes, rn_index *at)
{
    if (n_bytes == 0) return "it is empty";
    if (text[0] == '+') return "it has a leading '+'";
    const rn_index first = text[0] == '-' ? 1 : 0;
    if (first == n_bytes || !is_digit(text[first])) return "it is not a number";
    if (text[first] == '0' && first + 1 < n_bytes) {
        const char next = text[first + 1];
        if (next == 'x' || next == 'X') return "hexadecimal is not accepted";
        if (is_digit(next)) return "it has a leading zero";
    }
    *at = skip_digits(text, n_bytes, first);
    return NULL;
}

const char *rni_integer_parse(const char *text, rn_index n_bytes, rn_index *out)
{
    rn_index end = 0;
    const char *problem = scan_integer_part(text, n_bytes, &end);
    if (problem) return problem;
    if (end < n_bytes) {
        double whole = 0.0;
        if (!rni_real_parse(text, n_bytes, &whole)) return "it is not a whole number";
        return "it has other characters behind the number";
    }
    rn_index value = 0;
    const bool is_negative = text[0] == '-';
    for (rn_index i = is_negative; i < end; i++) {
        const int digit = text[i] - '0';
        if (__builtin_mul_overflow(value, (rn_index)10, &value)
            || __builtin_sub_overflow(value, (rn_index)digit, &value))
            return "it does not fit 64 bits";
    }
    /* summed downwards, because the most negative value has no positive twin */
    if (!is_negative && value == INT64_MIN) return "it does not fit 64 bits";
    *out = is_negative ? value : -value;
    return NULL;
}

/* Where the real that starts at text ends, or a phrase. */
static const char *scan_real(const char *text, rn_index n_bytes)
{
    rn_index at = 0;
    const char *problem = scan_integer_part(text, n_bytes, &at);
    if (problem) return problem;
    if (at < n_bytes && text[at] == '.') {
        const rn_index end = skip_digits(text, n_bytes, at + 1);
        if (end == at + 1) return "digits are missing behind the point";
        at = end;
    }
    if (at < n_bytes && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        if (at < n_bytes && (text[at] == '+' || text[at] == '-')) at++;
        const rn_index end = skip_digits(text, n_bytes, at);
        if (end == at) return "digits are missing in the exponent";
        at = end;
    }
    return at < n_bytes ? "it has other characters behind the number" : NULL;
}

/* strtod with a decimal point in any locale; the numbers of one program are not those of its
   user's language. */
static double to_double(const char *text)
{
    const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    const locale_t old = plain ? uselocale(plain) : (locale_t)0;
    const double value = strtod(text, NULL);
    if (old) (void)uselocale(old);
    if (plain) freelocale(plain);
    return value;
}

static bool has_nonzero_digit(const char *text)
{
    for (; *text && *text != 'e' && *text != 'E'; text++)
        if (*text >= '1' && *text <= '9') return true;
    return false;
}

const char *rni_real_parse(const char *text, rn_index n_bytes, double *out)
{
    enum { LONGEST = 1200 }; /* no double needs more than 1077 characters to be exact */
    const char *problem = scan_real(text, n_bytes);
    if (problem) return problem;
    if (n_bytes >= LONGEST) return "it has too many digits";
    char copy[LONGEST];
    memcpy(copy, text, (size_t)n_bytes);
    copy[n_bytes] = '\0';
    const double value = to_double(copy);
    if (!isfinite(value)) return "it is too large for a double";
    if (fpclassify(value) == FP_ZERO && has_nonzero_digit(copy))
        return "it is too small for a double";
    *out = value;
    return NULL;
}

/* Equal as bits: tells -0.0 from 0.0. */
static bool is_same(double left, double right)
{
    uint64_t left_bits = 0;
    uint64_t right_bits = 0;
    memcpy(&left_bits, &left, sizeof left);
    memcpy(&right_bits, &right, sizeof right);
    return left_bits == right_bits;
}

void rni_real_format(double value, char *out)
{
    char digits[RNI_REAL_SIZE];
    const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    const locale_t old = plain ? uselocale(plain) : (locale_t)0;
    for (int precision = 1; precision <= 17; precision++) {
        (void)snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (is_same(strtod(digits, NULL), value)) {
            /* whole numbers a double holds exactly are not shortened to "3e+01" */
            const bool is_moderate = fabs(value) >= 10.0 && fabs(value) < 1e15;
            const int n_whole = is_moderate ? (int)floor(log10(fabs(value))) + 1 : 0;
            if (precision < n_whole)
                (void)snprintf(digits, sizeof digits, "%.*g", n_whole + 1, value);
            break;
        }
    }
    if (old) (void)uselocale(old);
    if (plain) freelocale(plain);

    const size_t n_mantissa = strcspn(digits, "e");
    const bool has_point = memchr(digits, '.', n_mantissa) != NULL;
    (void)snprintf(out, RNI_REAL_SIZE, "%.*s%s%s", (int)n_mantissa, digits, has_point ? "" : ".0",
                   digits + n_mantissa);
}

/* --- nearest word --------------------------------------------------------------------------- */

enum { WORD_LIMIT = 64 };

static int folded(char c)
{
    static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ-";
    static const char lower[] = "abcdefghijklmnopqrstuvwxyz_";
    const char *found = c ? strchr(upper, c) : NULL;
    return found ? lower[found - upper] : c;
}

static int least_of(int a, int b)
{
    return a < b ? a : b;
}

int rni_text_distance(const char *left, const char *right)
{
    const size_t n_left = strlen(left);
    const size_t n_right = strlen(right);
    if (n_left >= WORD_LIMIT || n_right >= WORD_LIMIT) return WORD_LIMIT;

    int rows[3][WORD_LIMIT + 1]; /* the last three rows of the table, used in turn */
    for (size_t j = 0; j <= n_right; j++)
        rows[0][j] = (int)j;
    for (size_t i = 1; i <= n_left; i++) {
        int *row = rows[i % 3];
        const int *above = rows[(i + 2) % 3];
        row[0] = (int)i;
        for (size_t j = 1; j <= n_right; j++) {
            const int a = folded(left[i - 1]);
            const int b = folded(right[j - 1]);
            const int edits = least_of(above[j] + 1, row[j - 1] + 1);
            row[j] = least_of(edits, above[j - 1] + (a != b));
            if (i > 1 && j > 1 && a == folded(right[j - 2]) && folded(left[i - 2]) == b)
                row[j] = least_of(row[j], rows[(i + 1) % 3][j - 2] + 1);
        }
    }
    return rows[n_left % 3][n_right];
}

void rni_nearest_offer(rni_nearest *search, const char *candidate)
{
    const int distance = rni_text_distance(search->word, candidate);
    const int longer = (int)rni_min(
        WORD_LIMIT, rni_max((rn_index)strlen(search->word), (rn_index)strlen(candidate)));
    if (distance > least_of(longer - 1, longer < 3 ? 1 : longer / 3)) return;
    if (search->best && distance >= search->distance) return;
    search->best = candidate;
    search->distance = distance;
}
