//===- GpuShapes.cpp - Thread block tiles in numbers ----------------------===//

#include "upconv/Target/Halide/GpuShapes.h"

#include "GpuTile.h"

#include <algorithm>

namespace upconv {

/// Blocks that cover the positions and columns of a stage.
static double blocksOf(const KernelSpec &spec, const Stage &stage,
                       const GpuTile &tile) {
  const ChannelTiling &tiling = stage.tiling;
  int64_t axes = axisCount(spec);
  double blocks = double(ceilDiv(tiling.channels, tile.blockColumns())) *
                  tiling.groups * stage.copies();
  // Each image once per part of its sums, whether or not the output says so.
  blocks *= sumParts(spec);
  if (!batchIsAxis(spec))
    blocks *= std::max<int64_t>(1, spec.input.shape[0].constant);
  for (int64_t axis = 0; axis < axes; ++axis) {
    const AxisStage &along = stage.axes[axis];
    int64_t count = std::max<int64_t>(
        0, positions(spec.output.shape[axisDimension(spec, axis)].constant,
                     along.outStart, along.outStep));
    int64_t ofBlock = axis == axes - 1   ? tile.blockPixels()
                      : axis == axes - 2 ? tile.blockRows()
                                         : 1;
    blocks *= ceilDiv(count, ofBlock);
  }
  return blocks;
}

static std::string describe(const GpuTile &tile) {
  std::string text;
  for (int64_t number :
       {tile.lanes, tile.vectors, tile.columnThreads, tile.pixels, tile.rows,
        tile.pixelThreads, tile.rowThreads, tile.channels, tile.taps})
    text += (text.empty() ? "" : "x") + std::to_string(number);
  return text;
}

std::vector<GpuStageShape> gpuStageShapes(const KernelSpec &spec) {
  std::vector<GpuStageShape> shapes;
  if (!usesGpuTiles(spec))
    return shapes;
  for (const Stage &stage : stages(spec)) {
    if (stage.taps() == 0)
      continue;
    GpuTile tile = gpuTileOf(spec, stage);
    const AxisStage &inner = stage.axes.back();
    GpuStageShape shape;
    shape.sums = tile.sums();
    shape.loads = tile.vectors + tile.pixels * tile.rows;
    shape.threads = tile.threads();
    shape.sharedBytes = tile.sharedBytes(inner);
    shape.blocks = blocksOf(spec, stage, tile);
    // Channels in whole steps; taps divide evenly.
    int64_t chunks = tile.steps;
    shape.steps = double(chunks) * tile.channels * stage.taps();
    double stagings = double(chunks) * stage.taps() / tile.taps;
    shape.stagedFloats = stagings * tile.channels *
                         (double(tile.span(inner)) * tile.blockRows() +
                          double(tile.blockColumns()) * tile.taps);
    shape.tile = describe(tile);
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

} // namespace upconv
