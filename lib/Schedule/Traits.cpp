//===- Traits.cpp - What a table can ask about a kernel -------------------===//

#include "upconv/Schedule/Schedule.h"

#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace upconv;

std::string upconv::tableOf(const KernelSpec &spec) {
  switch (spec.anchor) {
  case Anchor::ConvTranspose:
    return "conv-transpose";
  case Anchor::Conv:
    return spec.spatialRank() == 0 ? "matmul" : "conv";
  case Anchor::MaxPool:
  case Anchor::AveragePool:
    return "pool";
  case Anchor::Softmax:
    return "softmax";
  case Anchor::Elementwise:
    return "elementwise";
  case Anchor::Transpose:
    return "transpose";
  case Anchor::Copy:
    return "copy";
  case Anchor::Round:
    return "round";
  case Anchor::SumParts:
    return "sum-parts";
  case Anchor::Reindex:
    return "reindex";
  case Anchor::Interpolate:
    return "interpolate";
  case Anchor::Reduce:
    return "reduce";
  case Anchor::Lookup:
    return "lookup";
  }
  return "";
}

static std::vector<int64_t> knownSizes(const std::vector<Size> &sizes) {
  std::vector<int64_t> values;
  for (const Size &size : sizes)
    values.push_back(size.isConstant() ? size.constant : -1);
  return values;
}

/// The most taps per axis that one output sums up: of a transposed convolution
/// every stride / gcd(stride, dilation)-th, elsewhere all.
static std::vector<int64_t> tapsOf(const KernelSpec &spec) {
  std::vector<int64_t> taps = spec.window;
  if (spec.anchor == Anchor::ConvTranspose)
    for (size_t axis = 0; axis < taps.size(); ++axis) {
      int64_t stride = spec.strides[axis];
      taps[axis] = llvm::divideCeil(
          taps[axis], stride / std::gcd(stride, spec.dilations[axis]));
    }
  return taps;
}

KernelTraits upconv::traitsOf(const KernelSpec &spec) {
  KernelTraits traits;
  traits.scalars["rank"] = spec.spatialRank();
  traits.scalars["cin"] = spec.layerChannels();
  traits.scalars["cout"] = spec.outputChannels();
  traits.scalars["groups"] = spec.groups;
  std::vector<int64_t> in = knownSizes(spec.input.shape);
  std::vector<int64_t> out = knownSizes(spec.output.shape);
  if (out.front() >= 0)
    traits.scalars["batch"] = out.front();
  int64_t positions = 1;
  for (size_t axis = 1; axis + 1 < out.size(); ++axis)
    positions = positions < 0 || out[axis] < 0 ? -1 : positions * out[axis];
  if (positions >= 0)
    traits.scalars["positions"] = positions;
  traits.lists["kernel"] = spec.window;
  traits.lists["taps"] = tapsOf(spec);
  traits.lists["stride"] = spec.strides;
  traits.lists["dilation"] = spec.dilations;
  if (in.size() > 2)
    traits.lists["in"].assign(in.begin() + 1, in.end() - 1);
  if (out.size() > 2)
    traits.lists["out"].assign(out.begin() + 1, out.end() - 1);
  return traits;
}

std::string upconv::toString(const ScheduleChoice &choice) {
  std::string text = choice.strategy;
  for (const auto &[name, value] : choice.knobs)
    text += " " + name + "=" + std::to_string(value);
  return text;
}
