//===- LayerLocation.h - Errors that point at a layer's argument ----------===//
//
// The location of a keras op is NameLoc(layer, inner). Where the importer knows
// them, `inner` is a FusedLoc whose metadata is a dictionary from an argument's
// name to its own location in the file.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_DIALECT_KERAS_IR_LAYERLOCATION_H
#define UPCONV_DIALECT_KERAS_IR_LAYERLOCATION_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"

#include <optional>
#include <utility>

namespace upconv::keras {

/// Builds the location of a layer call.
mlir::Location getLayerLocation(
    llvm::StringRef layerName, mlir::Location place,
    llvm::ArrayRef<std::pair<llvm::StringRef, mlir::Location>> argumentPlaces);

/// The layer's name, or an empty string.
llvm::StringRef getLayerName(mlir::Location location);

/// Where the file sets `argument`, or the layer's own place if it does not.
mlir::Location getArgumentLocation(mlir::Location location,
                                   llvm::StringRef argument);

/// True if the file sets `argument` explicitly at a known place.
bool hasArgumentLocation(mlir::Location location, llvm::StringRef argument);

/// Starts an error at `argument` (or at the layer if empty) with the prefix
/// "layer 'NAME' (CLASS): ".
mlir::InFlightDiagnostic emitLayerError(mlir::Location location,
                                        llvm::StringRef layerClass,
                                        llvm::StringRef argument = {});

} // namespace upconv::keras

#endif // UPCONV_DIALECT_KERAS_IR_LAYERLOCATION_H
