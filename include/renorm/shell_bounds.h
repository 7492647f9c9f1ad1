/**
 * Guaranteed intervals for what shells hold, from a Lanczos rule (renorm/lanczos.h): of the error e
 * and a kernel M of N samples known by products alone,
 *
 *     A(s) = (1/2N) e.chi_s(M) e     energy above s        rule of e
 *     D(s) = (1/N) e.M chi_s(M) e    dissipation above s   rule of lambda mu, made from it
 *
 * A smooth cut is a mixture of sharp ones, chi_s = integral of chi_s'(x) [lambda >= x] dx, and the
 * mass above each x has an interval; a shell's cut rises and falls, and takes the upper end where
 * it rises, the lower where it falls. Sums over a mesh of x are upper and lower ones, so that the
 * mesh costs width, never truth. It is refined where that counts. Our definition.
 *
 *     rn_shell_bounds bounds = {0};
 *     status = rn_shell_bounds_measure(&grid, &rule, n_samples, &bounds);
 *     if (status == RN_OK) printf("%g .. %g\n", bounds.energy_low[0], bounds.energy_high[0]);
 *     rn_shell_bounds_clear(&bounds);
 */
#ifndef RENORM_SHELL_BOUNDS_H
#define RENORM_SHELL_BOUNDS_H

#include <renorm/lanczos.h>
#include <renorm/shells.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The arrays are owned: release with rn_shell_bounds_clear. Low ends are >= 0. */
typedef struct rn_shell_bounds {
    rn_shell_grid grid;
    rn_index n_boundaries;
    double *above_low, *above_high;               /**< [boundary] A, energy */
    double *dissipation_low, *dissipation_high;   /**< [boundary] D, energy/time */
    double *energy_low, *energy_high;             /**< [shell] A(lower) - A(upper) */
    double *energy_sharp_low, *energy_sharp_high; /**< [shell] with sharp cuts */
    double *loss_low, *loss_high;                 /**< [shell] D(lower) - D(upper), energy/time */
} rn_shell_bounds;

/**
 * Intervals at every boundary and shell of a grid. Cost: about 40 n_boundaries cuts of each of two
 * rules (rn_jacobi_above), more where single eigenvalues are resolved.
 *
 * @param rule       of e; its last coupling finite
 * @param n_samples  N >= 1
 * @param out        overwritten on success (clear an old one first), untouched on failure
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_shell_bounds_measure(const rn_shell_grid *grid,
                                                      const rn_jacobi *rule, rn_index n_samples,
                                                      rn_shell_bounds *out);

/** Releases the arrays and zeroes the struct. NULL and an all-zero struct are allowed. */
RN_API void rn_shell_bounds_clear(rn_shell_bounds *bounds);

#ifdef __cplusplus
}
#endif

#endif
