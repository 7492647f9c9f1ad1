# Tests of sampler: rn_add_test(<name> <label>), one per line.
rn_add_test(test_sampler unit)
