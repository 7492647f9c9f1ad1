/*
 * Runs the factor programs over a block of units and copies what the layout keeps.
 *
 * Samples go through the network in tiles of the program; blocks start at multiples of the tile,
 * so a sample meets the same neighbours, and gives the same bits, however memory is cut. In a
 * coupled network a unit is a row of J: one reverse pass over all samples with a one-hot cotangent.
 */
#include "kernel/factors.h"

#include <math.h>
#include <string.h>

#include "core/size.h"
#include "core/status.h"

static const double *place_of(const rn_kernel *kernel, const rni_store *store, rn_index at,
                              int factor, rn_index unit)
{
    if (at < 0) return NULL;
    return store->data + at * store->capacity + unit * rni_factor_size(&kernel->factors[factor]);
}

const double *rni_store_value(const rni_layout *layout, const rn_kernel *kernel,
                              const rni_store *store, int factor, rn_index unit)
{
    return place_of(kernel, store, layout->value_at[factor], factor, unit);
}

const double *rni_store_tangent(const rni_layout *layout, const rn_kernel *kernel,
                                const rni_store *store, int factor, rn_index unit)
{
    return place_of(kernel, store, layout->tangent_at[factor], factor, unit);
}

/* ---- copying --------------------------------------------------------------------------------- */

/* to := sign * from; false when a number is NaN or infinite: zero times it is then NaN. Eight
   sums side by side, which compilers vectorise. */
static bool copy_finite(rn_index n, double sign, const double *restrict from, double *restrict to)
{
    double zeros[8] = {0.0};
    rn_index i = 0;
    for (; i + 8 <= n; i += 8)
        for (int e = 0; e < 8; e++) {
            to[i + e] = sign * from[i + e];
            zeros[e] += 0.0 * from[i + e];
        }
    for (; i < n; i++) {
        to[i] = sign * from[i];
        zeros[0] += 0.0 * from[i];
    }
    double sum = 0.0;
    for (int e = 0; e < 8; e++)
        sum += zeros[e];
    return !isnan(sum);
}

/* Copies count units of one node into its places along the positions of a factor. */
static rn_status copy_slot(const rni_factor *factor, const rni_slot *slot, rn_index position,
                           rn_index count, const double *values, double *to)
{
    const rn_index length = slot->positions * factor->width;
    const rn_index stride = factor->positions * factor->width;
    bool is_finite = true;
    for (rn_index r = 0; r < count * factor->rows; r++)
        is_finite &= copy_finite(length, slot->sign, values + r * length,
                                 to + r * stride + position * factor->width);
    if (is_finite) return RN_OK;
    return rni_fail(RN_ERR_NONFINITE,
                    "rn_kernel: a factor of the Jacobian is NaN or infinite; look at the parameters"
                    " and inputs of this point");
}

static rn_status copy_factor(const rn_workspace *work, const rni_factor *factor, bool tangent,
                             rn_index count, double *to)
{
    rn_index position = 0;
    for (rn_index s = 0; s < factor->n_slots; s++) {
        const rni_slot *slot = &factor->slots[s];
        const double *values = rn_workspace_value(work, tangent ? slot->tangent : slot->node);
        if (!values) return rni_fail(RN_ERR_INTERNAL, "rn_kernel: a wanted node has no value");
        RNI_TRY(copy_slot(factor, slot, position, count, values, to));
        position += slot->positions;
    }
    return RN_OK;
}

/* ---- loading --------------------------------------------------------------------------------- */

typedef struct load {
    rn_kernel *kernel;
    const rni_layout *layout;
    rni_store *store;
    rni_leaves leaves;
    rni_program_kind kind;
    bool rows; /* which factors: rows of J, or all others */
    rn_index tile;
    double *one_hot;
} load;

static bool holds_rows(const rn_kernel *kernel, rn_index factor)
{
    for (rn_index p = 0; p < kernel->n_parameters; p++)
        if (kernel->blocks[p].kind == RNI_BLOCK_ROWS && kernel->blocks[p].rows == factor)
            return true;
    return false;
}

static bool needs(const rn_kernel *kernel, const rni_layout *layout, bool rows)
{
    for (rn_index i = 0; i < kernel->n_factors; i++)
        if (layout->value_at[i] >= 0 && holds_rows(kernel, i) == rows) return true;
    return false;
}

static rn_status load_tile(void *user, rn_index task, int thread)
{
    const load *l = user;
    rn_kernel *kernel = l->kernel;
    const rn_index at = task * l->tile; /* in the store */
    const rn_index count = rni_min(l->tile, l->store->count - at);
    rn_workspace *work = NULL;
    RNI_TRY(
        rni_program_run(kernel, l->kind, thread, &l->leaves, l->store->first + at, count, &work));
    for (rn_index i = 0; i < kernel->n_factors; i++) {
        if (l->layout->value_at[i] < 0 || holds_rows(kernel, i) != l->rows) continue;
        const rni_factor *factor = &kernel->factors[i];
        const rn_index skip = at * rni_factor_size(factor);
        double *to = l->store->data + l->layout->value_at[i] * l->store->capacity + skip;
        RNI_TRY(copy_factor(work, factor, false, count, to));
        if (l->layout->tangent_at[i] < 0) continue;
        to = l->store->data + l->layout->tangent_at[i] * l->store->capacity + skip;
        RNI_TRY(copy_factor(work, factor, true, count, to));
    }
    return RN_OK;
}

