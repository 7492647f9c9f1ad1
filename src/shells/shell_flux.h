/*
 * The flux from M' and its error bar, inside view: threads, and the plain reference version.
 */
#ifndef RNI_SHELLS_SHELL_FLUX_H
#define RNI_SHELLS_SHELL_FLUX_H

#include <renorm/shells.h>

#include "core/pool.h"
#include "shells/shell_pairs.h"

/** Largest eigenvalue, or 0 where none is positive. */
static inline double rni_lambda_max(const rn_shell_input *input)
{
    const double top = input->lambda[input->n - 1];
    return top > 0.0 ? top : 0.0;
}

/** NULL gives the defaults; out-of-range values RN_ERR_ARGUMENT. */
RN_NODISCARD rn_status rni_shell_options_check(const char *caller, const rn_shell_options *options,
                                               rn_shell_options *out);

/** Sizes, arrays, order of eigenvalues, finiteness of everything but mt. */
RN_NODISCARD rn_status rni_shell_input_check(const char *caller, const rn_shell_input *input);

/**
 * first[u] := first mode of the cluster that holds u: neighbours in ascending lambda that are
 * closer than `gap` belong together. Returns the number of clusters.
 */
rn_index rni_clusters(rn_index n, const double *lambda, double gap, rn_index *first);

/** Bound min(Frobenius norm, largest row sum) >= |mt|_2; reads v <= u. Costs n^2. */
double rni_symmetric_norm(rn_index n, const double *mt, double *row_sums);

/**
 * As rn_shell_flux after its checks, on the threads of `pool` (NULL: the calling one). The result
 * does not depend on the number of threads: rows are cut into fixed tiles, summed in their order.
 */
RN_NODISCARD rn_status rni_flux(const char *caller, rni_pool *pool, const rn_shell_grid *grid,
                                const rn_shell_input *input, const rn_shell_options *options,
                                double *flux, double *migration, double *error);

/**
 * The same by definition: every pair at every boundary, no threads. Time O(n^2 n_boundaries).
 * `first` as from rni_clusters; error is the sum with delta = 1.
 */
void rni_flux_all_pairs(const rn_shell_grid *grid, const rn_shell_input *input,
                        const rn_index *first, double *flux, double *migration, double *error);

/** rn_shell_project on the threads of `pool`, with the same bits for any number of them. */
RN_NODISCARD rn_status rni_shell_project(rni_pool *pool, rn_index n, const double *left,
                                         const double *matrix, const double *right, double *out);

/** rn_shell_measure on the threads of `pool`. */
RN_NODISCARD rn_status rni_shell_measure(rni_pool *pool, const rn_shell_grid *grid,
                                         const rn_shell_input *input,
                                         const rn_shell_options *options, rn_shell_report *report);

#endif
