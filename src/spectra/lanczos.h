/*
 * A Lanczos basis step by step, for those who keep one on a disk.
 */
#ifndef RNI_SPECTRA_LANCZOS_H
#define RNI_SPECTRA_LANCZOS_H

#include <renorm/lanczos.h>

/** What one step found: with all of them, and the start vector, a basis goes on to the bit. */
typedef struct rni_lanczos_step {
    double diagonal, coupling; /**< a_j, b_j */
    double stray;              /**< largest stray part up to here */
    double scale;              /**< bound of |T| up to here */
    const double *next;        /**< [rows] q_{j+1}, borrowed; without meaning where b_j = 0 */
} rni_lanczos_step;

/** Step j = 0 .. n_steps - 1 of a basis. */
rni_lanczos_step rni_lanczos_get(const rn_lanczos *lanczos, rn_index j);

/** Adds a step that rni_lanczos_get gave, in place of a product.
    @return RN_OK; RN_ERR_ARGUMENT (no room, or the basis is exhausted); RN_ERR_NONFINITE */
RN_NODISCARD rn_status rni_lanczos_put(rn_lanczos *lanczos, rni_lanczos_step step);

#endif
