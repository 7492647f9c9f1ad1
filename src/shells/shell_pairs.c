/*
 * Pair sums in O(n^2) for all boundaries together.
 *
 * A cut bends only within one width of its boundary, that is in the two cells that touch it. For
 * modes in cells at least two apart, no cut bends at both, so with high in cell j, low in cell k,
 * k <= j - 2, and r = 1/(high - low), the divided difference of the cut at boundary b is
 *
 *     b <  k                  0                  both above
 *     b =  k, k + 1           (1 - chi(low)) r   the low mode is being cut
 *     k + 1 < b < j           r                  the cut runs between them
 *     b =  j, j + 1           chi(high) r        the high mode is being cut
 *     b >  j + 1              0                  both below
 *
 * Hence a row needs three sums per cell of its partners (of r, and of r times the two chi), after
 * which the boundaries cost nothing per pair. Pairs in the same or in adjacent cells are done one
 * by one with the polynomial divided difference; at most three cuts bend for them.
 *
 * A padded row has place c for the boundary at the lower end of cell c and c + 1 for the upper;
 * boundary i of the grid is place i + 2, and cells outside the grid fall on the pads.
 */
#include "shells/shell_pairs.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "shells/shell_cut.h"

/* Arrays of n doubles carved from the block. */
enum { N_ARRAYS = 5 };

static int32_t cell_of(double place, rn_index n_cells)
{
    const double last = (double)(n_cells - 1);
    return (int32_t)fmin(fmax(floor(place), 0.0), last);
}

/* Cuts as seen by mode u. Modes in the first or last cell are bent by no boundary of the grid. */
static void place_mode(const rn_shell_grid *grid, rni_modes *modes, rn_index u)
{
    const double lambda = modes->lambda[u];
    /* in cells, counted from the lower end of cell 0 */
    const double place =
        lambda > 0.0 ? log(lambda) / grid->width - (double)(grid->low - RNI_PAIRS_PAD) : -1.0;
    const int32_t cell = cell_of(place, modes->n_cells);
    const double half = fmin(fmax(0.5 * (place - (double)cell), 0.0), 0.5);
    modes->cell[u] = cell;
    modes->half[u] = half;
    modes->value_low[u] = rni_step_value(0.5 + half);
    modes->rest_low[u] = rni_step_value(0.5 - half);
    modes->value_high[u] = rni_step_value(half);
    modes->rest_high[u] = rni_step_value(1.0 - half);
}

bool rni_modes_create(const rn_shell_grid *grid, rn_index n, const double *lambda, rni_modes *out)
{
    rni_modes modes = {
        .n = n, .n_cells = rn_shell_grid_size(grid) + 3, .width = grid->width, .lambda = lambda};
    if (n > RN_SIZE_MAX / 64) return false;
    const size_t n_doubles = (size_t)(N_ARRAYS * n);
    const size_t n_starts = (size_t)modes.n_cells + 1;
    char *block = rni_alloc((rn_index)(n_doubles * sizeof(double) + n_starts * sizeof(rn_index)
                                       + (size_t)n * sizeof(int32_t)),
                            1);
    if (!block) return false;
    modes.block = block;
    modes.half = (double *)(void *)block;
    modes.value_low = modes.half + n;
    modes.value_high = modes.value_low + n;
    modes.rest_low = modes.value_high + n;
    modes.rest_high = modes.rest_low + n;
    modes.start = (rn_index *)(void *)(modes.half + n_doubles);
    modes.cell = (int32_t *)(void *)(modes.start + n_starts);

    for (rn_index u = 0; u < n; u++)
        place_mode(grid, &modes, u);
    rn_index u = 0;
    for (rn_index c = 0; c <= modes.n_cells; c++) {
        while (u < n && modes.cell[u] < c)
            u++;
        modes.start[c] = u;
    }
    *out = modes;
    return true;
}

void rni_modes_destroy(rni_modes *modes)
{
    rni_free(modes->block);
    modes->block = NULL;
}

/* Partners from .. to - 1, all in cell k at least two below the cell j of mode u. */
static void add_below(const rni_modes *rows, rn_index u, const rni_modes *cols, rn_index from,
                      rn_index to, const double *weight, double factor, double *row)
{
    const double high = rows->lambda[u];
    double sum = 0.0;
    double sum_low = 0.0;
    double sum_high = 0.0;
    for (rn_index v = from; v < to; v++) {
        const double r = weight[v] / (high - cols->lambda[v]);
        sum += r;
        sum_low += r * cols->rest_low[v];
        sum_high += r * cols->rest_high[v];
    }
    const int32_t j = rows->cell[u];
    const int32_t k = cols->cell[from];
    sum *= factor;
    row[k] += factor * sum_low;
    row[k + 1] += factor * sum_high;
    for (int32_t b = k + 2; b < j; b++)
        row[b] += sum;
    row[j] += sum * rows->value_low[u];
    row[j + 1] += sum * rows->value_high[u];
}

