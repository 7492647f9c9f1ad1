# Tests of stats and study.
rn_add_test(prop_sample property)
rn_add_test(test_study unit)
target_link_libraries(test_study PRIVATE scratch)
rn_add_test(study_fault fault)
target_link_libraries(study_fault PRIVATE scratch)
add_test(NAME test_study_command COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/cli/test_study_command.py
                                         $<TARGET_FILE:renorm_cli> ${PROJECT_SOURCE_DIR})
rn_set_test_properties(test_study_command cli)

# The page of a study in a browser.
add_test(NAME test_study_page COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/browser/test_study_page.py
                                      $<TARGET_FILE:renorm_cli> ${PROJECT_SOURCE_DIR})
rn_set_test_properties(test_study_page cli)
