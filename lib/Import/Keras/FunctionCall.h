//===- FunctionCall.h - A function of tensors and its arguments -----------===//
//
// Functions (keras.ops, TFOpLambda, Lambda layers of named functions) take
// tensors and literals by position or by name, and mean different ops of the
// keras dialect by what they are given. A kind of function names its parameters
// and builds its ops.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_FUNCTIONCALL_H
#define UPCONV_LIB_IMPORT_KERAS_FUNCTIONCALL_H

#include "LayerKinds.h"

namespace upconv::keras_import {

class FunctionCall;

using FunctionResults = llvm::SmallVector<mlir::Value, 1>;

/// A function: its names, its parameters in order (each "name|other name"), and
/// how its ops are built. Building returns nothing after an error.
struct FunctionKind {
  llvm::ArrayRef<llvm::StringRef> names;
  llvm::ArrayRef<llvm::StringRef> parameters;
  FunctionResults (*build)(FunctionCall &);
};

/// One call with the tensors that it is applied to.
class FunctionCall {
public:
  FunctionCall(const LayerPlan &layer, const LayerCall &call,
               llvm::ArrayRef<mlir::Value> tensors, mlir::OpBuilder &builder,
               Reporter &reporter)
      : layer(layer), call(call), tensors(tensors), builder(builder),
        reporter(reporter) {}

  /// Binds the arguments to the parameters and builds the ops.
  FunctionResults build();

  /// The tensor given as `parameter`, which is required; null after an error.
  mlir::Value tensor(llvm::StringRef parameter);
  /// A tensor where one is given, null otherwise.
  mlir::Value tensorIfAny(llvm::StringRef parameter) const;
  /// The tensors of a list (or a single one).
  llvm::SmallVector<mlir::Value> tensorList(llvm::StringRef parameter);

  /// The literal given as `parameter`; nothing if it is absent or null.
  JsonValue literal(llvm::StringRef parameter) const;
  bool isNull(llvm::StringRef parameter) const;
  std::optional<double> number(llvm::StringRef parameter) const;
  /// An integer or a list of them; `byDefault` if absent or null. Nothing
  /// after an error.
  std::optional<Shape> integers(llvm::StringRef parameter,
                                std::optional<Shape> byDefault = {});
  bool flag(llvm::StringRef parameter, bool byDefault) const;
  /// A word in lower case.
  std::string word(llvm::StringRef parameter, llvm::StringRef byDefault) const;

  /// Makes an op of the keras dialect; null after an error.
  template <typename Op>
  mlir::Value create(mlir::ValueRange operands,
                     llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
    mlir::Operation *op =
        detail::buildKind<Op>(builder, layer.location(), operands,
                              builder.getDictionaryAttr(attributes));
    if (op)
      return op->getResult(0);
    reporter.markInvalid();
    return {};
  }
  mlir::NamedAttribute attribute(llvm::StringRef name, mlir::Attribute value) {
    return builder.getNamedAttr(name, value);
  }
  mlir::OpBuilder &getBuilder() { return builder; }
  /// The name by which the file calls the function.
  llvm::StringRef name() const { return layer.functionName; }
  /// Its last part: "math.exp" is exp.
  llvm::StringRef lastName() const {
    return name().substr(name().rfind('.') + 1);
  }
  Flavor flavor() const { return layer.flavor; }

  mlir::InFlightDiagnostic invalid(llvm::StringRef parameter);
  mlir::InFlightDiagnostic unsupported(llvm::StringRef parameter);

private:
  bool bind();
  /// Whether an argument without a parameter changes nothing; else an error.
  bool isMeaningless(const CallArgument &argument);
  bool bindArgument(const CallArgument &argument, llvm::StringRef parameter);
  const CallArgument *find(llvm::StringRef parameter) const;
  mlir::Location placeOf(llvm::StringRef parameter) const;
  bool collect(const CallArgument &argument,
               llvm::SmallVector<mlir::Value> &values) const;

  const LayerPlan &layer;
  const LayerCall &call;
  llvm::ArrayRef<mlir::Value> tensors;
  mlir::OpBuilder &builder;
  Reporter &reporter;
  /// By the first name of the parameter.
  std::vector<std::pair<llvm::StringRef, const CallArgument *>> bound;
};

llvm::ArrayRef<FunctionKind> getElementwiseFunctions();
llvm::ArrayRef<FunctionKind> getShapeFunctions();
llvm::ArrayRef<FunctionKind> getSliceFunctions();
llvm::ArrayRef<FunctionKind> getReducingFunctions();

inline int64_t rankOf(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getRank();
}
inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getShape();
}

/// Whether `axis`, from the front or from the end, is the batch of `value`.
inline bool isBatch(int64_t axis, mlir::Value value) {
  return axis == 0 || axis == -rankOf(value);
}

/// A constant: a number, a nest of lists, or an object that Keras makes of an
/// array.
struct Constant {
  Shape shape; ///< empty for a number
  std::vector<double> values;

  /// Nothing if `value` is anything else.
  static std::optional<Constant> read(JsonValue value);
  bool isUniform() const;
  /// Whether the result of an elementwise function with a tensor of `shape` has
  /// that shape.
  bool broadcastsTo(llvm::ArrayRef<int64_t> shape) const;
  /// Whether it has one value per element of the last axis.
  bool isRow() const;
};

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_FUNCTIONCALL_H
