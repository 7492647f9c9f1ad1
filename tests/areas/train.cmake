# Tests of train: rn_add_test(<name> <label>), one per line.
target_sources(test_support PRIVATE support/training.c)
rn_add_test(prop_train property)
rn_add_test(test_train unit)
rn_add_test(test_optimizers unit)
rn_add_test(prop_optimizers property)
rn_add_test(golden_regression golden)
rn_add_test(fault_train fault)
rn_add_test(prop_coupled property)
