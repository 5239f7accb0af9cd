# Finds what upconv leans on. Versions are pinned here and nowhere else; the
# reasons stand in docs/Facts.md.

# The MLIR package config accepts exact versions only, so the major version is
# checked by hand.
find_package(MLIR REQUIRED CONFIG)
if(NOT LLVM_VERSION_MAJOR EQUAL 22)
  message(FATAL_ERROR "upconv needs LLVM and MLIR 22, found ${LLVM_PACKAGE_VERSION}")
endif()
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)
include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
separate_arguments(LLVM_DEFINITIONS_LIST NATIVE_COMMAND ${LLVM_DEFINITIONS})
add_definitions(${LLVM_DEFINITIONS_LIST})

# Halide comes from a wheel in the project's own virtual environment.
file(GLOB UPCONV_HALIDE_DIR ${UPCONV_VENV}/lib/python3*/site-packages/halide)
if(NOT UPCONV_HALIDE_DIR)
  message(FATAL_ERROR "no Halide in '${UPCONV_VENV}': run 'make setup' first")
endif()
add_library(Halide::Halide SHARED IMPORTED)
set_target_properties(Halide::Halide PROPERTIES
  IMPORTED_LOCATION ${UPCONV_HALIDE_DIR}/lib64/libHalide.so
  INTERFACE_INCLUDE_DIRECTORIES ${UPCONV_HALIDE_DIR}/include
  INTERFACE_COMPILE_FEATURES cxx_std_17)

find_package(PkgConfig REQUIRED)
pkg_check_modules(JSONCPP REQUIRED IMPORTED_TARGET jsoncpp)
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)
find_package(HDF5 REQUIRED COMPONENTS C)
find_package(GTest REQUIRED)
find_package(Threads REQUIRED)

# Halide's passes make and drop millions of small nodes: with this allocator they
# take an eighth less time. Sanitizers bring their own.
if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  find_library(UPCONV_ALLOCATOR libtcmalloc_minimal.a)
endif()
if(NOT UPCONV_ALLOCATOR)
  set(UPCONV_ALLOCATOR "")
  message(STATUS "upconv: the C library's allocator")
endif()
