/*
 * Counting eigenvalues vector by vector, for those who keep what each has found.
 */
#ifndef RNI_SHELLS_SHELL_COUNTS_H
#define RNI_SHELLS_SHELL_COUNTS_H

#include <renorm/lanczos.h>
#include <renorm/shell_counts.h>

/** vector [n] := the direction of number v = 0, 1, .., of length sqrt(n). */
void rni_count_draw(uint64_t seed, rn_index v, rn_index n, double *vector);

/**
 * What the finished rule of one direction tells.
 * @param[out] row  [2 x shells]: its counts, NaN where it does not resolve; its errors of
 * quadrature
 * @return RN_OK; RN_ERR_MEMORY; as rn_shell_estimate
 */
RN_NODISCARD rn_status rni_count_row(const rn_shell_grid *grid, const rn_jacobi *rule, double *row);

/** count and error [shell] of rn_shell_counts from the rows of all directions, in their order. */
void rni_count_finish(rn_index n_shells, rn_index n, rn_index n_vectors, const double *rows,
                      double *count, double *error);

#endif
