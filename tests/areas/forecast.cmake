# Tests of forecast: rn_add_test(<name> <label>), one per line.
rn_add_test(test_mode_forecast property)
rn_add_test(test_mode_bounds property)
rn_add_test(test_forecast unit)
rn_add_test(test_spectrum_exponents property)
add_test(NAME test_forecast_command COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/cli/test_forecast_command.py
                                            $<TARGET_FILE:renorm_cli> ${PROJECT_SOURCE_DIR})
rn_set_test_properties(test_forecast_command cli)
add_test(NAME test_bank_split COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/cli/test_bank_split.py
                                      $<TARGET_FILE:renorm_cli> ${PROJECT_SOURCE_DIR})
rn_set_test_properties(test_bank_split cli)
