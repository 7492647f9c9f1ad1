# Tests of shells: rn_add_test(<name> <label>), one per line.
target_sources(test_support PRIVATE support/jacobi.c support/moving_kernel.c)
rn_add_test(test_shell_cut unit)
rn_add_test(test_shell_grid unit)
rn_add_test(test_shell_measure unit)
rn_add_test(test_shell_flux property)
rn_add_test(test_shell_budget property)
rn_add_test(test_shell_step property)
rn_add_test(test_shell_memory fault)
