//===- WrapperOps.cpp - Layers around another layer -----------------------===//

#include "LayerFamily.h"

using namespace mlir;
using namespace upconv::keras;

namespace {

LogicalResult verifySteps(const LayerContext &layer, ArrayRef<int64_t> input) {
  if (input.size() >= 3)
    return success();
  return layer.error() << "the input must have a batch, steps and at least one "
                          "axis more, got shape "
                       << formatShape(input);
}

/// How many samples the merged steps are.
CheckedInt mergedSteps(ArrayRef<int64_t> input) {
  return CheckedInt(input[0]) * input[1];
}

bool isKnown(ArrayRef<int64_t> input) {
  return !ShapedType::isDynamic(input[0]) && !ShapedType::isDynamic(input[1]);
}

struct MergeSteps : LayerFamily {
  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    RankedTensorType input = typeOf(adaptor.getInput());
    // merge_steps_c1
    if (failed(verifySteps(layer, input.getShape())))
      return failure();
    SmallVector<int64_t> shape(input.getShape().drop_front());
    shape.front() = ShapedType::kDynamic;
    if (isKnown(input.getShape())) {
      CheckedInt steps = mergedSteps(input.getShape());
      if (steps.overflowed())
        return layer.error()
               << "the number of steps of " << formatShape(input.getShape())
               << " overflows 64 bits";
      shape.front() = steps.get();
    }
    return finishShape(layer, shape, input.getElementType(), results);
  }
};

struct TimeDistributed : LayerFamily {
  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    ArrayRef<int64_t> input = shapeOf(adaptor.getInput());
    RankedTensorType steps = typeOf(adaptor.getSteps());
    // time_distributed_c1
    if (failed(verifySteps(layer, input)))
      return failure();
    // time_distributed_c2
    if (isKnown(input) && !steps.isDynamicDim(0)) {
      CheckedInt expected = mergedSteps(input);
      if (expected.overflowed() || steps.getDimSize(0) != expected.get())
        return layer.error()
               << "the wrapped layer must keep the steps of an input of shape "
               << formatShape(input) << ", its output has shape "
               << formatShape(steps.getShape());
    }
    // time_distributed_c3
    if (steps.getRank() > 5)
      return layer.error() << "the output would have more than 6 axes";
    SmallVector<int64_t> shape = {input[0], input[1]};
    llvm::append_range(shape, steps.getShape().drop_front());
    return finishShape(layer, shape, steps.getElementType(), results);
  }
};

/// The shape of the kernel (or table) that the layer before `value` has, or
/// nothing. An activation may stand between.
std::optional<SmallVector<int64_t>> kernelBehind(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    auto layer = dyn_cast<LayerOpInterface>(op);
    if (!layer || op->getNumOperands() != 1)
      break;
    for (const VariableSpec &variable : layer.getVariableSpecs())
      if (variable.name == "kernel" || variable.name == "embeddings")
        return variable.shape;
    value = op->getOperand(0);
  }
  return std::nullopt;
}

struct SpectralNormalization : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // spectral_normalization_c1
    return verifyPositive(layer, "power_iterations",
                          adaptor.getPowerIterations());
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    // spectral_normalization_c2
    if (!kernelBehind(adaptor.getInput()))
      return layer.error()
             << "the wrapped layer has neither a kernel nor embeddings";
    return LayerFamily::inferShape(layer, adaptor, results);
  }

  template <typename Op> static SmallVector<VariableSpec> variables(Op op) {
    auto kernel = kernelBehind(op.getInput());
    return {{"vector_u", {1, kernel ? kernel->back() : 1}, false}};
  }
};

} // namespace

UPCONV_DEFINE_LAYER(MergeStepsOp, MergeSteps)
UPCONV_DEFINE_LAYER(TimeDistributedOp, TimeDistributed)
UPCONV_DEFINE_LAYER(SpectralNormalizationOp, SpectralNormalization)

OpFoldResult SpectralNormalizationOp::fold(FoldAdaptor) { return getInput(); }
