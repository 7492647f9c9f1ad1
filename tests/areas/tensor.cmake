# Tests of tensor, planner and executor: rn_add_test(<name> <label>), one per line.
target_sources(test_support PRIVATE support/graph_values.c support/random_graph.c)
rn_add_test(plan_reference property)
rn_add_test(test_view unit)
rn_add_test(test_device unit)
rn_add_test(test_plan unit)
rn_add_test(plan_fault fault)
rn_add_test(plan_threads property)
