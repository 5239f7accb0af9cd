//===- CMakePackage.cpp - <name>Config.cmake for find_package -------------===//

#include "upconv/Target/Library/EmitLibrary.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/TargetParser/Triple.h"

using namespace upconv;

std::string upconv::cmakePackageFileName(const LibraryPlan &plan) {
  return plan.name + "Config.cmake";
}

std::string upconv::emitCMakePackage(const LibraryPlan &plan) {
  std::string weights;
  if (plan.weightsMode == WeightsMode::External && takesWeights(plan))
    weights = llvm::formatv("set({0}_WEIGHTS "
                            "\"${{CMAKE_CURRENT_LIST_DIR}/{1}\")\n",
                            plan.name, weightsFileName(plan));
  // Where a program that was linked with the library finds it.
  std::string shared = sharedLibraryFileName(plan),
              import = importLibraryFileName(plan);
  std::string found = "IMPORTED_SONAME " + shared;
  if (llvm::Triple(plan.triple).isOSDarwin())
    found = "IMPORTED_SONAME \"@rpath/" + shared + "\"";
  else if (!import.empty())
    found = "IMPORTED_IMPLIB \"${CMAKE_CURRENT_LIST_DIR}/" + import + "\"";
  return llvm::formatv(
             R"(# Made by upconv. With this folder in {0}_DIR or CMAKE_PREFIX_PATH:
#   find_package({0} REQUIRED)
#   target_link_libraries(program PRIVATE {0}::{0})
include(CMakeFindDependencyMacro)
find_dependency(Threads)
if(NOT TARGET {0}::{0})
  if(EXISTS "${{CMAKE_CURRENT_LIST_DIR}/{1}")
    add_library({0}::{0} STATIC IMPORTED)
    set_target_properties({0}::{0} PROPERTIES
      IMPORTED_LOCATION "${{CMAKE_CURRENT_LIST_DIR}/{1}")
  else()
    add_library({0}::{0} SHARED IMPORTED)
    set_target_properties({0}::{0} PROPERTIES
      IMPORTED_LOCATION "${{CMAKE_CURRENT_LIST_DIR}/{2}" {3})
  endif()
  set_target_properties({0}::{0} PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${{CMAKE_CURRENT_LIST_DIR}"
    INTERFACE_LINK_LIBRARIES Threads::Threads)
endif()
)",
             plan.name, archiveFileName(plan), shared, found)
             .str() +
         weights;
}
