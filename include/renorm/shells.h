/**
 * Spectral shells: where the error energy sits in the spectrum of a kernel, and how it moves.
 *
 * The input is plain arrays, so any program that can diagonalise its kernel can use this header:
 *
 *   M       kernel, n x n, symmetric positive semidefinite; e' = -M e + xi       1/time
 *   lambda  [n] eigenvalues of M, ascending                                      1/time
 *   g       [n] g_u = <phi_u, e>, the error e in the eigenbasis                  units of e
 *   mt      [n x n] phi_u^T (dM/dt) phi_v, row-major; rn_shell_project makes it  1/time^2
 *   xi      [n] <phi_u, xi>, whatever else drives the error                      e/time
 *   N       n_samples: M and the loss are means over N samples, L = |e|^2/(2N)
 *
 * The spectrum is cut at boundaries s_b = b h on the axis s = ln lambda. chi_s(lambda) is the part
 * of a mode that lies above s: 0 below s - h, 1 above s + h, a quintic smoothstep between them.
 * With chi[1](a,b) = (chi(a) - chi(b))/(a - b), and sums over modes u, v:
 *
 *   A(s) = (1/2N) sum_u chi_s(lambda_u) g_u^2                      energy above s
 *   D(s) = (1/N)  sum_u chi_s(lambda_u) lambda_u g_u^2             dissipation above s
 *   X(s) = (1/N)  sum_u chi_s(lambda_u) g_u xi_u                   drive above s
 *   F(s) = (1/2N) sum_uv g_u g_v chi_s[1](lambda_u, lambda_v) mt_uv   flux upward through s
 *   dA/dt = F - D + X                                              exactly
 *
 * A whole measurement:
 *
 *   rn_shell_grid grid;
 *   rn_shell_report report = {0};
 *   const rn_shell_input input = {.n = n, .n_samples = N, .lambda = lambda, .g = g, .mt = mt};
 *   rn_status status = rn_shell_grid_choose(0.0, lambda[n - 1], 1e-12 * lambda[n - 1], &grid);
 *   if (status == RN_OK) status = rn_shell_measure(&grid, &input, NULL, &report);
 *   if (status == RN_OK) printf("%g\n", report.flux[3]);
 *   rn_shell_report_clear(&report);
 *
 * Every array is double, row-major and borrowed for the call. Theory: docs/theory/shells.md,
 * docs/theory/budget.md and docs/theory/velocity.md.
 */
#ifndef RENORM_SHELLS_H
#define RENORM_SHELLS_H

#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most boundaries a grid may have. */
#define RN_SHELL_MAX_BOUNDARIES 4096

/**
 * The boundaries s_b = b * width, b = low .. high. One grid serves a whole run: the budget holds
 * at fixed s, so boundaries are added, never moved. Boundary index i = 0 .. high - low stands for
 * b = low + i; shell i lies between boundaries i and i + 1.
 */
typedef struct rn_shell_grid {
    double width;  /**< h > 0, nats of lambda */
    rn_index low;  /**< b of the bottom boundary */
    rn_index high; /**< b of the top boundary, > low */
} rn_shell_grid;

/**
 * The smallest grid that resolves floor .. lambda_max: top boundary >= ln lambda_max + h (nothing
 * lies above it), bottom >= ln floor + h (nothing at or below the floor enters a shell).
 *
 * @param width       h; 0 means ln 2
 * @param lambda_max  largest eigenvalue, > 0
 * @param floor       smallest eigenvalue worth resolving, 0 < floor < lambda_max
 * @return RN_OK; RN_ERR_ARGUMENT (also when more than RN_SHELL_MAX_BOUNDARIES would be needed)
 */
RN_API RN_NODISCARD rn_status rn_shell_grid_choose(double width, double lambda_max, double floor,
                                                   rn_shell_grid *grid);

/**
 * Adds boundaries where lambda_max has grown or floor has fallen; those that exist stay. Pass
 * floor = 0 to leave the bottom alone.
 * @return RN_OK; RN_ERR_ARGUMENT, grid untouched
 */
RN_API RN_NODISCARD rn_status rn_shell_grid_extend(rn_shell_grid *grid, double lambda_max,
                                                   double floor);

/** Number of boundaries, high - low + 1; shells are one fewer. */
RN_API rn_index rn_shell_grid_size(const rn_shell_grid *grid);

/** s of boundary index i, in nats: (low + i) * width. */
RN_API double rn_shell_grid_boundary(const rn_shell_grid *grid, rn_index i);

/**
 * The smooth cut chi_s(lambda): q((ln lambda - s)/width), q the quintic smoothstep from 0 at -1 to
 * 1 at +1, twice continuously differentiable; 0 for lambda <= 0. width > 0.
 */
