# Warning and language flags as interface targets, linked PRIVATE so that they never reach users.
add_library(renorm_warnings INTERFACE)
target_compile_options(renorm_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
  -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef -Wcast-qual -Wwrite-strings
  -Wdouble-promotion -Wfloat-equal -Wnull-dereference -Wformat=2 -Wimplicit-fallthrough
  $<$<BOOL:${RENORM_WARNINGS_AS_ERRORS}>:-Werror>)

# -ffp-contract=off: the same bits with and without fused multiply-add hardware.
# -fno-math-errno: sqrt and friends as instructions; changes no value.
add_library(renorm_flags INTERFACE)
target_compile_definitions(renorm_flags INTERFACE _POSIX_C_SOURCE=200809L
                           RENORM_VERSION="${PROJECT_VERSION}")
target_compile_options(renorm_flags INTERFACE -ffp-contract=off -fno-math-errno)
