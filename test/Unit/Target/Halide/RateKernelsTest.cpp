//===- RateKernelsTest.cpp - Kernels that show what a GPU can do ----------===//
//
// What they are made of, in PTX: an anchor that does less than it is counted
// for would make every kernel look better than it is.
//
//===----------------------------------------------------------------------===//

#include "upconv/Target/Halide/RateKernels.h"

#include "gtest/gtest.h"

using namespace upconv;

namespace {

int64_t count(const std::string &text, const std::string &word) {
  int64_t found = 0;
  for (size_t at = text.find(word); at != std::string::npos;
       at = text.find(word, at + 1))
    ++found;
  return found;
}

/// The kernel's object, which has its PTX as text.
std::string objectOf(Rate rate) {
  KernelTarget target = {
      "x86-64-linux-cuda-cuda_capability_80", 1, 128, 1 << 18, "", "cuda"};
  CompiledKernel kernel;
  std::string error;
  EXPECT_TRUE(compileRateKernel(rate, target, "rate", kernel, error)) << error;
  return kernel.object;
}

TEST(RateKernels, MultiplyAddsAreWhatIsCounted) {
  std::string object = objectOf(Rate::MultiplyAdds);
  EXPECT_EQ(count(object, "fma.rn.f32"), rateMultiplyAdds);
  EXPECT_EQ(count(object, "st.global"), 1);
  EXPECT_LE(count(object, "ld.global"), 3); // itself, factor, addend
  EXPECT_EQ(count(object, ".local"), 0);
}

TEST(RateKernels, ACopyMovesFours) {
  std::string object = objectOf(Rate::Copy);
  EXPECT_EQ(count(object, "ld.global"), 1);
  EXPECT_EQ(count(object, "st.global"), 1);
  // Two words or four, 16 bytes.
  EXPECT_EQ(count(object, ".v2.b64") + count(object, ".v4."), 2);
  EXPECT_EQ(count(object, "fma"), 0);
}

} // namespace
