# Tests of run: rn_add_test(<name> <label>), one per line.
rn_add_test(test_run unit)
rn_add_test(test_held_out property)
rn_add_test(test_matrix_free property)
rn_add_test(test_run_files unit)
rn_add_test(test_unfinished unit)
rn_add_test(test_damage unit)
rn_add_test(test_format_1 unit)
target_compile_definitions(test_format_1 PRIVATE RN_FIXTURES="${CMAKE_CURRENT_SOURCE_DIR}/fixtures")
rn_add_test(run_fault fault)
rn_add_test(measure_fault fault)
target_link_libraries(measure_fault PRIVATE scratch)
rn_add_test(test_measure_hdf5 unit)
target_link_libraries(test_measure_hdf5 PRIVATE scratch)
rn_add_test(test_cadence unit)
rn_add_test(test_cost unit)
# It compares the process's memory before and after: freed blocks must not stay in quarantine.
set_property(TEST test_cost APPEND PROPERTY ENVIRONMENT
             "ASAN_OPTIONS=quarantine_size_mb=0:thread_local_quarantine_size_kb=0")
rn_add_test(cost_fault fault)
rn_add_test(test_export unit)

# The peak of the process's memory against the plan; sanitizers take memory of their own.
if(NOT RENORM_SANITIZE AND NOT RENORM_COVERAGE)
  add_test(NAME test_plan_peak COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/cli/test_plan_peak.py
                                       $<TARGET_FILE:renorm_cli> ${PROJECT_SOURCE_DIR})
  rn_set_test_properties(test_plan_peak slow)
endif()
# Killed runs: a few of each kind always, the long count among the slow tests.
rn_add_test(crash_kills crash)
add_test(NAME crash_kills_all COMMAND crash_kills 60 240)
rn_set_test_properties(crash_kills_all slow)
set_tests_properties(crash_kills_all PROPERTIES TIMEOUT 3600)

# Memory that runs out in foreign libraries; sanitizers bring their own malloc.
if(NOT RENORM_SANITIZE AND NOT RENORM_COVERAGE)
  add_library(fail_malloc MODULE support/fail_malloc.c)
  set_target_properties(fail_malloc PROPERTIES PREFIX "")
  foreach(kind "cli;10" "slow;60")
    list(GET kind 0 label)
    list(GET kind 1 cases)
    add_test(NAME test_foreign_memory_${label}
             COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/fault/test_foreign_memory.py
                     $<TARGET_FILE:renorm_cli> ${PROJECT_SOURCE_DIR} $<TARGET_FILE:fail_malloc> ${cases})
    rn_set_test_properties(test_foreign_memory_${label} ${label})
    set_tests_properties(test_foreign_memory_${label} PROPERTIES TIMEOUT 1200)
  endforeach()
endif()
