/*
 * Energies of shells from the nodes of a rule, and how much they still move.
 */
#include <math.h>
#include <renorm/shell_bounds.h>
#include <stdbool.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "shells/shell_grid.h"

/* Errors in changes of the estimate: then the truth of resolved shells lies within one error in at
   least 90 of 100 cases from 50 steps on, for log-uniform spectra, the hardest tried
   (prop_shell_bounds with RN_TEST_CASES=20). */
#define SPREAD 2.0

/* energy[shell] := sums over the nodes of the rule's first n steps. work: [2 n]. */
static rn_status sum_nodes(const rn_shell_grid *grid, const rn_jacobi *rule, rn_index n,
                           rn_index n_samples, double *work, double *energy)
{
    rn_jacobi part = *rule;
    part.n = n;
    RNI_TRY(rn_jacobi_gauss(&part, work, work + n, NULL));
    for (rn_index b = 0; b + 1 < rn_shell_grid_size(grid); b++) {
        const double low = rn_shell_grid_boundary(grid, b);
        const double high = rn_shell_grid_boundary(grid, b + 1);
        double sum = 0.0;
        for (rn_index i = 0; i < n; i++)
            sum += work[n + i]
                   * (rn_shell_cut(low, grid->width, work[i])
                      - rn_shell_cut(high, grid->width, work[i]));
        energy[b] = 0.5 / (double)n_samples * sum;
    }
    return RN_OK;
}

static rn_status estimate(const rn_shell_grid *grid, const rn_jacobi *rule, rn_index n_samples,
                          double *work, double *energy, double *error)
{
    const rn_index n = rule->n;
    const rn_index n_shells = rn_shell_grid_size(grid) - 1;
    double *other = work + 2 * n;
    RNI_TRY(sum_nodes(grid, rule, n, n_samples, work, energy));
    if (!error) return RN_OK;
    const bool is_exact = n > 0 && rule->coupling[n - 1] <= 0.0;
    for (rn_index b = 0; b < n_shells; b++) {
        /* the lowest node stands for all that lies below it: shells it touches are not resolved */
        const bool is_open = n == 0 || exp(rn_shell_grid_boundary(grid, b) - grid->width) < work[0];
        error[b] = !is_exact && is_open ? 0.5 / (double)n_samples * rule->mass : 0.0;
    }
    if (n == 0 || is_exact) return RN_OK;
    for (rn_index part = 4; part <= 8; part += 4) {
        RNI_TRY(sum_nodes(grid, rule, n - rni_ceil_div(n, part), n_samples, work, other));
        for (rn_index b = 0; b < n_shells; b++)
            error[b] = fmax(error[b], SPREAD * fabs(other[b] - energy[b]));
    }
    return RN_OK;
}

rn_status rn_shell_estimate(const rn_shell_grid *grid, const rn_jacobi *rule, rn_index n_samples,
                            double *energy, double *error)
{
    RNI_TRY(rni_grid_check("rn_shell_estimate", grid));
    if (!rule || !energy || n_samples < 1 || rule->n < 0)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_shell_estimate: a rule, a place for the energies and N >= 1 are "
                        "needed; found N = %" PRId64,
                        n_samples);
    double *work = rni_alloc(2 * rule->n + rn_shell_grid_size(grid), sizeof *work);
    if (!work)
        return rni_fail(RN_ERR_MEMORY, "rn_shell_estimate: no memory for %" PRId64 " nodes",
                        rule->n);
    const rn_status status = estimate(grid, rule, n_samples, work, energy, error);
    rni_free(work);
    return status;
}
