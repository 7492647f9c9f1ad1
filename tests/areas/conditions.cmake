# Tests of conditions: rn_add_test(<name> <label>), one per line.
target_sources(test_support PRIVATE support/clopper_pearson.c support/coupling_cases.c
                                     support/coupling_ensemble.c)
rn_add_test(test_couplings unit)
rn_add_test(test_condition_numbers unit)
rn_add_test(test_coupling_memory fault)
rn_add_test(test_coupling_defects property)
rn_add_test(test_run_couplings property)
rn_add_test(test_run_conditions property)
rn_add_test(test_coupling_table property)
set_tests_properties(test_coupling_table PROPERTIES LABELS slow)
target_sources(test_support PRIVATE support/velocity_fields.c)
rn_add_test(test_velocity_law unit)
# A few draws always, the calibration of docs/calibration.md among the slow tests.
rn_add_test(calibrate_velocity_law property)
add_test(NAME calibrate_velocity_law_all COMMAND calibrate_velocity_law 300)
rn_set_test_properties(calibrate_velocity_law_all slow)
set_tests_properties(calibrate_velocity_law_all PROPERTIES TIMEOUT 1200)
# What is wrong how often: a little always, the tables of docs/calibration.md among the slow tests.
rn_add_test(test_invariance_calibration property)
add_test(NAME test_invariance_calibration_full COMMAND test_invariance_calibration full)
rn_set_test_properties(test_invariance_calibration_full slow)
set_tests_properties(test_invariance_calibration_full PROPERTIES TIMEOUT 3600)
