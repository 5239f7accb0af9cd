//===- ContractionTest.cpp - Convolutions against the naive reference -----===//
//
// Every strategy with weights over many small shapes, bit for bit on small
// integers.
//
//===----------------------------------------------------------------------===//

#include "KernelRunner.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

using namespace upconv;
using namespace upconv::test;

namespace {

struct Layer {
  Anchor anchor = Anchor::ConvTranspose;
  int64_t batch = 1;
  std::vector<int64_t> in, kernel, strides, dilations, low, out;
  int64_t cin = 3, cout = 8, groups = 1;
  bool bias = true, residual = false, dynamic = false, pairs = false;
  int64_t channelGap = 0, parts = 1;
  std::string strategy = "phase", level = hostLevel();
  std::map<std::string, int64_t> knobs;
};

std::string list(const std::vector<int64_t> &values) {
  std::string text;
  for (int64_t value : values)
    text += (text.empty() ? "" : "x") + std::to_string(value);
  return text;
}

std::string describe(const Layer &layer) {
  std::string text =
      layer.strategy + " n" + std::to_string(layer.batch) + " in " +
      list(layer.in) + " k " + list(layer.kernel) + " s " +
      list(layer.strides) + " d " + list(layer.dilations) + " low " +
      list(layer.low) + " out " + list(layer.out) + " c " +
      std::to_string(layer.cin) + "->" + std::to_string(layer.cout) +
      " groups " + std::to_string(layer.groups) + " gap " +
      std::to_string(layer.channelGap) + " parts " +
      std::to_string(layer.parts) + " " + layer.level +
      (layer.dynamic ? " dynamic" : "") + (layer.bias ? " bias" : "") +
      (layer.residual ? " residual" : "") + (layer.pairs ? " pairs" : "");
  for (auto &[name, value] : layer.knobs)
    text += " " + name + "=" + std::to_string(value);
  return text;
}

std::vector<int64_t> shapeOf(int64_t batch, const std::vector<int64_t> &spatial,
                             int64_t channels) {
  std::vector<int64_t> shape = {batch};
  shape.insert(shape.end(), spatial.begin(), spatial.end());
  shape.push_back(channels);
  return shape;
}

Problem problemOf(const Layer &layer) {
  Problem problem;
  problem.dynamic = layer.dynamic;
  KernelSpec &spec = problem.spec;
  spec.name = "kernel";
  spec.anchor = layer.anchor;
  spec.window = layer.kernel;
  spec.strides = layer.strides;
  spec.dilations = layer.dilations;
  for (int64_t low : layer.low)
    spec.low.push_back(Size::of(low));
  spec.groups = layer.groups;
  spec.hasBias = layer.bias;
  spec.schedule.strategy = layer.strategy;
  spec.schedule.knobs = layer.knobs;
  spec.target = target(layer.level);
  spec.pairedChannels = layer.pairs ? layer.cin : 0;
  std::vector<int64_t> in = shapeOf(
      layer.batch, layer.in, layer.pairs ? (layer.cin + 1) / 2 : layer.cin);
  std::vector<int64_t> out = shapeOf(layer.batch, layer.out, layer.cout);
  // The halo decides the layout, the layout does not decide the halo.
  spec.input = problem.argument(in, {}, {});
  spec.output = problem.argument(out, {}, {}, layer.channelGap);
  HaloRequirement halo = requiredHalo(spec);
  problem.scalars.clear();
  spec.input = problem.argument(in, halo.low, halo.high);
  spec.output = problem.argument(out, {}, {}, layer.channelGap);
  if (layer.residual) { // max(anchor + operand, 0)
    spec.operands = {problem.argument(out, {}, {})};
    using Kind = ScalarNode::Kind;
    spec.epilogue = {{Kind::Anchor, {}, 0, 0},
                     {Kind::Operand, {}, 0, 0},
                     {Kind::Add, {0, 1}, 0, 0},
                     {Kind::Constant, {}, 0, 0},
                     {Kind::Max, {2, 3}, 0, 0}};
  }
  return problem;
}

void check(const Layer &layer) {
  SCOPED_TRACE(describe(layer));
  if (std::getenv("UPCONV_TEST_VERBOSE"))
    std::fprintf(stderr, "%s\n", describe(layer).c_str());
  Problem problem = problemOf(layer);
  const KernelSpec &spec = problem.spec;
  if (auto violation = scheduleViolation(spec))
    GTEST_FAIL() << *violation;
  std::vector<int64_t> out = shapeOf(layer.batch, layer.out, layer.cout);
  Tensor input = integers(shapeOf(layer.batch, layer.in, layer.cin), 1);
  std::vector<int64_t> kernelShape = layer.kernel;
  bool transposed = layer.anchor == Anchor::ConvTranspose;
  kernelShape.push_back(transposed ? layer.cout : layer.cin / layer.groups);
  kernelShape.push_back(transposed ? layer.cin : layer.cout);
  Tensor kernel = integers(kernelShape, 2), bias = integers({layer.cout}, 3);
  std::vector<Tensor> operands;
  if (layer.residual)
    operands.push_back(integers(out, 4));
  Tensor expected = reference(spec, problem, input, kernel, bias, out);
  if (layer.residual)
    for (size_t i = 0; i < expected.values.size(); ++i)
      expected.values[i] =
          std::max(expected.values[i] + operands[0].values[i], 0.0f);
  Tensor actual = run(problem, layer.pairs ? roundedPairs(input) : input,
                      kernel, bias, operands, out, layer.parts);
  for (size_t i = 0; i < expected.values.size(); ++i)
    ASSERT_EQ(actual.values[i], expected.values[i]) << "at element " << i;
}

template <typename T> T pick(std::mt19937 &random, std::vector<T> choices) {
  return choices[random() % choices.size()];
}

Layer randomTransposed(std::mt19937 &random) {
  Layer layer;
  int rank = 1 + random() % 3;
  layer.batch = pick<int64_t>(random, {1, 1, 2});
  for (int axis = 0; axis < rank; ++axis) {
    bool small = rank == 3;
    int64_t in = small ? pick<int64_t>(random, {1, 2, 3, 5})
                       : pick<int64_t>(random, {1, 2, 3, 5, 7, 13});
    if (rank == 1 && random() % 3 == 0)
      in = 61;
    int64_t k = 1 + random() % 5, s = 1 + random() % 4;
    int64_t d = random() % 4 == 0 ? 2 + random() % 2 : 1;
    int64_t natural = (in - 1) * s + (k - 1) * d + 1;
    int64_t low = std::min<int64_t>(random() % (k + 1), natural - 1);
    if (random() % 2)
      low = std::min<int64_t>(((k - 1) * d + 1 - s) / 2, natural - 1);
    low = std::max<int64_t>(low, 0);
    int64_t out = natural - low;
    switch (random() % 3) {
    case 0: // a tail of bias
      out += random() % s;
      break;
    case 1:
      out = std::max<int64_t>(1, out - low);
      break;
    default:
      out = std::max<int64_t>(1, std::min(out, in * s));
    }
    layer.in.push_back(in);
    layer.kernel.push_back(k);
    layer.strides.push_back(s);
    layer.dilations.push_back(d);
    layer.low.push_back(low);
    layer.out.push_back(out);
  }
  layer.cin = pick<int64_t>(random, {1, 3, 7, 12, 16});
  layer.cout = pick<int64_t>(random, {1, 2, 3, 5, 8, 16, 17, 40});
  layer.bias = random() % 2;
  layer.residual = random() % 2;
  layer.dynamic = random() % 3 == 0;
  layer.channelGap = random() % 4 == 0 ? 3 : 0;
  layer.parts = pick<int64_t>(random, {1, 2, 3, 100});
  layer.strategy = pick<std::string>(random, {"phase", "phase", "gather"});
  if (random() % 2)
    layer.knobs["tx"] = pick<int64_t>(random, {1, 2, 3, 4, 6});
  if (random() % 3 == 0)
    layer.knobs["nv"] = 1 + random() % 3;
  if (random() % 3 == 0)
    layer.knobs["ku"] = 1 + random() % 4;
  if (random() % 3 == 0)
    layer.knobs["splat"] = 1;
  if (random() % 4 == 0)
    layer.knobs["lead"] = 1;
  if (random() % 3 == 0)
    layer.knobs["order"] = random() % 3;
  if (layer.strategy == "phase" && random() % 2)
    layer.knobs["pad"] = 1 + random() % 2;
  if (layer.strategy == "phase" && rank > 1 && random() % 3 == 0)
    layer.knobs["ty"] = 2 + random() % 2;
  layer.knobs["task"] = static_cast<int64_t>(random() % 4);
  if (random() % 3 == 0)
    layer.knobs["fuse"] = static_cast<int64_t>(random() % 3);
  if (rank > 1 && random() % 4 == 0) { // tasks of whole groups of residues
    layer.knobs["fuse"] = 3 + random() % 2;
    layer.knobs["task"] = 2;
    int64_t s = layer.strides[0];
    layer.out[0] = std::max<int64_t>(1, layer.out[0] / s) * s;
  }
  if (layer.cout <= 8 && layer.cin % 4 == 0) {
    layer.knobs["reduce"] = layer.cin == 16 ? 1 << random() % 4 : 1;
    if (layer.knobs["task"] == 3)
      layer.knobs["task"] = 0;
  }
  if (!layer.knobs.count("reduce") && layer.strategy != "gather" &&
      random() % 3 == 0)
    layer.knobs["panel"] = 1;
  if (random() % 6 == 0)
    layer.level = pick<std::string>(random, {"x86-64", "x86-64-v3"});
  return layer;
}

Layer randomStacked(std::mt19937 &random) {
  Layer layer = randomTransposed(random);
  layer.strategy = "stacked";
  layer.dynamic = false;
  layer.knobs.erase("reduce");
  layer.knobs.erase("pad");
  for (size_t axis = 0; axis < layer.in.size(); ++axis) {
    int64_t s = 1 + random() % 4, k = 1 + random() % s;
    layer.kernel[axis] = k;
    layer.strides[axis] = s;
    layer.dilations[axis] = 1;
    layer.low[axis] = random() % k;
    layer.out[axis] = layer.in[axis] * s - layer.low[axis];
    if (axis + 1 == layer.in.size())
      layer.out[axis] -= random() % (s - k + 1);
    layer.out[axis] = std::max<int64_t>(1, layer.out[axis]);
  }
  if (layer.cout % 16 != 0)
    layer.channelGap = 0;
  return layer;
}

/// Kernel = stride and no crop: both inner axes' residues beside the channels.
Layer randomTwoAxes(std::mt19937 &random) {
  Layer layer = randomTransposed(random);
  while (layer.in.size() < 2)
    layer = randomTransposed(random);
  layer.strategy = "stacked";
  layer.dynamic = false;
  layer.channelGap = 0;
  layer.knobs.erase("pad");
  layer.knobs.erase("panel");
  if (layer.knobs["task"] == 3)
    layer.knobs["task"] = 2;
  layer.knobs["axes"] = 2;
  layer.knobs["nv"] = 16;
  layer.knobs["tx"] = 1 + random() % 3;
  for (size_t axis = 0; axis < layer.in.size(); ++axis) {
    layer.kernel[axis] = layer.strides[axis] = 1 + random() % 3;
    layer.dilations[axis] = 1;
    layer.low[axis] = 0;
    layer.out[axis] = layer.in[axis] * layer.strides[axis];
  }
  return layer;
}

/// Any crop, tail and remainder of kernel / stride; what the strategy refuses
/// is the caller's to leave out.
Layer randomPhaseGemm(std::mt19937 &random) {
  Layer layer = randomTransposed(random);
  layer.strategy = "phase-gemm";
  layer.dynamic = false;
  layer.dilations.back() = 1;
  int64_t s = 2 + random() % 4, k = 1 + random() % (3 * s);
  int64_t natural = (layer.in.back() - 1) * s + k;
  layer.strides.back() = s;
  layer.kernel.back() = k;
  layer.low.back() = std::min<int64_t>(random() % (k + 1), natural - 1);
  layer.out.back() = natural - layer.low.back();
  if (random() % 2)
    layer.out.back() = std::max<int64_t>(1, layer.out.back() - random() % k);
  else
    layer.out.back() += random() % s;
  if (random() % 4)
    layer.channelGap = 0;
  if (random() % 3 == 0)
    layer.knobs["pad"] = 1 + random() % 2;
  return layer;
}

Layer randomForward(std::mt19937 &random) {
  Layer layer = randomTransposed(random);
  layer.anchor = Anchor::Conv;
  layer.strategy = "conv";
  layer.knobs.erase("reduce");
  for (size_t axis = 0; axis < layer.in.size(); ++axis) {
    int64_t reach = (layer.kernel[axis] - 1) * layer.dilations[axis];
    int64_t low = random() % (reach + 1), high = random() % (reach + 1);
    int64_t padded = layer.in[axis] + low + high;
    if (padded < reach + 1)
      low += reach + 1 - padded, padded = reach + 1;
    layer.low[axis] = low;
    layer.out[axis] = (padded - reach - 1) / layer.strides[axis] + 1;
  }
  switch (random() % 4) {
  case 0: // depthwise
    layer.cin = layer.groups = layer.cout;
    break;
  case 1:
    layer.groups = pick<int64_t>(random, {2, 3});
    layer.cin = layer.groups * (1 + random() % 4);
    layer.cout = layer.groups * pick<int64_t>(random, {1, 3, 8, 20});
    break;
  default:
    break;
  }
  if (layer.groups == 1 && layer.cout <= 8 && layer.cin % 4 == 0 &&
      layer.knobs["task"] != 3) {
    layer.knobs["reduce"] = layer.cin == 16 ? 1 << random() % 4 : 1;
    layer.knobs.erase("panel");
  }
  return layer;
}

/// Counted from the lowered statement; -1 where the kernel does not compile.
int64_t executedMacs(const KernelSpec &spec) {
  CompiledKernel compiled;
  std::string error;
  if (compileKernel(spec, KernelText::Object, compiled, error))
    return compiled.executedMacs;
  ADD_FAILURE() << error;
  return -1;
}

int cases() {
  const char *wanted = std::getenv("UPCONV_TEST_CASES");
  return wanted ? std::atoi(wanted) : 40;
}

} // namespace

