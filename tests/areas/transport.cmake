# Tests of transport: rn_add_test(<name> <label>), one per line.
target_sources(test_support PRIVATE support/transport_cases.c)
rn_add_test(test_transport_golden golden)
rn_add_test(test_transport_exact property)
rn_add_test(test_transport_solve property)
rn_add_test(test_transport_bounds unit)
rn_add_test(test_transport_table property)
set_tests_properties(test_transport_table PROPERTIES LABELS slow)
