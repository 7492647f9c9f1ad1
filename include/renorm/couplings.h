/**
 * Shell couplings: how strongly the motion of a kernel ties one scale of its spectrum to another,
 * and whether that pattern looks the same at every scale (log-shift invariance).
 *
 *   lambda  [n] eigenvalues of the kernel M, ascending                       1/time
 *   mt      [n x n] phi_u^T (dM/dt) phi_v, row-major (rn_shell_project)       1/time^2
 *
 * The axis s = ln lambda is cut into sharp shells of width h, anchored at the largest eigenvalue:
 * shell boundaries stand at ln lambda_max + (shift - i) h, i = 0, 1, ..., and each shell holds its
 * upper boundary. Between shells a and b
 *
 *   K_ab = rms over u in a, v in b, u != v, of |mt_uv| / sqrt(lambda_u lambda_v)       1/time
 *
 * Diagonal entries, the drifts of eigenvalues, are left out. If scales were alike, K_ab would
 * depend on the offset k = b - a alone. The pairs a <= b between shells of at least min_modes
 * modes, at offsets with at least min_entries of them, are the entries; from their ln K
 *
 *   delta       rms of ln K less the mean of its offset, nats
 *   delta_tilt  the same after one common slope kappa in (s_a + s_b)/2, s the middle of a shell, is
 *               removed too: a power law allows K to grow as e^(kappa s)
 *   cross       the defect that is left when sampling is taken away: each shell is split at random
 *               into halves 1 and 2; K from half-1 modes alone and from half-2 modes alone share no
 *               entry, so their residuals r1, r2 have independent errors, and
 *               square = mean over splits of r1.r2 / (entries - fitted constants)
 *               estimates the squared defect of the pattern itself. It may be negative.
 *
 * delta does not vanish for an invariant pattern: ln K of m entries scatters by 1/sqrt(2m). Its
 * floor is measured by putting noise in place of mt. Hence: judge by cross, read delta beside its
 * floor.
 *
 *   rn_coupling_report report = {0};
 *   const rn_coupling_input input = {.n = n, .lambda = lambda, .mt = mt};
 *   rn_status status = rn_couplings_measure(&input, NULL, &report);
 *   if (status == RN_OK) printf("%g nats\n", report.grid.cross.value);
 *   rn_coupling_report_clear(&report);
 *
 * Couplings need a twice differentiable network: with kinks the tangent dM/dt misses the jumps of
 * M. The definitions are ours; theory: docs/theory/couplings.md.
 */
#ifndef RENORM_COUPLINGS_H
#define RENORM_COUPLINGS_H

#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most shells of one grid. */
#define RN_COUPLING_MAX_SHELLS 512

/** One state. Arrays are borrowed for the call. Zero-initialise. */
typedef struct rn_coupling_input {
    rn_index n;           /**< modes, >= 1 */
    const double *lambda; /**< [n] ascending; small ones may be negative by rounding */
    const double *mt;     /**< [n x n]; only entries v < u are read */
    double floor; /**< accuracy of lambda, 1/time; 0: rn_spectra_noise_floor(n, lambda_max) */
} rn_coupling_input;

/** How to measure. From rn_coupling_options_defaults. */
typedef struct rn_coupling_options {
    double width;         /**< h > 0, nats; default ln 2 */
    double floor_factor;  /**< modes with lambda <= floor_factor floor are left out; default 1000 */
    rn_index min_modes;   /**< of a shell that enters delta; >= 2, default 3 */
    rn_index split_modes; /**< of a shell that enters cross; >= 4, default 4 */
    rn_index min_entries; /**< of an offset that counts; >= 2, default 3 */
    rn_index n_draws;     /**< of noise, for the floor; 0: no floor; default 32 */
    rn_index n_splits;    /**< for cross; 0: no cross; default 32 */
    rn_index n_noise_splits; /**< of each draw, for cross.noise; 0: no noise; default 32 */
    uint64_t seed;           /**< of noise and splits; default 0 */
} rn_coupling_options;

