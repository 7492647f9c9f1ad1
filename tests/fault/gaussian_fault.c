/*
 * Every allocation of the linear-Gaussian functions fails once; outputs stay as they were, nothing
 * leaks.
 */
#include <renorm/linear_gaussian.h>

#include "check.h"
#include "core/memory.h"

static const double turning[4] = {0.5, -0.2, 0.2, 0.5};
static const double one[4] = {1.0, 0.0, 0.0, 1.0};
static const double antisymmetric[4] = {0.0, -1.0, 1.0, 0.0};

static rn_status flow_covariance(double *out)
{
    return rn_gaussian_flow_covariance(2, turning, one, out, NULL);
}

static rn_status step_covariance(double *out)
{
    return rn_gaussian_step_covariance(2, turning, one, out, NULL);
}

static rn_status circulation(double *out)
{
    return rn_gaussian_circulation(2, turning, one, out);
}

static rn_status flow_entropy(double *out)
{
    return rn_gaussian_flow_entropy(2, one, one, antisymmetric, out);
}

static rn_status step_entropy(double *out)
{
    return rn_gaussian_step_entropy(2, turning, one, antisymmetric, out);
}

static rn_status flow_relaxation(double *out)
{
    return rn_gaussian_flow_relaxation(2, turning, 1.0, out);
}

static rn_status step_relaxation(double *out)
{
    return rn_gaussian_step_relaxation(2, turning, 3, out);
}

static rn_status exact_step(double *out)
{
    return rn_gaussian_exact_step(2, turning, one, 1.0, out, out + 4);
}

static void memory_may_fail_anywhere(void **state)
{
    (void)state;
    rn_status (*const calls[])(double *) = {flow_covariance, step_covariance, circulation,
                                            flow_entropy,    step_entropy,    flow_relaxation,
                                            step_relaxation, exact_step};
    for (size_t k = 0; k < sizeof calls / sizeof calls[0]; k++) {
        const rn_index bytes = rni_memory_bytes();
        rn_status status = RN_ERR_MEMORY;
        long fault = 1;
        for (; status == RN_ERR_MEMORY && fault < 100; fault++) {
            double out[8] = {42.0};
            (void)rni_fail_allocation(fault);
            status = calls[k](out);
            (void)rni_fail_allocation(0);
            if (status < 0) assert_close(out[0], 42.0, 0.0);
            if (status < 0) assert_message_has("no ");
            assert_int_equal(rni_memory_bytes(), bytes);
        }
        assert_status(status, RN_OK);
        assert_true(fault > 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(memory_may_fail_anywhere)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
