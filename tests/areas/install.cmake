# Tests of the installed package and of the manual. An instrumented library serves no stranger.
if(RENORM_INSTALL AND NOT RENORM_SANITIZE AND NOT RENORM_COVERAGE)
  add_test(NAME test_install COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/install/test_install.py
                                     ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR})
  rn_set_test_properties(test_install cli)
endif()
