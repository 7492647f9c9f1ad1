/*
 * Error of the energy on 100 .. 1600 cells for every exponent; prints the table of
 * docs/theory/transport.md. Minutes: runs with the slow tests only.
 */
#include <math.h>
#include <stdio.h>

#include "check.h"
#include "transport_cases.h"

enum { N_GRIDS = 5 };

static void errors_shrink_with_the_cells(void **state)
{
    (void)state;
    const rn_transport_law laws[] = {{-0.5, 0.7, 0}, {0.0, 0.7, 0}, {0.5, 0.7, 0}, {1.0, 0.7, 0},
                                     {2.0, 0.7, 0},  {0.5, 0.7, 1}, {2.0, 0.7, 1}};
    /* c = 0.7, t = 20. Below the lower edge nothing decays any more: 2 t e^-12 = 2.5e-4 at most of
       what gets there, which is where a = 0 and a = -0.5 level off. */
    const double floor = 2.5e-5;
    for (int i = 0; i < 7; i++) {
        transport_case c = {-1.0, 2.0, laws[i]};
        const double t0 = laws[i].is_covariant ? 1e-6 : 0.0;
        double error[N_GRIDS];
        printf("%s a = %4g:", laws[i].is_covariant ? "covariant " : "stationary", laws[i].a);
        for (int k = 0; k < N_GRIDS; k++) {
            error[k] = transport_error(&c, t0, 20.0, laws[i].a < 0.0 ? -9.0 : -12.0, 2.0,
                                       (rn_index)100 << k);
            printf(" %.1e", error[k]);
        }
        printf("\n");
        if (i < 5) assert_true(error[2] <= 1e-3); /* 400 cells */
        /* at least first order over the last three halvings even where a front stands */
        assert_true(error[4] <= fmax(error[1] / 8.0, floor));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(errors_shrink_with_the_cells)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
