/*
 * Modes sorted into sharp shells, and sums of squared couplings over blocks of modes.
 */
#ifndef RNI_CONDITIONS_COUPLING_SHELLS_H
#define RNI_CONDITIONS_COUPLING_SHELLS_H

#include <renorm/couplings.h>
#include <stdbool.h>

/** The modes of an input that lie above the floor, and |mt_uv|^2/(lambda_u lambda_v) of them. */
typedef struct rni_coupling_modes {
    rn_index n;
    double *s;       /* [n] ln lambda, ascending; owns the block */
    double *squares; /* [n x n], entries v < u, divided by scale^2 */
    double *noise;   /* [n x n], entries v < u, room for draws */
    double scale;    /* largest |mt_uv|/sqrt(lambda_u lambda_v), u != v; 1 where all are 0 */
} rni_coupling_modes;

/** Checked input in, modes first .. input->n - 1 taken. @return RN_OK; RN_ERR_NONFINITE;
    RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_coupling_modes_create(const rn_coupling_input *input, rn_index first,
                                                 rni_coupling_modes *out);
void rni_coupling_modes_destroy(rni_coupling_modes *modes);

/** Modes in shells. Shell i covers (low + i width, low + (i + 1) width]. */
typedef struct rni_coupling_shells {
    rn_index n;        /* modes */
    rn_index n_shells; /* >= 1 */
    double width;
    double low;
    rn_index *modes; /* [n_shells] how many in each; owns the block */
    rn_index *shell; /* [n] of each mode, ascending */
} rni_coupling_shells;

/** shift in widths, 0 <= shift < 1. @return RN_OK; RN_ERR_ARGUMENT (too many); RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_coupling_shells_create(rn_index n, const double *s, double width,
                                                  double shift, rni_coupling_shells *out);
void rni_coupling_shells_destroy(rni_coupling_shells *shells);

/** Middle of shell i, nats. */
double rni_coupling_shell_middle(const rni_coupling_shells *shells, rn_index i);

/**
 * sums[c n_cells + d], c <= d, := sum of squares[u n + v] over the pairs v < u with cells c and d
 * (in either order); the other half of sums is left undefined.
 */
void rni_coupling_sum_blocks(rn_index n, const double *squares, const rn_index *cell,
                             rn_index n_cells, double *sums);

#endif
