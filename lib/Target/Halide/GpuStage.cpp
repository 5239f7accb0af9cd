//===- GpuStage.cpp - A stage's elements, for kernels on GPUs -------------===//
//
// What thread block tiles and kernels of one thread per element share: where
// the positions of a stage lie in the input and in the output. All positions of
// a stage are one launch, edges included: a thread whose tap lies outside the
// input multiplies a zero, one outside the output stores nothing.
//
//===----------------------------------------------------------------------===//

#include "GpuContraction.h"

using Halide::Expr;
using Halide::Internal::simplify;

namespace upconv {

Expr positionCount(const Builder &builder, const AxisStage &along,
                   int64_t axis) {
  Expr extent = builder.size(axisExtent(builder.spec, axis));
  Expr step = constant(along.outStep);
  return simplify(
      Halide::max((extent - constant(along.outStart) + (step - 1)) / step, 0));
}

std::vector<Expr> outputElement(const Builder &builder, const Stage &stage,
                                const StagePosition &at) {
  const KernelSpec &spec = builder.spec;
  std::vector<Expr> element;
  if (!batchIsAxis(spec))
    element.push_back(at.image);
  for (int64_t a = 0; a < axisCount(spec); ++a) {
    const AxisStage &along = stage.axes[a];
    element.push_back(at.positions[a] * constant(along.outStep) +
                      constant(along.outStart) + at.copies[a]);
  }
  Expr perResidue = constant(spec.outputChannels() / stage.tiling.groups);
  Expr channel = at.column;
  if (stage.axes.back().stacked > 1) {
    Expr residue = at.column / perResidue;
    element.back() += residue;
    channel = at.column - residue * perResidue;
  }
  element.push_back(at.group * perResidue + channel);
  if (at.part.defined())
    element[0] += at.part * builder.size(spec.input.shape[0]);
  return element;
}

Expr inputCoordinate(const Builder &builder, const AxisStage &along,
                     int64_t axis, Expr position, Expr tap) {
  const KernelSpec &spec = builder.spec;
  Expr coordinate = position * constant(along.inStep) +
                    constant(along.inOffset) + tap * constant(along.tapStep);
  if (spec.anchor == Anchor::Conv && !batchIsAxis(spec) &&
      !spec.low[axis].isConstant())
    coordinate -= builder.size(spec.low[axis]);
  return coordinate;
}

Expr inputElement(const Builder &builder, const std::vector<Expr> &coordinates,
                  Expr image, Expr channel, Expr exists, Expr lane) {
  const KernelSpec &spec = builder.spec;
  const TensorArgument &input = spec.input;
  Expr index = channel * builder.size(input.strides.back());
  if (!batchIsAxis(spec))
    index += image * builder.size(input.strides[0]);
  Expr inside = exists;
  for (size_t a = 0; a < coordinates.size(); ++a) {
    int64_t dimension = axisDimension(spec, a);
    Expr extent = builder.size(input.shape[dimension]);
    inside = inside && coordinates[a] >= 0 && coordinates[a] < extent;
    index += coordinates[a] * builder.size(input.strides[dimension]);
  }
  // The load is made anyway, so it is one of an element that is there.
  return Halide::select(
      inside, builder.loadInput(Halide::select(inside, index, 0) + lane), 0.0f);
}

Expr finishSum(const Builder &builder, const Stage &stage,
               const StagePosition &at, Expr sum,
               const std::vector<Expr> &element) {
  Expr value = builder.opaque(sum);
  if (builder.hasBias()) {
    Expr first = at.group * constant(stage.tiling.paddedChannels());
    value = Halide::strict_float(value + builder.loadBias(first + at.column));
  }
  return builder.finish(value, element);
}

void leaveOutCutResidues(const Builder &builder, const Stage &stage, Nest &nest,
                         const std::vector<Expr> &element) {
  if (stage.axes.back().stacked == 1)
    return;
  int64_t dimension = axisDimension(builder.spec, axisCount(builder.spec) - 1);
  Expr at = element[dimension];
  nest.where(at >= 0 &&
             at < builder.size(builder.spec.output.shape[dimension]));
}

} // namespace upconv
