//===- Npy.h - NumPy's .npy and .npz files --------------------------------===//

#ifndef UPCONV_SUPPORT_NPY_H
#define UPCONV_SUPPORT_NPY_H

#include "upconv/Support/Tensor.h"

#include "llvm/Support/Error.h"

#include <map>
#include <string>

namespace upconv {

/// Reads a .npy file (format 1.0 to 3.0; any float or integer type of up to 64
/// bits, either byte order, C or Fortran order) as float64; "-" is standard
/// input. Errors are one line and begin with the path.
llvm::Expected<Tensor64> readNpy(const std::string &path);

/// Writes float32, C order, format 1.0, through a temporary file renamed into
/// place; "-" is standard output.
llvm::Error writeNpy(const std::string &path, const Tensor &tensor);

/// The members of a .npz (stored or deflated), by name without ".npy".
llvm::Expected<std::map<std::string, Tensor64>>
readNpz(const std::string &path);

} // namespace upconv

#endif // UPCONV_SUPPORT_NPY_H
