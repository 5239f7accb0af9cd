//===- TargetTest.cpp - Targets by name -----------------------------------===//

#include "upconv/Schedule/Schedule.h"

#include "gtest/gtest.h"

using namespace upconv;

namespace {

class Targets : public testing::Test {
protected:
  void SetUp() override {
    auto loaded = ScheduleTables::load("");
    ASSERT_TRUE(bool(loaded)) << llvm::toString(loaded.takeError());
    tables = std::move(*loaded);
  }

  std::string errorOf(const std::string &name) {
    auto target = tables.target(name);
    return target ? "" : llvm::toString(target.takeError());
  }

  ScheduleTables tables;
};

const char *const expected =
    "expected 'host', 'x86-64', 'x86-64-v3', 'x86-64-v4', 'sapphirerapids', "
    "'sapphirerapids-amx', "
    "'aarch64', 'opencl', 'cuda-sm_80' or 'cuda-sm_90'";

TEST_F(Targets, ByName) {
  for (const char *name : {"x86-64-v4", "x86-64-v4-linux"}) {
    auto target = tables.target(name);
    ASSERT_TRUE(bool(target)) << llvm::toString(target.takeError());
    EXPECT_EQ(target->name, "x86-64-v4");
    EXPECT_EQ(target->vectorFloats, 16);
    EXPECT_EQ(target->registers, 32);
    EXPECT_EQ(target->fallback.front(), "x86-64-v4");
    EXPECT_EQ(target->fallback.back(), "generic");
    EXPECT_EQ(target->triple, "x86_64-unknown-linux-gnu");
  }
  auto target = tables.target("x86-64");
  ASSERT_TRUE(bool(target));
  EXPECT_EQ(target->requires_, std::vector<std::string>{"sse4.1"});
}

TEST_F(Targets, WithTileRegisters) {
  // Other systems than Linux are not asked for them.
  for (auto [name, tiles] : {std::pair{"sapphirerapids-amx", true},
                             {"sapphirerapids-amx-linux", true},
                             {"sapphirerapids-amx-windows", false},
                             {"sapphirerapids-amx-android", false},
                             {"sapphirerapids", false}}) {
    auto target = tables.target(name);
    ASSERT_TRUE(bool(target)) << llvm::toString(target.takeError());
    EXPECT_EQ(kernelTargetOf(*target).matrixTiles, tiles) << name;
  }
  auto target = tables.target("sapphirerapids-amx");
  ASSERT_TRUE(bool(target)) << llvm::toString(target.takeError());
  EXPECT_EQ(target->fallback[1], "sapphirerapids");
  EXPECT_EQ(target->requires_.back(), "amx-bf16");
}

TEST_F(Targets, OfADevice) {
  auto gpu = tables.target("opencl");
  ASSERT_TRUE(bool(gpu)) << llvm::toString(gpu.takeError());
  EXPECT_TRUE(gpu->isGpu());
  EXPECT_EQ(gpu->device, "opencl");
  EXPECT_EQ(kernelTargetOf(*gpu).device, "opencl");
  // Of CUDA's, a table of the older level serves the newer one too.
  auto newer = tables.target("cuda-sm_90");
  ASSERT_TRUE(bool(newer)) << llvm::toString(newer.takeError());
  EXPECT_EQ(newer->device, "cuda");
  EXPECT_EQ(newer->capability, 9);
  EXPECT_EQ(newer->fallback,
            (std::vector<std::string>{"cuda-sm_90", "cuda-sm_80", "opencl",
                                      "generic"}));
  EXPECT_EQ(gpu->capability, 0);
  // It asks nothing of the processor, and is still not the host.
  auto host = tables.target("host");
  ASSERT_TRUE(bool(host)) << llvm::toString(host.takeError());
  EXPECT_FALSE(host->isGpu());
}

TEST_F(Targets, OnAnotherSystem) {
  auto phone = tables.target("aarch64-android");
  ASSERT_TRUE(bool(phone)) << llvm::toString(phone.takeError());
  EXPECT_EQ(phone->name, "aarch64-android");
  EXPECT_EQ(phone->halide, "arm-64-android");
  EXPECT_EQ(phone->triple, "aarch64-unknown-linux-android21");
  EXPECT_EQ(phone->fallback.front(), "aarch64");
  auto emulator = tables.target("x86-64-v3-android");
  ASSERT_TRUE(bool(emulator)) << llvm::toString(emulator.takeError());
  EXPECT_EQ(emulator->halide.substr(0, 19), "x86-64-android-avx-");
  EXPECT_EQ(emulator->triple, "x86_64-unknown-linux-android21");
  EXPECT_EQ(emulator->kernelTriple, emulator->triple);
  auto mac = tables.target("aarch64-macos");
  ASSERT_TRUE(bool(mac)) << llvm::toString(mac.takeError());
  EXPECT_EQ(mac->halide, "arm-64-osx");
  EXPECT_EQ(mac->triple, "aarch64-apple-macosx11.0.0");
  auto windows = tables.target("x86-64-v4-windows");
  ASSERT_TRUE(bool(windows)) << llvm::toString(windows.takeError());
  EXPECT_EQ(windows->triple, "x86_64-pc-windows-msvc");
  auto own = tables.target("aarch64-linux");
  ASSERT_TRUE(bool(own)) << llvm::toString(own.takeError());
  EXPECT_EQ(own->name, "aarch64");
  EXPECT_EQ(own->kernelTriple, "");
}

TEST_F(Targets, Errors) {
  EXPECT_EQ(errorOf("x86-64-v5"), std::string("unknown target 'x86-64-v5', ") +
                                      expected + "; did you mean 'x86-64-v3'?");
  EXPECT_EQ(errorOf("riscv64"),
            std::string("unknown target 'riscv64', ") + expected);
  EXPECT_EQ(errorOf(""), std::string("unknown target '', ") + expected);
  EXPECT_EQ(
      errorOf("aarch64-sve2"),
      std::string("target 'aarch64-sve2' is not supported by this version, ") +
          expected);
  EXPECT_EQ(errorOf("x86-64-v3-ios"),
            "target 'x86-64-v3-ios': 'ios' has code for 'aarch64' only");
  EXPECT_EQ(errorOf("opencl-android"),
            "target 'opencl-android' is not supported by this version: "
            "'opencl' is for 'linux' only");
  EXPECT_EQ(errorOf("aarch64-beos"),
            std::string("unknown target 'aarch64-beos', ") + expected);
}

TEST_F(Targets, Host) {
  auto target = tables.target("host");
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("sse4.1")) {
    EXPECT_FALSE(bool(target));
    llvm::consumeError(target.takeError());
    return;
  }
#endif
  ASSERT_TRUE(bool(target)) << llvm::toString(target.takeError());
#if defined(__x86_64__)
  EXPECT_EQ(target->name == "x86-64-v4" || target->name == "sapphirerapids" ||
                target->name == "sapphirerapids-amx",
            bool(__builtin_cpu_supports("x86-64-v4")));
#elif defined(__aarch64__)
  EXPECT_EQ(target->name, "aarch64");
#endif
}

} // namespace
