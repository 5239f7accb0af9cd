//===- GpuEstimate.cpp - What a GPU's schedule may cost -------------------===//
//
// An order for the search to begin with, no prediction: the arithmetic of
// docs/RationaleGpu.md. In the cycles of a multiprocessor, which begins
// multiply-adds of four warps and loads of one warp from shared memory in each.
//
//===----------------------------------------------------------------------===//

#include "GpuEstimate.h"

#include "upconv/Schedule/Schedule.h"
#include "upconv/Target/Halide/CompileKernel.h"
#include "upconv/Target/Halide/GpuShapes.h"

#include <algorithm>
#include <cmath>

using namespace upconv;

namespace {
constexpr double macsPerLoad = 4;
/// Staging a float is a load, a store and the index between them.
constexpr double macsPerStaged = 12;
/// A thread per element: two loads from caches and their indices for each
/// multiply-add.
constexpr double macsOfDirect = 12;
/// Of one multiprocessor: what its blocks share, and the warps that hide the
/// latency of a multiply-add and of a barrier.
constexpr double sharedBytes = 160 * 1024, registers = 65536, enoughWarps = 12;
/// Threads that keep a device of a hundred multiprocessors busy.
constexpr double enoughThreads = 100 * 32 * enoughWarps;
} // namespace

/// Of `enoughWarps`, the part that fits a multiprocessor.
static double occupancy(const GpuStageShape &shape) {
  // Beside the sums: weights, inputs, indices.
  const double otherRegisters = 40;
  double blocks = std::min(
      sharedBytes / double(shape.sharedBytes + 1024),
      registers / ((double(shape.sums) + otherRegisters) * shape.threads));
  double warps = std::max(1.0, std::floor(blocks)) * shape.threads / 32;
  return std::min(1.0, warps / enoughWarps);
}

/// In multiply-adds of one thread.
static double costOf(const GpuStageShape &shape) {
  double perStep =
      std::max(double(shape.sums), macsPerLoad * double(shape.loads));
  double ofBlock =
      shape.steps * perStep * std::max<int64_t>(shape.threads, 32) +
      macsPerStaged * shape.stagedFloats;
  double filled = std::min(1.0, shape.blocks * shape.threads / enoughThreads);
  return shape.blocks * ofBlock / occupancy(shape) / std::max(filled, 1e-3);
}

double upconv::gpuEstimate(const KernelSpec &spec) {
  std::vector<GpuStageShape> shapes = gpuStageShapes(spec);
  if (shapes.empty())
    return macsOfDirect;
  double cost = 0;
  for (const GpuStageShape &shape : shapes)
    cost += costOf(shape);
  return cost / double(std::max<int64_t>(1, usefulMacs(spec)));
}

std::string upconv::gpuSignature(const KernelSpec &spec) {
  std::vector<GpuStageShape> shapes = gpuStageShapes(spec);
  if (shapes.empty())
    return spec.schedule.strategy;
  ScheduleChoice others = spec.schedule;
  for (const char *name : {"nv", "tx", "ty", "bc", "bx", "by", "kc", "kt"})
    others.knobs.erase(name);
  std::string text = toString(others);
  for (const GpuStageShape &shape : shapes)
    text += " " + shape.tile;
  return text;
}
