# What is installed where. Components: library (what a program needs to run), development (what
# compiling against it needs), program (the command). docs/install.md describes the result.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/renorm)
set(build_dir ${PROJECT_BINARY_DIR}/install)
set(manual_dir ${PROJECT_BINARY_DIR}/cli/manual)

# The program finds its library beside itself wherever both are moved together, and both find the
# OpenMP build of OpenBLAS (RenormLibraries.cmake). Below /usr the loader looks by itself.
if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  file(RELATIVE_PATH to_lib /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
  set_target_properties(renorm_cli PROPERTIES INSTALL_RPATH "$ORIGIN/${to_lib}")
else()
  set_target_properties(renorm_cli PROPERTIES INSTALL_RPATH "")
endif()

install(TARGETS renorm_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        COMPONENT library NAMELINK_COMPONENT development)
install(TARGETS renorm_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(DIRECTORY include/renorm DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        COMPONENT development FILES_MATCHING PATTERN "*.h")
install(TARGETS renorm_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)

# ---- pkg-config and CMake ------------------------------------------------------------------------
# Written out rather than as Requires.private and find_dependency: whoever links the shared library
# then needs none of the foreign development packages.
set(foreign -L${RENORM_OPENBLAS_DIR} -Wl,-rpath,${RENORM_OPENBLAS_DIR} -lopenblas
    ${HDF5_LDFLAGS} ${YAML_LDFLAGS} ${JANSSON_LDFLAGS} ${ZLIB_LDFLAGS} ${ZIP_LDFLAGS} ${CMINPACK_LDFLAGS} -lsundials_arkode
    -lsundials_nvecserial -pthread -lm)
list(JOIN foreign " " RENORM_FOREIGN_FLAGS)
# Relative to the file itself, so that an installed tree can be moved.
file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" RENORM_PC_PREFIX "\${pcfiledir}/${up}")
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(RENORM_PC_PREFIX /usr)
endif()
configure_file(cmake/renorm.pc.in ${build_dir}/renorm.pc @ONLY)
configure_package_config_file(cmake/renormConfig.cmake.in ${build_dir}/renormConfig.cmake
  INSTALL_DESTINATION ${config_dir}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# Before version 1 a minor version may change the interface.
write_basic_package_version_file(${build_dir}/renormConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${build_dir}/renorm.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
        COMPONENT development)
install(FILES ${build_dir}/renormConfig.cmake ${build_dir}/renormConfigVersion.cmake
        DESTINATION ${config_dir} COMPONENT development)

# ---- manual, completions, configurations, documents ----------------------------------------------
foreach(section 1 5)
  install(DIRECTORY ${manual_dir}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section}
          COMPONENT program FILES_MATCHING PATTERN "*.${section}")
endforeach()
set(share ${CMAKE_INSTALL_DATAROOTDIR})
install(FILES ${manual_dir}/renorm.bash DESTINATION ${share}/bash-completion/completions
        RENAME renorm COMPONENT program)
install(FILES ${manual_dir}/_renorm DESTINATION ${share}/zsh/site-functions
        COMPONENT program)
install(FILES ${manual_dir}/renorm.fish DESTINATION ${share}/fish/vendor_completions.d
        COMPONENT program)
install(DIRECTORY configs DESTINATION ${share}/renorm COMPONENT program
        FILES_MATCHING PATTERN "*.yaml")
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
foreach(file README.md CHANGELOG.md CITATION.cff LICENSE)
  install(FILES ${file} DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
endforeach()
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT development
        FILES_MATCHING PATTERN "*.c")

configure_file(cmake/uninstall.cmake.in ${build_dir}/uninstall.cmake @ONLY)
add_custom_target(uninstall COMMAND ${CMAKE_COMMAND} -P ${build_dir}/uninstall.cmake VERBATIM)
