# Tests of cli and of the examples.
add_test(NAME test_cli COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/cli/test_cli.py
                               $<TARGET_FILE:renorm_cli> ${PROJECT_SOURCE_DIR})
rn_set_test_properties(test_cli cli)
add_test(NAME test_resume COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/cli/test_resume.py
                                  $<TARGET_FILE:renorm_cli> ${PROJECT_SOURCE_DIR})
rn_set_test_properties(test_resume cli)
add_test(NAME test_measure COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/cli/test_measure.py
                                   $<TARGET_FILE:renorm_cli> ${PROJECT_SOURCE_DIR})
rn_set_test_properties(test_measure cli)

# rn_add_example(<name> <arguments>..): builds examples/<name>.c against the public headers alone.
function(rn_add_example name)
  add_executable(example_${name} ${PROJECT_SOURCE_DIR}/examples/${name}.c)
  set_target_properties(example_${name} PROPERTIES C_EXTENSIONS OFF)
  target_link_libraries(example_${name} PRIVATE renorm_shared renorm_warnings renorm_flags m)
  add_test(NAME example_${name} COMMAND example_${name} ${ARGN})
  rn_set_test_properties(example_${name} cli)
endfunction()
rn_add_example(graph_derivative)
rn_add_example(measure_own_kernel)
rn_add_example(run_and_print ${PROJECT_SOURCE_DIR}/configs/tiny.yaml)
add_test(NAME test_transport COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/cli/test_transport.py
                                     $<TARGET_FILE:renorm_cli> ${PROJECT_SOURCE_DIR})
rn_set_test_properties(test_transport cli)
