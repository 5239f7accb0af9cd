//===- Measure.cpp - What a model is measured against ---------------------===//

#include "Measure.h"

#include "upconv/Timing/Timing.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace upconv;

// Inputs, parameters that some output depends on, and outputs, each moved once.
static int64_t bytesMoved(const Session &session) {
  const LibraryPlan &plan = session.built.library;
  int64_t elements = plan.parameters;
  for (const KernelCall &call : session.built.calls)
    elements -= deadWeights(session.built.kernels[call.kernel]);
  for (const std::vector<Port> *ports : {&plan.inputs, &plan.outputs})
    for (const Port &port : *ports) {
      int64_t count = 1;
      for (AffineExpr size : port.shape)
        count *= getConstant(size).value_or(1);
      elements += count;
    }
  return elements * 4;
}

static bool staticShapes(const Session &session,
                         std::vector<std::vector<int64_t>> &shapes) {
  for (const Port &port : session.built.library.inputs) {
    std::vector<int64_t> shape;
    for (AffineExpr size : port.shape) {
      std::optional<int64_t> known = getConstant(size);
      if (!known) {
        printError("what is timed must have known sizes, and input '" +
                   port.name +
                   "' has unknown ones: pin them with --input-shape");
        return false;
      }
      shape.push_back(*known);
    }
    shapes.push_back(std::move(shape));
  }
  return true;
}

std::optional<BenchRequest> upconv::benchRequest(const Session &session) {
  BenchRequest request;
  if (!staticShapes(session, request.inputShapes))
    return std::nullopt;
  for (const Port &port : session.built.library.outputs)
    request.outputRanks.push_back(port.shape.size());
  const TargetInfo &target = session.target;
  request.vectorFloats = target.vectorFloats;
  request.fma = llvm::is_contained(target.requires_, "fma") ||
                target.vectorFloats > 8 ||
                llvm::StringRef(target.triple).starts_with("aarch64");
  // Of a layer whose products are all AMX's, that is the peak.
  bool multiplies = false, inTiles = true;
  for (const KernelSpec &kernel : session.built.kernels)
    if (kernel.hasWeights()) {
      multiplies = true;
      inTiles &= kernel.usesMatrixTiles();
    }
  if (multiplies && inTiles)
    request.vectorFloats = UPCONV_TIMING_TILES;
  for (const KernelCall &call : session.built.calls)
    request.usefulMacs +=
        std::max<int64_t>(usefulMacs(session.built.kernels[call.kernel]), 0);
  request.bytes = bytesMoved(session);
  return request;
}

Contractions upconv::contractionsOf(const Session &session) {
  Contractions result;
  for (const KernelCall &call : session.built.calls) {
    const KernelSpec &spec = session.built.kernels[call.kernel];
    if (!spec.hasWeights())
      continue;
    result.executedMacs +=
        std::max<int64_t>(session.kernels[call.kernel].executedMacs, 0);
    llvm::StringRef separator = result.strategies.empty() ? "" : " ";
    result.strategies += (separator + spec.schedule.strategy).str();
    result.schedules += (separator + call.schedule).str();
  }
  return result;
}
