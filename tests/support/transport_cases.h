/*
 * Starts and velocities for tests of shell transport.
 */
#ifndef RENORM_TESTS_TRANSPORT_CASES_H
#define RENORM_TESTS_TRANSPORT_CASES_H

#include <renorm/transport_solve.h>

/** A hill (1 - x^2)^3, x = (s - middle)/radius, and a law. */
typedef struct transport_case {
    double middle, radius;
    rn_transport_law law;
} transport_case;

/** Callbacks with a transport_case as user. */
double transport_hill(void *user, double s);
rn_status transport_power_law(void *user, double t, rn_index n, const double *s, double *w);

/** The hill as a start; borrows the case. */
rn_transport_start transport_start(transport_case *c);

/** Solves with the hill's own velocity from t0 to t on n cells between lower and upper, default
    accuracy. Fails the test on a negative status. */
rn_status transport_solve_case(transport_case *c, double t0, double t, double lower, double upper,
                               rn_index n, rn_transport_solution *out);

/** |inside + below - exact inside, below and null line| / exact of the state at t. */
double transport_error(transport_case *c, double t0, double t, double lower, double upper,
                       rn_index n);

#endif
