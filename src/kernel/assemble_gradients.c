/*
 * Order G of the assembly: the gradients of rows are formed, a chunk of a weight's columns at a
 * time, and multiplied.
 */
#include "kernel/assembly.h"

#include <string.h>

#include "core/size.h"
#include "core/status.h"

/* Offset in M of a tile. */
static rn_index offset_of(const rni_pass *p, rni_tile_place at)
{
    const rni_layout *layout = &p->a->layout;
    return (p->i->first + at.i) * layout->unit_rows * layout->n
           + (p->j->first + at.j) * layout->unit_rows;
}

/* Copies the tile at (row, column) of m to its mirror image. */
static void mirror_tile(double *m, rn_index n, rn_index row, rn_index column, rn_index n_rows,
                        rn_index n_columns, bool is_diagonal)
{
    for (rn_index c0 = 0; c0 < n_columns; c0 += RNI_MIRROR_STEP) {
        const rn_index c1 = rni_min(c0 + RNI_MIRROR_STEP, n_columns);
        for (rn_index r0 = is_diagonal ? c0 : 0; r0 < n_rows; r0 += RNI_MIRROR_STEP) {
            const rn_index r1 = rni_min(r0 + RNI_MIRROR_STEP, n_rows);
            for (rn_index c = c0; c < c1; c++)
                for (rn_index r = is_diagonal ? rni_max(r0, c + 1) : r0; r < r1; r++)
                    m[(column + c) * n + row + r] = m[(row + r) * n + column + c];
        }
    }
}

static void mirror(const rni_pass *p, rni_tile_place at)
{
    const rni_layout *layout = &p->a->layout;
    const rn_index k = layout->unit_rows;
    double *both[] = {p->a->m, p->a->m_tangent};
    for (int t = 0; t < 2; t++)
        if (both[t])
            mirror_tile(both[t], layout->n, (p->i->first + at.i) * k, (p->j->first + at.j) * k,
                        at.n_i * k, at.n_j * k, at.is_diagonal);
}

/* The part of row gradients that are kept as they are: [k, size] a unit. */
static void copy_rows(const rni_pass *p, const rni_store *store, rn_index unit, double *rows,
                      double *tangent)
{
    const rni_assembly *a = p->a;
    const rni_group kept = {.left = p->block->rows, .right = p->block->rows};
    const rni_side side = rni_pass_side(a, store, &kept, unit);
    const rn_index width = p->part.out_count;
    for (rn_index k = 0; k < a->layout.unit_rows; k++) {
        const rn_index from = k * p->block->size + p->part.out_first;
        memcpy(rows + k * width, side.left + from, (size_t)width * sizeof *rows);
        if (tangent && side.left_tangent)
            memcpy(tangent + k * width, side.left_tangent + from, (size_t)width * sizeof *tangent);
    }
}

/* Where entry (in, out) of a gradient stands in theta. */
static rn_index place_in_theta(const rni_block *block, rn_index in, rn_index out)
{
    const rn_index at = block->is_turned ? out * block->in_width + in : in * block->out_width + out;
    return block->offset + at;
}

/* rows := rows S, and their tangents tangent S + rows S'. */
static void scale_rows(const rni_pass *p, double *rows, double *tangent)
{
    const rn_kernel_point *point = p->a->point;
    for (rn_index k = 0; k < p->a->layout.unit_rows; k++)
        for (rn_index i = 0; i < p->part.in_count; i++)
            for (rn_index o = 0; o < p->part.out_count; o++, rows++) {
                const rn_index at =
                    place_in_theta(p->block, p->part.in_first + i, p->part.out_first + o);
                const double turn = point->scale_tangent ? point->scale_tangent[at] : 0.0;
                if (tangent) {
                    *tangent = *tangent * point->scale[at] + *rows * turn;
                    tangent++;
                }
                *rows *= point->scale[at];
            }
}

