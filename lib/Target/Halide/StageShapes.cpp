//===- StageShapes.cpp - Register tiles in numbers ------------------------===//

#include "Stages.h"

#include "upconv/Target/Halide/CompileKernel.h"

#include <algorithm>

namespace upconv {

/// Vector multiply-adds for one output position of a stage.
static double vectorMacsPerPosition(const Stage &stage) {
  const ChannelTiling &tiling = stage.tiling;
  if (!tiling.horizontal) {
    double vectors = tiling.fullTiles * tiling.vectors + tiling.lastVectors;
    double shared = 1;
    for (const AxisStage &axis : stage.axes)
      shared *= axis.outputs;
    return vectors * stage.products() * tiling.reduction / shared;
  }
  // What is left of a run takes a vector of its own.
  int64_t perRun = ceilDiv(tiling.channels, tiling.beside) *
                   ceilDiv(stage.sharedInputs(), tiling.lanes);
  if (stage.unequal())
    perRun += ceilDiv(stage.longColumns, tiling.beside) *
              ceilDiv(tiling.reduction, tiling.lanes);
  return double(stage.taps()) / stage.run * perRun;
}

std::vector<StageShape> stageShapes(const KernelSpec &spec) {
  std::vector<StageShape> shapes;
  int64_t axes = axisCount(spec);
  for (const Stage &stage : stages(spec)) {
    if (stage.taps() == 0)
      continue;
    const ChannelTiling &tiling = stage.tiling;
    auto count = [&](int64_t axis) {
      return std::max<int64_t>(0, tiledPositions(spec, stage, axis));
    };
    StageShape shape;
    shape.columns = columnsOfTile(spec, stage);
    shape.rows = rowsOfTile(spec, stage);
    shape.vectors = tiling.vectors;
    if (tiling.fullTiles == 0)
      shape.vectors = tiling.lastVectors;
    shape.lanes = tiling.lanes;
    shape.horizontal = tiling.horizontal;
    if (matrixTiles(spec))
      shape.tileRegisters =
          ceilDiv(shape.columns, kMatrixRows) * shape.rows * shape.vectors;
    double computed = ceilDiv(count(axes - 1), shape.columns) * shape.columns;
    if (axes >= 2)
      computed *= ceilDiv(count(axes - 2), shape.rows) * shape.rows;
    for (int64_t axis = 0; axis + 2 < axes; ++axis)
      computed *= count(axis);
    if (!batchIsAxis(spec))
      computed *= std::max<int64_t>(1, spec.output.shape[0].constant);
    computed *= stage.copies() * tiling.groups;
    shape.vectorMacs = computed * vectorMacsPerPosition(stage);
    // A filter of several outputs has one sum per product.
    shape.columns /= stage.axes.back().outputs;
    if (axes >= 2)
      shape.rows /= stage.axes[axes - 2].outputs;
    shape.sums = tiling.horizontal ? computed * tiling.channels : 0;
    shapes.push_back(shape);
  }
  return shapes;
}

} // namespace upconv
