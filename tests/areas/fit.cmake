# Tests of fit: rn_add_test(<name> <label>), one per line.
target_sources(test_support PRIVATE support/loss_table.c)
rn_add_test(test_fit property)
rn_add_test(test_log_law property)
rn_add_test(test_broken_law property)
rn_add_test(test_fit_table unit)
target_link_libraries(test_fit_table PRIVATE scratch)
