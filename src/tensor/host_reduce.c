/*
 * Sums and maxima on the host, in the fixed order that tensor/device.h states. One recursion
 * halves the rows; a row is either a run of numbers that are added to one (lanes), or a strip of
 * columns that are added side by side.
 */
#include <math.h>
#include <string.h>

#include "core/size.h"
#include "core/status.h"
#include "tensor/host.h"

#define CHUNK 512 /* terms per lane sum */
#define LANES 8
#define LEAF  16  /* rows added in sequence */
#define STRIP 128 /* columns side by side */

void rni_reduce_finish(rni_reduce *reduce)
{
    rni_reduce *r = reduce;
    rni_nest_sort(r->n_kept, r->kept_dims, 2, r->kept_strides);
    rni_nest_collapse(&r->n_kept, r->kept_dims, 2, r->kept_strides);
    rni_nest_sort(r->n_reduced, r->reduced_dims, 1, r->reduced_strides);
    rni_nest_collapse(&r->n_reduced, r->reduced_dims, 1, r->reduced_strides);

    const int kept = r->n_kept - 1;
    const int reduced = r->n_reduced - 1;
    r->by_column = r->kept_dims[kept] > 1 && r->kept_strides[0][kept] > 0
                   && r->kept_strides[0][kept] < r->reduced_strides[0][reduced];
    r->n_rows = 1;
    for (int i = 0; i < (r->by_column ? r->n_reduced : reduced); i++)
        r->n_rows *= r->reduced_dims[i];
}

RNI_INLINE double larger(double a, double b)
{
    return a > b || isnan(a) ? a : b;
}

RNI_INLINE double join(rni_reduction kind, double a, double b)
{
    return kind == RNI_REDUCE_SUM ? a + b : larger(a, b);
}

/* n <= CHUNK terms in eight lanes. */
RNI_INLINE double chunk_of(rni_reduction kind, rn_index n, const double *x, rn_index step)
{
    double lane[LANES];
    for (int l = 0; l < LANES; l++)
        lane[l] = kind == RNI_REDUCE_SUM ? 0.0 : x[0];
    rn_index i = 0;
    if (step == 1)
        for (; i + LANES <= n; i += LANES)
            for (int l = 0; l < LANES; l++)
                lane[l] = join(kind, lane[l], x[i + l]);
    for (; i < n; i++)
        lane[i % LANES] = join(kind, lane[i % LANES], x[i * step]);
    return join(kind, join(kind, join(kind, lane[0], lane[1]), join(kind, lane[2], lane[3])),
                join(kind, join(kind, lane[4], lane[5]), join(kind, lane[6], lane[7])));
}

RNI_WIDE static double sum_chunk(rn_index n, const double *x, rn_index step)
{
    return chunk_of(RNI_REDUCE_SUM, n, x, step);
}

RNI_WIDE static double max_chunk(rn_index n, const double *x, rn_index step)
{
    return chunk_of(RNI_REDUCE_MAX, n, x, step);
}

static double run_of(rni_reduction kind, rn_index n, const double *x, rn_index step)
{
    if (n <= CHUNK) return kind == RNI_REDUCE_SUM ? sum_chunk(n, x, step) : max_chunk(n, x, step);
    const rn_index half = rni_ceil_div(rni_ceil_div(n, CHUNK), 2) * CHUNK;
    const double left = run_of(kind, half, x, step);
    return join(kind, left, run_of(kind, n - half, x + half * step, step));
}

RNI_WIDE static void add_strip(rn_index n, const double *x, double *acc)
{
    RNI_INDEPENDENT
    for (rn_index i = 0; i < n; i++)
        acc[i] += x[i];
}

static void join_strip(rni_reduction kind, rn_index n, const double *x, rn_index step, double *acc)
{
    if (kind == RNI_REDUCE_SUM && step == 1)
        add_strip(n, x, acc);
    else
        for (rn_index i = 0; i < n; i++)
            acc[i] = join(kind, acc[i], x[i * step]);
}

/* Offset of row q of the reduced index. */
static rn_index row_offset(const rni_reduce *r, rn_index q)
{
    const int n_axes = r->by_column ? r->n_reduced : r->n_reduced - 1;
    if (n_axes == 1) return q * r->reduced_strides[0][0];
    rn_index offset = 0;
    for (int i = n_axes - 1; i >= 0; i--) {
        offset += (q % r->reduced_dims[i]) * r->reduced_strides[0][i];
        q /= r->reduced_dims[i];
    }
    return offset;
}

static double run_of_row(const rni_reduce *r, const double *row)
{
    const int inner = r->n_reduced - 1;
    return run_of(r->kind, r->reduced_dims[inner], row, r->reduced_strides[0][inner]);
}

static void start_row(const rni_reduce *r, const double *row, rn_index width, double *acc)
{
    const rn_index step = r->kept_strides[0][r->n_kept - 1];
    acc[0] = r->by_column ? row[0] : run_of_row(r, row);
    for (rn_index i = 1; i < width; i++)
        acc[i] = row[i * step];
}

static void join_row(const rni_reduce *r, const double *row, rn_index width, double *acc)
{
    if (r->by_column)
        join_strip(r->kind, width, row, r->kept_strides[0][r->n_kept - 1], acc);
    else
        acc[0] = join(r->kind, acc[0], run_of_row(r, row));
}

/* acc[0 .. width-1] := rows first .. first + n - 1 at x; width is 1 unless by column. */
static void rows_of(const rni_reduce *r, rn_index first, rn_index n, const double *x,
                    rn_index width, double *acc)
{
    if (n > LEAF) {
        double right[STRIP];
        const rn_index half = rni_ceil_div(rni_ceil_div(n, LEAF), 2) * LEAF;
        rows_of(r, first, half, x, width, acc);
        rows_of(r, first + half, n - half, x, width, right);
        join_strip(r->kind, width, right, 1, acc);
        return;
    }
    start_row(r, x + row_offset(r, first), width, acc);
    for (rn_index q = first + 1; q < first + n; q++)
        join_row(r, x + row_offset(r, q), width, acc);
}

void rni_host_reduce(const rni_reduce *reduce, const double *const *in, double *const *out)
{
    const rni_reduce *r = reduce;
    const int inner = r->n_kept - 1;
    rn_index dims[RNI_VIEW_RANK];
    memcpy(dims, r->kept_dims, sizeof dims);
    const rn_index n_columns = r->by_column ? dims[inner] : 1;
    const rn_index out_step = r->kept_strides[1][inner];
    const int n_outer = r->by_column ? inner : r->n_kept;
    double acc[STRIP];
    rn_index index[RNI_VIEW_RANK] = {0};
    rn_index at[2] = {0};
    do {
        for (rn_index c = 0; c < n_columns; c += STRIP) {
            const rn_index width = rni_min(STRIP, n_columns - c);
            rows_of(r, 0, r->n_rows, in[0] + at[0] + c * r->kept_strides[0][inner], width, acc);
            for (rn_index i = 0; i < width; i++)
                out[0][at[1] + (c + i) * out_step] = acc[i];
        }
    } while (rni_nest_next(n_outer, dims, index, 2, r->kept_strides, at));
}