RN_API double rn_shell_cut(double s, double width, double lambda);

/** Its derivative d chi_s / d lambda, units 1/lambda; 0 for lambda <= 0. */
RN_API double rn_shell_cut_slope(double s, double width, double lambda);

/**
 * Its divided difference (chi_s(a) - chi_s(b))/(a - b), the slope where a == b. Evaluated as a
 * product, not as a quotient of differences: correct to about 1e-14 relative to 1/(width max(a,b))
 * however close a and b are. >= 0, symmetric in a and b.
 */
RN_API double rn_shell_cut_divided(double s, double width, double a, double b);

/** The sharp cut: 1 for ln lambda >= s, else 0. */
RN_API double rn_shell_cut_sharp(double s, double width, double lambda);

/** One state of the dynamics. Zero-initialise, then fill in what is known. */
typedef struct rn_shell_input {
    rn_index n;           /**< modes, >= 1 */
    rn_index n_samples;   /**< N >= 1, see above; not necessarily n */
    const double *lambda; /**< [n] ascending; rounding may leave small ones negative */
    const double *g;      /**< [n] */
    const double *mt;     /**< [n x n] or NULL (no flux); only entries v <= u are read */
    const double *xi;     /**< [n] or NULL (no drive, X = 0) */
} rn_shell_input;

/** Thresholds (our definitions where the source is silent). From rn_shell_options_defaults. */
typedef struct rn_shell_options {
    double floor_factor;   /**< modes below floor_factor n eps lambda_max are not split into
                                shells; default 1 */
    double cluster_factor; /**< neighbours closer than cluster_factor n eps lambda_max are one
                                cluster, whose whole block counts as migration; default 1000 */
    double error_factor;   /**< assumed error of mt, error_factor n eps |mt|; default 1 */
    double mt_error;       /**< error of mt in the 2-norm where known, 1/time^2; 0 (default): the
                                line above */
    double n_eff_min;      /**< inertial range: at least this many modes share a boundary; 5 */
    double flux_ratio;     /**< inertial range: |F| above this many error bars; default 3 */
} rn_shell_options;

RN_API rn_shell_options rn_shell_options_defaults(void);

/**
 * Everything measured at one instant. Arrays indexed by boundary have length n_boundaries, those
 * indexed by shell n_boundaries - 1. The arrays are owned: release with rn_shell_report_clear.
 *
 * Boundaries 0 .. first - 1 lie within h of the noise floor: modes there are rounding, so all
 * quantities at those boundaries are NaN (not measured), energies of shells below boundary
 * `first` are 0, and what is there stands in the null line. Hence always
 *     sum of energy + null_energy = loss,   sum of energy_sharp + null_energy_sharp = loss.
 */
typedef struct rn_shell_report {
    rn_shell_grid grid;
    rn_index n_boundaries;
    rn_index first;           /**< first resolved boundary index */
    double lambda_max;        /**< 1/time */
    double floor;             /**< noise floor in lambda, 1/time */
    double loss;              /**< sum_u g_u^2/(2N), energy */
    double null_energy;       /**< energy below the first resolved boundary */
    double null_energy_sharp; /**< the same with sharp cuts */

    double *s;             /**< [boundary] ln lambda of the boundary */
    double *above;         /**< [boundary] A, energy */
    double *dissipation;   /**< [boundary] D, energy/time */
    double *drive;         /**< [boundary] X, energy/time; 0 where xi was NULL */
    double *density;       /**< [boundary] eps(s) = -dA/ds, energy per nat */
    double *n_eff;         /**< [boundary] (sum k g^2)^2 / sum (k g^2)^2, modes sharing it */
    double *loss_rate;     /**< [boundary] Lambda = -(1/2)(dD/ds)/eps, 1/time; NaN where eps = 0 */
    double *energy;        /**< [shell] A(lower) - A(upper), energy */
    double *energy_sharp;  /**< [shell] the same with sharp cuts */
    double *count;         /**< [shell] sum_u (chi_lower - chi_upper)(lambda_u), modes in it; NaN
                                below the first resolved boundary */
    double *density_sharp; /**< [boundary] (energy_sharp of the shells below and above)/(2h);
                                NaN at the first resolved boundary */

    /* The rest is NULL where mt was NULL. */
    double *flux;            /**< [boundary] F, energy/time */
    double *migration;       /**< [boundary] part of F from the diagonal and from clusters */
    double *transfer;        /**< [boundary] F - migration: eigenvectors rotate */
    double *flux_error;      /**< [boundary] dF >= 0: rounding in mt, energy/time */
    double *velocity;        /**< [boundary] w = F/eps, nats/time; NaN where eps = 0 */
    double *velocity_lambda; /**< [boundary] v = e^s w, 1/time^2 */
    unsigned char *inertial; /**< [boundary] 1 where n_eff and |F|/dF suffice, else 0 */
} rn_shell_report;

