# Tests of verdict: rn_add_test(<name> <label>), one per line.
target_sources(test_support PRIVATE support/synthetic_run.c)
rn_add_test(test_check unit)
rn_add_test(test_check_conditions unit)

add_test(NAME test_check_command COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/cli/test_check_command.py
                                         $<TARGET_FILE:renorm_cli> ${PROJECT_SOURCE_DIR})
rn_set_test_properties(test_check_command cli)
