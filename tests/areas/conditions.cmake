# Tests of conditions: rn_add_test(<name> <label>), one per line.
target_sources(test_support PRIVATE support/coupling_cases.c)
rn_add_test(test_couplings unit)
rn_add_test(test_condition_numbers unit)
rn_add_test(test_coupling_memory fault)
rn_add_test(test_coupling_defects property)
rn_add_test(test_run_couplings property)
rn_add_test(test_coupling_table property)
set_tests_properties(test_coupling_table PROPERTIES LABELS slow)
