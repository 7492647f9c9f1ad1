/*
 * The head of a .npy file, by a parser of its own for the few forms of a Python dictionary that
 * the format allows, and a writer.
 */
#include "data/npy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/size.h"
#include "core/status.h"
#include "core/text.h"

enum { MAX_HEADER = 8192, MAGIC_BYTES = 8 };

static const unsigned char magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

/* The header's text while it is read. */
typedef struct scanner {
    const rni_reader *reader;
    rn_index start; /* byte of the file where the text starts */
    const char *text;
    rn_index n_bytes;
    rn_index at;
} scanner;

/* --- tokens ---------------------------------------------------------------------------------- */

static rn_status refuse(const scanner *scan, const char *expected)
{
    const rn_index n_left = rni_min(scan->n_bytes - scan->at, 24);
    return rni_fail(
        RN_ERR_FORMAT, "%s: byte %" PRId64 ": found %s, expected %s", scan->reader->name,
        scan->start + scan->at,
        n_left > 0 ? rni_quote(scan->text + scan->at, n_left).chars : "the header's end", expected);
}

static void skip_spaces(scanner *scan)
{
    while (scan->at < scan->n_bytes && strchr(" \t\n", scan->text[scan->at])
           && scan->text[scan->at])
        scan->at++;
}

/* Takes the character if it comes next. */
static bool take(scanner *scan, char wanted)
{
    skip_spaces(scan);
    if (scan->at == scan->n_bytes || scan->text[scan->at] != wanted) return false;
    scan->at++;
    return true;
}

/* Takes a word if it comes next. */
static bool take_word(scanner *scan, const char *word)
{
    skip_spaces(scan);
    const rn_index n_word = (rn_index)strlen(word);
    if (scan->n_bytes - scan->at < n_word) return false;
    if (memcmp(scan->text + scan->at, word, (size_t)n_word) != 0) return false;
    scan->at += n_word;
    return true;
}

/* A text between quotes, without escapes, of at most 15 characters. */
static bool take_quoted(scanner *scan, char out[16])
{
    skip_spaces(scan);
    const rn_index start = scan->at;
    if (start == scan->n_bytes) return false;
    const char quote = scan->text[start];
    if (quote != '\'' && quote != '"') return false;
    for (rn_index i = 0; i < 16 && start + 1 + i < scan->n_bytes; i++) {
        const char c = scan->text[start + 1 + i];
        if (c == quote) {
            memcpy(out, scan->text + start + 1, (size_t)i);
            out[i] = '\0';
            scan->at = start + i + 2;
            return true;
        }
        if (c < ' ' || c > '~' || c == '\\') return false;
    }
    return false;
}

/* --- values ---------------------------------------------------------------------------------- */

static bool find_element(const char *descr, rni_element *out)
{
    if (strlen(descr) != 3 || !strchr("<>|=", descr[0])) return false;
    const int n_bytes = descr[2] - '0';
    const bool is_float = descr[1] == 'f' && (n_bytes == 4 || n_bytes == 8);
    const bool is_integer =
        strchr("iu", descr[1]) && (n_bytes == 1 || n_bytes == 2 || n_bytes == 4 || n_bytes == 8);
    const bool is_boolean = descr[1] == 'b' && n_bytes == 1;
    if (!is_float && !is_integer && !is_boolean) return false;
    if (n_bytes > 1 && (descr[0] == '|' || descr[0] == '=')) return false; /* order unknown */
    *out = (rni_element){.kind = is_float          ? RNI_ELEMENT_FLOAT
                                 : descr[1] == 'i' ? RNI_ELEMENT_SIGNED
                                                   : RNI_ELEMENT_UNSIGNED,
                         .n_bytes = n_bytes,
                         .is_big_endian = descr[0] == '>'};
    return true;
}

static rn_status read_descr(scanner *scan, rni_array_head *head)
{
    char descr[16] = {0};
    const rn_index start = scan->at;
    if (take_quoted(scan, descr) && find_element(descr, &head->element)) return RN_OK;
    scan->at = start;
    skip_spaces(scan);
    return refuse(scan, "a type of plain numbers: '<f8', '<f4', '<i8' .. '|u1', '|b1' or with '>'; "
                        "convert the array first");
}

