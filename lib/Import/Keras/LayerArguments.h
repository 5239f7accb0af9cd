//===- LayerArguments.h - Reading a layer's config ------------------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_LAYERARGUMENTS_H
#define UPCONV_LIB_IMPORT_KERAS_LAYERARGUMENTS_H

#include "LayerPlan.h"

#include "llvm/ADT/StringSet.h"

namespace upconv::keras_import {

/// Turns the members of a layer's config into attributes of its plan. Each
/// method takes one argument: it checks the type (the rules are the dialect's
/// matter), applies Keras's default, and remembers where the file sets it.
class LayerArguments {
public:
  LayerArguments(LayerPlan &plan, JsonValue config, Flavor flavor,
                 Reporter &reporter)
      : plan(plan), config(config), flavor(flavor), reporter(reporter),
        builder(reporter.getContext()) {}

  // Without a default the argument is required.
  void integer(llvm::StringRef key, std::optional<int64_t> byDefault = {});
  /// `whenNull` is what an explicit null means, if it means anything.
  void number(llvm::StringRef key, std::optional<double> byDefault = {},
              std::optional<double> whenNull = {});
  void boolean(llvm::StringRef key, bool byDefault);
  /// A string; matched without case, kept in lower case.
  void keyword(llvm::StringRef key, llvm::StringRef byDefault);
  /// Null is Keras's own setting, channels_last unless somebody changed it.
  void dataFormat();
  /// An int, which stands for all axes, or a list of ints.
  void tuple(llvm::StringRef key, unsigned rank,
             std::optional<int64_t> byDefault = {});
  /// The same where null or absence means that there is no value.
  void optionalTuple(llvm::StringRef key, unsigned rank);
  /// A list of ints of any length.
  void integerList(llvm::StringRef key);
  void optionalNumber(llvm::StringRef key);
  /// An axis: an int or a list with one.
  void axis(llvm::StringRef key, int64_t byDefault);
  /// (low, high) per spatial axis: an int for all, a list of ints with the same
  /// on both sides (in 1-D the pair itself), or a list of pairs.
  void borders(llvm::StringRef key, unsigned rank, int64_t byDefault);
  /// A number or a (nested) list of numbers, as a flat list. Without
  /// `isRequired` null or absence means that there is no value.
  void numbers(llvm::StringRef key, bool isRequired,
               std::optional<double> byDefault = {});
  /// Axes: an int or a list of ints.
  void axes(llvm::StringRef key, int64_t byDefault);
  /// The same where null or absence means that there is no value.
  void optionalAxes(llvm::StringRef key);
  /// An activation function by name, or an object that describes one.
  void activation();
  /// Arguments that only training needs, kept as plain attributes.
  void training(llvm::ArrayRef<llvm::StringRef> keys);
  /// Arguments that mean nothing to a compiled model.
  void ignore(llvm::ArrayRef<llvm::StringRef> keys);
  /// Every argument but those that all layers have.
  void ignoreAll();

  /// The raw member, which counts as known from here on.
  JsonValue take(llvm::StringRef key);
  /// Stores an attribute, and `value` as the place that sets it.
  void set(llvm::StringRef key, mlir::Attribute attribute, JsonValue value);
  /// `'key' must be WHAT, got VALUE`, at the value.
  void refuseBatch(llvm::StringRef key, JsonValue value);
  void typeError(llvm::StringRef key, llvm::StringRef what, JsonValue value);
  mlir::InFlightDiagnostic error(JsonValue value, llvm::StringRef key);
  mlir::InFlightDiagnostic unsupported(JsonValue value);
  mlir::InFlightDiagnostic warning(JsonValue value);

  LayerPlan &getPlan() { return plan; }
  Flavor getFlavor() const { return flavor; }
  mlir::Builder &getBuilder() { return builder; }
  mlir::Attribute get(llvm::StringRef key) const {
    return plan.attributes.get(key);
  }

  /// Takes what every layer has (name, dtype, ...), then reports the members
  /// that nobody took.
  void finish();

private:
  std::optional<mlir::StringAttr> activationNamed(llvm::StringRef name,
                                                  JsonValue value);
  std::optional<Shape> readTuple(llvm::StringRef key, unsigned rank,
                                 JsonValue value);
  void checkDtype();
  void reportUnknown();
  mlir::InFlightDiagnostic prefixed(mlir::InFlightDiagnostic diagnostic);

  LayerPlan &plan;
  JsonValue config;
  Flavor flavor;
  Reporter &reporter;
  mlir::Builder builder;
  llvm::StringSet<> taken;
};

/// JSON as a plain attribute; null becomes a unit attribute.
mlir::Attribute toAttribute(mlir::Builder &builder, JsonValue value);

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_LAYERARGUMENTS_H
