/**
 * Exact spectra of dense symmetric matrices, resolved along given vectors.
 *
 * For M = sum_u lambda_u phi_u phi_u^T and a vector e the numbers of interest are the eigenvalues
 * lambda_u and the projections g_u = phi_u . e; the eigenvectors themselves are dear and often
 * not needed. Three calls, each costing about twice the one before from the second on:
 *
 *     rn_spectra_values    lambda
 *     rn_spectra_project   lambda and g, at the cost of the values alone
 *     rn_spectra_vectors   lambda, g and all phi
 *
 * Storage: matrices are row-major; element (i, j) stands at matrix[i * ld + j], ld >= n. Only the
 * lower triangle (j <= i) is read. The matrix is used as work space and is lost, also on failure
 * (argument errors apart); rn_spectra_vectors leaves the eigenvectors in it. A set of vectors is
 * stored one after the other: vector r starts at vectors + r * ld_vectors.
 *
 * Order: eigenvalues ascend, everywhere.
 *
 * Accuracy: |computed lambda_u - lambda_u| <= noise_floor = (n + RN_SPECTRA_FLOOR) * eps * max
 * |lambda|, eps = 2^-52. Eigenvalues below it are not distinguished from zero, nor two closer
 * than it from each other: individual g_u, phi_u of such a group are an arbitrary orthogonal mix;
 * sums of g_u^2 over the group are sound. Every result is checked by identities that cost n^2
 * (see rn_spectra_report.residual).
 *
 * Threads: the library's BLAS threads, raised for the call and restored. Different thread counts
 * may give different last bits; the same count gives the same bits.
 *
 *     double values[3], g[3], e[3] = {1, 0, 0}, m[9] = {2, 0, 0,  -1, 2, 0,  0, -1, 2};
 *     rn_status status = rn_spectra_project(3, m, 3, 1, e, 3, NULL, values, g, NULL);
 */
#ifndef RENORM_SPECTRA_H
#define RENORM_SPECTRA_H

#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Largest matrix of the exact solvers (their work space is counted in 32 bits). */
#define RN_SPECTRA_MAX_N 32000

/** What the noise floor adds to n; the measurement behind it stands in spectra.c. */
#define RN_SPECTRA_FLOOR 32

/** How to solve. Zero-initialise, then change what matters. */
typedef struct rn_spectra_options {
    const char *method; /**< one of rn_spectra_method_name; NULL: the fastest that can; borrowed */
    int n_threads;      /**< 1 .. ; 0: all processors */
    int check_vectors;  /**< non-zero: include |M Phi^T - Phi^T Lambda| and |Phi Phi^T - I| in
                             the residual of rn_spectra_vectors (n^2 more memory, 4 n^3 flops) */
} rn_spectra_options;

/** What happened. Filled whenever the status is >= 0. */
typedef struct rn_spectra_report {
    const char *method; /**< name of the method used; never freed */
    double noise_floor; /**< units of M; see above */
    double residual;    /**< the worst of the identities below, dimensionless: below 1 when all
                             is well, an error above 30. With s = max |lambda|, in units of
                             (n + RN_SPECTRA_FLOOR) eps:
                             (sum lambda - trace M) / (n s);
                             (sum lambda^2 - |M|_F^2) / (n s^2);
                             (sum_u g_u^2 - |e|^2) / |e|^2;
                             (sum_u lambda_u g_u^2 - e.Me) / (s |e|^2) */
    int n_threads;      /**< BLAS threads used */
} rn_spectra_report;

/**
 * Eigenvalues alone.
 *
 * @param n        order, 0 .. RN_SPECTRA_MAX_N
 * @param matrix   [n x n] in, destroyed
 * @param options  NULL for all defaults
 * @param values   [n] out, ascending, units of M
 * @param report   out or NULL
 *
 * Cost: 4/3 n^3 flops, O(n) memory.
 *
 * @return RN_OK; RN_ERR_ARGUMENT (n, ld, threads or method); RN_ERR_UNSUPPORTED (n too large, or
 *         the named method cannot do this); RN_ERR_NONFINITE (a NaN or infinity in the lower
 *         triangle or the vectors, or a result beyond the range of doubles); RN_ERR_MEMORY;
 *         RN_ERR_INTERNAL (residual above 30)
 */
RN_API RN_NODISCARD rn_status rn_spectra_values(rn_index n, double *matrix, rn_index ld,
                                                const rn_spectra_options *options, double *values,
                                                rn_spectra_report *report);

/**
 * Eigenvalues and the projections of a few vectors on the eigenvectors.
 *
 * @param n_vectors    >= 0
 * @param vectors      [n_vectors x n] in, the vectors e_r; not changed
 * @param ld_vectors   >= n
 * @param projections  [n_vectors x n] out, row r holds g_u = phi_u . e_r. The sign of phi_u is
 *                     such that the first vector with a nonzero projection has a positive one:
 *                     products of two vectors' projections mean something, signs alone do not.
 *
 * Cost and statuses as rn_spectra_values; 8 n^2 flops more for each vector.
 */
RN_API RN_NODISCARD rn_status rn_spectra_project(rn_index n, double *matrix, rn_index ld,
                                                 rn_index n_vectors, const double *vectors,
                                                 rn_index ld_vectors,
                                                 const rn_spectra_options *options, double *values,
                                                 double *projections, rn_spectra_report *report);

/**
 * Eigenvalues, eigenvectors and the projections of a few vectors (n_vectors may be 0, with NULL
 * arrays).
 *
 * @param matrix  [n x n] in: M; out: row u is phi_u, of length 1. Its largest component is
 *                positive; among components within 1e-6 of the largest magnitude the first counts.
 *
 * Cost: about 4 n^3 flops, 2 n^2 doubles of memory. Statuses as rn_spectra_values.
 */
RN_API RN_NODISCARD rn_status rn_spectra_vectors(rn_index n, double *matrix, rn_index ld,
                                                 rn_index n_vectors, const double *vectors,
                                                 rn_index ld_vectors,
                                                 const rn_spectra_options *options, double *values,
                                                 double *projections, rn_spectra_report *report);

/** (n + RN_SPECTRA_FLOOR) * eps * scale, scale = max |lambda|. */
RN_API double rn_spectra_noise_floor(rn_index n, double scale);

/**
 * Name of method number `index` = 0, 1, ..; NULL beyond the last. The order is the preference.
 * "sterf" gives values; "ql" values and projections; "syevd" and "jacobi" everything.
 */
RN_API const char *rn_spectra_method_name(rn_index index);

#ifdef __cplusplus
}
#endif

#endif
