/**
 * The spectral measure of a vector, without the matrix: Lanczos quadrature with guaranteed bounds.
 *
 * For M symmetric positive semidefinite, M = sum_u lambda_u phi_u phi_u^T, and a vector e the
 * measure mu puts the mass g_u^2 = <phi_u, e>^2 at lambda_u. k products of M with vectors give its
 * first 2k + 1 moments in the form of a tridiagonal (Jacobi) matrix
 *
 *     T = [a_1 b_1; b_1 a_2 b_2; .. a_k],    and b_k beyond its corner,
 *
 * and from it, for any x > 0, an interval that certainly holds the mass at and above x, whatever
 * the rest of the spectrum looks like (Chebyshev, Markov, Stieltjes):
 *
 *     rn_op *op = ..;                                    // M
 *     rn_lanczos *lanczos = NULL;
 *     double low, high, x = 0.1;
 *     rn_status status = rn_lanczos_create(op, e, 200, &lanczos);
 *     if (status == RN_OK) status = rn_lanczos_extend(lanczos, 100);
 *     if (status == RN_OK) {
 *         const rn_jacobi rule = rn_lanczos_rule(lanczos, 100);
 *         status = rn_jacobi_above(&rule, 1, &x, &low, &high);   // low <= mass above x <= high
 *     }
 *     rn_lanczos_destroy(lanczos);
 *
 * Rounding. The T that is found belongs, to rounding, to a matrix within `noise` of M in the
 * 2-norm; intervals are widened for that. A sharp cut closer than `noise` to an eigenvalue cannot
 * be decided by anyone: its mass may fall on either side. Derivations: docs/theory/quadrature.md.
 */
#ifndef RENORM_LANCZOS_H
#define RENORM_LANCZOS_H

#include <renorm/op.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A growing Lanczos basis of one operator and one vector. */
typedef struct rn_lanczos rn_lanczos;

/** A measure on lambda >= 0 known by its first moments. The arrays are borrowed. */
typedef struct rn_jacobi {
    rn_index n;             /**< k >= 0, order of T; 0: only the mass is known */
    double mass;            /**< |e|^2, units of e squared */
    const double *diagonal; /**< [n] a_1 .. a_k, units of M */
    const double *coupling; /**< [n] b_1 .. b_k >= 0; b_k = 0: T knows the measure exactly;
                                 b_k infinite: b_k is not known, only moments up to 2k - 1 are */
    double noise;           /**< T is exact for a matrix within this of M, units of M */
} rn_jacobi;

/* ---- Lanczos --------------------------------------------------------------------------------- */

/**
 * Starts at the vector e.
 *
 * @param op         M, RN_OP_PSD; borrowed: must outlive the result
 * @param start      [rows] e; copied
 * @param max_steps  most steps ever wanted, 1 .. ; cut to the rows of M. The basis takes
 *                   (max_steps + 1) rows doubles, allocated here
 * @return RN_OK; RN_ERR_ARGUMENT (also: the operator does not promise RN_OP_PSD);
 *         RN_ERR_DOMAIN (e is zero); RN_ERR_NONFINITE; RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_lanczos_create(const rn_op *op, const double *start,
                                                rn_index max_steps, rn_lanczos **out);

/** Releases it. NULL is allowed. */
RN_API void rn_lanczos_destroy(rn_lanczos *lanczos);

/**
 * Goes on until n_steps steps are done in all, or the basis is exhausted: what is left of a new
 * vector is rounding (b_k <= (sqrt(rows) + 32) eps |T|). Every new vector is made orthogonal to
 * all earlier ones twice. Steps done stay done: stopping and going on gives the same bits.
 *
 * Cost of step j: one product and 8 rows j flops.
 *
 * @param n_steps  0 .. max_steps
 * @return RN_OK (also when exhausted); RN_ERR_ARGUMENT; RN_ERR_NONFINITE (the operator gave NaN or
 *         an overflow); RN_ERR_DOMAIN (M is not positive semidefinite: e.Me < 0 beyond rounding);
 *         what the operator returns. Steps before the failing one stay.
 */
RN_API RN_NODISCARD rn_status rn_lanczos_extend(rn_lanczos *lanczos, rn_index n_steps);

/** Steps done so far; 1 when no further step can change anything. */
RN_API rn_index rn_lanczos_n_steps(const rn_lanczos *lanczos);
RN_API int rn_lanczos_is_exhausted(const rn_lanczos *lanczos);

/** Basis vector j = 0 .. n_steps - 1, [rows], of length 1; borrowed. NULL beyond. */
RN_API const double *rn_lanczos_vector(const rn_lanczos *lanczos, rn_index j);

/**
 * What the first n_steps (cut to those done) know. Borrowed from the basis.
 *
 * noise = max((sqrt(rows) + n_steps + 32) eps |T|, the largest that a product M q_j had along
 * q_1 .. q_{j-2}, where it must have nothing: the second is measured, and tells of operators
 * that are not symmetric or not computed to full precision.
 */
RN_API rn_jacobi rn_lanczos_rule(const rn_lanczos *lanczos, rn_index n_steps);

/* ---- the measure ----------------------------------------------------------------------------- */

/**
 * Gauss quadrature: sum_i weights_i p(nodes_i) = e.p(M) e for polynomials p up to degree 2k - 1.
 *
 * @param nodes    [n] out, ascending: eigenvalues of T (Ritz values)
 * @param weights  [n] out, >= 0, with sum |e|^2
 * @param vectors  [n x n] out or NULL: row i is the eigenvector of T for node i, of length 1; the
 *                 Ritz vector is sum_j vectors[i * n + j] q_j, and weights_i = |e|^2 vectors_i0^2
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY
 * Cost 15 n^2 flops, 5 n^3 with vectors.
 */
RN_API RN_NODISCARD rn_status rn_jacobi_gauss(const rn_jacobi *rule, double *nodes, double *weights,
                                              double *vectors);

/**
 * Guaranteed bounds on the mass at and above each cut, mu([x, infinity)): the tightest that follow
 * from the moments and lambda >= 0. The extreme measures have a node at x (Gauss-Radau); where that
 * rule would need a negative node they have one at 0 too. No bound on the spectrum is assumed.
 *
 * Rounding widens both sides by 4 (noise/x) sqrt(mass above * mass below) and n eps mass.
 *
 * @param cuts  [n_cuts] x, any real number; x <= 0 has all the mass
 * @param low   [n_cuts] out, 0 <= low <= high <= mass
 * @param high  [n_cuts] out
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY
 * Cost of a cut: 20 n^2 flops.
 */
RN_API RN_NODISCARD rn_status rn_jacobi_above(const rn_jacobi *rule, rn_index n_cuts,
                                              const double *cuts, double *low, double *high);

/**
 * The rule of lambda * mu, which has the mass lambda_u g_u^2 at lambda_u: T = L L^T gives L^T L.
 * It knows one moment less (its last coupling is infinite), and fewer steps where rounding has
 * left T without positive definiteness.
 *
 * @param diagonal, coupling  [rule->n] out, which `out` borrows
 * @return RN_OK; RN_ERR_ARGUMENT (also: the last coupling of `rule` is infinite)
 */
RN_API RN_NODISCARD rn_status rn_jacobi_weighted(const rn_jacobi *rule, double *diagonal,
                                                 double *coupling, rn_jacobi *out);

#ifdef __cplusplus
}
#endif

#endif
