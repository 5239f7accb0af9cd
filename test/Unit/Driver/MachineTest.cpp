//===- MachineTest.cpp - What this processor can reach --------------------===//
//
// Never a figure: only that the anchors exist where the instructions do.
//
//===----------------------------------------------------------------------===//

#include "upconv/Driver/Machine.h"

#include "gtest/gtest.h"

using namespace upconv;

namespace {

TEST(Machine, PeakOfTheNarrowestVectors) {
#if defined(__aarch64__)
  EXPECT_GT(measurePeakGflops(4, true, 1e-4), 0);
#endif
  EXPECT_GT(measurePeakGflops(4, false, 1e-4), 0);
}

TEST(Machine, UnknownWidthHasNoPeak) {
  EXPECT_EQ(measurePeakGflops(3, true, 1e-4), 0);
}

TEST(Machine, Bandwidth) {
  Bandwidth bandwidth = measureBandwidth(100000);
  EXPECT_EQ(bandwidth.bytes, 100000);
  EXPECT_GT(bandwidth.readGbs, 0);
  EXPECT_GT(bandwidth.writeGbs, 0);
}

TEST(Machine, DescriptionIsOneLine) {
  std::string text = describeMachine();
  EXPECT_NE(text.find("core"), std::string::npos);
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

} // namespace
