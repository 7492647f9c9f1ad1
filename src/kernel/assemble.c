/*
 * M and M' from factors.
 *
 * Units are cut into blocks as memory allows; for every pair of blocks P >= Q the factors of both
 * are kept and the lower tiles of M between them computed: first all blocks of parameters in the
 * orders S and A and the row gradients that are nodes of the graph, a tile at a time in cache;
 * then the weights in order G, a chunk of their columns at a time. Block sizes are multiples of
 * the tiles, so where memory cuts changes nothing but time.
 */
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "kernel/assembly.h"

/* ---- sizes ----------------------------------------------------------------------------------- */

static rn_status too_large(const rni_assembly *a)
{
    return rni_fail(RN_ERR_SHAPE,
                    "rn_kernel: %" PRId64 " samples x %" PRId64 " rows are too many to address",
                    a->layout.n_samples, a->layout.unit_rows);
}

/* Chooses the blocks; grid: where they may start. */
static rn_status choose_blocks(rni_assembly *a, rn_index grid)
{
    const rni_layout *layout = &a->layout;
    const rn_index copies = layout->with_tangent ? 2 : 1;
    rn_index unit = 0;
    rn_index unit_bytes = 0;
    if (!rni_size_add(layout->unit_size, copies * layout->chunk_size, &unit)
        || !rni_size_mul(unit, (rn_index)sizeof(double), &unit_bytes))
        return too_large(a);
    const rn_index fit = a->kernel->max_factor_bytes / rni_max(unit_bytes, 1);
    a->block = layout->n_units;
    if (fit < layout->n_units) a->block = rni_max(grid, fit / 2 / grid * grid);
    a->block = rni_min(a->block, layout->n_units);
    a->n_blocks = rni_ceil_div(layout->n_units, a->block);
    const rn_index side = layout->tile * layout->unit_rows;
    if (!rni_size_mul(unit, a->block, &a->store_size) || !rni_size_mul(side, side, &a->tile_size)
        || !rni_size_add(copies * a->tile_size, layout->work_size, &a->thread_size))
        return too_large(a);
    if (a->kernel->is_coupled && !rni_size_add(a->thread_size, layout->n, &a->thread_size))
        return too_large(a);
    return RN_OK;
}

/* Doubles in all. */
static bool total_size(const rni_assembly *a, rn_index *total)
{
    rn_index threads = 0;
    rn_index stores = 0;
    return rni_size_mul(a->store_size, a->n_blocks > 1 ? 2 : 1, &stores)
           && rni_size_mul(a->thread_size, a->kernel->n_threads, &threads)
           && rni_size_add(stores, threads, total) && *total <= RN_SIZE_MAX;
}

static rn_status allocate(rni_assembly *a)
{
    rn_index total = 0;
    if (!total_size(a, &total)) return too_large(a);
    a->memory = rni_alloc(total, sizeof *a->memory);
    if (!a->memory)
        return rni_fail(RN_ERR_MEMORY,
                        "rn_kernel: no memory for %" PRId64
                        " bytes of factors; lower max_factor_bytes or the number of threads",
                        total * (rn_index)sizeof(double));
    double *at = a->memory;
    for (int s = 0; s < (a->n_blocks > 1 ? 2 : 1); s++) {
        rni_store *store = &a->stores[s];
        store->capacity = a->block;
        store->data = at;
        store->rows = at + a->block * a->layout.unit_size;
        store->rows_tangent =
            a->layout.with_tangent ? store->rows + a->block * a->layout.chunk_size : NULL;
        at += a->store_size;
    }
    a->thread_memory = at;
    if (a->kernel->is_coupled) {
        a->one_hot = at + a->kernel->n_threads * (a->thread_size - a->layout.n);
        memset(a->one_hot, 0, (size_t)(a->kernel->n_threads * a->layout.n) * sizeof *a->one_hot);
    }
    return RN_OK;
}

