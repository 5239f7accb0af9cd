//===- DeviceRun.h - What the kernels of a GPU call -----------------------===//

#ifndef UPCONV_LIB_TARGET_LIBRARY_DEVICERUN_H
#define UPCONV_LIB_TARGET_LIBRARY_DEVICERUN_H

#include "upconv/Target/Library/LibraryPlan.h"

#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace upconv {

/// A function that Halide's host code calls around a launch: Halide's name for
/// it, and the one in lib/Runtime that does the work.
struct DeviceFunction {
  std::string halide;
  llvm::StringRef ours;
};
/// Those of the plan's device; none for a CPU.
std::vector<DeviceFunction> deviceFunctions(const LibraryPlan &plan);
/// Its name in the library, hidden: "generator_run_kernel".
std::string deviceSymbol(const LibraryPlan &plan,
                         const DeviceFunction &function);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_LIBRARY_DEVICERUN_H
