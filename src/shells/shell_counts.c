/*
 * Eigenvalues per shell from random vectors.
 */
#include "shells/shell_counts.h"

#include <math.h>
#include <renorm/shell_bounds.h>

#include "core/memory.h"
#include "core/rng.h"
#include "core/size.h"
#include "core/status.h"
#include "shells/shell_grid.h"

/* *resolved := the second node above the noise: the first stands for whatever lies below, and the
   gap between the two for nothing. 0 for a rule that is the measure. work: [2 n] */
static rn_status find_resolved(const rn_jacobi *rule, double *work, double *resolved)
{
    rn_index i = 0;
    *resolved = 0.0;
    if (rule->coupling[rule->n - 1] <= 0.0) return RN_OK;
    RNI_TRY(rn_jacobi_gauss(rule, work, work + rule->n, NULL));
    while (i < rule->n && work[i] <= rule->noise)
        i++;
    *resolved = i + 1 < rule->n ? work[i + 1] : (double)INFINITY;
    return RN_OK;
}

void rni_count_draw(uint64_t seed, rn_index v, rn_index n, double *vector)
{
    const rni_stream draws = {
        .seed = seed, .purpose = RNI_RNG_PROBE_VECTOR, .part = (uint32_t)v + 1};
    double square = 0.0;
    rni_rng_fill_normal(draws, 0, n, vector);
    for (rn_index i = 0; i < n; i++)
        square += vector[i] * vector[i];
    const double scale = sqrt((double)n / square);
    for (rn_index i = 0; i < n; i++)
        vector[i] *= scale;
}

rn_status rni_count_row(const rn_shell_grid *grid, const rn_jacobi *rule, double *row)
{
    const rn_index n_boundaries = rn_shell_grid_size(grid);
    const rn_index n_shells = n_boundaries - 1;
    double *energy = rni_alloc(2 * n_boundaries + 2 * rule->n, sizeof *energy);
    if (!energy) return rni_fail(RN_ERR_MEMORY, "rn_shell_counts: no memory for shells");
    double *spread = energy + n_boundaries;
    double resolved = 0.0;
    rn_status status = rn_shell_estimate(grid, rule, 1, energy, spread);
    if (status == RN_OK) status = find_resolved(rule, spread + n_boundaries, &resolved);
    for (rn_index b = 0; b < n_shells && status == RN_OK; b++) {
        const bool is_open = exp(rn_shell_grid_boundary(grid, b) - grid->width) < resolved;
        row[b] = is_open ? (double)NAN : 2.0 * energy[b]; /* an energy is half a square */
        row[n_shells + b] = 2.0 * spread[b];
    }
    rni_free(energy);
    return status;
}

void rni_count_finish(rn_index n_shells, rn_index n, rn_index n_vectors, const double *rows,
                      double *count, double *error)
{
    const double shared = 1.0 / (double)n_vectors;
    for (rn_index b = 0; b < n_shells; b++) {
        double spread = 0.0;
        count[b] = 0.0;
        for (rn_index v = 0; v < n_vectors; v++) {
            count[b] += rows[2 * v * n_shells + b];
            spread += rows[(2 * v + 1) * n_shells + b];
        }
        count[b] /= (double)n_vectors;
        spread /= (double)n_vectors;
        const double variance = 2.0 * shared * count[b] * fmax(0.0, 1.0 - count[b] / (double)n);
        error[b] = sqrt(variance + shared * shared + spread * spread);
    }
}

static rn_status count_one(const rn_shell_grid *grid, const rn_op *op, const double *vector,
                           rn_index n_steps, double *row)
{
    rn_lanczos *lanczos = NULL;
    RNI_TRY(rn_lanczos_create(op, vector, n_steps, &lanczos));
    rn_status status = rn_lanczos_extend(lanczos, n_steps);
    const rn_jacobi rule = rn_lanczos_rule(lanczos, n_steps);
    if (status == RN_OK) status = rni_count_row(grid, &rule, row);
    rn_lanczos_destroy(lanczos);
    return status;
}

rn_status rn_shell_counts(const rn_shell_grid *grid, const rn_op *op, rn_index n_vectors,
                          rn_index n_steps, uint64_t seed, double *count, double *error)
{
    RNI_TRY(rni_grid_check("rn_shell_counts", grid));
    if (!op || !count || !error || n_vectors < 1 || n_steps < 1)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_shell_counts: an operator, places for the result, and at least one "
                        "vector and step are needed; found %" PRId64 " vectors, %" PRId64 " steps",
                        n_vectors, n_steps);
    const rn_index n = rn_op_rows(op);
    const rn_index n_shells = rn_shell_grid_size(grid) - 1;
    rn_index size = 0;
    double *vector = NULL;
    if (rni_size_mul(2 * n_shells, n_vectors, &size) && rni_size_add(size, n, &size))
        vector = rni_alloc(size, sizeof *vector);
    if (!vector)
        return rni_fail(RN_ERR_MEMORY, "rn_shell_counts: no memory for %" PRId64 " rows", n);
    double *rows = vector + n;
    rn_status status = RN_OK;
    for (rn_index v = 0; v < n_vectors && status == RN_OK; v++) {
        rni_count_draw(seed, v, n, vector);
        status = count_one(grid, op, vector, rni_min(n_steps, n), rows + 2 * v * n_shells);
    }
    if (status == RN_OK) rni_count_finish(n_shells, n, n_vectors, rows, count, error);
    rni_free(vector);
    return status;
}