TEST(Contraction, TransposedAgreesWithReference) {
  std::mt19937 random(7);
  for (int i = 0; i < cases() && !HasFatalFailure() && !HasNonfatalFailure();
       ++i)
    check(randomTransposed(random));
}

TEST(Contraction, StackedAgreesWithReference) {
  std::mt19937 random(8);
  for (int i = 0; i < cases() && !HasFatalFailure() && !HasNonfatalFailure();
       ++i)
    if (Layer layer = randomStacked(random);
        !scheduleViolation(problemOf(layer).spec))
      check(layer);
}

/// Checks the random layers that their strategy serves, at least `least`.
void checkServed(Layer (*draw)(std::mt19937 &), unsigned seed, int least) {
  std::mt19937 random(seed);
  int checked = 0;
  for (int i = 0; i < cases() && !testing::Test::HasFailure(); ++i)
    if (Layer layer = draw(random); !scheduleViolation(problemOf(layer).spec)) {
      check(layer);
      ++checked;
    }
  EXPECT_GE(checked, least);
}

TEST(Contraction, TwoAxesAgreeWithReference) {
  checkServed(randomTwoAxes, 13, cases() / 3);
}

TEST(Contraction, PhaseGemmAgreesWithReference) {
  checkServed(randomPhaseGemm, 10, cases() / 4);
}

