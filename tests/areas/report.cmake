# Tests of report, and of what it reads and writes.
rn_add_test(test_json_tree unit)
rn_add_test(test_columns unit)
target_link_libraries(test_columns PRIVATE scratch)
rn_add_test(test_folder unit)
rn_add_test(test_report unit)

# The page in a browser: what is drawn, read back through the axes.
add_test(NAME test_page COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/browser/test_page.py
                                $<TARGET_FILE:renorm_cli> ${PROJECT_SOURCE_DIR})
rn_set_test_properties(test_page cli)

# The page of a fit: refusals and memory; in a browser.
rn_add_test(test_fit_report unit)
target_link_libraries(test_fit_report PRIVATE scratch)
add_test(NAME test_fit_page COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/browser/test_fit_page.py
                                    $<TARGET_FILE:renorm_cli> ${PROJECT_SOURCE_DIR})
rn_set_test_properties(test_fit_page cli)
