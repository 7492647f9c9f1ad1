/*
 * Orders by least count of operations, tile sizes, and the place of every factor.
 *
 * Everything here depends on shapes only: never on memory limits or threads.
 */
#include "kernel/layout.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "kernel/gram.h"

/* Rows of a tile of M: at 480 a product reaches 93 % of the rate of a large one, and tile, product
   and scratch stay in cache. */
#define TILE_ROWS 640

/* Columns of a chunk in order G: long enough for the product, 16 KiB per row of M. */
#define CHUNK_COLUMNS 2048

rn_index rni_factor_size(const rni_factor *factor)
{
    return factor->rows * factor->positions * factor->width;
}

rni_chunk rni_block_chunk(const rni_block *block)
{
    const rn_index out_step = rni_min(block->out_width, CHUNK_COLUMNS);
    const rn_index in_step = rni_min(block->in_width, rni_max(1, CHUNK_COLUMNS / out_step));
    return (rni_chunk){.in_step = in_step, .out_step = out_step};
}

rn_index rni_block_positions(const rn_kernel *kernel, const rni_block *block)
{
    rn_index positions = 0;
    for (int g = 0; g < block->n_groups; g++)
        positions += kernel->factors[block->groups[g].left].positions;
    return rni_max(positions, 1);
}

/* Counts of a block of products with one group (a mixed one has order G only). */
static void count_product(const rn_kernel *kernel, const rni_block *block, double samples,
                          double flops[3])
{
    const double rows = samples * (double)kernel->n_rows;
    const double p = (double)block->in_width;
    const double q = (double)block->out_width;
    const double positions = (double)rni_block_positions(kernel, block);
    const double gradient = block->groups[0].gathers ? q : p * q;
    const double pairs = positions * positions;
    /* an equality test counts as one */
    const double inputs = samples * samples * pairs * (block->groups[0].gathers ? 1.0 : p);
    flops[RN_KERNEL_ROW_GRADIENTS] = 2.0 * rows * positions * gradient + rows * rows * p * q;
    if (block->n_groups > 1) return;
    flops[RN_KERNEL_BOTH_GRAMS] = inputs + rows * rows * pairs * (q + 1.0);
    flops[RN_KERNEL_INPUT_GRAM] = inputs + samples * rows * pairs * q + rows * rows * positions * q;
}

/* At one position order A is S with more passes over memory: only when forced. */
static rn_kernel_order cheapest(const rn_kernel *kernel, const rni_block *block,
                                const double flops[3])
{
    if (block->forced != RN_KERNEL_ORDER_CHEAPEST) return (rn_kernel_order)block->forced;
    const bool one_position = kernel->factors[block->groups[0].left].positions == 1;
    rn_kernel_order best = RN_KERNEL_ROW_GRADIENTS;
    if (!isnan(flops[RN_KERNEL_BOTH_GRAMS])
        && flops[RN_KERNEL_BOTH_GRAMS] <= flops[RN_KERNEL_ROW_GRADIENTS])
        best = RN_KERNEL_BOTH_GRAMS;
    if (!one_position && !isnan(flops[RN_KERNEL_INPUT_GRAM])
        && flops[RN_KERNEL_INPUT_GRAM] < flops[best])
        best = RN_KERNEL_INPUT_GRAM;
    return best;
}

rn_kernel_order rni_block_order(const rn_kernel *kernel, rn_index n_samples, rn_index parameter,
                                double flops[3], double *chosen)
{
    const rni_block *block = &kernel->blocks[parameter];
    const double rows = (double)n_samples * (double)kernel->n_rows;
    for (int i = 0; i < 3; i++)
        flops[i] = (double)NAN;
    if (block->kind == RNI_BLOCK_PRODUCT) {
        count_product(kernel, block, (double)n_samples, flops);
        const rn_kernel_order order = cheapest(kernel, block, flops);
        *chosen = flops[order];
        return order;
    }
    *chosen = rows * rows * (double)block->size;
    if (block->kind == RNI_BLOCK_ROWS) return RN_KERNEL_ROWS;
    if (block->n_uses == 0 || rni_block_is_hosted(kernel, n_samples, parameter)) *chosen = 0.0;
    return RN_KERNEL_RANK_ONE;
}

bool rni_block_is_hosted(const rn_kernel *kernel, rn_index n_samples, rn_index parameter)
{
    const int host = kernel->blocks[parameter].host;
    if (host < 0) return false;
    double flops[3];
    double chosen = 0.0;
    return rni_block_order(kernel, n_samples, host, flops, &chosen) == RN_KERNEL_BOTH_GRAMS;
}

/* ---- layout ---------------------------------------------------------------------------------- */

/* The largest 2^k or 3 * 2^k units with at most TILE_ROWS rows: tiles of samples halve evenly. */
static rn_index tile_units(rn_index unit_rows)
{
    const rn_index most = rni_max(1, TILE_ROWS / unit_rows);
    rn_index units = 1;
    while (units * 2 <= most)
        units *= 2;
    return units / 2 * 3 <= most && units >= 2 ? units / 2 * 3 : units;
}

