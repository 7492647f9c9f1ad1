/**
 * Shell transport solved numerically, for any velocity, loss rate and drive:
 *
 *   d eps/dt + d(w eps)/ds = -2 Lambda eps - dX/ds         Lambda = e^s unless measured
 *
 * Finite volumes on equal cells of the s axis (upwind with Koren's limiter: third order where eps
 * is smooth and w varies slowly, second elsewhere, first at extrema and jumps), an explicit
 * Runge-Kutta method of SUNDIALS with error control in time. What leaves through an edge is
 * recorded there; nothing enters. Every state obeys
 *
 *   inside + below + above + dissipated = initial + driven                             to rounding
 *
 *   const rn_transport_start start = {.density = f, .lower = -3, .upper = 0};
 *   rn_transport_cells(&start, -12, 2, 400, energy);
 *   const rn_transport_problem problem = {.lower = -12, .upper = 2, .n_cells = 400,
 *                                         .initial = energy, .n_times = 2, .times = times,
 *                                         .velocity = w};
 *   rn_transport_solution solution;
 *   rn_status status = rn_transport_solve(&problem, NULL, NULL, &solution);
 *   rn_transport_solution_clear(&solution);
 *
 * Limited schemes: B. Koren, in Numerical Methods for Advection-Diffusion Problems (1993), p. 117.
 */
#ifndef RENORM_TRANSPORT_SOLVE_H
#define RENORM_TRANSPORT_SOLVE_H

#include <renorm/observer.h>
#include <renorm/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Least and most cells. */
#define RN_TRANSPORT_MIN_CELLS 8
#define RN_TRANSPORT_MAX_CELLS 100000

/**
 * Energies of `n_cells` equal cells between lower and upper: *energy*_i is the integral of the
 * start's density over cell i, to 1e-12 of the whole. What the start has outside is left out.
 * @param[out] energy  [n_cells]
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_NONFINITE
 */
RN_API RN_NODISCARD rn_status rn_transport_cells(const rn_transport_start *start, double lower,
                                                 double upper, rn_index n_cells, double *energy);

/** values[i] := a function at (s[i], t), i < n, s ascending. @return RN_OK, or a failure that ends
    the solution with that status */
typedef rn_status (*rn_transport_fn)(void *user, double t, rn_index n, const double *s,
                                     double *values);

/** What to solve. Arrays are borrowed for the call. Zero-initialise. */
typedef struct rn_transport_problem {
    double lower, upper;   /**< of the grid, nats, finite, lower < upper */
    rn_index n_cells;      /**< even */
    const double *initial; /**< [n_cells] energies at t0, finite, of a positive sum */
    double t0;
    rn_index n_times;          /**< >= 1 */
    const double *times;       /**< [n_times] where the state is wanted: >= t0, ascending */
    rn_transport_fn velocity;  /**< w, nat/time; NULL: 0 */
    rn_transport_fn loss_rate; /**< Lambda, 1/time; NULL: e^s, averaged over each cell */
    rn_transport_fn drive;     /**< X, energy/time above s; NULL: 0 */
    void *user;                /**< of the three */
    int no_dissipation;        /**< 1: Lambda = 0 */
} rn_transport_problem;

/** How accurately. From rn_transport_solve_defaults. */
typedef struct rn_transport_accuracy {
    double tolerance; /**< of the energy inside, relative to the initial; judged by `error` of the
                           solution; default 1e-3 */
    double rtol;      /**< of the integrator, relative to each cell's density; default 1e-7 */
    double atol;      /**< the same, relative to initial / nat; default 1e-10 */
    rn_index max_evaluations; /**< of the right-hand side, per grid; default 10,000,000 */
} rn_transport_accuracy;

RN_API rn_transport_accuracy rn_transport_solve_defaults(void);

/** States at the times asked for; energies. One block, owned; rn_transport_solution_clear. */
typedef struct rn_transport_solution {
    rn_index n_times, n_cells; /**< n_times reached: fewer than asked for if it stopped early */
    const double *times;       /**< [n_times] */
    const double *s;           /**< [n_cells] middles of cells, nats */
    const double *density;     /**< [n_times x n_cells] averages over cells, energy/nat */
    const double *inside;      /**< [n_times] on the grid */
    const double *below;       /**< [n_times] left through the lower edge since t0 */
    const double *above;       /**< [n_times] left through the upper edge since t0 */
    const double *dissipated;  /**< [n_times] since t0 */
    const double *driven;      /**< [n_times] added by the drive since t0 */
    const double *error;       /**< [n_times] |inside - inside with half as many cells|: an upper
                                    estimate of the error where the solution converges */
    double initial;            /**< at t0 */
    double
        balance;  /**< largest |inside + below + above + dissipated - initial - driven| / initial */
    double least; /**< most negative density / largest initial density; 0: none negative */
    rn_index n_steps, n_evaluations; /**< on both grids */
} rn_transport_solution;

/**
 * Solves on n_cells and on n_cells/2 cells.
 *
 * Cost: proportional to n_cells, to max |w| n_cells/(upper - lower) + 2 max Lambda and to the time
 * span. Memory: (n_times + 30) n_cells doubles.
 *
 * @param accuracy  NULL: defaults
 * @param observer  NULL: silent; should_stop is asked now and then
 * @return RN_OK
 *         RN_NOT_CONVERGED  an error above the tolerance, or the integrator or max_evaluations
 *                           ended before the last time; the message says which
 *         RN_INTERRUPTED    the observer asked for it; the times reached are there
 *         RN_ERR_ARGUMENT, RN_ERR_NONFINITE (a callback's value), RN_ERR_MEMORY; what callbacks
 *         return
 */
RN_API RN_NODISCARD rn_status rn_transport_solve(const rn_transport_problem *problem,
                                                 const rn_transport_accuracy *accuracy,
                                                 const rn_observer *observer,
                                                 rn_transport_solution *solution);

/** Releases the arrays and zeroes the struct. NULL and an all-zero struct are allowed. */
RN_API void rn_transport_solution_clear(rn_transport_solution *solution);

#ifdef __cplusplus
}
#endif

#endif
