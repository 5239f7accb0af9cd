//===- Data.h - Inputs and outputs of run and verify ----------------------===//

#ifndef UPCONV_LIB_DRIVER_DATA_H
#define UPCONV_LIB_DRIVER_DATA_H

#include "Options.h"

#include "upconv/Driver/Driver.h"
#include "upconv/Support/Tensor.h"

namespace upconv {

/// A port by both its names, with ShapedType::kDynamic for unknown sizes.
struct PortShape {
  std::string name, layerName;
  std::vector<int64_t> shape;
};

/// The port that each of the pairs "NAME=FILE" means: by its own name, by its
/// layer's if no other port has that layer, or all in the model's order without
/// names. Prints an error that lists the names. `what` is "input" or "output".
std::optional<std::vector<size_t>>
bindPorts(llvm::ArrayRef<std::pair<std::string, std::string>> arguments,
          llvm::ArrayRef<PortShape> ports, llvm::StringRef what);

/// Reads or makes every input: .npy files, `random:SEED`, `zero`, `constant:V`.
/// Unknown sizes of made inputs come from --input-shape; the batch is 1.
ExitStatus readInputs(const Options &options,
                      const std::vector<PortShape> &ports,
                      std::vector<Tensor> &inputs);

/// Writes the outputs that the options name, or prints a line for each if they
/// name none.
ExitStatus writeOutputs(const Options &options,
                        const std::vector<PortShape> &ports,
                        const std::vector<Tensor> &outputs);

/// "(1, None, 3)".
std::string shapeText(llvm::ArrayRef<int64_t> shape);

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_DATA_H