/* Work space of a thread: tile, tangent tile, the rest. */
static double *thread_space(const rni_assembly *a, int thread)
{
    const rn_index own = a->thread_size - (a->kernel->is_coupled ? a->layout.n : 0);
    return a->thread_memory + thread * own;
}

/* ---- tiles ----------------------------------------------------------------------------------- */

bool rni_pass_is_diagonal(const rni_pass *p)
{
    return p->i == p->j;
}

rn_index rni_pass_n_tiles(const rni_assembly *a, const rni_store *store)
{
    return rni_ceil_div(store->count, a->layout.tile);
}

rn_index rni_pass_n_pairs(const rni_pass *p)
{
    const rn_index n = rni_pass_n_tiles(p->a, p->i);
    return rni_pass_is_diagonal(p) ? n * (n + 1) / 2 : n * rni_pass_n_tiles(p->a, p->j);
}

rni_tile_place rni_pass_place(const rni_pass *p, rn_index task)
{
    const rn_index tile = p->a->layout.tile;
    const rn_index n_j = rni_pass_n_tiles(p->a, p->j);
    rn_index i = task / n_j;
    rn_index j = task % n_j;
    if (rni_pass_is_diagonal(p)) { /* task = i (i + 1) / 2 + j, j <= i */
        for (i = 0, j = task; j > i; i++)
            j -= i + 1;
    }
    return (rni_tile_place){.i = i * tile,
                            .j = j * tile,
                            .n_i = rni_min(tile, p->i->count - i * tile),
                            .n_j = rni_min(tile, p->j->count - j * tile),
                            .is_diagonal = rni_pass_is_diagonal(p) && i == j};
}

rni_side rni_pass_side(const rni_assembly *a, const rni_store *store, const rni_group *group,
                       rn_index unit)
{
    const rni_layout *layout = &a->layout;
    return (rni_side){
        .left = rni_store_value(layout, a->kernel, store, group->left, unit),
        .right = rni_store_value(layout, a->kernel, store, group->right, unit),
        .left_tangent = rni_store_tangent(layout, a->kernel, store, group->left, unit),
        .right_tangent = rni_store_tangent(layout, a->kernel, store, group->right, unit)};
}

static rn_status add_block(const rni_pass *p, rn_index parameter, rni_tile_place at, rni_tile *tile)
{
    const rni_assembly *a = p->a;
    const rn_kernel *kernel = a->kernel;
    const rni_block *block = &kernel->blocks[parameter];
    const int order = a->layout.order[parameter];
    if (order < 0 || order == RN_KERNEL_ROW_GRADIENTS) return RN_OK;
    if (order == RN_KERNEL_RANK_ONE || order == RN_KERNEL_ROWS) {
        const rni_group rows = {.left = block->rows, .right = block->rows};
        return rni_gram_add_rows(block->size, rni_pass_side(a, p->i, &rows, at.i),
                                 rni_pass_side(a, p->j, &rows, at.j), 1.0, tile);
    }
    const rni_group *group = &block->groups[0];
    const rni_product product = {.positions = kernel->factors[group->left].positions,
                                 .in_width = kernel->factors[group->left].width,
                                 .out_width = kernel->factors[group->right].width,
                                 .gathers = group->gathers,
                                 .share = a->layout.shares[parameter],
                                 .identity = block->identity,
                                 .i = rni_pass_side(a, p->i, group, at.i),
                                 .j = rni_pass_side(a, p->j, group, at.j)};
    return rni_gram_add((rn_kernel_order)order, &product, tile);
}

/* image (leading dimension n) := scale times the transpose of a square of a tile. The square is
   copied first: the rows of a tile may all fall on the same few lines of a cache. */
static void turn_square(const double *from, rn_index ld, double scale, double *image, rn_index n)
{
    double square[RNI_MIRROR_STEP][RNI_MIRROR_STEP];
    for (int r = 0; r < RNI_MIRROR_STEP; r++)
        for (int c = 0; c < RNI_MIRROR_STEP; c++)
            square[r][c] = scale * from[r * ld + c];
    for (int c = 0; c < RNI_MIRROR_STEP; c++)
        for (int r = 0; r < RNI_MIRROR_STEP; r++)
            image[c * n + r] = square[r][c];
}