static rn_status read_order(scanner *scan, rni_array_head *head)
{
    head->is_fortran = take_word(scan, "True");
    return head->is_fortran || take_word(scan, "False") ? RN_OK : refuse(scan, "True or False");
}

/* "(3, 4)", "(3,)"; a comma may stand behind the last. */
static rn_status read_shape(scanner *scan, rni_array_head *head)
{
    if (!take(scan, '(')) return refuse(scan, "a shape such as (3, 4)");
    head->rank = 0;
    while (!take(scan, ')')) {
        skip_spaces(scan);
        rn_index end = scan->at;
        while (end < scan->n_bytes && scan->text[end] >= '0' && scan->text[end] <= '9')
            end++;
        rn_index length = 0;
        if (rni_integer_parse(scan->text + scan->at, end - scan->at, &length))
            return refuse(scan, "a length that fits 64 bits");
        if (head->rank == RNI_ARRAY_MAX_RANK) return refuse(scan, "at most 8 axes");
        head->shape[head->rank++] = length;
        scan->at = end;
        if (take(scan, ',')) continue;
        if (!take(scan, ')')) return refuse(scan, "',' or ')'");
        break;
    }
    return head->rank > 0 ? RN_OK : refuse(scan, "at least one axis before this place");
}

/* One "key: value" of the dictionary. */
static rn_status read_entry(scanner *scan, rni_array_head *head, bool is_seen[3])
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    static rn_status (*const readers[])(scanner *, rni_array_head *) = {read_descr, read_order,
                                                                        read_shape};
    char key[16] = {0};
    const rn_index start = scan->at;
    if (!take_quoted(scan, key)) return refuse(scan, "a key between quotes");
    int which = 0;
    while (which < 3 && strcmp(keys[which], key) != 0)
        which++;
    if (which == 3 || is_seen[which]) {
        scan->at = start;
        return refuse(scan, "each of 'descr', 'fortran_order' and 'shape' once");
    }
    is_seen[which] = true;
    return take(scan, ':') ? readers[which](scan, head) : refuse(scan, "':'");
}

static rn_status read_dictionary(scanner *scan, rni_array_head *head)
{
    bool is_seen[3] = {false, false, false};
    if (!take(scan, '{')) return refuse(scan, "a dictionary: {'descr': ..");
    while (!take(scan, '}')) {
        RNI_TRY(read_entry(scan, head, is_seen));
        if (take(scan, ',')) continue;
        if (!take(scan, '}')) return refuse(scan, "',' or '}'");
        break;
    }
    if (!is_seen[0] || !is_seen[1] || !is_seen[2])
        return refuse(scan, "'descr', 'fortran_order' and 'shape' before this place");
    skip_spaces(scan);
    return scan->at == scan->n_bytes ? RN_OK : refuse(scan, "nothing behind the dictionary");
}

/* --- the head -------------------------------------------------------------------------------- */

/* Length of the header's text, from the bytes behind the version. */
static rn_status read_length(rni_reader *reader, int version, rn_index *n_header)
{
    unsigned char bytes[4] = {0};
    RNI_TRY(rni_read_exactly(reader, bytes, version == 1 ? 2 : 4, "the npy header"));
    const rn_index length = (rn_index)bytes[0] | (rn_index)bytes[1] << 8 | (rn_index)bytes[2] << 16
                            | (rn_index)bytes[3] << 24;
    if (length > MAX_HEADER)
        return rni_fail(RN_ERR_FORMAT,
                        "%s: byte %d: found a header of %" PRId64 " bytes, expected at most %d",
                        reader->name, MAGIC_BYTES, length, MAX_HEADER);
    *n_header = length;
    return RN_OK;
}

