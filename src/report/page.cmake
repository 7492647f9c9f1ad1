# Puts a page together and turns it into C: cmake -D COMMAND=report -D PAGES=files -D D3=file
# -D LICENCE=file -D PREFIX=name -D HEADER=file -D OUT=file -P page.cmake. PAGES are style sheets and
# scripts, joined with commas, which the page has in that order; symbols are PREFIX_head and
# PREFIX_tail, before and behind the data, as HEADER declares them. cmake/RenormPage.cmake calls this.
cmake_minimum_required(VERSION 3.25)

file(READ ${CMAKE_CURRENT_LIST_DIR}/page.html page)
file(READ ${D3} d3)
file(READ ${LICENCE} licence)
string(REPLACE "," ";" files "${PAGES}")
set(style "")
set(program "")
foreach(name ${files})
  file(READ ${name} text)
  if(name MATCHES "[.]css$")
    string(APPEND style "${text}")
  else()
    string(APPEND program "${text}\n")
  endif()
endforeach()

foreach(part style d3 program)
  if("${${part}}" MATCHES "</(script|style)|<!--")
    message(FATAL_ERROR "the page's ${part} would end its own element")
  endif()
endforeach()
string(REPLACE "--" "- -" licence "${licence}") # two dashes may not stand in a comment

string(REPLACE "@COMMAND@" "${COMMAND}" page "${page}")
string(REPLACE "@STYLE@" "${style}" page "${page}")
string(REPLACE "@LICENCE@" "${licence}" page "${page}")
string(REPLACE "@D3@" "${d3}" page "${page}")
string(REPLACE "@PROGRAM@" "${program}" page "${page}")
string(FIND "${page}" "@DATA@" middle)
string(LENGTH "@DATA@" n_mark)
math(EXPR behind "${middle} + ${n_mark}")
string(SUBSTRING "${page}" 0 ${middle} head)
string(SUBSTRING "${page}" ${behind} -1 tail)

set(code "/* Made by page.cmake. */\n#include \"${HEADER}\"\n")
foreach(part head tail)
  file(WRITE ${OUT}.${part} "${${part}}")
  file(READ ${OUT}.${part} bytes HEX)
  file(REMOVE ${OUT}.${part})
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND code "\nconst unsigned char ${PREFIX}_${part}[] = {\n${bytes}\n};\n"
         "const size_t ${PREFIX}_${part}_size = sizeof ${PREFIX}_${part};\n")
endforeach()
file(WRITE ${OUT} "${code}")