/* The same for squares cut by an edge; of a corner on the diagonal, what is strictly below it. */
static void turn_part(const double *from, rn_index ld, double scale, rn_index n_rows,
                      rn_index n_columns, bool is_corner, double *image, rn_index n)
{
    for (rn_index c = 0; c < n_columns; c++)
        for (rn_index r = is_corner ? c + 1 : 0; r < n_rows; r++)
            image[c * n + r] = scale * from[r * ld + c];
}

/* Writes scale * tile to its place in m, row by row; with both, then to the mirror image, by
   columns of squares: 16 rows of M at a time grow from left to right. */
static void write_tile(const rni_tile *tile, const double *from, double scale, double *m,
                       rn_index n, rn_index row, rn_index column, bool both)
{
    const rn_index n_rows = tile->n_i * tile->unit_rows;
    const rn_index n_columns = tile->n_j * tile->unit_rows;
    for (rn_index r = 0; r < n_rows; r++) {
        const rn_index length = tile->is_diagonal ? r + 1 : n_columns;
        for (rn_index c = 0; c < length; c++)
            m[(row + r) * n + column + c] = scale * from[r * tile->ld + c];
    }
    for (rn_index c = 0; both && c < n_columns; c += RNI_MIRROR_STEP)
        for (rn_index r = tile->is_diagonal ? c : 0; r < n_rows; r += RNI_MIRROR_STEP) {
            const rn_index high = rni_min(RNI_MIRROR_STEP, n_rows - r);
            const rn_index wide = rni_min(RNI_MIRROR_STEP, n_columns - c);
            const double *square = from + r * tile->ld + c;
            double *image = m + (column + c) * n + row + r;
            const bool is_corner = tile->is_diagonal && r == c;
            if (high == RNI_MIRROR_STEP && wide == RNI_MIRROR_STEP && !is_corner)
                turn_square(square, tile->ld, scale, image, n);
            else
                turn_part(square, tile->ld, scale, high, wide, is_corner, image, n);
        }
}

