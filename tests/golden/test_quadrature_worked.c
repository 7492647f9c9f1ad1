/*
 * The worked number of docs/theory/quadrature.md: one Lanczos step on lambda = 1, 2, 4 with equal
 * masses, where every rule has two nodes and is solved by hand.
 */
#include <math.h>
#include <renorm/lanczos.h>

#include "check.h"

static int multiply(void *user, rn_index n_vecs, const double *x, rn_index ldx, double *y,
                    rn_index ldy)
{
    static const double lambda[3] = {1.0, 2.0, 4.0};
    (void)user;
    for (rn_index j = 0; j < n_vecs; j++)
        for (rn_index i = 0; i < 3; i++)
            y[j * ldy + i] = lambda[i] * x[j * ldx + i];
    return 0;
}

static void one_step_gives_the_worked_intervals(void **state)
{
    (void)state;
    static const double e[3] = {1.0, 1.0, 1.0};
    static const double cuts[3] = {1.5, 3.5, 2.5};
    static const double lows[3] = {25.0 / 27.0, 0.0, 0.0};
    static const double highs[3] = {3.0, 8.0 / 5.0, 14.0 / 5.0};
    const rn_op_desc desc = {.rows = 3, .cols = 3, .traits = RN_OP_PSD, .apply = multiply};
    double low[3];
    double high[3];
    double diagonal = 0.0;
    double coupling = 0.0;
    rn_jacobi weighted;
    rn_op *op = NULL;
    rn_lanczos *lanczos = NULL;
    assert_status(rn_op_create(&desc, &op), RN_OK);
    assert_status(rn_lanczos_create(op, e, 2, &lanczos), RN_OK);
    assert_status(rn_lanczos_extend(lanczos, 1), RN_OK);
    const rn_jacobi rule = rn_lanczos_rule(lanczos, 1);
    assert_close(rule.mass, 3.0, 1e-14);
    assert_close(rule.diagonal[0], 7.0 / 3.0, 1e-14);
    assert_close(rule.coupling[0], sqrt(14.0) / 3.0, 1e-14);
    assert_status(rn_jacobi_above(&rule, 3, cuts, low, high), RN_OK);
    /* widened by less than 100 eps times the mass */
    for (int i = 0; i < 3; i++) {
        assert_close(low[i], lows[i], 1e-12);
        assert_close(high[i], highs[i], 1e-12);
    }
    assert_status(rn_jacobi_weighted(&rule, &diagonal, &coupling, &weighted), RN_OK);
    assert_close(weighted.mass, 7.0, 1e-14);
    assert_close(diagonal, 3.0, 1e-14);
    assert_true(isinf(coupling));
    assert_status(rn_jacobi_above(&weighted, 1, &cuts[1], low, high), RN_OK);
    assert_close(low[0], 0.0, 1e-12);
    assert_close(high[0], 6.0, 1e-12);
    rn_lanczos_destroy(lanczos);
    rn_op_destroy(op);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_step_gives_the_worked_intervals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
