/*
 * Row gradients of one chunk of a weight, for order G. Arrays only.
 */
#ifndef RNI_KERNEL_ROWS_H
#define RNI_KERNEL_ROWS_H

#include <renorm/status.h>
#include <stdbool.h>

/** Factors of one unit in one group of uses: gradient [p, q] = sum over positions left (x) right.
 */
typedef struct rni_outer {
    rn_index positions;
    rn_index left_width;
    rn_index right_width;
    bool gathers; /**< left holds row numbers [positions]; the gradient row of each is right */
    bool swapped; /**< the gradient is right (x) left */
    const double *left;          /**< [positions, left_width] */
    const double *right;         /**< [K, positions, right_width] */
    const double *left_tangent;  /**< NULL when the tangent is not wanted, or zero */
    const double *right_tangent; /**< NULL when the tangent is not wanted */
} rni_outer;

/** The part of the gradient that is formed: in_count rows from in_first, and columns likewise. */
typedef struct rni_part {
    rn_index in_first;
    rn_index in_count;
    rn_index out_first;
    rn_index out_count;
} rni_part;

/** Adds the part of all K gradients to rows [K, in_count, out_count], and their tangents. */
RN_NODISCARD rn_status rni_rows_add(const rni_outer *outer, rn_index n_rows, rni_part part,
                                    double *rows, double *rows_tangent);

#endif
