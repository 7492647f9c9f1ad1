# Tests of store: rn_add_test(<name> <label>), one per line.
target_sources(test_support PRIVATE support/remove_tree.c)
rn_add_test(test_hdf5 unit)
rn_add_test(test_file unit)
rn_add_test(test_table unit)
