# Tests of graph: rn_add_test(<name> <label>), one per line.
target_sources(test_support PRIVATE support/graph_values.c support/net_cases.c support/op_cases.c)
rn_add_test(test_graph_building unit)
rn_add_test(test_graph_fault fault)
rn_add_test(test_derivatives property)
rn_add_test(prop_replicas property)
