/*
 * The cells of a velocity table that a law is fitted to, and least squares on them.
 */
#ifndef RNI_CONDITIONS_LAW_CELLS_H
#define RNI_CONDITIONS_LAW_CELLS_H

#include <renorm/velocity_law.h>
#include <stdbool.h>

/** One velocity. */
typedef struct rni_cell {
    rn_index i; /**< time */
    rn_index b; /**< boundary */
    double s;
    double u; /**< ln t */
    double y; /**< ln|w| */
    double weight;
} rni_cell;

/** Cells in row-major order of (i, b). */
typedef struct rni_cells {
    rni_cell *at; /**< owned, [count] */
    rn_index count;
    rn_index n_times;
    rn_index n_boundaries;
    double h;
} rni_cells;

/** Terms of ln|w|: 1, s, ln t, then s^2, s ln t, ln^2 t; both axes about a centre. */
typedef enum rni_terms { RNI_TERMS_MEAN = 1, RNI_TERMS_LAW = 3, RNI_TERMS_QUADRATIC = 6 } rni_terms;

/** A fit: coefficients of the terms. */
typedef struct rni_fit {
    int n_terms;
    double s0, u0; /**< centre */
    double coefficient[RNI_TERMS_QUADRATIC];
} rni_fit;

/** Weighted least squares over cells with keep[k] (NULL: all), each counted times[k] times (NULL:
    once). False where the cells do not determine the coefficients. */
bool rni_fit_cells(const rni_cells *cells, rni_terms terms, const bool *keep, const rn_index *times,
                   rni_fit *fit);

/** The fit at a cell. */
double rni_fit_at(const rni_fit *fit, const rni_cell *cell);

/**
 * f(s) + g(t) by alternating weighted means over cells with keep[k].
 * @param f, g  [n_boundaries], [n_times] out; NaN where no cell speaks
 */
void rni_fit_free(const rni_cells *cells, const bool *keep, double *f, double *g);

#endif
