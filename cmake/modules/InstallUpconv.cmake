# What `make install` puts under the prefix: the tools, the one library that the
# system does not have, and the CMake package.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(UPCONV_PRIVATE_LIBDIR ${CMAKE_INSTALL_LIBDIR}/upconv)
set(UPCONV_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/upconv)
file(RELATIVE_PATH UPCONV_LIB_FROM_BIN
  ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/upconv)

set_target_properties(upconv upconv-opt upconv-translate PROPERTIES
  INSTALL_RPATH "$ORIGIN/${UPCONV_LIB_FROM_BIN}")
install(TARGETS upconv upconv-opt upconv-translate)
install(IMPORTED_RUNTIME_ARTIFACTS Halide::Halide
  LIBRARY DESTINATION ${UPCONV_PRIVATE_LIBDIR})

configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/upconvConfig.cmake.in
  ${PROJECT_BINARY_DIR}/upconvConfig.cmake
  INSTALL_DESTINATION ${UPCONV_PACKAGE_DIR}
  PATH_VARS CMAKE_INSTALL_BINDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/upconvConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/upconvConfig.cmake
  ${PROJECT_BINARY_DIR}/upconvConfigVersion.cmake
  ${PROJECT_SOURCE_DIR}/cmake/UpconvAddLibrary.cmake
  DESTINATION ${UPCONV_PACKAGE_DIR})
