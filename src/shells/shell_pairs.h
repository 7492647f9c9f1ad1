/*
 * Sums over pairs of modes weighted by the divided difference of every cut of a grid at once.
 */
#ifndef RNI_SHELLS_SHELL_PAIRS_H
#define RNI_SHELLS_SHELL_PAIRS_H

#include <renorm/shells.h>
#include <stdbool.h>
#include <stdint.h>

/** Places in front of and behind the boundaries of a padded row: see rni_pairs_add_row. */
#define RNI_PAIRS_PAD 2

/** Length of a padded row. */
static inline rn_index rni_pairs_row_size(rn_index n_boundaries)
{
    return n_boundaries + 2 * (rn_index)RNI_PAIRS_PAD;
}

/**
 * A spectrum prepared for pair sums. Cell c holds the modes with b h <= ln lambda < (b + 1) h,
 * b = low - 2 + c; c = 0 takes everything lower too (and lambda <= 0), the last cell everything
 * higher. Only two cuts bend within a cell: the one at its lower end ("near end") and the one at
 * its upper end.
 */
typedef struct rni_modes {
    rn_index n;
    rn_index n_cells;     /* n_boundaries + 3 */
    double width;         /* h */
    const double *lambda; /* [n] ascending, borrowed */
    void *block;          /* owns the arrays below */
    double *half;         /* [n] (ln lambda - b h)/(2h) in [0, 1/2], b the lower end of the cell */
    double *value_low;    /* [n] chi at the lower end of the cell: q(1/2 + half) */
    double *value_high;   /* [n] chi at its upper end: q(half) */
    double *rest_low;     /* [n] 1 - value_low, without cancellation */
    double *rest_high;    /* [n] 1 - value_high */
    rn_index *start;      /* [n_cells + 1] cell c holds modes start[c] .. start[c + 1] - 1 */
    int32_t *cell;        /* [n] */
} rni_modes;

/** Prepares; false when memory is out. lambda must be finite and ascending, the grid checked. */
bool rni_modes_create(const rn_shell_grid *grid, rn_index n, const double *lambda, rni_modes *out);
void rni_modes_destroy(rni_modes *modes);

/**
 * row[RNI_PAIRS_PAD + i] += factor * sum_v weight[v] chi_i[1](rows->lambda[u], cols->lambda[v])
 * for every boundary i, v = from .. to - 1. The pads collect the cuts that lie outside the grid;
 * they are finite and mean nothing. Both spectra must be prepared on one grid.
 */
void rni_pairs_add_row(const rni_modes *rows, rn_index u, const rni_modes *cols, rn_index from,
                       rn_index to, const double *weight, double factor, double *row);

#endif
