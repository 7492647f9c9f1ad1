/*
 * Flux through every boundary from M' = dM/dt, never from the balance:
 *
 *     F(s) = (1/2N) sum_uv g_u g_v chi_s[1](lambda_u, lambda_v) mt_uv      (Daleckii-Krein)
 *
 * split into migration (the diagonal and whole blocks of nearly degenerate modes: eigenvalues
 * move) and transfer (the rest: eigenvectors rotate), and the error bar
 *     dF = (delta/2N) sum_uv |g_u g_v| chi_s[1], delta the error of mt in the 2-norm.
 *
 * Each pair is visited once, v <= u, off-diagonal weights doubled. Sums have one order: within a
 * row by ascending v, rows by ascending u within a tile of TILE_ROWS, then tiles in order.
 */
#include "shells/shell_flux.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "shells/shell_grid.h"

#define TILE_ROWS 32

/* What one tile adds up: padded rows over the boundaries. */
enum { MIGRATION, TRANSFER, ERROR_BAR, N_PARTS };

typedef struct flux_work {
    const rn_shell_input *input;
    rni_modes modes;
    rn_index row_size; /* length of a padded row */
    rn_index n_tiles;
    rn_index *first;    /* [n] first mode of each mode's cluster */
    double *magnitudes; /* [n] |g| */
    double *weights;    /* [threads x n] */
    double *parts;      /* [n_tiles x N_PARTS x row_size] */
} flux_work;

rn_index rni_clusters(rn_index n, const double *lambda, double gap, rn_index *first)
{
    rn_index n_clusters = 0;
    for (rn_index u = 0; u < n; u++) {
        const bool joined = u > 0 && lambda[u] - lambda[u - 1] < gap;
        first[u] = joined ? first[u - 1] : u;
        n_clusters += !joined;
    }
    return n_clusters;
}

double rni_symmetric_norm(rn_index n, const double *mt, double *row_sums)
{
    double squares = 0.0;
    memset(row_sums, 0, (size_t)n * sizeof *row_sums);
    for (rn_index u = 0; u < n; u++) {
        const double *row = mt + u * n;
        double sum = 0.0;
        double row_squares = 0.0;
        for (rn_index v = 0; v < u; v++) {
            const double size = fabs(row[v]);
            sum += size;
            row_sums[v] += size;
            row_squares += size * size;
        }
        row_sums[u] += sum + fabs(row[u]);
        squares += 2.0 * row_squares + row[u] * row[u];
    }
    double largest = 0.0;
    for (rn_index u = 0; u < n; u++)
        if (!(row_sums[u] <= largest)) largest = row_sums[u]; /* keeps a NaN */
    if (!isfinite(largest)) return largest;
    const double frobenius = sqrt(squares);
    return frobenius < largest ? frobenius : largest;
}

/* The rows of one tile. */
static rn_status add_tile(void *user, rn_index tile, int thread)
{
    const flux_work *work = user;
    const rni_modes *modes = &work->modes;
    const rn_index n = modes->n;
    const double *g = work->input->g;
    double *weights = work->weights + thread * n;
    double *parts = work->parts + tile * N_PARTS * work->row_size;
    const rn_index end = rni_min((tile + 1) * TILE_ROWS, n);

    for (rn_index u = tile * TILE_ROWS; u < end; u++) {
        const double *mt = work->input->mt + u * n;
        const rn_index first = work->first[u];
        for (rn_index v = 0; v < u; v++)
            weights[v] = g[v] * mt[v];
        weights[u] = 0.5 * g[u] * mt[u]; /* the diagonal counts once, pairs twice */
        double *migration = parts + MIGRATION * work->row_size;
        double *transfer = parts + TRANSFER * work->row_size;
        double *bar = parts + ERROR_BAR * work->row_size;
        rni_pairs_add_row(modes, u, modes, 0, first, weights, 2.0 * g[u], transfer);
        rni_pairs_add_row(modes, u, modes, first, u + 1, weights, 2.0 * g[u], migration);
        const double size = work->magnitudes[u];
        rni_pairs_add_row(modes, u, modes, 0, u, work->magnitudes, 2.0 * size, bar);
        rni_pairs_add_row(modes, u, modes, u, u + 1, work->magnitudes, size, bar);
    }
    return RN_OK;
}

/* Sum of one part over the tiles at boundary i. */
static double total(const flux_work *work, int part, rn_index i)
{
    double sum = 0.0;
    for (rn_index tile = 0; tile < work->n_tiles; tile++)
        sum += work->parts[(tile * N_PARTS + part) * work->row_size + RNI_PAIRS_PAD + i];
    return sum;
}

/* Whether every sum is a number. */
static bool is_finite(const flux_work *work, rn_index n_boundaries, double delta)
{
    for (rn_index i = 0; i < n_boundaries; i++)
        if (!isfinite(total(work, MIGRATION, i) + total(work, TRANSFER, i))
            || !isfinite(delta * total(work, ERROR_BAR, i)))
            return false;
    return true;
}

