//===- SearchTest.cpp - What is tried, and in which order -----------------===//

#include "upconv/Tuner/Search.h"

#include "upconv/Target/Halide/CompileKernel.h"

#include "llvm/ADT/STLExtras.h"
#include "gtest/gtest.h"

#include <cmath>
#include <set>

using namespace upconv;

namespace {

/// 1 x `length` x cin -> 1 x (length * stride) x cout, kernel 2 * stride.
KernelSpec upsampling(int64_t length, int64_t cin, int64_t cout,
                      int64_t stride) {
  KernelSpec spec;
  spec.name = "kernel";
  spec.anchor = Anchor::ConvTranspose;
  spec.window = {2 * stride};
  spec.strides = {stride};
  spec.dilations = {1};
  spec.low = {Size::of(stride / 2)};
  auto tensor = [](int64_t positions, int64_t channels) {
    TensorArgument argument;
    argument.shape = {Size::of(1), Size::of(positions), Size::of(channels)};
    argument.strides = {Size::of(positions * channels), Size::of(channels),
                        Size::of(1)};
    argument.haloLow = argument.haloHigh = {0, 2, 0};
    return argument;
  };
  spec.input = tensor(length, cin);
  spec.output = tensor(length * stride, cout);
  spec.target = {"x86-64-linux", 16, 32, 1 << 20};
  return spec;
}

class TunerSearch : public testing::Test {
protected:
  void SetUp() override {
    auto loaded = ScheduleTables::load("");
    ASSERT_TRUE(bool(loaded)) << llvm::toString(loaded.takeError());
    tables = std::move(*loaded);
  }
  ScheduleTables tables;
};

TEST_F(TunerSearch, ProposesOnlyLegalChoices) {
  KernelSpec spec = upsampling(100, 64, 32, 4);
  SearchSpace space(tables, spec);
  SplitMix64 random(1);
  std::vector<ScheduleChoice> choices = space.firstGuesses(8);
  for (int i = 0; i < 200; ++i)
    if (std::optional<ScheduleChoice> drawn = space.draw(random)) {
      choices.push_back(*drawn);
      for (const ScheduleChoice &near : space.neighbours(*drawn))
        choices.push_back(near);
    }
  EXPECT_GT(choices.size(), 500u);
  std::set<std::string> strategies;
  for (const ScheduleChoice &choice : choices) {
    KernelSpec candidate = spec;
    candidate.schedule = choice;
    EXPECT_FALSE(scheduleViolation(candidate)) << toString(choice);
    const StrategyInfo *strategy = tables.strategy(choice.strategy);
    ASSERT_TRUE(strategy);
    strategies.insert(choice.strategy);
    for (const auto &[name, value] : choice.knobs) {
      const KnobInfo *knob = strategy->knob(name);
      ASSERT_TRUE(knob) << name;
      EXPECT_TRUE(llvm::is_contained(knob->values, value)) << toString(choice);
      EXPECT_NE(name, "task");
    }
    for (const StageShape &shape : stageShapes(candidate))
      EXPECT_LE(shape.columns * shape.rows * shape.vectors + shape.vectors + 1,
                32)
          << toString(choice);
  }
  EXPECT_TRUE(strategies.count("phase"));
  EXPECT_TRUE(strategies.count("gather"));
  EXPECT_FALSE(strategies.count("conv"));
}

// Tile registers are searched where kernels may use them, and found best.
TEST_F(TunerSearch, TileRegisters) {
  KernelSpec spec = upsampling(96, 64, 64, 4);
  for (bool pairs : {false, true})
    for (bool tiles : {false, true}) {
      spec.pairedChannels = pairs ? 128 : 0;
      spec.target.matrixTiles = tiles;
      SearchSpace space(tables, spec);
      SplitMix64 random(1);
      std::vector<ScheduleChoice> choices = space.firstGuesses(8);
      if (pairs && tiles) {
        // Of four registers 16 cycles for 256 vectors of pairs, of two 26.
        double least = space.estimate(choices[0]);
        for (const ScheduleChoice &choice : choices)
          least = std::min(least, space.estimate(choice));
        EXPECT_NEAR(least, 16. / 512, 1e-3);
        EXPECT_NEAR(space.estimate({"phase", {{"amx", 2}, {"nv", 1}}}),
                    26. / 512, 1e-3);
        EXPECT_FALSE(
            space.neighbours({"phase", {{"amx", 2}, {"nv", 2}}}).empty());
      }
      for (int i = 0; i < 100; ++i)
        if (std::optional<ScheduleChoice> drawn = space.draw(random))
          choices.push_back(*drawn);
      bool used = llvm::any_of(choices, [](const ScheduleChoice &choice) {
        return choice.knobs.count("amx") > 0;
      });
      EXPECT_EQ(used, pairs && tiles);
    }
}

// The arithmetic of schedules.md: 24 accumulators in two vectors beat 8, and
// channels that fill no vector waste lanes.
TEST_F(TunerSearch, EstimateFollowsTheRegisters) {
  SearchSpace wide(tables, upsampling(96, 64, 32, 4));
  auto cost = [&](const SearchSpace &space, int64_t tx, int64_t nv) {
    return space.estimate({"phase", {{"tx", tx}, {"nv", nv}}});
  };
  // The taps that fall outside at the two ends are executed too.
  EXPECT_NEAR(cost(wide, 12, 2), 0.5, 0.01);
  EXPECT_GT(cost(wide, 2, 2), cost(wide, 12, 2));
  EXPECT_GT(cost(wide, 24, 1), cost(wide, 12, 2));
  SearchSpace thin(tables, upsampling(96, 64, 4, 4));
  EXPECT_GT(cost(thin, 24, 1), 3 * cost(wide, 12, 2));
  // 12 of 100 positions: nine tiles of 12 compute 108.
  SearchSpace uneven(tables, upsampling(100, 64, 32, 4));
  EXPECT_GT(cost(uneven, 12, 2), cost(wide, 12, 2));
}

// A smooth landscape with one valley: the search has to walk into it.
TEST_F(TunerSearch, FindsTheValley) {
  SearchSpace space(tables, upsampling(960, 64, 64, 4));
  auto time = [](const ScheduleChoice &choice) {
    double tx = std::abs(std::log(double(choice.knob("tx", 12)) / 5));
    double nv = std::abs(std::log(double(choice.knob("nv", 2)) / 4));
    double ku = std::abs(std::log(double(choice.knob("ku", 1)) / 4));
    return 0.5 + tx + nv + ku + (choice.strategy == "phase" ? 0 : 0.3);
  };
  ScheduleChoice incumbent{"phase", {}};
  Search search(space, incumbent, {}, 7);
  std::set<std::string> seen = {space.signature(incumbent)};
  double least = time(incumbent);
  for (int batch = 0; batch < 40; ++batch)
    for (const ScheduleChoice &choice : search.next(4)) {
      EXPECT_TRUE(seen.insert(space.signature(choice)).second)
          << toString(choice) << " twice";
      least = std::min(least, time(choice));
      search.record(choice, time(choice) / time(incumbent));
    }
  EXPECT_LT(least, 0.75);
  EXPECT_DOUBLE_EQ(search.bestRatio(), least / time(incumbent));
  ASSERT_EQ(search.leaders(3).size(), 3u);
  EXPECT_EQ(toString(search.leaders(1).front()), toString(search.best()));
}

// Whatever two knobs have to move at once for is found in another line.
TEST_F(TunerSearch, BeginsWithWhatOtherKernelsUse) {
  SearchSpace space(tables, upsampling(960, 64, 64, 4));
  ScheduleChoice incumbent{"phase", {{"tx", 4}, {"nv", 4}}};
  ScheduleChoice other{"phase",
                       {{"tx", 12}, {"nv", 2}, {"order", 1}, {"pad", 2}}};
  ScheduleChoice tooManyRegisters{"phase", {{"tx", 24}, {"nv", 4}}};
  ASSERT_TRUE(space.isLegal(other));
  ASSERT_FALSE(space.isLegal(tooManyRegisters));
  Search search(space, incumbent, {tooManyRegisters, incumbent, other, other},
                7);
  int found = 0;
  for (int batch = 0; batch < 4; ++batch)
    for (const ScheduleChoice &choice : search.next(4)) {
      EXPECT_TRUE(space.isLegal(choice)) << toString(choice);
      found += toString(choice) == toString(other);
    }
  EXPECT_EQ(found, 1);
}

TEST_F(TunerSearch, IsTheSameForTheSameSeedAndEnds) {
  SearchSpace space(tables, upsampling(8, 8, 8, 2));
  auto sequence = [&] {
    Search search(space, {"phase", {}}, {}, 3);
    std::vector<std::string> texts;
    for (int i = 0; i < 5; ++i)
      for (const ScheduleChoice &choice : search.next(4)) {
        texts.push_back(toString(choice));
        search.record(choice, std::nullopt);
      }
    return texts;
  };
  EXPECT_EQ(sequence(), sequence());
}

TEST_F(TunerSearch, DrawsDistinctPointsOfTheSeed) {
  KernelSpec spec = upsampling(100, 64, 32, 4);
  SearchSpace space(tables, spec);
  ScheduleChoice incumbent = space.firstGuesses(1).front();
  auto drawn = [&](uint64_t seed, std::vector<size_t> counts) {
    Search search(space, incumbent, {}, seed);
    std::vector<std::string> texts;
    for (size_t count : counts)
      for (const ScheduleChoice &choice : search.draw(count)) {
        EXPECT_TRUE(space.isLegal(choice)) << toString(choice);
        EXPECT_NE(space.signature(choice), space.signature(incumbent));
        texts.push_back(toString(choice));
      }
    return texts;
  };
  std::vector<std::string> first = drawn(1, {20});
  EXPECT_EQ(first.size(), 20u);
  EXPECT_EQ(std::set<std::string>(first.begin(), first.end()).size(), 20u);
  EXPECT_EQ(first, drawn(1, {7, 13}));
  EXPECT_NE(first, drawn(2, {20}));
}

TEST_F(TunerSearch, KnowsKnobsWithoutEffect) {
  SearchSpace space(tables, upsampling(65536, 64, 16, 4)); // 16 MiB of output
  auto signature = [&](std::map<std::string, int64_t> knobs) {
    return space.signature({"phase", std::move(knobs)});
  };
  EXPECT_EQ(signature({{"stream", 4}}), signature({{"stream", 16}}));
  EXPECT_NE(signature({}), signature({{"stream", 16}}));
  EXPECT_EQ(signature({}), signature({{"stream", 32}}));
  EXPECT_EQ(signature({}), signature({{"fuse", 3}})); // there is one axis
  EXPECT_NE(signature({}), signature({{"fuse", 2}}));
  EXPECT_EQ(signature({{"fuse", 2}}), signature({{"fuse", 4}}));
  EXPECT_EQ(signature({{"ahead", 4}}), signature({{"ahead", 8}}));
  EXPECT_NE(signature({}), signature({{"ahead", 4}}));
  EXPECT_EQ(signature({}), signature({{"ahead", 64}}));
}

// What an earlier run measured is neither proposed nor forgotten.
TEST_F(TunerSearch, GoesOnAfterARecall) {
  SearchSpace space(tables, upsampling(96, 64, 32, 4));
  ScheduleChoice known = space.firstGuesses(1).front();
  Search search(space, {"gather", {{"tx", 1}}}, {}, 3);
  search.record(known, 0.4);
  EXPECT_EQ(toString(search.best()), toString(known));
  for (int i = 0; i < 20; ++i)
    for (const ScheduleChoice &choice : search.next(4))
      EXPECT_NE(toString(choice), toString(known));
}

//===----------------------------------------------------------------------===//
// Of a GPU
//===----------------------------------------------------------------------===//

KernelSpec onGpu(KernelSpec spec) {
  spec.target = {"x86-64-linux-opencl", 1, 128, 1 << 18, "", "opencl"};
  return spec;
}

TEST_F(TunerSearch, OfAGpuHasItsStrategiesAndKnobs) {
  SearchSpace space(tables, onGpu(upsampling(4096, 64, 32, 4)));
  SplitMix64 random(1);
  std::set<std::string> strategies, knobs;
  std::vector<ScheduleChoice> choices = space.firstGuesses(4);
  for (int i = 0; i < 200; ++i)
    if (std::optional<ScheduleChoice> drawn = space.draw(random))
      choices.push_back(*drawn);
  for (const ScheduleChoice &choice : choices) {
    EXPECT_TRUE(space.isLegal(choice)) << toString(choice);
    strategies.insert(choice.strategy);
    for (const auto &[name, value] : choice.knobs)
      knobs.insert(name);
  }
  EXPECT_EQ(strategies,
            (std::set<std::string>{"gather", "tile", "tile-stacked"}));
  for (const char *name : {"nv", "tx", "bc", "bx", "kc", "kt"})
    EXPECT_TRUE(knobs.count(name)) << name;
  // Those of a CPU's micro-tiles.
  for (const char *name : {"ku", "pad", "task", "splat", "lanes"})
    EXPECT_FALSE(knobs.count(name)) << name;
}

TEST_F(TunerSearch, OfAGpuOrdersByTheArithmeticOfTiles) {
  SearchSpace space(tables, onGpu(upsampling(1 << 16, 64, 64, 4)));
  auto estimate = [&](std::map<std::string, int64_t> knobs) {
    return space.estimate({"tile", std::move(knobs)});
  };
  double good = estimate({});
  EXPECT_GE(good, 1);
  // Fewer sums per load from shared memory; little reuse of what is staged.
  EXPECT_LT(good, estimate({{"nv", 1}, {"tx", 1}}));
  EXPECT_LT(good, estimate({{"bc", 1}, {"bx", 1}}));
  // A thread per element comes last.
  EXPECT_LT(good, space.estimate({"gather", {}}));
  std::vector<ScheduleChoice> guesses = space.firstGuesses(1);
  double least = INFINITY;
  for (const ScheduleChoice &guess : guesses)
    least = std::min(least, space.estimate(guess));
  EXPECT_LE(least, good);
}

TEST_F(TunerSearch, OfAGpuKnowsEqualTiles) {
  // 8 positions of a residue: one thread of 8 pixels along them, whatever `bx`.
  SearchSpace space(tables, onGpu(upsampling(8, 16, 64, 4)));
  auto signature = [&](std::map<std::string, int64_t> knobs) {
    return space.signature({"tile", std::move(knobs)});
  };
  EXPECT_EQ(signature({{"bx", 16}}), signature({{"bx", 32}}));
  EXPECT_NE(signature({}), signature({{"nv", 1}}));
  EXPECT_NE(signature({}), signature({{"kc", 4}}));
  EXPECT_NE(signature({}), space.signature({"gather", {}}));
}

} // namespace
