//===- EvaluateWeights.cpp - Weights recipes to values --------------------===//

#include "PackRecipe.h"

#include "upconv/Conversion/UpconvToLibraryPlan.h"
#include "upconv/Dialect/Upconv/IR/UpconvOps.h"

#include <cmath>

using namespace mlir;
using namespace upconv;

namespace {

// scale and shift of one batch normalization, per channel.
struct Affine {
  std::vector<double> scale, shift;
};

} // namespace

static FailureOr<const Tensor *> find(Operation *op, const WeightStore &store,
                                      StringRef key, int64_t elements) {
  const Tensor *tensor = store.find(key);
  if (!tensor)
    return op->emitError("no values for weight '")
           << key
           << "': give them with --weights FILE, draw them with --init SEED, "
              "or "
              "use a model file that holds them";
  if (static_cast<int64_t>(tensor->values.size()) != elements)
    return op->emitError("weight '")
           << key << "' must have " << elements << " elements, got "
           << tensor->values.size();
  return tensor;
}

static FailureOr<Affine> evaluateFold(Operation *op, const WeightStore &store,
                                      FoldAttr fold, int64_t channels) {
  auto values = [&](StringRef key,
                    double otherwise) -> FailureOr<std::vector<double>> {
    if (key.empty())
      return std::vector<double>(channels, otherwise);
    FailureOr<const Tensor *> tensor = find(op, store, key, channels);
    if (failed(tensor))
      return failure();
    return std::vector<double>((*tensor)->values.begin(),
                               (*tensor)->values.end());
  };
  auto gamma = values(fold.getGamma(), 1), beta = values(fold.getBeta(), 0);
  auto mean = values(fold.getMean(), 0),
       variance = values(fold.getVariance(), 1);
  if (failed(gamma) || failed(beta) || failed(mean) || failed(variance))
    return failure();
  Affine affine;
  double epsilon = fold.getEpsilon().getValueAsDouble();
  for (int64_t c = 0; c < channels; ++c) {
    double scale = (*gamma)[c] / std::sqrt((*variance)[c] + epsilon);
    affine.scale.push_back(scale);
    affine.shift.push_back((*beta)[c] - (*mean)[c] * scale);
  }
  return affine;
}

// The kernel of the transposed convolution that repeats by `factors` and then
// convolves with `source` (k..., cin, cout); `shape` is the result's.
static std::vector<double> upsampledKernel(const Tensor &source,
                                           ArrayRef<int64_t> factors,
                                           ArrayRef<int64_t> shape) {
  size_t rank = factors.size();
  int64_t cout = shape[rank], cin = shape[rank + 1], taps = 1;
  for (size_t axis = 0; axis < rank; ++axis)
    taps *= shape[axis];
  // Minus zero is what every number survives being added to.
  std::vector<double> values(taps * cout * cin, -0.0);
  for (int64_t tap = 0; tap < taps; ++tap)
    for (int64_t from : upsampledTaps(tap, factors, shape))
      for (int64_t o = 0; o < cout; ++o)
        for (int64_t i = 0; i < cin; ++i)
          values[(tap * cout + o) * cin + i] +=
              source.values[(from * cin + i) * cout + o];
  return values;
}

// Elements of the variable itself.
static int64_t sourceElements(WeightsOp op) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(op.getType()).getShape();
  std::optional<ArrayRef<int64_t>> factors = op.getUpsampled();
  int64_t elements = 1;
  for (auto [axis, size] : llvm::enumerate(shape))
    elements *=
        factors && axis < factors->size() ? size - (*factors)[axis] + 1 : size;
  return elements;
}

FailureOr<std::vector<float>>
upconv::evaluateWeights(Operation *operation, const WeightStore &store) {
  auto op = cast<WeightsOp>(operation);
  auto type = cast<RankedTensorType>(op.getType());
  StringRef role = op.getRole();
  std::vector<double> values(type.getNumElements(),
                             role == "scale" ? 1.0 : 0.0);
  if (!op.getSource().empty()) {
    FailureOr<const Tensor *> source =
        find(op, store, op.getSource(), sourceElements(op));
    if (failed(source))
      return failure();
    if (std::optional<ArrayRef<int64_t>> factors = op.getUpsampled())
      values = upsampledKernel(**source, *factors, type.getShape());
    else
      values.assign((*source)->values.begin(), (*source)->values.end());
  } else if (std::optional<ArrayRef<float>> own = op.getValues()) {
    values.assign(own->begin(), own->end());
  }

  int64_t axis = op.getChannelAxis(), channels = type.getDimSize(axis),
          inner = 1;
  for (int64_t i = axis + 1; i < type.getRank(); ++i)
    inner *= type.getDimSize(i);
  bool add = role == "bias" || role == "shift";
  if (std::optional<ArrayAttr> folds = op.getFolds())
    for (auto fold : folds->getAsRange<FoldAttr>()) {
      FailureOr<Affine> affine = evaluateFold(op, store, fold, channels);
      if (failed(affine))
        return failure();
      for (size_t i = 0; i < values.size(); ++i) {
        int64_t channel = i / inner % channels;
        values[i] *= affine->scale[channel];
        if (add)
          values[i] += affine->shift[channel];
      }
    }
  return std::vector<float>(values.begin(), values.end());
}
