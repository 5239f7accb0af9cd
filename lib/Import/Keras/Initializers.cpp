//===- Initializers.cpp - Weights drawn as the model says -----------------===//

#include "Initializers.h"
#include "Spelling.h"

#include "upconv/Dialect/Keras/IR/LayerLocation.h"
#include "upconv/Dialect/Keras/IR/SerializedObject.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "upconv/Support/Random.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/xxhash.h"

#include <algorithm>
#include <cmath>
#include <functional>

using namespace mlir;
using namespace upconv;
using namespace upconv::keras_import;

namespace {

/// The distributions that Keras's initializers draw from.
class Distributions : SplitMix64 {
public:
  using SplitMix64::SplitMix64;

  /// In [0, 1).
  double uniform() { return double(next() >> 11) * 0x1p-53; }
  double uniform(double low, double high) {
    return low + (high - low) * uniform();
  }
  double normal() {
    double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * llvm::numbers::pi * uniform());
  }
  /// Redrawn beyond two standard deviations, as in Keras.
  double truncatedNormal() {
    double value = normal();
    while (std::abs(value) > 2)
      value = normal();
    return value;
  }
};

using Initializer = keras::SerializedObject;

std::optional<Initializer> parseInitializer(Attribute attribute,
                                            StringRef byDefault) {
  if (!attribute)
    return Initializer{byDefault.str(), {}};
  return Initializer::parse(attribute);
}

/// Keras's compute_fans: the last two axes are in and out, whatever the layer
/// makes of them.
std::pair<double, double> computeFans(ArrayRef<int64_t> shape) {
  if (shape.empty())
    return {1, 1};
  if (shape.size() == 1)
    return {double(shape[0]), double(shape[0])};
  double receptive = 1;
  for (int64_t size : shape.drop_back(2))
    receptive *= double(size);
  return {receptive * double(shape[shape.size() - 2]),
          receptive * double(shape.back())};
}

/// The parameters of Keras's VarianceScaling.
struct Scaling {
  double scale;
  std::string mode, distribution;
};

std::optional<Scaling> scalingOf(const Initializer &initializer) {
  auto named =
      llvm::StringSwitch<std::optional<Scaling>>(initializer.name)
          .Case("glorotuniform", Scaling{1, "fan_avg", "uniform"})
          .Case("glorotnormal", Scaling{1, "fan_avg", "truncated_normal"})
          .Case("heuniform", Scaling{2, "fan_in", "uniform"})
          .Case("henormal", Scaling{2, "fan_in", "truncated_normal"})
          .Case("lecununiform", Scaling{1, "fan_in", "uniform"})
          .Case("lecunnormal", Scaling{1, "fan_in", "truncated_normal"})
          .Default(std::nullopt);
  if (named || initializer.name != "variancescaling")
    return named;
  return Scaling{initializer.number("scale", 1),
                 initializer.text("mode", "fan_in"),
                 initializer.text("distribution", "truncated_normal")};
}

using Draw = std::function<double(Distributions &)>;

Draw drawScaled(const Scaling &scaling, ArrayRef<int64_t> shape) {
  auto [fanIn, fanOut] = computeFans(shape);
  double fan = scaling.mode == "fan_in"    ? fanIn
               : scaling.mode == "fan_out" ? fanOut
               : scaling.mode == "fan_avg" ? (fanIn + fanOut) / 2
                                           : 0;
  if (fan == 0)
    return nullptr;
  double variance = scaling.scale / std::max(1.0, fan);
  if (scaling.distribution == "uniform") {
    double limit = std::sqrt(3 * variance);
    return [=](Distributions &random) { return random.uniform(-limit, limit); };
  }
  if (scaling.distribution == "untruncated_normal") {
    double deviation = std::sqrt(variance);
    return [=](Distributions &random) { return deviation * random.normal(); };
  }
  if (scaling.distribution != "truncated_normal" &&
      scaling.distribution != "normal")
    return nullptr;
  // The standard deviation of a normal distribution truncated at two.
  double deviation = std::sqrt(variance) / .87962566103423978;
  return [=](Distributions &random) {
    return deviation * random.truncatedNormal();
  };
}

/// How to draw one value, or null if we cannot.
Draw drawFrom(const Initializer &initializer, ArrayRef<int64_t> shape) {
  if (auto scaling = scalingOf(initializer))
    return drawScaled(*scaling, shape);
  double mean = initializer.number("mean", 0);
  double deviation = initializer.number("stddev", .05);
  double low = initializer.number("minval", -.05);
  double high = initializer.number("maxval", .05);
  double value = initializer.number("value", 0);
  return llvm::StringSwitch<Draw>(initializer.name)
      .Cases({"zeros", "zero"}, [](Distributions &) { return 0.0; })
      .Cases({"ones", "one"}, [](Distributions &) { return 1.0; })
      .Case("constant", [=](Distributions &) { return value; })
      .Cases({"randomuniform", "uniform"},
             [=](Distributions &random) { return random.uniform(low, high); })
      .Cases({"randomnormal", "normal"},
             [=](Distributions &random) {
               return mean + deviation * random.normal();
             })
      .Case("truncatednormal",
            [=](Distributions &random) {
              return mean + deviation * random.truncatedNormal();
            })
      .Default(nullptr);
}

StringRef defaultInitializer(StringRef variable) {
  return llvm::StringSwitch<StringRef>(variable)
      .Case("kernel", "glorotuniform")
      .Cases({"gamma", "moving_variance", "variance", "scale"}, "ones")
      .Case("embeddings", "randomuniform")
      .Cases({"depthwise_kernel", "pointwise_kernel"}, "glorotuniform")
      .Default("zeros");
}

} // namespace

std::optional<Tensor> upconv::keras_import::drawVariable(
    Operation *op, const keras::VariableSpec &spec, StringRef key,
    uint64_t seed, Reporter &reporter) {
  std::string argument =
      spec.initializer.empty() ? spec.name + "_initializer" : spec.initializer;
  Attribute attribute = op->getAttr(argument);
  auto initializer = parseInitializer(attribute, defaultInitializer(spec.name));
  Draw draw = initializer ? drawFrom(*initializer, spec.shape) : nullptr;
  if (!draw) {
    reporter.unsupported(keras::getArgumentLocation(op->getLoc(), argument))
        << "layer '" << keras::getLayerName(op->getLoc()) << "' ("
        << cast<keras::LayerOpInterface>(op).getLayerClass() << "): '"
        << argument << "' " << attribute
        << " is not supported; give the weights with '--weights'";
    return std::nullopt;
  }
  Tensor tensor;
  tensor.shape.assign(spec.shape.begin(), spec.shape.end());
  // Mixed, so that neighbouring seeds share no values.
  Distributions random(SplitMix64(seed).next() ^ llvm::xxh3_64bits(key));
  tensor.values.resize(elementCount(spec.shape));
  for (float &value : tensor.values)
    value = float(draw(random));
  return tensor;
}
