/*
 * A graph computed tile by tile: the samples of a batch are cut into runs of equal length (the last
 * may be shorter), each of which is one execution of a plan on one thread of a pool.
 */
#ifndef RNI_TRAIN_TILES_H
#define RNI_TRAIN_TILES_H

#include <renorm/plan.h>
#include <stdbool.h>

#include "core/status.h"

typedef struct rni_tiles rni_tiles;

/** A tile and the work space it runs in. */
typedef struct rni_tile {
    rn_index first; /**< first sample */
    rn_index count; /**< samples, >= 1 */
    rn_workspace *work;
} rni_tile;

/**
 * Samples per tile: 64, or a quarter of fewer than 256 (rounded up, at least 8); more, up to 4096,
 * where a tile would be less work than handing it to a thread: samples x weights below 2^17. It
 * depends on these two shapes only, never on threads or memory, so that sums keep their order.
 */
rn_index rni_tile_size(rn_index n_samples, rn_index n_weights);

/**
 * Plans the wanted nodes for full tiles and for the remainder, with a work space per thread.
 * @param size  samples per full tile, >= 1
 * @return as rn_plan_create and rn_workspace_create
 */
RN_NODISCARD rn_status rni_tiles_create(const rn_graph *graph, rn_index n_samples, rn_index size,
                                        rn_index n_wanted, const rn_node *wanted, int n_threads,
                                        rni_tiles **out);

/** NULL is allowed. */
void rni_tiles_destroy(rni_tiles *tiles);

/** Number of tiles, of samples, and bytes held. */
rn_index rni_tiles_count(const rni_tiles *tiles);
rn_index rni_tiles_n_samples(const rni_tiles *tiles);
rn_index rni_tiles_bytes(const rni_tiles *tiles);

/** Tile i as thread `thread` runs it. */
rni_tile rni_tiles_get(const rni_tiles *tiles, rn_index i, int thread);

/** values[0] := sum of values[0 .. count-1] by the fixed pairwise tree (neighbours first); the
    other entries are overwritten. 0 for count 0. */
double rni_tree_sum(double *values, rn_index count);

#endif
