# upconv_add_library(NAME MODEL file
#                    [TARGETS name...] [WEIGHTS file | INIT seed] [SCHEDULES folder]
#                    [WEIGHTS_MODE embed|external|argument]
#                    [INPUT_SHAPES [name=]dims...] [OPTIONS flag...])
#
# Compiles a Keras model when the project is built, and again when the model or
# the compiler changes. NAME, a C identifier, is a library to link with and the
# prefix of its header <NAME.h> and of its symbols. The arguments are those of
# `upconv compile`; of several TARGETS, the library takes the strongest that the
# processor runs. They are required where CMake compiles for another machine.
# With external weights, the variable <NAME>_WEIGHTS is the path of their file.
function(upconv_add_library name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG ""
    "MODEL;WEIGHTS;INIT;SCHEDULES;WEIGHTS_MODE" "TARGETS;INPUT_SHAPES;OPTIONS")
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR
      "upconv_add_library(${name}): unknown arguments '${ARG_UNPARSED_ARGUMENTS}'")
  endif()
  if(NOT ARG_MODEL)
    message(FATAL_ERROR "upconv_add_library(${name}): MODEL is required")
  endif()
  if(NOT name MATCHES "^[A-Za-z_][A-Za-z0-9_]*$")
    message(FATAL_ERROR "upconv_add_library(${name}): the name must be a C identifier")
  endif()
  if(CMAKE_CROSSCOMPILING AND NOT ARG_TARGETS)
    message(FATAL_ERROR
      "upconv_add_library(${name}): TARGETS is required when cross-compiling")
  endif()

  get_filename_component(model "${ARG_MODEL}" ABSOLUTE)
  set(flags --name ${name})
  set(inputs "${model}")
  if(ARG_TARGETS)
    list(JOIN ARG_TARGETS "," targets)
    list(APPEND flags --target ${targets})
  endif()
  if(DEFINED ARG_INIT)
    list(APPEND flags --init ${ARG_INIT})
  endif()
  if(ARG_WEIGHTS_MODE)
    list(APPEND flags --weights-mode ${ARG_WEIGHTS_MODE})
  endif()
  foreach(option WEIGHTS SCHEDULES)
    if(ARG_${option})
      string(TOLOWER ${option} flag)
      get_filename_component(path "${ARG_${option}}" ABSOLUTE)
      list(APPEND flags --${flag} "${path}")
      if(IS_DIRECTORY "${path}")
        file(GLOB_RECURSE files CONFIGURE_DEPENDS "${path}/*")
        list(APPEND inputs ${files})
      else()
        list(APPEND inputs "${path}")
      endif()
    endif()
  endforeach()
  foreach(shape IN LISTS ARG_INPUT_SHAPES)
    list(APPEND flags --input-shape ${shape})
  endforeach()

  # The folder must exist when the project is configured: it is searched for
  # headers.
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/upconv/${name}")
  file(MAKE_DIRECTORY "${folder}")
  set(archive "${folder}/lib${name}.a")
  if(WIN32)
    set(archive "${folder}/${name}.lib")
  endif()
  set(files "${archive}" "${folder}/${name}.h")
  if(ARG_WEIGHTS_MODE STREQUAL "external")
    list(APPEND files "${folder}/${name}.weights")
    set(${name}_WEIGHTS "${folder}/${name}.weights" PARENT_SCOPE)
  endif()
  add_custom_command(OUTPUT ${files}
    COMMAND upconv::upconv compile "${model}" -o "${folder}" ${flags} ${ARG_OPTIONS}
    DEPENDS ${inputs} upconv::upconv
    COMMENT "Compiling the Keras model ${name}"
    VERBATIM)
  add_custom_target(${name}_compile DEPENDS ${files})

  find_package(Threads REQUIRED)
  add_library(${name} STATIC IMPORTED GLOBAL)
  add_dependencies(${name} ${name}_compile)
  set_target_properties(${name} PROPERTIES
    IMPORTED_LOCATION "${archive}"
    INTERFACE_INCLUDE_DIRECTORIES "${folder}"
    INTERFACE_LINK_LIBRARIES Threads::Threads)
endfunction()
