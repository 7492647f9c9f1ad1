# Tests of transport: rn_add_test(<name> <label>), one per line.
rn_add_test(test_transport_golden golden)
rn_add_test(test_transport_exact property)
