//===- CoresTest.cpp - The processor and the container --------------------===//

#include "upconv/Runtime/Runtime.h"

#include "gtest/gtest.h"

#include <filesystem>
#include <fstream>

namespace {

/// A made-up /proc/self/cgroup and /sys/fs/cgroup.
class Cgroup : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "upconv-cgroup-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root); }

  void write(const std::string &name, const std::string &text) {
    std::filesystem::path path = root / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  int quota() {
    return upconv_rt_cpu_quota((root / "self").c_str(), (root / "fs").c_str());
  }
  std::filesystem::path root;
};

TEST_F(Cgroup, NoFilesNoLimit) { EXPECT_EQ(quota(), 0); }

TEST_F(Cgroup, Version2) {
  write("self", "0::/\n");
  write("fs/cpu.max", "max 100000\n");
  EXPECT_EQ(quota(), 0);
  write("fs/cpu.max", "200000 100000\n");
  EXPECT_EQ(quota(), 2);
  write("fs/cpu.max", "150000 100000\n");
  EXPECT_EQ(quota(), 2); // rounded up
  write("fs/cpu.max", "1000 100000\n");
  EXPECT_EQ(quota(), 1);
  write("fs/cpu.max", "nonsense\n");
  EXPECT_EQ(quota(), 0);
}

TEST_F(Cgroup, TheSmallestLimitOnTheWayUpCounts) {
  write("self", "0::/user.slice/app.scope\n");
  write("fs/user.slice/app.scope/cpu.max", "800000 100000\n");
  EXPECT_EQ(quota(), 8);
  write("fs/user.slice/cpu.max", "300000 100000\n");
  EXPECT_EQ(quota(), 3);
  write("fs/user.slice/app.scope/cpu.max", "max 100000\n");
  EXPECT_EQ(quota(), 3);
}

TEST_F(Cgroup, Version1) {
  write("self", "12:cpuset:/x\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/y\n");
  write("fs/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "-1\n");
  write("fs/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 0);
  write("fs/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "250000\n");
  EXPECT_EQ(quota(), 3);
}

TEST_F(Cgroup, AFolderThatTheContainerCannotSee) {
  write("self", "4:cpuacct,cpu:/docker/abc\n");
  write("fs/cpu/cpu.cfs_quota_us", "400000\n");
  write("fs/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 4);
}

TEST_F(Cgroup, LongPathsDoNoHarm) {
  write("self", "0::/" + std::string(3000, 'x') + "\n");
  write("fs/cpu.max", "200000 100000\n");
  EXPECT_EQ(quota(), 2);
}

TEST(Cores, AtLeastOne) {
  EXPECT_GE(upconv_rt_available_cores(), 1);
  EXPECT_LE(upconv_rt_available_cores(), UPCONV_RT_MAX_THREADS);
}

#if defined(__x86_64__)
TEST(Processor, AgreesWithTheCompilersOwnCheck) {
  __builtin_cpu_init();
  uint32_t have = upconv_rt_cpu_features();
  EXPECT_EQ(!!(have & UPCONV_RT_SSE41), !!__builtin_cpu_supports("sse4.1"));
  EXPECT_EQ(!!(have & UPCONV_RT_AVX), !!__builtin_cpu_supports("avx"));
  EXPECT_EQ(!!(have & UPCONV_RT_AVX2), !!__builtin_cpu_supports("avx2"));
  EXPECT_EQ(!!(have & UPCONV_RT_FMA), !!__builtin_cpu_supports("fma"));
  EXPECT_EQ(!!(have & UPCONV_RT_F16C), !!__builtin_cpu_supports("f16c"));
  EXPECT_EQ(!!(have & UPCONV_RT_AVX512F), !!__builtin_cpu_supports("avx512f"));
  EXPECT_EQ(!!(have & UPCONV_RT_AVX512DQ),
            !!__builtin_cpu_supports("avx512dq"));
  EXPECT_EQ(!!(have & UPCONV_RT_AVX512BW),
            !!__builtin_cpu_supports("avx512bw"));
  EXPECT_EQ(!!(have & UPCONV_RT_AVX512VL),
            !!__builtin_cpu_supports("avx512vl"));
  EXPECT_EQ(!!(have & UPCONV_RT_AVX512CD),
            !!__builtin_cpu_supports("avx512cd"));
  EXPECT_EQ(!!(have & UPCONV_RT_AVX512IFMA),
            !!__builtin_cpu_supports("avx512ifma"));
  EXPECT_EQ(!!(have & UPCONV_RT_AVX512VBMI),
            !!__builtin_cpu_supports("avx512vbmi"));
  EXPECT_EQ(!!(have & UPCONV_RT_AVX512VBMI2),
            !!__builtin_cpu_supports("avx512vbmi2"));
  EXPECT_EQ(!!(have & UPCONV_RT_AVX512BITALG),
            !!__builtin_cpu_supports("avx512bitalg"));
  EXPECT_EQ(!!(have & UPCONV_RT_AVX512VPOPCNTDQ),
            !!__builtin_cpu_supports("avx512vpopcntdq"));
  EXPECT_EQ(!!(have & UPCONV_RT_AVX512VNNI),
            !!__builtin_cpu_supports("avx512vnni"));
  EXPECT_EQ(!!(have & UPCONV_RT_AVX512BF16),
            !!__builtin_cpu_supports("avx512bf16"));
  EXPECT_EQ(!!(have & UPCONV_RT_GFNI), !!__builtin_cpu_supports("gfni"));
  EXPECT_EQ(!!(have & UPCONV_RT_VPCLMULQDQ),
            !!__builtin_cpu_supports("vpclmulqdq"));
  EXPECT_EQ(!!(have & UPCONV_RT_BMI2), !!__builtin_cpu_supports("bmi2"));
  EXPECT_EQ(!!(have & UPCONV_RT_LZCNT), !!__builtin_cpu_supports("lzcnt"));
  // The rest: AMX has to be asked for.
  const uint32_t amx = UPCONV_RT_AMX_TILE | UPCONV_RT_AMX_BF16;
  EXPECT_EQ(!!(have & UPCONV_RT_AMX_TILE),
            !!__builtin_cpu_supports("amx-tile"));
  EXPECT_EQ(!!(have & UPCONV_RT_AMX_BF16),
            !!__builtin_cpu_supports("amx-bf16"));
  EXPECT_TRUE(upconv_rt_cpu_supports(have & ~amx));
  EXPECT_FALSE(upconv_rt_cpu_supports(1u << 30));
  EXPECT_EQ(upconv_rt_prepare(1u << 30), UPCONV_RT_UNSUPPORTED_CPU);
}
#endif

} // namespace