/* Partners from .. to - 1, all in cell k at least two above the cell j of mode u. */
static void add_above(const rni_modes *rows, rn_index u, const rni_modes *cols, rn_index from,
                      rn_index to, const double *weight, double factor, double *row)
{
    const double low = rows->lambda[u];
    double sum = 0.0;
    double sum_low = 0.0;
    double sum_high = 0.0;
    for (rn_index v = from; v < to; v++) {
        const double r = weight[v] / (cols->lambda[v] - low);
        sum += r;
        sum_low += r * cols->value_low[v];
        sum_high += r * cols->value_high[v];
    }
    const int32_t j = rows->cell[u];
    const int32_t k = cols->cell[from];
    sum *= factor;
    row[j] += sum * rows->rest_low[u];
    row[j + 1] += sum * rows->rest_high[u];
    for (int32_t b = j + 2; b < k; b++)
        row[b] += sum;
    row[k] += factor * sum_low;
    row[k + 1] += factor * sum_high;
}

/* Partners in the same cell: the cuts at both of its ends bend at both modes. */
static void add_same(const rni_modes *rows, rn_index u, const rni_modes *cols, rn_index from,
                     rn_index to, const double *weight, double factor, double *row)
{
    const int32_t j = rows->cell[u];
    if (j == 0 || j == rows->n_cells - 1) return; /* bent by no boundary of the grid */
    const double lambda = rows->lambda[u];
    const double half = rows->half[u];
    double sum_low = 0.0;
    double sum_high = 0.0;
    for (rn_index v = from; v < to; v++) {
        const double other = cols->lambda[v];
        const double r =
            weight[v]
            * (other > lambda ? rni_log_divided(other, lambda) : rni_log_divided(lambda, other));
        sum_low += r * rni_step_divided(0.5 - half, 0.5 - cols->half[v]);
        sum_high += r * rni_step_divided(half, cols->half[v]);
    }
    const double scale = factor / (2.0 * rows->width); /* dt = d ln lambda/(2h) */
    row[j] += scale * sum_low;
    row[j + 1] += scale * sum_high;
}

/* Partners in the adjacent cell: both modes are bent by the cut between the cells. */
static void add_adjacent(const rni_modes *rows, rn_index u, const rni_modes *cols, rn_index from,
                         rn_index to, const double *weight, double factor, double *row)
{
    const bool above = cols->cell[from] > rows->cell[u]; /* the partners are the high modes */
    const int32_t k = above ? rows->cell[u] : cols->cell[from]; /* the lower cell */
    const bool inside = k >= 1 && k + 2 < rows->n_cells;        /* the middle cut is in the grid */
    double sum_low = 0.0;
    double sum_middle = 0.0;
    double sum_high = 0.0;
    for (rn_index v = from; v < to; v++) {
        const double high = above ? cols->lambda[v] : rows->lambda[u];
        const double low = above ? rows->lambda[u] : cols->lambda[v];
        const double high_half = above ? cols->half[v] : rows->half[u];
        const double low_half = above ? rows->half[u] : cols->half[v];
        const double r = weight[v] / (high - low);
        sum_low += r * (above ? rows->rest_low[u] : cols->rest_low[v]);
        sum_high += r * (above ? cols->value_high[v] : rows->value_high[u]);
        if (inside)
            sum_middle += weight[v] * rni_log_divided(high, low)
                          * rni_step_divided(0.5 + high_half, low_half);
    }
    row[k] += factor * sum_low;
    row[k + 1] += factor * sum_middle / (2.0 * rows->width);
    row[k + 2] += factor * sum_high;
}

void rni_pairs_add_row(const rni_modes *rows, rn_index u, const rni_modes *cols, rn_index from,
                       rn_index to, const double *weight, double factor, double *row)
{
    const int32_t j = rows->cell[u];
    rn_index v = from;
    while (v < to) {
        const int32_t k = cols->cell[v];
        const rn_index end = cols->start[k + 1] < to ? cols->start[k + 1] : to;
        if (k <= j - 2)
            add_below(rows, u, cols, v, end, weight, factor, row);
        else if (k >= j + 2)
            add_above(rows, u, cols, v, end, weight, factor, row);
        else if (k == j)
            add_same(rows, u, cols, v, end, weight, factor, row);
        else
            add_adjacent(rows, u, cols, v, end, weight, factor, row);
        v = end;
    }
}
