#include "transport_cases.h"

#include <math.h>
#include <stdlib.h>

#include "check.h"

double transport_hill(void *user, double s)
{
    const transport_case *c = user;
    const double x = (s - c->middle) / c->radius;
    return fabs(x) < 1.0 ? (1.0 - x * x) * (1.0 - x * x) * (1.0 - x * x) : 0.0;
}

rn_status transport_power_law(void *user, double t, rn_index n, const double *s, double *w)
{
    const transport_case *c = user;
    for (rn_index i = 0; i < n; i++)
        w[i] = rn_transport_velocity(&c->law, s[i], t);
    return RN_OK;
}

rn_transport_start transport_start(transport_case *c)
{
    return (rn_transport_start){.density = transport_hill,
                                .user = c,
                                .lower = c->middle - c->radius,
                                .upper = c->middle + c->radius};
}

rn_status transport_solve_case(transport_case *c, double t0, double t, double lower, double upper,
                               rn_index n, rn_transport_solution *out)
{
    const rn_transport_start start = transport_start(c);
    double *const energy = malloc((size_t)n * sizeof *energy);
    assert_non_null(energy);
    assert_status(rn_transport_cells(&start, lower, upper, n, energy), RN_OK);
    const rn_transport_problem problem = {.lower = lower,
                                          .upper = upper,
                                          .n_cells = n,
                                          .initial = energy,
                                          .t0 = t0,
                                          .n_times = 1,
                                          .times = &t,
                                          .velocity = transport_power_law,
                                          .user = c};
    const rn_status status = rn_transport_solve(&problem, NULL, NULL, out);
    free(energy);
    assert_true(status >= 0);
    assert_int_equal(out->n_times, 1);
    return status;
}

double transport_error(transport_case *c, double t0, double t, double lower, double upper,
                       rn_index n)
{
    const rn_transport_start start = transport_start(c);
    rn_transport_solution found = {0};
    rn_transport_energy e = {0};
    (void)transport_solve_case(c, t0, t, lower, upper, n, &found);
    assert_status(rn_transport_energies(&c->law, t0, t, &start, lower, upper, &e), RN_OK);
    const double exact = e.inside + e.below + e.null_line;
    const double error = fabs(found.inside[0] + found.below[0] - exact) / exact;
    rn_transport_solution_clear(&found);
    return error;
}