/* Row gradients of one tile of units; tiles of the second block follow those of the first. */
static rn_status form_rows(void *user, rn_index task, int thread)
{
    (void)thread;
    const rni_pass *p = user;
    const rni_assembly *a = p->a;
    const rn_kernel *kernel = a->kernel;
    const rn_index n_first = rni_pass_n_tiles(a, p->i);
    const rni_store *store = task < n_first ? p->i : p->j;
    const rn_index from = (task < n_first ? task : task - n_first) * a->layout.tile;
    const rn_index to = rni_min(from + a->layout.tile, store->count);
    const rn_index width = p->part.in_count * p->part.out_count;
    const rn_index k = a->layout.unit_rows;
    for (rn_index unit = from; unit < to; unit++) {
        double *rows = store->rows + unit * k * width;
        double *tangent = a->m_tangent ? store->rows_tangent + unit * k * width : NULL;
        memset(rows, 0, (size_t)(k * width) * sizeof *rows);
        if (tangent) memset(tangent, 0, (size_t)(k * width) * sizeof *tangent);
        for (int g = 0; g < p->block->n_groups; g++) {
            const rni_group *group = &p->block->groups[g];
            const rni_side side = rni_pass_side(a, store, group, unit);
            const rni_outer outer = {.positions = kernel->factors[group->left].positions,
                                     .left_width = kernel->factors[group->left].width,
                                     .right_width = kernel->factors[group->right].width,
                                     .gathers = group->gathers,
                                     .swapped = group->swapped,
                                     .left = side.left,
                                     .right = side.right,
                                     .left_tangent = side.left_tangent,
                                     .right_tangent = side.right_tangent};
            RNI_TRY(rni_rows_add(&outer, k, p->part, rows, tangent));
        }
        if (p->block->kind != RNI_BLOCK_PRODUCT) copy_rows(p, store, unit, rows, tangent);
        if (a->layout.is_scaled) scale_rows(p, rows, tangent);
    }
    return RN_OK;
}

/* Adds the chunk to one tile of M. */
static rn_status update_tile(void *user, rn_index task, int thread)
{
    (void)thread;
    const rni_pass *p = user;
    const rni_assembly *a = p->a;
    const rni_tile_place at = rni_pass_place(p, task);
    const rn_index width = p->part.in_count * p->part.out_count;
    const rn_index k = a->layout.unit_rows;
    const rn_index offset = offset_of(p, at);
    const rni_side i = {.right = p->i->rows + at.i * k * width,
                        .right_tangent =
                            a->m_tangent ? p->i->rows_tangent + at.i * k * width : NULL};
    const rni_side j = {.right = p->j->rows + at.j * k * width,
                        .right_tangent =
                            a->m_tangent ? p->j->rows_tangent + at.j * k * width : NULL};
    rni_tile tile = {.n_i = at.n_i,
                     .n_j = at.n_j,
                     .unit_rows = k,
                     .is_diagonal = at.is_diagonal,
                     .m = a->m ? a->m + offset : NULL,
                     .m_tangent = a->m_tangent ? a->m_tangent + offset : NULL,
                     .ld = a->layout.n};
    RNI_TRY(rni_gram_add_rows(width, i, j, a->scale, &tile));
    if (p->mirrors) mirror(p, at);
    return RN_OK;
}

static rn_status add_chunk(rni_pass *p)
{
    rni_pool *pool = p->a->kernel->pool;
    const rn_index n_forms =
        rni_pass_n_tiles(p->a, p->i) + (rni_pass_is_diagonal(p) ? 0 : rni_pass_n_tiles(p->a, p->j));
    RNI_TRY(rni_pool_run(pool, n_forms, form_rows, p));
    return rni_ranks_run(p->a->kernel->ranks, pool, rni_pass_n_pairs(p), update_tile, p);
}

/* All chunks of one weight; the last chunk of the last weight mirrors. */
rn_status rni_pass_add_gradients(rni_pass *p, bool is_last)
{
    const rni_block *block = p->block;
    const rni_chunk step = rni_block_chunk(block);
    for (rn_index i = 0; i < block->in_width; i += step.in_step)
        for (rn_index o = 0; o < block->out_width; o += step.out_step) {
            p->part = (rni_part){.in_first = i,
                                 .in_count = rni_min(step.in_step, block->in_width - i),
                                 .out_first = o,
                                 .out_count = rni_min(step.out_step, block->out_width - o)};
            p->mirrors = is_last && i + step.in_step >= block->in_width
                         && o + step.out_step >= block->out_width;
            RNI_TRY(add_chunk(p));
        }
    return RN_OK;
}
