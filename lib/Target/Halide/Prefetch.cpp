//===- Prefetch.cpp - Operands that are asked for ahead of their use ------===//
//
// Input (knob `ahead`): one past the caches comes in bursts: a tile's first
// taps wait for all of its lines, the others find them in a cache, and so do
// the other stages. So every stage's tile asks for a share of what the first
// stage's tile a little further on along the row reads for the first time.
//
// Weights (knob `lead`) lie in the order of their use: PrefetchWeights asks for
// what lies a little further on.
//
//===----------------------------------------------------------------------===//

#include "ContractionEmitter.h"
#include "LoweringPasses.h"

#include "upconv/Target/Halide/CompileKernel.h"

namespace upconv {

/// Floats between what a tile reads and what it asks for: 2 KiB. From 1 to 8
/// KiB hardly differ.
static constexpr int64_t kDistance = 512;

bool prefetchesInput(const KernelSpec &spec) {
  int64_t least = spec.schedule.knob("ahead", 0) << 20;
  if (least == 0 || !spec.hasWeights() || spec.target.isGpu() ||
      batchIsAxis(spec))
    return false;
  return knownBytes(spec.input) >= least;
}

int64_t weightsAhead(const KernelSpec &spec) {
  return spec.hasWeights() && !spec.target.isGpu()
             ? spec.schedule.knob("lead", 0) * 1024 / 4
             : 0;
}

void ContractionEmitter::prefetchAhead(
    const Stage &stage, const Tiling &y, const Tiling &x, Halide::Func sums,
    const std::vector<Halide::Var> &arguments, size_t inTile) {
  if (!prefetchesInput(spec) || x.guarded)
    return;
  int64_t last = axes - 1, share = 0, shares = 0;
  Stage first;
  for (const Stage &other : stages(spec)) {
    if (other.taps() == 0)
      continue;
    if (shares == 0)
      first = other;
    if (other.firstFloat == stage.firstFloat)
      share = shares;
    ++shares;
  }
  int64_t floats = x.size * first.axes[last].inStep * spec.inputChannels();
  int64_t lines = ceilDiv(floats, kLineFloats);
  int64_t begin = share * lines / shares, end = (share + 1) * lines / shares;
  if (begin == end)
    return;
  auto at = [&](const char *loop) { return argumentNamed(arguments, loop); };
  std::vector<Loop> loops = {
      {"line", constant(end - begin), Loop::Serial, constant(begin)}};
  // Of the rows of a plane only the one furthest on is new.
  for (int64_t a = 0; a < last - 1; ++a)
    loops.push_back({"k" + std::to_string(a), constant(first.axes[a].taps)});
  Nest nest(loops);
  Expr index = constant(kDistance) + nest.at("line") * constant(kLineFloats);
  for (int64_t a = 0; a < axes; ++a) {
    const AxisStage &along = first.axes[a];
    Expr tap = nest.at("k" + std::to_string(a));
    if (a >= last - 1)
      tap = along.tapStep < 0 ? 0 : constant(along.taps - 1);
    Expr position = a == last       ? x.base(at("x"))
                    : a == last - 1 ? y.base(at("y"))
                                    : at("z");
    index += inputPosition(along, ranges[a], position, tap) *
             builder.size(spec.input.strides[axisDimension(spec, a)]);
  }
  std::vector<Expr> place(arguments.begin(), arguments.end());
  std::fill_n(place.begin(), inTile, Expr(0));
  sums(place) =
      prefetched(sums(place), builder.loadInput(index + imageOffset(at("n"))));
  nest.schedule(sums.update(sums.num_update_definitions() - 1));
}

} // namespace upconv
