/*
 * Numbers of a file, converted in pieces of 64 KiB whatever the size of the file.
 */
#include "data/array.h"

#include <math.h>
#include <string.h>

#include "core/size.h"
#include "core/status.h"

enum { PIECE_BYTES = 65536 };

rn_index rni_array_row_size(const rni_array_head *head)
{
    rn_index size = 1;
    for (int axis = 1; axis < head->rank; axis++)
        size *= head->shape[axis];
    return size;
}

rn_status rni_array_check(const rni_reader *reader, const rni_array_head *head)
{
    rn_index n_bytes = head->element.n_bytes;
    for (int axis = 0; axis < head->rank; axis++) {
        const rn_index n = head->shape[axis];
        if (!rni_size_ok(n) || !rni_size_mul(n_bytes, n, &n_bytes))
            return rni_fail(RN_ERR_FORMAT,
                            "%s: found %" PRId64 " entries along axis %d, expected at least one "
                            "and no more than the file can hold",
                            reader->name, n, axis);
    }
    return rni_reader_check_room(reader, n_bytes, "numbers");
}

/* --- one number ------------------------------------------------------------------------------ */

/* The bytes of one element as a 64-bit pattern. */
static uint64_t gather(rni_element element, const unsigned char *bytes)
{
    uint64_t bits = 0;
    for (int i = 0; i < element.n_bytes; i++)
        bits = bits << 8 | bytes[element.is_big_endian ? i : element.n_bytes - 1 - i];
    return bits;
}

static double from_float_bits(int n_bytes, uint64_t bits)
{
    if (n_bytes == 4) {
        const uint32_t half = (uint32_t)bits;
        float value = 0.0F;
        memcpy(&value, &half, sizeof value);
        return (double)value;
    }
    double value = 0.0;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* An element as a double; NaN where no double holds it. */
static double convert(rni_element element, const unsigned char *bytes)
{
    const uint64_t exact = (uint64_t)1 << 53;
    const uint64_t bits = gather(element, bytes);
    if (element.kind == RNI_ELEMENT_FLOAT) return from_float_bits(element.n_bytes, bits);
    const uint64_t sign = (uint64_t)1 << (8 * element.n_bytes - 1);
    if (element.kind == RNI_ELEMENT_SIGNED && (bits & sign)) {
        const uint64_t magnitude = (~bits & (sign - 1)) + 1;
        return magnitude <= exact ? -(double)magnitude : (double)NAN;
    }
    return bits <= exact ? (double)bits : (double)NAN;
}

static rn_status refuse(const rni_reader *reader, const rni_array_head *head, rn_index byte,
                        rn_index row, rn_index column)
{
    const bool is_float = head->element.kind == RNI_ELEMENT_FLOAT;
    return rni_fail(
        RN_ERR_FORMAT,
        "%s: byte %" PRId64 ": found %s in row %" PRId64 ", entry %" PRId64
        " (both from 0), expected %s",
        reader->name, byte, is_float ? "NaN or infinity" : "an integer beyond 2^53", row, column,
        is_float ? "finite numbers; clean the data first" : "integers that a double holds exactly");
}

/* --- all of them ----------------------------------------------------------------------------- */

/* Where the next number belongs. */
typedef struct cursor {
    rn_index row;
    rn_index column;                    /* place within the row, row-major */
    rn_index index[RNI_ARRAY_MAX_RANK]; /* Fortran order: the multi-index behind `column` */
} cursor;

/* The row-major place of a multi-index within its row. */
static rn_index place_in_row(const rni_array_head *head, const rn_index *index)
{
    rn_index place = 0;
    for (int axis = 1; axis < head->rank; axis++)
        place = place * head->shape[axis] + index[axis];
    return place;
}

static void advance(const rni_array_head *head, rn_index row_size, cursor *at)
{
    if (!head->is_fortran) {
        if (++at->column < row_size) return;
        at->column = 0;
        at->row++;
        return;
    }
    if (++at->row < head->shape[0]) return;
    at->row = 0;
    for (int axis = 1; axis < head->rank; axis++) {
        if (++at->index[axis] < head->shape[axis]) break;
        at->index[axis] = 0;
    }
    at->column = place_in_row(head, at->index);
}

rn_status rni_array_read(rni_reader *reader, const rni_array_head *head, const rn_index *slots,
                         double *out)
{
    const rn_index row_size = rni_array_row_size(head);
    const rn_index n_element = head->element.n_bytes;
    rn_index n_left = head->shape[0] * row_size;
    cursor at = {0};
    unsigned char piece[PIECE_BYTES];
    while (n_left > 0) {
        const rn_index n_now = rni_min(n_left, PIECE_BYTES / n_element);
        const rn_index start = reader->offset;
        RNI_TRY(rni_read_exactly(reader, piece, n_now * n_element, "numbers"));
        for (rn_index i = 0; i < n_now; i++) {
            const double value = convert(head->element, piece + i * n_element);
            if (!isfinite(value))
                return refuse(reader, head, start + i * n_element, at.row, at.column);
            const rn_index slot = slots ? slots[at.row] : at.row;
            if (slot >= 0) out[slot * row_size + at.column] = value;
            advance(head, row_size, &at);
        }
        n_left -= n_now;
    }
    return rni_read_end(reader);
}
