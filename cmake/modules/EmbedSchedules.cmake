# upconv_embed_schedules(OUTPUT.cpp ROOT): the YAML files below ROOT as one C++
# file, in the order of their paths, remade when one of them changes, appears or
# goes. The same file is the script that makes it (cmake -P), so that the build
# needs no other tool.

set(UPCONV_EMBED_SCHEDULES_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(upconv_embed_schedules output root)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${root} ${root}/*.yaml)
  list(SORT files)
  list(TRANSFORM files PREPEND ${root}/ OUTPUT_VARIABLE dependencies)
  # The names are part of the command, so that it runs again when one goes.
  string(REPLACE ";" "," names "${files}")
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DROOT=${root} -DNAMES=${names} -DOUTPUT=${output}
            -P ${UPCONV_EMBED_SCHEDULES_SCRIPT}
    DEPENDS ${dependencies} ${UPCONV_EMBED_SCHEDULES_SCRIPT}
    COMMENT "Embedding the schedules"
    VERBATIM)
endfunction()

if(NOT CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  return()
endif()

string(REPLACE "," ";" files "${NAMES}")
file(WRITE ${OUTPUT} "// Made from scheduling/ by EmbedSchedules.cmake.
#include \"EmbeddedSchedules.h\"

static constexpr upconv::EmbeddedFile files[] = {
")
foreach(file IN LISTS files)
  file(READ "${ROOT}/${file}" text)
  file(APPEND ${OUTPUT} "{\"${file}\", R\"yaml(${text})yaml\"},\n")
endforeach()
file(APPEND ${OUTPUT} "};

llvm::ArrayRef<upconv::EmbeddedFile> upconv::embeddedSchedules() {
  return files;
}
")
