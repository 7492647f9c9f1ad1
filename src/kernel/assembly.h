/*
 * The assembly of M from factors, shared by its files: everything of one call, pairs of blocks, and
 * the tiles of a pair.
 */
#ifndef RNI_KERNEL_ASSEMBLY_H
#define RNI_KERNEL_ASSEMBLY_H

#include <stdbool.h>

#include "kernel/factors.h"
#include "kernel/gram.h"
#include "kernel/rows.h"

/** Rows and columns copied to the mirror image together: 2 cache lines each way. */
#define RNI_MIRROR_STEP 16

/** Everything of one call. */
typedef struct rni_assembly {
    rn_kernel *kernel;
    const rn_kernel_point *point;
    const double *v;
    rni_layout layout;
    rn_index block; /* units of a block */
    rn_index n_blocks;
    rn_index store_size; /* doubles of one store */
    rn_index tile_size;  /* doubles of one tile of M */
    rn_index thread_size;
    double *memory;
    double *thread_memory;
    double *one_hot;
    rni_store stores[2];
    double scale; /* 1/N */
    double *m;
    double *m_tangent;
} rni_assembly;

/** A pair of blocks, and the chunk of a weight being added. */
typedef struct rni_pass {
    rni_assembly *a;
    const rni_store *i;
    const rni_store *j;
    const rni_block *block;
    rni_part part;
    bool mirrors;
} rni_pass;

/** Where a tile lies: units from the start of its stores, and their number. */
typedef struct rni_tile_place {
    rn_index i;
    rn_index j;
    rn_index n_i;
    rn_index n_j;
    bool is_diagonal;
} rni_tile_place;

/** Whether both blocks of the pair are the same. */
bool rni_pass_is_diagonal(const rni_pass *pass);

/** Tiles of a block's units, and tiles of M that the pair has. */
rn_index rni_pass_n_tiles(const rni_assembly *assembly, const rni_store *store);
rn_index rni_pass_n_pairs(const rni_pass *pass);

/** Where tile `task` of rni_pass_n_pairs lies. */
rni_tile_place rni_pass_place(const rni_pass *pass, rn_index task);

/** Factors of a group from a unit on. Borrowed. */
rni_side rni_pass_side(const rni_assembly *assembly, const rni_store *store, const rni_group *group,
                       rn_index unit);

/**
 * Adds a weight in order G: row gradients of both blocks, a chunk of columns at a time, and their
 * products to the tiles of M.
 * @param is_last  no weight follows: its last chunk mirrors M
 * @return RN_OK; what rni_rows_add and rni_gram_add_rows return
 */
RN_NODISCARD rn_status rni_pass_add_gradients(rni_pass *pass, bool is_last);

#endif
