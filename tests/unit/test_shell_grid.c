/*
 * The grid: margins at both ends, extension without moving, and what it refuses.
 */
#include <math.h>
#include <renorm/shells.h>

#include "check.h"

static const double ln2 = 0.69314718055994530942;

static void covers_the_spectrum_with_its_margins(void **state)
{
    (void)state;
    for (int k = -200; k <= 200; k++) {
        const double top = exp(0.37 * k);
        const double floor_lambda = top * 3e-13;
        rn_shell_grid grid;
        assert_status(rn_shell_grid_choose(0.0, top, floor_lambda, &grid), RN_OK);
        assert_close(grid.width, ln2, 0.0);
        const rn_index m = rn_shell_grid_size(&grid);
        const double s_top = rn_shell_grid_boundary(&grid, m - 1);
        const double s_bottom = rn_shell_grid_boundary(&grid, 0);
        const double slack = 1e-9 * ln2 + 1e-13;
        assert_true(s_top >= log(top) + ln2 - slack);
        assert_true(s_top < log(top) + 2.0 * ln2);
        assert_true(s_bottom >= log(floor_lambda) + ln2 - slack);
        assert_true(s_bottom < log(floor_lambda) + 2.0 * ln2);
        /* what the margins are for */
        assert_close(rn_shell_cut(s_top, ln2, top), 0.0, 1e-20);
        assert_close(rn_shell_cut(s_bottom, ln2, floor_lambda), 0.0, 1e-20);
    }
}

static void takes_a_width_and_powers_of_two_exactly(void **state)
{
    (void)state;
    rn_shell_grid grid;
    assert_status(rn_shell_grid_choose(0.0, 8.0, 0.125, &grid), RN_OK);
    assert_int_equal(grid.low, -2);
    assert_int_equal(grid.high, 4);
    assert_int_equal(rn_shell_grid_size(&grid), 7);
    assert_close(rn_shell_grid_boundary(&grid, 0), -2.0 * ln2, 1e-16);
    assert_status(rn_shell_grid_choose(0.25, 1.0, 0.5, &grid), RN_OK);
    assert_int_equal(grid.low, -1); /* ln 0.5/0.25 + 1 = -1.77 */
    assert_int_equal(grid.high, 1);
}

static void grows_without_moving_a_boundary(void **state)
{
    (void)state;
    rn_shell_grid grid;
    assert_status(rn_shell_grid_choose(0.0, 1.0, 1e-3, &grid), RN_OK);
    const rn_shell_grid old = grid;
    assert_status(rn_shell_grid_extend(&grid, 0.1, 0.01), RN_OK); /* already covered */
    assert_memory_equal(&grid, &old, sizeof grid);
    assert_status(rn_shell_grid_extend(&grid, 100.0, 0.0), RN_OK);
    assert_close(grid.width, old.width, 0.0);
    assert_int_equal(grid.low, old.low);
    assert_int_equal(grid.high, 8); /* ln 100/ln 2 + 1 = 7.6 */
    assert_status(rn_shell_grid_extend(&grid, 1.0, 1e-6), RN_OK);
    assert_int_equal(grid.high, 8);
    assert_int_equal(grid.low, -18); /* ln 1e-6/ln 2 + 1 = -18.9 */
    assert_close(rn_shell_grid_boundary(&grid, old.low - grid.low), rn_shell_grid_boundary(&old, 0),
                 0.0);
}

static void refuses_what_it_cannot_resolve(void **state)
{
    (void)state;
    rn_shell_grid grid = {.width = 7.0, .low = 1, .high = 2};
    const rn_shell_grid old = grid;
    assert_status(rn_shell_grid_choose(0.0, 1.0, 0.0, &grid), RN_ERR_ARGUMENT);
    assert_message_has("floor");
    assert_status(rn_shell_grid_choose(0.0, 0.0, 1.0, &grid), RN_ERR_ARGUMENT);
    assert_status(rn_shell_grid_choose(0.0, (double)NAN, 1.0, &grid), RN_ERR_ARGUMENT);
    assert_status(rn_shell_grid_choose(0.0, (double)INFINITY, 1.0, &grid), RN_ERR_ARGUMENT);
    assert_status(rn_shell_grid_choose(-1.0, 1.0, 0.1, &grid), RN_ERR_ARGUMENT);
    assert_message_has("width");
    assert_status(rn_shell_grid_choose((double)NAN, 1.0, 0.1, &grid), RN_ERR_ARGUMENT);
    assert_status(rn_shell_grid_choose(1e-6, 1.0, 1e-12, &grid), RN_ERR_ARGUMENT);
    assert_message_has("4096");
    assert_status(rn_shell_grid_choose(1e-300, 3.0, 2.0, &grid), RN_ERR_ARGUMENT);
    assert_status(rn_shell_grid_choose(1.0, 1.02, 1.01, &grid), RN_ERR_ARGUMENT);
    assert_message_has("within one width");
    assert_status(rn_shell_grid_choose(0.0, 1.0, 0.1, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_shell_grid_extend(NULL, 1.0, 0.1), RN_ERR_ARGUMENT);
    assert_status(rn_shell_grid_extend(&grid, -1.0, 0.0), RN_ERR_ARGUMENT);
    assert_status(rn_shell_grid_extend(&grid, 1.0, 2.0), RN_ERR_ARGUMENT);
    assert_memory_equal(&grid, &old, sizeof grid);
    rn_shell_grid broken = {.width = 1.0, .low = 3, .high = 3};
    assert_status(rn_shell_grid_extend(&broken, 1.0, 0.1), RN_ERR_ARGUMENT);
    broken = (rn_shell_grid){.width = 1.0, .low = INT64_MIN, .high = INT64_MAX};
    assert_status(rn_shell_grid_extend(&broken, 1.0, 0.1), RN_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covers_the_spectrum_with_its_margins),
        cmocka_unit_test(takes_a_width_and_powers_of_two_exactly),
        cmocka_unit_test(grows_without_moving_a_boundary),
        cmocka_unit_test(refuses_what_it_cannot_resolve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
