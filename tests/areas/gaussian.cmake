# Tests of gaussian: rn_add_test(<name> <label>), one per line.
rn_add_test(test_spectral_tail property)
rn_add_test(test_linear_gaussian property)
rn_add_test(test_heavy_ball property)
rn_add_test(gaussian_fault fault)
rn_add_test(test_streaming property)
