//===- NormalizationOps.cpp - Normalizations ------------------------------===//

#include "LayerFamily.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace upconv::keras;

namespace {

/// `axis` of a normalization whose variables have the axes' sizes.
template <typename Adaptor>
FailureOr<SmallVector<int64_t>> verifyKnownAxes(const LayerContext &layer,
                                                Adaptor adaptor) {
  RankedTensorType input = typeOf(adaptor.getInput());
  auto axes = verifyAxes(layer, "axis", adaptor.getAxis(), input);
  if (failed(axes))
    return failure();
  for (int64_t axis : *axes)
    if (input.isDynamicDim(axis)) {
      layer.error("axis") << "'axis' must name axes of known sizes, got "
                          << formatShape(adaptor.getAxis())
                          << " for an input of shape "
                          << formatShape(input.getShape());
      return failure();
    }
  return axes;
}

/// The sizes of the axes in the order of the input's.
template <typename Op> SmallVector<int64_t> sizesOfAxes(Op op) {
  ArrayRef<int64_t> input = shapeOf(op.getInput());
  SmallVector<int64_t> axes, shape;
  for (int64_t axis : op.getAxis())
    axes.push_back(*normalizeAxis(axis, input.size()));
  llvm::sort(axes);
  for (int64_t axis : axes)
    shape.push_back(input[axis]);
  return shape;
}

/// The input's rank, with the sizes of the axes and 1 elsewhere.
template <typename Op> SmallVector<int64_t> sizesAmongOnes(Op op) {
  ArrayRef<int64_t> input = shapeOf(op.getInput());
  SmallVector<int64_t> shape(input.size(), 1);
  for (int64_t entry : op.getAxis()) {
    int64_t axis = *normalizeAxis(entry, input.size());
    shape[axis] = input[axis];
  }
  return shape;
}

struct BatchNormalization : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // batch_normalization_c2
    return verifyNotNegative(layer, "epsilon", adaptor.getEpsilon());
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    // batch_normalization_c1
    auto axes = verifyKnownAxes(layer, adaptor);
    if (failed(axes))
      return failure();
    if (axes->empty())
      return layer.error("axis") << "'axis' must name an axis";
    return LayerFamily::inferShape(layer, adaptor, results);
  }

  template <typename Op> static SmallVector<VariableSpec> variables(Op op) {
    SmallVector<int64_t> shape = sizesOfAxes(op);
    if (op.getAxis().size() > 1)
      shape = sizesAmongOnes(op);
    SmallVector<VariableSpec> specs;
    if (op.getScale())
      specs.push_back({"gamma", shape});
    if (op.getCenter())
      specs.push_back({"beta", shape});
    specs.push_back({"moving_mean", shape, false});
    specs.push_back({"moving_variance", shape, false});
    return specs;
  }
};

struct LayerNormalization : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // layer_normalization_c2
    return verifyNotNegative(layer, "epsilon", adaptor.getEpsilon());
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    // layer_normalization_c1
    if (failed(verifyKnownAxes(layer, adaptor)))
      return failure();
    return LayerFamily::inferShape(layer, adaptor, results);
  }

  template <typename Op> static SmallVector<VariableSpec> variables(Op op) {
    SmallVector<VariableSpec> specs;
    SmallVector<int64_t> shape = sizesOfAxes(op);
    if (op.getScale() || op.getRmsScaling())
      specs.push_back({"gamma", shape});
    if (op.getCenter() && !op.getRmsScaling())
      specs.push_back({"beta", shape});
    return specs;
  }
};

