# The vocabulary of the build: each room is one upconv_library, each dialect one
# upconv_dialect, each main one upconv_tool.

# upconv_headers(NAME headers... [DEPENDS targets...] [LINK libs...]): headers that
# are parsed once for all the libraries that say HEADERS NAME. MLIR's headers take
# most of the time of a file that reads them.
function(upconv_headers name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK" ${ARGN})
  file(CONFIGURE OUTPUT ${name}.cpp CONTENT "// The object of ${name}.\n")
  add_library(${name} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  target_link_libraries(${name} PRIVATE ${ARG_LINK})
  target_precompile_headers(${name} PRIVATE ${ARG_UNPARSED_ARGUMENTS})
endfunction()

# upconv_library(NAME sources... [HEADERS of] [DEPENDS targets...] [LINK libs...])
function(upconv_library name)
  cmake_parse_arguments(ARG "" "HEADERS" "DEPENDS;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  if(ARG_HEADERS)
    target_precompile_headers(${name} REUSE_FROM ${ARG_HEADERS})
  endif()
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
endfunction()

# upconv_dialect(Keras keras): Ops, Types, Attrs and Dialect from <Name>Ops.td
# in the current include folder, as target Upconv<Name>IncGen.
function(upconv_dialect name namespace)
  set(LLVM_TARGET_DEFINITIONS ${name}Ops.td)
  mlir_tablegen(${name}Ops.h.inc -gen-op-decls)
  mlir_tablegen(${name}Ops.cpp.inc -gen-op-defs)
  mlir_tablegen(${name}Dialect.h.inc -gen-dialect-decls -dialect=${namespace})
  mlir_tablegen(${name}Dialect.cpp.inc -gen-dialect-defs -dialect=${namespace})
  mlir_tablegen(${name}Attrs.h.inc -gen-attrdef-decls -attrdefs-dialect=${namespace})
  mlir_tablegen(${name}Attrs.cpp.inc -gen-attrdef-defs -attrdefs-dialect=${namespace})
  add_public_tablegen_target(Upconv${name}IncGen)
endfunction()

# upconv_tool(NAME sources... [LINK libs...])
function(upconv_tool name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_LINK})
endfunction()

# upconv_unittest(NAME sources... [LINK libs...]): a GoogleTest binary whose tests
# lit finds one by one. lit knows such binaries by names that end in "Tests".
function(upconv_unittest name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  string(REGEX REPLACE "Tests?$" "" stem ${name})
  add_executable(${name} EXCLUDE_FROM_ALL ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} GTest::gtest GTest::gtest_main)
  set_target_properties(${name} PROPERTIES
    OUTPUT_NAME ${stem}Tests
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  set_property(GLOBAL APPEND PROPERTY UPCONV_UNIT_TESTS ${name})
endfunction()
