# Tests of backends: rn_add_test(<name> <label>), one per line.
rn_add_test(test_blas unit)
rn_add_test(test_yaml unit)
rn_add_test(test_sundials unit)