TEST(Contraction, ForwardAgreesWithReference) {
  std::mt19937 random(9);
  for (int i = 0; i < cases() && !HasFatalFailure() && !HasNonfatalFailure();
       ++i)
    check(randomForward(random));
}

/// Products of bfloat16 numbers; small integers are exact in it.
TEST(Contraction, PairsAgreeWithReference) {
  std::mt19937 random(12);
  int checked = 0;
  for (int i = 0; i < cases() && !HasFatalFailure() && !HasNonfatalFailure();
       ++i) {
    Layer layer = i % 4 == 0   ? randomStacked(random)
                  : i % 4 == 1 ? randomPhaseGemm(random)
                  : i % 4 == 2 ? randomTransposed(random)
                               : randomForward(random);
    layer.knobs.erase("reduce");
    layer.pairs = true;
    if (scheduleViolation(problemOf(layer).spec))
      continue;
    check(layer);
    ++checked;
  }
  EXPECT_GE(checked, cases() / 2);
}

TEST(Contraction, DensePairsAgreeWithReference) {
  for (int64_t cin : {1, 2, 37})
    for (int64_t cout : {1, 16, 40}) {
      Layer layer;
      layer.anchor = Anchor::Conv;
      layer.strategy = "matmul";
      layer.batch = 5;
      layer.cin = cin;
      layer.cout = cout;
      layer.pairs = true;
      check(layer);
    }
}

