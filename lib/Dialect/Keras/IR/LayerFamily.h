//===- LayerFamily.h - One definition for the ops of a family -------------===//
//
// A family is a struct of static function templates over the ops' adaptors; the
// macro binds an op to it. The labels (C1), (C2), ... in the families' comments
// are those of the .td files.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_DIALECT_KERAS_IR_LAYERFAMILY_H
#define UPCONV_LIB_DIALECT_KERAS_IR_LAYERFAMILY_H

#include "ShapeInference.h"

namespace upconv::keras {

/// What a family inherits and replaces: no rules, the input's type, no
/// variables.
struct LayerFamily {
  template <typename Adaptor>
  static llvm::LogicalResult verifyArguments(const LayerContext &, Adaptor) {
    return llvm::success();
  }
  template <typename Adaptor>
  static llvm::LogicalResult
  inferShape(const LayerContext &, Adaptor adaptor,
             llvm::SmallVectorImpl<mlir::Type> &results) {
    results.push_back(adaptor.getInput().getType());
    return llvm::success();
  }
  template <typename Op> static llvm::SmallVector<VariableSpec> variables(Op) {
    return {};
  }
};

inline mlir::RankedTensorType typeOf(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType());
}
inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) {
  return typeOf(value).getShape();
}

} // namespace upconv::keras

// The family comes last, since its template arguments hold commas.
#define UPCONV_DEFINE_LAYER(OP, ...)                                           \
  mlir::LogicalResult OP::verifyArguments(mlir::Location location,             \
                                          Adaptor adaptor) {                   \
    return __VA_ARGS__::verifyArguments(                                       \
        upconv::keras::LayerContext{location, getLayerClass()}, adaptor);      \
  }                                                                            \
  mlir::LogicalResult OP::inferReturnTypes(                                    \
      mlir::MLIRContext *context, std::optional<mlir::Location> location,      \
      Adaptor adaptor, mlir::SmallVectorImpl<mlir::Type> &results) {           \
    upconv::keras::LayerContext layer{                                         \
        location.value_or(mlir::UnknownLoc::get(context)), getLayerClass()};   \
    if (mlir::failed(__VA_ARGS__::verifyArguments(layer, adaptor)))            \
      return mlir::failure();                                                  \
    return __VA_ARGS__::inferShape(layer, adaptor, results);                   \
  }                                                                            \
  mlir::SmallVector<upconv::keras::VariableSpec> OP::getVariableSpecs() {      \
    return __VA_ARGS__::variables(*this);                                      \
  }

#endif // UPCONV_LIB_DIALECT_KERAS_IR_LAYERFAMILY_H
