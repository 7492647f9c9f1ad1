/*
 * Fused programs on the host: the nest is walked in tiles of at most RNI_HOST_BLOCK elements, so
 * that temporaries stay in the first-level cache and each operand crosses memory once. A tile
 * covers rows x cols of the two innermost axes. Inputs that are contiguous over the tile are read
 * in place; others (broadcasts, transposes) are first copied into a tile of their own, and kept
 * there while their address does not change: a bias row is copied once, not once per tile.
 */
#include <string.h>

#include "core/size.h"
#include "core/status.h"
#include "tensor/host.h"

/* Arrays longer than this (2 MiB) come from beyond the second-level cache. */
#define FAR (1 << 18)

typedef struct tiles {
    const rni_elementwise *program;
    const double *read[RNI_PROGRAM_SLOTS];
    double *write[RNI_PROGRAM_SLOTS];
    const double *copied[RNI_PROGRAM_INPUTS]; /* what a tile copy holds, NULL at first */
    rn_index copied_rows[RNI_PROGRAM_INPUTS];
    rn_index copied_cols[RNI_PROGRAM_INPUTS];
} tiles;

void rni_elementwise_finish(rni_elementwise *program)
{
    rni_elementwise *p = program;
    /* The dense results walk along as one more operand. */
    rn_index strides[RNI_PROGRAM_INPUTS + 1][RNI_VIEW_RANK];
    memcpy(strides, p->strides, sizeof p->strides);
    const rni_view dense = rni_view_dense(p->rank, p->dims);
    memcpy(strides[p->n_in], dense.strides, sizeof dense.strides);
    rni_nest_collapse(&p->rank, p->dims, p->n_in + 1, strides);
    memcpy(p->strides, strides, sizeof p->strides);

    const int inner = p->rank - 1;
    const rn_index length = p->dims[inner];
    const rn_index n_pieces = rni_ceil_div(length, RNI_HOST_BLOCK);
    p->cols = n_pieces == 1
                  ? length
                  : rni_min(RNI_HOST_BLOCK, rni_ceil_div(rni_ceil_div(length, n_pieces), 8) * 8);
    p->rows = 1;
    if (inner > 0 && length <= RNI_HOST_BLOCK / 2)
        p->rows = rni_min(p->dims[inner - 1], RNI_HOST_BLOCK / length);
    p->is_flat = p->rank == 1;
    for (int k = 0; k < p->n_in; k++) {
        const rn_index *step = p->strides[k];
        p->is_direct[k] =
            (step[inner] == 1 || length == 1) && (p->rows == 1 || step[inner - 1] == length);
        p->is_flat = p->is_flat && p->is_direct[k];
    }
    if (p->is_flat) p->cols = rni_min(length, RNI_HOST_BLOCK);
}

static void copy_tile(rn_index rows, rn_index cols, const double *from, rn_index row_step,
                      rn_index col_step, double *to)
{
    for (rn_index r = 0; r < rows; r++, from += row_step, to += cols) {
        if (col_step == 1)
            memcpy(to, from, (size_t)cols * sizeof *to);
        else
            for (rn_index c = 0; c < cols; c++)
                to[c] = from[c * col_step];
    }
}

/* One tile: inputs at in[k] + at[k], results at out[k] + at[n_in]. */
static void run_tile(tiles *t, rn_index rows, rn_index cols, const rn_index *at,
                     const double *const *in, double *const *out, double (*copies)[RNI_HOST_BLOCK])
{
    const rni_elementwise *p = t->program;
    const int inner = p->rank - 1;
    for (int k = 0; k < p->n_in; k++) {
        const double *from = in[k] + at[k];
        if (p->is_direct[k]) {
            t->read[k] = from;
            continue;
        }
        if (t->copied[k] == from && t->copied_rows[k] == rows && t->copied_cols[k] == cols)
            continue;
        copy_tile(rows, cols, from, inner > 0 ? p->strides[k][inner - 1] : 0, p->strides[k][inner],
                  copies[k]);
        t->read[k] = copies[k];
        t->copied[k] = from;
        t->copied_rows[k] = rows;
        t->copied_cols[k] = cols;
    }
    for (int k = 0; k < p->n_out; k++) {
        t->write[p->n_in + k] = out[k] + at[p->n_in];
        t->read[p->n_in + k] = t->write[p->n_in + k];
    }
    rni_host_block(p->code, p->n_instructions, rows * cols, t->read, t->write);
}

