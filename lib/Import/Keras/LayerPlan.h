//===- LayerPlan.h - A layer and a model between file and IR --------------===//
//
// What the readers make of the file, before any value exists: layers with their
// arguments as attributes, and the calls that wire them.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_LAYERPLAN_H
#define UPCONV_LIB_IMPORT_KERAS_LAYERPLAN_H

#include "Json.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OperationSupport.h"

namespace upconv::keras_import {

class LayerArguments;
struct LayerKind;

using Shape = llvm::SmallVector<int64_t>;

/// Which Keras wrote the file; their arguments differ in a few places.
enum class Flavor { Keras2, Keras3 };

struct LayerPlan {
  std::string name;
  std::string className;
  /// Null for an InputLayer and for a layer that cannot be built; an error has
  /// been reported for the latter.
  const LayerKind *kind = nullptr;
  bool isInput = false;
  /// Whether all arguments could be read.
  bool valid = true;
  mlir::Location place;
  mlir::NamedAttrList attributes;
  std::vector<std::pair<std::string, mlir::Location>> argumentPlaces;
  /// The layer object given as `activation`, applied after this layer.
  std::unique_ptr<LayerPlan> activation;
  /// build_config's input_shape.
  std::optional<Shape> recordedInput;
  /// A transposed layer whose file does not say `output_padding` at all.
  bool outputPaddingAbsent = false;
  /// The group of the layer's variables in a weights file, e.g. "conv2d_1".
  std::string weightGroup;

  explicit LayerPlan(mlir::Location place) : place(place) {}

  /// NameLoc(name, place of the layer and its arguments).
  mlir::Location location() const;
};

/// An input of the model.
struct InputPlan {
  std::string name;
  Shape shape;
  mlir::Location place;
};

/// A reference to the result of call `call` of layer `layer`.
struct TensorReference {
  std::string layer;
  int64_t call = 0;
  int64_t tensor = 0;
  mlir::Location place;
  /// The shape that the file records for this tensor.
  std::optional<Shape> recordedShape;
};

/// One application of a layer.
struct LayerCall {
  size_t layer;
  std::vector<TensorReference> inputs;
  mlir::Location place;
};

struct ModelPlan {
  std::string name;
  std::string version; ///< Keras's, may be empty
  Flavor flavor = Flavor::Keras3;
  /// A single layer without a model around it.
  bool isBareLayer = false;
  /// Inputs in the model's order; each is also a layer of the same name.
  std::vector<InputPlan> inputs;
  /// In the order of Keras's `model.layers`.
  std::vector<std::unique_ptr<LayerPlan>> layers;
  /// Per layer in calling order.
  std::vector<LayerCall> calls;
  std::vector<TensorReference> outputs;
};

/// A class of layers: how its arguments are read and how its op is built.
struct LayerKind {
  llvm::StringRef className;
  void (*read)(LayerArguments &);
  /// Whether the layer takes a list of inputs.
  bool merges;
  /// Checks what does not depend on the input; reports what is wrong.
  mlir::LogicalResult (*verify)(mlir::Location, mlir::DictionaryAttr);
  /// Infers the type, which reports what is wrong, and creates the op.
  mlir::Operation *(*build)(mlir::OpBuilder &, mlir::Location, mlir::ValueRange,
                            mlir::DictionaryAttr);
};

/// The kind of `className`, or null after an error at `node`: unsupported if
/// Keras has such a layer, invalid otherwise.
const LayerKind *findLayerKind(JsonValue node, llvm::StringRef className,
                               llvm::StringRef layerName, Reporter &reporter);

/// Reads {"class_name", "config"} of any layer.
std::unique_ptr<LayerPlan> readLayer(JsonValue node, llvm::StringRef name,
                                     Flavor flavor, Reporter &reporter);

/// A shape of ints and nulls, as a list or in tf.keras's TensorShape and tuple
/// objects; nothing if it is anything else.
std::optional<Shape> readShape(JsonValue value);

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_LAYERPLAN_H
