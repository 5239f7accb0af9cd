//===- WinogradSums.cpp - Sums whose neighbours share products ------------===//
//
// A block of filters (MinimalFilter.h), a few along each axis: their inputs are
// transformed, then for every point one register tile of filters times output
// channels sums up products over the input channels, and the outputs are sums
// of those sums. Inputs and sums of a block stay on the stack, which is in the
// first cache:
//   transformed  point x filter x `kp` input channels
//   products     point x filter x channel tile
// Input channels pass `kp` at a time. Axes without a filter (one tap, more than
// three, the outermost of three) have their taps in that loop.
//
//===----------------------------------------------------------------------===//

#include "ContractionEmitter.h"
#include "MinimalFilter.h"

#include <algorithm>

using Halide::Internal::simplify;

namespace upconv {

int64_t winogradBlock(const KernelSpec &spec, const Stage &stage,
                      int64_t axis) {
  int64_t outputs = stage.axes[axis].outputs;
  int64_t count = tiledPositions(spec, stage, axis);
  bool inner = axis == axisCount(spec) - 1;
  int64_t most = spec.schedule.knob(inner ? "tx" : "ty", inner ? 6 : 1);
  if (count < outputs) // an axis without a filter
    return outputs;
  // Blocks of equal size; the last one is shifted inwards, so one has to fit.
  int64_t filters = ceilDiv(count, outputs);
  int64_t perBlock = ceilDiv(filters, ceilDiv(filters, most));
  return std::min(perBlock, count / outputs) * outputs;
}

int64_t winogradChannels(const KernelSpec &spec, const Stage &stage) {
  int64_t channels = stage.tiling.reduction;
  int64_t most = std::min(spec.schedule.knob("kp", 64), channels);
  for (int64_t count = most; count >= std::min<int64_t>(16, channels); --count)
    if (channels % count == 0)
      return count;
  return 0;
}

static int64_t points(const Stage &stage) {
  int64_t product = 1;
  for (const AxisStage &axis : stage.axes)
    if (axis.outputs > 1)
      product *= axis.products();
  return product;
}

/// Filters of a block.
static int64_t filters(const KernelSpec &spec, const Stage &stage) {
  int64_t product = 1;
  int64_t axes = axisCount(spec);
  for (int64_t axis = std::max<int64_t>(0, axes - 2); axis < axes; ++axis)
    product *= winogradBlock(spec, stage, axis) / stage.axes[axis].outputs;
  return product;
}

int64_t winogradScratch(const KernelSpec &spec, const Stage &stage) {
  const ChannelTiling &tiling = stage.tiling;
  return 4 * points(stage) * filters(spec, stage) *
         (winogradChannels(spec, stage) + tiling.vectors * tiling.lanes);
}

Tiling ContractionEmitter::winogradTiling(const Stage &stage,
                                          const Range &range,
                                          int64_t axis) const {
  Tiling tiling;
  tiling.size = winogradBlock(spec, stage, axis);
  Expr size = constant(tiling.size), count = simplify(range.count);
  tiling.tiles = simplify((count + size - 1) / size);
  tiling.base = [=](Expr tile) {
    return simplify(Halide::min(tile * size, count - size));
  };
  return tiling;
}

namespace {
/// An axis of a block: its filter, or none and taps in the outer loop.
struct FilteredAxis {
  MinimalFilter filter = minimalFilter(1, 1); ///< where there is none
  bool filtered = false;
};
} // namespace

static FilteredAxis filtered(const AxisStage &along) {
  if (along.outputs == 1)
    return FilteredAxis();
  return {minimalFilter(along.outputs, along.taps), true};
}

/// A row of a matrix times `values`, without its zeros.
static Expr rowTimes(const std::vector<double> &row,
                     const std::vector<Expr> &values) {
  Expr sum;
  for (size_t i = 0; i < row.size(); ++i) {
    if (row[i] == 0)
      continue;
    bool one = row[i] == 1 || row[i] == -1;
    Expr term = one ? values[i] : values[i] * static_cast<float>(row[i]);
    if (!sum.defined())
      sum = row[i] == -1 ? -term : term;
    else
      sum = row[i] == -1 ? sum - term : sum + term;
  }
  return sum.defined() ? sum : Expr(0.0f);
}

/// Matrix times `values`, one row of it chosen by `row`, which an unrolled loop
/// makes a constant.
static Expr chosenRow(const MinimalFilter::Matrix &matrix, Expr row,
                      const std::vector<Expr> &values) {
  std::vector<Expr> rows;
  for (const std::vector<double> &coefficients : matrix)
    rows.push_back(rowTimes(coefficients, values));
  return rows.size() == 1 ? rows.front() : Halide::mux(row, rows);
}

/// Taps of the axes without a filter, outermost first, as the outer loop's
/// steps number them: the last axis's fastest, and its channels faster still.
static std::vector<Expr> directTaps(const Stage &stage, Expr step,
                                    int64_t passes) {
  std::vector<Expr> taps(stage.axes.size(), Expr(0));
  Expr rest = simplify(step / constant(passes));
  for (size_t a = stage.axes.size(); a-- > 0;) {
    const AxisStage &along = stage.axes[a];
    if (along.outputs > 1 || along.taps == 1)
      continue;
    taps[a] = simplify(rest % constant(along.taps));
    rest = simplify(rest / constant(along.taps));
  }
  return taps;
}

/// The input of a block under the transform, at point ("xp", "yp") of filter
/// ("xt", "yt"). Zero outside the input.
Expr ContractionEmitter::transformedInput(const TileSums &sums, Expr channel,
                                          Expr step) const {
  const Stage &stage = sums.stage;
  int64_t kp = winogradChannels(spec, stage);
  int64_t passes = tiling.reduction / kp;
  std::vector<Expr> taps = directTaps(stage, step, passes);
  Expr ci = simplify(step % constant(passes)) * constant(kp) + channel;

  struct Place {
    Expr offset, inside;
  };
  // Where a position reads along an axis.
  auto place = [&](int64_t a, Expr position, Expr tap, bool lowest) {
    const AxisStage &along = stage.axes[a];
    Expr i = (ranges[a].first + position) * constant(along.inStep) +
             constant(lowest ? along.lowest() : along.inOffset) -
             ranges[a].inLow + tap * constant(lowest ? 1 : along.tapStep);
    Place result;
    result.offset =
        i * builder.size(spec.input.strides[axisDimension(spec, a)]);
    const Size &extent = spec.output.shape[axisDimension(spec, a)];
    int64_t last =
        along.inStep *
            (positions(extent.constant, along.outStart, along.outStep) - 1) +
        along.lowest() + (along.taps - 1) * std::abs(along.tapStep);
    int64_t input = spec.input.shape[axisDimension(spec, a)].constant;
    if (guardsLoads(spec) && (along.lowest() < 0 || last >= input))
      result.inside = i >= 0 && i < inputExtent(a);
    return result;
  };
  // Per axis of the block what each input of a filter reads.
  std::vector<Place> inputs[2];
  FilteredAxis axesOfBlock[2];
  Place outside{0, Expr()};
  for (int64_t a = 0; a < axes; ++a) {
    int64_t which = axes - 1 - a;
    if (which > 1) {
      outside = place(a, sums.at("z"), taps[a], false);
      continue;
    }
    const AxisStage &along = stage.axes[a];
    axesOfBlock[which] = filtered(along);
    const FilteredAxis &axis = axesOfBlock[which];
    Expr base =
        which == 0 ? sums.x.base(sums.at("x")) : sums.y.base(sums.at("y"));
    Expr filter = Halide::Var(which == 0 ? "xt" : "yt");
    for (int64_t i = 0; i < axis.filter.points(); ++i)
      inputs[which].push_back(place(a, base + filter * constant(along.outputs),
                                    axis.filtered ? constant(i) : taps[a],
                                    axis.filtered));
  }
  if (axes == 1)
    inputs[1].push_back({0, Expr()});

  Expr image = outside.offset + imageOffset(sums.at("n"));
  std::vector<Expr> rows;
  for (const Place &row : inputs[1]) {
    std::vector<Expr> values;
    for (const Place &column : inputs[0]) {
      Expr inside;
      for (const Expr &condition : {outside.inside, row.inside, column.inside})
        if (condition.defined())
          inside = inside.defined() ? inside && condition : condition;
      // Tests of a pixel, not of its channels: those stay one vector.
      Expr pixel = image + row.offset + column.offset;
      if (inside.defined())
        pixel = Halide::select(inside, pixel, 0);
      Expr value = builder.loadInput(pixel + ci);
      if (inside.defined())
        value = Halide::select(inside, value, 0.0f);
      values.push_back(value);
    }
    rows.push_back(
        chosenRow(axesOfBlock[0].filter.input, Halide::Var("xp"), values));
  }
  return chosenRow(axesOfBlock[1].filter.input, Halide::Var("yp"), rows);
}

Halide::Func
ContractionEmitter::productSums(const Stage &stage, const ChannelPart &part,
                                const Tiling &y, const Tiling &x,
                                const std::vector<std::string> &outer,
                                std::vector<Halide::Func> &inside) {
  using Halide::Var;
  ChannelBlock block{0, tiling.reduction, 1, true, true};
  std::string suffix = std::to_string(counter);
  TileSums sums{stage, part, y, x, block, outer, Halide::Func("acc" + suffix),
                {}};
  FilteredAxis xAxis = filtered(stage.axes.back());
  FilteredAxis yAxis =
      axes >= 2 ? filtered(stage.axes[axes - 2]) : FilteredAxis();
  struct Extent {
    const char *name;
    int64_t size;
  };
  const std::vector<Extent> tile = {
      {"lane", tiling.lanes},
      {"v", part.vectors},
      {"xt", x.size / stage.axes.back().outputs},
      {"yt", axes >= 2 ? y.size / stage.axes[axes - 2].outputs : 1}};
  const std::vector<Extent> point = {{"xp", xAxis.filter.points()},
                                     {"yp", yAxis.filter.points()}};
  int64_t kp = winogradChannels(spec, stage), passes = tiling.reduction / kp;
  int64_t steps = passes;
  for (const AxisStage &along : stage.axes)
    steps *= along.outputs > 1 ? 1 : along.taps;

  auto variables = [](std::initializer_list<std::vector<Extent>> lists) {
    std::vector<Var> result;
    for (const std::vector<Extent> &list : lists)
      for (const Extent &extent : list)
        result.emplace_back(extent.name);
    return result;
  };
  auto withLoops = [&](std::vector<Var> list, bool step) {
    if (step)
      list.emplace_back("step");
    for (const std::string &name : outer)
      list.emplace_back(name);
    return list;
  };
  auto exprs = [](const std::vector<Var> &list) {
    return std::vector<Expr>(list.begin(), list.end());
  };
  auto bound = [](Halide::Func func, const std::vector<Extent> &list) {
    for (const Extent &extent : list)
      func.bound(Var(extent.name), 0, constant(extent.size));
  };

  // Transformed inputs, channels innermost.
  Halide::Func transformed("transformed" + suffix);
  const std::vector<Extent> channel = {{"channel", kp}};
  const std::vector<Extent> place = {tile[2], tile[3]};
  std::vector<Var> ofInput =
      withLoops(variables({channel, place, point}), true);
  transformed(ofInput) = transformedInput(sums, Var("channel"), Var("step"));
  bound(transformed, channel);
  bound(transformed, place);
  bound(transformed, point);
  int64_t width = spec.target.vectorFloats;
  while (kp % width != 0)
    width /= 2;
  transformed.reorder(Var("xp"), Var("yp"), Var("channel"), Var("xt"),
                      Var("yt"));
  transformed.unroll(Var("xp")).unroll(Var("yp"));
  if (width > 1) // whole vectors of a step's channels
    transformed.vectorize(Var("channel"), static_cast<int>(width));
  transformed.store_in(Halide::MemoryType::Register);

  // One point's products, summed over the channels of a step in registers.
  int64_t unroll = std::clamp<int64_t>(spec.schedule.knob("ku", 1), 1, kp);
  while (kp % unroll != 0)
    --unroll;
  Nest channels({{"ciu", constant(unroll), Loop::Unrolled},
                 {"ci", constant(kp / unroll)}});
  Expr ci = channels.at("ci") * constant(unroll) + channels.at("ciu");
  sums.arguments = withLoops(variables({tile, point}), true);
  sums.func(sums.arguments) = 0.0f;
  std::vector<Expr> taps = directTaps(stage, Var("step"), passes);
  Expr product = 0;
  for (int64_t a = 0; a < axes; ++a) {
    const AxisStage &along = stage.axes[a];
    Expr number = along.outputs == 1 ? taps[a]
                  : a == axes - 1    ? Expr(Var("xp"))
                                     : Expr(Var("yp"));
    product = product * constant(along.products()) + number;
  }
  std::vector<Expr> read = exprs(ofInput);
  read[0] = ci;
  Expr row = simplify(Var("step") % constant(passes)) * constant(kp) + ci;
  sums.func(sums.arguments) +=
      transformed(read) *
      builder.loadWeight(weightIndex(sums, 0, product, row));
  bound(sums.func, tile);
  sums.func.store_in(Halide::MemoryType::Stack);
  Halide::Stage update = sums.func.update();
  update.reorder({Var("lane"), Var("v"), Var("xt"), Var("yt"), channels["ciu"],
                  channels["ci"]});
  if (unroll > 1)
    update.unroll(channels["ciu"]);
  auto unrollTile = [&](Halide::Stage stage) {
    stage.unroll(Var("v")).unroll(Var("xt")).unroll(Var("yt"));
    if (tiling.lanes > 1)
      stage.vectorize(Var("lane"));
  };
  unrollTile(sums.func);
  unrollTile(update);

  // All points' products.
  Halide::Func products("products" + suffix);
  std::vector<Var> ofProducts = withLoops(variables({tile, point}), false);
  Halide::RDom step(0, constant(steps), "step" + suffix);
  std::vector<Expr> target = exprs(ofProducts), source = target;
  source.insert(source.begin() + tile.size() + point.size(),
                steps > 1 ? Expr(step.x) : Expr(0));
  if (steps > 1) {
    products(ofProducts) = 0.0f;
    unrollTile(products);
    products(ofProducts) += sums.func(source);
    Halide::Stage add = products.update();
    unrollTile(add);
    add.reorder({Var("lane"), Var("v"), Var("xt"), Var("yt"), Var("xp"),
                 Var("yp"), step.x});
    sums.func.compute_at(products, Var("xp"));
    transformed.compute_at(products, step.x);
    inside = {products};
  } else {
    products(ofProducts) = sums.func(source);
    unrollTile(products);
    sums.func.compute_at(products, Var("xp"));
    inside = {products, transformed};
  }
  bound(products, tile);
  bound(products, point);
  // On the stack whatever the size: Halide's `Stack` ends at 16 KiB.
  products.store_in(Halide::MemoryType::Register);
  return products;
}

Expr ContractionEmitter::sumsOfProducts(const Stage &stage,
                                        Halide::Func products, const Nest &nest,
                                        const std::vector<Expr> &around) const {
  FilteredAxis xAxis = filtered(stage.axes.back());
  FilteredAxis yAxis =
      axes >= 2 ? filtered(stage.axes[axes - 2]) : FilteredAxis();
  std::vector<Expr> rows;
  for (int64_t yp = 0; yp < yAxis.filter.points(); ++yp) {
    std::vector<Expr> values;
    for (int64_t xp = 0; xp < xAxis.filter.points(); ++xp) {
      std::vector<Expr> arguments = {nest.at("lane"), nest.at("v"),
                                     nest.at("xt"),   nest.at("yt"),
                                     constant(xp),    constant(yp)};
      arguments.insert(arguments.end(), around.begin(), around.end());
      values.push_back(products(arguments));
    }
    rows.push_back(chosenRow(xAxis.filter.output, nest.at("xi"), values));
  }
  return chosenRow(yAxis.filter.output, nest.at("yi"), rows);
}

} // namespace upconv
