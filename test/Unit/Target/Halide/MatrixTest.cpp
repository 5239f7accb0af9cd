//===- MatrixTest.cpp - Micro-tiles of AMX --------------------------------===//

#include "KernelRunner.h"
#include "MatrixTiles.h"

#include "upconv/Target/Halide/CompileKernel.h"

#include "gtest/gtest.h"

#include <map>
#include <string>

using namespace upconv;
using namespace upconv::test;

namespace {

MatrixTile tile(int64_t columns, int64_t channels) {
  MatrixTile result;
  result.columns = columns;
  result.channels = channels;
  return result;
}

TEST(Matrix, RegistersOfARowAreEqual) {
  EXPECT_EQ(tile(1, 1).starts(), (std::vector<int64_t>{0}));
  EXPECT_EQ(tile(32, 1).starts(), (std::vector<int64_t>{0, 16}));
  EXPECT_EQ(tile(20, 1).starts(), (std::vector<int64_t>{0, 10}));
  // 9 pixels each: the second repeats one.
  EXPECT_EQ(tile(17, 1).starts(), (std::vector<int64_t>{0, 8}));
  EXPECT_EQ(tile(17, 1).shape().rows, 9);
  for (int64_t columns = 1; columns <= 64; ++columns) {
    MatrixTile any = tile(columns, 1);
    int64_t covered = 0;
    for (int64_t start : any.starts()) {
      EXPECT_LE(start, covered);
      covered = start + any.shape().rows;
    }
    EXPECT_EQ(covered, columns);
    EXPECT_LE(any.shape().rows, 16);
  }
}

TEST(Matrix, StepsAreAsFewAsCanBe) {
  for (int64_t channels = 1; channels <= 100; ++channels) {
    MatrixTile any = tile(16, channels);
    MatrixShape shape = any.shape();
    EXPECT_LE(shape.pairs, 16);
    EXPECT_LT(shape.rest, shape.pairs);
    EXPECT_EQ(any.steps() * shape.pairs + shape.rest, channels);
    EXPECT_EQ(any.steps() + (shape.rest > 0), (channels + 15) / 16);
  }
  // Equal steps need no second shape.
  EXPECT_EQ(tile(16, 33).shape().pairs, 11);
  EXPECT_EQ(tile(16, 33).shape().rest, 0);
  EXPECT_EQ(tile(16, 40).shape().rest, 8);
}

std::string rule(std::map<std::string, int64_t> knobs, bool pairs = true,
                 bool tiles = true) {
  Problem problem = problemOf(Anchor::ConvTranspose, "phase", false);
  KernelSpec &spec = problem.spec;
  spec.window = {4};
  spec.strides = {2};
  spec.dilations = {1};
  spec.low = {Size::of(1)};
  spec.pairedChannels = pairs ? 64 : 0;
  spec.target = target("x86-64-v4");
  spec.target.matrixTiles = tiles;
  spec.input = problem.argument({1, 40, pairs ? 32 : 64}, {}, {});
  spec.output = problem.argument({1, 80, 48}, {}, {});
  spec.schedule.knobs = std::move(knobs);
  return scheduleViolation(spec).value_or("");
}

TEST(Matrix, Legality) {
  for (auto [amx, nv] : {std::pair{1, 1}, {1, 3}, {2, 2}, {2, 1}, {4, 1}})
    EXPECT_EQ(rule({{"amx", amx}, {"nv", nv}}), "");
  EXPECT_EQ(rule({{"amx", 1}, {"nv", 8}}), ""); // of three vectors in all
  EXPECT_EQ(rule({{"amx", 2}, {"nv", 2}, {"pad", 1}, {"panel", 64}}), "");
  EXPECT_EQ(rule({{"amx", 5}}), "knob 'amx' must be in 0..4, got 5");
  EXPECT_EQ(rule({{"amx", 2}, {"nv", 3}}),
            "knobs 'amx' and 'nv' name 6 tile registers of sums, more than 4");
  EXPECT_EQ(rule({{"amx", 2}}, /*pairs=*/false),
            "knob 'amx' multiplies bfloat16 numbers only");
  EXPECT_EQ(rule({{"amx", 2}}, true, /*tiles=*/false),
            "knob 'amx' needs a processor with AMX under Linux");
  EXPECT_EQ(rule({{"amx", 2}, {"tx", 6}}),
            "knob 'amx' says what a tile and a step are, not 'tx'");
  EXPECT_EQ(rule({{"amx", 2}, {"pad", 2}}),
            "knob 'amx' takes no taps out of a tile, knob 'pad' 2");
  EXPECT_EQ(rule({{"amx", 2}, {"nv", 1}, {"lanes", 32}}),
            "knob 'amx' takes vectors of at most 16 lanes, got 32");
}

} // namespace
