# Tests of several layers together, graph to shells: rn_add_test(<name> <label>), one per line.
rn_add_test(test_instrument golden)
rn_add_test(test_run_budget property)
rn_add_test(test_run_lines property)
rn_add_test(test_demo_budget property)
target_compile_definitions(test_demo_budget PRIVATE
                           DEMO_CONFIG="${PROJECT_SOURCE_DIR}/configs/demo.yaml")
set_tests_properties(test_demo_budget PROPERTIES LABELS slow)
rn_add_test(test_infinite_width golden)
rn_add_test(test_acceptance property)