/* All tiles of the two innermost axes at the position `at` of the outer ones. */
static void run_plane(tiles *t, const rn_index *at, const double *const *in, double *const *out,
                      double (*copies)[RNI_HOST_BLOCK])
{
    const rni_elementwise *p = t->program;
    const int inner = p->rank - 1;
    const rn_index n_rows = inner > 0 ? p->dims[inner - 1] : 1;
    const rn_index n_cols = p->dims[inner];
    rn_index here[RNI_PROGRAM_INPUTS + 1];
    for (rn_index r = 0; r < n_rows; r += p->rows)
        for (rn_index c = 0; c < n_cols; c += p->cols) {
            for (int k = 0; k < p->n_in; k++)
                here[k] = at[k] + c * p->strides[k][inner]
                          + (inner > 0 ? r * p->strides[k][inner - 1] : 0);
            here[p->n_in] = at[p->n_in] + r * n_cols + c;
            run_tile(t, rni_min(p->rows, n_rows - r), rni_min(p->cols, n_cols - c), here, in, out,
                     copies);
        }
}

static void run_tiles(tiles *t, const double *const *in, double *const *out)
{
    const rni_elementwise *p = t->program;
    double copies[RNI_PROGRAM_INPUTS][RNI_HOST_BLOCK];
    const int n_outer = p->rank > 2 ? p->rank - 2 : 0;
    rn_index plane = p->dims[p->rank - 1];
    if (p->rank > 1) plane *= p->dims[p->rank - 2];

    rn_index index[RNI_VIEW_RANK] = {0};
    rn_index at[RNI_PROGRAM_INPUTS + 1] = {0};
    do {
        run_plane(t, at, in, out, copies);
        at[p->n_in] += plane;
    } while (rni_nest_next(n_outer, p->dims, index, p->n_in, p->strides, at));
}

/* Asks for the lines of elements first .. first + n - 1, so that they travel while the block before
   them is computed. */
static void prefetch(const rni_elementwise *p, rn_index first, rn_index n, const double *const *in,
                     double *const *out)
{
    for (int k = 0; k < p->n_in; k++)
        for (rn_index i = first; i < first + n; i += 8)
            __builtin_prefetch(in[k] + i, 0, 2);
    for (int k = 0; k < p->n_out; k++)
        for (rn_index i = first; i < first + n; i += 8)
            __builtin_prefetch(out[k] + i, 1, 2);
}

static void run_flat(tiles *t, const double *const *in, double *const *out)
{
    const rni_elementwise *p = t->program;
    const rn_index n = p->dims[0];
    for (rn_index i = 0; i < n; i += p->cols) {
        for (int k = 0; k < p->n_in; k++)
            t->read[k] = in[k] + i;
        for (int k = 0; k < p->n_out; k++) {
            t->write[p->n_in + k] = out[k] + i;
            t->read[p->n_in + k] = out[k] + i;
        }
        if (n > FAR && n - i > p->cols)
            prefetch(p, i + p->cols, rni_min(p->cols, n - i - p->cols), in, out);
        rni_host_block(p->code, p->n_instructions, rni_min(p->cols, n - i), t->read, t->write);
    }
}

void rni_host_elementwise(const rni_elementwise *program, const double *const *in,
                          double *const *out)
{
    double temps[RNI_PROGRAM_TEMPS][RNI_HOST_BLOCK];
    tiles t;
    t.program = program;
    const int first_temp = program->n_in + program->n_out;
    for (int k = 0; k < program->n_temps; k++) {
        t.write[first_temp + k] = temps[k];
        t.read[first_temp + k] = temps[k];
    }
    if (program->is_flat) {
        run_flat(&t, in, out);
        return;
    }
    for (int k = 0; k < program->n_in; k++)
        t.copied[k] = NULL;
    run_tiles(&t, in, out);
}
