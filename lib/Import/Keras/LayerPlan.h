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
struct FunctionKind;
struct LayerKind;
struct ModelPlan;

using Shape = llvm::SmallVector<int64_t>;

/// Which Keras wrote the file; their arguments differ in a few places.
enum class Flavor { Keras2, Keras3 };

/// What a function is called with: a tensor, a list with tensors in it, or a
/// literal.
struct CallArgument {
  std::string name; ///< empty for a positional argument
  JsonValue value;
  /// The place of a tensor in `LayerCall::inputs`.
  std::optional<size_t> tensor = {};
  std::vector<CallArgument> elements = {};
};

struct LayerPlan {
  /// The path of the layer, unique in the file: `encoder/conv2d_1` is layer
  /// `conv2d_1` of the model `encoder` inside the model.
  std::string name;
  /// What the layers of the same model call it.
  std::string localName;
  std::string className;
  /// Null for an InputLayer, a model, and a layer that cannot be built; an
  /// error has been reported for the latter.
  const LayerKind *kind = nullptr;
  /// A model inside the model.
  std::unique_ptr<ModelPlan> model;
  /// Whether `model` is what a class of the user's own is made of.
  bool isComposition = false;
  /// A function of tensors (keras.ops, TFOpLambda, Lambda) in place of a layer.
  const FunctionKind *function = nullptr;
  std::string functionName; ///< as the file spells it
  /// What the layer itself holds of the function's arguments, by name.
  std::vector<CallArgument> functionArguments;
  Flavor flavor = Flavor::Keras3;
  bool isInput = false;
  /// False for a frozen layer, whose variables come last in a legacy file.
  bool trainable = true;
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
  /// The group of the layer's variables in a weights file, one component per
  /// model around it, e.g. {"functional", "conv2d_1"}.
  std::vector<std::string> weightPath;

  explicit LayerPlan(mlir::Location place);
  ~LayerPlan();

  /// NameLoc(name, place of the layer and its arguments).
  mlir::Location location() const;
};

/// An input of the model.
struct InputPlan {
  std::string name;
  Shape shape;
  mlir::Location place;
  /// What a dictionary of inputs calls it, or empty.
  std::string key = {};
};

/// A reference to the result of call `call` of layer `layer`.
struct TensorReference {
  std::string layer;
  int64_t call = 0;
  int64_t tensor = 0;
  mlir::Location place;
  /// The shape that the file records for this tensor.
  std::optional<Shape> recordedShape;
  /// What a dictionary of tensors calls it, or empty.
  std::string key = {};
};

/// One application of a layer.
struct LayerCall {
  size_t layer;
  /// All tensors of the call, in the order of the file.
  std::vector<TensorReference> inputs;
  mlir::Location place;
  std::vector<CallArgument> arguments = {}; ///< only for functions
};

/// A model; one inside another has neither version nor flavor of its own.
struct ModelPlan {
  std::string name;    ///< the path, if it is inside another
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
  /// The descriptions of custom layers with the layers' arguments in them.
  std::vector<std::unique_ptr<JsonDocument>> documents;
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

/// Whether Keras has a layer or model of this class.
bool isKerasClass(llvm::StringRef className);

/// Reads {"class_name", "config"} of any layer.
std::unique_ptr<LayerPlan> readLayer(JsonValue node, llvm::StringRef name,
                                     Flavor flavor, Reporter &reporter);

/// A shape of ints and nulls, as a list or in tf.keras's TensorShape and tuple
/// objects; nothing if it is anything else.
std::optional<Shape> readShape(JsonValue value);

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_LAYERPLAN_H