/* Everything but order G for one tile of M. */
static rn_status compute_tile(void *user, rn_index task, int thread)
{
    const rni_pass *p = user;
    const rni_assembly *a = p->a;
    const rni_tile_place at = rni_pass_place(p, task);
    double *space = thread_space(a, thread);
    double *tangent = a->layout.with_tangent ? space + a->tile_size : NULL;
    rni_tile tile = {.n_i = at.n_i,
                     .n_j = at.n_j,
                     .unit_rows = a->layout.unit_rows,
                     .is_fresh = true,
                     .is_diagonal = at.is_diagonal,
                     .m = a->m ? space : NULL,
                     .m_tangent = a->m_tangent ? tangent : NULL,
                     .ld = at.n_j * a->layout.unit_rows,
                     .work = space + (tangent ? 2 : 1) * a->tile_size};
    for (rn_index parameter = 0; parameter < a->layout.n_parameters; parameter++)
        RNI_TRY(add_block(p, parameter, at, &tile));
    if (tile.is_fresh) rni_tile_clear(&tile);
    const rn_index row = (p->i->first + at.i) * a->layout.unit_rows;
    const rn_index column = (p->j->first + at.j) * a->layout.unit_rows;
    if (a->m) write_tile(&tile, tile.m, a->scale, a->m, a->layout.n, row, column, p->mirrors);
    if (a->m_tangent)
        write_tile(&tile, tile.m_tangent, a->scale, a->m_tangent, a->layout.n, row, column,
                   p->mirrors);
    return RN_OK;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static rn_status compute_pair(rni_assembly *a, const rni_store *i, const rni_store *j)
{
    rn_index n_left = a->layout.n_gradients;
    rni_pass p = {.a = a, .i = i, .j = j, .mirrors = n_left == 0};
    RNI_TRY(
        rni_ranks_run(a->kernel->ranks, a->kernel->pool, rni_pass_n_pairs(&p), compute_tile, &p));
    for (rn_index parameter = 0; parameter < a->layout.n_parameters; parameter++) {
        if (a->layout.order[parameter] != RN_KERNEL_ROW_GRADIENTS) continue;
        p.block = &a->kernel->blocks[parameter];
        RNI_TRY(rni_pass_add_gradients(&p, --n_left == 0));
    }
    return RN_OK;
}

static rn_status load(rni_assembly *a, rn_index block, rni_store *store)
{
    const rn_index first = block * a->block;
    return rni_factors_load(a->kernel, &a->layout, a->point, a->v, first,
                            rni_min(a->block, a->layout.n_units - first), a->one_hot, store);
}

/* Block i against all before it, then itself. */
static rn_status compute_block(rni_assembly *a, rn_index i)
{
    rn_status status = load(a, i, &a->stores[0]);
    for (rn_index j = 0; j < i && status == RN_OK; j++) {
        status = load(a, j, &a->stores[1]);
        if (status == RN_OK) status = compute_pair(a, &a->stores[0], &a->stores[1]);
    }
    if (status == RN_OK) status = compute_pair(a, &a->stores[0], &a->stores[0]);
    return status;
}

static rn_status compute(rni_assembly *a)
{
    const rn_index size = a->layout.n * a->layout.n;
    if (a->m) rni_ranks_clear(a->kernel->ranks, size, a->m);
    if (a->m_tangent) rni_ranks_clear(a->kernel->ranks, size, a->m_tangent);
    rn_status status = RN_OK;
    for (rn_index i = 0; i < a->n_blocks && status == RN_OK; i++)
        status = compute_block(a, i);
    return status;
}

/* ---- entry points ---------------------------------------------------------------------------- */

/* Ranks share the tiles; every one runs the reverse passes that make the factors. Whatever fails on
   one is told to all. */
static rn_status assemble(rn_kernel *kernel, const rn_kernel_point *point, rn_index parameter,
                          const double *v, double *m, double *m_tangent)
{
    rni_assembly a = {.kernel = kernel, .point = point, .v = v};
    a.scale = 1.0 / (double)point->n_samples;
    a.m = m;
    a.m_tangent = m_tangent;
    rn_index grid = 0;
    rn_status status = rni_layout_create(kernel, point->n_samples, parameter, m_tangent != NULL,
                                         point->scale != NULL, &a.layout);
    if (status == RN_OK) status = rni_factors_prepare(kernel, &a.layout, &grid);
    if (status == RN_OK) status = choose_blocks(&a, grid);
    if (status == RN_OK) status = allocate(&a);
    status = rni_ranks_exchange(kernel->ranks, status, 0, NULL);
    if (status == RN_OK) status = compute(&a);
    const rn_index size = a.layout.n * a.layout.n;
    status = rni_ranks_exchange(kernel->ranks, status, size, m);
    status = rni_ranks_exchange(kernel->ranks, status, size, m_tangent);
    rni_free(a.memory);
    rni_layout_clear(&a.layout);
    return status;
}

rn_status rn_kernel_assemble(rn_kernel *kernel, const rn_kernel_point *point, double *m)
{
    RNI_TRY(rni_kernel_check(kernel, point, "rn_kernel_assemble"));
    if (!m) return rni_fail(RN_ERR_ARGUMENT, "rn_kernel_assemble: m is NULL");
    return assemble(kernel, point, RNI_ALL_PARAMETERS, NULL, m, NULL);
}

rn_status rn_kernel_tangent(rn_kernel *kernel, const rn_kernel_point *point, const double *v,
                            double *m, double *m_tangent)
{
    RNI_TRY(rni_kernel_check(kernel, point, "rn_kernel_tangent"));
    if (!v || !m_tangent)
        return rni_fail(RN_ERR_ARGUMENT, "rn_kernel_tangent: v or m_tangent is NULL");
    return assemble(kernel, point, RNI_ALL_PARAMETERS, v, m, m_tangent);
}

rn_status rn_kernel_assemble_part(rn_kernel *kernel, const rn_kernel_point *point,
                                  rn_index parameter, const double *v, double *m, double *m_tangent)
{
    RNI_TRY(rni_kernel_check(kernel, point, "rn_kernel_assemble_part"));
    if (parameter < 0 || parameter >= kernel->n_parameters)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_kernel_assemble_part: parameter %" PRId64 ", expected 0 .. %" PRId64,
                        parameter, kernel->n_parameters - 1);
    if ((!m && !m_tangent) || (m_tangent && !v))
        return rni_fail(RN_ERR_ARGUMENT, "rn_kernel_assemble_part: a matrix to fill is needed, and"
                                         " a direction v for the tangent");
    return assemble(kernel, point, parameter, v, m, m_tangent);
}

