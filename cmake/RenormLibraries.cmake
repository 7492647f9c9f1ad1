# Every foreign library, found in one place; ends with a printed table.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(HDF5 REQUIRED IMPORTED_TARGET hdf5-serial)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(ZIP REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(CMINPACK REQUIRED IMPORTED_TARGET cminpack)

# The OpenMP build by path: the distribution's default name may point to the pthread build.
find_library(RENORM_OPENBLAS openblas REQUIRED
             PATHS /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/openblas-openmp NO_DEFAULT_PATH)
get_filename_component(RENORM_OPENBLAS_DIR ${RENORM_OPENBLAS} DIRECTORY)
find_library(RENORM_ARKODE sundials_arkode REQUIRED)
find_library(RENORM_NVECSERIAL sundials_nvecserial REQUIRED)
find_path(RENORM_RANDOM123 Random123/philox.h REQUIRED)

add_library(renorm_foreign INTERFACE)
target_link_libraries(renorm_foreign INTERFACE ${RENORM_OPENBLAS} PkgConfig::HDF5 PkgConfig::YAML
                      PkgConfig::JANSSON
                      PkgConfig::ZLIB PkgConfig::ZIP PkgConfig::CMINPACK ${RENORM_ARKODE} ${RENORM_NVECSERIAL}
                      Threads::Threads m)
set(CMAKE_BUILD_RPATH ${RENORM_OPENBLAS_DIR})
set(CMAKE_INSTALL_RPATH ${RENORM_OPENBLAS_DIR})

message(STATUS "renorm uses:")
message(STATUS "  OpenBLAS (openmp)  ${RENORM_OPENBLAS}")
message(STATUS "  HDF5 (serial)      ${HDF5_VERSION}")
message(STATUS "  libyaml            ${YAML_VERSION}")
message(STATUS "  Jansson            ${JANSSON_VERSION}")
message(STATUS "  zlib               ${ZLIB_VERSION}")
message(STATUS "  libzip             ${ZIP_VERSION}")
message(STATUS "  CMinpack           ${CMINPACK_VERSION}")
message(STATUS "  SUNDIALS ARKODE    ${RENORM_ARKODE}")
message(STATUS "  Random123          ${RENORM_RANDOM123}")

# What pages embed: D3 and its licence.
find_file(RENORM_D3 d3.min.js REQUIRED PATHS /usr/share/nodejs/d3/dist NO_DEFAULT_PATH)
find_file(RENORM_D3_LICENCE copyright REQUIRED PATHS /usr/share/doc/node-d3 NO_DEFAULT_PATH)
file(STRINGS ${RENORM_D3} line REGEX "https://d3js.org v[0-9.]+" LIMIT_COUNT 1)
string(REGEX REPLACE ".*d3js.org v([0-9]+)\\.([0-9.]+).*" "\\1.\\2" version "${line}")
if(NOT version MATCHES "^5\\.")
  message(FATAL_ERROR "${RENORM_D3} is version ${version}; the page needs D3 5 (package node-d3)")
endif()
message(STATUS "  D3 (in the report)  ${version}")
