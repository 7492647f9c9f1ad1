/*
 * Eigenvalues per shell from random vectors.
 */
#include <math.h>
#include <renorm/lanczos.h>
#include <renorm/shell_bounds.h>
#include <renorm/shell_counts.h>
#include <string.h>

#include "core/memory.h"
#include "core/rng.h"
#include "core/size.h"
#include "core/status.h"
#include "shells/shell_grid.h"

typedef struct counting {
    const rn_shell_grid *grid;
    const rn_op *op;
    rn_index n;
    rn_index n_steps;
    double *vector; /* [n] */
    double *energy; /* [boundary] of one vector, half its eigenvalues */
    double *spread; /* [boundary] */
    double *nodes;  /* [2 n_steps] */
} counting;

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

/* Adds n v.chi v of one random direction v, and its error of quadrature. */
static rn_status add_vector(counting *c, rni_stream draws, double *count, double *error)
{
    rn_lanczos *lanczos = NULL;
    double square = 0.0;
    rni_rng_fill_normal(draws, 0, c->n, c->vector);
    for (rn_index i = 0; i < c->n; i++)
        square += c->vector[i] * c->vector[i];
    const double scale = sqrt((double)c->n / square);
    for (rn_index i = 0; i < c->n; i++)
        c->vector[i] *= scale;
    RNI_TRY(rn_lanczos_create(c->op, c->vector, c->n_steps, &lanczos));
    rn_status status = rn_lanczos_extend(lanczos, c->n_steps);
    const rn_jacobi rule = rn_lanczos_rule(lanczos, c->n_steps);
    double resolved = 0.0;
    if (status == RN_OK) status = rn_shell_estimate(c->grid, &rule, 1, c->energy, c->spread);
    if (status == RN_OK) status = find_resolved(&rule, c->nodes, &resolved);
    for (rn_index b = 0; b + 1 < rn_shell_grid_size(c->grid) && status == RN_OK; b++) {
        const bool is_open = exp(rn_shell_grid_boundary(c->grid, b) - c->grid->width) < resolved;
        count[b] += is_open ? (double)NAN : 2.0 * c->energy[b];
        error[b] += 2.0 * c->spread[b];
    }
    rn_lanczos_destroy(lanczos);
    return status;
}

static rn_status add_all(counting *c, rn_index n_vectors, uint64_t seed, double *count,
                         double *error)
{
    const rn_index n_shells = rn_shell_grid_size(c->grid) - 1;
    const double n = (double)c->n;
    memset(count, 0, (size_t)n_shells * sizeof *count);
    memset(error, 0, (size_t)n_shells * sizeof *error);
    for (rn_index v = 0; v < n_vectors; v++) {
        const rni_stream draws = {
            .seed = seed, .purpose = RNI_RNG_PROBE_VECTOR, .part = (uint32_t)v + 1};
        RNI_TRY(add_vector(c, draws, count, error));
    }
    for (rn_index b = 0; b < n_shells; b++) {
        count[b] /= (double)n_vectors;
        const double spread = error[b] / (double)n_vectors;
        const double shared = 1.0 / (double)n_vectors;
        const double variance = 2.0 * shared * count[b] * fmax(0.0, 1.0 - count[b] / n);
        error[b] = sqrt(variance + shared * shared + spread * spread);
    }
    return RN_OK;
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
    const rn_index n_boundaries = rn_shell_grid_size(grid);
    counting c = {.grid = grid, .op = op, .n = n, .n_steps = rni_min(n_steps, n)};
    c.vector = rni_alloc(n + 2 * n_boundaries + 2 * c.n_steps, sizeof *c.vector);
    if (!c.vector)
        return rni_fail(RN_ERR_MEMORY, "rn_shell_counts: no memory for %" PRId64 " rows", n);
    c.energy = c.vector + n;
    c.spread = c.energy + n_boundaries;
    c.nodes = c.spread + n_boundaries;
    const rn_status status = add_all(&c, n_vectors, seed, count, error);
    rni_free(c.vector);
    return status;
}
