//===- LayerKinds.h - From an op's class to a kind of layer ---------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_LAYERKINDS_H
#define UPCONV_LIB_IMPORT_KERAS_LAYERKINDS_H

#include "LayerArguments.h"
#include "LayerReaders.h"

#include "upconv/Dialect/Keras/IR/KerasOps.h"

namespace upconv::keras_import {

namespace detail {

/// Calls `use` with an adaptor without properties of its own or with those that
/// `attributes` say.
template <typename Op, typename Use>
mlir::LogicalResult withProperties(mlir::Location location,
                                   mlir::DictionaryAttr attributes, Use use) {
  using Properties = typename Op::Properties;
  Properties properties{};
  if constexpr (!std::is_same_v<Properties, mlir::EmptyProperties>)
    if (mlir::failed(Op::setPropertiesFromAttr(
            properties, attributes, [&] { return mlir::emitError(location); })))
      return mlir::failure();
  return use(properties);
}

template <typename Op>
mlir::LogicalResult verifyKind(mlir::Location location,
                               mlir::DictionaryAttr attributes) {
  return withProperties<Op>(location, attributes, [&](auto &properties) {
    return Op::verifyArguments(
        location,
        typename Op::Adaptor(mlir::ValueRange(), attributes, properties));
  });
}

template <typename Op>
mlir::Operation *buildKind(mlir::OpBuilder &builder, mlir::Location location,
                           mlir::ValueRange inputs,
                           mlir::DictionaryAttr attributes) {
  llvm::SmallVector<mlir::Type> types;
  mlir::LogicalResult inferred =
      withProperties<Op>(location, attributes, [&](auto &properties) {
        return Op::inferReturnTypes(
            builder.getContext(), location,
            typename Op::Adaptor(inputs, attributes, properties), types);
      });
  if (mlir::failed(inferred))
    return nullptr;
  mlir::OperationState state(location, Op::getOperationName(), inputs, types,
                             attributes.getValue());
  return builder.create(state);
}

} // namespace detail

/// The kind of layer that `Op` is, with the reader of its arguments.
template <typename Op>
LayerKind kindOf(void (*read)(LayerArguments &), bool merges = false) {
  return {Op::getLayerClass(), read, merges, detail::verifyKind<Op>,
          detail::buildKind<Op>};
}

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_LAYERKINDS_H
