# Tests of the installed package and of the manual. An instrumented library serves no stranger.
if(RENORM_INSTALL AND NOT RENORM_SANITIZE AND NOT RENORM_COVERAGE)
  add_test(NAME test_install COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/install/test_install.py
                                     ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR})
  rn_set_test_properties(test_install cli)
  # Builds everything once more, as packages want it.
  find_program(RENORM_GENCONTROL dpkg-gencontrol)
  if(RENORM_GENCONTROL)
    add_test(NAME test_package COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/install/test_package.py
                                       ${PROJECT_SOURCE_DIR})
    rn_set_test_properties(test_package slow)
  endif()
endif()
