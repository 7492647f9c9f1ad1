# Turns the files of systems into C: cmake -D FILES=a.yaml;b.yaml -D OUT=file -P embed.cmake. The
# bytes of a.yaml become rni_system_a, zero-terminated, and rni_system_a_size, without the end.
cmake_minimum_required(VERSION 3.25)
set(code "/* Made by embed.cmake. */\n#include <stddef.h>\n")
foreach(file ${FILES})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND code "\nextern const unsigned char rni_system_${name}[];\n"
         "extern const size_t rni_system_${name}_size;\n"
         "const unsigned char rni_system_${name}[] = {\n${bytes}0\n};\n"
         "const size_t rni_system_${name}_size = sizeof rni_system_${name} - 1;\n")
endforeach()
file(WRITE ${OUT} "${code}")
