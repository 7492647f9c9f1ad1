/*
 * One tile of M and M' from the factors of its rows and columns. Arrays only: nothing here knows
 * graphs or parameters.
 *
 * A tile holds the rows of n_i units and the columns of n_j units, K rows each; on the diagonal
 * (the same units on both sides) only the lower triangle is computed. Contributions are added, not
 * yet divided by N. Every product is one sequential call whose shape depends on the tile only.
 */
#ifndef RNI_KERNEL_GRAM_H
#define RNI_KERNEL_GRAM_H

#include <renorm/kernel.h>
#include <stdbool.h>

/** Where contributions go. */
typedef struct rni_tile {
    rn_index n_i;
    rn_index n_j;
    rn_index unit_rows; /**< K */
    bool is_diagonal;
    bool is_fresh;     /**< m and m_tangent hold nothing yet; the first contribution sets them */
    double *m;         /**< [n_i K x n_j K] or NULL */
    double *m_tangent; /**< the same, or NULL */
    rn_index ld;
    double *work; /**< rni_gram_work doubles */
} rni_tile;

/** Factors of one side, at the first unit of the tile; tangents NULL without (or zero). */
typedef struct rni_side {
    const double *left;  /**< [units, D, p] inputs, or row numbers [units, D] */
    const double *right; /**< [units, K, D, q] cotangents */
    const double *left_tangent;
    const double *right_tangent;
} rni_side;

/** One block of products: sum over positions of (x . x')(b . b'). */
typedef struct rni_product {
    rn_index positions; /**< D */
    rn_index in_width;  /**< p */
    rn_index out_width; /**< q */
    bool gathers;       /**< x . x' is 1 where the row numbers are equal, else 0 */
    double share;       /**< added to x . x' for biases beside the weight; D = 1, order S only */
    double identity;    /**< nonzero: b is c times the identity for every unit (D = 1, p = K, no
                             tangent), and this is c^2: right need not be read */
    rni_side i;
    rni_side j;
} rni_product;

/** Doubles of work space; -1 when too large to address. */
rn_index rni_gram_work(rn_kernel_order order, rn_index tile, rn_index unit_rows, rn_index positions,
                       rn_index out_width, bool with_tangent);

/** Adds a block in order S (RN_KERNEL_BOTH_GRAMS) or A (RN_KERNEL_INPUT_GRAM). */
RN_NODISCARD rn_status rni_gram_add(rn_kernel_order order, const rni_product *product,
                                    rni_tile *tile);

/**
 * Adds scale * R_i R_j^T and, in the tangent, scale * (R'_i R_j^T + R_i R'_j^T), R [rows x width]
 * with leading dimension `width`; only right and right_tangent of the sides are read.
 */
RN_NODISCARD rn_status rni_gram_add_rows(rn_index width, rni_side i, rni_side j, double scale,
                                         rni_tile *tile);

/** Zeros in what is wanted of m and m_tangent; is_fresh ends. */
void rni_tile_clear(rni_tile *tile);

#endif
