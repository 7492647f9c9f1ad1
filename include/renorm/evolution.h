/**
 * Condition C3: does the Jacobian evolve in a controlled way along a run?
 *
 * From the kernel M and its tangent M' at n moments t_k, |.|_2 the largest eigenvalue, |.|_F the
 * root of the sum of squares, and the rate -(d ln L/dt) at which the loss decays there:
 *
 *   growth    sup over k of |M|_2(t_k) / |M|_2(t_0)
 *   relative  r_k = (|M'|_F / |M|_F) / rate: how far M turns while the loss falls by a factor e
 *   speed     sup over k of r_k
 *   path      integral from t_0 to t_{n-1} of |M'|_F dt / |M|_F(t_0), by trapezoids: how far M
 *             travelled, in units of its size at the start
 *   bursts    peaks of r that stand out: a moment other than the first and last whose r exceeds
 *             `burst_factor` times the larger of two lows, the smallest r on its left and on its
 *             right, each as far as the next higher peak (the topographic prominence of ln r is at
 *             least ln burst_factor). A steady drift of r, however steep, has none
 *
 * All are dimensionless and unchanged by M -> k M, t -> t/k. C3 also asks that their spread over
 * seeds shrinks with the width: a statement about a family of runs (renorm/family.h). The
 * definitions are ours; theory: docs/theory/conditions.md.
 */
#ifndef RENORM_EVOLUTION_H
#define RENORM_EVOLUTION_H

#include <renorm/verdict.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Moments of one run, in order of time. Arrays are borrowed for the call. Zero-initialise. */
typedef struct rn_evolution_input {
    rn_index n;          /**< moments, >= 1 */
    const double *time;  /**< [n] ascending, no two equal */
    const double *norm;  /**< [n] |M|_2 > 0, 1/time */
    const double *size;  /**< [n] |M|_F > 0, 1/time */
    const double *turn;  /**< [n] |M'|_F >= 0, 1/time^2 */
    const double *rate;  /**< [n] -(d ln L/dt), 1/time; r is NaN where it is not > 0 */
    double burst_factor; /**< > 1; 0: 3 */
} rn_evolution_input;

/** The result; see above. */
typedef struct rn_evolution {
    double growth;
    double speed; /**< NaN where no r is defined */
    double path;
    double path_error; /**< |path - the same from every other moment|; NaN for n < 3 */
    rn_index n_bursts;
    rn_index n_relative; /**< moments with an r */
    rn_finding
        no_bursts; /**< holds without bursts; cannot tell from fewer than 8 moments with an r.
                        Its value is the largest prominence, as a factor; it has no interval */
} rn_evolution;

/**
 * Measures the evolution of one run.
 * @param relative  [n] out, r_k; or NULL
 * @param burst     [n] out, 1 where a burst is, else 0; or NULL
 * @return RN_OK; RN_ERR_ARGUMENT (missing arrays, n < 1, times not ascending, a norm that is not
 *         positive, burst_factor); RN_ERR_NONFINITE (NaN or infinity in time, norm, size or turn);
 *         RN_ERR_MEMORY; outputs untouched on failure
 * Cost: O(n^2).
 */
RN_API RN_NODISCARD rn_status rn_evolution_measure(const rn_evolution_input *input,
                                                   double *relative, double *burst,
                                                   rn_evolution *out);

#ifdef __cplusplus
}
#endif

#endif
