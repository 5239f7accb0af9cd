//===- GpuScheduleTest.cpp - The rules of schedules for GPUs --------------===//
//
// What a schedule may ask of a thread block, and that CPUs and GPUs do not take
// each other's. test/Integration/opencl.py runs what is legal.
//
//===----------------------------------------------------------------------===//

#include "upconv/Target/Halide/CompileKernel.h"

#include "gtest/gtest.h"

using namespace upconv;

namespace {

TensorArgument dense(const std::vector<int64_t> &shape) {
  TensorArgument tensor;
  int64_t stride = 1;
  for (size_t d = shape.size(); d-- > 0;) {
    tensor.shape.insert(tensor.shape.begin(), Size::of(shape[d]));
    tensor.strides.insert(tensor.strides.begin(), Size::of(stride));
    stride *= shape[d];
  }
  return tensor;
}

/// Kernel 4, stride 2, 20 -> 24 channels, 9 x 1000 -> 18 x 2000 pixels.
KernelSpec layer(const std::string &strategy,
                 const std::map<std::string, int64_t> &knobs) {
  KernelSpec spec;
  spec.name = "kernel";
  spec.anchor = Anchor::ConvTranspose;
  spec.window = {4, 4};
  spec.strides = {2, 2};
  spec.dilations = {1, 1};
  spec.low = {Size::of(1), Size::of(1)};
  spec.input = dense({1, 9, 1000, 20});
  spec.output = dense({1, 18, 2000, 24});
  spec.schedule = {strategy, knobs};
  spec.target = {"x86-64-linux-opencl", 1, 128, 1 << 18, "", "opencl"};
  return spec;
}

KernelSpec onCpu(KernelSpec spec) {
  spec.target = {"x86-64-linux-sse41", 4, 16, 1 << 18, ""};
  return spec;
}

std::string rule(const KernelSpec &spec) {
  return scheduleViolation(spec).value_or("");
}

TEST(GpuSchedules, Legal) {
  EXPECT_EQ(rule(layer("tile", {})), "");
  EXPECT_EQ(rule(layer("tile-stacked", {{"kt", 2}})), "");
  EXPECT_EQ(rule(layer("gather", {})), "");
}

TEST(GpuSchedules, ABlockFits) {
  // 24 columns are 32, of which a thread has 8.
  EXPECT_EQ(rule(layer("tile", {{"bc", 4}, {"bx", 256}, {"by", 4}, {"tx", 1}})),
            "the threads of a block, bc * bx * by, must be at most 1024, got "
            "4096");
  EXPECT_EQ(rule(layer("tile", {{"nv", 4}, {"tx", 16}, {"ty", 4}})),
            "the sums of a thread, 4 * nv * tx * ty, must be at most 128, got "
            "1024");
  // 16 of 20 channels at a pitch of 17 of 512 + 1 inputs, in fours, and two
  // taps of 32 columns.
  EXPECT_EQ(rule(layer("tile", {{"bx", 64}, {"tx", 8}, {"kc", 16}, {"kt", 2}})),
            "");
  EXPECT_EQ(rule(layer("tile", {{"bx", 128}, {"tx", 8}, {"kc", 16}})),
            "the shared memory of a block, in bytes, must be at most 49152, "
            "got " +
                std::to_string(4 * (20 * 1004 + 16 * 2 * 32)));
}

TEST(GpuSchedules, EachKindHasItsOwn) {
  EXPECT_EQ(rule(layer("phase", {})), "strategy 'phase' is one of a CPU's "
                                      "kernels");
  EXPECT_EQ(rule(layer("gather", {{"pad", 1}})),
            "knob 'pad' is one of a CPU's kernels");
  EXPECT_EQ(rule(onCpu(layer("tile", {}))),
            "strategy 'tile' is one of a GPU's kernels");
  EXPECT_EQ(rule(onCpu(layer("phase", {{"bc", 8}}))),
            "knob 'bc' is one of a GPU's kernels");
  KernelSpec pairs = layer("tile", {});
  pairs.pairedChannels = 40;
  EXPECT_EQ(rule(pairs), "kernels for GPUs multiply float32 numbers only");
}

TEST(GpuSchedules, Depthwise) {
  KernelSpec spec = layer("tile", {});
  spec.anchor = Anchor::Conv;
  spec.strides = {1, 1};
  spec.output = dense({1, 9, 1000, 20});
  spec.groups = 20;
  EXPECT_EQ(rule(spec), "strategy 'tile' needs a reduction over channels, not "
                        "a depthwise convolution");
  spec.schedule.strategy = "conv";
  EXPECT_EQ(rule(spec), "");
}

TEST(GpuSchedules, ALaunchIsTheWholeKernel) {
  for (const char *strategy : {"tile", "tile-stacked", "gather"}) {
    KernelSpec spec = layer(strategy, {});
    EXPECT_EQ(taskAxis(spec), TaskAxis::None);
    HaloRequirement halo = requiredHalo(spec);
    EXPECT_EQ(halo.low, std::vector<int64_t>(4, 0));
    EXPECT_EQ(halo.high, std::vector<int64_t>(4, 0));
  }
}

} // namespace