RN_API rn_coupling_options rn_coupling_options_defaults(void);

/** A split-half defect; all NaN where it is not defined (see n_split_entries). */
typedef struct rn_coupling_cross {
    double value;       /**< sqrt(max(square, 0)), nats */
    double square;      /**< the estimate of the squared defect, nats^2; negative by chance */
    double error;       /**< standard error of square, from leaving out one shell at a time: over
                             draws of modes and patterns of this kind, not over networks */
    double split_error; /**< the part of it due to the finite number of splits */
    double noise;       /**< standard deviation of square for noise in place of mt: the least
                             scatter at defect 0; NaN without draws or their splits */
} rn_coupling_cross;

/** The log-shift defects on one grid. */
typedef struct rn_coupling_defect {
    rn_index n_entries;           /**< pairs of shells in delta; 0: not defined, numbers are NaN */
    rn_index n_offsets;           /**< and their offsets */
    double delta;                 /**< nats */
    double delta_tilt;            /**< nats */
    double kappa;                 /**< nats of K per nat of lambda */
    double floor;                 /**< median of delta over draws of noise; NaN without draws */
    double floor_tilt;            /**< median of delta_tilt */
    rn_index n_split_entries;     /**< pairs of shells in cross; 0: too few shells of split_modes */
    rn_coupling_cross cross;      /**< nothing but the means of offsets removed */
    rn_coupling_cross cross_tilt; /**< the common slope removed too */
} rn_coupling_defect;

/**
 * The result. Shells are numbered from the lowest, i = 0 .. n_shells - 1; arrays are owned: release
 * with rn_coupling_report_clear.
 */
typedef struct rn_coupling_report {
    rn_index n_modes;        /**< modes above floor_factor floor */
    rn_index n_shells;       /**< from the one with lambda_max down to the last mode used */
    double lambda_max;       /**< 1/time */
    double lambda_min;       /**< floor_factor floor, 1/time */
    double *s;               /**< [n_shells + 1] boundaries, ascending, nats */
    rn_index *modes;         /**< [n_shells] */
    double *k;               /**< [n_shells x n_shells] K, symmetric, 1/time; NaN where no pair */
    rn_index *pairs;         /**< [n_shells x n_shells] pairs u, v behind each K, each once */
    rn_coupling_defect grid; /**< of these shells */
    rn_coupling_defect shifted; /**< of shells shifted by h/2; n_entries = 0 where too few */
} rn_coupling_report;

/**
 * Measures K and its defects. Numbers depend on the inputs, options and seed only. M -> k M with
 * t -> t/k (lambda -> k lambda, mt -> k^2 mt) scales K by k and leaves every defect alone.
 *
 * @param options  NULL for defaults
 * @param report   overwritten on success (clear an old one first), untouched on failure
 * @return RN_OK
 *         RN_ERR_ARGUMENT   a missing array, a bad option, eigenvalues not ascending, more than
 *                           RN_COUPLING_MAX_SHELLS shells
 *         RN_ERR_DOMAIN     no offset has min_entries pairs of shells with min_modes modes (too few
 *                           shells), or a K is exactly 0 (a frozen kernel): ln K is not defined
 *         RN_ERR_NONFINITE  NaN or infinity in an input array
 *         RN_ERR_MEMORY
 * Time O(n^2 (n_splits + n_draws (n_noise_splits + 5))) on each of the two grids, 3 ns per unit at
 * n = 96; memory 16 n^2 bytes.
 */
RN_API RN_NODISCARD rn_status rn_couplings_measure(const rn_coupling_input *input,
                                                   const rn_coupling_options *options,
                                                   rn_coupling_report *report);

/** Releases the arrays and zeroes the struct. NULL and an all-zero struct are allowed. */
RN_API void rn_coupling_report_clear(rn_coupling_report *report);

#ifdef __cplusplus
}
#endif

#endif