static bool keep(rni_layout *layout, const rn_kernel *kernel, int index)
{
    if (layout->value_at[index] >= 0) return true;
    const rni_factor *factor = &kernel->factors[index];
    const rn_index size = rni_factor_size(factor);
    layout->value_at[index] = layout->unit_size;
    if (!rni_size_add(layout->unit_size, size, &layout->unit_size)) return false;
    if (!layout->with_tangent || !factor->has_tangent) return true;
    layout->tangent_at[index] = layout->unit_size;
    return rni_size_add(layout->unit_size, size, &layout->unit_size);
}

static void place_gradients(rni_layout *layout, const rni_block *block)
{
    const rni_chunk chunk = rni_block_chunk(block);
    layout->n_gradients++;
    layout->chunk_size =
        rni_max(layout->chunk_size, layout->unit_rows * chunk.in_step * chunk.out_step);
}

static bool place_product(rni_layout *layout, const rn_kernel *kernel, rn_index p)
{
    const rni_block *block = &kernel->blocks[p];
    for (int g = 0; g < block->n_groups; g++)
        if (!keep(layout, kernel, block->groups[g].left)
            || !keep(layout, kernel, block->groups[g].right))
            return false;
    if (layout->order[p] == RN_KERNEL_ROW_GRADIENTS) {
        place_gradients(layout, block);
        return true;
    }
    const rni_factor *right = &kernel->factors[block->groups[0].right];
    const rn_index work =
        rni_gram_work((rn_kernel_order)layout->order[p], layout->tile, layout->unit_rows,
                      right->positions, right->width, layout->with_tangent);
    layout->work_size = rni_max(layout->work_size, work);
    return work >= 0;
}

static bool place(rni_layout *layout, const rn_kernel *kernel, rn_index p, rn_index parameter)
{
    const rni_block *block = &kernel->blocks[p];
    double flops[3];
    double chosen = 0.0;
    const bool all = parameter == RNI_ALL_PARAMETERS;
    if (!all && p != parameter) return true;
    if (all && !layout->is_scaled && rni_block_is_hosted(kernel, layout->n_samples, p)) {
        layout->shares[block->host] += block->share;
        return true;
    }
    if (block->n_uses == 0 && block->kind == RNI_BLOCK_VECTOR) return true;
    layout->order[p] = layout->is_scaled
                           ? RN_KERNEL_ROW_GRADIENTS
                           : (int)rni_block_order(kernel, layout->n_samples, p, flops, &chosen);
    if (layout->is_scaled && block->kind != RNI_BLOCK_PRODUCT) place_gradients(layout, block);
    if (block->kind == RNI_BLOCK_PRODUCT) return place_product(layout, kernel, p);
    return keep(layout, kernel, block->rows);
}

rn_status rni_layout_create(const rn_kernel *kernel, rn_index n_samples, rn_index parameter,
                            bool with_tangent, bool is_scaled, rni_layout *out)
{
    rni_layout layout = {
        .n_samples = n_samples, .with_tangent = with_tangent, .is_scaled = is_scaled};
    layout.unit_rows = kernel->is_coupled ? 1 : kernel->n_rows;
    layout.n = n_samples * kernel->n_rows;
    layout.n_units = layout.n / layout.unit_rows;
    layout.tile = tile_units(layout.unit_rows);
    layout.n_parameters = kernel->n_parameters;
    const rn_index n_factors = kernel->n_factors;
    const rn_index n_words = 2 * n_factors + 2 * kernel->n_parameters;
    rn_index *memory = rni_alloc(n_words, sizeof *memory);
    if (!memory)
        return rni_fail(RN_ERR_MEMORY, "rn_kernel: no memory for the layout of %" PRId64 " factors",
                        n_factors);
    layout.memory = memory;
    layout.value_at = memory;
    layout.tangent_at = memory + n_factors;
    layout.order = (int *)(memory + 2 * n_factors);
    layout.shares = (double *)(memory + 2 * n_factors + kernel->n_parameters);
    for (rn_index i = 0; i < 2 * n_factors; i++)
        memory[i] = -1;
    for (rn_index p = 0; p < kernel->n_parameters; p++) {
        layout.order[p] = -1;
        layout.shares[p] = 0.0;
    }
    for (rn_index p = 0; p < kernel->n_parameters; p++) {
        if (place(&layout, kernel, p, parameter)) continue;
        rni_layout_clear(&layout);
        return rni_fail(RN_ERR_SHAPE,
                        "rn_kernel: the factors of %" PRId64 " samples are too large to address",
                        n_samples);
    }
    *out = layout;
    return RN_OK;
}

void rni_layout_clear(rni_layout *layout)
{
    rni_free(layout->memory);
    *layout = (rni_layout){0};
}
