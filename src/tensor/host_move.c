/*
 * Strided copies on the host. Axes are sorted by the strides of the target; where the source is
 * contiguous along another axis than the target (a transpose), the two axes are walked in square
 * tiles that fit the first-level cache.
 */
#include <string.h>

#include "core/size.h"
#include "tensor/host.h"

#define TILE 32 /* 2 x 8 KiB */

void rni_move_finish(rni_move *move)
{
    rni_nest_collapse(&move->rank, move->dims, 2, move->strides);
    rni_nest_sort(move->rank, move->dims, 2, move->strides);
    rni_nest_collapse(&move->rank, move->dims, 2, move->strides);
}

static void copy_line(rn_index n, const double *from, rn_index from_step, double *to,
                      rn_index to_step)
{
    if (from_step == 1 && to_step == 1)
        memcpy(to, from, (size_t)n * sizeof *to);
    else
        for (rn_index i = 0; i < n; i++)
            to[i * to_step] = from[i * from_step];
}

static void add_line(rn_index n, const double *from, rn_index from_step, double *to,
                     rn_index to_step)
{
    if (from_step == 1 && to_step == 1) {
        RNI_INDEPENDENT
        for (rn_index i = 0; i < n; i++)
            to[i] += from[i];
    } else
        for (rn_index i = 0; i < n; i++)
            to[i * to_step] += from[i * from_step];
}

static void move_line(bool accumulate, rn_index n, const double *from, rn_index from_step,
                      double *to, rn_index to_step)
{
    if (accumulate)
        add_line(n, from, from_step, to, to_step);
    else
        copy_line(n, from, from_step, to, to_step);
}

/* The axes `outer` and the last one, in tiles where the source runs along `outer`. */
static void move_plane(const rni_move *m, int outer, const double *from, double *to)
{
    const int inner = m->rank - 1;
    const rn_index rows = m->dims[outer];
    const rn_index cols = m->dims[inner];
    const rn_index *to_step = m->strides[0];
    const rn_index *from_step = m->strides[1];
    const rn_index tile = from_step[outer] < from_step[inner] ? TILE : cols;
    const rn_index row_tile = tile == TILE ? TILE : rows;
    for (rn_index r0 = 0; r0 < rows; r0 += row_tile)
        for (rn_index c0 = 0; c0 < cols; c0 += tile) {
            const rn_index n = rni_min(tile, cols - c0);
            const rn_index r1 = rni_min(r0 + row_tile, rows);
            for (rn_index r = r0; r < r1; r++)
                move_line(m->accumulate, n, from + r * from_step[outer] + c0 * from_step[inner],
                          from_step[inner], to + r * to_step[outer] + c0 * to_step[inner],
                          to_step[inner]);
        }
}

void rni_host_move(const rni_move *move, const double *const *in, double *const *out)
{
    const rni_move *m = move;
    const int inner = m->rank - 1;
    if (m->rank == 1) {
        move_line(m->accumulate, m->dims[0], in[0], m->strides[1][0], out[0], m->strides[0][0]);
        return;
    }
    /* The source's closest axis other than the last becomes the second axis of the planes. */
    int outer = inner - 1;
    for (int i = inner - 1; i >= 0; i--)
        if (m->strides[1][i] > 0
            && (m->strides[1][outer] == 0 || m->strides[1][i] < m->strides[1][outer]))
            outer = i;
    rn_index dims[RNI_VIEW_RANK];
    memcpy(dims, m->dims, sizeof dims);
    dims[outer] = 1; /* walked inside the plane */
    rn_index index[RNI_VIEW_RANK] = {0};
    rn_index at[2] = {0};
    do {
        move_plane(m, outer, in[0] + at[1], out[0] + at[0]);
    } while (rni_nest_next(inner, dims, index, 2, m->strides, at));
}