/* One block for all arrays of the work; false when memory is out. */
static bool work_create(flux_work *work, const rn_shell_grid *grid, int n_threads)
{
    const rn_index n = work->input->n;
    work->row_size = rni_pairs_row_size(rn_shell_grid_size(grid));
    work->n_tiles = rni_ceil_div(n, TILE_ROWS);
    rn_index n_parts = 0;
    rn_index n_weights = 0;
    rn_index n_doubles = 0;
    if (!rni_size_mul(work->n_tiles, N_PARTS * work->row_size, &n_parts)
        || !rni_size_mul(n, (rn_index)n_threads + 2, &n_weights)
        || !rni_size_add(n_parts, n_weights, &n_doubles))
        return false;
    if (!rni_modes_create(grid, n, work->input->lambda, &work->modes)) return false;
    work->parts = rni_alloc(n_doubles, sizeof(double));
    if (!work->parts) {
        rni_modes_destroy(&work->modes);
        return false;
    }
    memset(work->parts, 0, (size_t)n_parts * sizeof(double));
    work->magnitudes = work->parts + n_parts;
    work->weights = work->magnitudes + n;
    work->first = (rn_index *)(void *)(work->weights + (rn_index)n_threads * n);
    return true;
}

static void work_destroy(flux_work *work)
{
    rni_free(work->parts);
    rni_modes_destroy(&work->modes);
}

rn_status rni_flux(const char *caller, rni_pool *pool, const rn_shell_grid *grid,
                   const rn_shell_input *input, const rn_shell_options *options, double *flux,
                   double *migration, double *error)
{
    flux_work work = {.input = input};
    if (!work_create(&work, grid, rni_pool_threads(pool)))
        return rni_fail(RN_ERR_MEMORY, "%s: no memory to sum over %" PRId64 " modes", caller,
                        input->n);

    const rn_index n = input->n;
    const double rounding = (double)n * DBL_EPSILON;
    const double norm = rni_symmetric_norm(n, input->mt, work.weights);
    rn_status status = RN_OK;
    if (!isfinite(norm)) {
        status =
            rni_fail(RN_ERR_NONFINITE, "%s: mt contains NaN or infinity, or overflows", caller);
        goto done;
    }
    for (rn_index u = 0; u < n; u++)
        work.magnitudes[u] = fabs(input->g[u]);
    (void)rni_clusters(n, input->lambda, options->cluster_factor * rounding * rni_lambda_max(input),
                       work.first);
    status = rni_pool_run(pool, work.n_tiles, add_tile, &work);
    if (status < 0) goto done;

    const double delta =
        options->mt_error > 0.0 ? options->mt_error : options->error_factor * rounding * norm;
    if (!is_finite(&work, rn_shell_grid_size(grid), delta)) {
        status = rni_fail(RN_ERR_NONFINITE,
                          "%s: a sum of g g mt overflows; measure in larger units of energy or "
                          "time",
                          caller);
        goto done;
    }
    const double scale = 0.5 / (double)input->n_samples;
    for (rn_index i = 0; i < rn_shell_grid_size(grid); i++) {
        const double moved = scale * total(&work, MIGRATION, i);
        flux[i] = moved + scale * total(&work, TRANSFER, i);
        if (migration) migration[i] = moved;
        if (error) error[i] = scale * delta * total(&work, ERROR_BAR, i);
    }
done:
    work_destroy(&work);
    return status;
}

void rni_flux_all_pairs(const rn_shell_grid *grid, const rn_shell_input *input,
                        const rn_index *first, double *flux, double *migration, double *error)
{
    const rn_index n = input->n;
    const double scale = 0.5 / (double)input->n_samples;
    for (rn_index i = 0; i < rn_shell_grid_size(grid); i++) {
        const double s = rn_shell_grid_boundary(grid, i);
        double all = 0.0;
        double moved = 0.0;
        double bar = 0.0;
        for (rn_index u = 0; u < n; u++) {
            for (rn_index v = 0; v < n; v++) {
                const double slope =
                    rn_shell_cut_divided(s, grid->width, input->lambda[u], input->lambda[v]);
                const double mt = v <= u ? input->mt[u * n + v] : input->mt[v * n + u];
                const double term = input->g[u] * input->g[v] * slope * mt;
                all += term;
                if (first[u] == first[v]) moved += term;
                bar += fabs(input->g[u] * input->g[v]) * slope;
            }
        }
        flux[i] = scale * all;
        migration[i] = scale * moved;
        error[i] = scale * bar;
    }
}

rn_status rn_shell_flux(const rn_shell_grid *grid, const rn_shell_input *input,
                        const rn_shell_options *options, double *flux, double *migration,
                        double *error)
{
    rn_shell_options chosen;
    RNI_TRY(rni_grid_check("rn_shell_flux", grid));
    RNI_TRY(rni_shell_input_check("rn_shell_flux", input));
    RNI_TRY(rni_shell_options_check("rn_shell_flux", options, &chosen));
    if (!input->mt || !flux)
        return rni_fail(RN_ERR_ARGUMENT, "rn_shell_flux: input->mt or flux is NULL");
    return rni_flux("rn_shell_flux", NULL, grid, input, &chosen, flux, migration, error);
}
