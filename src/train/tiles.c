/*
 * Plans and work spaces of tiles. Only the last tile can be short, and only one thread runs it, so
 * the remainder has a single work space.
 */
#include "train/tiles.h"

#include "core/memory.h"
#include "core/size.h"

struct rni_tiles {
    rn_index n_samples;
    rn_index size;       /* of a full tile */
    rn_plan *full;       /* NULL when there is no full tile */
    rn_plan *rest;       /* NULL when all tiles are full */
    rn_workspace **work; /* [n_threads + 1]: one per thread, then the remainder's; owned */
    int n_threads;
};

enum { FULL_TILE = 64, LEAST_TILE = 8, MOST_TILE = 4096, TILES_OF_FEW = 4, LEAST_WORK = 1 << 17 };

rn_index rni_tile_size(rn_index n_samples, rn_index n_weights)
{
    const rn_index part = rni_ceil_div(n_samples, TILES_OF_FEW);
    const rn_index worth = rni_min(MOST_TILE, rni_ceil_div(LEAST_WORK, rni_max(1, n_weights)));
    return rni_max(worth, rni_min(FULL_TILE, rni_max(LEAST_TILE, part)));
}

/* A plan for `count` samples (none: nothing is done), and work spaces for it. */
static rn_status plan_one(const rn_graph *graph, rn_index count, rn_index n_wanted,
                          const rn_node *wanted, rn_plan **plan, rn_workspace **work, int n_work)
{
    if (count == 0) return RN_OK;
    rn_status status = rn_plan_create(graph, count, n_wanted, wanted, plan);
    for (int k = 0; k < n_work && status == RN_OK; k++)
        status = rn_workspace_create(*plan, &work[k]);
    return status;
}

static rn_status plan_tiles(rni_tiles *tiles, const rn_graph *graph, rn_index n_wanted,
                            const rn_node *wanted)
{
    const rn_index full = tiles->n_samples >= tiles->size ? tiles->size : 0;
    RNI_TRY(plan_one(graph, full, n_wanted, wanted, &tiles->full, tiles->work, tiles->n_threads));
    return plan_one(graph, tiles->n_samples % tiles->size, n_wanted, wanted, &tiles->rest,
                    tiles->work + tiles->n_threads, 1);
}

rn_status rni_tiles_create(const rn_graph *graph, rn_index n_samples, rn_index size,
                           rn_index n_wanted, const rn_node *wanted, int n_threads, rni_tiles **out)
{
    rni_tiles *tiles = rni_alloc_zero(1, sizeof *tiles);
    if (!tiles) return rni_fail(RN_ERR_MEMORY, "rn_trainer: no memory for tiles");
    tiles->n_samples = n_samples;
    tiles->size = size;
    tiles->n_threads = n_threads;
    tiles->work = rni_alloc_zero(n_threads + 1, sizeof(rn_workspace *));
    rn_status status =
        tiles->work ? RN_OK : rni_fail(RN_ERR_MEMORY, "rn_trainer: no memory for tiles");
    if (status == RN_OK) status = plan_tiles(tiles, graph, n_wanted, wanted);
    if (status < 0) {
        rni_tiles_destroy(tiles);
        return status;
    }
    *out = tiles;
    return RN_OK;
}

void rni_tiles_destroy(rni_tiles *tiles)
{
    if (!tiles) return;
    for (int k = 0; tiles->work && k <= tiles->n_threads; k++)
        rn_workspace_destroy(tiles->work[k]);
    rni_free(tiles->work);
    rn_plan_destroy(tiles->full);
    rn_plan_destroy(tiles->rest);
    rni_free(tiles);
}

rn_index rni_tiles_count(const rni_tiles *tiles)
{
    return rni_ceil_div(tiles->n_samples, tiles->size);
}

rn_index rni_tiles_n_samples(const rni_tiles *tiles)
{
    return tiles->n_samples;
}

rn_index rni_tiles_bytes(const rni_tiles *tiles)
{
    rn_index bytes = 0;
    if (tiles->full) bytes += tiles->n_threads * rn_plan_bytes(tiles->full);
    if (tiles->rest) bytes += rn_plan_bytes(tiles->rest);
    return bytes;
}

rni_tile rni_tiles_get(const rni_tiles *tiles, rn_index i, int thread)
{
    const rn_index first = i * tiles->size;
    const rn_index count = rni_min(tiles->size, tiles->n_samples - first);
    const int k = count == tiles->size ? thread : tiles->n_threads;
    return (rni_tile){.first = first, .count = count, .work = tiles->work[k]};
}

double rni_tree_sum(double *values, rn_index count)
{
    for (rn_index stride = 1; stride < count; stride *= 2)
        for (rn_index i = 0; i + stride < count; i += 2 * stride)
            values[i] += values[i + stride];
    return count > 0 ? values[0] : 0.0;
}