/**
 * Measures everything at one instant. Time O(n^2 + n n_boundaries^2) with mt, O(n n_boundaries)
 * without; memory O(n + n_boundaries) above the report.
 *
 * The split of F into migration and transfer depends on the eigenvectors given inside a nearly
 * degenerate group; F itself does not.
 *
 * @param options  NULL for defaults
 * @param report   overwritten on success (clear an old one first), untouched on failure
 * @return RN_OK
 *         RN_ERR_ARGUMENT   a missing array, a bad option, eigenvalues not ascending
 *         RN_ERR_DOMAIN     the grid does not reach above lambda_max: rn_shell_grid_extend first
 *         RN_ERR_NONFINITE  NaN or infinity in an input array, or a sum that overflows
 *         RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_shell_measure(const rn_shell_grid *grid,
                                               const rn_shell_input *input,
                                               const rn_shell_options *options,
                                               rn_shell_report *report);

/** Releases the arrays and zeroes the struct. NULL and an all-zero struct are allowed. */
RN_API void rn_shell_report_clear(rn_shell_report *report);

/**
 * out_uv = left_u^T A right_v: A between two eigenbases. With left = right = the eigenvectors of M
 * and A = dM/dt this is mt; with left those of M1, right those of M0 and A = M1 - M0 it is
 * rn_shell_step.change. rn_spectra_vectors leaves eigenvectors in the form wanted here.
 *
 * @param left,right  [n x n] eigenvectors in rows, row u is phi_u; may be the same array, in which
 *                    case A must be symmetric and the result is symmetric to the bit
 * @param matrix      [n x n] A
 * @param out         [n x n] out; not an input
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY
 * Time 4 n^3 flops, 3 n^3 with one basis; memory 128 n.
 */
RN_API RN_NODISCARD rn_status rn_shell_project(rn_index n, const double *left, const double *matrix,
                                               const double *right, double *out);

/**
 * sums[i] = sum_u chi_s(lambda_u) weight_u for every boundary: A, D and X are such sums (weights
 * g^2/(2N), lambda g^2/N, g xi/N). No floor is applied and no order of lambda is needed.
 *
 * @param sums  [boundary] out
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_NONFINITE
 */
RN_API RN_NODISCARD rn_status rn_shell_sum_above(const rn_shell_grid *grid, rn_index n,
                                                 const double *lambda, const double *weight,
                                                 double *sums);

/**
 * F alone, at every boundary including those below the floor.
 *
 * @param flux       [boundary] out
 * @param migration  [boundary] out or NULL
 * @param error      [boundary] out or NULL, dF = (delta/2N) sum_uv |g_u g_v| chi[1], delta the
 *                   error of mt; |mt|_2 is taken as its bound min(Frobenius, largest row sum)
 * @return as rn_shell_measure, without RN_ERR_DOMAIN
 */
RN_API RN_NODISCARD rn_status rn_shell_flux(const rn_shell_grid *grid, const rn_shell_input *input,
                                            const rn_shell_options *options, double *flux,
                                            double *migration, double *error);

/**
 * Energy exchanged between sharp shells by rotating eigenvectors,
 *     T_ab = (1/N) sum_{u in a, v in b} Omega_uv g_u g_v,  Omega_uv = mt_uv/(lambda_u - lambda_v),
 * the rate at which shell a gains from shell b, energy/time. T = -T^T exactly; pairs inside one
 * shell cancel and are skipped, so degeneracy never divides. Line m - 1, m = n_boundaries, is
 * everything below the bottom boundary; line i < m - 1 is shell i.
 *
 * @param exchange  [n_boundaries x n_boundaries] out
 * @return as rn_shell_measure
 */
RN_API RN_NODISCARD rn_status rn_shell_exchange(const rn_shell_grid *grid,
                                                const rn_shell_input *input, double *exchange);

/** How well the budget closes, from states at t - dt, t and t + dt along an accurate flow. */
typedef struct rn_shell_closure_report {
    double worst;   /**< largest error over the boundaries, dimensionless */
    rn_index where; /**< its boundary index; -1 when no boundary was measured */
    double floor;   /**< eps max A/(dt max D): rounding of A leaves about this much; rounding of M
                         adds up to flux_error (with mt_error = n eps lambda_max)/(dt max D) */
} rn_shell_closure_report;

/**
 * error = |(A(t+dt) - A(t-dt))/(2 dt) - (F - D + X)| / max D. Falls as dt^2 down to the floor.
 * Boundaries where any entry is NaN get NaN and are left out.
 *
 * @param n_boundaries  length of all arrays, >= 1
 * @param dt            > 0, time
 * @param before,after  A at t - dt and t + dt
 * @param flux,dissipation,drive  at t; drive may be NULL
 * @param error         [n_boundaries] out or NULL
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_DOMAIN (max D is 0: nothing to compare with)
 */
