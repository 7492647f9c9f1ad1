/*
 * A look ahead when memory runs out: any allocation may fail, and the answer is a status, an
 * untouched output and nothing leaked.
 */
#include "check.h"

#include <renorm/cost.h>

#include "core/memory.h"

static const char *const tiny[] = {"model.depth=1",  "model.width=3", "data.kind=sphere",
                                   "data.n_train=3", "data.n_test=2", "data.dimension=5",
                                   "steps=1",        "threads=1",     "measure.snapshots=2"};

static void an_allocation_that_fails_is_a_status_and_leaks_nothing(void **state)
{
    (void)state;
    rn_config *config = NULL;
    assert_status(rn_config_load(NULL, 9, tiny, &config), RN_OK);
    rn_cost *cost = NULL;
    (void)rni_fail_allocation(0);
    assert_status(rn_cost_create(config, NULL, NULL, &cost), RN_OK);
    const long n_allocations = rni_fail_allocation(0);
    rn_cost_destroy(cost);
    assert_true(n_allocations > 100);
    const rn_index n_bytes = rni_memory_bytes();
    const long stride = 1 + n_allocations / (long)check_cases(300);
    for (long fault = 1; fault <= n_allocations; fault += fault <= 100 ? 1 : stride) {
        cost = NULL;
        (void)rni_fail_allocation(fault);
        const rn_status status = rn_cost_create(config, NULL, NULL, &cost);
        (void)rni_fail_allocation(0);
        assert_status(status, RN_ERR_MEMORY);
        assert_null(cost);
        assert_int_equal(rni_memory_bytes(), n_bytes);
    }
    rn_config_destroy(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_allocation_that_fails_is_a_status_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