rn_status rni_npy_read_head(rni_reader *reader, rni_array_head *head)
{
    unsigned char start[MAGIC_BYTES];
    char text[MAX_HEADER];
    rn_index n_header = 0;
    RNI_TRY(rni_read_exactly(reader, start, MAGIC_BYTES, "the npy header"));
    if (memcmp(start, magic, sizeof magic) != 0)
        return rni_fail(RN_ERR_FORMAT, "%s: byte 0: found %s, expected an npy file: 93 'NUMPY'",
                        reader->name, rni_quote((const char *)start, 6).chars);
    if (start[6] < 1 || start[6] > 3 || start[7] != 0)
        return rni_fail(RN_ERR_FORMAT, "%s: byte 6: found version %d.%d, expected 1.0, 2.0 or 3.0",
                        reader->name, start[6], start[7]);
    RNI_TRY(read_length(reader, start[6], &n_header));
    scanner scan = {.reader = reader, .start = reader->offset, .text = text, .n_bytes = n_header};
    RNI_TRY(rni_read_exactly(reader, text, n_header, "the npy header"));
    rni_array_head found = {0};
    RNI_TRY(read_dictionary(&scan, &found));
    RNI_TRY(rni_array_check(reader, &found));
    *head = found;
    return RN_OK;
}

/* --- writing --------------------------------------------------------------------------------- */

void rni_npy_format_head(int rank, const rn_index *shape, unsigned char *bytes)
{
    enum { N_TEXT = RNI_NPY_HEAD_BYTES - 10 };
    char text[N_TEXT + 1];
    memcpy(bytes, magic, sizeof magic);
    bytes[6] = 1;
    bytes[7] = 0;
    bytes[8] = N_TEXT & 0xFF;
    bytes[9] = N_TEXT >> 8;
    int n = snprintf(text, sizeof text, "{'descr': '<f8', 'fortran_order': False, 'shape': (");
    for (int axis = 0; axis < rank; axis++) /* at most 8 x 22 characters */
        n += snprintf(text + n, sizeof text - (size_t)n, "%" PRId64 "%s", shape[axis],
                      axis + 1 < rank ? ", "
                      : rank == 1     ? ","
                                      : "");
    n += snprintf(text + n, sizeof text - (size_t)n, "), }");
    memset(text + n, ' ', (size_t)(N_TEXT - n));
    text[N_TEXT - 1] = '\n';
    memcpy(bytes + 10, text, N_TEXT);
}

/* Writes doubles with their least byte first, whatever the machine. */
static bool write_values(FILE *file, rn_index count, const double *values)
{
    unsigned char piece[8192];
    const rn_index n_piece = (rn_index)sizeof piece / 8;
    for (rn_index first = 0; first < count; first += n_piece) {
        const rn_index n_now = rni_min(n_piece, count - first);
        for (rn_index i = 0; i < n_now; i++) {
            uint64_t bits = 0;
            memcpy(&bits, &values[first + i], sizeof bits);
            for (int byte = 0; byte < 8; byte++)
                piece[8 * i + byte] = (unsigned char)(bits >> (8 * byte));
        }
        if (fwrite(piece, 8, (size_t)n_now, file) != (size_t)n_now) return false;
    }
    return true;
}

rn_status rni_npy_write(const char *path, int rank, const rn_index *shape, const double *values)
{
    rn_index count = 1;
    bool is_sound = rank >= 1 && rank <= RNI_ARRAY_MAX_RANK;
    for (int axis = 0; is_sound && axis < rank; axis++)
        is_sound = rni_size_ok(shape[axis]) && rni_size_mul(count, shape[axis], &count);
    if (!is_sound) return rni_fail(RN_ERR_SHAPE, "%s: found a shape that npy cannot hold", path);

    unsigned char head[RNI_NPY_HEAD_BYTES];
    rni_npy_format_head(rank, shape, head);
    FILE *file = fopen(path, "wb");
    bool is_written = file && fwrite(head, 1, sizeof head, file) == sizeof head
                      && write_values(file, count, values);
    if (file && fclose(file) != 0) is_written = false;
    if (is_written) return RN_OK;
    const int code = errno;
    if (file) (void)unlink(path);
    char reason[128] = "unknown reason";
    (void)strerror_r(code, reason, sizeof reason);
    return rni_fail(RN_ERR_IO, "%s: cannot be written: %s", path, reason);
}
