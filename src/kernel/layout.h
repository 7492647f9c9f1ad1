/*
 * What one call computes: the order of every block for N samples, the units of a tile, and where
 * the factors of a block of units live in one array.
 */
#ifndef RNI_KERNEL_LAYOUT_H
#define RNI_KERNEL_LAYOUT_H

#include "kernel/kernel.h"

#define RNI_ALL_PARAMETERS ((rn_index)-1)

/** Columns of a weight gradient formed at a time in order G: in_step rows of out_step numbers. */
typedef struct rni_chunk {
    rn_index in_step;
    rn_index out_step;
} rni_chunk;

typedef struct rni_layout {
    rn_index n_samples;
    rn_index n_units;   /**< samples, or rows of a coupled network */
    rn_index unit_rows; /**< rows of J per unit */
    rn_index n;         /**< rows in all */
    rn_index tile;      /**< units of one tile of M */
    bool with_tangent;
    bool is_scaled;
    rn_index n_parameters;
    int *order;         /**< [n_parameters] an rn_kernel_order; -1: not in this call */
    double *shares;     /**< [n_parameters] added to x . x' for the biases carried along */
    rn_index *value_at; /**< [n_factors] offset per unit, in doubles; -1: not kept */
    rn_index *tangent_at;
    rn_index unit_size;   /**< doubles of all kept factors of a unit */
    rn_index chunk_size;  /**< doubles per unit of the widest chunk of order G; 0 without */
    rn_index n_gradients; /**< blocks in order G */
    rn_index work_size;   /**< doubles of work space per thread beside the tile itself */
    void *memory;         /**< owned: the arrays above */
} rni_layout;

/** Chooses for a call over all parameters, or one; scaled: every block in order G. @return RN_OK;
    RN_ERR_SHAPE; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_layout_create(const rn_kernel *kernel, rn_index n_samples,
                                         rn_index parameter, bool with_tangent, bool is_scaled,
                                         rni_layout *out);

void rni_layout_clear(rni_layout *layout);

/** The chunk of a block in order G. */
rni_chunk rni_block_chunk(const rni_block *block);

/** Order of a block, counts of S, A, G (NaN: does not apply) and of the chosen one. */
rn_kernel_order rni_block_order(const rn_kernel *kernel, rn_index n_samples, rn_index parameter,
                                double flops[3], double *chosen);

/** True for a bias whose block is computed with that of a weight. */
bool rni_block_is_hosted(const rn_kernel *kernel, rn_index n_samples, rn_index parameter);

/** D: positions of all uses together; 1 where it has no meaning. */
rn_index rni_block_positions(const rn_kernel *kernel, const rni_block *block);

/** Doubles of one unit of a factor. */
rn_index rni_factor_size(const rni_factor *factor);

#endif
