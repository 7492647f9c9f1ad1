/*
 * Initial value problems y' = f(t, y), through the explicit Runge-Kutta methods of SUNDIALS ARKODE
 * (ERKStep). Serial vectors, sums in index order: the same input gives the same bits.
 */
#ifndef RNI_BACKENDS_SUNDIALS_H
#define RNI_BACKENDS_SUNDIALS_H

#include <renorm/status.h>

/**
 * dydt := f(t, y), both [n], not overlapping; called on the thread that integrates.
 * @return RN_OK; RN_ERR_NONFINITE: f is not defined there, the integrator tries a shorter step;
 *         anything else ends the integration with that status and the message stored with it
 */
typedef rn_status (*rni_rhs_fn)(void *user, double t, const double *y, double *dydt);

/** What to integrate and how accurately. */
typedef struct rni_ode {
    rn_index n;     /**< length of y, >= 1 */
    rni_rhs_fn rhs; /**< f */
    void *user;     /**< passed to rhs; borrowed */
    double rtol;    /**< >= 0: local error of y_i is held below rtol |y_i| + atol, */
    double atol;    /**< > 0:  in the root of the mean square over i */
    int order;      /**< 3 (Bogacki-Shampine), 4 (Zonneveld), 5 (Dormand-Prince), 6 (Verner) or
                         8 (Fehlberg) */
} rni_ode;

/** How it went. */
typedef struct rni_ode_report {
    double next_step;       /**< step to begin a continuation with; time */
    rn_index n_steps;       /**< accepted steps */
    rn_index n_evaluations; /**< calls of rhs */
} rni_ode_report;

/**
 * Moves y from time 0 to `duration`, ending exactly there.
 *
 * @param duration    finite, > 0
 * @param first_step  step to begin with, shortened if it passes the end; 0: chosen from f
 * @param y           [n] in and out; untouched on failure
 * @param report      or NULL
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_NONFINITE (f is not defined at y, however short the
 *         step); RN_ERR_DOMAIN (the tolerance cannot be met); RN_ERR_MEMORY; what rhs returned
 *
 * Memory: up to 20 vectors of n doubles, allocated by SUNDIALS itself.
 */
RN_NODISCARD rn_status rni_ode_integrate(const rni_ode *ode, double duration, double first_step,
                                         double *y, rni_ode_report *report);

#endif