TEST(Contraction, DenseAgreesWithReference) {
  for (int64_t batch : {1, 2, 5, 13})
    for (int64_t cout : {1, 3, 16, 40, 100})
      for (bool dynamic : {false, true}) {
        Layer layer;
        layer.anchor = Anchor::Conv;
        layer.strategy = "matmul";
        layer.batch = batch;
        layer.cin = 37;
        layer.cout = cout;
        layer.dynamic = dynamic;
        layer.residual = batch == 5;
        layer.parts = 2;
        layer.knobs["ku"] = 4;
        check(layer);
      }
}

TEST(Contraction, StackedExecutesTheUsefulMultiplyAddsOnly) {
  Layer layer;
  layer.strategy = "stacked";
  layer.in = {6, 10};
  layer.kernel = layer.strides = {2, 2};
  layer.dilations = {1, 1};
  layer.low = {0, 0};
  layer.out = {12, 20};
  layer.cin = 5;
  layer.cout = 16;
  layer.knobs["tx"] = 5;
  KernelSpec spec = problemOf(layer).spec;
  EXPECT_EQ(executedMacs(spec), usefulMacs(spec));
  EXPECT_EQ(usefulMacs(spec), 6 * 10 * 4 * 5 * 16);
}

/// 13 positions, stride 2, crop 1, 26 positions out.
static Layer twiceAsLong(int64_t taps, int64_t cin, int64_t cout) {
  Layer layer;
  layer.in = {13};
  layer.kernel = {taps};
  layer.strides = {2};
  layer.dilations = {1};
  layer.low = {1};
  layer.out = {26};
  layer.cin = cin;
  layer.cout = cout;
  return layer;
}

