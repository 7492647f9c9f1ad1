# Puts the page together and turns it into C: cmake -D PAGE=folder -D D3=file -D LICENCE=file
# -D OUT=file -P page.cmake. The page's scripts are joined in the order of their names.
cmake_minimum_required(VERSION 3.25)

file(READ ${PAGE}/page.html page)
file(READ ${PAGE}/page.css style)
file(READ ${D3} d3)
file(READ ${LICENCE} licence)
file(GLOB names ${PAGE}/*.js)
list(SORT names)
set(program "")
foreach(name ${names})
  file(READ ${name} script)
  string(APPEND program "${script}\n")
endforeach()

foreach(part style d3 program)
  if("${${part}}" MATCHES "</(script|style)|<!--")
    message(FATAL_ERROR "the page's ${part} would end its own element")
  endif()
endforeach()
string(REPLACE "--" "- -" licence "${licence}") # two dashes may not stand in a comment

string(REPLACE "@STYLE@" "${style}" page "${page}")
string(REPLACE "@LICENCE@" "${licence}" page "${page}")
string(REPLACE "@D3@" "${d3}" page "${page}")
string(REPLACE "@PROGRAM@" "${program}" page "${page}")
string(FIND "${page}" "@DATA@" middle)
string(LENGTH "@DATA@" n_mark)
math(EXPR behind "${middle} + ${n_mark}")
string(SUBSTRING "${page}" 0 ${middle} head)
string(SUBSTRING "${page}" ${behind} -1 tail)

set(code "/* Made by page.cmake. */\n#include \"report/page.h\"\n")
foreach(part head tail)
  file(WRITE ${OUT}.${part} "${${part}}")
  file(READ ${OUT}.${part} bytes HEX)
  file(REMOVE ${OUT}.${part})
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND code "\nconst unsigned char rni_page_${part}[] = {\n${bytes}\n};\n"
         "const size_t rni_page_${part}_size = sizeof rni_page_${part};\n")
endforeach()
file(WRITE ${OUT} "${code}")