struct GroupNormalization : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // group_normalization_c2
    bool valid = true;
    if (int64_t groups = adaptor.getGroups(); groups <= 0 && groups != -1) {
      layer.error("groups")
          << "'groups' must be positive or -1, got " << groups;
      valid = false;
    }
    // group_normalization_c3
    valid &=
        succeeded(verifyNotNegative(layer, "epsilon", adaptor.getEpsilon()));
    return success(valid);
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    RankedTensorType input = typeOf(adaptor.getInput());
    // group_normalization_c1
    auto axis = normalizeAxis(adaptor.getAxis(), input.getRank());
    if (!axis || *axis == 0 || input.isDynamicDim(*axis))
      return layer.error("axis")
             << "'axis' must name an axis of known size other than the batch, "
                "got "
             << int64_t(adaptor.getAxis()) << " for an input of shape "
             << formatShape(input.getShape());
    // group_normalization_c2
    int64_t groups = adaptor.getGroups(), channels = input.getDimSize(*axis);
    if (groups != -1 && channels % groups != 0)
      return layer.error("groups") << "'groups' must divide the channels, got "
                                   << groups << " and " << channels;
    return LayerFamily::inferShape(layer, adaptor, results);
  }

  template <typename Op> static SmallVector<VariableSpec> variables(Op op) {
    ArrayRef<int64_t> input = shapeOf(op.getInput());
    int64_t channels = input[*normalizeAxis(op.getAxis(), input.size())];
    SmallVector<VariableSpec> specs;
    if (op.getScale())
      specs.push_back({"gamma", {channels}});
    if (op.getCenter())
      specs.push_back({"beta", {channels}});
    return specs;
  }
};

struct RMSNormalization : LayerNormalization {
  template <typename Op> static SmallVector<VariableSpec> variables(Op op) {
    return {{"scale", sizesOfAxes(op)}};
  }
};

struct UnitNormalization : LayerFamily {
  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    // unit_normalization_c1
    if (failed(verifyAxes(layer, "axis", adaptor.getAxis(),
                          typeOf(adaptor.getInput()))))
      return failure();
    return LayerFamily::inferShape(layer, adaptor, results);
  }
};

struct Normalization : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // normalization_c2
    auto mean = adaptor.getMean(), variance = adaptor.getVariance();
    if (bool(mean) == bool(variance) &&
        (!mean || mean->size() == variance->size()))
      return success();
    return layer.error("mean") << "'mean' and 'variance' must both be given "
                                  "with the same number of values, or both not";
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    // normalization_c1
    auto axes = verifyKnownAxes(layer, adaptor);
    if (failed(axes))
      return failure();
    // normalization_c2
    int64_t elements = 1;
    for (int64_t axis : *axes)
      elements *= shapeOf(adaptor.getInput())[axis];
    auto mean = adaptor.getMean();
    if (mean && mean->size() != 1 && int64_t(mean->size()) != elements)
      return layer.error("mean")
             << "'mean' must have 1 value or " << elements << ", got "
             << mean->size() << " for an input of shape "
             << formatShape(shapeOf(adaptor.getInput()));
    return LayerFamily::inferShape(layer, adaptor, results);
  }

  template <typename Op> static SmallVector<VariableSpec> variables(Op op) {
    if (op.getMean())
      return {};
    SmallVector<int64_t> shape = sizesOfAxes(op);
    // How many samples the statistics come from.
    VariableSpec count{"count", {}, false, "", true};
    return {{"mean", shape, false}, {"variance", shape, false}, count};
  }
};

struct Rescaling : LayerFamily {
  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    // rescaling_c1
    int64_t last = shapeOf(adaptor.getInput()).back();
    auto fits = [&](ArrayRef<double> values) {
      return values.size() == 1 || int64_t(values.size()) == last;
    };
    if (!fits(adaptor.getScale()) || !fits(adaptor.getOffset()))
      return layer.error("scale")
             << "'scale' and 'offset' must have 1 value or one per element of "
                "the last axis, got "
             << adaptor.getScale().size() << " and "
             << adaptor.getOffset().size() << " for an input of shape "
             << formatShape(shapeOf(adaptor.getInput()));
    return LayerFamily::inferShape(layer, adaptor, results);
  }
};

} // namespace

UPCONV_DEFINE_LAYER(BatchNormalizationOp, BatchNormalization)
UPCONV_DEFINE_LAYER(LayerNormalizationOp, LayerNormalization)
UPCONV_DEFINE_LAYER(GroupNormalizationOp, GroupNormalization)
UPCONV_DEFINE_LAYER(RMSNormalizationOp, RMSNormalization)
UPCONV_DEFINE_LAYER(UnitNormalizationOp, UnitNormalization)
UPCONV_DEFINE_LAYER(NormalizationOp, Normalization)
UPCONV_DEFINE_LAYER(RescalingOp, Rescaling)