TEST(Contraction, PhaseExecutesNoMoreThanItsTiles) {
  Layer layer = twiceAsLong(4, 5, 16);
  layer.knobs["tx"] = 7; // 13 positions: two tiles of 7
  KernelSpec spec = problemOf(layer).spec;
  EXPECT_EQ(executedMacs(spec), 2 * 14 * 2 * 5 * 16);
  EXPECT_EQ(usefulMacs(spec), (26 * 2 - 2) * 5 * 16);
}

TEST(Contraction, DeadTapsOfSmallImagesAreNoWork) {
  // Edges wider than a tile, a kernel wider than the image, a single pixel.
  for (auto [rows, columns] : {std::pair{4, 4}, {3, 7}, {1, 1}, {9, 2}}) {
    Layer layer;
    layer.in = {rows, columns};
    layer.kernel = {3, rows * columns < 12 ? 9 : 4};
    layer.strides = {2, 2};
    layer.dilations = {1, 1};
    layer.low = {1, 2};
    layer.out = {2 * rows, 2 * columns};
    layer.cin = 5;
    layer.cout = 32;
    layer.knobs = {{"pad", 2}, {"tx", 3}, {"ty", 2}, {"task", 0}};
    KernelSpec spec = problemOf(layer).spec;
    EXPECT_EQ(executedMacs(spec), usefulMacs(spec));
    for (int64_t size : requiredHalo(spec).low)
      EXPECT_EQ(size, 0);
    check(layer);
  }
}

TEST(Contraction, AnOutputOfOnePositionReadsItsHalo) {
  // Every index is a constant, and those of the halo are negative.
  Layer layer;
  layer.in = {5, 2};
  layer.out = {3, 1};
  layer.kernel = {1, 5};
  layer.strides = {2, 1};
  layer.dilations = {1, 2};
  layer.low = {0, 7};
  layer.cin = layer.cout = layer.groups = 2;
  layer.anchor = Anchor::Conv;
  layer.strategy = "conv";
  layer.knobs = {{"order", 1}, {"task", 0}};
  check(layer);
}

TEST(Contraction, DeadWeightsMeetNoInput) {
  Layer layer;
  layer.in = layer.out = {1, 3};
  layer.kernel = {3, 3};
  layer.strides = layer.dilations = layer.low = {1, 1};
  layer.cin = 2;
  layer.cout = 7;
  // One row: only the middle tap of three meets it.
  EXPECT_EQ(deadWeights(problemOf(layer).spec), 2 * 7 * (9 - 3));
  layer.anchor = Anchor::Conv;
  layer.strategy = "conv";
  EXPECT_EQ(deadWeights(problemOf(layer).spec), 2 * 7 * (9 - 3));
}

TEST(Contraction, NotANumberStaysInItsWindow) {
  // Vectors along the input end behind a run, in pixels that it does not use;
  // of columns that share a vector (16 channels) some lack a tap.
  for (auto [cin, beside] : {std::pair(12, 1), std::pair(16, 2)})
    for (int64_t pixel : {0, 5, 6, 12}) {
      Layer layer = twiceAsLong(5, cin, 1);
      layer.strategy = "phase-gemm";
      layer.knobs = {{"reduce", beside}, {"pad", 1}, {"tx", 3}};
      Problem problem = problemOf(layer);
      const KernelSpec &spec = problem.spec;
      ASSERT_FALSE(scheduleViolation(spec));
      Tensor input = integers({1, 13, cin}, 1),
             kernel = integers({5, 1, cin}, 2), bias = integers({1}, 3);
      for (int64_t channel = 0; channel < cin; ++channel)
        input.values[pixel * cin + channel] = std::nanf("");
      Tensor expected =
          reference(spec, problem, input, kernel, bias, {1, 26, 1});
      Tensor actual = run(problem, input, kernel, bias, {}, {1, 26, 1}, 1);
      for (size_t i = 0; i < expected.values.size(); ++i)
        EXPECT_EQ(std::isnan(actual.values[i]), std::isnan(expected.values[i]))
            << cin << " channels, pixel " << pixel << ", element " << i;
    }
}
