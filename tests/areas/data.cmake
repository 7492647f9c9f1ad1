# Tests of data: rn_add_test(<name> <label>), one per line.
rn_add_test(test_text unit)
rn_add_test(test_option unit)