/* Copies one node of row `row` (counted from the store's first) to its factor, at `place`. */
static rn_status copy_row(const load *l, const rn_workspace *work, rn_node node, int factor,
                          rn_index place, rn_index row)
{
    const rni_factor *f = &l->kernel->factors[factor];
    const double *values = rn_workspace_value(work, node);
    if (!values) return rni_fail(RN_ERR_INTERNAL, "rn_kernel: a row has no value");
    return copy_slot(f, f->slots, 0, 1, values,
                     l->store->data + place * l->store->capacity + row * f->width);
}

/* One row of J in a coupled network; parameter p is the p-th wanted node, tangents follow. */
static rn_status load_coupled_row(void *user, rn_index task, int thread)
{
    const load *l = user;
    rn_kernel *kernel = l->kernel;
    const rn_node *wanted = kernel->programs[l->kind].wanted;
    double *one_hot = l->one_hot + thread * l->layout->n;
    rni_leaves leaves = l->leaves;
    leaves.cotangent = one_hot;
    rn_workspace *work = NULL;
    one_hot[l->store->first + task] = 1.0;
    rn_status status =
        rni_program_run(kernel, l->kind, thread, &leaves, 0, l->layout->n_samples, &work);
    one_hot[l->store->first + task] = 0.0;
    for (rn_index p = 0; p < kernel->n_parameters && status == RN_OK; p++) {
        const int f = kernel->blocks[p].rows;
        if (l->layout->value_at[f] < 0) continue;
        status = copy_row(l, work, wanted[p], f, l->layout->value_at[f], task);
        if (status == RN_OK && l->layout->with_tangent)
            status = copy_row(l, work, wanted[kernel->n_parameters + p], f,
                              l->layout->tangent_at[f], task);
    }
    return status;
}

/* ---- entry points ---------------------------------------------------------------------------- */

static rni_program_kind kind_for(const rn_kernel *kernel, const rni_layout *layout, bool rows)
{
    if (kernel->is_coupled)
        return layout->with_tangent ? RNI_PROGRAM_TRANSPOSE_TANGENT : RNI_PROGRAM_TRANSPOSE;
    if (rows) return layout->with_tangent ? RNI_PROGRAM_ROWS_TANGENT : RNI_PROGRAM_ROWS;
    return layout->with_tangent ? RNI_PROGRAM_FACTORS_TANGENT : RNI_PROGRAM_FACTORS;
}

rn_status rni_factors_prepare(rn_kernel *kernel, const rni_layout *layout, rn_index *grid)
{
    const rn_index n_samples = layout->n_samples;
    *grid = layout->tile;
    if (kernel->is_coupled)
        return rni_program_prepare(kernel, kind_for(kernel, layout, true), n_samples, n_samples, 0);
    if (needs(kernel, layout, true))
        RNI_TRY(rni_program_prepare(kernel, kind_for(kernel, layout, true), n_samples, 1, 0));
    if (!needs(kernel, layout, false)) return RN_OK;
    const rni_program_kind kind = kind_for(kernel, layout, false);
    RNI_TRY(rni_program_prepare(kernel, kind, n_samples, 0, layout->tile));
    *grid = rni_max(layout->tile, kernel->programs[kind].tile);
    return RN_OK;
}

rn_status rni_factors_bytes(rn_kernel *kernel, const rni_layout *layout, rn_index *grid,
                            rn_index *bytes)
{
    rn_index tile = 0;
    *grid = layout->tile;
    *bytes = 0;
    if (kernel->is_coupled)
        return rni_program_bytes(kernel, kind_for(kernel, layout, true), layout->n_samples,
                                 layout->n_samples, 0, &tile, bytes);
    rn_index rows = 0;
    if (needs(kernel, layout, true))
        RNI_TRY(rni_program_bytes(kernel, kind_for(kernel, layout, true), layout->n_samples, 1, 0,
                                  &tile, &rows));
    if (needs(kernel, layout, false)) {
        RNI_TRY(rni_program_bytes(kernel, kind_for(kernel, layout, false), layout->n_samples, 0,
                                  layout->tile, &tile, bytes));
        *grid = rni_max(layout->tile, tile);
    }
    *bytes += rows;
    return RN_OK;
}

rn_status rni_factors_load(rn_kernel *kernel, const rni_layout *layout,
                           const rn_kernel_point *point, const double *v, rn_index first,
                           rn_index count, double *one_hot, rni_store *store)
{
    store->first = first;
    store->count = count;
    load l = {.kernel = kernel,
              .layout = layout,
              .store = store,
              .leaves = {.point = point, .directions = {layout->with_tangent ? v : NULL}}};
    l.one_hot = one_hot;
    if (kernel->is_coupled) {
        l.kind = kind_for(kernel, layout, true);
        return rni_pool_run(kernel->pool, count, load_coupled_row, &l);
    }
    for (int rows = 0; rows < 2; rows++) {
        if (!needs(kernel, layout, rows)) continue;
        l.rows = rows;
        l.kind = kind_for(kernel, layout, rows);
        l.tile = kernel->programs[l.kind].tile;
        RNI_TRY(rni_pool_run(kernel->pool, rni_ceil_div(count, l.tile), load_tile, &l));
    }
    return RN_OK;
}
