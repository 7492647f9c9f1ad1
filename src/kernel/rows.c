#include "kernel/rows.h"

#include "core/status.h"
#include "kernel/steady.h"

/* out := out + x^T y over positions, a part of it. */
static rn_status add_outer(rn_index positions, const double *x, rn_index x_width, const double *y,
                           rn_index y_width, rni_part part, double *out)
{
    return rni_steady_gemm(true, false, part.in_count, part.out_count, positions, 1.0,
                           x + part.in_first, x_width, y + part.out_first, y_width, 1.0, out,
                           part.out_count);
}

static void add_gathered(rn_index positions, const double *numbers, const double *right,
                         rn_index width, rni_part part, double *out)
{
    for (rn_index t = 0; t < positions; t++) {
        const rn_index row = (rn_index)numbers[t] - part.in_first;
        if (row < 0 || row >= part.in_count) continue;
        const double *from = right + t * width + part.out_first;
        for (rn_index c = 0; c < part.out_count; c++)
            out[row * part.out_count + c] += from[c];
    }
}

/* One row of J: left and right may each be a value or a tangent. */
static rn_status add_one(const rni_outer *o, const double *left, const double *right, rni_part part,
                         double *out)
{
    if (o->gathers) {
        add_gathered(o->positions, left, right, o->right_width, part, out);
        return RN_OK;
    }
    if (o->swapped)
        return add_outer(o->positions, right, o->right_width, left, o->left_width, part, out);
    return add_outer(o->positions, left, o->left_width, right, o->right_width, part, out);
}

rn_status rni_rows_add(const rni_outer *outer, rn_index n_rows, rni_part part, double *rows,
                       double *rows_tangent)
{
    const rn_index size = part.in_count * part.out_count;
    const rn_index stride = outer->positions * outer->right_width;
    for (rn_index k = 0; k < n_rows; k++) {
        const double *right = outer->right + k * stride;
        rn_status status = add_one(outer, outer->left, right, part, rows + k * size);
        if (status == RN_OK && rows_tangent && outer->left_tangent)
            status = add_one(outer, outer->left_tangent, right, part, rows_tangent + k * size);
        if (status == RN_OK && rows_tangent)
            status = add_one(outer, outer->left, outer->right_tangent + k * stride, part,
                             rows_tangent + k * size);
        if (status < 0) return status;
    }
    return RN_OK;
}
