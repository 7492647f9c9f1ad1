/*
 * Moving blocks for the intervals, bins for the collapse.
 */
#include <math.h>
#include <stdlib.h>

#include "conditions/law_score.h"
#include "core/memory.h"
#include "core/rng.h"
#include "core/size.h"

static int compare(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

static rn_status no_memory(const rni_cells *cells)
{
    return rni_fail(RN_ERR_MEMORY, "rn_velocity_law_fit: no memory for %" PRId64 " cells",
                    cells->count);
}

/* ---- intervals ------------------------------------------------------------------------------- */

/* times[k] := how often a draw of blocks holds cell k; blocks wrap around both axes, so that every
   cell is as likely as any other. */
static void draw_blocks(const rni_cells *cells, rni_stream stream, rn_index block_times,
                        rn_index *times)
{
    const rn_index width = rni_min(RNI_LAW_BLOCK_WIDTH, cells->n_boundaries);
    rn_index n_drawn = 0;
    for (rn_index k = 0; k < cells->count; k++)
        times[k] = 0;
    for (uint64_t draw = 0; n_drawn < cells->count; draw++) {
        const rn_index i0 = (rn_index)rni_rng_below(stream, 2 * draw, (uint64_t)cells->n_times);
        const rn_index b0 =
            (rn_index)rni_rng_below(stream, 2 * draw + 1, (uint64_t)cells->n_boundaries);
        for (rn_index k = 0; k < cells->count; k++) {
            const rni_cell *c = &cells->at[k];
            const rn_index i = (c->i - i0 + cells->n_times) % cells->n_times;
            const rn_index b = (c->b - b0 + cells->n_boundaries) % cells->n_boundaries;
            if (i >= block_times || b >= width) continue;
            times[k]++;
            n_drawn++;
        }
    }
}

/* The interval between the quantiles of draws, stretched about the value. */
static void set_interval(rn_interval *x, const rn_velocity_law_options *options, rn_index count,
                         double *draws)
{
    const double tail = 0.5 * (1.0 - options->confidence);
    if (count < 2) return;
    qsort(draws, (size_t)count, sizeof *draws, compare);
    const rn_index low = (rn_index)floor(tail * (double)(count - 1));
    const double below = rni_max(0, low) < count ? draws[low] : draws[0];
    const double above = draws[count - 1 - low];
    x->low = x->value - options->stretch * fmax(x->value - below, 0.0);
    x->high = x->value + options->stretch * fmax(above - x->value, 0.0);
}

rn_status rni_law_intervals(const rni_cells *cells, const rn_velocity_law_options *options,
                            rn_index block_times, rn_velocity_law *law)
{
    const rn_index n = options->n_bootstrap;
    rn_index *times = rni_alloc(cells->count, sizeof *times);
    double *draws = rni_alloc(3 * n, sizeof *draws);
    rn_index found = 0;
    if (!times || !draws) {
        rni_free(times);
        rni_free(draws);
        return no_memory(cells);
    }
    for (rn_index k = 0; k < n; k++) {
        const rni_stream stream = {
            .seed = options->seed, .purpose = RNI_RNG_BOOTSTRAP, .part = (uint32_t)k};
        rni_fit fit;
        draw_blocks(cells, stream, block_times, times);
        if (!rni_fit_cells(cells, RNI_TERMS_LAW, NULL, times, &fit)) continue;
        draws[found] = fit.coefficient[1];
        draws[n + found] = fit.coefficient[2];
        draws[2 * n + found] = fit.coefficient[2] - fit.coefficient[1] + 1.0;
        found++;
    }
    set_interval(&law->a, options, found, draws);
    set_interval(&law->gamma, options, found, draws + n);
    set_interval(&law->gap, options, found, draws + 2 * n);
    rni_free(times);
    rni_free(draws);
    return RN_OK;
}

/* ---- collapse -------------------------------------------------------------------------------- */

/* One cell on the axis of the collapse. */
typedef struct scaled {
    double x; /* ln(lambda t) */
    double z; /* ln|t w| */
    rn_index i;
} scaled;

static int compare_scaled(const void *left, const void *right)
{
    const scaled *a = left;
    const scaled *b = right;
    if (a->x < b->x || a->x > b->x) return a->x > b->x ? 1 : -1;
    return (a->i > b->i) - (a->i < b->i);
}

static rn_index count_times(const scaled *at, rn_index count)
{
    rn_index found = 0;
    for (rn_index k = 0; k < count; k++) {
        bool is_new = true;
        for (rn_index j = 0; j < k; j++)
            is_new &= at[j].i != at[k].i;
        found += is_new;
    }
    return found;
}

/* rms about the means of bins of width h with at least 3 times; NaN without such a bin. */
static double spread(double h, rn_index count, scaled *at)
{
    double sum = 0.0;
    rn_index total = 0;
    qsort(at, (size_t)count, sizeof *at, compare_scaled);
    for (rn_index first = 0, end = 0; first < count; first = end) {
        const double edge = h * (floor(at[first].x / h) + 1.0);
        double mean = 0.0;
        for (end = first; end < count && at[end].x < edge; end++)
            mean += at[end].z;
        end = rni_max(end, first + 1); /* a cell on the edge, by rounding */
        if (count_times(at + first, end - first) < 3) continue;
        mean /= (double)(end - first);
        for (rn_index k = first; k < end; k++)
            sum += (at[k].z - mean) * (at[k].z - mean);
        total += end - first;
    }
    return total > 0 ? sqrt(sum / (double)total) : (double)NAN;
}

/* Cells with the times of rows exchanged by `order`, NULL: as they are. u: [n_times] ln t. */
static void scale(const rni_cells *cells, const double *u, const rn_index *order, scaled *at)
{
    for (rn_index k = 0; k < cells->count; k++) {
        const rni_cell *c = &cells->at[k];
        const double ln_t = u[order ? order[c->i] : c->i];
        at[k] = (scaled){.x = c->s + ln_t, .z = c->y + ln_t, .i = c->i};
    }
}

/* Times that have cells, ascending, and u[i] = ln t of each. Returns how many there are. */
static rn_index list_times(const rni_cells *cells, double *u, rn_index *times)
{
    rn_index n = 0;
    for (rn_index i = 0; i < cells->n_times; i++)
        u[i] = (double)NAN;
    for (rn_index k = 0; k < cells->count; k++)
        u[cells->at[k].i] = cells->at[k].u;
    for (rn_index i = 0; i < cells->n_times; i++)
        if (!isnan(u[i])) times[n++] = i;
    return n;
}

/* Both numbers, with work space at hand; order: [3 n_times]. */
static void measure_collapse(const rni_cells *cells, const rn_velocity_law_options *options,
                             scaled *at, double *u, rn_index *order, double *found,
                             rn_velocity_law *law)
{
    rn_index *times = order + cells->n_times;
    rn_index *drawn = times + cells->n_times;
    rn_index n_found = 0;
    const rn_index n_there = list_times(cells, u, times);
    scale(cells, u, NULL, at);
    law->collapse = spread(cells->h, cells->count, at);
    for (rn_index k = 0; k < options->n_shuffles; k++) {
        const rni_stream stream = {
            .seed = options->seed, .purpose = RNI_RNG_CHOICE, .part = (uint32_t)k};
        rni_rng_permutation(stream, n_there, drawn);
        for (rn_index i = 0; i < n_there; i++)
            order[times[i]] = times[drawn[i]];
        scale(cells, u, order, at);
        const double value = spread(cells->h, cells->count, at);
        if (isfinite(value)) found[n_found++] = value;
    }
    qsort(found, (size_t)n_found, sizeof *found, compare);
    if (n_found > 0) law->collapse_shuffled = found[n_found / 2];
}

rn_status rni_law_collapse(const rni_cells *cells, const rn_velocity_law_options *options,
                           rn_velocity_law *law)
{
    scaled *at = rni_alloc(cells->count, sizeof *at);
    double *u = rni_alloc(cells->n_times, sizeof *u);
    rn_index *order = rni_alloc(3 * cells->n_times, sizeof *order);
    double *found = rni_alloc(options->n_shuffles, sizeof *found);
    const bool is_complete = at && u && order && found;
    if (is_complete) measure_collapse(cells, options, at, u, order, found, law);
    rni_free(at);
    rni_free(u);
    rni_free(order);
    rni_free(found);
    return is_complete ? RN_OK : no_memory(cells);
}
