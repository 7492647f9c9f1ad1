/*
 * The factors of one block of units, computed and kept.
 */
#ifndef RNI_KERNEL_FACTORS_H
#define RNI_KERNEL_FACTORS_H

#include "kernel/layout.h"

/** Factors of units first .. first + count - 1. */
typedef struct rni_store {
    rn_index first;
    rn_index count;
    rn_index capacity; /**< units there is room for */
    double *data;      /**< [capacity x layout.unit_size] factor after factor */
    double *rows;      /**< [capacity x layout.chunk_size] row gradients of a chunk (order G) */
    double *rows_tangent;
} rni_store;

/** A factor from unit `unit` of the store on (counted from its first), its tangent likewise; NULL
    where it is not kept. */
const double *rni_store_value(const rni_layout *layout, const rn_kernel *kernel,
                              const rni_store *store, int factor, rn_index unit);
const double *rni_store_tangent(const rni_layout *layout, const rn_kernel *kernel,
                                const rni_store *store, int factor, rn_index unit);

/** Builds and plans the programs a layout needs. *grid: blocks of units start at its multiples. */
RN_NODISCARD rn_status rni_factors_prepare(rn_kernel *kernel, const rni_layout *layout,
                                           rn_index *grid);

/** Bytes of their workspaces. */
RN_NODISCARD rn_status rni_factors_bytes(rn_kernel *kernel, const rni_layout *layout,
                                         rn_index *grid, rn_index *bytes);

/**
 * Fills the store with units first .. first + count - 1, in parallel over tiles.
 * @param one_hot  [n_threads x n] zeros on entry and exit; coupled networks only, else NULL
 */
RN_NODISCARD rn_status rni_factors_load(rn_kernel *kernel, const rni_layout *layout,
                                        const rn_kernel_point *point, const double *v,
                                        rn_index first, rn_index count, double *one_hot,
                                        rni_store *store);

#endif
