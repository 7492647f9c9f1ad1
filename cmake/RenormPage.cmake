# Pages of commands: one template (src/report/page.html), the report's style and words for numbers,
# scripts of their own, and D3 with its licence become one C file of bytes.

# rn_embed_page(<command> PREFIX <symbols> HEADER <file> [SHARED <script>..] OWN <folder>): the page of
# a command. SHARED names scripts of src/report/page that come before those of the folder, whose
# style sheets come after the report's.
function(rn_embed_page command)
  cmake_parse_arguments(PARSE_ARGV 1 page "" "PREFIX;HEADER;OWN" "SHARED")
  set(report ${PROJECT_SOURCE_DIR}/src/report)
  set(own ${CMAKE_CURRENT_SOURCE_DIR}/${page_OWN})
  set(embedded ${CMAKE_CURRENT_BINARY_DIR}/${command}_page_bytes.c)
  list(TRANSFORM page_SHARED PREPEND ${report}/page/)
  file(GLOB sources CONFIGURE_DEPENDS ${own}/*.css ${own}/*.js)
  list(SORT sources)
  set(files ${report}/page/page.css ${page_SHARED} ${sources})
  list(REMOVE_DUPLICATES files)
  list(JOIN files "," names)
  add_custom_command(OUTPUT ${embedded}
    COMMAND ${CMAKE_COMMAND} -D COMMAND=${command} -D PAGES=${names} -D D3=${RENORM_D3}
            -D LICENCE=${RENORM_D3_LICENCE} -D PREFIX=${page_PREFIX} -D HEADER=${page_HEADER}
            -D OUT=${embedded} -P ${report}/page.cmake
    DEPENDS ${files} ${RENORM_D3} ${report}/page.cmake ${report}/page.html
    COMMENT "Embedding the page of ${command}" VERBATIM)
  # A file made in this folder is known to targets of other folders only through a target.
  add_custom_target(renorm_${command}_page DEPENDS ${embedded})
  add_dependencies(renorm_objects renorm_${command}_page)
  set_source_files_properties(${embedded} TARGET_DIRECTORY renorm_objects PROPERTIES GENERATED TRUE)
  target_sources(renorm_objects PRIVATE ${embedded})
endfunction()
