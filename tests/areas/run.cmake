# Tests of run: rn_add_test(<name> <label>), one per line.
rn_add_test(test_run unit)
rn_add_test(test_run_files unit)
rn_add_test(run_fault fault)