RN_API RN_NODISCARD rn_status rn_shell_closure(rn_index n_boundaries, double dt,
                                               const double *before, const double *after,
                                               const double *flux, const double *dissipation,
                                               const double *drive, double *error,
                                               rn_shell_closure_report *report);

/**
 * One finite step theta -> theta + d, credited the time tau, in the eigenbases of the kernels
 * before (M0, phi0, error e0) and after (M1, phi1, error e1).
 */
typedef struct rn_shell_step {
    rn_index n;            /**< modes, >= 1 */
    rn_index n_samples;    /**< N >= 1 */
    double tau;            /**< time credited to the step, >= 0 */
    const double *lambda0; /**< [n] eigenvalues of M0, ascending */
    const double *lambda1; /**< [n] eigenvalues of M1, ascending */
    const double *g0;      /**< [n] phi0^T e0 */
    const double *g1;      /**< [n] phi1^T e1 */
    const double *g01;     /**< [n] phi0^T e1 */
    const double *jd;      /**< [n] phi0^T (J0 d), the first-order change of the error */
    const double *m0e0;    /**< [n] phi0^T (M0 e0), or NULL for lambda0 g0 */
    const double *change;  /**< [n x n] <phi1_u, (M1 - M0) phi0_v>, or NULL: F1 is not measured */
    const double *flux;    /**< [boundary] F of rn_shell_flux with mt replaced by phi0^T DM[d] phi0
                                (plus the preconditioner's change): an energy, tau times the rate
                                F; or NULL: the remainder is not measured */
} rn_shell_step;

/**
 * The lines of the exact finite-step budget, [boundary] each, energies:
 *     A1 - A0 = -tau D0 + X + Q + F1,
 * every line computed on its own. Caller's arrays; NULL ones are skipped.
 */
typedef struct rn_shell_step_lines {
    double *change;      /**< A1 - A0 */
    double *dissipation; /**< -tau D0 = -(tau/N) sum chi lambda0 g0^2 */
    double *drive;       /**< X = (1/N) e0^T chi (J0 d + tau M0 e0) */
    double *finite_step; /**< Q = (1/N) e0^T chi (e1 - e0 - J0 d) + (1/2N)(e1-e0)^T chi (e1-e0) */
    double *flux;        /**< F1 = (1/2N) sum_uv <phi1_u,e1><phi0_v,e1> chi[1](lambda1_u,lambda0_v)
                              <phi1_u,(M1-M0) phi0_v> */
    double *flux_error;  /**< error bar of F1: (delta/2N) sum_uv |g1_u g01_v| chi[1], delta = n eps
                              times the larger lambda_max (our definition) */
    double *remainder;   /**< F1 - step->flux, the kernel remainder (smooth networks) or the kink
                              line (networks with kinks); where step->change is NULL it is what
                              the other lines leave over, the only line that may be */
    double *mismatch;    /**< left side minus the sum of the lines, a check: within flux_error and
                              the rounding of the single sums; needs step->change */
} rn_shell_step_lines;

/**
 * Computes the lines asked for. Time O(n^2 + n n_boundaries^2) when F1 is among them.
 * @return RN_OK
 *         RN_ERR_ARGUMENT   a missing array (flux, its error and mismatch need `change`,
 *                           remainder needs step->flux), eigenvalues not ascending, tau < 0
 *         RN_ERR_NONFINITE, RN_ERR_MEMORY; outputs untouched
 */
RN_API RN_NODISCARD rn_status rn_shell_step_budget(const rn_shell_grid *grid,
                                                   const rn_shell_step *step,
                                                   const rn_shell_step_lines *lines);

/**
 * The kink line over one or many steps: line = F1 - sum of F, both energies. With kinks (ReLU,
 * max-pool) the kernel jumps and its tangent misses part of its change.
 *
 * @param flux_exact   [n_boundaries] sum of F1 over the steps
 * @param flux_smooth  [n_boundaries] sum of tau F over the same steps
 * @param line         [n_boundaries] out or NULL
 * @param share        out: max |line| / max |F1| over the boundaries that are not NaN, 0 where
 *                     both vanish; above 0.1 the verdict is "cannot tell" (our definition)
 * @return RN_OK; RN_ERR_ARGUMENT
 */
RN_API RN_NODISCARD rn_status rn_shell_kink_line(rn_index n_boundaries, const double *flux_exact,
                                                 const double *flux_smooth, double *line,
                                                 double *share);

#ifdef __cplusplus
}
#endif

#endif
