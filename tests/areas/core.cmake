# Tests of core: rn_add_test(<name> <label>), one per line.
rn_add_test(test_memory unit)
rn_add_test(test_pool unit)
rn_add_test(test_rng unit)
rn_add_test(test_size unit)
rn_add_test(test_status unit)
rn_add_test(prop_rng property)
rn_add_test(fault_pool fault)
target_link_options(fault_pool PRIVATE -Wl,--wrap=pthread_create)