rn_status rn_kernel_bytes(rn_kernel *kernel, rn_index n_samples, int tangent, rn_index *out)
{
    if (!kernel || !out || !rni_size_ok(n_samples))
        return rni_fail(RN_ERR_ARGUMENT, "rn_kernel_bytes: a kernel, a number of samples and room"
                                         " for the answer are needed");
    rni_assembly a = {.kernel = kernel};
    rn_index grid = 0;
    rn_index programs = 0;
    rn_index own = 0;
    RNI_TRY(
        rni_layout_create(kernel, n_samples, RNI_ALL_PARAMETERS, tangent != 0, false, &a.layout));
    rn_status status = rni_factors_bytes(kernel, &a.layout, &grid, &programs);
    if (status == RN_OK) status = choose_blocks(&a, grid);
    if (status == RN_OK
        && (!total_size(&a, &own) || !rni_size_add(own * (rn_index)sizeof(double), programs, &own)))
        status = too_large(&a);
    rni_layout_clear(&a.layout);
    if (status == RN_OK) *out = own;
    return status;
}

/* Bytes of the work space of all threads that tiles of this many units write to. */
static rn_index touched_work(const rni_assembly *a)
{
    const rni_layout *layout = &a->layout;
    const rn_index units = rni_min(layout->tile, layout->n_units);
    const rn_index side = units * layout->unit_rows;
    const double share = (double)units / (double)layout->tile;
    const rn_index copies = layout->with_tangent ? 2 : 1;
    const rn_index work = (rn_index)((double)layout->work_size * share * share);
    return a->kernel->n_threads * (copies * side * side + work) * (rn_index)sizeof(double);
}

rn_status rni_kernel_touched(rn_kernel *kernel, rn_index n_samples, bool tangent, bool is_scaled,
                             rn_index *kept, rn_index *passing)
{
    rni_assembly a = {.kernel = kernel};
    rn_index grid = 0;
    rn_index programs = 0;
    RNI_TRY(
        rni_layout_create(kernel, n_samples, RNI_ALL_PARAMETERS, tangent, is_scaled, &a.layout));
    rn_status status = rni_factors_bytes(kernel, &a.layout, &grid, &programs);
    if (status == RN_OK) status = choose_blocks(&a, grid);
    rn_index stores = 0;
    if (status == RN_OK
        && (!rni_size_mul(a.store_size, a.n_blocks > 1 ? 2 : 1, &stores)
            || stores > RN_SIZE_MAX / (rn_index)sizeof(double)))
        status = too_large(&a);
    const rni_program_kind kind = tangent ? RNI_PROGRAM_FACTORS_TANGENT : RNI_PROGRAM_FACTORS;
    rn_index tile = 1;
    rn_index unused = 0;
    if (status == RN_OK && kernel->programs[kind].is_built && !kernel->is_coupled)
        status = rni_program_bytes(kernel, kind, n_samples, 0, a.layout.tile, &tile, &unused);
    if (status == RN_OK) {
        /* a single tile is always run by the same thread */
        *kept = n_samples <= tile ? programs / kernel->n_threads : programs;
        *passing = stores * (rn_index)sizeof(double) + touched_work(&a);
    }
    rni_layout_clear(&a.layout);
    return status;
}
